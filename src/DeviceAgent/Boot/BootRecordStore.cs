using Fota.DeviceAgent.Storage;

namespace Fota.DeviceAgent.Boot;

/// <summary>
/// The boot record in two copies. A write replaces the older copy only, by a temporary file and a rename; so whatever tears it, the newer
/// copy stays (A40). The reader takes the valid copy with the highest generation.
/// </summary>
internal sealed class BootRecordStore : IBootRecordStore
{
    private static readonly string[] s_copies = ["boot/record.0", "boot/record.1"];

    private readonly IDurableStore _store;

    /// <summary>Keeps the copies in <paramref name="store"/>.</summary>
    public BootRecordStore(IDurableStore store) => _store = store;

    /// <inheritdoc/>
    public BootRecord? Read() => ReadNewest()?.Record;

    /// <inheritdoc/>
    public void Write(BootRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        (BootRecord Record, ulong Generation, int Copy)? newest = ReadNewest();
        int copy = newest is null ? 0 : 1 - newest.Value.Copy;
        _store.Replace(s_copies[copy], record.Encode((newest?.Generation ?? 0) + 1));
    }

    // A copy that cannot be read is as good as torn: it must not hide the other.
    private byte[]? ReadCopy(string copy)
    {
        try
        {
            return _store.Read(copy);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private (BootRecord Record, ulong Generation, int Copy)? ReadNewest()
    {
        (BootRecord Record, ulong Generation, int Copy)? newest = null;
        for (int copy = 0; copy < s_copies.Length; copy++)
        {
            if (BootRecord.Decode(ReadCopy(s_copies[copy])) is { } found && (newest is null || found.Generation > newest.Value.Generation))
            {
                newest = (found.Record, found.Generation, copy);
            }
        }

        return newest;
    }
}
