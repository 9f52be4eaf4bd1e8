namespace Fota.DeviceAgent.Health;

/// <summary>Answers, in a trial boot, whether the new release does what the device is there for.</summary>
public interface IHealthCheck
{
    /// <summary>Asks once. That there is no answer, or an exception, is an unhealthy answer.</summary>
    Task<HealthVerdict> CheckAsync(CancellationToken cancellation);
}

/// <summary>What a health check found. There is no fourth case.</summary>
public abstract record HealthVerdict
{
    private HealthVerdict()
    {
    }

    /// <summary>The release works.</summary>
    public sealed record Healthy : HealthVerdict;

    /// <summary>It does not: the fault is the release's.</summary>
    /// <param name="Detail">Why, for people.</param>
    public sealed record Unhealthy(string Detail) : HealthVerdict;

    /// <summary>Something around the device is missing that the check needs, such as the network: nothing speaks against the release, and nothing for it.</summary>
    /// <param name="Detail">What, for people.</param>
    public sealed record Inconclusive(string Detail) : HealthVerdict;
}
