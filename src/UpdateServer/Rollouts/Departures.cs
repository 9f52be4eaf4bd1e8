using Fota.UpdateServer.Devices;

namespace Fota.UpdateServer.Rollouts;

/// <summary>
/// Lets go of members that cannot come any more. What had come to its end stays counted: shutting out what failed makes no failure undone.
/// </summary>
internal static class Departures
{
    /// <summary>Takes these devices out of all counts, unless they have come to their end, and says so.</summary>
    /// <param name="draft">The step.</param>
    /// <param name="devices">Which.</param>
    /// <param name="by">Who decided that.</param>
    /// <param name="why">Why they cannot come.</param>
    public static void LetGo(StepDraft draft, IEnumerable<DeviceId> devices, string by, string why)
    {
        if (!draft.State.IsActive)
        {
            return;
        }

        int held = 0, waited = 0;
        foreach (Member member in devices.Select(d => draft.State.Members.GetValueOrDefault(d)).OfType<Member>().Where(static m => m.Status == MemberStatus.Waiting || m.HoldsGrant))
        {
            (held, waited) = member.HoldsGrant ? (held + 1, waited) : (held, waited + 1);
            draft.Set(member with { Status = MemberStatus.Left, Deferral = null });
            draft.State = draft.State with { Unjudged = draft.State.Unjudged.Remove(member.Device) };
        }

        if (held + waited > 0)
        {
            draft.Decide(DecisionKind.DevicesLeft, by, $"{held + waited} devices were let go, {held} of them with a grant, as neither success nor failure: {why}");
        }
    }
}
