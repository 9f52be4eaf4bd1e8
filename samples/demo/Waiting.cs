namespace Fota.Samples.Demo;

/// <summary>Waits for something to become true, within a bound, and says what it was waiting for when it does not.</summary>
public static class Waiting
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(150);

    /// <summary>Asks again and again until <paramref name="ask"/> gives something.</summary>
    public static async Task<T> ForAsync<T>(string what, TimeSpan patience, Func<Task<T?>> ask, CancellationToken cancellation)
        where T : class
    {
        long start = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(start) < patience)
        {
            if (await ask() is { } value)
            {
                return value;
            }

            await Task.Delay(s_pause, cancellation);
        }

        throw new DemoFailedException($"waited {patience.TotalSeconds:0} s for {what}, and it did not come");
    }
}
