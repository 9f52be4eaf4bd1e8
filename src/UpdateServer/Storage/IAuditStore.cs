using Fota.Manifest.Log;

namespace Fota.UpdateServer.Storage;

/// <summary>Keeps the entries of the server's log, which stores add with what changed, and the checkpoints that the signer signed.</summary>
internal interface IAuditStore : IEntryStore
{
    /// <summary>How many entries there are.</summary>
    /// <exception cref="StoreUnavailableException">The store is away.</exception>
    long Count();

    /// <summary>Of each key the checkpoint over the most entries; those over the most come first.</summary>
    IReadOnlyList<StoredCheckpoint> Checkpoints();

    /// <summary>Keeps a checkpoint in place of an older one by the same key. One over fewer entries changes nothing.</summary>
    /// <param name="checkpoint">Which.</param>
    /// <param name="demand">Told of every key by which there is one already; what it throws changes nothing. Nobody else keeps one meanwhile.</param>
    void Keep(StoredCheckpoint checkpoint, Action<IReadOnlyCollection<string>> demand);
}

/// <summary>A checkpoint that the signer signed.</summary>
/// <param name="Vkey">By which key.</param>
/// <param name="Size">Over how many entries.</param>
/// <param name="Note">The signed note.</param>
/// <param name="Taken">When it came.</param>
internal sealed record StoredCheckpoint(string Vkey, long Size, byte[] Note, DateTimeOffset Taken);
