namespace Fota.DeviceAgent.Storage;

/// <summary>Another agent runs on the device; nothing was changed.</summary>
public sealed class DeviceBusyException : Exception
{
    /// <summary>Makes the exception.</summary>
    public DeviceBusyException(string message, Exception cause)
        : base(message, cause)
    {
    }
}
