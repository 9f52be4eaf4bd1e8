using System.Security.Cryptography;

namespace Fota.Benchmarks.FullPacks;

/// <summary>An image of what a Linux device holds: the programs and libraries of this machine, none of them twice.</summary>
internal static class RealContent
{
    private const string Source = "/usr";

    // Read whole; what is larger is rare, and would be most of the image.
    private const long LargestFile = 64 * 1024 * 1024;

    public static async Task WriteAsync(string path, long size, CancellationToken cancellation)
    {
        EnumerationOptions regularFiles = new() { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint | FileAttributes.Device };
        HashSet<string> seen = new(StringComparer.Ordinal);
        await using FileStream image = File.Create(path);
        foreach (string file in Directory.EnumerateFiles(Source, "*", regularFiles).Order(StringComparer.Ordinal))
        {
            if (new FileInfo(file).Length > LargestFile)
            {
                continue;
            }

            byte[] content = await File.ReadAllBytesAsync(file, cancellation);
            if (seen.Add(Convert.ToHexString(SHA256.HashData(content))))
            {
                await image.WriteAsync(content.AsMemory(0, (int)Math.Min(content.Length, size - image.Length)), cancellation);
            }

            if (image.Length == size)
            {
                return;
            }
        }

        throw new ToolFailedException($"wanted {size} bytes of different files under {Source}, got {image.Length}");
    }
}
