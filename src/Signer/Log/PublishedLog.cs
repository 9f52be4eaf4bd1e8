using Fota.Manifest.Log;
using Fota.Manifest.Metadata;
using Fota.Signer.Home;

namespace Fota.Signer.Log;

/// <summary>The log as a timestamp pins it, for a server to serve: log/checkpoint and the tiles and bundles of its tree. Newer entries come with the next timestamp.</summary>
internal sealed class PublishedLog
{
    /// <summary>Where the checkpoint lies in the repository.</summary>
    public const string CheckpointPath = Prefix + ITileSource.Checkpoint;

    private const string Prefix = "log/";

    private readonly LogFolder _folder;

    private PublishedLog(LogFolder folder, VerifiedCheckpoint checkpoint)
    {
        _folder = folder;
        Checkpoint = checkpoint.Note.Bytes;

        // Of a tile that filled up since, the full one is there and nothing else. One that is lost keeps its name: a server that has it already lacks nothing.
        Files = [.. TileAddress.OfTree(checkpoint.Content.Size).Select(tile => Prefix + (!folder.Has(tile) && folder.Has(tile.Full) ? tile.Full : tile).Path)];
    }

    /// <summary>The note, as the timestamp carries it.</summary>
    public ReadOnlyMemory<byte> Checkpoint { get; }

    /// <summary>Tiles and bundles, by their paths in the repository.</summary>
    public IReadOnlyList<string> Files { get; }

    /// <summary>The log of today's key in a timestamp; null if the timestamp names none of that.</summary>
    public static PublishedLog? Of(SignerHome home, TimestampMetadata timestamp) =>
        timestamp.Logs is [.., var newest] ? new PublishedLog(new LogFolder(home.Folder.Log), newest) : null;

    /// <summary>Where a file of the log lies; null for a path that is none of the log's.</summary>
    public string? FullPath(string path) => path.StartsWith(Prefix, StringComparison.Ordinal) ? _folder.FullPath(path[Prefix.Length..]) : null;
}
