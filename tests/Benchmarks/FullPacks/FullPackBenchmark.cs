namespace Fota.Benchmarks.FullPacks;

/// <summary>What random access costs a full pack: bytes beside one zstd stream of the image, and the speed of unpacking beside zstd's.</summary>
internal static class FullPackBenchmark
{
    public static async Task<int> RunAsync(string image, CancellationToken cancellation)
    {
        image = Path.GetFullPath(image);
        if (!File.Exists(image))
        {
            await Console.Error.WriteLineAsync($"pack: wanted an image, got no file {image}");
            return 2;
        }

        string folder = Directory.CreateTempSubdirectory("fota-bench-").FullName;
        try
        {
            bool small = await TryAsync(() => FullPackSize.IsWithinLimitAsync(image, folder, cancellation));
            bool fast = await TryAsync(() => UnpackingSpeed.IsWithinLimitAsync(folder, cancellation));
            return small && fast ? 0 : 1;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<bool> TryAsync(Func<Task<bool>> measure)
    {
        try
        {
            return await measure();
        }
        catch (ToolFailedException e)
        {
            Console.WriteLine($"failed: {e.Message}");
            return false;
        }
    }
}
