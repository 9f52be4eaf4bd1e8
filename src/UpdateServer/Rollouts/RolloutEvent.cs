using Fota.Manifest;
using Fota.Manifest.Reports;
using Fota.UpdateServer.Devices;

namespace Fota.UpdateServer.Rollouts;

/// <summary>What can happen to a rollout, and when.</summary>
/// <param name="Now">The moment, by the clock of whoever saw it: the engine has none.</param>
internal abstract record RolloutEvent(DateTimeOffset Now)
{
    /// <summary>A person, or the server on its own behalf, asks for something.</summary>
    /// <param name="Now">When.</param>
    /// <param name="By">Who, as the audit names them.</param>
    public abstract record Command(DateTimeOffset Now, string By) : RolloutEvent(Now);

    /// <summary>Another plan in place of a draft's. It voids an approval.</summary>
    public sealed record Edited(DateTimeOffset Now, string By, RolloutPlan Plan) : Command(Now, By);

    /// <summary>Somebody agrees to the release and the plan with these digests.</summary>
    public sealed record Approved(DateTimeOffset Now, string By, Sha256Digest ManifestDigest, Sha256Digest PlanDigest) : Command(Now, By);

    /// <summary>A draft begins.</summary>
    public sealed record Started(DateTimeOffset Now, string By) : Command(Now, By)
    {
        /// <summary>Whether it may begin only with an approval.</summary>
        public bool NeedsApproval { get; init; }
    }

    public sealed record Paused(DateTimeOffset Now, string By) : Command(Now, By);

    public sealed record Resumed(DateTimeOffset Now, string By) : Command(Now, By);

    public sealed record Cancelled(DateTimeOffset Now, string By) : Command(Now, By);

    public sealed record Aborted(DateTimeOffset Now, string By, string Reason) : Command(Now, By);

    /// <summary>A device asks whether there is something for it.</summary>
    public sealed record Asked(DateTimeOffset Now, FleetDevice Device) : RolloutEvent(Now);

    /// <summary>A device said how it went, and signed that.</summary>
    public sealed record Reported(DateTimeOffset Now, DeviceId Device, VerifiedReport Report) : RolloutEvent(Now)
    {
        /// <summary>Whether it is the first one by another certified key, whose ordinals begin anew.</summary>
        public bool IsNewKey { get; init; }
    }

    /// <summary>A device said how it went, and nothing stands behind that (promise P9).</summary>
    public sealed record Claimed(DateTimeOffset Now, DeviceId Device, DeviceReport Report) : RolloutEvent(Now);

    /// <summary>The name of a device is another product's now: it is none of the rollout's any more.</summary>
    public sealed record Departed(DateTimeOffset Now, DeviceId Device, string By) : RolloutEvent(Now);

    /// <summary>Time has come to judge what was reported since the last time, and who has been silent for too long.</summary>
    public sealed record Evaluated(DateTimeOffset Now) : RolloutEvent(Now);
}

/// <summary>What an event led to.</summary>
/// <param name="State">The rollout afterwards; the very same object when nothing changed.</param>
/// <param name="Changed">The members that are new or changed.</param>
/// <param name="Refused">Why the event is not possible now; null if it was.</param>
internal sealed record RolloutStep(RolloutState State, IReadOnlyCollection<Member> Changed, string? Refused = null)
{
    /// <summary>What was decided, in order, with the figures that it rested on.</summary>
    public IReadOnlyList<RolloutDecision> Decisions { get; init; } = [];
}
