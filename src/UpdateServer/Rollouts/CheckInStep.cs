using Fota.Manifest;
using Fota.Manifest.Keys;
using Fota.Manifest.Reports;
using Fota.UpdateServer.Alarms;
using Fota.UpdateServer.Devices;
using Fota.UpdateServer.Storage;

namespace Fota.UpdateServer.Rollouts;

/// <summary>What a check-in leads to, in a fleet as it is. It changes nothing, so that it can be worked out on what may be old, and again on what is not.</summary>
/// <param name="Device">What is known of the device afterwards.</param>
/// <param name="Pending">The rollouts afterwards.</param>
/// <param name="IsNews">False for a report that was heard before, or was overtaken (A46): then nothing changes.</param>
/// <param name="OldKey">The key that the device had before, where this one is another.</param>
/// <param name="Ordinal">The report's.</param>
internal sealed record CheckInStep(DeviceRecord Device, PendingChange Pending, bool IsNews, KeyId? OldKey, long Ordinal)
{
    /// <summary>Whether nothing was known of the device before.</summary>
    public bool IsFirst { get; init; }

    /// <summary>Whether the report has the place of another one that the same key signed.</summary>
    public bool IsConflict { get; init; }

    /// <summary>Whether the report's place had been passed by another one of the same key.</summary>
    public bool IsOvertaken => !IsNews && Ordinal < Device.Ordinal;

    /// <summary>The alarms that begin or end by it.</summary>
    public IReadOnlyList<AlarmChange> Alarms { get; init; } = [];

    /// <summary>Works it out.</summary>
    /// <exception cref="RejectedException">The report speaks of another product than the certificate, or than the device had before (A44).</exception>
    public static CheckInStep Of(FleetReplica fleet, SightingBook seen, DeviceIdentity identity, VerifiedReport report, DateTimeOffset now, Func<RolloutPlan, bool> isListed)
    {
        DeviceReport content = report.Content;
        DeviceRecord? before = fleet.Fleet.Devices.TryGetValue(identity.Device, out DeviceRecord? record) ? seen.Current(record) : null;
        RequireSameProduct(identity, content, fleet.Fleet.ProductOf(identity.Device));
        KeyId? oldKey = null;
        if (before is not null && !before.Product.Equals(identity.Product))
        {
            before = null; // what another product's device left under the name
        }

        if (before is not null && !before.IsOf(identity.Key))
        {
            // Remade under its old name: its ordinals begin anew, and the old key's say nothing of them.
            (oldKey, before) = (before.Key, null);
        }

        if (before is not null && before.IsNotNews(content))
        {
            return new CheckInStep(before, new PendingChange(fleet.Rollouts, fleet.Fleet), false, null, content.Ordinal) { IsConflict = content.Ordinal == before.Ordinal && !content.Nonce.Span.SequenceEqual(before.Nonce.Span) };
        }

        DeviceRecord after = DeviceRecord.After(before, identity, content, now);
        PendingChange pending = new(fleet.Rollouts, fleet.Fleet with { Devices = fleet.Fleet.Devices.SetItem(identity.Device, after) });
        foreach (RolloutState rollout in fleet.Rollouts.Where(r => r.Plan.Product.Equals(identity.Product)))
        {
            pending.Apply(rollout.Plan.Id, new RolloutEvent.Reported(now, identity.Device, report) { IsNewKey = oldKey is not null });
            pending.Apply(rollout.Plan.Id, new RolloutEvent.Evaluated(now));
        }

        Grant(pending, after, now, isListed);
        return new CheckInStep(after, pending, true, oldKey, content.Ordinal) { IsFirst = before is null && oldKey is null, Alarms = [.. AlarmRules.OfReport(before, after, fleet.Rollouts)] };
    }

    /// <summary>What to store of it.</summary>
    /// <param name="report">What the device says.</param>
    /// <param name="signed">The report's bytes, kept as evidence where it is about a deployment that a rollout made for the device.</param>
    public FleetChange ToChange(VerifiedReport report, byte[] signed) =>
        new(Device, report.Content.Deployment is { } deployment && Pending.Rollouts.Exists(r => r.Made(deployment, Device.Device)) ? signed : null, [.. Pending.Steps]) { Report = Sha256Digest.Of(signed), IsFirst = IsFirst, ReplacedKey = OldKey, Alarms = Alarms };

    /// <summary>
    /// Whether a rollout has something for a device. One that is over has not, even for a device that had begun: else an aborted release would be handed
    /// out for ever, and the one that mends it never. Promise P5: nor is a release named that is not listed.
    /// </summary>
    public static bool Assigns(RolloutState rollout, DeviceId device, Func<RolloutPlan, bool> isListed) => rollout.IsActive && rollout.HoldsGrant(device) && isListed(rollout.Plan);

    private static void Grant(PendingChange pending, DeviceRecord device, DateTimeOffset now, Func<RolloutPlan, bool> isListed)
    {
        if (pending.Rollouts.Exists(r => Assigns(r, device.Device, isListed)))
        {
            return; // one thing at a time
        }

        foreach (RolloutState rollout in pending.Rollouts.Where(r => r.Status == RolloutStatus.Running && r.Plan.Product.Equals(device.Product) && isListed(r.Plan)))
        {
            pending.Apply(rollout.Plan.Id, new RolloutEvent.Asked(now, pending.Fleet.Of(device)));
        }
    }

    private static void RequireSameProduct(DeviceIdentity identity, DeviceReport report, ProductName? registered)
    {
        if (!report.Product.Equals(identity.Product))
        {
            throw new RejectedException(RejectionReason.ForeignReport, $"report: wanted product {identity.Product}, as the certificate says, got {report.Product}");
        }

        if (registered is not null && !registered.Equals(identity.Product))
        {
            throw new RejectedException(RejectionReason.ForeignReport, $"device: wanted product {registered}, as registered, got {identity.Product}");
        }
    }
}
