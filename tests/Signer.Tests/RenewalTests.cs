using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Fota.TestKit;

namespace Fota.Signer.Tests;

/// <summary>`fota-signer ca renew`: the device CA believes nothing of what a server says (docs/spec/device-identity.md).</summary>
public sealed class RenewalTests
{
    private const string Product = SignerWorld.Product;

    private SignerWorld _world = null!;
    private EnrolmentServer _server = null!;
    private ECDsa _key = null!;
    private X509Certificate2 _first = null!;
    private int _devices;

    [OneTimeSetUp]
    public async Task HoldCeremony()
    {
        _world = await SignerWorld.CreateAsync();
        _server = await EnrolmentServer.StartAsync(_world);
    }

    [OneTimeTearDown]
    public async Task RemoveHome()
    {
        await _server.DisposeAsync();
        _world.Dispose();
    }

    [SetUp]
    public async Task CertifyDevice()
    {
        _server.Forget();
        _devices++;
        _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        _first = await IssueAsync(Subject, _key, "--days", "30");
    }

    [TearDown]
    public void DisposeOfKey()
    {
        _key.Dispose();
        _first.Dispose();
    }

    private string Name => $"pump-{_devices:d4}";

    private string Subject => $"OU={Product}, CN={Name}";

    [Test]
    [Proves("I-17", "I-19", "I-20")]
    public async Task Device_gets_a_certificate_for_the_same_name_and_key_and_as_long_a_life()
    {
        _world.Clock.Step(TimeSpan.FromDays(20));
        _server.Waiting.Add(Request(Subject, _key));
        CommandResult result = (await RenewAsync()).Ok();
        X509Certificate2 renewed = _server.Newest;
        Assert.That(result.Value("renewed"), Is.EqualTo($"device {Name}, {Product}, until {renewed.NotAfter.ToUniversalTime():yyyy-MM-dd}"));
        Assert.That(renewed.PublicKey.ExportSubjectPublicKeyInfo(), Is.EqualTo(_key.ExportSubjectPublicKeyInfo()));
        Assert.That(renewed.SubjectName.RawData, Is.EqualTo(_first.SubjectName.RawData));
        Assert.That(renewed.NotAfter - _first.NotAfter, Is.EqualTo(TimeSpan.FromDays(20)));
        await File.WriteAllTextAsync(_world.PathOf("renewed.pem"), renewed.ExportCertificatePem());
        Assert.That(Programs.Verify(_world, _world.HomeFolder.AuthorityCertificate("device"), _world.PathOf("renewed.pem"), "-purpose", "sslclient").ExitCode, Is.Zero);
        Assert.That(File.Exists(Kept(renewed)), Is.True);
        Assert.That((await _world.RunAsync("journal", "--home", _world.Home)).Ok().Output.Split('\n').Count(l => l.Contains($"device {Name}, {Product}", StringComparison.Ordinal)), Is.EqualTo(2));
    }

    [Test]
    [Proves("I-19")]
    public async Task Life_of_a_renewed_certificate_may_be_another()
    {
        _world.Clock.Step(TimeSpan.FromDays(20));
        _server.Waiting.Add(Request(Subject, _key));
        (await RenewAsync("--days", "90")).Ok();
        Assert.That(_server.Newest.NotAfter.ToUniversalTime(), Is.EqualTo(_world.Clock.GetUtcNow().AddDays(90).UtcDateTime));
        (await RenewAsync("--days", "0")).WasUsedWrongly("--days: wanted at least 1.");
    }

    [Test]
    [Proves("I-17")]
    public async Task P5_A52_Server_that_asks_with_a_key_of_its_own_gets_nothing()
    {
        _world.Clock.Step(TimeSpan.FromDays(20));
        using ECDsa own = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await IsRefusedAsync(Request(Subject, own), $"device {Name}: wanted its key {IdOf(_key)}, got {IdOf(own)}");
    }

    [Test]
    [Proves("I-17")]
    public async Task P5_A52_Name_that_was_never_certified_gets_nothing()
    {
        using ECDsa own = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await IsRefusedAsync(Request($"OU={Product}, CN=pump-9999", own), "device pump-9999: wanted one that was certified before, or that an operator's list allows for its key, got a name that never was");
    }

    [Test]
    [Proves("I-17")]
    public async Task Request_that_its_key_did_not_sign_gets_nothing()
    {
        _world.Clock.Step(TimeSpan.FromDays(20));
        byte[] request = Request(Subject, _key);
        request[^1] ^= 1;
        await IsRefusedAsync(request, "signed by its own key");
    }

    [Test]
    [Proves("I-17")]
    public async Task A44_Device_does_not_become_one_of_another_product()
    {
        using SignerWorld world = new();
        foreach (string token in new[] { "release-b", "approver-b" })
        {
            SignerWorld.WriteSecret(world.PinFile(token), $"pin of {token}\n");
            SignerWorld.WriteSecret(Path.ChangeExtension(world.PinFile(token), "so-pin"), $"so-pin of {token}\n");
        }

        (await world.CeremonyAsync(static plan => plan.Replace("products:\n", "products:\n" + SecondProduct, StringComparison.Ordinal).Replace("keys:\n  - { label: root-1", "keys:\n" + SecondKeys + "  - { label: root-1", StringComparison.Ordinal))).Ok();
        await using EnrolmentServer server = await EnrolmentServer.StartAsync(world);
        await IssueAsync(world, Subject, _key, "--days", "30");
        world.Clock.Step(TimeSpan.FromDays(20));
        server.Waiting.Add(Request($"OU=ventilator, CN={Name}", _key));
        CommandResult result = await RenewAsync(world, server);
        Assert.That((result.ExitCode, server.Certificates.Count), Is.EqualTo((1, 0)));
        Assert.That(server.Refusals.Values.Single(), Does.StartWith($"device {Name}: wanted the subject of its certificate").And.Contains("ventilator"));
    }

    [Test]
    [Proves("I-17")]
    public async Task Device_that_was_remade_is_renewed_with_its_new_key_alone()
    {
        using ECDsa remade = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await IssueAsync(Subject, remade, "--days", "30", "--replace");
        _world.Clock.Step(TimeSpan.FromDays(20));
        await IsRefusedAsync(Request(Subject, _key), $"device {Name}: wanted its key {IdOf(remade)}, got {IdOf(_key)}");
        _server.Waiting.Clear();
        _server.Waiting.Add(Request(Subject, remade));
        (await RenewAsync()).Ok();
    }

    [Test]
    [Proves("I-17")]
    public async Task Certificate_that_somebody_laid_into_the_folder_renews_nothing()
    {
        File.Delete(Kept(_first));
        using ECDsa other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest authority = new("CN=Fota Device CA", other, HashAlgorithmName.SHA256), device = new(_first.SubjectName, _key, HashAlgorithmName.SHA256);
        authority.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        device.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.2")], critical: true));
        using X509Certificate2 issuer = authority.CreateSelfSigned(_world.Clock.GetUtcNow().AddDays(-100), _world.Clock.GetUtcNow().AddDays(100));
        using X509Certificate2 foreign = device.Create(issuer, _world.Clock.GetUtcNow().AddDays(-50), _world.Clock.GetUtcNow().AddDays(10), [0x41, 1]);
        await File.WriteAllTextAsync(Kept(foreign), foreign.ExportCertificatePem());
        await IsRefusedAsync(Request(Subject, _key), $"device {Name}: wanted a certificate of this device CA in ca/issued, got another's");
    }

    [Test]
    [Proves("I-18")]
    public async Task A48_Certificate_that_was_issued_and_not_delivered_is_delivered_and_not_issued_again()
    {
        _world.Clock.Step(TimeSpan.FromDays(20));
        _server.Waiting.Add(Request(Subject, _key));
        _server.LosesAnswers = true;
        Assert.That((await RenewAsync()).ExitCode, Is.EqualTo(1));
        int signed = await SignaturesAsync();
        _server.LosesAnswers = false;
        CommandResult result = (await RenewAsync()).Ok();
        Assert.That(result.Output, Does.StartWith($"issued before, sent again: device {Name}"));
        Assert.That(_server.Newest.NotAfter, Is.GreaterThan(_first.NotAfter));
        Assert.That(await SignaturesAsync(), Is.EqualTo(signed));
    }

    [Test]
    [Proves("I-18")]
    public async Task A52_Server_that_asks_over_and_over_has_nothing_signed()
    {
        for (int i = 0; i < 3; i++)
        {
            _world.Clock.Step(TimeSpan.FromDays(4));
            int signed = await SignaturesAsync();
            _server.Waiting.Add(Request(Subject, _key));
            (await RenewAsync()).Ok();
            Assert.That(_server.Newest.RawData, Is.EqualTo(_first.RawData));
            Assert.That(await SignaturesAsync(), Is.EqualTo(signed));
        }
    }

    [Test]
    [Proves("I-20")]
    public async Task A48_Signer_that_dies_over_a_signature_says_so_and_answers_the_request_next_time()
    {
        _world.Clock.Step(TimeSpan.FromDays(20));
        _server.Waiting.Add(Request(Subject, _key));
        Action? kill = null;
        _world.Module = module => new FaultyModule(module, _ =>
        {
            kill = _world.KeepJournal();
            throw new InvalidOperationException("power failure");
        });
        Assert.That(() => RenewAsync(), Throws.InvalidOperationException);
        kill!();
        _world.Module = static module => module;
        CommandResult result = (await RenewAsync()).Ok();
        Assert.That(result.Error, Does.Contain($"was interrupted, and it is unknown whether key device-ca signed (Certificate, device {Name}"));
        Assert.That(result.Output, Does.StartWith("renewed: "));
    }

    [Test]
    [Proves("I-19")]
    public async Task Certificate_does_not_outlive_its_authority_and_one_that_gains_nothing_is_not_issued()
    {
        // The shipped device CA lives 15 years. A device of 10 years is renewed in its 7th, and again in its 13th: to no avail.
        using SignerWorld world = await SignerWorld.CreateAsync();
        await using EnrolmentServer server = await EnrolmentServer.StartAsync(world);
        using X509Certificate2 device = await IssueAsync(world, Subject, _key);
        byte[] request = Request(Subject, _key);
        world.Clock.Step(TimeSpan.FromDays(7 * 365));
        server.Waiting.Add(request);
        (await RenewAsync(world, server)).Ok();
        using X509Certificate2 authority = X509Certificate2.CreateFromPem(await File.ReadAllTextAsync(world.HomeFolder.AuthorityCertificate("device")));
        Assert.That(server.Newest.NotAfter, Is.EqualTo(authority.NotAfter));
        world.Clock.Step(TimeSpan.FromDays(6 * 365));
        server.Waiting.Add(request);
        Assert.That((await RenewAsync(world, server)).ExitCode, Is.EqualTo(1));
        Assert.That(server.Refusals.Values.Single(), Does.StartWith($"device {Name}: wanted a certificate that ends later than "));
    }

    [TestCase("{}")]
    [TestCase("[{}]")]
    [TestCase("[{\"request\":\"!\"}]")]
    [TestCase("[{\"request\":7}]")]
    [TestCase("no JSON")]
    [Proves("I-17")]
    public async Task A53_List_that_is_none_is_refused(string list)
    {
        _server.Shown = list;
        (await RenewAsync()).Refused("wanted a list of requests for certificates, got something else");
    }

    [Test]
    [Proves("I-17")]
    public async Task One_refused_request_does_not_keep_others_waiting()
    {
        _world.Clock.Step(TimeSpan.FromDays(20));
        using ECDsa own = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        _server.Waiting.AddRange([Request(Subject, own), "noise"u8.ToArray(), Request(Subject, _key)]);
        CommandResult result = await RenewAsync();
        Assert.That(result.ExitCode, Is.EqualTo(1));
        Assert.That(result.Error, Does.Contain("2 of 3 requests for certificates were refused"));
        Assert.That((_server.Certificates.Count, _server.Refusals.Count), Is.EqualTo((1, 2)));
    }

    private const string SecondProduct =
        """
          - name: ventilator
            vendorDomain: pumps.example
            className: ventilator rev A
            chunkSize: 65536
            keys: [release-b, approver-b]
            threshold: 2
            expiresDays: 180

        """;

    private const string SecondKeys =
        """
          - { label: release-b, token: release-b, algorithm: ecdsa-p256 }
          - { label: approver-b, token: approver-b, algorithm: ecdsa-p256 }

        """;

    private static byte[] Request(string subject, ECDsa key) => new CertificateRequest(subject, key, HashAlgorithmName.SHA256).CreateSigningRequest();

    private static string IdOf(ECDsa key) => Convert.ToHexStringLower(SHA256.HashData(key.ExportSubjectPublicKeyInfo()));

    private string Kept(X509Certificate2 certificate) => Path.Combine(_world.HomeFolder.Authorities, "issued", certificate.SerialNumber.ToLowerInvariant() + ".pem");

    private Task<X509Certificate2> IssueAsync(string subject, ECDsa key, params string[] further) => IssueAsync(_world, subject, key, further);

    private static async Task<X509Certificate2> IssueAsync(SignerWorld world, string subject, ECDsa key, params string[] further)
    {
        await File.WriteAllTextAsync(world.PathOf("in.csr"), PemEncoding.WriteString("CERTIFICATE REQUEST", Request(subject, key)));
        (await world.RunAsync(["ca", "issue", "--home", world.Home, "--profile", "device", "--csr", world.PathOf("in.csr"), "--out", world.PathOf("out.pem"), "--pin-file", world.PinFile("ca"), .. further])).Ok();
        return X509Certificate2.CreateFromPem(await File.ReadAllTextAsync(world.PathOf("out.pem")));
    }

    private Task<CommandResult> RenewAsync(params string[] further) => RenewAsync(_world, _server, further);

    private static Task<CommandResult> RenewAsync(SignerWorld world, EnrolmentServer server, params string[] further) =>
        world.RunAsync(["ca", "renew", "--home", world.Home, "--server", server.Address.ToString(), "--token-file", world.PathOf("token"), "--pin-file", world.PinFile("ca"), .. further]);

    private async Task<int> SignaturesAsync() => (await _world.RunAsync("journal", "--home", _world.Home)).Ok().Output.Split('\n').Length;

    private async Task IsRefusedAsync(byte[] request, string why)
    {
        _server.Waiting.Add(request);
        int signed = await SignaturesAsync(), sent = _server.Certificates.Count;
        CommandResult result = await RenewAsync();
        Assert.That((result.ExitCode, _server.Certificates.Count, await SignaturesAsync()), Is.EqualTo((1, sent, signed)), result.Error);
        Assert.That(result.Error, Does.Contain(why).And.Contains($"refused: request {Convert.ToHexStringLower(SHA256.HashData(request))}: "));
        Assert.That(_server.Refusals.Values.Last(), Does.Contain(why));
    }
}
