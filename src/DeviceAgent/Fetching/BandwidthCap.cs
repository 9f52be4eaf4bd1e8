namespace Fota.DeviceAgent.Fetching;

/// <summary>
/// A token bucket: what was read is paid for by waiting until the rate is kept again. The server feels it by TCP's window; nothing is dropped. For one thread.
/// </summary>
internal sealed class BandwidthCap
{
    // A quarter of a second's worth at a time makes an even flow of any rate.
    private const int PiecesPerSecond = 4, LeastPiece = 512;

    private readonly long? _rate;
    private readonly TimeProvider _time;
    private long _filledAt;
    private double _tokens;

    /// <param name="bytesPerSecond">The rate; null for no cap.</param>
    /// <param name="time">The clock.</param>
    public BandwidthCap(long? bytesPerSecond, TimeProvider time)
    {
        _rate = bytesPerSecond;
        _time = time;
        _filledAt = time.GetTimestamp();
        MaxRead = bytesPerSecond is { } rate ? (int)Math.Clamp(rate / PiecesPerSecond, LeastPiece, int.MaxValue) : int.MaxValue;
        _tokens = MaxRead;
    }

    /// <summary>The most bytes that are to be read at once.</summary>
    public int MaxRead { get; }

    /// <summary>Pays for bytes that were read.</summary>
    public async ValueTask TakeAsync(int bytes, CancellationToken cancellation)
    {
        if (_rate is not { } rate)
        {
            return;
        }

        long now = _time.GetTimestamp();
        _tokens = Math.Min(MaxRead, _tokens + (_time.GetElapsedTime(_filledAt, now).TotalSeconds * rate)) - bytes;
        _filledAt = now;
        if (_tokens < 0)
        {
            await Task.Delay(TimeSpan.FromSeconds(-_tokens / rate), _time, cancellation);
        }
    }
}
