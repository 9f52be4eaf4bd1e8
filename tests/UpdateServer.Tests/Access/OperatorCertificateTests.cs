using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Fota.TestKit;
using Fota.UpdateServer.Configuration;
using Fota.UpdateServer.Tests.Support;

namespace Fota.UpdateServer.Tests.Access;

/// <summary>People who show certificates of the operators' CA.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class OperatorCertificateTests : IAsyncDisposable
{
    private static readonly TestCa s_people = new("People CA");

    private ServerUnderTest _server = null!;

    [SetUp]
    public async Task Start()
    {
        _server = await ServerUnderTest.StartAsync();
        await File.WriteAllTextAsync(_server.PathOf("people-ca.pem"), s_people.Certificate.ExportCertificatePem());
        await RestartAsync();
    }

    public async ValueTask DisposeAsync() => await _server.DisposeAsync();

    [Test]
    [Proves("U-25", "U-26")]
    public async Task A45_A_certificate_speaks_for_the_person_it_is_registered_for_by_subject_or_number_and_for_nobody_else()
    {
        X509Certificate2 bySubject = Issue("CN=anna, O=Example"), again = Issue("CN=anna, O=Example"), byNumber = Issue("CN=bob"), sameName = Issue("CN=bob"), unknown = Issue("CN=carl");
        await _server.PutPersonAsync("anna", new { grants = new[] { new { role = "viewer" } }, certificate_subjects = new[] { "CN=anna, O=Example" } });
        JsonElement bob = await _server.PutPersonAsync("bob", new { grants = new[] { new { role = "auditor" } }, certificates = new[] { new { issuer = "CN=People CA", serial = byNumber.SerialNumber.ToLowerInvariant() } } });
        Assert.That(bob.GetProperty("certificates")[0].GetProperty("issuer").GetString(), Is.EqualTo("CN=People CA"));
        Assert.That(await NameOfAsync(bySubject), Is.EqualTo("anna"));
        Assert.That(await NameOfAsync(again), Is.EqualTo("anna"), "the next one of the same subject");
        Assert.That(await NameOfAsync(byNumber), Is.EqualTo("bob"));
        Assert.That(await NameOfAsync(sameName), Is.Null, "one number is one certificate");
        Assert.That(await NameOfAsync(unknown), Is.Null, "signed well, and nobody's");
        using HttpResponseMessage forbidden = await _server.Client(bySubject).GetAsync("/api/v1/operators"), allowed = await _server.Client(byNumber).GetAsync("/api/v1/operators");
        Assert.That((forbidden.StatusCode, allowed.StatusCode), Is.EqualTo((HttpStatusCode.Forbidden, HttpStatusCode.OK)));
        await _server.RestartAsync();
        Assert.That(await NameOfAsync(bySubject), Is.Null, "no operatorCa, nobody by certificate");
    }

    [Test]
    [Proves("U-25")]
    public async Task A45_A_certificate_that_is_wrong_in_any_way_speaks_for_nobody()
    {
        await _server.PutPersonAsync("anna", new { grants = new[] { new { role = "viewer" } }, certificate_subjects = new[] { "CN=anna" } });
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Assert.That(await NameOfAsync(s_people.Issue("CN=anna", key, TestCa.ClientAuthentication)), Is.EqualTo("anna"));
        Assert.That(await NameOfAsync(new TestCa("People CA").Issue("CN=anna", key, TestCa.ClientAuthentication)), Is.Null, "another authority of the same name");
        Assert.That(await NameOfAsync(ServerUnderTest.DeviceCa.Issue("CN=anna", key, TestCa.ClientAuthentication)), Is.Null, "the authority of devices");
        Assert.That(await NameOfAsync(s_people.Issue("CN=anna", key, TestCa.ServerAuthentication)), Is.Null, "another use");
        Assert.That(await NameOfAsync(s_people.Issue("CN=anna", key, null)), Is.Null, "no use at all");
        Assert.That(await NameOfAsync(s_people.Issue("CN=anna", key, TestCa.ClientAuthentication, authority: true)), Is.Null, "a CA's");
        Assert.That(await NameOfAsync(s_people.Issue("CN=anna", key, TestCa.ClientAuthentication, _server.Clock.Now.AddDays(-1))), Is.Null, "ended");
    }

    [Test]
    [Proves("U-26")]
    public async Task A45_A_certificate_that_is_registered_for_two_people_speaks_for_neither()
    {
        X509Certificate2 certificate = Issue("CN=anna");
        await _server.PutPersonAsync("anna", new { grants = new[] { new { role = "viewer" } }, certificate_subjects = new[] { "CN=anna" } });
        await _server.PutPersonAsync("bob", new { grants = new[] { new { role = "viewer" } }, certificates = new[] { new { issuer = "CN=People CA", serial = certificate.SerialNumber } } });
        Assert.That(await NameOfAsync(certificate), Is.Null);
    }

    [Test]
    [Proves("U-6")]
    public async Task A45_A_token_and_a_certificate_of_one_person_do_not_make_two_people()
    {
        _server.Source.Add(SampleRelease.Create());
        using HttpResponseMessage published = await _server.PublishAsync();
        await _server.PutPersonAsync("anna", new { grants = new[] { new { role = "operator" }, new { role = "approver" } }, certificate_subjects = new[] { "CN=anna" } });
        using HttpClient token = _server.Bearer((await _server.CreateTokenAsync("anna")).GetProperty("token").GetString()!), certificate = _server.Client(Issue("CN=anna"));
        using HttpResponseMessage made = await token.PostAsJsonAsync("/api/v1/rollouts", new { product = "infusion-pump", version = "1.1.0", stages = new object[] { new { name = "all" } }, abort_after_failures = 1 });
        JsonElement draft = await ServerUnderTest.ReadAsync(made, HttpStatusCode.Created);
        object approval = new { manifest_digest = draft.GetProperty("manifest_digest").GetString(), plan_digest = draft.GetProperty("plan_digest").GetString() };
        using HttpResponseMessage approved = await certificate.PostAsJsonAsync($"/api/v1/rollouts/{draft.GetProperty("id").GetString()}/approve", approval);
        await ServerUnderTest.IsRefusedAsync(approved, HttpStatusCode.Conflict, "IllegalTransition");
        Assert.That(await approved.Content.ReadAsStringAsync(), Does.Contain("somebody else than anna"));
    }

    [Test]
    [Proves("U-27")]
    public async Task A45_A_token_that_is_worth_nothing_is_not_made_good_by_a_certificate()
    {
        await _server.PutPersonAsync("anna", new { grants = new[] { new { role = "viewer" } }, certificate_subjects = new[] { "CN=anna" } });
        using HttpClient client = _server.Client(Issue("CN=anna"));
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "fota_nothing");
        using HttpResponseMessage response = await client.GetAsync("/api/v1/whoami");
        await ServerUnderTest.IsRefusedAsync(response, HttpStatusCode.Unauthorized, "Unauthorized");
    }

    [Test]
    [Proves("U-43", "U-44")]
    public async Task A45_A_certificate_of_a_person_that_was_taken_back_speaks_for_nobody_as_soon_as_the_list_is_there()
    {
        X509Certificate2 anna = Issue("CN=anna"), bob = Issue("CN=bob");
        DateTimeOffset now = _server.Clock.Now;
        await File.WriteAllTextAsync(_server.PathOf("people.crl"), s_people.Revoke(1, now, now.AddDays(2)));
        await _server.PutPersonAsync("anna", new { grants = new[] { new { role = "viewer" } }, certificate_subjects = new[] { "CN=anna" } });
        await _server.PutPersonAsync("bob", new { grants = new[] { new { role = "viewer" } }, certificate_subjects = new[] { "CN=bob" } });
        await RestartAsync("people.crl");
        Assert.That(await NameOfAsync(anna), Is.EqualTo("anna"));
        await File.WriteAllTextAsync(_server.PathOf("people.crl"), s_people.Revoke(2, now, now.AddDays(2), anna));
        _server.Clock.Pass(TimeSpan.FromMinutes(1));
        Assert.That((await NameOfAsync(anna), await NameOfAsync(bob)), Is.EqualTo(((string?)null, (string?)"bob")));
        _server.Clock.Pass(TimeSpan.FromDays(2));
        Assert.That(await NameOfAsync(bob), Is.Null, "a stale list vouches for nobody");
    }

    private static X509Certificate2 Issue(string subject) => s_people.Issue(subject, ECDsa.Create(ECCurve.NamedCurves.nistP256), TestCa.ClientAuthentication);

    private Task RestartAsync(params string[] crl) => _server.RestartAsync(change: s => s with { OperatorCa = new AuthoritySettings { CertificatesFile = _server.PathOf("people-ca.pem"), CrlFiles = [.. crl.Select(_server.PathOf)] } });

    private async Task<string?> NameOfAsync(X509Certificate2 certificate)
    {
        using HttpClient client = _server.Client(certificate);
        using HttpResponseMessage response = await client.GetAsync("/api/v1/whoami");
        if (response.StatusCode == HttpStatusCode.Unauthorized)
        {
            return null;
        }

        JsonElement me = await ServerUnderTest.ReadAsync(response, HttpStatusCode.OK);
        Assert.That(me.GetProperty("credential").GetString(), Is.EqualTo("certificate"));
        return me.GetProperty("name").GetString();
    }
}
