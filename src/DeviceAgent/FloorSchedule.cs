using Fota.DeviceAgent.Health;
using Fota.DeviceAgent.State;

namespace Fota.DeviceAgent;

/// <summary>
/// Raises the floor that a device's policy lets lag behind: the other slot stays bootable until then. It never leads: only a release that runs, is permanent,
/// was kept for long enough and is healthy at that moment raises it.
/// </summary>
internal sealed class FloorSchedule(AgentParts parts, StateStore state)
{
    /// <summary>Raises the floor if it is due. Each step may be interrupted and repeated: the pending floor is cleared last.</summary>
    public async Task SettleAsync(CancellationToken cancellation)
    {
        if (!ConfirmedUpdate.IsDue(state, parts.Boot, parts.HealthPolicy, parts.Clock.Now)
            || await HealthQuestion.AskAsync(parts.HealthChecks, parts.Time, cancellation) is not HealthVerdict.Healthy healthy
            || ConfirmedUpdate.FloorDue(state, parts.Boot, parts.Slots, parts.HealthPolicy, parts.Clock.Now, healthy) is not { } update)
        {
            return;
        }

        parts.Boot.Confirm(update);
        parts.Counter.Raise(update);
        state.Update(static before => before with { PendingFloor = null });
        parts.Log.Progress($"floor: {parts.Counter.Read()}, by {update.Release.Version}");
    }
}
