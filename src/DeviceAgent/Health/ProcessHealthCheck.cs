using System.Globalization;
using Fota.DeviceAgent.Storage;

namespace Fota.DeviceAgent.Health;

/// <summary>That the process which a PID file names runs, and is the same one all the while: one that dies and is started anew again and again is not up.</summary>
/// <param name="pidFile">The file.</param>
/// <param name="duration">How long it is watched.</param>
/// <param name="time">Measures that.</param>
internal sealed class ProcessHealthCheck(string pidFile, TimeSpan duration, TimeProvider time) : IHealthCheck
{
    private const int StartTime = 22 - 3; // the third field is the first behind the name

    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(1);

    /// <inheritdoc/>
    public async Task<HealthVerdict> CheckAsync(CancellationToken cancellation)
    {
        string? first = Identify();
        long start = time.GetTimestamp();
        while (first is not null && time.GetElapsedTime(start) < duration)
        {
            await Task.Delay(s_interval, time, cancellation);
            if (Identify() != first)
            {
                return new HealthVerdict.Unhealthy($"{Path.GetFileName(pidFile)}: wanted one process for {duration.TotalSeconds} s, got one that ended");
            }
        }

        return first is null ? new HealthVerdict.Unhealthy($"{Path.GetFileName(pidFile)}: wanted a process that runs, got none") : new HealthVerdict.Healthy();
    }

    // A number that was given to another process meanwhile is told by the time at which that began: the 22nd field of proc(5), "starttime".
    private string? Identify()
    {
        if (!int.TryParse(SmallFile.Read(pidFile), NumberStyles.None, CultureInfo.InvariantCulture, out int id)
            || SmallFile.Read(string.Create(CultureInfo.InvariantCulture, $"/proc/{id}/stat")) is not { } stat)
        {
            return null;
        }

        // The name, in parentheses, may hold anything.
        string[] fields = stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields.Length > StartTime && fields[0] is not ("Z" or "X") ? $"{id} {fields[StartTime]}" : null;
    }
}
