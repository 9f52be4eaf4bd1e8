using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Fota.TestKit;

namespace Fota.Signer.Tests.Service;

/// <summary>What is refused before anything happens; one service for all, as none of it changes anything.</summary>
[TestFixture]
public sealed class RefusedRequestTests
{
    private ServiceWorld _world = null!;

    [OneTimeSetUp]
    public async Task Start() => _world = await ServiceWorld.CreateAsync();

    [OneTimeTearDown]
    public async Task Stop() => await _world.DisposeAsync();

    [TestCase("kind", "upgrade", "kind: wanted release, reissue or withdrawal, got upgrade")]
    [TestCase("version", "1.0", "version: wanted a version MAJOR.MINOR.PATCH, got 1.0")]
    [TestCase("product", "Pump", "product: wanted a product name")]
    [TestCase("reason", "", "reason: wanted 1 to 1000 characters")]
    [TestCase("attempt", 0, "attempt: wanted 1 to 1000, got 0")]
    [TestCase("priority", 1, "wanted the JSON of the specification")]
    public async Task P10_Request_with_a_wrong_field_is_refused(string field, object value, string reason)
    {
        (await _world.PostAsync("ci", "requests", _world.ReleaseOf("1.0.0", (field, value)))).Refused(400, "Malformed", reason);
        Assert.That((await _world.GetAsync("ci", "requests")).Body.EnumerateArray().Select(static shown => shown.GetProperty("request").GetProperty("version").GetString()), Does.Not.Contain("1.0.0"));
    }

    [Test]
    public async Task P10_Release_without_an_image_is_refused()
    {
        Dictionary<string, object> request = _world.ReleaseOf("1.0.0");
        request.Remove("images");
        (await _world.PostAsync("ci", "requests", request)).Refused(400, "Malformed", "images: wanted it, for a release, got none");
    }

    [Test]
    [Proves("S-10")]
    public async Task Nobody_without_a_certificate_of_the_peoples_authority_is_served()
    {
        (await _world.GetAsync("", "requests")).Refused(401, "Unauthorized", "wanted a client certificate");
        await _world.EnrolAsync("eve");
        (await _world.GetAsync("eve", "requests")).Refused(401, "Unauthorized", "wanted a certificate of a person in the service's settings");
    }

    [Test]
    public async Task A53_An_address_in_a_strangers_certificate_is_never_asked_for_its_issuer()
    {
        using TcpListener issuer = new(IPAddress.Loopback, 0);
        issuer.Start();
        using ECDsa ca = ECDsa.Create(ECCurve.NamedCurves.nistP256), key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=eve", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509AuthorityInformationAccessExtension(null, [$"http://127.0.0.1:{((IPEndPoint)issuer.LocalEndpoint).Port}/issuer.cer"]));
        using X509Certificate2 bare = request.Create(new X500DistinguishedName("CN=Nobody"), X509SignatureGenerator.CreateForECDsa(ca), DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(100), [1]), certificate = bare.CopyWithPrivateKey(key);

        // Offline: else it is the client that asks for its own issuer.
        SslClientAuthenticationOptions tls = new()
        {
            ClientCertificateContext = SslStreamCertificateContext.Create(certificate, null, offline: true),
            RemoteCertificateValidationCallback = static (_, service, _, _) => service is not null, // who the service is, is not asked here
        };
        using HttpClient stranger = new(new SocketsHttpHandler { SslOptions = tls }) { BaseAddress = _world.Service.Address };
        using HttpResponseMessage refused = await stranger.GetAsync("/api/v1/requests");
        Assert.That((refused.StatusCode, issuer.Pending()), Is.EqualTo((HttpStatusCode.Unauthorized, false)));
    }

    [TestCase("repository/metadata/..%2f..%2fsigner.json")]
    [TestCase("repository/metadata/.hidden")]
    [TestCase("repository/targets/..%2f../x/y")]
    [TestCase("requests/..%2f..%2fsigner.json")]
    [TestCase("requests/0000000000000000000000000000000000000000000000000000000000000000/draft/..%2fkeys")]
    public async Task A53_Path_that_leads_elsewhere_is_not_found(string path) => (await _world.GetAsync("bo", path)).Refused(404, "NotFound", "");

    [TestCase("bo", "", "wanted the role submitter, got approver")]
    [TestCase("auditor", "", "wanted the role submitter, got auditor")]
    [TestCase("di", "/rejection", "wanted the role approver, got submitter")]
    [TestCase("di", "/withdrawal", "wanted its submitter ci, got di")]
    [TestCase("bo", "/publication", "wanted the role submitter, got approver")]
    [TestCase("di", "/approval", "wanted the role approver, got submitter")]
    [Proves("S-10")]
    public async Task A45_Person_without_the_role_or_who_did_not_ask_is_refused(string person, string path, string reason)
    {
        Answer request = (await _world.PostAsync("ci", "requests", _world.ReleaseOf("9.0.0"))).Ok();
        object body = path.Length == 0 ? _world.ReleaseOf("1.0.0") : new { reason = "mine" };
        (await _world.PostAsync(person, path.Length == 0 ? "requests" : $"requests/{request.Id}{path}", body)).Refused(403, "Forbidden", reason);
        Assert.That((await _world.GetAsync("ci", $"requests/{request.Id}")).State, Is.EqualTo("awaiting_content"));
    }

    [Test]
    public async Task P10_Image_that_is_null_is_refused() =>
        (await _world.PostAsync("ci", "requests", _world.ReleaseOf("1.0.0", ("images", new object?[] { null })))).Refused(400, "Malformed", "images: wanted one, or two for slots A and B");

    [Test]
    [Proves("S-10")]
    public async Task Certificate_of_another_authority_for_a_known_key_is_refused()
    {
        using ECDsa authority = ECDsa.Create(ECCurve.NamedCurves.nistP256), key = ECDsa.Create();
        key.ImportFromPem(await File.ReadAllTextAsync(_world.Signer.PathOf("bo.key")));
        CertificateRequest ca = new("CN=Fota People CA", authority, HashAlgorithmName.SHA256);
        ca.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        DateTimeOffset now = _world.Signer.Clock.GetUtcNow();
        using X509Certificate2 root = ca.CreateSelfSigned(now.AddHours(-1), now.AddDays(300));
        CertificateRequest request = new("CN=bo", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.2")], critical: true));
        using X509Certificate2 forged = request.Create(root, now.AddHours(-1), now.AddDays(200), [1, 2, 3, 4]);
        await File.WriteAllTextAsync(_world.Signer.PathOf("forged.pem"), forged.ExportCertificatePem());
        File.Copy(_world.Signer.PathOf("bo.key"), _world.Signer.PathOf("forged.key"));
        (await _world.GetAsync("forged", "requests")).Refused(401, "Unauthorized", "wanted a certificate of the people's CA, valid now, got");
    }

    [Test]
    [Proves("S-10")]
    public async Task Revoked_certificate_is_refused_from_the_next_request_on()
    {
        (await _world.GetAsync("dee", "requests")).Ok();
        (await _world.Signer.RunAsync("ca", "revoke", "--home", _world.Signer.Home, "--certificate", _world.Signer.PathOf("dee.pem"), "--reason", "key-compromise")).Ok();
        (await _world.GetAsync("dee", "requests")).Refused(401, "Unauthorized", "got one that was revoked");
    }
}
