using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Fota.TestKit;
using Fota.UpdateServer.Certificates;
using Fota.UpdateServer.Configuration;
using Fota.UpdateServer.Devices;
using Fota.UpdateServer.Tests.Support;

namespace Fota.UpdateServer.Tests.Enrolment;

/// <summary>What a device may still do with a certificate that has expired: what policy says, and by default nothing.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class ExpiredCertificateTests : IAsyncDisposable
{
    private ServerUnderTest _server = null!;

    [SetUp]
    public async Task StartServer() => _server = await ServerUnderTest.StartAsync();

    public async ValueTask DisposeAsync() => await _server.DisposeAsync();

    [Test]
    [Proves("I-16")]
    public async Task Expired_certificate_is_good_for_nothing_unless_policy_says_so()
    {
        Assert.That(await UpdatesAsync(expiredDays: 1), Is.EqualTo((HttpStatusCode.Unauthorized, "CertificateExpired")));
        Assert.That(await RenewalAsync(expiredDays: 1), Is.EqualTo((HttpStatusCode.Unauthorized, "CertificateExpired")));
    }

    [TestCase(CertificateUse.Updates, HttpStatusCode.OK, HttpStatusCode.Unauthorized)]
    [TestCase(CertificateUse.Reenrolment, HttpStatusCode.Unauthorized, HttpStatusCode.Accepted)]
    [Proves("I-16")]
    public async Task Grace_is_for_what_policy_names_and_for_nothing_else(CertificateUse use, HttpStatusCode updates, HttpStatusCode renewal)
    {
        await AllowAsync(90, use);
        Assert.That((await UpdatesAsync(expiredDays: 89)).Status, Is.EqualTo(updates));
        Assert.That((await RenewalAsync(expiredDays: 89)).Status, Is.EqualTo(renewal));
    }

    [Test]
    [Proves("I-16")]
    public async Task Grace_ends()
    {
        await AllowAsync(90, CertificateUse.Updates, CertificateUse.Reenrolment);
        Assert.That((await UpdatesAsync(expiredDays: 90)).Status, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(await UpdatesAsync(expiredDays: 91), Is.EqualTo((HttpStatusCode.Unauthorized, "CertificateExpired")));
        Assert.That(await RenewalAsync(expiredDays: 91), Is.EqualTo((HttpStatusCode.Unauthorized, "CertificateExpired")));
    }

    [Test]
    [Proves("I-16")]
    public async Task A01_Grace_forgives_nothing_but_time()
    {
        await AllowAsync(90, CertificateUse.Updates, CertificateUse.Reenrolment);
        DateTimeOffset end = _server.Clock.Now.AddDays(-1);
        const string Subject = "CN=pump-0001, OU=infusion-pump";
        foreach (Func<ECDsa, X509Certificate2> wrong in new Func<ECDsa, X509Certificate2>[]
        {
            key => new TestCa("Device CA").Issue(Subject, key, TestCa.ClientAuthentication, end),
            key => ServerUnderTest.DeviceCa.Issue(Subject, key, TestCa.ServerAuthentication, end),
            key => ServerUnderTest.DeviceCa.Issue(Subject, key, null, end),
            key => ServerUnderTest.DeviceCa.Issue(Subject, key, TestCa.ClientAuthentication, end, authority: true),
            key => ServerUnderTest.DeviceCa.Issue("CN=pump-0001", key, TestCa.ClientAuthentication, end),
        })
        {
            SimulatedDevice pump = new(_server, "pump-0001", wrong);
            using HttpResponseMessage response = await pump.PostAsync(pump.Sign(pump.Report()));
            await ServerUnderTest.IsRefusedAsync(response, HttpStatusCode.Unauthorized, "Unauthorized");
        }
    }

    [Test]
    [Proves("I-16")]
    public void A01_Grace_does_not_extend_to_the_authority()
    {
        ManualClock clock = new(new DateTimeOffset(2060, 1, 2, 0, 0, 0, TimeSpan.Zero)); // the test CA ends with 2059
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 certificate = ServerUnderTest.DeviceCa.IssueDevice("pump-0001", key);
        DeviceCertificates certificates = new([new RegisteredAuthority([ServerUnderTest.DeviceCa.Certificate], null, null)], ExpiredCertificatePolicy.Allow(90, [CertificateUse.Updates]), NoRevocations.Create(clock), clock);
        Assert.That(certificates.Identify(certificate, CertificateUse.Updates).Refused?.Reason, Is.EqualTo(Manifest.RejectionReason.ForeignCertificate));
        clock.Now = clock.Now.AddDays(-3);
        Assert.That(certificates.Identify(certificate, CertificateUse.Updates).Refused, Is.Null);
    }

    [Test]
    [Proves("I-16")]
    public async Task Certificate_that_is_not_valid_yet_gets_no_grace()
    {
        await AllowAsync(3650, CertificateUse.Updates, CertificateUse.Reenrolment);
        SimulatedDevice pump = new(_server, "pump-0001");
        _server.Clock.Now = new DateTimeOffset(2019, 12, 1, 0, 0, 0, TimeSpan.Zero);
        using HttpResponseMessage response = await pump.PostAsync(pump.Sign(pump.Report()));
        await ServerUnderTest.IsRefusedAsync(response, HttpStatusCode.Unauthorized, "Unauthorized");
    }

    private Task AllowAsync(int days, params CertificateUse[] uses) => _server.RestartAsync(change: settings => settings with { ExpiredCertificates = ExpiredCertificatePolicy.Allow(days, uses) });

    private async Task<(HttpStatusCode Status, string? Reason)> UpdatesAsync(int expiredDays)
    {
        SimulatedDevice pump = new(_server, "pump-0001", key => ServerUnderTest.DeviceCa.Issue("CN=pump-0001, OU=infusion-pump", key, TestCa.ClientAuthentication, _server.Clock.Now.AddDays(-expiredDays)));
        using HttpResponseMessage response = await pump.PostAsync(pump.Sign(pump.Report()));
        return (response.StatusCode, await ReasonAsync(response));
    }

    private async Task<(HttpStatusCode Status, string? Reason)> RenewalAsync(int expiredDays)
    {
        using HttpResponseMessage response = await new RenewingDevice(_server, "pump-0002", _server.Clock.Now.AddDays(-expiredDays)).AskAsync();
        return (response.StatusCode, await ReasonAsync(response));
    }

    private static async Task<string?> ReasonAsync(HttpResponseMessage response)
    {
        string body = await response.Content.ReadAsStringAsync();
        return response.IsSuccessStatusCode ? null : System.Text.Json.JsonSerializer.Deserialize<System.Text.Json.JsonElement>(body).GetProperty("reason").GetString();
    }
}
