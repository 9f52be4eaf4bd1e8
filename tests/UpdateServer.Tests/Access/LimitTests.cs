using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Fota.Manifest;
using Fota.Manifest.Reports;
using Fota.TestKit;
using Fota.UpdateServer.Api.Access;
using Fota.UpdateServer.Configuration;
using Fota.UpdateServer.Tests.Support;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Http.Timeouts;

namespace Fota.UpdateServer.Tests.Access;

/// <summary>How often, how much and for how long somebody may ask.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class LimitTests : IAsyncDisposable
{
    private ServerUnderTest _server = null!;

    [SetUp]
    public async Task Start() => _server = await ServerUnderTest.StartAsync();

    public async ValueTask DisposeAsync() => await _server.DisposeAsync();

    [Test]
    [Proves("U-50", "U-51")]
    public async Task A53_An_address_that_asks_too_often_is_refused_before_anybody_is_asked_who_they_are()
    {
        await _server.RestartAsync(change: static s => s with { Rates = new RateSettings { AddressPerMinute = 3 } });
        using HttpClient nobody = _server.Bearer("fota_nothing");
        for (int i = 0; i < 3; i++)
        {
            using HttpResponseMessage guess = await nobody.GetAsync("/api/v1/devices");
            Assert.That(guess.StatusCode, Is.EqualTo(HttpStatusCode.Unauthorized));
        }

        using HttpResponseMessage refused = await nobody.GetAsync("/api/v1/devices"), health = await _server.Anonymous.GetAsync("/health");
        await IsTooMuchAsync(refused);
        await IsTooMuchAsync(health);
    }

    [Test]
    [Proves("U-50")]
    public async Task A53_A_device_that_asks_too_often_is_refused_and_the_others_are_not()
    {
        await _server.RestartAsync(change: static s => s with { Rates = new RateSettings { DevicePerMinute = 2 } });
        SimulatedDevice pump = new(_server, "pump-0001"), other = new(_server, "pump-0002");
        await pump.CheckInAsync();
        await pump.CheckInAsync();
        using HttpResponseMessage refused = await pump.PostAsync(pump.Sign(pump.Report()));
        await IsTooMuchAsync(refused);
        await other.CheckInAsync();
    }

    [Test]
    [Proves("U-53")]
    public async Task A53_A_device_that_says_something_new_too_often_is_refused_and_signs_of_life_and_the_others_are_not()
    {
        await _server.RestartAsync(change: static s => s with { Rates = new RateSettings { NewsPerMinute = 1 } });
        SimulatedDevice pump = new(_server, "pump-0001"), other = new(_server, "pump-0002");
        for (int i = 0; i < 5; i++)
        {
            await pump.CheckInAsync();
        }

        await pump.CheckInAsync(ReportState.Failed, "x");
        using HttpResponseMessage refused = await pump.PostAsync(pump.Sign(pump.Report(ReportState.Failed, "x")));
        await IsTooMuchAsync(refused);
        using HttpResponseMessage idle = await pump.PostAsync(pump.Sign(pump.Report()));
        await IsTooMuchAsync(idle);
        await other.CheckInAsync();
        Assert.That((await _server.GetAsync("/api/v1/devices")).EnumerateArray().Select(static d => d.GetProperty("state").GetString()), Is.EquivalentTo(new[] { "failed", "idle" }), "what was refused changed nothing");
    }

    [Test]
    [Proves("U-53")]
    public async Task A53_Whoever_has_the_name_of_another_products_device_uses_up_nothing_of_its_reports()
    {
        await _server.RestartAsync(change: static s => s with { Rates = new RateSettings { NewsPerMinute = 1 } });
        SimulatedDevice pump = new(_server, "pump-0001"), squatter = new(_server, "pump-0001", static key => ServerUnderTest.DeviceCa.IssueDevice("pump-0001", key, "ventilator"));
        using HttpResponseMessage assigned = await _server.Operator.PutAsJsonAsync("/api/v1/devices/pump-0001/product", new { product = "infusion-pump" });
        await ServerUnderTest.ReadAsync(assigned, HttpStatusCode.OK);
        foreach (HttpStatusCode status in (HttpStatusCode[])[HttpStatusCode.Forbidden, HttpStatusCode.Forbidden, HttpStatusCode.TooManyRequests])
        {
            using HttpResponseMessage response = await squatter.PostAsync(squatter.Sign(squatter.Report() with { Product = ProductName.Parse("ventilator") }));
            Assert.That(response.StatusCode, Is.EqualTo(status));
        }

        await pump.CheckInAsync();
    }

    [Test]
    [Proves("U-50")]
    public async Task A53_A_credential_that_asks_too_often_is_refused_and_the_others_are_not()
    {
        using HttpClient anna = await _server.JoinAsync("anna", new { role = "viewer" });
        string token = anna.DefaultRequestHeaders.Authorization!.Parameter!;
        await _server.RestartAsync(change: static s => s with { Rates = new RateSettings { PersonPerMinute = 1 } });
        using HttpClient again = _server.Bearer(token);
        using HttpResponseMessage first = await again.GetAsync("/api/v1/devices"), second = await again.GetAsync("/api/v1/devices"), other = await _server.Operator.GetAsync("/api/v1/devices");
        Assert.That((first.StatusCode, other.StatusCode), Is.EqualTo((HttpStatusCode.OK, HttpStatusCode.OK)));
        await IsTooMuchAsync(second);
    }

    [Test]
    [Proves("U-52")]
    public void A53_Every_endpoint_has_a_time_limit_but_those_that_devices_load_content_from()
    {
        Assert.That(
            _server.Endpoints.Where(static e => e.Metadata.GetMetadata<DisableRequestTimeoutAttribute>() is not null).SelectMany(static e => e.Metadata.OfType<AccessRow>()).Select(static r => $"{r.Method} {r.Pattern}"),
            Is.EquivalentTo(new[] { "GET /repo/{**path}", "HEAD /repo/{**path}" }));
        Assert.That(
            _server.Endpoints.Where(static e => e.Metadata.GetMetadata<RequestTimeoutPolicy>() is not null).SelectMany(static e => e.Metadata.OfType<AccessRow>().Select(r => (r.Pattern, e.Metadata.GetMetadata<RequestTimeoutPolicy>()!.Timeout))),
            Is.EqualTo(new[] { ("/api/v1/publications", (TimeSpan?)TimeSpan.FromHours(6)) }));
        Assert.That(
            _server.Endpoints.Where(static e => e.Metadata.GetMetadata<IRequestSizeLimitMetadata>()?.MaxRequestBodySize > ServerLimits.DefaultBodyBytes).SelectMany(static e => e.Metadata.OfType<AccessRow>()).Select(static r => r.Pattern),
            Is.EqualTo(new[] { "/api/v1/publications" }));
    }

    [Test]
    [Proves("U-52")]
    public async Task A53_A_body_that_does_not_come_is_given_up_in_words()
    {
        _server.RequestTimeout = TimeSpan.FromMilliseconds(1);
        await _server.RestartAsync();
        Assert.That(await ClaimAsync(40, "Timeout"), Does.StartWith("HTTP/1.1 504 Gateway Timeout"));
    }

    [Test]
    [Proves("U-52")]
    public async Task A53_A_report_that_claims_to_be_longer_than_any_memory_is_refused_by_its_length_alone() =>
        Assert.That(await ClaimAsync(1L << 40, "LimitExceeded"), Does.StartWith("HTTP/1.1 413 "));

    [Test]
    [Proves("U-50")]
    public void Rates_out_of_range_are_refused() =>
        Assert.That(() => _server.RestartAsync(change: static s => s with { Rates = new RateSettings { DevicePerMinute = -1 } }), Throws.TypeOf<ConfigurationException>().With.Message.EqualTo("rates.devicePerMinute: wanted 0 to 10000000, got -1"));

    /// <summary>Begins a report of a length that is only said, and gives the answer as far as its reason.</summary>
    private async Task<string> ClaimAsync(long length, string reason)
    {
        using TcpClient tcp = new();
        await tcp.ConnectAsync(IPAddress.Loopback, _server.Address.Port);
        await using SslStream tls = new(tcp.GetStream());
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "127.0.0.1", CertificateChainPolicy = TrustOnly(), ClientCertificates = [new SimulatedDevice(_server, "pump-0001").Certificate] });
        await tls.WriteAsync(Encoding.ASCII.GetBytes($"POST /api/v1/check-in HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/cose\r\nContent-Length: {length}\r\n\r\n{{"));

        // Not to the end: the server waits for the rest of the body a little longer, and hangs up then.
        StringBuilder answer = new();
        byte[] buffer = new byte[4096];
        while (!answer.ToString().Contains($"\"reason\":\"{reason}\"", StringComparison.Ordinal))
        {
            int read = await tls.ReadAsync(buffer);
            Assert.That(read, Is.Positive, answer.ToString());
            answer.Append(Encoding.ASCII.GetString(buffer, 0, read));
        }

        return answer.ToString();
    }

    private static System.Security.Cryptography.X509Certificates.X509ChainPolicy TrustOnly() => new()
    {
        TrustMode = System.Security.Cryptography.X509Certificates.X509ChainTrustMode.CustomRootTrust,
        RevocationMode = System.Security.Cryptography.X509Certificates.X509RevocationMode.NoCheck,
        CustomTrustStore = { ServerUnderTest.ServiceCa.Certificate },
    };

    private static async Task IsTooMuchAsync(HttpResponseMessage response)
    {
        await ServerUnderTest.IsRefusedAsync(response, HttpStatusCode.TooManyRequests, "TooManyRequests");
        Assert.That(response.Headers.RetryAfter, Is.InstanceOf<RetryConditionHeaderValue>().With.Property("Delta").GreaterThanOrEqualTo(TimeSpan.FromSeconds(1)));
    }
}
