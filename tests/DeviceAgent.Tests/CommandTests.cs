using System.Text.Json;
using System.Text.Json.Nodes;
using Fota.DeviceAgent.Boot;
using Fota.DeviceAgent.Slots;
using Fota.DeviceAgent.Storage;
using Fota.DeviceAgent.Tests.Simulation;
using Fota.TestKit;

namespace Fota.DeviceAgent.Tests;

/// <summary>What fota-agent does for people at the device and for programs that run it (docs/spec/agent-program.md).</summary>
public sealed class CommandTests
{
    private readonly TestAuthority _serverAuthority = new("service CA"), _deviceAuthority = new("device CA");
    private InstalledPrograms _programs = null!;
    private FleetServer _server = null!;
    private FleetListener _listener = null!;

    private BootRecordStore Records => new(Store);

    private FileDurableStore Store => new(_programs.PathOf("device"));

    [OneTimeTearDown]
    public void DisposeAuthorities()
    {
        _serverAuthority.Dispose();
        _deviceAuthority.Dispose();
    }

    [SetUp]
    public async Task ManufactureAsync()
    {
        _programs = new InstalledPrograms("https://127.0.0.1:1/", _serverAuthority.Pem);
        _server = new FleetServer(await ProgramTests.EnrolAsync(_programs, _deviceAuthority));
        _server.PublishForToday();
        _listener = await FleetListener.StartAsync(_server, _serverAuthority);
        _programs.Settings["server"] = _listener.Address.ToString();
        _programs.Save();
        await ProgramTests.ManufactureAsync(_programs, _server);
        ProgramTests.SayBooted(_programs);
    }

    [TearDown]
    public async Task DisposeAsync()
    {
        await _listener.DisposeAsync();
        _server.Dispose();
        _programs.Dispose();
    }

    [Test]
    [Proves("C-1", "C-2", "C-3")]
    public async Task Machines_are_told_an_object_a_line_and_last_what_it_came_to()
    {
        SampleRelease release = SampleRelease.Create("1.1.0", sequence: 2);
        _server.Offer(release);
        (int exitCode, string output, string error) = await AgentAsync("check", "--json");
        JsonElement[] lines = [.. output.TrimEnd().Split('\n').Select(static line => JsonSerializer.Deserialize<JsonElement>(line))];
        Assert.That((exitCode, error), Is.EqualTo((10, "")));
        Assert.That(lines[^1].GetRawText(), Is.EqualTo("""{"event":"outcome","outcome":"reboot_requested","exit_code":10}"""));
        Assert.That(lines.Last(static line => Event(line) == "transfer").GetRawText(), Is.EqualTo($$"""{"event":"transfer","release":"1.1.0","done":{{release.Image.Length}},"total":{{release.Image.Length}}}"""));
        Assert.That(lines.Where(static line => Event(line) == "progress").Select(static line => line.GetProperty("detail").GetString()), Has.Some.EqualTo("activated: 1.1.0 in slot B"));
    }

    [Test]
    [Proves("C-2", "C-3")]
    public async Task Machines_are_told_the_reason_of_a_refusal()
    {
        _server.Offer(SampleRelease.Create("1.1.0", sequence: 2), _server.Repository.Pump.Keys[0]);
        (int exitCode, string output, _) = await AgentAsync("check", "--json");
        JsonElement[] lines = [.. output.TrimEnd().Split('\n').Select(static line => JsonSerializer.Deserialize<JsonElement>(line))];
        Assert.That(exitCode, Is.EqualTo(1));
        Assert.That(lines.Where(static line => line.TryGetProperty("reason", out _)).Select(static line => (Event(line), line.GetProperty("reason").GetString())), Is.EqualTo(new[] { ("refused", "ThresholdNotMet"), ("outcome", "ThresholdNotMet") }));
    }

    [Test]
    [Proves("C-4")]
    public async Task Rollback_gives_the_other_slot_a_trial_and_asks_for_a_restart()
    {
        FillSlotB();
        (int exitCode, string output, string error) = await AgentAsync("rollback");
        Assert.That((exitCode, output, error), Is.EqualTo((10, "restart the system to go on\n", "")));
        Assert.That(Records.Read(), Is.EqualTo(new BootRecord(SlotBootState.Good(SlotBootState.MaxPriority - 1), SlotBootState.Trial(SlotBootState.MaxPriority))));

        Assert.That((await AgentAsync("check")).ExitCode, Is.EqualTo(10), "until that is done nothing else is");
    }

    [Test]
    [Proves("C-4")]
    public async Task Rollback_with_nothing_to_go_back_to_changes_nothing()
    {
        BootRecord before = Records.Read()!;
        (int exitCode, _, string error) = await AgentAsync("rollback");
        Assert.That((exitCode, error), Is.EqualTo((1, "refused: NoFallback: slot B: wanted a confirmed release, got none\n")));
        Assert.That(Records.Read(), Is.EqualTo(before));
    }

    [Test]
    [Proves("C-4")]
    public async Task Undecided_trial_is_confirmed_only_when_the_operator_says_so()
    {
        FillSlotB();
        Records.Write(Records.Read()!.With(SlotName.A, SlotBootState.Trial(SlotBootState.MaxPriority)));
        HealthByProgram(exitCode: 75);

        Assert.That((await AgentAsync("confirm")).ExitCode, Is.EqualTo(11));
        Assert.That(Records.Read()!.A.Successful, Is.False);
        (int exitCode, string output, _) = await AgentAsync("confirm", "--undecided");
        Assert.That((exitCode, output.TrimEnd().Split('\n')[^1]), Is.EqualTo((0, "confirmed: 1.0.0 in slot A, floor 1")));
        Assert.That(Records.Read()!.A.Successful, Is.True);
    }

    [TestCase("pin")]
    [TestCase("settings")]
    [Proves("C-5")]
    public async Task P3_Agent_that_does_not_start_on_trial_has_the_device_restarted_the_third_time(string what)
    {
        FillSlotB();
        Records.Write(Records.Read()!.With(SlotName.A, SlotBootState.Trial(SlotBootState.MaxPriority)));
        BreakStart(what);
        Assert.That((await AgentAsync("run")).ExitCode, Is.EqualTo(1), "it may pass");
        Assert.That((await AgentAsync("run")).ExitCode, Is.EqualTo(1));
        (int exitCode, string output, string error) = await AgentAsync("run");
        Assert.That((exitCode, output), Is.EqualTo((10, "rebooting\n")));
        Assert.That(error, Does.StartWith("refused: TrialBootFailed: the agent stopped on trial: "));
    }

    [Test]
    [Proves("C-5")]
    public async Task Agent_that_does_not_start_on_a_confirmed_release_fails_and_restarts_nothing()
    {
        FillSlotB();
        BreakStart("pin");
        for (int start = 0; start < 4; start++)
        {
            Assert.That((await AgentAsync("run")).ExitCode, Is.EqualTo(1));
        }
    }

    [Test]
    [Proves("C-5")]
    public async Task Second_agent_on_a_trial_is_turned_away_and_restarts_nothing()
    {
        FillSlotB();
        Records.Write(Records.Read()!.With(SlotName.A, SlotBootState.Trial(SlotBootState.MaxPriority)));
        using FileStream held = new(_programs.PathOf("device/run/agent.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        for (int start = 0; start < 4; start++)
        {
            (int exitCode, _, string error) = await AgentAsync("run");
            Assert.That(exitCode, Is.EqualTo(1));
            Assert.That(error, Does.Contain("another agent runs on this device (stop its service first)"));
        }
    }

    [Test]
    [Proves("C-3")]
    public async Task Machines_are_told_that_an_agent_could_not_begin()
    {
        BreakStart("settings");
        (int exitCode, string output, string error) = await AgentAsync("check", "--json");
        JsonElement line = JsonSerializer.Deserialize<JsonElement>(output);
        Assert.That((exitCode, Event(line), line.GetProperty("outcome").GetString(), line.GetProperty("exit_code").GetInt32()), Is.EqualTo((1, "outcome", "failed", 1)));
        Assert.That(error.TrimEnd(), Does.EndWith(line.GetProperty("detail").GetString()!));
    }

    [Test]
    [Proves("C-4")]
    public async Task Confirmation_of_an_unhealthy_release_with_nothing_to_go_back_to_is_refused()
    {
        Records.Write(Records.Read()!.With(SlotName.A, SlotBootState.Trial(SlotBootState.MaxPriority)));
        HealthByProgram(exitCode: 1);
        (int exitCode, _, string error) = await AgentAsync("confirm");
        Assert.That(exitCode, Is.EqualTo(1));
        Assert.That(error, Does.StartWith("refused: HealthCheckFailed: "));
        Assert.That(Records.Read()!.A.Successful, Is.False);
    }

    [TestCase(0)]
    [TestCase(1)]
    [TestCase(75)]
    [Proves("C-4", "G-62")]
    public async Task Rollback_of_a_trial_goes_back_whatever_the_checks_would_say(int health)
    {
        FillSlotB();
        Records.Write(Records.Read()!.With(SlotName.A, SlotBootState.Trial(SlotBootState.MaxPriority)));
        HealthByProgram(health);
        Assert.That((await AgentAsync("rollback")).ExitCode, Is.EqualTo(10));
        Assert.That(Records.Read()!.A, Is.EqualTo(SlotBootState.Trial(SlotBootState.MaxPriority).WithTries(0)));
    }

    [Test]
    [Proves("C-6")]
    public async Task Diagnosis_looks_at_every_part_and_writes_nothing()
    {
        string[] before = Files();
        (int exitCode, string output, string error) = await AgentAsync("diagnose");
        string[] lines = output.TrimEnd().Split('\n');
        Assert.That((exitCode, error), Is.EqualTo((0, "")), output);
        Assert.That(lines.SkipLast(1).Select(static line => (Mark: line[..5].TrimEnd(), Part: line[7..20].TrimEnd())), Is.EqualTo(new[]
        {
            ("ok", "configuration"), ("ok", "folder"), ("note", "agent"), ("ok", "state"), ("ok", "boot record"), ("ok", "slot A"), ("note", "slot B"),
            ("ok", "floor"), ("note", "clock"), ("ok", "key"), ("ok", "certificate"), ("ok", "server"),
        }));
        Assert.That(lines[^1], Is.EqualTo("12 parts looked at, nothing wrong"));
        Assert.That(Files(), Is.EqualTo(before));
    }

    [Test]
    [Proves("C-6")]
    public async Task Diagnosis_names_what_is_wrong_and_looks_at_the_rest()
    {
        FillSlotB();
        byte[] image = await File.ReadAllBytesAsync(_programs.PathOf("device/slots/b.img"));
        image[10] ^= 1;
        await File.WriteAllBytesAsync(_programs.PathOf("device/slots/b.img"), image);
        File.Delete(_programs.PathOf("device/counter"));
        await _listener.DisposeAsync();

        (int exitCode, string output, _) = await AgentAsync("diagnose", "--json");
        JsonElement diagnosis = JsonSerializer.Deserialize<JsonElement>(output);
        Assert.That(exitCode, Is.EqualTo(1));
        Assert.That(diagnosis.GetProperty("healthy").GetBoolean(), Is.False);
        Dictionary<string, string> wrong = diagnosis.GetProperty("findings").EnumerateArray()
            .Where(static finding => finding.GetProperty("state").GetString() == "wrong")
            .ToDictionary(static finding => finding.GetProperty("part").GetString()!, static finding => finding.GetProperty("detail").GetString()!, StringComparer.Ordinal);
        Assert.That(wrong.Keys, Is.EquivalentTo(new[] { "state", "slot B", "floor", "server" }));
        Assert.That(wrong["slot B"], Does.Contain(": wanted image "));
        Assert.That(wrong["floor"], Is.EqualTo("rollback counter: wanted 8 bytes with a right CRC-32, got none"));
        Assert.That(wrong["server"], Does.Contain("Connection refused"));
    }

    [Test]
    [Proves("C-6")]
    public async Task Diagnosis_of_a_wrong_configuration_says_which_member()
    {
        _programs.Settings["serverCA"] = "service-ca.pem";
        _programs.Save();
        (int exitCode, string output, _) = await AgentAsync("diagnose");
        Assert.That(exitCode, Is.EqualTo(1));
        Assert.That(output, Does.StartWith("WRONG  configuration  ").And.Contain("agent.json: serverCA: no such setting"));
    }

    [Test]
    public async Task Example_of_embedding_waits_for_its_gate_and_then_installs()
    {
        _server.Offer(SampleRelease.Create("1.1.0", sequence: 2));
        string example = InstalledPrograms.Program("Fota.Samples.Embedding"), folder = Directory.CreateDirectory(_programs.PathOf("pump")).FullName;
        (int exitCode, string output, string error) = await _programs.RunAsync(example, _programs.AgentConfig, folder);
        Assert.That((exitCode, error), Is.EqualTo((11, "")), output);
        Assert.That(output, Does.Contain("a patient may be connected"));
        Assert.That(Records.Read()!.B, Is.EqualTo(SlotBootState.Unbootable));

        await File.WriteAllTextAsync(Path.Combine(folder, "idle"), "");
        (exitCode, output, _) = await _programs.RunAsync(example, _programs.AgentConfig, folder);
        Assert.That(exitCode, Is.EqualTo(10), output);
        Assert.That(output, Does.Contain("1.1.0: 100 %"));
        Assert.That(Records.Read()!.B.IsPending, Is.True);
    }

    private static string? Event(JsonElement line) => line.GetProperty("event").GetString();

    private Task<(int ExitCode, string Output, string Error)> AgentAsync(string command, params string[] options) =>
        _programs.RunAsync(InstalledPrograms.AgentProgram, [command, "--config", _programs.AgentConfig, .. options]);

    private void BreakStart(string what)
    {
        if (what == "pin")
        {
            File.Delete(_programs.PathOf("pin"));
            return;
        }

        _programs.Settings["serverCA"] = "service-ca.pem";
        _programs.Save();
    }

    private void HealthByProgram(int exitCode)
    {
        File.WriteAllText(_programs.PathOf("health"), $"#!/bin/sh\nexit {exitCode}\n");
        File.SetUnixFileMode(_programs.PathOf("health"), UnixFileMode.UserRead | UnixFileMode.UserExecute);
        _programs.Settings["health"] = new JsonObject { ["checks"] = new JsonArray(new JsonObject { ["kind"] = "command", ["program"] = "health", ["seconds"] = 60 }) };
        _programs.Save();
    }

    // The other slot holds a confirmed release too.
    private void FillSlotB()
    {
        FileDurableStore store = Store;
        File.Copy(_programs.PathOf("device/slots/a.img"), _programs.PathOf("device/slots/b.img"), overwrite: true);
        store.Replace(FileSlotReader.EnvelopeName(SlotName.B), store.Read(FileSlotReader.EnvelopeName(SlotName.A)));
        Records.Write(Records.Read()!.With(SlotName.B, SlotBootState.Good(SlotBootState.MaxPriority - 1)));
    }

    private string[] Files() =>
        [.. Directory.EnumerateFiles(_programs.PathOf("device"), "*", SearchOption.AllDirectories).Select(static file => $"{file} {Convert.ToHexString(File.ReadAllBytes(file))}").Order(StringComparer.Ordinal)];
}
