using System.Collections.Immutable;
using System.Security.Cryptography;
using Fota.Manifest;
using Fota.Manifest.Reports;
using Fota.TestKit;
using Fota.UpdateServer.Devices;
using Fota.UpdateServer.Rollouts;
using Fota.UpdateServer.Tests.Support;

namespace Fota.UpdateServer.Tests.Rollouts;

/// <summary>A fleet, a rollout and a clock, in which a test lets things happen one after the other.</summary>
internal sealed class EngineWorld
{
    public static readonly Sha256Digest Release = Sha256Digest.Of("2.0.0"u8);
    public static readonly Sha256Digest Before = Sha256Digest.Of("1.0.0"u8);

    private long _ordinal;

    public EngineWorld(int devices, params StagePlan[] stages)
        : this(PlanOf(stages), [.. Enumerable.Range(1, devices).Select(static i => Device($"pump-{i}"))])
    {
    }

    public EngineWorld(RolloutPlan plan, IReadOnlyList<FleetDevice> fleet)
    {
        Fleet = fleet;
        State = RolloutState.Draft(plan) with { Author = "ann" };
    }

    public IReadOnlyList<FleetDevice> Fleet { get; set; }

    public RolloutState State { get; private set; }

    public DateTimeOffset Now { get; set; } = new(2026, 3, 2, 12, 0, 0, TimeSpan.Zero); // a Monday

    public List<RolloutDecision> Decisions { get; } = [];

    public IEnumerable<Member> Granted => State.Members.Values.Where(static m => m.HoldsGrant).OrderBy(static m => m.Device.ToString(), StringComparer.Ordinal);

    public StageTally Stage => State.Tallies[State.Stage];

    public static FleetDevice Device(string name) => new(DeviceId.Parse(name), Before) { Version = ReleaseVersion.Parse("1.0.0") };

    public static RolloutPlan PlanOf(params StagePlan[] stages) => new()
    {
        Id = "r1",
        Product = ProductName.Parse(RepositorySimulator.ProductName),
        Version = ReleaseVersion.Parse("2.0.0"),
        TargetPath = RepositorySimulator.PathOf("2.0.0"),
        ManifestDigest = Release,
        SecurityVersion = new SecurityVersion(3),
        Stages = [.. stages],
        AbortAfterFailures = 1000,
        Key = SHA256.HashData("rollout key"u8),
    };

    public static RolloutPlan PlanOf(StagePlan stage) => PlanOf([stage]);

    public string? Happen(RolloutEvent happened)
    {
        RolloutStep step = RolloutEngine.Apply(State, happened, new ListFleet(Fleet));
        State = step.State;
        Decisions.AddRange(step.Decisions);
        return step.Refused;
    }

    public EngineWorld Started()
    {
        Assert.That(Happen(new RolloutEvent.Started(Now, "ann")), Is.Null);
        return this;
    }

    /// <summary>An administrator shuts a device out, or lets it in again; nothing is judged yet.</summary>
    public EngineWorld ShutOut(DeviceId device, bool isShutOut = true)
    {
        Fleet = [.. Fleet.Select(d => d.Device.Equals(device) ? d with { IsShutOut = isShutOut } : d)];
        return this;
    }

    /// <summary>Every device that can asks once.</summary>
    public EngineWorld AllAsk()
    {
        foreach (FleetDevice device in Fleet.Where(static d => !d.IsShutOut))
        {
            Happen(new RolloutEvent.Asked(Now, device));
        }

        return this;
    }

    /// <summary>Time passes, and every minute of it is judged, as by a server that is there; its end is not yet.</summary>
    public EngineWorld Pass(TimeSpan time)
    {
        DateTimeOffset end = Now + time;
        for (Now += RolloutTicker.Every; Now < end; Now += RolloutTicker.Every)
        {
            Judge();
        }

        return At(end);
    }

    /// <summary>Time in which nobody is there.</summary>
    public EngineWorld At(DateTimeOffset moment)
    {
        Now = moment;
        return this;
    }

    /// <summary>A device says something about what it was asked; nothing is judged yet.</summary>
    public EngineWorld Say(Member member, ReportState said, RejectionReason reason = RejectionReason.None, Sha256Digest? manifest = null)
    {
        Happen(new RolloutEvent.Reported(Now, member.Device, ReportOf(member, said, reason, manifest).Verified()));
        return this;
    }

    /// <summary>The same without a signature.</summary>
    public EngineWorld Claim(Member member, ReportState said)
    {
        Happen(new RolloutEvent.Claimed(Now, member.Device, ReportOf(member, said, RejectionReason.None, null)));
        return this;
    }

    public DeviceReport ReportOf(Member member, ReportState said, RejectionReason reason, Sha256Digest? manifest) =>
        SampleReports.Of(member.Device.ToString(), said, State.Plan.DeploymentOf(member.Device, member.Serial), manifest ?? Release, ++_ordinal) with { Reason = reason };

    public EngineWorld Judge()
    {
        Happen(new RolloutEvent.Evaluated(Now));
        return this;
    }

    /// <summary>All that hold a grant confirm.</summary>
    public EngineWorld AllConfirm()
    {
        foreach (Member member in Granted.ToImmutableArray())
        {
            Say(member, ReportState.Confirmed);
        }

        return this;
    }
}
