namespace Fota.DeviceAgent.Health;

/// <summary>
/// That the application feeds its watchdog for some time: it touches a file, and never pauses longer than a limit. Only that the file changes counts, not
/// what time it bears.
/// </summary>
/// <param name="file">The file.</param>
/// <param name="limit">The longest pause.</param>
/// <param name="duration">How long it is watched.</param>
/// <param name="time">Measures both.</param>
internal sealed class HeartbeatHealthCheck(string file, TimeSpan limit, TimeSpan duration, TimeProvider time) : IHealthCheck
{
    private const int LooksPerPause = 8;

    /// <inheritdoc/>
    public async Task<HealthVerdict> CheckAsync(CancellationToken cancellation)
    {
        long start = time.GetTimestamp(), beat = start;
        DateTime seen = File.GetLastWriteTimeUtc(file);
        while (true)
        {
            await Task.Delay(limit / LooksPerPause, time, cancellation);
            DateTime now = File.GetLastWriteTimeUtc(file);
            if (now != seen)
            {
                seen = now;
                beat = time.GetTimestamp();
            }

            if (time.GetElapsedTime(beat) > limit)
            {
                return new HealthVerdict.Unhealthy($"{Path.GetFileName(file)}: wanted a beat at least every {limit.TotalSeconds} s, got none for longer");
            }

            if (time.GetElapsedTime(start) >= duration)
            {
                return new HealthVerdict.Healthy();
            }
        }
    }
}
