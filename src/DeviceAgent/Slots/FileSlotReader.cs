using Fota.DeviceAgent.Boot;
using Fota.DeviceAgent.Storage;

namespace Fota.DeviceAgent.Slots;

/// <summary>Slots as files, each with its envelope beside it.</summary>
public sealed class FileSlotReader : ISlotReader
{
    private readonly string _directory;
    private readonly IDurableStore _store;

    /// <summary>Reads the slots of the device in <paramref name="directory"/>.</summary>
    public FileSlotReader(string directory, IDurableStore store, long capacity)
    {
        _directory = Path.GetFullPath(directory);
        _store = store;
        Capacity = capacity;
    }

    /// <inheritdoc/>
    public long Capacity { get; }

    /// <summary>The name of a slot's envelope in the device's store.</summary>
    public static string EnvelopeName(SlotName slot) => $"slots/{slot.FilePart()}.suit";

    /// <summary>The path of a slot's file.</summary>
    public string PathOf(SlotName slot) => Path.Combine(_directory, "slots", $"{slot.FilePart()}.img");

    /// <inheritdoc/>
    public Stream OpenForReading(SlotName slot)
    {
        string path = PathOf(slot);
        return File.Exists(path) ? new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0) : Stream.Null;
    }

    /// <inheritdoc/>
    public byte[]? ReadEnvelope(SlotName slot) => _store.Read(EnvelopeName(slot));
}
