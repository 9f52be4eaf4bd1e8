using System.Collections.Immutable;
using System.Text.Json;
using Fota.Manifest;
using Fota.Manifest.Log;
using Fota.UpdateServer.Devices;
using Fota.UpdateServer.Rollouts;
using Fota.UpdateServer.Storage;
using Fota.UpdateServer.Storage.Rows;

namespace Fota.UpdateServer.Audit;

/// <summary>What the log says of a change of devices and rollouts: a function of the change, so that no store can forget it.</summary>
internal static class FleetEntries
{
    /// <summary>The entries of <paramref name="change"/>: the report, what operators said, then each decision with its figures.</summary>
    public static IReadOnlyList<AuditEvent> Of(FleetChange change) =>
    [
        .. change.Device is { } device ? [OfReport(device, change)] : (IEnumerable<AuditEvent>)[],
        .. change.Description is { } description ? [OfDescription(description)] : (IEnumerable<AuditEvent>)[],
        .. change.Rollouts.SelectMany(static step => step.Decisions.Select(decision => OfDecision(step.State, decision))),
    ];

    // What the device says in words is not in it: it stays with the report, which may be deleted.
    private static AuditEvent OfReport(DeviceRecord device, FleetChange change) => new(device.LastSeen, new LogEvent(
        AuditKinds.DeviceReported,
        device.Device.ToString(),
        device.Device.ToString(),
        ("product", device.Product),
        ("key_id", device.Key),
        ("ordinal", device.Ordinal),
        ("report_sha256", change.Report),
        ("state", Word(device.State.ToString())),
        ("version", device.Version),
        ("slot", device.Slot == 0 ? "A" : "B"),
        ("floor", device.Floor),
        ("manifest", device.ManifestDigest),
        ("deployment", device.Deployment),
        ("reason", device.Reason == RejectionReason.None ? null : device.Reason.ToString()),
        ("first", change.IsFirst ? "yes" : null),
        ("replaced_key", change.ReplacedKey),
        ("granted", GrantedTo(device.Device, change))));

    /// <summary>The deployment that the device is asked for from now on; null if none is new.</summary>
    private static string? GrantedTo(DeviceId device, FleetChange change) => change.Rollouts
        .SelectMany(step => step.Changed.Where(m => m.Device.Equals(device) && m.Status == MemberStatus.Granted && m.GrantedAt == step.State.Clock).Select(m => step.State.Plan.DeploymentOf(device, m.Serial)))
        .LastOrDefault();

    private static AuditEvent OfDescription(DeviceDescription d)
    {
        List<(string Name, object? Value)> facts = [];
        foreach ((string when, DeviceTraits? traits) in new[] { ("", d.After), ("_before", d.Before) })
        {
            facts.AddRange([("site" + when, traits?.Site), ("hardware" + when, traits?.Hardware), ("time_zone" + when, traits?.ZoneName), ("product" + when, traits?.Product)]);
        }

        ImmutableHashSet<string> before = d.Before?.Tags ?? [];
        facts.AddRange([.. TagFacts.Of("tags_added", d.After.Tags.Except(before)), .. TagFacts.Of("tags_removed", before.Except(d.After.Tags))]);
        return new AuditEvent(d.At, new LogEvent(AuditKinds.DeviceDescribed, d.By, d.After.Device.ToString(), [.. facts]));
    }

    private static AuditEvent OfDecision(RolloutState rollout, RolloutDecision decision) => new(decision.At, new LogEvent(
        AuditKinds.Rollout + Word(decision.Kind.ToString()),
        decision.By,
        $"{rollout.Plan.Id} {rollout.Plan.Product} {rollout.Plan.Version}",
        ("stage", decision.Stage),
        ("why", decision.Why),
        ("manifest", rollout.Plan.Release.ManifestDigest),
        ("plan_sha256", PlanDocument.DigestOf(rollout.Plan)),
        ("figures", DecisionRow.From(decision).Figures)));

    private static string Word(string name) => JsonNamingPolicy.SnakeCaseLower.ConvertName(name);
}

/// <summary>What an operator said of a device.</summary>
/// <param name="At">When.</param>
/// <param name="By">Who.</param>
/// <param name="Before">What held before; null for nothing.</param>
/// <param name="After">What holds now.</param>
internal sealed record DeviceDescription(DateTimeOffset At, string By, DeviceTraits? Before, DeviceTraits After);
