namespace Fota.Signer.Tests;

/// <summary>A clock that a test moves. Its timers are real: nothing here waits for them.</summary>
internal sealed class SteppedClock : TimeProvider
{
    private DateTimeOffset _now = new(2030, 1, 15, 12, 0, 0, TimeSpan.Zero);

    public override DateTimeOffset GetUtcNow() => _now;

    public void Step(TimeSpan by) => _now += by;
}
