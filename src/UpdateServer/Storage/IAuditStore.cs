using Fota.Manifest.Log;

namespace Fota.UpdateServer.Storage;

/// <summary>Keeps the entries of the server's log, which stores add with what changed, and the checkpoints that the signer signed.</summary>
internal interface IAuditStore : IEntryStore
{
    /// <summary>How many entries there are.</summary>
    /// <exception cref="StoreUnavailableException">The store is away.</exception>
    long Count();

    /// <summary>The checkpoint over the most entries; null for none.</summary>
    StoredCheckpoint? Newest();

    /// <summary>Keeps a checkpoint in place of an older one by the same key. One over fewer entries changes nothing.</summary>
    void Keep(StoredCheckpoint checkpoint);
}

/// <summary>A checkpoint that the signer signed.</summary>
/// <param name="Vkey">By which key.</param>
/// <param name="Size">Over how many entries.</param>
/// <param name="Note">The signed note.</param>
/// <param name="Taken">When it came.</param>
internal sealed record StoredCheckpoint(string Vkey, long Size, byte[] Note, DateTimeOffset Taken);
