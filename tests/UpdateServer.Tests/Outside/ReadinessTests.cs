using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Fota.TestKit;
using Fota.UpdateServer.Configuration;
using Fota.UpdateServer.Health;
using Fota.UpdateServer.Tests.Support;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Fota.UpdateServer.Tests.Outside;

/// <summary>What a load balancer is told of a server, by which name the trouble goes, and that the word changes when it is over.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class ReadinessTests : IAsyncDisposable
{
    private readonly ServerUnderTest _server = ServerUnderTest.StartAsync().GetAwaiter().GetResult();

    public async ValueTask DisposeAsync() => await _server.DisposeAsync();

    [Test]
    public async Task Server_with_a_fresh_publication_is_ready_and_nothing_is_wrong()
    {
        await PublishAsync();
        (HttpStatusCode status, JsonElement found) = await AskAsync();
        Assert.That(status, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(found.GetProperty("status").GetString(), Is.EqualTo("ok"), found.ToString());
        Assert.That(found.GetProperty("checks").EnumerateArray().Select(static c => $"{c.GetProperty("name")} {c.GetProperty("status")}"), Is.EqualTo(new[] { "content ok", "disk ok", "log ok", "publication ok", "revocation_lists ok", "store ok", "tls ok" }));
    }

    [Test]
    public async Task Server_without_a_publication_is_ready_and_says_that_it_has_none() => await IsFoundAsync("publication", "degraded", "nothing is published yet");

    [Test]
    public async Task Expired_timestamp_is_said_and_stops_no_report()
    {
        await PublishAsync();
        _server.Clock.Now = _server.Source.Repository.Timestamp.Expires;
        await IsFoundAsync("publication", "degraded", "devices take nothing new until the signer's machine publishes another");
    }

    [Test]
    public async Task Damaged_content_is_failing()
    {
        await PublishAsync();
        foreach (string file in Directory.EnumerateFiles(_server.PathOf("data/content"), "*", SearchOption.AllDirectories))
        {
            File.Delete(file);
        }

        await IsFoundAsync("publication", "failing", "content is away or damaged", HttpStatusCode.ServiceUnavailable);
        await IsFoundAsync("content", "failing", "got a store without it", HttpStatusCode.ServiceUnavailable);
    }

    [Test]
    public async Task Storage_that_goes_away_is_said_although_its_small_content_is_kept_in_memory()
    {
        await using AzuriteServer azurite = await AzuriteServer.StartAsync();
        await using ServerUnderTest server = await ServerUnderTest.StartAsync();
        BlobSettings blobs = await azurite.CreateContainerAsync();
        await server.RestartAsync(data: "azure", change: s => s with { Blobs = blobs });
        server.Source.Add(SampleRelease.Create());
        using (HttpResponseMessage published = await server.PublishAsync())
        {
            await ServerUnderTest.ReadAsync(published, HttpStatusCode.OK);
        }

        Assert.That(await server.Anonymous.GetStringAsync("/health/ready"), Does.Contain("""{"name":"content","status":"ok","detail":"the content store answers"}"""));
        await azurite.StopAsync();
        server.Clock.Now += TimeSpan.FromSeconds(1);
        string away = await server.Anonymous.GetStringAsync("/health/ready");
        Assert.That(away, Does.Contain("""{"name":"content","status":"degraded","detail":"wanted a content store that answers, got none""").And.Contain("""{"name":"publication","status":"ok","""));
    }

    [Test]
    public void Check_that_fails_by_itself_tells_whoever_asks_nothing_of_why()
    {
        HealthReportEntry entry = new(HealthStatus.Unhealthy, "28P01: password authentication failed for user \"fota\"", TimeSpan.Zero, new InvalidOperationException("28P01"), data: null);
        ReadinessView view = ReadinessView.Of(new HealthReport(new Dictionary<string, HealthReportEntry>(StringComparer.Ordinal) { ["store"] = entry }, TimeSpan.Zero));
        Assert.That(view.Checks, Is.EqualTo(new[] { new FindingView("store", "failing", "the check itself failed; the log says how") }));
    }

    [Test]
    public async Task List_of_what_an_authority_took_back_that_is_stale_is_said_and_stops_nobody_else()
    {
        TestCa pumps = new("Pump CA");
        await File.WriteAllTextAsync(_server.PathOf("pumps.pem"), pumps.Certificate.ExportCertificatePem());
        await File.WriteAllTextAsync(_server.PathOf("pumps.crl"), pumps.Revoke(1, _server.Clock.Now, _server.Clock.Now.AddDays(1)));
        AuthoritySettings authority = new() { CertificatesFile = _server.PathOf("pumps.pem"), CrlFiles = [_server.PathOf("pumps.crl")] };
        await _server.RestartAsync(change: s => s with { DeviceCaFile = null, DeviceCas = [authority] });
        await IsFoundAsync("revocation_lists", "ok", "every revocation list is fresh", overall: "degraded"); // as nothing is published
        _server.Clock.Now += TimeSpan.FromDays(2);
        await IsFoundAsync("revocation_lists", "degraded", "wanted a fresh revocation list of CN=Pump CA, got none: nobody whom it vouches for is let in");
    }

    [Test]
    public async Task Store_that_is_away_is_failing_until_it_is_there_again()
    {
        await using PostgresServer own = await PostgresServer.StartAsync();
        await using ServerPair pair = await ServerPair.StartAsync(await own.CreateDatabaseAsync());
        await own.StopAsync();
        using (HttpResponseMessage away = await pair.One.Anonymous.GetAsync("/health/ready"))
        {
            Assert.That(away.StatusCode, Is.EqualTo(HttpStatusCode.ServiceUnavailable));
            Assert.That(await away.Content.ReadAsStringAsync(), Does.Contain("""{"name":"store","status":"failing","detail":"wanted a store that answers, got none"""));
        }

        await own.RunAgainAsync();
        pair.One.Clock.Now += TimeSpan.FromSeconds(1);
        using HttpResponseMessage there = await pair.One.Anonymous.GetAsync("/health/ready");
        Assert.That(await there.Content.ReadAsStringAsync(), Does.Contain("""{"name":"store","status":"ok","detail":"the store answers"}"""));
    }

    [TestCase(null, "ok", "nobody has signed for the server's log yet")]
    [TestCase(5, "degraded", "nobody has signed for the server's log yet")]
    public async Task Log_that_nobody_signs_is_said_where_it_should_be_signed(int? minutes, string status, string detail)
    {
        await _server.RestartAsync(change: s => s with { Alarms = new AlarmSettings { UnsignedMinutes = minutes } });
        _server.Clock.Now += TimeSpan.FromMinutes(6);
        await IsFoundAsync("log", status, detail, overall: "degraded"); // as nothing is published
    }

    [Test]
    public async Task Log_that_is_not_signed_any_more_is_said_until_it_is()
    {
        await PublishAsync();
        AuditSigner signer = new();
        await signer.SignAsync(_server);
        await IsFoundAsync("log", "ok", "entries of the server's log are signed for");
        await new SimulatedDevice(_server, "pump-0001").CheckInAsync();
        _server.Clock.Now += TimeSpan.FromMinutes(61);
        await IsFoundAsync("log", "degraded", "and none that was written since");
        await signer.SignAsync(_server);
        _server.Clock.Now += TimeSpan.FromSeconds(1);
        await IsFoundAsync("log", "ok", "entries of the server's log are signed for");
    }

    [TestCase(255L, "degraded", HttpStatusCode.OK)]
    [TestCase(15L, "failing", HttpStatusCode.ServiceUnavailable)]
    public async Task Full_disk_is_said_before_it_is_full(long mebibytes, string status, HttpStatusCode code)
    {
        _server.FreeSpace = mebibytes * 1024 * 1024;
        await IsFoundAsync("disk", status, $"the data folder's disk has room for {mebibytes} MiB", code);
    }

    [TestCase(13, "degraded", HttpStatusCode.OK)]
    [TestCase(-1, "failing", HttpStatusCode.ServiceUnavailable)]
    public async Task End_of_the_servers_own_certificate_is_said_two_weeks_before(int days, string status, HttpStatusCode code)
    {
        using X509Certificate2 certificate = X509Certificate2.CreateFromPem(await File.ReadAllTextAsync(_server.PathOf("server.pem")));
        _server.Clock.Now = new DateTimeOffset(certificate.NotAfter).AddDays(-days);
        await IsFoundAsync("tls", status, "the server's certificate is good from", code);
    }

    [Test]
    public async Task Trouble_that_is_over_is_not_said_any_more()
    {
        await PublishAsync();
        _server.FreeSpace = 0;
        Assert.That((await AskAsync()).Status, Is.EqualTo(HttpStatusCode.ServiceUnavailable));
        _server.FreeSpace = null;
        Assert.That((await AskAsync()).Status, Is.EqualTo(HttpStatusCode.ServiceUnavailable), "looked at twice in a second");
        _server.Clock.Now += TimeSpan.FromSeconds(1);
        Assert.That((await AskAsync()).Status, Is.EqualTo(HttpStatusCode.OK));
    }

    private async Task PublishAsync()
    {
        _server.Source.Add(SampleRelease.Create(security: 2));
        using HttpResponseMessage published = await _server.PublishAsync();
        await ServerUnderTest.ReadAsync(published, HttpStatusCode.OK);
    }

    private async Task IsFoundAsync(string check, string status, string detail, HttpStatusCode code = HttpStatusCode.OK, string? overall = null)
    {
        (HttpStatusCode answered, JsonElement found) = await AskAsync();
        JsonElement finding = found.GetProperty("checks").EnumerateArray().Single(c => c.GetProperty("name").GetString() == check);
        Assert.That(finding.GetProperty("status").GetString(), Is.EqualTo(status), found.ToString());
        Assert.That(finding.GetProperty("detail").GetString(), Does.Contain(detail));
        Assert.That(found.GetProperty("status").GetString(), Is.EqualTo(overall ?? status), found.ToString());
        Assert.That(answered, Is.EqualTo(code));
    }

    private async Task<(HttpStatusCode Status, JsonElement Found)> AskAsync()
    {
        using HttpResponseMessage response = await _server.Anonymous.GetAsync("/health/ready");
        return (response.StatusCode, JsonSerializer.Deserialize<JsonElement>(await response.Content.ReadAsStringAsync()));
    }
}
