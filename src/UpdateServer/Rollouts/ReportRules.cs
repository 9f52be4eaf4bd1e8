using Fota.Manifest;
using Fota.Manifest.Reports;

namespace Fota.UpdateServer.Rollouts;

/// <summary>Says what a report does to the member that it is about. It judges nothing: reports are counted, and verdicts are for <see cref="StageVerdict"/>.</summary>
internal static class ReportRules
{
    /// <summary>The member afterwards, the same object where the report says nothing to it; and the ending that it reports.</summary>
    public static (Member Member, Ending Ending) After(RolloutState state, Member member, DeviceReport report, Evidence evidence, DateTimeOffset now)
    {
        // Who was never asked cannot answer, what is final stays so (A46), and what speaks of an earlier grant is late.
        if (member.Status is not (MemberStatus.Granted or MemberStatus.Begun or MemberStatus.Withdrawn)
            || report.Deployment != state.Plan.DeploymentOf(member.Device, member.Serial)
            || (evidence == Evidence.Unsigned && member.Evidence == Evidence.Signed))
        {
            return (member, Ending.None);
        }

        Ending ending = report.State switch
        {
            // P9. That another release than the one asked for was confirmed is not what the rollout wanted: a failure.
            ReportState.Confirmed when report.ManifestDigest != state.Plan.ReleaseOf(member.Via).ManifestDigest => Ending.Failed,
            ReportState.Confirmed => evidence == Evidence.Signed ? Ending.Confirmed : Ending.Reported,
            ReportState.Failed or ReportState.RolledBack => MayRetry(state, member, report.Reason) ? Ending.Retried : Ending.Failed,
            _ => Ending.None,
        };
        return (ending == Ending.None ? UnderWay(member, report, now) : Ended(state, member, ending), ending);
    }

    private static Member UnderWay(Member member, DeviceReport report, DateTimeOffset now)
    {
        if (!member.HoldsGrant || report.State is not (ReportState.Installing or ReportState.Activated or ReportState.Deferred))
        {
            return member;
        }

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

    private static Member Ended(RolloutState state, Member member, Ending ending) => ending switch
    {
        Ending.Failed => Final(member, MemberStatus.Failed),
        Ending.Retried => Again(state, member) with { Retries = member.Retries + 1 },
        _ when member.Via is not null => Again(state, member) with { Passed = member.Via },
        _ => Final(member, ending == Ending.Confirmed ? MemberStatus.Confirmed : MemberStatus.Reported),
    };

    private static bool MayRetry(RolloutState state, Member member, RejectionReason reason) =>
        state.IsActive && member.HoldsGrant && member.Retries < state.Plan.Retries.GetValueOrDefault(reason);

    private static Member Final(Member member, MemberStatus status) => member with { Status = status, Deferral = null };

    /// <summary>It is to be asked once more, under a new name; not in a rollout that is over.</summary>
    private static Member Again(RolloutState state, Member member) => state.IsActive
        ? member with { Status = MemberStatus.Waiting, Deferral = null, Via = null, Serial = member.Serial + 1 }
        : member with { Status = MemberStatus.Withdrawn, Deferral = null };
}
