using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Fota.TestKit;
using Fota.UpdateServer.Tests.Support;

namespace Fota.UpdateServer.Tests.Enrolment;

/// <summary>What a device asks of the server for its next certificate (docs/spec/device-identity.md).</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class EstTests : IAsyncDisposable
{
    private ServerUnderTest _server = null!;
    private RenewingDevice _pump = null!;

    [SetUp]
    public async Task StartServer()
    {
        _server = await ServerUnderTest.StartAsync();
        _pump = new RenewingDevice(_server, end: _server.Clock.Now.AddDays(30));
    }

    public async ValueTask DisposeAsync() => await _server.DisposeAsync();

    [Test]
    [Proves("I-11")]
    public async Task Request_waits_for_the_authority_and_the_certificate_is_there_when_it_has_answered()
    {
        await _pump.WaitsAsync();
        await _pump.WaitsAsync();
        using X509Certificate2 renewed = _pump.Renewed();
        using (HttpResponseMessage taken = await _pump.IssueAsync(renewed.RawData))
        {
            Assert.That(taken.StatusCode, Is.EqualTo(HttpStatusCode.NoContent));
        }

        for (int i = 0; i < 2; i++)
        {
            using HttpResponseMessage answer = await _pump.AskAsync();
            Assert.That((answer.StatusCode, answer.Content.Headers.ContentType?.ToString()), Is.EqualTo((HttpStatusCode.OK, "application/pkcs7-mime; smime-type=certs-only")));
            Assert.That(answer.Headers.GetValues("Content-Transfer-Encoding"), Is.EqualTo(new[] { "base64" }));
            Assert.That(Printed(await answer.Content.ReadAsStringAsync()), Is.EqualTo(new[] { renewed.ExportCertificatePem() }));
        }

        Assert.That((await _server.GetAsync("/api/v1/enrolments")).GetArrayLength(), Is.Zero);
    }

    [Test]
    [Proves("I-13")]
    public async Task Anybody_may_ask_for_the_device_ca_in_the_form_of_the_rfc()
    {
        using HttpResponseMessage answer = await _server.Anonymous.GetAsync("/.well-known/est/cacerts");
        Assert.That((answer.StatusCode, answer.Content.Headers.ContentType?.ToString()), Is.EqualTo((HttpStatusCode.OK, "application/pkcs7-mime")));
        Assert.That(Printed(await answer.Content.ReadAsStringAsync()), Is.EqualTo(new[] { ServerUnderTest.DeviceCa.Certificate.ExportCertificatePem() }));
    }

    [Test]
    [Proves("I-14")]
    public async Task Authority_is_shown_the_request_as_the_device_made_it()
    {
        await _pump.WaitsAsync();
        JsonElement shown = (await _server.GetAsync("/api/v1/enrolments")).EnumerateArray().Single();
        Assert.That(shown.GetProperty("request").GetBytesFromBase64(), Is.EqualTo(_pump.Request));
        Assert.That((shown.GetProperty("device").GetString(), shown.GetProperty("product").GetString(), shown.GetProperty("request_digest").GetString()), Is.EqualTo(("pump-0001", "infusion-pump", _pump.Digest)));
    }

    [Test]
    [Proves("I-11")]
    public async Task Refusal_of_the_authority_is_told_and_after_a_while_it_is_asked_again()
    {
        await _pump.WaitsAsync();
        await RefuseAsync("device pump-0001: wanted one that was certified before");
        using (HttpResponseMessage refused = await _pump.AskAsync())
        {
            Assert.That(refused.Headers.RetryAfter?.Delta, Is.EqualTo(TimeSpan.FromHours(1)));
            await ServerUnderTest.IsRefusedAsync(refused, HttpStatusCode.Forbidden, "RenewalRefused");
            Assert.That(await refused.Content.ReadAsStringAsync(), Does.Contain("wanted one that was certified before"));
        }

        Assert.That((await _server.GetAsync("/api/v1/enrolments")).GetArrayLength(), Is.Zero);
        _server.Clock.Now += TimeSpan.FromHours(1);
        await _pump.WaitsAsync();
        Assert.That((await _server.GetAsync("/api/v1/enrolments")).GetArrayLength(), Is.EqualTo(1));
    }

    [Test]
    [Proves("I-11")]
    public async Task Request_that_was_answered_with_the_certificate_in_use_is_a_new_one()
    {
        await _pump.WaitsAsync();
        using (HttpResponseMessage taken = await _pump.IssueAsync(_pump.Certificate.RawData))
        {
            Assert.That(taken.StatusCode, Is.EqualTo(HttpStatusCode.NoContent));
        }

        await _pump.WaitsAsync();
    }

    [Test]
    [Proves("I-12")]
    public async Task A53_Device_has_one_request_at_a_time()
    {
        await _pump.WaitsAsync();
        byte[] second = Body(RenewingDevice.Make(_pump.Certificate.SubjectName, _pump.Key));
        _server.Clock.Now += TimeSpan.FromMinutes(20);
        using (HttpResponseMessage early = await _pump.AskAsync(second))
        {
            Assert.That(early.Headers.RetryAfter?.Delta, Is.EqualTo(TimeSpan.FromMinutes(40)));
            await ServerUnderTest.IsRefusedAsync(early, HttpStatusCode.TooManyRequests, "TooManyRequests");
        }

        _server.Clock.Now += TimeSpan.FromMinutes(40);
        using (HttpResponseMessage late = await _pump.AskAsync(second))
        {
            Assert.That(late.StatusCode, Is.EqualTo(HttpStatusCode.Accepted));
        }

        JsonElement shown = (await _server.GetAsync("/api/v1/enrolments")).EnumerateArray().Single();
        Assert.That(Body(shown.GetProperty("request").GetBytesFromBase64()), Is.EqualTo(second));
        using HttpResponseMessage gone = await _pump.IssueAsync(_pump.Renewed().RawData);
        await ServerUnderTest.IsRefusedAsync(gone, HttpStatusCode.NotFound, "NotFound");
    }

    [Test]
    [Proves("I-15")]
    public async Task A48_Request_and_answer_outlast_the_server()
    {
        await _pump.WaitsAsync();
        await _server.RestartAsync();
        _pump.Reconnect();
        await _pump.WaitsAsync();
        using X509Certificate2 renewed = _pump.Renewed();
        using (HttpResponseMessage taken = await _pump.IssueAsync(renewed.RawData))
        {
            Assert.That(taken.StatusCode, Is.EqualTo(HttpStatusCode.NoContent));
        }

        await _server.RestartAsync();
        _pump.Reconnect();
        using HttpResponseMessage answer = await _pump.AskAsync();
        Assert.That(Printed(await answer.Content.ReadAsStringAsync()), Is.EqualTo(new[] { renewed.ExportCertificatePem() }));
    }

    [Test]
    [Proves("I-14")]
    public async Task Answer_that_was_lost_comes_again_and_no_other_one_takes_its_place()
    {
        await _pump.WaitsAsync();
        using X509Certificate2 renewed = _pump.Renewed(), other = _pump.Renewed();
        using (HttpResponseMessage first = await _pump.IssueAsync(renewed.RawData), again = await _pump.IssueAsync(renewed.RawData))
        {
            Assert.That((first.StatusCode, again.StatusCode), Is.EqualTo((HttpStatusCode.NoContent, HttpStatusCode.NoContent)));
        }

        using HttpResponseMessage late = await _pump.IssueAsync(other.RawData);
        await ServerUnderTest.IsRefusedAsync(late, HttpStatusCode.NotFound, "NotFound");
    }

    [TestCase("another key")]
    [TestCase("another device")]
    [TestCase("another authority")]
    [TestCase("no certificate")]
    [TestCase("expired")]
    [Proves("I-14")]
    public async Task Certificate_that_the_device_could_not_use_here_is_not_taken(string what)
    {
        await _pump.WaitsAsync();
        using ECDsa stranger = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        byte[] wrong = what switch
        {
            "another key" => _pump.Renewed(key: stranger).RawData,
            "another device" => _pump.Renewed(subject: "CN=pump-0002, OU=infusion-pump").RawData,
            "another authority" => new TestCa("Device CA").Issue(_pump.Certificate.Subject, _pump.Key, TestCa.ClientAuthentication).RawData,
            "expired" => _pump.Renewed(end: _server.Clock.Now.AddDays(-1)).RawData,
            _ => "certificate"u8.ToArray(),
        };
        using (HttpResponseMessage answer = await _pump.IssueAsync(wrong))
        {
            await ServerUnderTest.IsRefusedAsync(answer, HttpStatusCode.UnprocessableEntity, what switch { "expired" => "CertificateExpired", "no certificate" => "Malformed", _ => "ForeignCertificate" });
        }

        await _pump.WaitsAsync();
    }

    [Test]
    [Proves("I-10")]
    public async Task Request_with_another_key_is_refused()
    {
        using ECDsa stranger = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await IsForbiddenAsync(RenewingDevice.Make(_pump.Certificate.SubjectName, stranger), "the key of the certificate that was shown");
    }

    [TestCase("CN=pump-0002, OU=infusion-pump")]
    [TestCase("CN=pump-0001, OU=ventilator")]
    [TestCase("OU=infusion-pump, CN=pump-0001")]
    [Proves("I-10")]
    public async Task A44_Request_for_another_subject_is_refused(string subject) =>
        await IsForbiddenAsync(RenewingDevice.Make(new X500DistinguishedName(subject), _pump.Key), "the subject of the certificate that was shown");

    [Test]
    [Proves("I-10")]
    public async Task Body_that_is_no_request_is_refused()
    {
        byte[] unsigned = [.. _pump.Request];
        unsigned[^1] ^= 1;
        foreach ((byte[] body, string reason) in new[] { ("no base64!"u8.ToArray(), "Malformed"), (Body("no request"u8.ToArray()), "Malformed"), (Body(unsigned), "Malformed"), (Body([.. _pump.Request, 0]), "TrailingData") })
        {
            using HttpResponseMessage response = await _pump.AskAsync(body);
            await ServerUnderTest.IsRefusedAsync(response, HttpStatusCode.BadRequest, reason);
        }

        using HttpResponseMessage type = await _pump.AskAsync(Body(_pump.Request), "text/plain");
        await ServerUnderTest.IsRefusedAsync(type, HttpStatusCode.UnsupportedMediaType, "UnsupportedMediaType");
        Assert.That((await _server.GetAsync("/api/v1/enrolments")).GetArrayLength(), Is.Zero);
    }

    [Test]
    [Proves("I-10")]
    public async Task A53_Longer_bodies_are_not_read()
    {
        using HttpResponseMessage response = await _pump.AskAsync(new byte[5000]);
        await ServerUnderTest.IsRefusedAsync(response, HttpStatusCode.RequestEntityTooLarge, "LimitExceeded");
    }

    [TestCase("simpleenroll")]
    [TestCase("serverkeygen")]
    [TestCase("fullcmc")]
    [Proves("I-10")]
    public async Task Other_operations_are_not_offered(string operation)
    {
        using HttpResponseMessage response = await _pump.AskAsync(Body(_pump.Request), operation: operation);
        await ServerUnderTest.IsRefusedAsync(response, HttpStatusCode.NotFound, "NotFound");
    }

    [Test]
    [Proves("I-10")]
    public async Task A01_Without_a_certificate_nothing_is_renewed()
    {
        using ByteArrayContent content = new(Body(_pump.Request)) { Headers = { ContentType = new("application/pkcs10") } };
        using HttpResponseMessage response = await _server.Anonymous.PostAsync("/.well-known/est/simplereenroll", content);
        await ServerUnderTest.IsRefusedAsync(response, HttpStatusCode.Unauthorized, "Unauthorized");
    }

    [TestCase("GET", "")]
    [TestCase("POST", "/0000000000000000000000000000000000000000000000000000000000000000/refusal")]
    [Proves("I-14")]
    public async Task A45_Requests_are_for_the_authority_alone(string method, string path)
    {
        using HttpRequestMessage request = new(new HttpMethod(method), $"/api/v1/enrolments{path}");
        using HttpResponseMessage response = await _server.Client(_pump.Certificate).SendAsync(request);
        await ServerUnderTest.IsRefusedAsync(response, HttpStatusCode.Unauthorized, "Unauthorized");
    }

    private static byte[] Body(byte[] request) => Encoding.ASCII.GetBytes(Convert.ToBase64String(request));

    /// <summary>What another program finds in base64 of PKCS#7: certificates, as PEM.</summary>
    private static string[] Printed(string body)
    {
        ProcessStartInfo start = new("openssl", ["pkcs7", "-print_certs"]) { RedirectStandardInput = true, RedirectStandardOutput = true, UseShellExecute = false };
        using Process openssl = Process.Start(start)!;
        openssl.StandardInput.Write($"-----BEGIN PKCS7-----\n{body.ReplaceLineEndings("\n").TrimEnd()}\n-----END PKCS7-----\n");
        openssl.StandardInput.Close();
        string text = openssl.StandardOutput.ReadToEnd();
        openssl.WaitForExit();
        Assert.That(openssl.ExitCode, Is.Zero, body);
        return [.. text.Split("-----BEGIN ").Skip(1).Select(static c => "-----BEGIN " + c[..(c.IndexOf("-----END CERTIFICATE-----", StringComparison.Ordinal) + 25)])];
    }

    private async Task IsForbiddenAsync(byte[] request, string why)
    {
        using HttpResponseMessage response = await _pump.AskAsync(Body(request));
        await ServerUnderTest.IsRefusedAsync(response, HttpStatusCode.Forbidden, "ForeignCertificate");
        Assert.That(await response.Content.ReadAsStringAsync(), Does.Contain(why));
        Assert.That((await _server.GetAsync("/api/v1/enrolments")).GetArrayLength(), Is.Zero);
    }

    private async Task RefuseAsync(string why)
    {
        using StringContent content = new(JsonSerializer.Serialize(new { detail = why }), Encoding.UTF8, "application/json");
        using HttpResponseMessage response = await _server.Operator.PostAsync($"/api/v1/enrolments/{_pump.Digest}/refusal", content);
        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.NoContent));
    }
}
