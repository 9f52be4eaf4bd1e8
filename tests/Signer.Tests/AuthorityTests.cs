using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Fota.TestKit;

namespace Fota.Signer.Tests;

[TestFixture]
public sealed class AuthorityTests
{
    private SignerWorld _world = null!;

    [OneTimeSetUp]
    public async Task MakeHome() => _world = await SignerWorld.CreateAsync();

    [OneTimeTearDown]
    public void RemoveHome() => _world.Dispose();

    [Test]
    public async Task Device_certificate_is_good_for_clients_and_for_nothing_else()
    {
        using X509Certificate2 certificate = await IssueAsync("device", Request("OU=infusion-pump, CN=pump-0001"));
        string authority = _world.HomeFolder.AuthorityCertificate("device"), file = _world.PathOf("out.pem");
        Assert.That(Programs.Verify(_world, authority, file, "-purpose", "sslclient").ExitCode, Is.Zero);
        Assert.That(Programs.Verify(_world, authority, file, "-purpose", "sslserver").ExitCode, Is.Not.Zero);
        Assert.That(Programs.Verify(_world, _world.HomeFolder.AuthorityCertificate("service"), file, "-purpose", "sslclient").ExitCode, Is.Not.Zero);
        Assert.That(certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false), Is.EqualTo("pump-0001"));
        Assert.That(certificate.Subject, Does.Contain("OU=infusion-pump"));
        Assert.That(certificate.NotAfter.ToUniversalTime(), Is.LessThanOrEqualTo(_world.Clock.GetUtcNow().AddYears(10).UtcDateTime));
    }

    [Test]
    public async Task Service_certificate_is_good_for_servers_under_the_names_it_asked_for()
    {
        using X509Certificate2 certificate = await IssueAsync("service", Request("CN=whatever", static names =>
        {
            names.AddIpAddress(System.Net.IPAddress.Loopback);
            names.AddDnsName("localhost");
        }));
        string authority = _world.HomeFolder.AuthorityCertificate("service"), file = _world.PathOf("out.pem");
        Assert.That(Programs.Verify(_world, authority, file, "-purpose", "sslserver", "-verify_ip", "127.0.0.1").ExitCode, Is.Zero);
        Assert.That(Programs.Verify(_world, authority, file, "-purpose", "sslserver", "-verify_hostname", "localhost").ExitCode, Is.Zero);
        Assert.That(Programs.Verify(_world, authority, file, "-purpose", "sslserver", "-verify_hostname", "other.example").ExitCode, Is.Not.Zero);
        Assert.That(Programs.Verify(_world, authority, file, "-purpose", "sslclient").ExitCode, Is.Not.Zero);
    }

    [Test]
    public async Task Serial_numbers_are_sixteen_random_bytes_and_the_authority_keeps_what_it_issued()
    {
        string request = Request("OU=infusion-pump, CN=pump-0002");
        using X509Certificate2 first = await IssueAsync("device", request), second = await IssueAsync("device", request);
        Assert.That((first.SerialNumberBytes.Length, second.SerialNumberBytes.Length), Is.EqualTo((16, 16)));
        Assert.That(first.SerialNumber, Is.Not.EqualTo(second.SerialNumber));
        Assert.That(File.Exists(Path.Combine(_world.HomeFolder.Authorities, "issued", first.SerialNumber.ToLowerInvariant() + ".pem")), Is.True);
    }

    [Test]
    public async Task Certificates_stand_in_the_journal()
    {
        using X509Certificate2 certificate = await IssueAsync("device", Request("OU=infusion-pump, CN=pump-0003"));
        Assert.That((await _world.RunAsync("journal", "--home", _world.Home)).Ok().Output, Does.Contain("device pump-0003, infusion-pump"));
    }

    [Test]
    public async Task Certificate_does_not_outlive_its_authority()
    {
        using SignerWorld world = await SignerWorld.CreateAsync();
        world.Clock.Step(TimeSpan.FromDays(8 * 365));
        await File.WriteAllTextAsync(world.PathOf("in.csr"), Request("OU=infusion-pump, CN=pump-0001"));
        (await world.RunAsync("ca", "issue", "--home", world.Home, "--profile", "device", "--csr", world.PathOf("in.csr"), "--out", world.PathOf("out.pem"), "--pin-file", world.PinFile("ca"))).Ok();
        using X509Certificate2 certificate = X509Certificate2.CreateFromPem(await File.ReadAllTextAsync(world.PathOf("out.pem")));
        using X509Certificate2 authority = X509Certificate2.CreateFromPem(await File.ReadAllTextAsync(world.HomeFolder.AuthorityCertificate("device")));
        Assert.That(certificate.NotAfter, Is.EqualTo(authority.NotAfter));
    }

    [Test]
    [Proves("I-2")]
    public async Task A44_Name_of_a_device_is_not_given_to_a_second_key_unless_told_to()
    {
        string first = Request("OU=infusion-pump, CN=pump-0005"), second = Request("OU=infusion-pump, CN=pump-0005");
        using X509Certificate2 original = await IssueAsync("device", first);
        string holder = Convert.ToHexStringLower(SHA256.HashData(original.PublicKey.ExportSubjectPublicKeyInfo()));
        (await TryAsync("device", second)).Refused($"device pump-0005 is certified with key {holder}, and the request is for key ");
        Assert.That((await TryAsync("device", second, "--replace")).Ok().Value("replaced"), Does.StartWith($"key {holder}"));
        (await TryAsync("device", first)).Refused("ask again with --replace");
        Assert.That((await TryAsync("device", second)).Ok().Output, Does.Not.Contain("replaced"));
    }

    [Test]
    public async Task A48_Name_is_taken_before_the_certificate_is_signed()
    {
        string request = Request("OU=infusion-pump, CN=pump-0006");
        _world.Module = module => new FaultyModule(module, static _ => throw new InvalidOperationException("power failure"));
        try
        {
            Assert.That(() => TryAsync("device", request), Throws.InvalidOperationException);
        }
        finally
        {
            _world.Module = static module => module;
        }

        Assert.That((await _world.RunAsync("journal", "--home", _world.Home)).Ok().Output, Does.Contain("device pump-0006, infusion-pump"));
        (await TryAsync("device", Request("OU=infusion-pump, CN=pump-0006"))).Refused("device pump-0006 is certified with key ");
        (await TryAsync("device", request)).Ok();
    }

    [TestCase("CN=pump-0001")]
    [TestCase("OU=infusion-pump")]
    [TestCase("OU=infusion-pump, CN=Pump-0001")]
    [TestCase("OU=infusion-pump, CN=pump/0001")]
    [TestCase("OU=infusion-pump, CN=pump-0001, O=Example")]
    [TestCase("OU=infusion-pump, CN=aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggggg")]
    public async Task Subject_that_is_no_device_is_refused(string subject) => (await TryAsync("device", Request(subject))).Refused("wanted a subject of CN=DEVICE");

    [Test]
    public async Task Device_of_an_unknown_product_is_refused() => (await TryAsync("device", Request("OU=ventilator, CN=pump-0001"))).Refused("wanted a product of this home in OU (infusion-pump), got \"ventilator\"");

    [Test]
    public async Task Subject_with_two_common_names_is_refused() => (await TryAsync("device", Request("OU=infusion-pump, CN=pump-0001, CN=pump-0002"))).Refused("wanted each part of the subject once");

    [Test]
    public async Task Request_without_proof_of_possession_is_refused()
    {
        byte[] request = PemBytes(Request("OU=infusion-pump, CN=pump-0001"));
        request[^1] ^= 1;
        (await TryAsync("device", PemEncoding.WriteString("CERTIFICATE REQUEST", request))).Refused("signed by its own key");
    }

    [Test]
    public async Task Text_that_is_no_request_is_refused() => (await TryAsync("device", "no request")).Refused("wanted a PEM PKCS#10 request");

    [Test]
    public async Task Rsa_key_is_refused()
    {
        using RSA key = RSA.Create(2048);
        string request = new CertificateRequest("OU=infusion-pump, CN=pump-0001", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSigningRequestPem();
        (await TryAsync("device", request)).Refused("wanted a P-256 key, got Ps256");
    }

    [Test]
    public async Task Service_without_names_is_refused() => (await TryAsync("service", Request("CN=server"))).Refused("wanted one list of alternative names, got 0");

    [Test]
    public async Task Service_with_names_of_another_kind_is_refused() => (await TryAsync("service", Request("CN=server", static names =>
    {
        names.AddDnsName("localhost");
        names.AddEmailAddress("someone@pumps.example");
    }))).Refused("wanted IP addresses and DNS names only");

    [Test]
    public async Task Service_with_a_wildcard_is_refused() => (await TryAsync("service", Request("CN=server", static names => names.AddDnsName("*.example")))).Refused("wanted a plain DNS name");

    [Test]
    public async Task Extensions_that_a_request_asks_for_are_not_copied()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("OU=infusion-pump, CN=pump-0004", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], critical: false));
        using X509Certificate2 certificate = await IssueAsync("device", request.CreateSigningRequestPem());
        Assert.That(certificate.Extensions.OfType<X509BasicConstraintsExtension>().Single().CertificateAuthority, Is.False);
        Assert.That(certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>().Single().EnhancedKeyUsages.Cast<Oid>().Single().Value, Is.EqualTo("1.3.6.1.5.5.7.3.2"));
    }

    private static string Request(string subject, Action<SubjectAlternativeNameBuilder>? names = null)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new(subject, key, HashAlgorithmName.SHA256);
        if (names is not null)
        {
            SubjectAlternativeNameBuilder builder = new();
            names(builder);
            request.CertificateExtensions.Add(builder.Build());
        }

        return request.CreateSigningRequestPem();
    }

    private static byte[] PemBytes(string pem) => Convert.FromBase64String(pem[PemEncoding.Find(pem).Base64Data]);

    private async Task<CommandResult> TryAsync(string profile, string request, params string[] further)
    {
        await File.WriteAllTextAsync(_world.PathOf("in.csr"), request);
        File.Delete(_world.PathOf("out.pem"));
        CommandResult result = await _world.RunAsync(["ca", "issue", "--home", _world.Home, "--profile", profile, "--csr", _world.PathOf("in.csr"), "--out", _world.PathOf("out.pem"), "--pin-file", _world.PinFile("ca"), .. further]);
        Assert.That(File.Exists(_world.PathOf("out.pem")), Is.EqualTo(result.ExitCode == 0));
        return result;
    }

    private async Task<X509Certificate2> IssueAsync(string profile, string request)
    {
        (await TryAsync(profile, request)).Ok();
        return X509Certificate2.CreateFromPem(await File.ReadAllTextAsync(_world.PathOf("out.pem")));
    }
}
