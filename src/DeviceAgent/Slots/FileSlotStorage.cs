using Fota.DeviceAgent.Boot;
using Fota.DeviceAgent.Storage;
using Fota.Interop.Posix;
using Fota.Manifest.Packs;
using Fota.Manifest.Verification;

namespace Fota.DeviceAgent.Slots;

/// <summary>Writable slots as files.</summary>
internal sealed class FileSlotStorage : ISlotStorage
{
    private readonly FileSlotReader _reader;
    private readonly IDurableStore _store;
    private readonly IFileSystem _files;
    private readonly SlotName _running;

    /// <summary>Opens the slots of the device in <paramref name="directory"/>, of which the one that <paramref name="boot"/> names runs.</summary>
    public FileSlotStorage(string directory, IDurableStore store, IBootControl boot, long capacity)
        : this(directory, store, boot, capacity, PosixFileSystem.Instance)
    {
    }

    /// <summary>As the other constructor, for a device in <paramref name="files"/>.</summary>
    public FileSlotStorage(string directory, IDurableStore store, IBootControl boot, long capacity, IFileSystem files)
    {
        ArgumentNullException.ThrowIfNull(boot);
        _reader = new FileSlotReader(directory, store, capacity, files);
        _store = store;
        _files = files;
        _running = boot.Facts.Running;
    }

    /// <inheritdoc/>
    public long Capacity => _reader.Capacity;

    /// <inheritdoc/>
    public Stream OpenForReading(SlotName slot) => _reader.OpenForReading(slot);

    /// <inheritdoc/>
    public byte[]? ReadEnvelope(SlotName slot) => _reader.ReadEnvelope(slot);

    /// <inheritdoc/>
    public ISlotWriter OpenForWriting(InactiveSlot slot)
    {
        string path = _reader.PathOf(RequireInactive(slot));
        DurableFile.CreateFolder(_files, Path.GetDirectoryName(path)!);
        return new Writer(_files, path, Capacity);
    }

    /// <inheritdoc/>
    public void ClearEnvelope(InactiveSlot slot) => _store.Delete(FileSlotReader.EnvelopeName(RequireInactive(slot)));

    /// <inheritdoc/>
    public void StoreEnvelope(InactiveSlot slot, VerifiedImage image)
    {
        ArgumentNullException.ThrowIfNull(image);
        _store.Replace(FileSlotReader.EnvelopeName(RequireInactive(slot)), image.Manifest.Envelope.Bytes.Span);
    }

    // The type says it already; an InactiveSlot kept from an earlier boot would lie.
    private SlotName RequireInactive(InactiveSlot slot)
    {
        ArgumentNullException.ThrowIfNull(slot);
        return slot.Name != _running ? slot.Name : throw new InvalidOperationException($"slot {slot.Name} runs: it is never written (P2)");
    }

    private sealed class Writer : ISlotWriter
    {
        private readonly IFileSystem _files;
        private readonly string _folder;
        private readonly IWritableFile _file;
        private readonly long _capacity;

        public Writer(IFileSystem files, string path, long capacity)
        {
            _files = files;
            _folder = Path.GetDirectoryName(path)!;
            _capacity = capacity;
            _file = files.OpenForWriting(path);
        }

        public void Write(VerifiedChunk chunk)
        {
            ArgumentNullException.ThrowIfNull(chunk);
            if (chunk.Offset + chunk.Bytes.Length > _capacity)
            {
                throw new InvalidOperationException($"chunk {chunk.Index} lies behind the end of the slot");
            }

            _file.Write(chunk.Bytes, chunk.Offset);
        }

        public void Flush()
        {
            _file.Flush();
            _files.FlushDirectory(_folder); // the file may be new
        }

        public void Dispose() => _file.Dispose();
    }
}
