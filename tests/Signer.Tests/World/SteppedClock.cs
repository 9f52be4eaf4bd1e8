namespace Fota.Signer.Tests;

/// <summary>
/// A clock that a test moves. It begins two months ago, so that what is made in a world is valid by the machine's clock too, which TLS and child
/// processes go by. Its timers are real: nothing here waits for them.
/// </summary>
internal sealed class SteppedClock : TimeProvider
{
    private DateTimeOffset _now = DateTimeOffset.FromUnixTimeSeconds(System.GetUtcNow().ToUnixTimeSeconds()).AddDays(-60);

    public override DateTimeOffset GetUtcNow() => _now;

    public void Step(TimeSpan by) => _now += by;
}
