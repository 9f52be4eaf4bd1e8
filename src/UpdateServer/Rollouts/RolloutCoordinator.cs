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
    private readonly ReleaseCatalog _catalog;
    private readonly TimeProvider _time;
    private readonly ILogger _log;

    private ImmutableDictionary<DeviceId, DeviceRecord> _devices;
    private ImmutableList<RolloutState> _rollouts;

    public RolloutCoordinator(IFleetStore store, ReleaseCatalog catalog, TimeProvider time, ILogger<RolloutCoordinator> log)
    {
        _store = store;
        _catalog = catalog;
        _time = time;
        _log = log;
        (IReadOnlyList<DeviceRecord> devices, IReadOnlyList<RolloutState> rollouts) = store.Load();
        _devices = devices.ToImmutableDictionary(static d => d.Device);
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
                return [.. _devices.Values.OrderBy(static d => d.Device.ToString(), StringComparer.Ordinal)];
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
            DeviceRecord? before = _devices.GetValueOrDefault(identity.Device);
            RequireSameProduct(identity, content, before);
            if (before is not null && !before.IsOf(identity.Key))
            {
                // Remade under its old name: its ordinals begin anew, and the old key's say nothing of them.
                Log.DeviceKeyChanged(_log, identity.Device, before.Key!, identity.Key.Id);
                before = null;
            }

            if (before is not null && before.IsNotNews(content))
            {
                Log.ReportIgnored(_log, identity.Device, content.Ordinal);
                return new CheckInOutcome(before, AssignedTo(identity.Device));
            }

            DeviceRecord after = DeviceRecord.After(before, identity, content, _time.GetUtcNow());
            Pending pending = new(_rollouts, _devices.SetItem(identity.Device, after));
            foreach (RolloutState rollout in _rollouts.Where(r => r.Plan.Product.Equals(identity.Product)))
            {
                pending.Apply(rollout.Plan.Id, new RolloutEvent.Reported(identity.Device, report));
            }

            Grant(pending, after);
            Commit(pending, after, content.Deployment is null ? null : signed);
            return new CheckInOutcome(after, AssignedTo(identity.Device));
        }
    }

    /// <summary>Makes a draft for a listed release.</summary>
    /// <exception cref="RolloutRefusedException">The release is not listed, or is below the product's security floor.</exception>
    public RolloutState Create(ProductName product, ReleaseVersion version, ImmutableArray<StagePlan> stages, int abortAfterFailures)
    {
        lock (_gate)
        {
            Release release = _catalog.Current.Find(product, version)
                ?? throw new RolloutRefusedException(nameof(RejectionReason.TargetNotFound), $"rollout: wanted a release that is listed, got {product} {version}, which is not");
            RequireFloor(product, release.SecurityVersion);
            RolloutState draft = RolloutState.Draft(new RolloutPlan
            {
                Id = $"r{_rollouts.Count + 1}",
                Product = product,
                Version = version,
                TargetPath = release.Target,
                ManifestDigest = release.ManifestDigest,
                SecurityVersion = release.SecurityVersion,
                Stages = stages,
                AbortAfterFailures = abortAfterFailures,
                Key = RandomNumberGenerator.GetBytes(RolloutPlan.KeySize),
            });
            _store.Save(new FleetChange(null, null, [new RolloutStep(draft, [])]));
            _rollouts = _rollouts.Add(draft);
            Log.RolloutChanged(_log, draft.Plan.Id, draft.Status, draft.Stage);
            return draft;
        }
    }

    /// <summary>Does what an operator asks; null if there is no such rollout.</summary>
    /// <exception cref="RolloutRefusedException">It is not possible now; nothing changed.</exception>
    public RolloutState? Command(string id, RolloutEvent command)
    {
        lock (_gate)
        {
            if (_rollouts.Find(r => r.Plan.Id == id) is not { } rollout)
            {
                return null;
            }

            if (command is RolloutEvent.Started or RolloutEvent.Resumed)
            {
                RequireStartable(rollout);
            }

            Pending pending = new(_rollouts, _devices);
            if (pending.Apply(id, command) is { } refused)
            {
                throw new RolloutRefusedException(RolloutRefusedException.IllegalTransition, refused);
            }

            Commit(pending, null, null);
            return _rollouts.Find(r => r.Plan.Id == id);
        }
    }

    /// <summary>Aborts the rollouts of releases that the newest publication does not list any more.</summary>
    public void WithdrawUnlisted()
    {
        lock (_gate)
        {
            Pending pending = new(_rollouts, _devices);
            foreach (RolloutState rollout in _rollouts.Where(r => !r.IsOver && !IsListed(r.Plan)))
            {
                pending.Apply(rollout.Plan.Id, new RolloutEvent.Aborted("the release is not listed any more"));
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

    private bool IsListed(RolloutPlan plan) => _catalog.Current.Lists(plan.TargetPath, plan.ManifestDigest);

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

    private void Grant(Pending pending, DeviceRecord device)
    {
        if (pending.Rollouts.Exists(r => Assigns(r, device.Device)))
        {
            return; // one thing at a time
        }

        foreach (RolloutState rollout in pending.Rollouts.Where(r => r.Status == RolloutStatus.Running && r.Plan.Product.Equals(device.Product) && IsListed(r.Plan)))
        {
            pending.Apply(rollout.Plan.Id, new RolloutEvent.Asked(new FleetDevice(device.Device, device.ConfirmedDigest)));
        }
    }

    /// <summary>
    /// Whether a rollout has something for a device. One that is over has not, even for a device that had begun: else an aborted release would be handed
    /// out for ever, and the one that mends it never. Promise P5: nor is a release named that is not listed.
    /// </summary>
    private bool Assigns(RolloutState rollout, DeviceId device) => rollout.IsActive && rollout.HoldsGrant(device) && IsListed(rollout.Plan);

    /// <summary>The plan of a grant that is held: always the same one, until it or its rollout comes to an end.</summary>
    private RolloutPlan? AssignedTo(DeviceId device) => _rollouts.Find(r => Assigns(r, device))?.Plan;

    private void Commit(Pending pending, DeviceRecord? device, byte[]? evidence)
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
        }

        _devices = pending.Devices;
        _rollouts = pending.Rollouts;
    }

    /// <summary>Changes that are worked out and not yet stored.</summary>
    private sealed class Pending(ImmutableList<RolloutState> rollouts, ImmutableDictionary<DeviceId, DeviceRecord> devices)
    {
        private readonly Dictionary<string, RolloutStep> _steps = new(StringComparer.Ordinal);

        public ImmutableList<RolloutState> Rollouts { get; private set; } = rollouts;

        public ImmutableDictionary<DeviceId, DeviceRecord> Devices { get; } = devices;

        public Dictionary<string, RolloutStep>.ValueCollection Steps => _steps.Values;

        public string? Apply(string id, RolloutEvent happened)
        {
            RolloutState before = Rollouts.Find(r => r.Plan.Id == id)!;
            RolloutStep step = RolloutEngine.Apply(before, happened, FleetOf(before.Plan.Product));
            if (!ReferenceEquals(step.State, before))
            {
                Rollouts = Rollouts.Replace(before, step.State);
                IReadOnlyCollection<Member> earlier = _steps.GetValueOrDefault(id)?.Changed ?? [];
                _steps[id] = step with { Changed = [.. earlier.Concat(step.Changed).GroupBy(static m => m.Device).Select(static g => g.Last())] };
            }

            return step.Refused;
        }

        private IEnumerable<FleetDevice> FleetOf(ProductName product) =>
            Devices.Values.Where(d => d.Product.Equals(product)).Select(static d => new FleetDevice(d.Device, d.ConfirmedDigest));
    }
}

/// <summary>An operator asked for what is not possible.</summary>
internal sealed class RolloutRefusedException(string reason, string message) : Exception(message)
{
    public const string IllegalTransition = "IllegalTransition";

    /// <summary>Stable, for programs.</summary>
    public string Reason { get; } = reason;
}
