using System.Diagnostics;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Fota.Manifest.Reports;
using Fota.TestKit;
using Fota.UpdateServer.Tests.Support;

namespace Fota.UpdateServer.Tests.Api;

/// <summary>What a connection saves: the handshake's signatures on one that takes up a session, chain and report signature on one that was kept. And what it never saves.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class ReconnectTests : IAsyncDisposable
{
    private readonly ServerUnderTest _server = ServerUnderTest.StartAsync().GetAwaiter().GetResult();

    public async ValueTask DisposeAsync() => await _server.DisposeAsync();

    [Test]
    [Proves("C14")]
    public async Task Device_that_reconnects_by_name_takes_up_its_session_and_is_judged_all_the_same()
    {
        SimulatedDevice pump = Exported("pump-0001");
        (string first, string second) = (await ConnectAsync(pump, "-sess_out"), await ConnectAsync(pump, "-sess_in"));
        Assert.That(first, Does.Contain("\nNew, TLSv1.3").And.Contain("HTTP/1.1 200 OK"));
        Assert.That(second, Does.Contain("\nReused, TLSv1.3").And.Contain("HTTP/1.1 200 OK"));
        await _server.PostAsync("/api/v1/devices/pump-0001/revocation", new { reason = "stolen" });
        Assert.That(await ConnectAsync(pump, "-sess_in"), Does.Contain("\nReused, TLSv1.3").And.Contain("HTTP/1.1 401 Unauthorized"));
    }

    [Test]
    [Proves("C14")]
    public async Task Device_that_names_no_server_gets_no_ticket_with_its_certificate_in_it()
    {
        SimulatedDevice pump = Exported("pump-0001");
        Assert.That(await ConnectAsync(pump, "-sess_out", named: false), Does.Contain("HTTP/1.1 200 OK").And.Not.Contain("0020 - "), "tickets of more than 32 bytes");
        Assert.That(await ConnectAsync(pump, "-sess_in", named: false), Does.Contain("\nNew, TLSv1.3").And.Contain("HTTP/1.1 200 OK"));
    }

    [Test]
    [Proves("C15")]
    public async Task Report_that_says_the_same_again_over_a_connection_that_was_heard_is_answered_by_the_connections_word_alone()
    {
        SimulatedDevice pump = new(_server, "pump-0001");
        await pump.CheckInAsync();
        long ordinal = pump.Ordinal;
        _server.Clock.Now += TimeSpan.FromMinutes(1);
        using (HttpResponseMessage response = await pump.PostAsync(Unsigned(pump, pump.Report() with { Ordinal = long.MaxValue })))
        {
            Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        }

        JsonElement device = await _server.GetAsync("/api/v1/devices/pump-0001");
        Assert.That(device.GetProperty("last_seen").GetDateTimeOffset(), Is.EqualTo(_server.Clock.Now));
        pump.Ordinal = ordinal; // nothing else of it was taken: the next one in order is news
        await pump.CheckInAsync(ReportState.RolledBack, "r1-pump-0001");
        Assert.That((await _server.GetAsync("/api/v1/devices/pump-0001")).GetProperty("state").GetString(), Is.EqualTo("rolled_back"));
    }

    [TestCase("a new connection")]
    [TestCase("a connection that was heard ten minutes ago")]
    [TestCase("another device's name")]
    [TestCase("another product")]
    [TestCase("another state")]
    [TestCase("another release")]
    [TestCase("a deployment")]
    [TestCase("a rollout under way")]
    [Proves("C15")]
    public async Task A23_Report_that_could_change_anything_is_verified_on_every_connection(string what)
    {
        SimulatedDevice pump = new(_server, "pump-0001");
        await pump.CheckInAsync();
        DeviceReport report = pump.Report();
        switch (what)
        {
            case "a new connection": pump.Reconnect(); break;
            case "a connection that was heard ten minutes ago": _server.Clock.Now += TimeSpan.FromMinutes(10); break;
            case "another device's name": report = report with { Device = "pump-0002" }; break;
            case "another product": report = report with { Product = Manifest.ProductName.Parse("syringe-pump") }; break;
            case "another state": report = report with { State = ReportState.Confirmed }; break;
            case "another release": report = report with { RunningVersion = Manifest.ReleaseVersion.Parse("1.0.1") }; break;
            case "a deployment": report = report with { Deployment = "r1-pump-0001" }; break;
            default:
                _server.Source.Add(SampleRelease.Create(security: 2));
                using (HttpResponseMessage published = await _server.PublishAsync())
                {
                    await ServerUnderTest.ReadAsync(published, HttpStatusCode.OK);
                }

                JsonElement draft = await _server.PostAsync("/api/v1/rollouts", new { product = "infusion-pump", version = "1.1.0", stages = new object[] { new { name = "all" } }, abort_after_failures = 1 }, HttpStatusCode.Created);
                await _server.PostAsync($"/api/v1/rollouts/{draft.GetProperty("id").GetString()}/start");
                break;
        }

        using HttpResponseMessage response = await pump.PostAsync(Unsigned(pump, report));
        await ServerUnderTest.IsRefusedAsync(response, HttpStatusCode.BadRequest, "SignatureInvalid");
    }

    [Test]
    public async Task Certificate_that_ends_while_its_connection_is_open_is_good_no_longer()
    {
        SimulatedDevice pump = new(_server, "pump-0001", made => ServerUnderTest.DeviceCa.Issue("CN=pump-0001, OU=infusion-pump", made, TestCa.ClientAuthentication, _server.Clock.Now.AddMinutes(1)));
        await pump.CheckInAsync();
        _server.Clock.Now += TimeSpan.FromMinutes(2);
        using HttpResponseMessage response = await pump.PostAsync(pump.Sign(pump.Report()));
        await ServerUnderTest.IsRefusedAsync(response, HttpStatusCode.Unauthorized, "CertificateExpired");
    }

    /// <summary>A report with a signature that is nobody's.</summary>
    private static byte[] Unsigned(SimulatedDevice pump, DeviceReport report)
    {
        byte[] signed = pump.Sign(report);
        signed[^1] ^= 1;
        return signed;
    }

    private SimulatedDevice Exported(string name) => new(_server, name, key =>
    {
        X509Certificate2 certificate = ServerUnderTest.DeviceCa.IssueDevice(name, key);
        File.WriteAllText(_server.PathOf("device.pem"), certificate.ExportCertificatePem());
        File.WriteAllText(_server.PathOf("device.key"), key.ExportPkcs8PrivateKeyPem());
        return certificate;
    });

    /// <summary>Checks in once by openssl's client, and gives everything it says.</summary>
    private async Task<string> ConnectAsync(SimulatedDevice pump, string session, bool named = true)
    {
        byte[] report = pump.Sign(pump.Report());
        ProcessStartInfo start = new("openssl", [
            "s_client", "-connect", $"127.0.0.1:{_server.Address.Port}", .. named ? (string[])["-servername", "localhost"] : ["-noservername"], "-cert", _server.PathOf("device.pem"), "-key", _server.PathOf("device.key"),
            "-tls1_3", "-ign_eof", session, _server.PathOf("session.pem")])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        using Process client = Process.Start(start)!;
        Task<string> output = client.StandardOutput.ReadToEndAsync(), error = client.StandardError.ReadToEndAsync();
        await client.StandardInput.BaseStream.WriteAsync((byte[])[.. Encoding.ASCII.GetBytes($"POST /api/v1/check-in HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/cose\r\nContent-Length: {report.Length}\r\nConnection: close\r\n\r\n"), .. report]);
        await client.StandardInput.BaseStream.FlushAsync();
        await client.WaitForExitAsync();
        return await output + await error;
    }
}
