using Fota.DeviceAgent.Boot;
using Fota.DeviceAgent.Slots;
using Fota.DeviceAgent.State;
using Fota.DeviceAgent.Storage;
using Fota.Interop.Posix;
using Fota.Manifest.Packs;
using Fota.Manifest.Verification;

namespace Fota.DeviceAgent.Tests.PowerCuts;

/// <summary>Devices that lack one safeguard each.</summary>
internal static class Mutants
{
    /// <summary>The slot is not flushed before the boot record names it.</summary>
    public static DeviceVariant WithoutFlushBeforeBootRecord { get; } = new() { Slots = static slots => new UnflushedSlots(slots) };

    /// <summary>The floor rises before the boot record says that the release is confirmed.</summary>
    public static DeviceVariant WithCounterRaisedBeforeConfirm { get; } = new() { Boot = static (boot, counter) => new HastyBootControl(boot, counter) };

    /// <summary>What is read back is what was written, and not what the medium holds.</summary>
    public static DeviceVariant WithoutReadBack { get; } = new() { Slots = static slots => new RememberingSlots(slots) };

    /// <summary>The bootloader writes the tries only when the image has taken over and given it time for that.</summary>
    public static DeviceVariant WithTriesPersistedAfterJump { get; } = new()
    {
        Bootloader = static store =>
        {
            LateStore late = new(store);
            return (late, late.Write);
        },
    };

    /// <summary>A replaced file is not flushed before it is renamed.</summary>
    public static DeviceVariant WithoutFlushBeforeRename { get; } = new() { Files = static files => new CarelessFiles(files, flushesFiles: false, flushesDirectories: true) };

    /// <summary>A directory is not flushed after a rename.</summary>
    public static DeviceVariant WithoutFlushOfDirectory { get; } = new() { Files = static files => new CarelessFiles(files, flushesFiles: true, flushesDirectories: false) };

    private sealed class UnflushedSlots(ISlotStorage slots) : ISlotStorage
    {
        public long Capacity => slots.Capacity;

        public Stream OpenForReading(SlotName slot) => slots.OpenForReading(slot);

        public byte[]? ReadEnvelope(SlotName slot) => slots.ReadEnvelope(slot);

        public ISlotWriter OpenForWriting(InactiveSlot slot) => new Writer(slots.OpenForWriting(slot));

        public void ClearEnvelope(InactiveSlot slot) => slots.ClearEnvelope(slot);

        public void StoreEnvelope(InactiveSlot slot, VerifiedImage image) => slots.StoreEnvelope(slot, image);

        private sealed class Writer(ISlotWriter writer) : ISlotWriter
        {
            public void Write(VerifiedChunk chunk) => writer.Write(chunk);

            public void Flush()
            {
            }

            public void Dispose() => writer.Dispose();
        }
    }

    private sealed class HastyBootControl(IBootControl boot, IRollbackCounter counter) : IBootControl
    {
        public BootFacts Facts => boot.Facts;

        public BootRecord Record => boot.Record;

        public void DemandWritable() => boot.DemandWritable();

        public void Disable(InactiveSlot slot) => boot.Disable(slot);

        public void Activate(StagedUpdate update) => boot.Activate(update);

        public void Withdraw(InactiveSlot slot) => boot.Withdraw(slot);

        public void RenewTrial() => boot.RenewTrial();

        public void EndTrial() => boot.EndTrial();

        public void TryAgain(InactiveSlot slot) => boot.TryAgain(slot);

        public void Confirm(ConfirmedUpdate update)
        {
            counter.Raise(update);
            boot.Confirm(update);
        }
    }

    private sealed class RememberingSlots(ISlotStorage slots) : ISlotStorage
    {
        private readonly byte[] _written = new byte[CutScene.SlotSize];
        private SlotName? _slot;

        public long Capacity => slots.Capacity;

        public Stream OpenForReading(SlotName slot) => slot == _slot ? new MemoryStream(_written, writable: false) : slots.OpenForReading(slot);

        public byte[]? ReadEnvelope(SlotName slot) => slots.ReadEnvelope(slot);

        public ISlotWriter OpenForWriting(InactiveSlot slot)
        {
            _slot = slot.Name;
            return new Writer(slots.OpenForWriting(slot), _written);
        }

        public void ClearEnvelope(InactiveSlot slot) => slots.ClearEnvelope(slot);

        public void StoreEnvelope(InactiveSlot slot, VerifiedImage image) => slots.StoreEnvelope(slot, image);

        private sealed class Writer(ISlotWriter writer, byte[] written) : ISlotWriter
        {
            public void Write(VerifiedChunk chunk)
            {
                writer.Write(chunk);
                chunk.Bytes.CopyTo(written.AsSpan((int)chunk.Offset));
            }

            public void Flush() => writer.Flush();

            public void Dispose() => writer.Dispose();
        }
    }

    private sealed class LateStore(IDurableStore store) : IDurableStore
    {
        private readonly List<Action> _late = [];

        public byte[]? Read(string name) => store.Read(name);

        public void Replace(string name, ReadOnlySpan<byte> content)
        {
            byte[] copy = content.ToArray();
            if (name.StartsWith("boot/", StringComparison.Ordinal))
            {
                _late.Add(() => store.Replace(name, copy));
            }
            else
            {
                store.Replace(name, copy);
            }
        }

        public void Delete(string name) => store.Delete(name);

        public void Write() => _late.ForEach(static write => write());
    }

    private sealed class CarelessFiles(IFileSystem files, bool flushesFiles, bool flushesDirectories) : IFileSystem
    {
        public bool FileExists(string path) => files.FileExists(path);

        public bool DirectoryExists(string path) => files.DirectoryExists(path);

        public Stream? OpenForReading(string path) => files.OpenForReading(path);

        public IWritableFile Create(string path, UnixFileMode? mode) => flushesFiles ? files.Create(path, mode) : new UnflushedFile(files.Create(path, mode));

        public IWritableFile OpenForWriting(string path) => files.OpenForWriting(path);

        public void Rename(string from, string to) => files.Rename(from, to);

        public void Delete(string path) => files.Delete(path);

        public void CreateDirectory(string path) => files.CreateDirectory(path);

        public void FlushDirectory(string path)
        {
            if (flushesDirectories)
            {
                files.FlushDirectory(path);
            }
        }
    }

    private sealed class UnflushedFile(IWritableFile file) : IWritableFile
    {
        public void Write(ReadOnlySpan<byte> bytes, long offset) => file.Write(bytes, offset);

        public void Flush()
        {
        }

        public void Uncache() => file.Uncache();

        public void Dispose() => file.Dispose();
    }
}
