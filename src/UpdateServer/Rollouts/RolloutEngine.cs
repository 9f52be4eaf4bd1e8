using Fota.Manifest.Reports;
using Fota.UpdateServer.Devices;

namespace Fota.UpdateServer.Rollouts;

/// <summary>
/// Decides. It has no clock, no database and no chance in it: the same state, event and fleet give the same step, so that what happened can be
/// played again. Reports are only counted; what they amount to is judged at <see cref="RolloutEvent.Evaluated"/>, so that their order in between does not matter.
/// </summary>
internal static class RolloutEngine
{
    /// <summary>Who decided, where the plan did.</summary>
    public const string Name = "plan";

    /// <summary>What <paramref name="happened"/> does to <paramref name="state"/>, in a fleet as it is now.</summary>
    public static RolloutStep Apply(RolloutState state, RolloutEvent happened, IFleet fleet)
    {
        StepDraft draft = new(state, happened.Now, fleet);
        string? refused = null;
        switch (happened)
        {
            case RolloutEvent.Command command:
                refused = RolloutCommands.Apply(draft, command);
                break;
            case RolloutEvent.Asked asked:
                GrantRules.Ask(draft, asked.Device);
                break;
            case RolloutEvent.Reported reported:
                Count(draft, reported.Device, reported.Report.Content, Evidence.Signed, reported.IsNewKey);
                break;
            case RolloutEvent.Claimed claimed:
                Count(draft, claimed.Device, claimed.Report, Evidence.Unsigned, isNewKey: false);
                break;
            case RolloutEvent.Evaluated:
                StageCourse.Evaluate(draft);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(happened));
        }

        return refused is null ? draft.ToStep() : new RolloutStep(state, [], refused);
    }

    private static void Count(StepDraft draft, DeviceId device, DeviceReport report, Evidence evidence, bool isNewKey)
    {
        if (draft.State.Members.TryGetValue(device, out Member? member))
        {
            Member after = ReportRules.After(draft.State, isNewKey ? member with { Ordinal = 0 } : member, report, evidence, draft.Now);
            if (after != member)
            {
                draft.Set(after);
            }
        }
    }
}
