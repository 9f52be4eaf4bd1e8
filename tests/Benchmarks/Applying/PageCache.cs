namespace Fota.Benchmarks.Applying;

/// <summary>What the kernel remembers of files.</summary>
internal static class PageCache
{
    /// <summary>Writes out what is dirty, and forgets everything; needs root.</summary>
    /// <exception cref="ToolFailedException">It was not allowed.</exception>
    public static async Task DropAsync(string folder, CancellationToken cancellation)
    {
        await MeasuredRun.OfAsync(folder, "sync", [], cancellation);
        try
        {
            // Documentation/admin-guide/sysctl/vm.rst, drop_caches: 3 is pages, and inodes and names too.
            await File.WriteAllTextAsync("/proc/sys/vm/drop_caches", "3\n", cancellation);
        }
        catch (UnauthorizedAccessException)
        {
            throw new ToolFailedException("wanted to drop the page cache, which takes root");
        }
    }
}
