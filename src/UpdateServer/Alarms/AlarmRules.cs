using Fota.Manifest;
using Fota.UpdateServer.Devices;
using Fota.UpdateServer.Rollouts;

namespace Fota.UpdateServer.Alarms;

/// <summary>When something is to be looked at: functions of what the server knows and of the moment. What they say again is no news to the store.</summary>
internal static class AlarmRules
{
    /// <summary>So long nothing more may be seen of a certificate that was used twice before that is over.</summary>
    public static readonly TimeSpan ConflictCalm = TimeSpan.FromDays(1);

    /// <summary>What a report that is news leads to.</summary>
    /// <param name="before">What was known of the device under the same key; null for nothing.</param>
    /// <param name="after">What is known now.</param>
    /// <param name="rollouts">All rollouts.</param>
    public static IEnumerable<AlarmChange> OfReport(DeviceRecord? before, DeviceRecord after, IEnumerable<RolloutState> rollouts)
    {
        if (before is null)
        {
            yield break;
        }

        if (after.Floor != before.Floor)
        {
            bool isLower = after.Floor < before.Floor;
            yield return Of(AlarmKind.FloorLowered, after, isLower, $"its floor is {after.Floor}, and was {before.Floor}") with { Level = isLower ? before.Floor.Value : after.Floor.Value };
        }

        if (after.ConfirmedDigest is { } runs && before.ConfirmedDigest is { } ran && runs != ran)
        {
            bool isAssigned = rollouts.Any(r => r.Members.ContainsKey(after.Device) && r.Plan.PassThrough.Add(r.Plan.Release).Any(release => release.ManifestDigest == runs));
            yield return Of(AlarmKind.UnassignedVersion, after, !isAssigned, $"it runs {after.Version} ({runs}), and ran {before.Version} ({ran})");
        }
    }

    /// <summary>A device's key signed two reports of one place in its order, or goes on behind another, or takes turns with another: two devices answer to the name, or one was set back.</summary>
    public static AlarmChange OfConflict(DeviceRecord device, DateTimeOffset now) =>
        Of(AlarmKind.CertificateTwice, device, isRaised: true, $"reports signed by key {device.Key} are not in one order: two devices answer to this name, or one was set back to an old state") with { At = now };

    /// <summary>What time alone leads to.</summary>
    /// <param name="devices">All devices that are not shut out.</param>
    /// <param name="open">The alarms that last.</param>
    /// <param name="staleAfter">How long a device may be silent; zero: for ever.</param>
    /// <param name="lastConflict">When a certificate was last seen to be used twice; null for not that this server knows.</param>
    /// <param name="now">The moment.</param>
    public static IEnumerable<AlarmChange> OfFleet(IReadOnlyCollection<DeviceRecord> devices, IReadOnlyCollection<Alarm> open, TimeSpan staleAfter, Func<string, DateTimeOffset?> lastConflict, DateTimeOffset now)
    {
        HashSet<string> stale = open.Where(static a => a.Kind == AlarmKind.MetadataStale).Select(static a => a.Subject).ToHashSet(StringComparer.Ordinal), known = new(StringComparer.Ordinal);
        foreach (DeviceRecord device in devices)
        {
            string name = device.Device.ToString();
            known.Add(name);
            bool isSilent = now - device.LastSeen > staleAfter, isStale = staleAfter > TimeSpan.Zero && (isSilent || device.Reason == RejectionReason.MetadataExpired);
            if (isStale != stale.Contains(name))
            {
                yield return Of(AlarmKind.MetadataStale, device, isStale, !isStale ? "it was heard of again" : isSilent ? $"it was last heard of at {device.LastSeen:u}" : "it says that its metadata has expired") with { At = now };
            }
        }

        foreach (Alarm alarm in open)
        {
            if (alarm.Kind == AlarmKind.MetadataStale && !known.Contains(alarm.Subject))
            {
                yield return new AlarmChange(alarm.Kind, alarm.Subject, now, false, "it was shut out") { Product = alarm.Product, Level = long.MaxValue };
            }

            if (alarm.Kind == AlarmKind.CertificateTwice && now - (lastConflict(alarm.Subject) ?? alarm.Raised) > ConflictCalm)
            {
                yield return new AlarmChange(alarm.Kind, alarm.Subject, now, false, "nothing more was seen of it for a day") { Product = alarm.Product, Level = long.MaxValue };
            }
        }
    }

    private static AlarmChange Of(AlarmKind kind, DeviceRecord device, bool isRaised, string detail) =>
        new(kind, device.Device.ToString(), device.LastSeen, isRaised, detail) { Product = device.Product.ToString(), Level = isRaised ? 0 : long.MaxValue };
}
