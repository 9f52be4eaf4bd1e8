using Fota.Manifest;
using Fota.Manifest.Reports;

namespace Fota.UpdateServer.Rollouts;

/// <summary>Says what a report does to the member that it is about. It judges nothing: reports are counted, and verdicts are for <see cref="StageVerdict"/>.</summary>
internal static class ReportRules
{
    /// <summary>The member afterwards; the same object where the report says nothing to it.</summary>
    public static Member After(RolloutState state, Member member, DeviceReport report, Evidence evidence, DateTimeOffset now)
    {
        // Who was never asked cannot answer, what is final stays so (A46), and what speaks of an earlier grant is late.
        if (member.Status is not (MemberStatus.Granted or MemberStatus.Begun or MemberStatus.Withdrawn)
            || report.Deployment != state.Plan.DeploymentOf(member.Device, member.Serial)
            || (evidence == Evidence.Unsigned && member.Evidence == Evidence.Signed))
        {
            return member;
        }

        return report.State switch
        {
            ReportState.Confirmed => Confirmed(state, member, report.ManifestDigest, evidence),
            ReportState.Failed or ReportState.RolledBack => Failed(state, member, report.Reason),
            ReportState.Installing or ReportState.Activated or ReportState.Deferred when member.HoldsGrant => UnderWay(member, report, now),
            _ => member,
        };
    }

    private static Member UnderWay(Member member, DeviceReport report, DateTimeOffset now)
    {
        Member after = member with { HeardAt = now > member.HeardAt ? now : member.HeardAt };
        if (report.State != ReportState.Deferred)
        {
            after = after with { Status = MemberStatus.Begun };
        }

        // It waits for a gate of its own, and keeps its grant. An older report that was overtaken does not undo what the newer one says.
        return report.Ordinal > member.Ordinal
            ? after with { Ordinal = report.Ordinal, Deferral = report.State == ReportState.Deferred ? report.Detail ?? report.Reason.ToString() : null }
            : after;
    }

    private static Member Confirmed(RolloutState state, Member member, Sha256Digest manifest, Evidence evidence)
    {
        RolloutPlan plan = state.Plan;
        if (manifest != (member.Via is { } via ? plan.PassThrough[via].ManifestDigest : plan.ManifestDigest))
        {
            // P9. That another release than the one asked for was confirmed is not what the rollout wanted: a failure.
            return Final(member, MemberStatus.Failed);
        }

        return member.Via is null
            ? Final(member, evidence == Evidence.Signed ? MemberStatus.Confirmed : MemberStatus.Reported)
            : Again(state, member);
    }

    private static Member Failed(RolloutState state, Member member, RejectionReason reason) =>
        state.IsActive && member.HoldsGrant && member.Retries < state.Plan.Retries.GetValueOrDefault(reason)
            ? Again(state, member) with { Retries = member.Retries + 1 }
            : Final(member, MemberStatus.Failed);

    private static Member Final(Member member, MemberStatus status) => member with { Status = status, Deferral = null };

    /// <summary>It is to be asked once more, under a new name; not in a rollout that is over.</summary>
    private static Member Again(RolloutState state, Member member) => state.IsActive
        ? member with { Status = MemberStatus.Waiting, Deferral = null, Via = null, Serial = member.Serial + 1 }
        : member with { Status = MemberStatus.Withdrawn, Deferral = null };
}
