namespace Fota.Benchmarks.Deltas;

/// <summary>Whether two files are the same, byte for byte.</summary>
internal static class FileComparison
{
    private const int BlockSize = 1024 * 1024;

    public static async Task<bool> AreEqualAsync(string first, string second, CancellationToken cancellation)
    {
        await using FileStream a = File.OpenRead(first), b = File.OpenRead(second);
        byte[] one = new byte[BlockSize], other = new byte[BlockSize];
        int read;
        do
        {
            read = await a.ReadAtLeastAsync(one, BlockSize, throwOnEndOfStream: false, cancellation);
            int also = await b.ReadAtLeastAsync(other, BlockSize, throwOnEndOfStream: false, cancellation);
            if (!one.AsSpan(0, read).SequenceEqual(other.AsSpan(0, also)))
            {
                return false;
            }
        }
        while (read > 0);
        return true;
    }
}
