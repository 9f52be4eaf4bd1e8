using System.Collections.Immutable;
using System.Security.Cryptography;
using Fota.Manifest;
using Fota.Manifest.Reports;
using Fota.UpdateServer.Devices;
using Fota.UpdateServer.Releases;
using Fota.UpdateServer.Storage;

namespace Fota.UpdateServer.Rollouts;

/// <summary>
/// The thin shell around <see cref="RolloutEngine"/>: holds fleet and rollouts in memory, takes one event at a time, stores what it changed
/// together with the report that caused it, and only then lets it show.
/// </summary>
internal sealed class RolloutCoordinator
{
    private readonly Lock _gate = new();
    private readonly IFleetStore _store;
    private readonly ITraitStore _traits;
    private readonly ReleaseCatalog _catalog;
    private readonly TimeProvider _time;
    private readonly ILogger _log;

    private FleetMemory _fleet;
    private ImmutableList<RolloutState> _rollouts;

    public RolloutCoordinator(IFleetStore store, ITraitStore traits, ReleaseCatalog catalog, TimeProvider time, ILogger<RolloutCoordinator> log)
    {
        _store = store;
        _traits = traits;
        _catalog = catalog;
        _time = time;
        _log = log;
        (IReadOnlyList<DeviceRecord> devices, IReadOnlyList<RolloutState> rollouts) = store.Load();
        _fleet = new FleetMemory(devices.ToImmutableDictionary(static d => d.Device), traits.Load().ToImmutableDictionary(static t => t.Device));
        _rollouts = [.. rollouts];
        WithdrawUnlisted();
    }

    /// <summary>Every device that ever checked in, by name.</summary>
    public IReadOnlyList<DeviceRecord> Devices
    {
        get
        {
            lock (_gate)
            {
                return [.. _fleet.Devices.Values.OrderBy(static d => d.Device.ToString(), StringComparer.Ordinal)];
            }
        }
    }

    /// <summary>Every rollout, oldest first.</summary>
    public IReadOnlyList<RolloutState> Rollouts
    {
        get
        {
            lock (_gate)
            {
                return _rollouts;
            }
        }
    }

    /// <summary>The rollout with this id; null if there is none.</summary>
    public RolloutState? Find(string id) => Rollouts.FirstOrDefault(r => r.Plan.Id == id);

    /// <summary>Why a device waits with what it is asked to install; null when it does not.</summary>
    public string? DeferralOf(DeviceId device) => Rollouts.FirstOrDefault(r => r.IsActive && r.HoldsGrant(device))?.Members[device].Deferral;

    /// <summary>Takes a device's report and says what it is asked to do; the first one registers the device.</summary>
    /// <param name="identity">Who reports, as its certificate says.</param>
    /// <param name="report">What it says.</param>
    /// <param name="signed">The report's bytes, kept as evidence.</param>
    /// <exception cref="RejectedException">The report speaks of another product than the certificate, or than the device had before (A44).</exception>
    public CheckInOutcome CheckIn(DeviceIdentity identity, VerifiedReport report, byte[] signed)
    {
        DeviceReport content = report.Content;
        lock (_gate)
        {
            DateTimeOffset now = _time.GetUtcNow();
            DeviceRecord? before = _fleet.Devices.GetValueOrDefault(identity.Device);
            RequireSameProduct(identity, content, before);
            bool isNewKey = before is not null && !before.IsOf(identity.Key);
            if (isNewKey)
            {
                // Remade under its old name: its ordinals begin anew, and the old key's say nothing of them.
                Log.DeviceKeyChanged(_log, identity.Device, before!.Key!, identity.Key.Id);
                before = null;
            }

            if (before is not null && before.IsNotNews(content))
            {
                Log.ReportIgnored(_log, identity.Device, content.Ordinal);
                return new CheckInOutcome(before, AssignedTo(identity.Device));
            }

            DeviceRecord after = DeviceRecord.After(before, identity, content, now);
            PendingChange pending = new(_rollouts, _fleet with { Devices = _fleet.Devices.SetItem(identity.Device, after) });
            foreach (RolloutState rollout in _rollouts.Where(r => r.Plan.Product.Equals(identity.Product)))
            {
                pending.Apply(rollout.Plan.Id, new RolloutEvent.Reported(now, identity.Device, report) { IsNewKey = isNewKey });
                pending.Apply(rollout.Plan.Id, new RolloutEvent.Evaluated(now));
            }

            Grant(pending, after, now);
            Commit(pending, after, content.Deployment is null ? null : signed);
            return new CheckInOutcome(after, AssignedTo(identity.Device));
        }
    }

    /// <summary>Makes a draft for a listed release.</summary>
    /// <param name="document">The plan.</param>
    /// <param name="author">Who made it.</param>
    /// <exception cref="RejectedException">It is not a plan.</exception>
    /// <exception cref="RolloutRefusedException">A release is not listed, or is below the product's security floor.</exception>
    public RolloutState Create(PlanDocument document, string author)
    {
        lock (_gate)
        {
            RolloutPlan plan = PlanReader.Read(document, $"r{_rollouts.Count + 1}", RandomNumberGenerator.GetBytes(RolloutPlan.KeySize), FindListed);
            RequireFloor(plan.Product, plan.SecurityVersion);
            RolloutState draft = RolloutState.Draft(plan) with { Author = author, Clock = _time.GetUtcNow() };
            RolloutDecision created = new(draft.Clock, DecisionKind.Created, author, draft.Stage, $"{author} made plan {PlanDocument.DigestOf(plan)}", DecisionFigures.Of(draft));
            _store.Save(new FleetChange(null, null, [new RolloutStep(draft, []) { Decisions = [created] }]));
            _rollouts = _rollouts.Add(draft);
            Log.RolloutChanged(_log, plan.Id, draft.Status, draft.Stage);
            return draft;
        }
    }

    /// <summary>Does what an operator asks; null if there is no such rollout.</summary>
    /// <param name="id">The rollout.</param>
    /// <param name="command">Makes the command of the rollout as it stands, and of the moment.</param>
    /// <exception cref="RolloutRefusedException">It is not possible now; nothing changed.</exception>
    public RolloutState? Command(string id, Func<RolloutState, DateTimeOffset, RolloutEvent.Command> command)
    {
        lock (_gate)
        {
            if (_rollouts.Find(r => r.Plan.Id == id) is not { } rollout)
            {
                return null;
            }

            RolloutEvent.Command happened = command(rollout, _time.GetUtcNow());
            if (happened is RolloutEvent.Started or RolloutEvent.Resumed)
            {
                RequireStartable(rollout);
            }

            PendingChange pending = new(_rollouts, _fleet);
            if (pending.Apply(id, happened) is { } refused)
            {
                throw new RolloutRefusedException(RolloutRefusedException.IllegalTransition, refused);
            }

            Commit(pending, null, null);
            return _rollouts.Find(r => r.Plan.Id == id);
        }
    }

    /// <summary>Puts another plan in place of a draft's; null if there is no such rollout.</summary>
    /// <param name="id">The rollout.</param>
    /// <param name="document">The plan.</param>
    /// <param name="author">Who made it.</param>
    /// <param name="demand">Throws where the author may not change the rollout as it stands.</param>
    /// <exception cref="RejectedException">It is not a plan.</exception>
    /// <exception cref="RolloutRefusedException">It is not possible now, or a release is not listed or below the floor; nothing changed.</exception>
    public RolloutState? Edit(string id, PlanDocument document, string author, Action<RolloutState> demand) => Command(id, (rollout, now) =>
    {
        demand(rollout);
        RolloutPlan plan = PlanReader.Read(document, id, rollout.Plan.Key, FindListed);
        RequireFloor(plan.Product, plan.SecurityVersion);
        return new RolloutEvent.Edited(now, author, plan);
    });

    /// <summary>Judges every rollout by the clock: silence and soak times end without a report.</summary>
    public void Evaluate()
    {
        lock (_gate)
        {
            PendingChange pending = new(_rollouts, _fleet);
            foreach (RolloutState rollout in _rollouts.Where(static r => r.IsActive))
            {
                pending.Apply(rollout.Plan.Id, new RolloutEvent.Evaluated(_time.GetUtcNow()));
            }

            Commit(pending, null, null);
        }
    }

    /// <summary>The device with this name; null if it never checked in.</summary>
    public DeviceRecord? FindDevice(DeviceId device)
    {
        lock (_gate)
        {
            return _fleet.Devices.GetValueOrDefault(device);
        }
    }

    /// <summary>What operators say of a device; null for nothing.</summary>
    public DeviceTraits? TraitsOf(DeviceId device)
    {
        lock (_gate)
        {
            return _fleet.Traits.GetValueOrDefault(device);
        }
    }

    /// <summary>Notes what operators say of a device. Stages that have begun keep the members that they have.</summary>
    public void Describe(DeviceTraits traits)
    {
        lock (_gate)
        {
            _traits.Save(traits);
            _fleet = _fleet with { Traits = _fleet.Traits.SetItem(traits.Device, traits) };
        }
    }

    /// <summary>Aborts the rollouts of releases that the newest publication does not list any more.</summary>
    public void WithdrawUnlisted()
    {
        lock (_gate)
        {
            PendingChange pending = new(_rollouts, _fleet);
            foreach (RolloutState rollout in _rollouts.Where(r => !r.IsOver && !IsListed(r.Plan)))
            {
                pending.Apply(rollout.Plan.Id, new RolloutEvent.Aborted(_time.GetUtcNow(), RolloutEngine.Name, "the release is not listed any more"));
            }

            Commit(pending, null, null);
        }
    }

    private static void RequireSameProduct(DeviceIdentity identity, DeviceReport report, DeviceRecord? before)
    {
        if (!report.Product.Equals(identity.Product))
        {
            throw new RejectedException(RejectionReason.ForeignReport, $"report: wanted product {identity.Product}, as the certificate says, got {report.Product}");
        }

        if (before is not null && !before.Product.Equals(identity.Product))
        {
            throw new RejectedException(RejectionReason.ForeignReport, $"device: wanted product {before.Product}, as registered, got {identity.Product}");
        }
    }

    private PlannedRelease FindListed(ProductName product, ReleaseVersion version) => _catalog.Current.Find(product, version) is { } release
        ? new PlannedRelease(release.Version, release.Target, release.ManifestDigest, release.SecurityVersion)
        : throw new RolloutRefusedException(nameof(RejectionReason.TargetNotFound), $"rollout: wanted a release that is listed, got {product} {version}, which is not");

    /// <summary>Whether every release that a plan names is listed as it was when the plan was made.</summary>
    private bool IsListed(RolloutPlan plan) => plan.PassThrough.Add(plan.Release).All(r => _catalog.Current.Lists(r.TargetPath, r.ManifestDigest));

    private void RequireStartable(RolloutState rollout)
    {
        RequireFloor(rollout.Plan.Product, rollout.Plan.SecurityVersion);
        if (_rollouts.Find(r => r.IsActive && r.Plan.Product.Equals(rollout.Plan.Product) && r.Plan.Id != rollout.Plan.Id) is { } other)
        {
            throw new RolloutRefusedException(RolloutRefusedException.IllegalTransition, $"rollout: wanted no other one of {rollout.Plan.Product} under way, got {other.Plan.Id}");
        }
    }

    /// <summary>A product's security floor: what a completed rollout brought to its devices is not undone by a later one.</summary>
    private void RequireFloor(ProductName product, SecurityVersion version)
    {
        SecurityVersion floor = _rollouts.Where(r => r.Status == RolloutStatus.Completed && r.Plan.Product.Equals(product))
            .Select(static r => r.Plan.SecurityVersion).DefaultIfEmpty().Max();
        if (version < floor)
        {
            throw new RolloutRefusedException(nameof(RejectionReason.BelowSecurityFloor), $"rollout: wanted a security version of at least {floor}, got {version}");
        }
    }

    private void Grant(PendingChange pending, DeviceRecord device, DateTimeOffset now)
    {
        if (pending.Rollouts.Exists(r => Assigns(r, device.Device)))
        {
            return; // one thing at a time
        }

        foreach (RolloutState rollout in pending.Rollouts.Where(r => r.Status == RolloutStatus.Running && r.Plan.Product.Equals(device.Product) && IsListed(r.Plan)))
        {
            pending.Apply(rollout.Plan.Id, new RolloutEvent.Asked(now, pending.Fleet.Of(device)));
        }
    }

    /// <summary>
    /// Whether a rollout has something for a device. One that is over has not, even for a device that had begun: else an aborted release would be handed
    /// out for ever, and the one that mends it never. Promise P5: nor is a release named that is not listed.
    /// </summary>
    private bool Assigns(RolloutState rollout, DeviceId device) => rollout.IsActive && rollout.HoldsGrant(device) && IsListed(rollout.Plan);

    /// <summary>What a grant that is held is for: always the same, until it or its rollout comes to an end.</summary>
    private AssignedRelease? AssignedTo(DeviceId device) => _rollouts.Find(r => Assigns(r, device)) is { } rollout ? AssignedRelease.Of(rollout, rollout.Members[device]) : null;

    private void Commit(PendingChange pending, DeviceRecord? device, byte[]? evidence)
    {
        if (device is null && pending.Steps.Count == 0)
        {
            return;
        }

        _store.Save(new FleetChange(device, evidence, [.. pending.Steps]));
        foreach (RolloutStep step in pending.Steps)
        {
            RolloutState old = _rollouts.Find(r => r.Plan.Id == step.State.Plan.Id)!;
            if (old.Status != step.State.Status || old.Stage != step.State.Stage)
            {
                Log.RolloutChanged(_log, step.State.Plan.Id, step.State.Status, step.State.Stage);
            }

            foreach (RolloutDecision decision in step.Decisions)
            {
                Log.RolloutDecided(_log, step.State.Plan.Id, decision.Kind, decision.By, decision.Why);
            }
        }

        _fleet = pending.Fleet;
        _rollouts = pending.Rollouts;
    }
}

/// <summary>An operator asked for what is not possible.</summary>
internal sealed class RolloutRefusedException(string reason, string message) : Exception(message)
{
    public const string IllegalTransition = "IllegalTransition";

    /// <summary>Stable, for programs.</summary>
    public string Reason { get; } = reason;
}
