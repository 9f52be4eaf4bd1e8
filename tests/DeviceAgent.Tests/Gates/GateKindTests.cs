using Fota.DeviceAgent.Boot;
using Fota.DeviceAgent.Gates;
using Fota.DeviceAgent.Programs;
using Fota.DeviceAgent.Storage;
using Fota.Manifest;
using Fota.TestKit;

namespace Fota.DeviceAgent.Tests.Gates;

/// <summary>Each kind of gate by itself, on real files and programs.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class GateKindTests : IDisposable
{
    private static readonly InstalledRelease s_release = new(Sha256Digest.Of("release"u8), new SequenceNumber(2), ReleaseVersion.Parse("1.1.0"), new SecurityVersion(1));

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fota-gates-");

    public void Dispose() => _folder.Delete(recursive: true);

    [TestCase("80", true)]
    [TestCase("40\n", true)]
    [TestCase("39", false)]
    [TestCase("101", false)]
    [TestCase("-1", false)]
    [TestCase("", false)]
    [TestCase("full", false)]
    [TestCase(null, false)]
    [Proves("G-10")]
    public async Task A43_Battery_gate_is_open_only_on_a_number_that_is_high_enough(string? capacity, bool open)
    {
        Write("battery/capacity", capacity);
        Assert.That(await IsOpenAsync(new PowerGate(PathOf("battery"), 40, null, PowerDemand.Both, false)), Is.EqualTo(open));
    }

    [TestCase("80", "1", nameof(PowerDemand.Both), true)]
    [TestCase("80", "0", nameof(PowerDemand.Both), false)]
    [TestCase("80", "0", nameof(PowerDemand.Either), true)]
    [TestCase("10", "1", nameof(PowerDemand.Either), true)]
    [TestCase("10", "0", nameof(PowerDemand.Either), false)]
    [TestCase(null, null, nameof(PowerDemand.Either), false)]
    [Proves("G-10")]
    public async Task A43_Mains_and_battery_are_asked_as_the_demand_says(string? capacity, string? online, string demand, bool open)
    {
        Write("battery/capacity", capacity);
        Write("mains/online", online);
        Assert.That(await IsOpenAsync(new PowerGate(PathOf("battery"), 40, PathOf("mains"), Enum.Parse<PowerDemand>(demand), false)), Is.EqualTo(open));
    }

    [TestCase("idle", 0, true)]
    [TestCase("idle\n", 29, true)]
    [TestCase("idle", 31, false)]
    [TestCase("idle", -60, false)]
    [TestCase("busy", 0, false)]
    [TestCase("", 0, false)]
    [TestCase("not idle", 0, false)]
    [TestCase(null, 0, false)]
    [Proves("G-11")]
    public async Task A43_Device_is_in_use_unless_its_application_has_just_said_that_it_is_idle(string? said, int ageSeconds, bool open)
    {
        FixedTime time = new(new DateTimeOffset(2026, 5, 1, 12, 0, 0, TimeSpan.Zero));
        Write("use", said);
        if (said is not null)
        {
            File.SetLastWriteTimeUtc(PathOf("use"), time.GetUtcNow().UtcDateTime.AddSeconds(-ageSeconds));
        }

        Assert.That(await IsOpenAsync(new ClinicalUseGate(PathOf("use"), TimeSpan.FromSeconds(30), time, true)), Is.EqualTo(open));
    }

    // 2026-05-01 is a Friday; Berlin is two hours ahead of UTC then.
    [TestCase("2026-05-01T19:59:00Z", false)]
    [TestCase("2026-05-01T20:00:00Z", true)]
    [TestCase("2026-05-02T01:59:00Z", true)]
    [TestCase("2026-05-02T02:00:00Z", false)]
    [TestCase("2026-05-02T20:30:00Z", false)]
    [TestCase("2026-05-01T00:30:00Z", false)]
    [TestCase(null, false)]
    [Proves("G-12")]
    public async Task A43_Window_over_midnight_belongs_to_the_day_on_which_it_begins(string? time, bool open)
    {
        MaintenanceWindowGate gate = new([new MaintenanceWindow([DayOfWeek.Friday], new TimeOnly(22, 0), new TimeOnly(4, 0))], TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin"), false);
        DateTimeOffset? now = time is null ? null : DateTimeOffset.Parse(time, System.Globalization.CultureInfo.InvariantCulture);
        Assert.That(await IsOpenAsync(gate, now), Is.EqualTo(open));
    }

    [Test]
    [Proves("G-13")]
    public async Task A43_Consent_is_to_one_manifest_and_can_be_taken_back()
    {
        FileDurableStore store = new(_folder.FullName);
        ConsentGate gate = new(store, false);
        Assert.That(await IsOpenAsync(gate), Is.False, "nobody was asked");
        OperatorConsent.Give(store, Sha256Digest.Of("another release"u8));
        Assert.That(await IsOpenAsync(gate), Is.False, "it was given to another");
        OperatorConsent.Give(store, s_release.ManifestDigest);
        Assert.That(await IsOpenAsync(gate), Is.True);
        OperatorConsent.Withdraw(store);
        Assert.That(await IsOpenAsync(gate), Is.False, "it was taken back");
    }

    [TestCase("exit 0", null)]
    [TestCase("echo doors are open; exit 3", "doors are open")]
    [TestCase("exit 3", "sh ended with exit code 3")]
    [TestCase("test $FOTA_POINT $FOTA_VERSION = activation1.1.0 || echo $FOTA_POINT $FOTA_VERSION; exit 1", "activation 1.1.0")]
    [TestCase("yes | head -c 100000000; exit 1", "y")]
    [Proves("G-14")]
    public async Task A43_Command_opens_by_exit_code_0_alone(string script, string? closed)
    {
        GateAnswer answer = await AskAsync(Command("/bin/sh", script));
        Assert.That((answer as GateAnswer.Closed)?.Why, Is.EqualTo(closed));
    }

    [Test]
    [Proves("G-14")]
    public async Task A43_Command_that_is_not_there_is_closed() =>
        Assert.That(((GateAnswer.Closed)await AskAsync(Command(PathOf("absent"), ""))).Why, Does.StartWith("absent: "));

    [Test]
    [Proves("G-14")]
    public async Task A43_Command_that_does_not_end_is_killed_with_its_children_and_is_closed()
    {
        ElapsingTime time = new();
        Task<GateAnswer> asking = AskAsync(new CommandGate(new ProductCommand("/bin/sh", ["-c", $"sleep 600 & echo $! >{PathOf("child")}; wait"], TimeSpan.FromSeconds(10), time), false));
        while (!File.Exists(PathOf("child")) || (await File.ReadAllTextAsync(PathOf("child"))).Length == 0)
        {
            await Task.Yield();
        }

        time.Elapse();

        Assert.That(((GateAnswer.Closed)await asking).Why, Is.EqualTo("sh: did not end within 10 s"));
        string child = $"/proc/{(await File.ReadAllTextAsync(PathOf("child"))).Trim()}/stat";
        while (File.Exists(child) && !(await File.ReadAllTextAsync(child)).Contains(") Z ", StringComparison.Ordinal))
        {
            await Task.Yield();
        }
    }

    private static CommandGate Command(string program, string script) => new(new ProductCommand(program, ["-c", script], TimeSpan.FromSeconds(30), TimeProvider.System), false);

    private static Task<GateAnswer> AskAsync(IInstallGate gate, DateTimeOffset? time = null) => gate.AskAsync(new GateQuestion(GatePoint.Activation, s_release, time), CancellationToken.None);

    private static async Task<bool> IsOpenAsync(IInstallGate gate, DateTimeOffset? time = null) => await AskAsync(gate, time) is GateAnswer.Open;

    private string PathOf(string name) => Path.Combine(_folder.FullName, name);

    private void Write(string name, string? content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(PathOf(name))!);
        if (content is not null)
        {
            File.WriteAllText(PathOf(name), content);
        }
    }

    private sealed class FixedTime(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }

    /// <summary>Timers that run out when a test says so.</summary>
    private sealed class ElapsingTime : TimeProvider
    {
        private readonly List<(TimerCallback Callback, object? State)> _timers = [];

        public void Elapse() => _timers.ForEach(static timer => timer.Callback(timer.State));

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            _timers.Add((callback, state));
            return System.CreateTimer(static _ => { }, null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }
}
