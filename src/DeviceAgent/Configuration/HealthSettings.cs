using Fota.DeviceAgent.Health;
using Fota.DeviceAgent.Storage;

namespace Fota.DeviceAgent.Configuration;

/// <summary>
/// The member "health" of agent.json: which checks a trial boot has to pass, and the policy (docs/spec/gates.md). Where it is missing, the firmware's self-test
/// alone is asked, and that is unhealthy until it says otherwise.
/// </summary>
internal sealed class HealthSettings
{
    private readonly IReadOnlyList<Func<IDurableStore, HttpClient, Uri, TimeProvider, IHealthCheck>> _checks;

    private HealthSettings(IReadOnlyList<Func<IDurableStore, HttpClient, Uri, TimeProvider, IHealthCheck>> checks, HealthPolicy policy)
    {
        _checks = checks;
        Policy = policy;
    }

    /// <summary>The member's name, among those that a file may have.</summary>
    public static string Member => "health";

    /// <summary>What is done with the checks' answers.</summary>
    public HealthPolicy Policy { get; }

    /// <summary>Reads the member.</summary>
    /// <exception cref="SettingsException">It is not in its form.</exception>
    public static HealthSettings Read(SettingsFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        if (!file.Has(Member))
        {
            return new HealthSettings([SelfTest], HealthPolicy.Default);
        }

        SettingsFile health = file.Section(Member);
        health.AllowOnly("checks", "whenUndecided", "giveUpHours", "floorDelayDays");
        return new HealthSettings([.. health.SomeSections("checks").Select(ReadOne)], new HealthPolicy
        {
            GiveUpUndecidedAfter = ReadDeadline(health),
            FloorDelay = health.Has("floorDelayDays") ? TimeSpan.FromDays(health.Number("floorDelayDays", 0, 365)) : TimeSpan.Zero,
        });
    }

    /// <summary>Makes the checks.</summary>
    public IReadOnlyList<IHealthCheck> Open(IDurableStore store, HttpClient http, Uri server, TimeProvider time) => [.. _checks.Select(check => check(store, http, server, time))];

    private static TimeSpan? ReadDeadline(SettingsFile health)
    {
        string policy = health.Has("whenUndecided") ? health.Text("whenUndecided") : "stay";
        return policy switch
        {
            "stay" when health.Has("giveUpHours") => throw health.Wrong("giveUpHours", "no such member where an undecided trial stays"),
            "stay" => null,
            "revert" => TimeSpan.FromHours(health.Number("giveUpHours", 1, 24 * 365)),
            _ => throw health.Wrong("whenUndecided", "\"stay\" or \"revert\""),
        };
    }

    private static IHealthCheck SelfTest(IDurableStore store, HttpClient http, Uri server, TimeProvider time) => new FileHealthCheck(store);

    private static Func<IDurableStore, HttpClient, Uri, TimeProvider, IHealthCheck> ReadOne(SettingsFile check)
    {
        switch (check.Text("kind"))
        {
            case "self-test":
                check.AllowOnly("kind");
                return SelfTest;
            case "server":
                check.AllowOnly("kind");
                return static (_, http, server, time) => new ServerHealthCheck(http, server, time);
            case "command":
                check.AllowOnly("kind", "program", "arguments", "seconds");
                CommandSettings command = CommandSettings.Read(check);
                return (_, _, _, time) => new CommandHealthCheck(command.ToCommand(time));
            case "process":
                check.AllowOnly("kind", "pidFile", "seconds");
                string pidFile = check.FilePath("pidFile");
                TimeSpan watched = Seconds(check, "seconds");
                return (_, _, _, time) => new ProcessHealthCheck(pidFile, watched, time);
            case "heartbeat":
                check.AllowOnly("kind", "file", "maxPauseSeconds", "seconds");
                string file = check.FilePath("file");
                TimeSpan pause = Seconds(check, "maxPauseSeconds"), duration = Seconds(check, "seconds");
                return (_, _, _, time) => new HeartbeatHealthCheck(file, pause, duration, time);
            default:
                throw check.Wrong("kind", "one of self-test, command, process, heartbeat, server");
        }
    }

    private static TimeSpan Seconds(SettingsFile check, string name) => TimeSpan.FromSeconds(check.Number(name, 1, 300));
}
