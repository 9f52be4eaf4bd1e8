using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Fota.UpdateServer.Configuration;
using Fota.UpdateServer.Telemetry;
using Fota.UpdateServer.Tests.Support;
using OpenTelemetry.Trace;

namespace Fota.UpdateServer.Tests.Outside;

/// <summary>Metrics, traces and logs, as a collector gets them.</summary>
public sealed class TelemetryTests
{
    [Test]
    public async Task Collector_gets_metrics_traces_and_logs_and_names_of_devices_in_logs_alone()
    {
        await using Collector collector = new(FreePort());
        await using ServerUnderTest server = await ServerUnderTest.StartAsync();
        string header = server.PathOf("otlp-header");
        await File.WriteAllTextAsync(header, "x-collector-key: for the collector alone\n");
        File.SetUnixFileMode(header, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await server.RestartAsync(change: s => s with { Telemetry = new TelemetrySettings { Otlp = collector.Address, HeaderFile = header, Every = TimeSpan.FromSeconds(1), TracePercent = 100 } });
        SimulatedDevice pump = new(server, "pump-with-a-name");
        await pump.CheckInAsync();
        using HttpResponseMessage refused = await pump.PostAsync([1, 2, 3]);
        Assert.That(refused.StatusCode, Is.EqualTo(HttpStatusCode.BadRequest));

        using (HttpResponseMessage shown = await server.Operator.GetAsync("/api/v1/devices/pump-with-a-name"))
        {
            Assert.That(shown.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        }

        foreach (string metric in (string[])["fota.check_ins", "fota.reports.refused", "fota.devices", "fota.store.change.duration", "http.server.request.duration", "kestrel.active_connections"])
        {
            WebHeaderCollection headers = await collector.HasAsync("metrics", metric);
            Assert.That(headers["x-collector-key"], Is.EqualTo("for the collector alone"));
        }

        await collector.HasAsync("traces", "/api/v1/check-in");
        await collector.HasAsync("traces", "/api/v1/devices/{device}");
        await collector.HasAsync("logs", "was refused");
        await collector.HasAsync("metrics", "fota-server");
        await server.StopAsync(); // which sends the rest
        Assert.That(collector.With("for the collector alone"), Is.Empty);
        Assert.That(collector.With("pump-with-a-name"), Is.EqualTo(new[] { "/v1/logs" }));
    }

    [Test]
    public async Task Collector_that_is_away_stops_nobody()
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync();
        await server.RestartAsync(change: static s => s with { Telemetry = new TelemetrySettings { Otlp = new Uri($"http://127.0.0.1:{FreePort()}/"), Every = TimeSpan.FromSeconds(1), TracePercent = 100 } });
        SimulatedDevice pump = new(server, "pump-1");
        await pump.CheckInAsync();
        await pump.CheckInAsync();
    }

    [Test]
    public void Whoever_asks_does_not_decide_what_is_traced()
    {
        ParentBasedSampler sampler = TelemetryExport.OwnDraw(0.01);
        ActivityTraceId lowest = ActivityTraceId.CreateFromString("00000000000000000000000000000001");
        SamplingParameters asked = new(new ActivityContext(lowest, ActivitySpanId.CreateRandom(), ActivityTraceFlags.Recorded, isRemote: true), lowest, "GET", ActivityKind.Server);
        Assert.That(Enumerable.Range(0, 10_000).Count(_ => sampler.ShouldSample(asked).Decision == SamplingDecision.RecordAndSample), Is.InRange(1, 1000), "100 of 10,000, by the server's own draw");
    }

    [TestCase("http://collector.example:4318/", "telemetry.otlp: wanted an https address without a path (http to loopback alone), got http://collector.example:4318/")]
    [TestCase("https://collector.example:4318/v1/metrics", "telemetry.otlp: wanted an https address without a path (http to loopback alone), got https://collector.example:4318/v1/metrics")]
    public void P10_Collector_that_others_could_read_along_with_is_refused(string address, string wanted) =>
        Assert.That(() => new TelemetrySettings { Otlp = new Uri(address) }.Validate(), Throws.TypeOf<ConfigurationException>().With.Message.EqualTo(wanted));

    private static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
