namespace Fota.UpdateServer.Devices;

/// <summary>A device asks more often than it may.</summary>
internal sealed class TooManyRequestsException(TimeSpan wait, string message) : Exception(message)
{
    /// <summary>How long it has to wait.</summary>
    public TimeSpan Wait { get; } = wait;
}
