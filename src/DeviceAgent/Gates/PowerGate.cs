using System.Globalization;
using Fota.DeviceAgent.Storage;
using Fota.Manifest;

namespace Fota.DeviceAgent.Gates;

/// <summary>Which of two supplies has to be good.</summary>
internal enum PowerDemand
{
    /// <summary>Every one that is named.</summary>
    Both = 1,

    /// <summary>One of them at least.</summary>
    Either = 2,
}

/// <summary>Open as long as battery or mains will last. Reads folders in the style of /sys/class/power_supply.</summary>
/// <param name="battery">Folder of the battery, with a file "capacity" (0 to 100); null where there is none.</param>
/// <param name="minimumPercent">The least that the battery has to hold.</param>
/// <param name="mains">Folder of the mains adapter, with a file "online" (1 when it supplies); null where there is none.</param>
/// <param name="demand">What is asked where both are named.</param>
/// <param name="neverOverridden">Whether an emergency release leaves it closed.</param>
internal sealed class PowerGate(string? battery, int minimumPercent, string? mains, PowerDemand demand, bool neverOverridden) : IInstallGate
{
    /// <inheritdoc/>
    public GateKind Kind => GateKind.Power;

    /// <inheritdoc/>
    public bool NeverOverridden => neverOverridden;

    /// <inheritdoc/>
    public Task<GateAnswer> AskAsync(GateQuestion question, CancellationToken cancellation)
    {
        List<string> faults = [];
        int asked = 0;
        if (battery is not null)
        {
            asked++;
            Note(faults, WhyBatteryWillNotDo(battery));
        }

        if (mains is not null)
        {
            asked++;
            Note(faults, WhyMainsWillNotDo(mains));
        }

        bool open = asked > 0 && (demand == PowerDemand.Either ? faults.Count < asked : faults.Count == 0);
        return Task.FromResult<GateAnswer>(open ? new GateAnswer.Open() : new GateAnswer.Closed(string.Join(", ", faults)));
    }

    private static void Note(List<string> faults, string? fault)
    {
        if (fault is not null)
        {
            faults.Add(fault);
        }
    }

    private static string? WhyMainsWillNotDo(string folder) =>
        SmallFile.Read(Path.Combine(folder, "online")) is "1" ? null : "the mains does not supply";

    private string? WhyBatteryWillNotDo(string folder)
    {
        string? text = SmallFile.Read(Path.Combine(folder, "capacity"));
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int percent) && percent <= 100
            ? percent >= minimumPercent ? null : $"the battery is at {percent} %, wanted {minimumPercent} %"
            : "the battery does not say how full it is";
    }
}
