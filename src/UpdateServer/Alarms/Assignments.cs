using Fota.Manifest;
using Fota.UpdateServer.Devices;
using Fota.UpdateServer.Rollouts;

namespace Fota.UpdateServer.Alarms;

/// <summary>What a device was asked to run: by its newest grant, and by the newest one that it confirmed. What an older rollout asked for is no assignment any more.</summary>
internal static class Assignments
{
    public static IReadOnlyCollection<Sha256Digest> Of(DeviceId device, IEnumerable<RolloutState> rollouts)
    {
        (RolloutPlan Plan, Member Member)[] granted =
        [
            .. rollouts.Select(r => (r.Plan, Member: r.Members.GetValueOrDefault(device)!)).Where(static g => g.Member is not null && g.Member.WasGranted).OrderBy(static g => g.Member.GrantedAt),
        ];
        List<Sha256Digest> assigned = [];
        if (granted.Length > 0)
        {
            (RolloutPlan plan, Member member) = granted[^1];
            assigned.Add(plan.ReleaseOf(member.Via).ManifestDigest);
            if (member.Passed is { } passed)
            {
                assigned.Add(plan.PassThrough[passed].ManifestDigest);
            }
        }

        if (Array.FindLast(granted, static g => g.Member.Status is MemberStatus.Confirmed or MemberStatus.Reported) is { Plan: { } confirmed })
        {
            assigned.Add(confirmed.Release.ManifestDigest);
        }

        return assigned;
    }
}
