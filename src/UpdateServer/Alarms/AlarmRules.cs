using System.Collections.Frozen;
using Fota.Manifest;
using Fota.Manifest.Reports;
using Fota.UpdateServer.Devices;
using Fota.UpdateServer.Rollouts;

namespace Fota.UpdateServer.Alarms;

/// <summary>When something is to be looked at: functions of what the server knows and of the moment. What they say again is no news to the store.</summary>
internal static class AlarmRules
{
    /// <summary>So long nothing more may be seen of a certificate that was used twice before that is over.</summary>
    public static readonly TimeSpan ConflictCalm = TimeSpan.FromDays(1);

    /// <summary>So long a server may have been without a burst of refusals before that is over; a server that is no more has none.</summary>
    public static readonly TimeSpan BurstCalm = TimeSpan.FromHours(1);

    /// <summary>What a report that is news begins. What it ends is found when alarms are judged.</summary>
    /// <param name="before">What was known of the device under the same key; null for nothing.</param>
    /// <param name="after">What is known now.</param>
    /// <param name="rollouts">All rollouts, as they were before the report: what it is granted by the way it was not asked for yet.</param>
    public static IEnumerable<AlarmChange> OfReport(DeviceRecord? before, DeviceRecord after, IReadOnlyCollection<RolloutState> rollouts)
    {
        if (before is null)
        {
            yield break;
        }

        if (after.Floor < before.Floor)
        {
            yield return Begin(AlarmKind.FloorLowered, after, after.LastSeen, $"its floor is {after.Floor}, and was {before.Floor}") with { Level = before.Floor.Value };
        }

        if (after.ConfirmedDigest is { } runs && before.ConfirmedDigest is { } ran && runs != ran && Assignments.Of(after.Device, rollouts) is var assigned && !assigned.Contains(runs))
        {
            yield return Begin(AlarmKind.UnassignedVersion, after, after.LastSeen, $"it runs {after.Version} ({runs}), and ran {before.Version} ({ran})") with
            {
                Before = ran.ToString(),
                IsAnew = assigned.Contains(ran),
            };
        }
    }

    /// <summary>A device's key signed two reports of one place in its order, or goes on behind another, or takes turns with another: two devices answer to the name, or one was set back.</summary>
    public static AlarmChange OfConflict(DeviceRecord device, DateTimeOffset now) =>
        Begin(AlarmKind.CertificateTwice, device, now, $"reports signed by key {device.Key} are not in one order: two devices answer to this name, or one was set back to an old state");

    /// <summary>What time and the newest reports begin and end.</summary>
    /// <param name="fleet">What is known.</param>
    /// <param name="open">The alarms that last.</param>
    /// <param name="now">The moment.</param>
    public static IEnumerable<AlarmChange> OfFleet(AlarmFleet fleet, IReadOnlyCollection<Alarm> open, DateTimeOffset now)
    {
        FrozenSet<(AlarmKind, string)> lasting = open.Select(static a => (a.Kind, a.Subject)).ToFrozenSet();
        foreach ((string name, DeviceRecord device) in fleet.Devices)
        {
            if (!lasting.Contains((AlarmKind.MetadataStale, name)) && fleet.WhyStale(device, now) is { } stale)
            {
                yield return Begin(AlarmKind.MetadataStale, device, now, stale);
            }

            if (!lasting.Contains((AlarmKind.MetadataRefused, name)) && WhyRefused(device) is { } refused)
            {
                yield return Begin(AlarmKind.MetadataRefused, device, now, refused);
            }
        }

        foreach (Alarm alarm in open.Where(a => now - a.Raised >= AlarmChange.Least))
        {
            if (WhyOver(alarm, fleet, now) is { } why)
            {
                yield return AlarmChange.End(alarm, now, why);
            }
        }
    }

    /// <summary>What an idle device says of the metadata that it is offered, in our words; null for nothing, and for its age, by which it is stale.</summary>
    private static string? WhyRefused(DeviceRecord device) =>
        device is { State: ReportState.Idle, Reason: not (RejectionReason.None or RejectionReason.MetadataExpired) } ? $"it refuses the metadata that it is offered: {device.Reason}" : null;

    /// <summary>Why an alarm is over; null while it is not, and for what is not judged here.</summary>
    private static string? WhyOver(Alarm alarm, AlarmFleet fleet, DateTimeOffset now) => alarm.Kind switch
    {
        AlarmKind.CertificateTwice => now - alarm.Seen > ConflictCalm ? "nothing more was seen of it for a day" : null,
        AlarmKind.RefusalBurst => now - alarm.Seen > BurstCalm ? "there was no burst for an hour" : null,
        AlarmKind.LogUnsigned => null,
        _ when !fleet.Devices.TryGetValue(alarm.Subject, out _) => "it was shut out",
        AlarmKind.MetadataStale => fleet.IsHeardOf(fleet.Devices[alarm.Subject], now) ? "it was heard of again" : null,
        AlarmKind.MetadataRefused => fleet.Devices[alarm.Subject] is { State: ReportState.Idle or ReportState.Confirmed } idle && WhyRefused(idle) is null ? "it says so no more" : null,
        AlarmKind.FloorLowered => fleet.Devices[alarm.Subject].Floor is var floor && floor.Value >= alarm.Level ? $"its floor is {floor}" : null,
        AlarmKind.UnassignedVersion => fleet.Devices[alarm.Subject] is { ConfirmedDigest: { } runs } device && (runs.ToString() == alarm.Before || Assignments.Of(device.Device, fleet.Rollouts).Contains(runs))
            ? $"it runs {device.Version} ({runs})"
            : null,
        _ => null,
    };

    private static AlarmChange Begin(AlarmKind kind, DeviceRecord device, DateTimeOffset at, string detail) => new(kind, device.Device.ToString(), at, true, detail) { Product = device.Product.ToString() };
}

/// <summary>What alarms are judged by.</summary>
/// <param name="Devices">All devices that are not shut out, by name.</param>
/// <param name="Rollouts">All rollouts.</param>
/// <param name="StaleAfter">How long a device may be silent; zero: for ever.</param>
/// <param name="Watches">When somebody could hear them.</param>
internal sealed record AlarmFleet(IReadOnlyDictionary<string, DeviceRecord> Devices, IReadOnlyCollection<RolloutState> Rollouts, TimeSpan StaleAfter, IReadOnlyList<Watch> Watches)
{
    /// <summary>Why a device can have no fresh metadata; null if it can. Time in which no server was there is nobody's silence.</summary>
    public string? WhyStale(DeviceRecord device, DateTimeOffset now) =>
        StaleAfter == TimeSpan.Zero ? null
        : now - device.LastSeen > StaleAfter && Watch.Since(Watches, device.LastSeen, now) > StaleAfter ? $"it was last heard of at {device.LastSeen:u}"
        : device.Reason == RejectionReason.MetadataExpired ? "it says that its metadata has expired"
        : null;

    /// <summary>Whether a device was heard of so lately that it is not silent, whoever judges since when.</summary>
    public bool IsHeardOf(DeviceRecord device, DateTimeOffset now) => StaleAfter == TimeSpan.Zero || (now - device.LastSeen <= StaleAfter && device.Reason != RejectionReason.MetadataExpired);
}
