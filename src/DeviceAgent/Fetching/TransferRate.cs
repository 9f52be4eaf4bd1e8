namespace Fota.DeviceAgent.Fetching;

/// <summary>
/// Ends a transfer that only just keeps moving (A07): a server that sends a byte now and then would hold the device for ever. What counts is the time
/// spent waiting for the network, not what the device does in between. The next attempt goes on where this one ended, where that is possible.
/// </summary>
internal sealed class TransferRate
{
    /// <summary>The least rate that is put up with, in bytes a second: less than any link that firmware is sent over.</summary>
    public const int MinBytesPerSecond = 512;

    /// <summary>Each time that so long was waited, the rate since the last time is looked at: a fast beginning does not excuse what follows.</summary>
    public static readonly TimeSpan Window = HttpDoor.MaxSilence;

    private long _bytes;
    private TimeSpan _waited;

    /// <exception cref="RepositoryUnavailableException">The transfer is too slow.</exception>
    public void Demand(string what, int bytes, TimeSpan waited)
    {
        _bytes += bytes;
        _waited += waited;
        if (_waited <= Window)
        {
            return;
        }

        if (_bytes < _waited.TotalSeconds * MinBytesPerSecond)
        {
            throw new RepositoryUnavailableException($"{what}: {_bytes} bytes in {_waited.TotalSeconds:0} s, wanted at least {MinBytesPerSecond} a second", isTransient: true);
        }

        _bytes = 0;
        _waited = TimeSpan.Zero;
    }
}
