using Fota.UpdateServer.Deltas;

namespace Fota.UpdateServer.Storage;

/// <summary>Keeps what came of delta packs.</summary>
internal interface IDeltaStore
{
    /// <summary>Everything.</summary>
    IReadOnlyList<DeltaRecord> Load();

    /// <summary>Stores what came of one, in place of what was known of it.</summary>
    void Save(DeltaRecord record);

    /// <summary>Forgets one.</summary>
    void Delete(DeltaKey key);
}
