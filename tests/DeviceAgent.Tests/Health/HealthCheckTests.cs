using System.Diagnostics;
using System.Globalization;
using System.Net;
using Fota.DeviceAgent.Configuration;
using Fota.DeviceAgent.Health;
using Fota.DeviceAgent.Programs;
using Fota.DeviceAgent.Storage;
using Fota.TestKit;

namespace Fota.DeviceAgent.Tests.Health;

/// <summary>Each kind of health check by itself, on real files and processes.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class HealthCheckTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fota-health-");

    public void Dispose() => _folder.Delete(recursive: true);

    [TestCase("exit 0", typeof(HealthVerdict.Healthy))]
    [TestCase("exit 75", typeof(HealthVerdict.Inconclusive))]
    [TestCase("exit 1", typeof(HealthVerdict.Unhealthy))]
    [TestCase("kill -9 $$", typeof(HealthVerdict.Unhealthy))]
    [Proves("G-43")]
    public async Task Command_judges_by_its_exit_code(string script, Type verdict) =>
        Assert.That(await new CommandHealthCheck(new ProductCommand("/bin/sh", ["-c", script], TimeSpan.FromSeconds(30), TimeProvider.System)).CheckAsync(CancellationToken.None), Is.InstanceOf(verdict));

    [Test]
    [Proves("G-43")]
    public async Task Command_that_is_not_there_is_unhealthy() =>
        Assert.That(await new CommandHealthCheck(new ProductCommand(PathOf("absent"), [], TimeSpan.FromSeconds(30), TimeProvider.System)).CheckAsync(CancellationToken.None), Is.InstanceOf<HealthVerdict.Unhealthy>());

    [Test]
    [Proves("G-40")]
    public async Task Self_test_that_has_said_nothing_is_unhealthy()
    {
        FileDurableStore store = new(_folder.FullName);
        Assert.That(await new FileHealthCheck(store).CheckAsync(CancellationToken.None), Is.InstanceOf<HealthVerdict.Unhealthy>());
        FileHealthCheck.Report(store, null);
        Assert.That(await new FileHealthCheck(store).CheckAsync(CancellationToken.None), Is.InstanceOf<HealthVerdict.Healthy>());
    }

    [Test]
    [Proves("G-41")]
    public async Task Process_that_runs_all_the_while_is_healthy_and_one_that_was_started_anew_is_not()
    {
        SteppedTime time = new();
        ProcessHealthCheck check = new(PathOf("pid"), TimeSpan.FromSeconds(3), time);
        Assert.That(await check.CheckAsync(CancellationToken.None), Is.InstanceOf<HealthVerdict.Unhealthy>(), "no file");

        WritePid(Environment.ProcessId);
        Assert.That(await check.CheckAsync(CancellationToken.None), Is.InstanceOf<HealthVerdict.Healthy>());

        using Process other = Process.Start("/bin/sleep", "600");
        time.OnStep = step =>
        {
            if (step == 2)
            {
                WritePid(other.Id);
            }
        };
        Assert.That(await check.CheckAsync(CancellationToken.None), Is.InstanceOf<HealthVerdict.Unhealthy>(), "another process");

        time.OnStep = static _ => { };
        other.Kill();
        await other.WaitForExitAsync();
        Assert.That(await check.CheckAsync(CancellationToken.None), Is.InstanceOf<HealthVerdict.Unhealthy>(), "it ended");
    }

    [TestCase(4, typeof(HealthVerdict.Healthy))]
    [TestCase(12, typeof(HealthVerdict.Unhealthy))]
    [TestCase(0, typeof(HealthVerdict.Unhealthy))]
    [Proves("G-42")]
    public async Task Heartbeat_has_to_come_at_least_as_often_as_the_limit_says(int every, Type verdict)
    {
        await File.WriteAllTextAsync(PathOf("alive"), "");
        DateTime beat = File.GetLastWriteTimeUtc(PathOf("alive"));
        SteppedTime time = new();
        time.OnStep = step =>
        {
            // Eight steps are the limit.
            if (every > 0 && step % every == 0)
            {
                File.SetLastWriteTimeUtc(PathOf("alive"), beat.AddSeconds(step));
            }
        };
        HeartbeatHealthCheck check = new(PathOf("alive"), TimeSpan.FromSeconds(8), TimeSpan.FromSeconds(60), time);
        Assert.That(await check.CheckAsync(CancellationToken.None), Is.InstanceOf(verdict));
    }

    [TestCase(HttpStatusCode.OK)]
    [TestCase(HttpStatusCode.InternalServerError)]
    [Proves("G-44")]
    public async Task Server_that_answers_anything_is_reached(HttpStatusCode status)
    {
        using HttpClient http = new(new FixedServer(status));
        Assert.That(await new ServerHealthCheck(http, new Uri("https://fleet.example/"), TimeProvider.System).CheckAsync(CancellationToken.None), Is.InstanceOf<HealthVerdict.Healthy>());
    }

    [Test]
    [Proves("G-44")]
    public async Task Server_that_cannot_be_reached_is_inconclusive()
    {
        using HttpClient http = new();
        HealthVerdict verdict = await new ServerHealthCheck(http, new Uri("http://127.0.0.1:1/"), TimeProvider.System).CheckAsync(CancellationToken.None);
        Assert.That((verdict as HealthVerdict.Inconclusive)?.Detail, Does.StartWith("the server cannot be reached: "));
    }

    [Test]
    public void Settings_make_the_checks_and_the_policy()
    {
        HealthSettings settings = Load("""
            {"health":{"checks":[{"kind":"self-test"},{"kind":"server"},{"kind":"command","program":"/bin/true","seconds":5},{"kind":"process","pidFile":"pid","seconds":5},
            {"kind":"heartbeat","file":"alive","maxPauseSeconds":2,"seconds":10}],"whenUndecided":"revert","giveUpHours":72,"floorDelayDays":14}}
            """);
        using HttpClient http = new();
        Assert.That(settings.Open(new FileDurableStore(_folder.FullName), http, new Uri("https://fleet.example/"), TimeProvider.System).Select(static check => check.GetType()), Is.EqualTo(new[]
        {
            typeof(FileHealthCheck), typeof(ServerHealthCheck), typeof(CommandHealthCheck), typeof(ProcessHealthCheck), typeof(HeartbeatHealthCheck),
        }));
        Assert.That(settings.Policy, Is.EqualTo(new HealthPolicy { GiveUpUndecidedAfter = TimeSpan.FromHours(72), FloorDelay = TimeSpan.FromDays(14) }));
        Assert.That(Load("{}").Policy, Is.EqualTo(HealthPolicy.Default));
        Assert.That(Load("{}").Open(new FileDurableStore(_folder.FullName), http, new Uri("https://fleet.example/"), TimeProvider.System), Has.Exactly(1).TypeOf<FileHealthCheck>());
    }

    [TestCase("""{"health":{"checks":[]}}""", "checks: wanted one object at least")]
    [TestCase("""{"health":{"checks":[{"kind":"mood"}]}}""", "kind: wanted one of self-test, command, process, heartbeat, server")]
    [TestCase("""{"health":{"checks":[{"kind":"server","seconds":3}]}}""", "seconds: no such setting")]
    [TestCase("""{"health":{"checks":[{"kind":"self-test"}],"whenUndecided":"confirm"}}""", "whenUndecided: wanted \"stay\" or \"revert\"")]
    [TestCase("""{"health":{"checks":[{"kind":"self-test"}],"whenUndecided":"revert"}}""", "giveUpHours: wanted a number")]
    [TestCase("""{"health":{"checks":[{"kind":"self-test"}],"giveUpHours":5}}""", "giveUpHours: wanted no such member where an undecided trial stays")]
    [TestCase("""{"health":{"checks":[{"kind":"self-test"}],"floorDelayDays":-1}}""", "floorDelayDays: wanted a whole number from 0 to 365")]
    public void P10_Wrong_setting_is_refused_by_name(string settings, string message) =>
        Assert.That(() => Load(settings), Throws.TypeOf<SettingsException>().With.Message.EqualTo($"{PathOf("agent.json")}: {message}"));

    private HealthSettings Load(string settings)
    {
        File.WriteAllText(PathOf("agent.json"), settings);
        return SettingsFile.Load(PathOf("agent.json"), HealthSettings.Read);
    }

    private void WritePid(int id) => File.WriteAllText(PathOf("pid"), id.ToString(CultureInfo.InvariantCulture) + "\n");

    private string PathOf(string name) => Path.Combine(_folder.FullName, name);

    private sealed class FixedServer(HttpStatusCode status) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => Task.FromResult(new HttpResponseMessage(status));
    }

    /// <summary>Time that passes by waiting for it, and in no time.</summary>
    private sealed class SteppedTime : TimeProvider
    {
        private long _now;
        private int _steps;

        /// <summary>Told each step, counted from when it was set.</summary>
        public Action<int> OnStep
        {
            get;
            set
            {
                field = value;
                _steps = 0;
            }
        } = static _ => { };

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _now;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            _now += dueTime.Ticks;
            OnStep(++_steps);
            return System.CreateTimer(callback, state, TimeSpan.Zero, period);
        }
    }
}
