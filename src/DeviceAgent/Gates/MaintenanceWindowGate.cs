using Fota.Manifest;

namespace Fota.DeviceAgent.Gates;

/// <summary>A span of the day, by local time, on some days of the week.</summary>
/// <param name="Days">The days on which it begins.</param>
/// <param name="From">When it begins.</param>
/// <param name="To">When it ends; not later than <paramref name="From"/> means on the next day.</param>
internal sealed record MaintenanceWindow(ValueList<DayOfWeek> Days, TimeOnly From, TimeOnly To)
{
    /// <summary>Whether a local time lies in it.</summary>
    public bool Includes(DateTime local)
    {
        TimeOnly time = TimeOnly.FromDateTime(local);
        return From < To
            ? Days.Contains(local.DayOfWeek) && time >= From && time < To
            : (Days.Contains(local.DayOfWeek) && time >= From) || (Days.Contains(local.AddDays(-1).DayOfWeek) && time < To);
    }
}

/// <summary>Open in one of some windows. Where the device's clock is not plausible it is closed: nobody knows then what time of the day it is.</summary>
/// <param name="windows">The windows.</param>
/// <param name="zone">Where the device stands.</param>
/// <param name="neverOverridden">Whether an emergency release leaves it closed.</param>
internal sealed class MaintenanceWindowGate(IReadOnlyList<MaintenanceWindow> windows, TimeZoneInfo zone, bool neverOverridden) : IInstallGate
{
    /// <inheritdoc/>
    public GateKind Kind => GateKind.MaintenanceWindow;

    /// <inheritdoc/>
    public bool NeverOverridden => neverOverridden;

    /// <inheritdoc/>
    public Task<GateAnswer> AskAsync(GateQuestion question, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(question);
        if (question.Time is not { } time)
        {
            return Task.FromResult<GateAnswer>(new GateAnswer.Closed("the device's clock is not plausible"));
        }

        DateTime local = TimeZoneInfo.ConvertTime(time, zone).DateTime;
        return Task.FromResult<GateAnswer>(windows.Any(window => window.Includes(local))
            ? new GateAnswer.Open()
            : new GateAnswer.Closed($"no maintenance window is open at {local:yyyy-MM-dd HH:mm}"));
    }
}
