namespace Fota.DeviceAgent.Boot.Variables;

/// <summary>
/// U-Boot's environment in two copies, in files or on block devices. A write replaces the older copy in place, whole, and flushes it: a torn one has a wrong
/// CRC, and the other copy decides (A40). Which copy is newer is told by the counters, as U-Boot and libubootenv tell it.
/// </summary>
internal sealed class UBootEnvironmentFile : IBootEnvironment
{
    private readonly FwEnvConfig _config;

    // The copy of which a write failed: what the cache shows of it may never have come to the medium, so it must not count, and is the one to write again.
    private int? _doubtful;

    /// <summary>Opens the copies where <paramref name="config"/> says that they are.</summary>
    public UBootEnvironmentFile(FwEnvConfig config) => _config = config;

    /// <inheritdoc/>
    public BootVariables? Read() => ReadCurrent()?.Variables;

    /// <inheritdoc/>
    public void Write(BootVariables variables)
    {
        ArgumentNullException.ThrowIfNull(variables);
        (BootVariables Variables, byte Counter, int Copy)? current = ReadCurrent();
        byte[] bytes = UBootEnvironment.Encode(variables, unchecked((byte)((current?.Counter ?? 0) + 1)), _config.Size);
        int copy = current is null ? 0 : 1 - current.Value.Copy;
        _doubtful = copy;
        Write(_config.Copies[copy], bytes);
        _doubtful = null;
    }

    private static void Write(FwEnvConfig.Place place, byte[] bytes)
    {
        using FileStream file = new(place.Path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        RandomAccess.Write(file.SafeFileHandle, bytes, place.Offset);
        file.Flush(flushToDisk: true);
    }

    private (BootVariables Variables, byte Counter, int Copy)? ReadCurrent()
    {
        (BootVariables Variables, byte Counter)? first = _doubtful == 0 ? null : ReadCopy(0), second = _doubtful == 1 ? null : ReadCopy(1);
        return (first, second) switch
        {
            (null, null) => null,
            (null, { } other) => (other.Variables, other.Counter, 1),
            ({ } other, null) => (other.Variables, other.Counter, 0),
            ({ } a, { } b) => IsNewer(b.Counter, a.Counter) ? (b.Variables, b.Counter, 1) : (a.Variables, a.Counter, 0),
        };
    }

    // The counter has one byte: only from 255 to 0 does it fall. Two alike count for the first copy.
    private static bool IsNewer(byte counter, byte than) => (counter, than) switch
    {
        (0, byte.MaxValue) => true,
        (byte.MaxValue, 0) => false,
        _ => counter > than,
    };

    // A copy that cannot be read is as good as torn: it must not hide the other.
    private (BootVariables Variables, byte Counter)? ReadCopy(int copy)
    {
        FwEnvConfig.Place place = _config.Copies[copy];
        byte[] bytes = new byte[_config.Size];
        try
        {
            using FileStream file = new(place.Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
            file.Position = place.Offset;
            return file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) == bytes.Length ? UBootEnvironment.Decode(bytes) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
