using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Fota.Manifest;
using Fota.Manifest.Reports;
using Fota.UpdateServer.Tests.Support;

namespace Fota.UpdateServer.Tests.Api;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class CheckInTests : IAsyncDisposable
{
    private readonly ServerUnderTest _server = ServerUnderTest.StartAsync().GetAwaiter().GetResult();

    public async ValueTask DisposeAsync() => await _server.DisposeAsync();

    [Test]
    public async Task The_first_check_in_registers_the_device()
    {
        SimulatedDevice pump = new(_server, "pump-0001");
        Assert.That(await pump.CheckInAsync(), Is.Null);
        JsonElement device = (await _server.GetAsync("/api/v1/devices")).EnumerateArray().Single();
        Assert.That(device.GetProperty("device").GetString(), Is.EqualTo("pump-0001"));
        Assert.That(device.GetProperty("product").GetString(), Is.EqualTo("infusion-pump"));
        Assert.That(device.GetProperty("version").GetString(), Is.EqualTo("1.0.0"));
        Assert.That(device.GetProperty("slot").GetString(), Is.EqualTo("A"));
        Assert.That(device.GetProperty("floor").GetInt32(), Is.EqualTo(1));
        Assert.That(device.GetProperty("state").GetString(), Is.EqualTo("idle"));
        Assert.That(device.GetProperty("manifest_digest").GetString(), Is.EqualTo(pump.Running.ToString()));
        Assert.That(device.GetProperty("deployment").ValueKind, Is.EqualTo(JsonValueKind.Null));
        Assert.That(device.GetProperty("last_seen").GetDateTimeOffset(), Is.EqualTo(_server.Clock.Now));
    }

    [Test]
    public async Task A_failure_is_shown_with_its_reason()
    {
        SimulatedDevice pump = new(_server, "pump-0001");
        await pump.CheckInAsync(pump.Report(ReportState.RolledBack, "r1-pump-0001") with { Reason = RejectionReason.FailedBefore, Detail = "health: pressure sensor" });
        JsonElement device = (await _server.GetAsync("/api/v1/devices")).EnumerateArray().Single();
        Assert.That(device.GetProperty("state").GetString(), Is.EqualTo("rolled_back"));
        Assert.That(device.GetProperty("reason").GetString(), Is.EqualTo("FailedBefore"));
        Assert.That(device.GetProperty("detail").GetString(), Is.EqualTo("health: pressure sensor"));
    }

    [Test]
    public async Task Without_a_certificate_it_is_unauthorized()
    {
        SimulatedDevice pump = new(_server, "pump-0001");
        using ByteArrayContent content = new(pump.Sign(pump.Report()));
        content.Headers.ContentType = new("application/cose");
        using HttpResponseMessage response = await _server.Operator.PostAsync("/api/v1/check-in", content);
        await ServerUnderTest.IsRefusedAsync(response, HttpStatusCode.Unauthorized, "Unauthorized");
        await HasNoDevicesAsync();
    }

    [TestCaseSource(nameof(WrongCertificates))]
    public async Task A01_A_certificate_that_is_not_a_devices_is_unauthorized(string what, Func<ECDsa, X509Certificate2> issue)
    {
        SimulatedDevice pump = new(_server, "pump-0001", issue);
        using HttpResponseMessage response = await pump.PostAsync(pump.Sign(pump.Report()));
        await ServerUnderTest.IsRefusedAsync(response, HttpStatusCode.Unauthorized, what == "expired" ? "CertificateExpired" : "Unauthorized");
        await HasNoDevicesAsync();
    }

    [Test]
    public async Task A44_A_report_for_another_device_is_forbidden_and_changes_nothing()
    {
        SimulatedDevice honest = new(_server, "pump-0001");
        await honest.CheckInAsync();
        string before = (await _server.GetAsync("/api/v1/devices")).ToString();
        SimulatedDevice thief = new(_server, "pump-0002");
        using HttpResponseMessage response = await thief.PostAsync(thief.Sign(honest.Report(ReportState.Confirmed)));
        await ServerUnderTest.IsRefusedAsync(response, HttpStatusCode.Forbidden, "ForeignReport");
        Assert.That((await _server.GetAsync("/api/v1/devices")).ToString(), Is.EqualTo(before));
    }

    [Test]
    public async Task A44_A_report_signed_by_another_devices_key_is_refused()
    {
        SimulatedDevice honest = new(_server, "pump-0001");
        SimulatedDevice thief = new(_server, "pump-0002");
        using HttpResponseMessage response = await thief.PostAsync(honest.Sign(honest.Report()));
        await ServerUnderTest.IsRefusedAsync(response, HttpStatusCode.BadRequest, "SignatureInvalid");
        await HasNoDevicesAsync();
    }

    [Test]
    public async Task A44_A_report_for_another_product_is_forbidden()
    {
        SimulatedDevice pump = new(_server, "pump-0001");
        using HttpResponseMessage response = await pump.PostAsync(pump.Sign(pump.Report() with { Product = ProductName.Parse("ventilator") }));
        await ServerUnderTest.IsRefusedAsync(response, HttpStatusCode.Forbidden, "ForeignReport");
        await HasNoDevicesAsync();
    }

    [Test]
    public async Task A44_A_device_does_not_change_its_product()
    {
        SimulatedDevice pump = new(_server, "pump-0001");
        await pump.CheckInAsync();
        SimulatedDevice other = new(_server, "pump-0001", static key => ServerUnderTest.DeviceCa.IssueDevice("pump-0001", key, "ventilator")) { Ordinal = 5 };
        using HttpResponseMessage response = await other.PostAsync(other.Sign(other.Report() with { Product = ProductName.Parse("ventilator") }));
        await ServerUnderTest.IsRefusedAsync(response, HttpStatusCode.Forbidden, "ForeignReport");
    }

    [Test]
    public async Task A46_A_repeated_report_changes_nothing_and_is_answered()
    {
        SimulatedDevice pump = new(_server, "pump-0001");
        byte[] signed = pump.Sign(pump.Report(ReportState.Installing, "r1-pump-0001"));
        await ServerUnderTest.ReadAsync(await pump.PostAsync(signed), HttpStatusCode.OK);
        string before = (await _server.GetAsync("/api/v1/devices")).ToString();
        _server.Clock.Now += TimeSpan.FromMinutes(1);
        await ServerUnderTest.ReadAsync(await pump.PostAsync(signed), HttpStatusCode.OK);
        Assert.That((await _server.GetAsync("/api/v1/devices")).ToString(), Is.EqualTo(before));
    }

    [Test]
    public async Task A46_A_late_report_changes_nothing_and_is_answered()
    {
        SimulatedDevice pump = new(_server, "pump-0001");
        DeviceReport late = pump.Report(ReportState.Failed, "r1-pump-0001");
        await pump.CheckInAsync();
        string before = (await _server.GetAsync("/api/v1/devices")).ToString();
        Assert.That(await pump.CheckInAsync(late), Is.Null);
        await _server.RestartAsync();
        Assert.That((await _server.GetAsync("/api/v1/devices")).ToString(), Is.EqualTo(before));
    }

    [Test]
    public async Task A46_A_nonce_used_twice_is_a_repeat_whatever_its_ordinal()
    {
        SimulatedDevice pump = new(_server, "pump-0001");
        DeviceReport first = pump.Report();
        await pump.CheckInAsync(first);
        await pump.CheckInAsync(first with { Ordinal = 9, RunningVersion = ReleaseVersion.Parse("9.0.0") });
        Assert.That((await _server.GetAsync("/api/v1/devices"))[0].GetProperty("version").GetString(), Is.EqualTo("1.0.0"));
    }

    [Test]
    public async Task A53_Oversized_and_foreign_bodies_are_refused()
    {
        SimulatedDevice pump = new(_server, "pump-0001");
        using (HttpResponseMessage large = await pump.PostAsync(new byte[64 * 1024]))
        {
            await ServerUnderTest.IsRefusedAsync(large, HttpStatusCode.RequestEntityTooLarge, "LimitExceeded");
        }

        pump.Reconnect(); // the server hangs up on who sends too much
        using (HttpResponseMessage noise = await pump.PostAsync("noise"u8.ToArray()))
        {
            await ServerUnderTest.IsRefusedAsync(noise, HttpStatusCode.BadRequest, "Malformed");
        }

        using HttpResponseMessage type = await pump.PostAsync(pump.Sign(pump.Report()), "application/json");
        await ServerUnderTest.IsRefusedAsync(type, HttpStatusCode.UnsupportedMediaType, "UnsupportedMediaType");
        await HasNoDevicesAsync();
    }

    [Test]
    public async Task A53_A_report_that_does_not_say_its_length_is_taken_and_held_to_the_same_limit()
    {
        SimulatedDevice pump = new(_server, "pump-0001");
        foreach ((byte[] body, HttpStatusCode wanted) in ((byte[], HttpStatusCode)[])[(pump.Sign(pump.Report()), HttpStatusCode.OK), (new byte[64 * 1024], HttpStatusCode.RequestEntityTooLarge)])
        {
            using HttpClient client = _server.Client(pump.Certificate);
            using HttpRequestMessage request = new(HttpMethod.Post, "/api/v1/check-in") { Content = new ByteArrayContent(body), Headers = { TransferEncodingChunked = true } };
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/cose");
            using HttpResponseMessage response = await client.SendAsync(request);
            Assert.That(response.StatusCode, Is.EqualTo(wanted));
        }
    }

    [Test]
    public async Task A53_Oversized_headers_are_refused()
    {
        using HttpRequestMessage request = new(HttpMethod.Get, "/health");
        request.Headers.Add("X-Large", new string('x', 20_000));
        using HttpResponseMessage response = await _server.Anonymous.SendAsync(request);
        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.RequestHeaderFieldsTooLarge));
    }

    [Test]
    public async Task A23_Every_bit_flip_of_a_report_is_refused()
    {
        SimulatedDevice pump = new(_server, "pump-0001");
        byte[] signed = pump.Sign(pump.Report());
        for (int bit = 0; bit < 8 * signed.Length; bit += 5)
        {
            byte[] flipped = [.. signed];
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            using HttpResponseMessage response = await pump.PostAsync(flipped);
            Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.BadRequest), $"bit {bit}");
        }

        await HasNoDevicesAsync();
    }

    private static IEnumerable<TestCaseData> WrongCertificates()
    {
        const string Subject = "CN=pump-0001, OU=infusion-pump";
        TestCaseData Case(string what, Func<ECDsa, X509Certificate2> issue) => new TestCaseData(what, issue).SetArgDisplayNames(what);
        yield return Case("foreign CA with the right name", static key => new TestCa("Device CA").Issue(Subject, key, TestCa.ClientAuthentication));
        yield return Case("self-signed", static key =>
            new CertificateRequest(Subject, key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UnixEpoch, new DateTimeOffset(2060, 1, 1, 0, 0, 0, TimeSpan.Zero)));
        yield return Case("for servers", static key => ServerUnderTest.DeviceCa.Issue(Subject, key, TestCa.ServerAuthentication));
        yield return Case("for no purpose", static key => ServerUnderTest.DeviceCa.Issue(Subject, key, null));
        yield return Case("expired", static key => ServerUnderTest.DeviceCa.Issue(Subject, key, TestCa.ClientAuthentication, new DateTimeOffset(2025, 12, 31, 0, 0, 0, TimeSpan.Zero)));
        yield return Case("a CA's", static key => ServerUnderTest.DeviceCa.Issue(Subject, key, TestCa.ClientAuthentication, authority: true));
        yield return Case("without a product", static key => ServerUnderTest.DeviceCa.Issue("CN=pump-0001", key, TestCa.ClientAuthentication));
        yield return Case("with two names", static key => ServerUnderTest.DeviceCa.Issue("CN=pump-0001, CN=pump-0002, OU=infusion-pump", key, TestCa.ClientAuthentication));
        yield return Case("with a name that is none", static key => ServerUnderTest.DeviceCa.Issue("CN=\"../pump\", OU=infusion-pump", key, TestCa.ClientAuthentication));
    }

    private async Task HasNoDevicesAsync() => Assert.That((await _server.GetAsync("/api/v1/devices")).GetArrayLength(), Is.Zero);
}
