namespace Fota.UpdateServer.Rollouts.Simulation;

/// <summary>How simulated devices and their network behave. Probabilities are 0 to 1.</summary>
internal sealed record FleetBehaviour
{
    /// <summary>That an installation fails; half of these go back after a trial boot.</summary>
    public double Failure { get; init; }

    /// <summary>That a device which was asked is never heard of again.</summary>
    public double Silent { get; init; }

    /// <summary>That a device says that it waits for a gate, before it begins.</summary>
    public double Deferred { get; init; }

    /// <summary>That a report is lost on its way. The device says it again with its next check-in.</summary>
    public double Loss { get; init; }

    /// <summary>That a report arrives twice.</summary>
    public double Duplicate { get; init; }

    /// <summary>How long a report may be on its way; later ones overtake it.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>How often a device checks in.</summary>
    public TimeSpan Poll { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>How long an installation takes at most; it takes at least a tenth of that.</summary>
    public TimeSpan Install { get; init; } = TimeSpan.FromMinutes(40);
}
