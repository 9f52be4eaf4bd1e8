using Fota.DeviceAgent.Boot;
using Fota.DeviceAgent.Storage;
using Fota.Interop.Posix;

namespace Fota.DeviceAgent.Slots;

/// <summary>Slots as files, each with its envelope beside it.</summary>
internal sealed class FileSlotReader : ISlotReader
{
    private readonly string _directory;
    private readonly IDurableStore _store;
    private readonly IFileSystem _files;

    /// <summary>Reads the slots of the device in <paramref name="directory"/>.</summary>
    public FileSlotReader(string directory, IDurableStore store, long capacity)
        : this(directory, store, capacity, PosixFileSystem.Instance)
    {
    }

    /// <summary>Reads the slots of the device in <paramref name="directory"/> of <paramref name="files"/>.</summary>
    public FileSlotReader(string directory, IDurableStore store, long capacity, IFileSystem files)
    {
        _directory = Path.GetFullPath(directory);
        _store = store;
        _files = files;
        Capacity = capacity;
    }

    /// <inheritdoc/>
    public long Capacity { get; }

    /// <summary>The name of a slot's envelope in the device's store.</summary>
    public static string EnvelopeName(SlotName slot) => $"slots/{slot.FilePart()}.suit";

    /// <summary>The path of a slot's file.</summary>
    public string PathOf(SlotName slot) => Path.Combine(_directory, "slots", $"{slot.FilePart()}.img");

    /// <inheritdoc/>
    public Stream OpenForReading(SlotName slot) => _files.OpenForReading(PathOf(slot)) ?? Stream.Null;

    /// <inheritdoc/>
    public byte[]? ReadEnvelope(SlotName slot) => _store.Read(EnvelopeName(slot));
}
