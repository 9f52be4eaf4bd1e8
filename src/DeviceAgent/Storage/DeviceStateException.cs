namespace Fota.DeviceAgent.Storage;

/// <summary>
/// Something the device must be able to rely upon is missing or unreadable: its counter, its boot record, what its bootloader said, its own
/// state. Nothing is guessed in its place, and nothing retries it (A37).
/// </summary>
public sealed class DeviceStateException : Exception
{
    /// <summary>Makes the exception; the message names what is wrong.</summary>
    public DeviceStateException(string message)
        : base(message)
    {
    }

    /// <summary>Makes the exception with its cause.</summary>
    public DeviceStateException(string message, Exception cause)
        : base(message, cause)
    {
    }
}
