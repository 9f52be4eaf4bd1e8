using Fota.Manifest;
using Fota.Manifest.Reports;

namespace Fota.UpdateServer.Rollouts.Simulation;

/// <summary>
/// Lets the very engine run in virtual time, with devices that ask, install, fail, fall silent, and reports that are lost, late, twice there and out of order. The same
/// plan, behaviour and seed give the same course.
/// </summary>
internal sealed class RolloutSimulation
{
    private static readonly TimeSpan s_tick = TimeSpan.FromMinutes(1);

    private readonly PriorityQueue<Action, (DateTimeOffset At, long Number)> _events = new();
    private readonly SeededChance _chance;
    private readonly FleetBehaviour _behaviour;
    private readonly Func<DeviceReport, VerifiedReport>? _sign;
    private readonly long[] _ordinals;
    private readonly bool[] _gone;
    private readonly Action<RolloutEvent, RolloutStep>? _watch;
    private long _number;

    /// <param name="plan">The plan.</param>
    /// <param name="devices">How many devices.</param>
    /// <param name="behaviour">How they and their network behave.</param>
    /// <param name="seed">Of all chance.</param>
    /// <param name="start">When the rollout starts.</param>
    /// <param name="sign">Signs a report as its device would; null: nobody signs, and everything is reported where it would be confirmed.</param>
    /// <param name="watch">Told of every step.</param>
    public RolloutSimulation(
        RolloutPlan plan, int devices, FleetBehaviour behaviour, ulong seed, DateTimeOffset start, Func<DeviceReport, VerifiedReport>? sign = null, Action<RolloutEvent, RolloutStep>? watch = null)
    {
        _chance = new SeededChance(seed);
        _behaviour = behaviour;
        _watch = watch;
        Fleet = new SimulatedFleet(plan, devices, sign is null ? Evidence.Unsigned : Evidence.Signed, _chance);
        State = RolloutState.Draft(plan with { AcceptsReported = sign is null });
        Now = start;
        _ordinals = new long[devices];
        _gone = new bool[devices];
        _sign = sign;
    }

    public SimulatedFleet Fleet { get; }

    public RolloutState State { get; private set; }

    public DateTimeOffset Now { get; private set; }

    /// <summary>How many events the engine has taken.</summary>
    public long Events { get; private set; }

    /// <summary>What it decided.</summary>
    public List<RolloutDecision> Decisions { get; } = [];

    /// <summary>Starts the rollout and lets time pass until it is over or <paramref name="end"/> has come. Gives why it could not start, or null.</summary>
    public string? Run(DateTimeOffset end, Action? everyTick = null)
    {
        if (Apply(new RolloutEvent.Started(Now, "simulation")).Refused is { } refused)
        {
            return refused;
        }

        for (int i = 0; i < Fleet.Count; i++)
        {
            int place = i;
            At(_chance.UpTo(_behaviour.Poll), () => CheckIn(place));
        }

        Tick(everyTick);
        while (!State.IsOver && _events.TryDequeue(out Action? next, out (DateTimeOffset At, long) due) && due.At <= end)
        {
            Now = due.At;
            next();
        }

        everyTick?.Invoke();
        return null;
    }

    private void Tick(Action? everyTick)
    {
        Apply(new RolloutEvent.Evaluated(Now));
        everyTick?.Invoke();
        At(s_tick, () => Tick(everyTick));
    }

    private void CheckIn(int place)
    {
        if (_gone[place])
        {
            return;
        }

        FleetDevice device = Fleet[place] = Fleet[place] with { LastSeen = Now };
        RolloutStep step = Apply(new RolloutEvent.Asked(Now, device));
        if (step.Changed.FirstOrDefault(static m => m.Status == MemberStatus.Granted) is { } granted)
        {
            Install(place, granted);
        }

        At(_behaviour.Poll * (0.9 + (0.2 * _chance.Share())), () => CheckIn(place));
    }

    private void Install(int place, Member granted)
    {
        if (_chance.Happens(_behaviour.Silent))
        {
            _gone[place] = true;
            return;
        }

        TimeSpan at = TimeSpan.Zero;
        if (_chance.Happens(_behaviour.Deferred))
        {
            Say(place, granted, ReportState.Deferred, at);
            at += _chance.UpTo(_behaviour.Poll * 4);
        }

        Say(place, granted, ReportState.Installing, at);
        at += _behaviour.Install * (0.1 + (0.9 * _chance.Share()));
        bool fails = _chance.Happens(_behaviour.Failure), boots = !fails || _chance.Happens(0.5);
        if (boots)
        {
            Say(place, granted, ReportState.Activated, at - (_behaviour.Install * 0.05));
        }

        Say(place, granted, !fails ? ReportState.Confirmed : boots ? ReportState.RolledBack : ReportState.Failed, at);
    }

    private void Say(int place, Member granted, ReportState said, TimeSpan after)
    {
        PlannedRelease release = AssignedRelease.Of(State, granted).Release;
        DeviceReport report = new()
        {
            Device = granted.Device.ToString(),
            Product = State.Plan.Product,
            Deployment = State.Plan.DeploymentOf(granted.Device, granted.Serial),
            ManifestDigest = release.ManifestDigest,
            Sequence = new SequenceNumber(1),
            RunningVersion = release.Version,
            Slot = 0,
            State = said,
            Floor = default,
            Time = Now,
            Ordinal = ++_ordinals[place],
            Nonce = new byte[DeviceReport.NonceSize],
            Reason = said switch { ReportState.Failed => RejectionReason.StorageFailed, ReportState.RolledBack => RejectionReason.HealthCheckFailed, ReportState.Deferred => RejectionReason.GateClosed, _ => RejectionReason.None },
        };
        At(after, () => Send(place, report));
    }

    private void Send(int place, DeviceReport report)
    {
        if (report.State == ReportState.Confirmed)
        {
            Fleet[place] = Fleet[place] with { Version = report.RunningVersion, ConfirmedDigest = report.ManifestDigest };
        }

        if (_chance.Happens(_behaviour.Loss))
        {
            At(_behaviour.Poll, () => Send(place, report));
            return;
        }

        for (int copies = _chance.Happens(_behaviour.Duplicate) ? 2 : 1; copies > 0; copies--)
        {
            At(_chance.UpTo(_behaviour.Delay), () =>
            {
                Apply(_sign is null ? new RolloutEvent.Claimed(Now, Fleet[place].Device, report) : new RolloutEvent.Reported(Now, Fleet[place].Device, _sign(report)));
                Apply(new RolloutEvent.Evaluated(Now)); // as the server does
            });
        }
    }

    private RolloutStep Apply(RolloutEvent happened)
    {
        RolloutStep step = RolloutEngine.Apply(State, happened, Fleet);
        State = step.State;
        Decisions.AddRange(step.Decisions);
        Events++;
        _watch?.Invoke(happened, step);
        return step;
    }

    private void At(TimeSpan after, Action action) => _events.Enqueue(action, (Now + after, _number++));
}
