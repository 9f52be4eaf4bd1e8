using Fota.Manifest.Encoding;
using Fota.Manifest.Log;
using Fota.Manifest.Metadata;
using Fota.Signer.Home;
using Fota.Signer.Repository;

namespace Fota.Signer.Log;

/// <summary>The checkpoints of servers' logs that timestamps carry, so that devices pin them.</summary>
internal static class ServerPins
{
    /// <summary>Those of the published timestamp; none before the first one.</summary>
    public static IReadOnlyList<VerifiedCheckpoint> Published(SignerHome home)
    {
        RepositoryFolder repository = new(home.Folder.Repository);
        return repository.Has(RepositoryFolder.Timestamp)
            ? SignedMetadata.Decode(repository.Read(RepositoryFolder.Timestamp), DecodeLimits.TimestampBytes, MetadataProfile.Fota).OrThrow().UnverifiedTimestamp().OrThrow().ServerLogs
            : [];
    }

    /// <summary>What the next timestamp pins: of each log the newest checkpoint that was signed. One that was named once is named for ever, as devices refuse a timestamp that forgets it.</summary>
    /// <param name="home">The home.</param>
    /// <param name="before">What the timestamp of now pins.</param>
    public static IReadOnlyList<VerifiedCheckpoint> ToPin(SignerHome home, IReadOnlyList<VerifiedCheckpoint> before) =>
    [
        .. before.Concat(home.ServerLogs.All).Where(static log => log.Content.Size > 0)
            .GroupBy(static log => log.Content.Origin, StringComparer.Ordinal).Select(static log => log.MaxBy(static checkpoint => checkpoint.Content.Size)!)
            .Take(TimestampMetadata.MaxLogs),
    ];

    /// <summary>Whether a log is pinned that was not before: its server takes no checkpoint of another key or name than the timestamp has (docs/spec/server-log.md, J-15), so that this does not wait.</summary>
    public static bool HasNewName(IEnumerable<VerifiedCheckpoint> pins, IEnumerable<VerifiedCheckpoint> before) =>
        pins.Select(static log => log.Content.Origin).Except(before.Select(static log => log.Content.Origin), StringComparer.Ordinal).Any();
}
