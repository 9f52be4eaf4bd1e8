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
            case RolloutEvent.Departed departed:
                Departures.LetGo(draft, [departed.Device], departed.By, "its name is another product's now");
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
        RolloutState state = draft.State;
        if (!state.Members.TryGetValue(device, out Member? member))
        {
            return;
        }

        // What is said of a grant whose ending is not judged yet is held against the member as it was before that, so that the order does not matter.
        UnjudgedEnding? earlier = state.Unjudged.GetValueOrDefault(device);
        Member before = earlier?.Before ?? member;
        (Member after, Ending ending) = ReportRules.After(state, isNewKey ? before with { Ordinal = 0 } : before, report, evidence, draft.Now);
        if (earlier is null ? after != member : ending > earlier.Ending)
        {
            draft.Set(after);
            draft.State = ending == Ending.None ? draft.State : draft.State with { Unjudged = state.Unjudged.SetItem(device, new UnjudgedEnding(before, ending)) };
        }
    }
}
