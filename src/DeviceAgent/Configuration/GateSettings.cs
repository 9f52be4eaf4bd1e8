using System.Globalization;
using Fota.DeviceAgent.Gates;
using Fota.DeviceAgent.Storage;
using Fota.Manifest;

namespace Fota.DeviceAgent.Configuration;

/// <summary>
/// The member "gates" of agent.json: the word "none", or a list of gates (docs/spec/gates.md). It has to be there: that a product needs no gates is for the
/// product to say.
/// </summary>
internal static class GateSettings
{
    private const string Never = "neverOverridden";

    /// <summary>The member's name, among those that a file may have.</summary>
    public static string Member => "gates";

    /// <summary>Reads the member.</summary>
    /// <returns>Makes the gates, of the device's store and a clock.</returns>
    /// <exception cref="SettingsException">It is missing, or not in its form.</exception>
    public static Func<IDurableStore, TimeProvider, IReadOnlyList<IInstallGate>> Read(SettingsFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        if (!file.IsList(Member))
        {
            return file.Has(Member) && file.Text(Member) is "none" ? static (_, _) => [] : throw file.Wrong(Member, "\"none\", or a list of gates");
        }

        Func<IDurableStore, TimeProvider, IInstallGate>[] gates = [.. file.SomeSections(Member).Select(ReadOne)];
        return (store, time) => [.. gates.Select(gate => gate(store, time))];
    }

    private static Func<IDurableStore, TimeProvider, IInstallGate> ReadOne(SettingsFile gate)
    {
        if (!GateKinds.TryParse(gate.Text("kind"), out GateKind kind))
        {
            throw gate.Wrong("kind", $"one of {string.Join(", ", GateKinds.All.Select(GateKinds.Name))}");
        }

        // What stands between an update and a patient is not for a release to pass, unless the product says so.
        bool never = gate.Flag(Never, otherwise: kind == GateKind.ClinicalUse);
        return kind switch
        {
            GateKind.Power => ReadPower(gate, never),
            GateKind.ClinicalUse => ReadClinicalUse(gate, never),
            GateKind.MaintenanceWindow => ReadWindows(gate, never),
            GateKind.Consent => ReadConsent(gate, never),
            GateKind.Command => ReadCommand(gate, never),
            _ => throw new InvalidOperationException("the set of gates is closed"),
        };
    }

    private static Func<IDurableStore, TimeProvider, IInstallGate> ReadPower(SettingsFile gate, bool never)
    {
        gate.AllowOnly("kind", "battery", "minimumPercent", "mains", "demand", Never);
        bool hasBattery = gate.Has("battery"), hasMains = gate.Has("mains");
        if (!hasBattery && !hasMains)
        {
            throw gate.Wrong("battery", "a folder, or one of mains, or both");
        }

        int percent = hasBattery ? (int)gate.Number("minimumPercent", 1, 100) : 0;
        PowerDemand demand = !hasBattery || !hasMains ? PowerDemand.Both : gate.Text("demand") switch
        {
            "both" => PowerDemand.Both,
            "either" => PowerDemand.Either,
            _ => throw gate.Wrong("demand", "\"both\" or \"either\""),
        };
        string? battery = hasBattery ? gate.FilePath("battery") : null, mains = hasMains ? gate.FilePath("mains") : null;
        return (_, _) => new PowerGate(battery, percent, mains, demand, never);
    }

    private static Func<IDurableStore, TimeProvider, IInstallGate> ReadClinicalUse(SettingsFile gate, bool never)
    {
        gate.AllowOnly("kind", "file", "maxAgeSeconds", Never);
        string file = gate.FilePath("file");
        TimeSpan age = TimeSpan.FromSeconds(gate.Number("maxAgeSeconds", 1, 3600));
        return (_, time) => new ClinicalUseGate(file, age, time, never);
    }

    private static Func<IDurableStore, TimeProvider, IInstallGate> ReadWindows(SettingsFile gate, bool never)
    {
        gate.AllowOnly("kind", "timeZone", "windows", Never);
        MaintenanceWindow[] windows = [.. gate.SomeSections("windows").Select(ReadWindow)];
        string name = gate.Text("timeZone");
        if (name is not "local" && !TimeZoneInfo.TryFindSystemTimeZoneById(name, out _))
        {
            throw gate.Wrong("timeZone", "\"local\", \"UTC\", or a name that the system's time zone database has");
        }

        return (_, time) => new MaintenanceWindowGate(windows, name is "local" ? time.LocalTimeZone : TimeZoneInfo.FindSystemTimeZoneById(name), never);
    }

    private static MaintenanceWindow ReadWindow(SettingsFile window)
    {
        window.AllowOnly("days", "from", "to");
        DayOfWeek[] days = [.. window.Texts("days").Select(name => Enum.TryParse(name, out DayOfWeek day) && day.ToString() == name
            ? day
            : throw window.Wrong("days", "days of the week, for example \"Monday\""))];
        return days.Length > 0 ? new MaintenanceWindow([.. days], Time(window, "from"), Time(window, "to")) : throw window.Wrong("days", "one day at least");
    }

    private static TimeOnly Time(SettingsFile window, string name) => TimeOnly.TryParseExact(window.Text(name), "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out TimeOnly time)
        ? time
        : throw window.Wrong(name, "a time of the day, for example \"22:30\"");

    private static Func<IDurableStore, TimeProvider, IInstallGate> ReadConsent(SettingsFile gate, bool never)
    {
        gate.AllowOnly("kind", Never);
        return (store, _) => new ConsentGate(store, never);
    }

    private static Func<IDurableStore, TimeProvider, IInstallGate> ReadCommand(SettingsFile gate, bool never)
    {
        gate.AllowOnly("kind", "program", "arguments", "seconds", Never);
        CommandSettings command = CommandSettings.Read(gate);
        return (_, time) => new CommandGate(command.ToCommand(time), never);
    }
}
