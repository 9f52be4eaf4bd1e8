using System.Buffers.Binary;
using Fota.DeviceAgent.Storage;
using Fota.Manifest;

namespace Fota.DeviceAgent.State;

/// <summary>The floor in a file of 8 bytes: the value and its CRC-32, big-endian. On real hardware it stands in a TPM or in fuses.</summary>
internal sealed class FileRollbackCounter : IRollbackCounter
{
    private const string FileName = "counter";
    private const int Size = 8;

    private readonly IDurableStore _store;

    /// <summary>Keeps the floor in <paramref name="store"/>.</summary>
    public FileRollbackCounter(IDurableStore store) => _store = store;

    /// <summary>Sets the floor of a new device. A device without the file is defect, not a device with floor 0.</summary>
    public static void Manufacture(IDurableStore store, SecurityVersion floor)
    {
        ArgumentNullException.ThrowIfNull(store);
        store.Replace(FileName, Encode(floor));
    }

    /// <inheritdoc/>
    public SecurityVersion Read()
    {
        byte[]? bytes = ReadFile();
        return bytes is { Length: Size } && BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(4)) == Crc32.Of(bytes.AsSpan(0, 4))
            ? new SecurityVersion(BinaryPrimitives.ReadUInt32BigEndian(bytes))
            : throw new DeviceStateException($"rollback counter: wanted {Size} bytes with a right CRC-32, got {(bytes is null ? "none" : "others")}");
    }

    /// <inheritdoc/>
    public SecurityVersion ReadHighest() => new(uint.MaxValue);

    /// <inheritdoc/>
    public void Raise(ConfirmedUpdate update)
    {
        ArgumentNullException.ThrowIfNull(update);
        if (Read() <= update.Floor)
        {
            // The same value is written again: what is read may come from a write of which the flush failed.
            _store.Replace(FileName, Encode(update.Floor));
        }
    }

    private byte[]? ReadFile()
    {
        try
        {
            return _store.Read(FileName);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DeviceStateException($"rollback counter: unreadable: {e.Message}", e);
        }
    }

    private static byte[] Encode(SecurityVersion floor)
    {
        byte[] bytes = new byte[Size];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, floor.Value);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(4), Crc32.Of(bytes.AsSpan(0, 4)));
        return bytes;
    }
}
