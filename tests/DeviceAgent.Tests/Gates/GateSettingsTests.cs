using Fota.DeviceAgent.Configuration;
using Fota.DeviceAgent.Gates;
using Fota.DeviceAgent.Storage;
using Fota.Manifest;
using Fota.TestKit;

namespace Fota.DeviceAgent.Tests.Gates;

/// <summary>The member "gates" of agent.json: what is wrong in it names itself, and never opens a gate.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class GateSettingsTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fota-gate-settings-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Test]
    [Proves("G-9")]
    public void The_word_none_is_a_choice() => Assert.That(Load("""{"gates":"none"}"""), Is.Empty);

    [Test]
    [Proves("G-21")]
    public void Clinical_use_alone_is_never_overridden_unless_the_settings_say_otherwise()
    {
        IReadOnlyList<IInstallGate> gates = Load("""
            {"gates":[{"kind":"power","battery":"bat","minimumPercent":30},{"kind":"clinical-use","file":"use","maxAgeSeconds":30},
            {"kind":"maintenance-window","timeZone":"UTC","windows":[{"days":["Monday"],"from":"01:00","to":"02:30"}]},{"kind":"consent","neverOverridden":true},
            {"kind":"command","program":"/bin/true","seconds":5},{"kind":"clinical-use","file":"use","maxAgeSeconds":30,"neverOverridden":false}]}
            """);
        Assert.That(gates.Select(static gate => (gate.Kind, gate.NeverOverridden)), Is.EqualTo(new[]
        {
            (GateKind.Power, false), (GateKind.ClinicalUse, true), (GateKind.MaintenanceWindow, false), (GateKind.Consent, true), (GateKind.Command, false), (GateKind.ClinicalUse, false),
        }));
    }

    [TestCase("""{}""", "gates: wanted \"none\", or a list of gates")]
    [TestCase("""{"gates":"open"}""", "gates: wanted \"none\", or a list of gates")]
    [TestCase("""{"gates":[]}""", "gates: wanted one object at least")]
    [TestCase("""{"gates":[{"kind":"weather"}]}""", "kind: wanted one of power, clinical-use, maintenance-window, consent, command")]
    [TestCase("""{"gates":[{"kind":"consent","never":true}]}""", "never: no such setting")]
    [TestCase("""{"gates":[{"kind":"consent","neverOverridden":"no"}]}""", "neverOverridden: wanted true or false")]
    [TestCase("""{"gates":[{"kind":"power"}]}""", "battery: wanted a folder, or one of mains, or both")]
    [TestCase("""{"gates":[{"kind":"power","battery":"b","minimumPercent":0}]}""", "minimumPercent: wanted a whole number from 1 to 100")]
    [TestCase("""{"gates":[{"kind":"power","battery":"b","minimumPercent":30,"mains":"m"}]}""", "demand: wanted a text")]
    [TestCase("""{"gates":[{"kind":"clinical-use","file":"use"}]}""", "maxAgeSeconds: wanted a number")]
    [TestCase("""{"gates":[{"kind":"command","program":"x","seconds":61}]}""", "seconds: wanted a whole number from 1 to 60")]
    [TestCase("""{"gates":[{"kind":"maintenance-window","timeZone":"Moon/Tycho","windows":[{"days":["Monday"],"from":"01:00","to":"02:00"}]}]}""", "timeZone: wanted \"local\", \"UTC\", or a name that the system's time zone database has")]
    [TestCase("""{"gates":[{"kind":"maintenance-window","timeZone":"UTC","windows":[{"days":["monday"],"from":"01:00","to":"02:00"}]}]}""", "days: wanted days of the week, for example \"Monday\"")]
    [TestCase("""{"gates":[{"kind":"maintenance-window","timeZone":"UTC","windows":[{"days":["3"],"from":"01:00","to":"02:00"}]}]}""", "days: wanted days of the week, for example \"Monday\"")]
    [TestCase("""{"gates":[{"kind":"maintenance-window","timeZone":"UTC","windows":[{"days":[],"from":"01:00","to":"02:00"}]}]}""", "days: wanted one day at least")]
    [TestCase("""{"gates":[{"kind":"maintenance-window","timeZone":"UTC","windows":[{"days":["Monday"],"from":"1:00","to":"24:00"}]}]}""", "from: wanted a time of the day, for example \"22:30\"")]
    [Proves("G-9")]
    public void P10_Wrong_setting_is_refused_by_name(string settings, string message) =>
        Assert.That(() => Load(settings), Throws.TypeOf<SettingsException>().With.Message.EqualTo($"{Path.Combine(_folder.FullName, "agent.json")}: {message}"));

    private IReadOnlyList<IInstallGate> Load(string settings)
    {
        string path = Path.Combine(_folder.FullName, "agent.json");
        File.WriteAllText(path, settings);
        return SettingsFile.Load(path, GateSettings.Read)(new FileDurableStore(_folder.FullName), TimeProvider.System);
    }
}
