using System.Collections.Immutable;
using System.Security.Cryptography;
using Fota.Manifest;
using Fota.Manifest.Reports;
using Fota.UpdateServer.Alarms;
using Fota.UpdateServer.Audit;
using Fota.UpdateServer.Devices;
using Fota.UpdateServer.Releases;
using Fota.UpdateServer.Storage;
using Fota.UpdateServer.Telemetry;

namespace Fota.UpdateServer.Rollouts;

/// <summary>
/// The thin shell around <see cref="RolloutEngine"/>: holds fleet and rollouts in memory, takes one event at a time, stores what it changed
/// together with the report that caused it, and only then lets it show. Over one store several servers do so: each change begins with what the others changed, and nobody
/// else makes one until it is stored, so that caps hold and nothing is granted twice, whoever is asked.
/// </summary>
internal sealed class RolloutCoordinator : ISharedMemory
{
    private readonly SightingBook _seen = new();
    private readonly SharedFleet _fleet;
    private readonly ReleaseCatalog _catalog;
    private readonly AlarmBook _alarms;
    private readonly DoubleUseWatch _doubles = new();
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly ServerMetrics _metrics;

    public RolloutCoordinator(IFleetStore store, ReleaseCatalog catalog, CatalogUpdate update, FreshnessRule rule, AlarmBook alarms, TimeProvider time, ServerMetrics metrics, ILogger<RolloutCoordinator> log)
    {
        _catalog = catalog;
        _alarms = alarms;
        _time = time;
        _metrics = metrics;
        _log = log;
        _fleet = new SharedFleet(store, update, rule);
        WarnOfZones();
        WithdrawUnlisted();
    }

    /// <inheritdoc/>
    public string Topic => Topics.Fleet;

    /// <summary>Every device that ever checked in, in no order.</summary>
    public IReadOnlyCollection<DeviceRecord> Devices => [.. Replica.Fleet.Present.Select(_seen.Current)];

    /// <summary>Every rollout, oldest first.</summary>
    public IReadOnlyList<RolloutState> Rollouts => Replica.Rollouts;

    /// <summary>The releases that the newest publication lists.</summary>
    public IReadOnlyList<Release> Listed
    {
        get
        {
            _ = Replica; // with which the catalog is brought up to date
            return _catalog.Current.Releases;
        }
    }

    /// <summary>Whether the memory is what the store held a short while ago: what is read of it then asks neither the store nor a lock.</summary>
    public bool IsCurrent => _fleet.Remembered is not null;

    private FleetReplica Replica => _fleet.Current;

    /// <summary>The rollout with this id; null if there is none.</summary>
    public RolloutState? Find(string id) => Replica.Find(id);

    /// <summary>Why a device waits with what it is asked to install; null when it does not.</summary>
    public string? DeferralOf(DeviceId device) => Rollouts.FirstOrDefault(r => r.IsActive && r.HoldsGrant(device))?.Members[device].Deferral;

    /// <summary>Takes a device's report and says what it is asked to do; the first one registers the device.</summary>
    /// <param name="identity">Who reports, as its certificate says.</param>
    /// <param name="report">What it says.</param>
    /// <param name="signed">The report's bytes, kept as evidence.</param>
    /// <param name="demand">Throws where the device may bring no report that is kept for ever; asked for such a one alone.</param>
    /// <exception cref="RejectedException">The report speaks of another product than the certificate, or than the device had before (A44).</exception>
    public CheckInOutcome CheckIn(DeviceIdentity identity, VerifiedReport report, byte[] signed, Action demand)
    {
        if (AnswerFromMemory(identity, report) is { } answer)
        {
            _metrics.CheckedIn(fromMemory: true);
            return answer;
        }

        if (IsToBeKept(identity, report.Content))
        {
            demand();
        }

        CheckInStep? step = null;
        Change(now =>
        {
            step = CheckInStep.Of(now, _seen, identity, report, _time.GetUtcNow(), IsListed);
            return step.IsNews ? new FleetOutcome(step.Pending, step.ToChange(report, signed)) : null;
        });
        _metrics.CheckedIn(fromMemory: false);
        Say(identity, step!);
        return new CheckInOutcome(step!.Device, AssignedTo(step.Pending.Rollouts, identity.Device));
    }

    /// <summary>
    /// The answer to a report that says what the device said last, while there is nothing for it to do; null for every other one. No signature is asked for: nothing is taken from
    /// the report, not even its place in the order of reports. That the device came is the connection's own word, for which the same key vouches (ADR 25).
    /// </summary>
    /// <param name="identity">Who holds the connection's key.</param>
    /// <param name="report">What was said over the connection.</param>
    public CheckInOutcome? HearAgain(DeviceIdentity identity, DeviceReport report)
    {
        if (_fleet.Remembered is not { } replica || replica.Fleet.Find(identity.Device) is not { } record || record.Key != identity.Key.Id
            || !record.Product.Equals(identity.Product) || !report.Product.Equals(identity.Product) || report.Device != identity.Device.ToString() || report.Deployment is not null
            || replica.Rollouts.Exists(r => r.IsActive && r.Plan.Product.Equals(identity.Product)))
        {
            return null;
        }

        DeviceRecord before = _seen.Current(record);
        DateTimeOffset now = _time.GetUtcNow();
        if (before.IsNotNews(report) || !DeviceRecord.After(before, identity, report, now).SaysTheSameAs(record))
        {
            return null;
        }

        _seen.Note(record, new Sighting(identity.Device, identity.Key.Id, before.Ordinal, before.Nonce, now));
        _metrics.CheckedIn(fromMemory: true);
        return new CheckInOutcome(before, null);
    }

    /// <summary>Makes a draft for a listed release.</summary>
    /// <param name="document">The plan.</param>
    /// <param name="author">Who made it.</param>
    /// <exception cref="RejectedException">It is not a plan.</exception>
    /// <exception cref="RolloutRefusedException">A release is not listed, or is below the product's security floor.</exception>
    public RolloutState Create(PlanDocument document, string author)
    {
        RolloutState? draft = null;
        Change(now =>
        {
            RolloutPlan plan = PlanReader.Read(document, $"r{now.Rollouts.Count + 1}", RandomNumberGenerator.GetBytes(RolloutPlan.KeySize), FindListed);
            RequireFloor(now, plan);
            draft = RolloutState.Draft(plan) with { Author = author, Clock = _time.GetUtcNow() };
            RolloutDecision created = new(draft.Clock, DecisionKind.Created, author, draft.Stage, $"{author} made plan {PlanDocument.DigestOf(plan)}", DecisionFigures.Of(draft, draft.Stage));
            PendingChange pending = new(now.Rollouts, now.Fleet);
            pending.Add(new RolloutStep(draft, []) { Decisions = [created] });
            return new FleetOutcome(pending);
        });
        return draft!;
    }

    /// <summary>Does what an operator asks; null if there is no such rollout.</summary>
    /// <param name="id">The rollout.</param>
    /// <param name="command">Makes the command of the rollout as it stands, and of the moment.</param>
    /// <exception cref="RolloutRefusedException">It is not possible now; nothing changed.</exception>
    public RolloutState? Command(string id, Func<RolloutState, DateTimeOffset, RolloutEvent.Command> command) => Command(id, (_, rollout, now) => command(rollout, now));

    /// <summary>Puts another plan in place of a draft's; null if there is no such rollout.</summary>
    /// <param name="id">The rollout.</param>
    /// <param name="document">The plan.</param>
    /// <param name="author">Who made it.</param>
    /// <param name="demand">Throws where the author may not change the rollout as it stands.</param>
    /// <exception cref="RejectedException">It is not a plan.</exception>
    /// <exception cref="RolloutRefusedException">It is not possible now, or a release is not listed or below the floor; nothing changed.</exception>
    public RolloutState? Edit(string id, PlanDocument document, string author, Action<RolloutState> demand) => Command(id, (fleet, rollout, now) =>
    {
        demand(rollout);
        RolloutPlan plan = PlanReader.Read(document, id, rollout.Plan.Key, FindListed);
        RequireFloor(fleet, plan);
        return new RolloutEvent.Edited(now, author, plan);
    });

    /// <summary>Judges every rollout by the clock: silence and soak times end without a report. Several servers may do so; what is decided is decided once.</summary>
    public void Evaluate() => ApplyToAll(static r => r.IsActive, static now => new RolloutEvent.Evaluated(now));

    /// <summary>Takes in which devices are shut out now, and lets them go where they are members. Where the store went away meanwhile it comes with the next evaluation: who is shut out is stored already.</summary>
    public void HearShutOut()
    {
        try
        {
            CatchUp();
            Evaluate();
        }
        catch (StoreUnavailableException e)
        {
            Log.ShutOutHeardLater(_log, e);
        }
    }

    /// <summary>Aborts the rollouts of releases that the newest publication does not list any more.</summary>
    public void WithdrawUnlisted() =>
        ApplyToAll(r => !r.IsOver && !IsListed(r.Plan), static now => new RolloutEvent.Aborted(now, RolloutEngine.Name, "the release is not listed any more"));

    /// <summary>Pauses whatever runs: what is remembered is of another time than the fleet, so that caps would not hold (docs/runbooks/backup.md).</summary>
    public void PauseAll() => ApplyToAll(static r => r.Status == RolloutStatus.Running, static now => new RolloutEvent.Paused(now, "server"));

    /// <summary>The device with this name; null if it never checked in, or the name is another product's now.</summary>
    public DeviceRecord? FindDevice(DeviceId device) => Replica.Fleet.Find(device) is { } record ? _seen.Current(record) : null;

    /// <summary>Of which product a name is: as an administrator said, or of the device that has it; null where nobody did, and nobody has.</summary>
    public ProductName? ProductOf(DeviceId device) => Replica.Fleet.ProductOf(device);

    /// <summary>What operators say of a device; null for nothing.</summary>
    public DeviceTraits? TraitsOf(DeviceId device) => Replica.Fleet.Traits.GetValueOrDefault(device);

    /// <summary>
    /// Changes what operators say of a device, from what is said of it at that moment: two who say something else at the same time both keep their word. Stages that have begun
    /// keep the members that they have.
    /// </summary>
    /// <param name="device">Which; it need not have checked in yet.</param>
    /// <param name="by">Who says so.</param>
    /// <param name="change">Makes what is said then of the device (null where it never checked in) and of what is said now; it may be asked several times, and what it throws changes nothing.</param>
    public DeviceTraits Describe(DeviceId device, string by, Func<DeviceRecord?, DeviceTraits, DeviceTraits> change)
    {
        DeviceTraits? traits = null;
        Change(now =>
        {
            DeviceTraits? before = now.Fleet.Traits.GetValueOrDefault(device);
            traits = change(now.Fleet.Find(device), before ?? new DeviceTraits(device)) with { Product = before?.Product };
            return new FleetOutcome(
                new PendingChange(now.Rollouts, now.Fleet with { Traits = now.Fleet.Traits.SetItem(device, traits) }),
                new FleetChange(null, null, []) { Description = new DeviceDescription(_time.GetUtcNow(), by, before, traits) });
        });
        return traits!;
    }

    /// <summary>
    /// Says of which product a name is, whoever has it. What a device of another product left under it is given up: it is a member of no rollout that is under way any more, and what
    /// it was asked to do is neither success nor failure.
    /// </summary>
    /// <param name="device">The name; no device need have it yet.</param>
    /// <param name="product">Whose it is.</param>
    /// <param name="by">Who says so.</param>
    /// <param name="demand">Throws where they may not: given of which product the name was at that moment (null for none), and what is said of it.</param>
    public void Assign(DeviceId device, ProductName product, string by, Action<ProductName?, DeviceTraits> demand) => Change(now =>
    {
        DeviceTraits? before = now.Fleet.Traits.GetValueOrDefault(device);
        DeviceTraits after = (before ?? new DeviceTraits(device)) with { Product = product };
        demand(now.Fleet.ProductOf(device), after);
        if (product.Equals(before?.Product))
        {
            return null;
        }

        DateTimeOffset moment = _time.GetUtcNow();
        PendingChange pending = new(now.Rollouts, now.Fleet);
        string[] left = [.. now.Rollouts.Where(r => r.IsActive && !r.Plan.Product.Equals(product) && r.Members.ContainsKey(device)).Select(static r => r.Plan.Id)];
        foreach (string rollout in left)
        {
            // In the fleet of before: what it had failed at by then stays a failure, and when it was seen is known still.
            pending.Apply(rollout, new RolloutEvent.Evaluated(moment));
        }

        pending.Fleet = now.Fleet with { Traits = now.Fleet.Traits.SetItem(device, after) };
        foreach (string rollout in left)
        {
            // Judged again, so that nothing waits for it.
            pending.Apply(rollout, new RolloutEvent.Departed(moment, device, by));
            pending.Apply(rollout, new RolloutEvent.Evaluated(moment));
        }

        return new FleetOutcome(pending, new FleetChange(null, null, [.. pending.Steps]) { Description = new DeviceDescription(moment, by, before, after) });
    });

    /// <summary>Writes down when devices that said nothing new were seen.</summary>
    /// <exception cref="StoreUnavailableException">The store is away; it stays noted.</exception>
    public void WriteSeen()
    {
        IReadOnlyList<Sighting> pages = _seen.Pages;
        if (pages.Count > 0)
        {
            Change(now => _seen.NewsOf(pages, now) is { Count: > 0 } news
                ? new FleetOutcome(new PendingChange(now.Rollouts, now.With(news).Fleet), new FleetChange(null, null, []) { Seen = [.. news] })
                : null);
            _seen.Forget(pages);
        }
    }

    /// <inheritdoc/>
    public void CatchUp() => _fleet.CatchUp();

    /// <summary>The answer to a report that says nothing new and leads to nothing: neither the store nor a lock is asked. Null where it may be otherwise.</summary>
    private CheckInOutcome? AnswerFromMemory(DeviceIdentity identity, VerifiedReport report)
    {
        if (_fleet.Remembered is not { } replica || replica.Fleet.Find(identity.Device) is not { } record || record.Key != identity.Key.Id)
        {
            return null;
        }

        CheckInStep step = CheckInStep.Of(replica, _seen, identity, report, _time.GetUtcNow(), IsListed);
        if (!step.IsNews)
        {
            Say(identity, step);
        }
        else if (report.Content.Deployment is null && step.Pending.Steps.Count == 0 && step.Device.SaysTheSameAs(record) && !Defers(replica, identity.Device))
        {
            _seen.Note(record, new Sighting(identity.Device, identity.Key.Id, step.Device.Ordinal, step.Device.Nonce, step.Device.LastSeen));
        }
        else
        {
            return null;
        }

        return new CheckInOutcome(step.Device, AssignedTo(replica.Rollouts, identity.Device));
    }

    /// <summary>Whether a report is more than a sign of life: it speaks of a deployment, or does not say what the device said last.</summary>
    private bool IsToBeKept(DeviceIdentity identity, DeviceReport report) =>
        report.Deployment is not null || Replica.Fleet.Find(identity.Device) is not { } record || record.Key != identity.Key.Id || !DeviceRecord.After(record, identity, report, record.LastSeen).SaysTheSameAs(record);

    /// <summary>Whether a device waits for a gate: that it comes at all is what keeps it from counting as silent, and is written down at once.</summary>
    private static bool Defers(FleetReplica replica, DeviceId device) => replica.Rollouts.Exists(r => r.IsActive && r.HoldsGrant(device) && r.Members[device].Deferral is not null);

    private RolloutState? Command(string id, Func<FleetReplica, RolloutState, DateTimeOffset, RolloutEvent.Command> command)
    {
        RolloutState? after = null;
        Change(now =>
        {
            if (now.Find(id) is not { } rollout)
            {
                return null;
            }

            RolloutEvent.Command happened = command(now, rollout, _time.GetUtcNow());
            if (happened is RolloutEvent.Started or RolloutEvent.Resumed)
            {
                RequireStartable(now, rollout);
            }

            PendingChange pending = new(now.Rollouts, now.Fleet);
            if (pending.Apply(id, happened) is { } refused)
            {
                throw new RolloutRefusedException(RolloutRefusedException.IllegalTransition, refused);
            }

            after = pending.Rollouts.Find(r => r.Plan.Id == id);
            return new FleetOutcome(pending);
        });
        return after;
    }

    private PlannedRelease FindListed(ProductName product, ReleaseVersion version) => _catalog.Current.Find(product, version) is { } release
        ? new PlannedRelease(release.Version, release.Target, release.ManifestDigest, release.SecurityVersion)
        : throw new RolloutRefusedException(nameof(RejectionReason.TargetNotFound), $"rollout: wanted a release that is listed, got {product} {version}, which is not");

    /// <summary>Whether every release that a plan names is listed as it was when the plan was made.</summary>
    private bool IsListed(RolloutPlan plan) => plan.PassThrough.Add(plan.Release).All(r => _catalog.Current.Lists(r.TargetPath, r.ManifestDigest));

    private static void RequireStartable(FleetReplica now, RolloutState rollout)
    {
        RequireFloor(now, rollout.Plan);
        if (now.Rollouts.Find(r => r.IsActive && r.Plan.Product.Equals(rollout.Plan.Product) && r.Plan.Id != rollout.Plan.Id) is { } other)
        {
            throw new RolloutRefusedException(RolloutRefusedException.IllegalTransition, $"rollout: wanted no other one of {rollout.Plan.Product} under way, got {other.Plan.Id}");
        }
    }

    /// <summary>A product's security floor: what a completed rollout brought to its devices is not undone by a later one.</summary>
    private static void RequireFloor(FleetReplica now, RolloutPlan plan)
    {
        SecurityVersion floor = now.Rollouts.Where(r => r.Status == RolloutStatus.Completed && r.Plan.Product.Equals(plan.Product))
            .Select(static r => r.Plan.SecurityVersion).DefaultIfEmpty().Max();
        if (plan.PassThrough.Add(plan.Release).FirstOrDefault(r => r.SecurityVersion < floor) is { } below)
        {
            throw new RolloutRefusedException(nameof(RejectionReason.BelowSecurityFloor), $"rollout: wanted a security version of at least {floor}, got {below.SecurityVersion} of {below.Version}");
        }
    }

    /// <summary>Zones that were known when they were named, and are not here: the server starts all the same, and nobody is asked at another hour than the plan's.</summary>
    private void WarnOfZones()
    {
        FleetReplica now = Replica;
        foreach (RolloutPlan plan in now.Rollouts.Where(static r => !r.IsOver).Select(static r => r.Plan).Where(static p => p.Windows is { ZoneName: not null, DefaultZone: null }))
        {
            Log.PlanZoneMissing(_log, plan.Id, plan.Windows!.ZoneName!);
        }

        foreach (IGrouping<string, DeviceTraits> zone in now.Fleet.Traits.Values.Where(static t => t is { ZoneName: not null, TimeZone: null }).GroupBy(static t => t.ZoneName!, StringComparer.Ordinal))
        {
            Log.DeviceZoneMissing(_log, zone.Key, zone.Count());
        }
    }

    /// <summary>What a grant that is held is for: always the same, until it or its rollout comes to an end; nothing while the device is not to begin.</summary>
    private AssignedRelease? AssignedTo(ImmutableList<RolloutState> rollouts, DeviceId device) =>
        rollouts.Find(r => r.Tells(device) && IsListed(r.Plan)) is { } rollout ? AssignedRelease.Of(rollout, rollout.Members[device]) : null;

    /// <summary>Has the same happen to every rollout that is meant. The memory is asked first, as mostly nothing comes of it.</summary>
    private void ApplyToAll(Func<RolloutState, bool> isMeant, Func<DateTimeOffset, RolloutEvent> happens)
    {
        if (!IsCurrent || Decide(Replica) is not null)
        {
            Change(Decide);
        }

        FleetOutcome? Decide(FleetReplica now)
        {
            PendingChange pending = new(now.Rollouts, now.Fleet);
            foreach (RolloutState rollout in now.Rollouts.Where(isMeant))
            {
                pending.Apply(rollout.Plan.Id, happens(_time.GetUtcNow()));
            }

            return pending.Steps.Count > 0 ? new FleetOutcome(pending) : null;
        }
    }

    /// <summary>Makes one change of everything, as it is in the store at that moment; <paramref name="decide"/> may be asked several times, and changes nothing by itself.</summary>
    private void Change(Func<FleetReplica, FleetOutcome?> decide)
    {
        long begun = _time.GetTimestamp();
        (FleetReplica before, FleetOutcome? outcome) = _fleet.Change(decide);
        _metrics.Changed(_time.GetElapsedTime(begun));
        Tell(before, outcome);
    }

    private void Say(DeviceIdentity identity, CheckInStep step)
    {
        DateTimeOffset now = _time.GetUtcNow();
        if (step.OldKey is { } old)
        {
            Log.DeviceKeyChanged(_log, identity.Device, old, identity.Key.Id);
        }

        if (!step.IsNews)
        {
            Log.ReportIgnored(_log, identity.Device, step.Ordinal);
        }

        if (step.IsConflict
            || (step.IsOvertaken && _doubles.IsBehind(identity.Device, identity.Key.Id, step.Ordinal, now))
            || (step.OldKey is { } former && _doubles.TakesTurns(identity.Device, former, identity.Key.Id, now)))
        {
            _alarms.Conflict(step.Device, now);
        }
    }

    private void Tell(FleetReplica before, FleetOutcome? outcome)
    {
        foreach (RolloutStep step in outcome?.Change.Rollouts ?? [])
        {
            RolloutState? old = before.Find(step.State.Plan.Id);
            if (old?.Status != step.State.Status || old.Stage != step.State.Stage)
            {
                Log.RolloutChanged(_log, step.State.Plan.Id, step.State.Status, step.State.Stage);
            }

            foreach (RolloutDecision decision in step.Decisions)
            {
                _metrics.Decided(decision.Kind);
                Log.RolloutDecided(_log, step.State.Plan.Id, decision.Kind, decision.By, decision.Why);
            }
        }
    }
}

/// <summary>An operator asked for what is not possible.</summary>
internal sealed class RolloutRefusedException(string reason, string message) : Exception(message)
{
    public const string IllegalTransition = "IllegalTransition";

    /// <summary>Stable, for programs.</summary>
    public string Reason { get; } = reason;
}
