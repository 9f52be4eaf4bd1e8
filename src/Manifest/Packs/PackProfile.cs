using System.Numerics;

namespace Fota.Manifest.Packs;

/// <summary>
/// How much memory the reader of a pack gives to it. It follows from the chunk size, which the signed chunk table holds: so no pack can ask for more than
/// its signers meant the device to have.
/// </summary>
public sealed class PackProfile
{
    private readonly int _frameContent;

    private PackProfile(string name, int prefixSize, int historySize, int frameContent)
    {
        Name = name;
        PrefixSize = prefixSize;
        HistorySize = historySize;
        _frameContent = frameContent;
    }

    /// <summary>Chunks of 64 KiB and more: prefixes up to 1 MiB.</summary>
    public static PackProfile Linux { get; } = new("linux", 1024 * 1024, 256 * 1024, 256 * 1024);

    /// <summary>Smaller chunks: prefixes up to 32 KiB.</summary>
    public static PackProfile Microcontroller { get; } = new("microcontroller", 32 * 1024, 8 * 1024, 0);

    /// <summary>For people.</summary>
    public string Name { get; }

    /// <summary>Longest prefix of a frame, in bytes. In a full pack it is the image before the frame.</summary>
    public int PrefixSize { get; }

    /// <summary>How much of a delta frame's prefix may be the new image before the chunk, in bytes.</summary>
    public int HistorySize { get; }

    /// <summary>The profile of images with chunks of <paramref name="chunkSize"/> bytes.</summary>
    public static PackProfile For(int chunkSize) => chunkSize >= ChunkTable.LinuxChunkSize ? Linux : Microcontroller;

    /// <summary>How many chunks a frame of a full pack holds; the last one may hold fewer.</summary>
    public int ChunksPerFrame(int chunkSize) => Math.Max(1, _frameContent / chunkSize);

    /// <summary>Base-2 logarithm of a window that covers a prefix and <paramref name="content"/> bytes after it.</summary>
    internal int WindowLog(int content) => 64 - BitOperations.LeadingZeroCount((ulong)(PrefixSize + content - 1));
}
