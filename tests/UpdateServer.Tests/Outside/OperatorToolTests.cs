using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using Fota.Manifest.Reports;
using Fota.TestKit;
using Fota.UpdateServer.Tests.Support;

namespace Fota.UpdateServer.Tests.Outside;

/// <summary>`fota device`, `fota fleet` and `fota rollout` as people type them, at a server with three pumps and a release.</summary>
public sealed class OperatorToolTests
{
    private ServerUnderTest _server = null!;
    private SimulatedDevice[] _pumps = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _server = await ServerUnderTest.StartAsync();
        _server.Source.Add(SampleRelease.Create(security: 2));
        using HttpResponseMessage published = await _server.PublishAsync();
        await ServerUnderTest.ReadAsync(published, System.Net.HttpStatusCode.OK);
        await File.WriteAllTextAsync(_server.PathOf("ca.pem"), ServerUnderTest.ServiceCa.Certificate.ExportCertificatePem());
        _pumps = [.. Enumerable.Range(1, 3).Select(i => new SimulatedDevice(_server, $"pump-{i}"))];
        foreach (SimulatedDevice pump in _pumps)
        {
            await pump.CheckInAsync();
        }
    }

    [OneTimeTearDown]
    public async Task StopAsync() => await _server.DisposeAsync();

    [Test]
    public async Task Device_that_was_tagged_is_found_by_its_tag_and_shown_with_it()
    {
        Assert.That(await RunAsync("device", "tag", "pump-2", "--site", "basel", "--add", "icu"), Does.Match("site +basel\ntags +icu\n"));
        Assert.That(await RunAsync("device", "list", "--tag", "icu"), Does.Contain("pump-2").And.Not.Contain("pump-1"));
        Assert.That(await RunAsync("device", "show", "pump-2"), Does.Match("device +pump-2\n").And.Match("version +1.0.0\n").And.Match("site +basel\n"));
        Assert.That((await JsonAsync("device", "show", "pump-2")).GetProperty("tags")[0].GetString(), Is.EqualTo("icu"));
    }

    [Test]
    public async Task Name_is_said_to_be_of_another_product()
    {
        Assert.That(await RunAsync("device", "set-product", "pump-9", "ventilator"), Is.EqualTo("pump-9 is a device of ventilator\n"));
        Assert.That((await JsonAsync("device", "set-product", "pump-9", "ventilator")).GetProperty("product").GetString(), Is.EqualTo("ventilator"));
        ProgramRun wrong = await ToolAsync("device", "set-product", "pump-9", "No Product");
        Assert.That((wrong.ExitCode, wrong.Error), Is.EqualTo((1, "Fota.Cli: the server refused (400): ValueOutOfRange: product: wanted the name of a product, got something else\n")));
    }

    [Test]
    public async Task P10_Device_tag_that_says_nothing_is_refused()
    {
        ProgramRun run = await ProgramRun.OfAsync("Fota.Cli", "device", "tag", "pump-1");
        Assert.That(run.ExitCode, Is.EqualTo(2));
        Assert.That(run.Error, Does.Contain("tag: wanted at least one of --add, --remove, --site, --hardware and --time-zone, got none"));
    }

    [Test]
    public async Task Fleet_status_says_how_many_run_what()
    {
        Assert.That(await RunAsync("fleet", "status"), Does.StartWith("infusion-pump: 3 devices\n  run       1.0.0 3\n"));
        Assert.That((await JsonAsync("fleet", "status")).GetProperty("products")[0].GetProperty("devices").GetInt32(), Is.EqualTo(3));
    }

    [Test]
    public async Task Plan_is_simulated_by_the_servers_engine_with_the_same_course_each_time()
    {
        string plan = _server.PathOf("plan.json");
        await File.WriteAllTextAsync(plan, """{"product":"infusion-pump","version":"1.1.0","stages":[{"name":"canary","count":5},{"name":"rest"}],"abort_after_failures":100}""");
        string text = await RunAsync("rollout", "simulate", plan, "--devices", "200", "--seed", "7");
        Assert.That(text, Does.StartWith("200 devices, seed 7: completed after ").And.Contain("stage canary begins with 5 of the 200 devices"));
        JsonElement outcome = await JsonAsync("rollout", "simulate", plan, "--devices", "200", "--seed", "7");
        Assert.That((outcome.GetProperty("state").GetString(), outcome.GetProperty("devices").GetInt32()), Is.EqualTo(("completed", 200)));
        Assert.That(await RunAsync("rollout", "simulate", plan, "--devices", "200", "--seed", "7"), Is.EqualTo(text));
        ProgramRun large = await ToolAsync("rollout", "simulate", plan, "--devices", "10001");
        Assert.That((large.ExitCode, large.Error), Is.EqualTo((1, "Fota.Cli: the server refused (400): ValueOutOfRange: devices: wanted 1 to 10000, got 10001\n")));
    }

    [Test]
    public async Task Watch_draws_the_canary_as_it_goes_and_ends_with_the_rollout()
    {
        JsonElement draft = await JsonAsync("rollout", "create", "--product", "infusion-pump", "--version", "1.1.0", "--canary", "1", "--abort-after", "1");
        string id = draft.GetProperty("id").GetString()!;
        await RunAsync("rollout", "start", id);
        using Process watch = Begin("rollout", "watch", id, "--every", "1");
        using Process json = Begin("rollout", "watch", id, "--every", "1", "--json");
        Assert.That(await watch.StandardOutput.ReadLineAsync(), Is.EqualTo($"rollout {id} of infusion-pump 1.1.0: running in canary"));
        Assert.That(await watch.StandardOutput.ReadLineAsync(), Is.EqualTo($"  canary           [{new string('.', 40)}] 0 of 1 done"));
        Assert.That(await watch.StandardOutput.ReadLineAsync(), Is.EqualTo($"  rest             [{new string('.', 40)}] not begun"));
        Assert.That(JsonSerializer.Deserialize<JsonElement>((await json.StandardOutput.ReadLineAsync())!).GetProperty("state").GetString(), Is.EqualTo("running"));

        SimulatedDevice canary = await GrantedAsync();
        Assert.That(await watch.StandardOutput.ReadLineAsync(), Is.EqualTo($"  canary           [{new string('>', 40)}] 0 of 1 done, 1 at it"));
        await canary.CheckInAsync(canary.Report(ReportState.RolledBack, $"{id}-{canary.Name}", Manifest.Sha256Digest.Parse(draft.GetProperty("manifest_digest").GetString()!)) with { Reason = Manifest.RejectionReason.HealthCheckFailed, Detail = "pressure" });
        string rest = await watch.StandardOutput.ReadToEndAsync();
        Assert.That(rest, Does.StartWith($"rollout {id} of infusion-pump 1.1.0: aborted: ").And.Contain($"  canary           [{new string('x', 40)}] 0 of 1 done, 1 failed"));
        await watch.WaitForExitAsync();
        Assert.That(watch.ExitCode, Is.EqualTo(3));
        string last = (await json.StandardOutput.ReadToEndAsync()).TrimEnd('\n').Split('\n')[^1];
        Assert.That(JsonSerializer.Deserialize<JsonElement>(last).GetProperty("state").GetString(), Is.EqualTo("aborted"));
        await json.WaitForExitAsync();
        Assert.That((await JsonAsync("rollout", "decisions", id)).EnumerateArray().Select(static d => d.GetProperty("decision").GetString()), Does.Contain("created").And.Contain("started").And.Contain("aborted"));
    }

    [Test]
    public async Task What_a_device_says_does_not_command_the_terminal_of_whoever_looks()
    {
        const string Says = "\u001b[2J\u009b1A\u202enothing\nstate            confirmed", Seen = "?[2J?1A?nothing state            confirmed";
        JsonElement draft = await JsonAsync("rollout", "create", "--product", "infusion-pump", "--version", "1.1.0", "--canary", "3", "--abort-after", "1");
        string id = draft.GetProperty("id").GetString()!;
        await RunAsync("rollout", "start", id);
        SimulatedDevice pump = await GrantedAsync();
        Manifest.Sha256Digest manifest = Manifest.Sha256Digest.Parse(draft.GetProperty("manifest_digest").GetString()!);
        await pump.CheckInAsync(pump.Report(ReportState.Deferred, $"{id}-{pump.Name}", manifest) with { Reason = Manifest.RejectionReason.GateClosed, Detail = Says });
        Assert.That(await RunAsync("device", "show", pump.Name), Does.Match($"detail +{Regex.Escape(Seen)}\n").And.Not.Match("[\\p{Cc}\\p{Cf}-[\\n]]"));
        Assert.That(await RunAsync("device", "list"), Does.Contain(Seen).And.Not.Match("[\\p{Cc}\\p{Cf}-[\\n]]"));
        Assert.That(await RunAsync("rollout", "show", id), Does.Contain(Seen).And.Not.Match("[\\p{Cc}\\p{Cf}-[\\n]]"));
        Assert.That((await JsonAsync("device", "show", pump.Name)).GetProperty("detail").GetString(), Is.EqualTo(Says), "machines have it as it was said");
        await RunAsync("rollout", "abort", id);
    }

    private async Task<SimulatedDevice> GrantedAsync()
    {
        foreach (SimulatedDevice pump in _pumps)
        {
            if (await pump.CheckInAsync() is not null)
            {
                return pump;
            }
        }

        throw new AssertionException("no pump was asked");
    }

    private Dictionary<string, string> Environment => new(StringComparer.Ordinal) { ["FOTA_SERVER"] = _server.Address.ToString(), ["FOTA_SERVER_CA"] = _server.PathOf("ca.pem"), ["FOTA_TOKEN_FILE"] = _server.PathOf("data/bootstrap-token") };

    private static string Tool => Path.Combine(AppContext.BaseDirectory, "Fota.Cli");

    private Task<ProgramRun> ToolAsync(params string[] arguments) => ProgramRun.OfFileAsync(Tool, Environment, arguments);

    private async Task<string> RunAsync(params string[] arguments)
    {
        ProgramRun run = await ToolAsync(arguments);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        return run.Output;
    }

    private async Task<JsonElement> JsonAsync(params string[] arguments) => JsonSerializer.Deserialize<JsonElement>(await RunAsync([.. arguments, "--json"]));

    private Process Begin(params string[] arguments)
    {
        ProcessStartInfo start = new(Tool, arguments) { RedirectStandardOutput = true, UseShellExecute = false };
        foreach ((string name, string value) in Environment)
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }
}
