using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Fota.Manifest;
using Fota.TestKit;

namespace Fota.Signer.Tests;

/// <summary>Certificates that are taken back, and devices that an operator's list lets in; openssl reads the same.</summary>
[TestFixture]
public sealed class RevocationTests
{
    private SignerWorld _world = null!;

    [SetUp]
    public async Task Create() => _world = await SignerWorld.CreateAsync();

    [TearDown]
    public void Remove() => _world.Dispose();

    [Test]
    [Proves("I-23")]
    public async Task Openssl_takes_the_list_and_refuses_what_stands_in_it()
    {
        using ECDsa first = ECDsa.Create(ECCurve.NamedCurves.nistP256), second = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await IssueAsync("OU=infusion-pump, CN=pump-0001", first, "first.pem");
        await IssueAsync("OU=infusion-pump, CN=pump-0002", second, "second.pem");
        (await RevokeAsync("first.pem")).Ok();
        Assert.That((await ListAsync()).Ok().Output, Is.EqualTo("signed: list 1 of the device CA, 1 certificates, good for 30 days\n"));

        string authority = _world.HomeFolder.AuthorityCertificate("device");
        Assert.That(Programs.Run("openssl", "crl", "-in", _world.PathOf("list.pem"), "-CAfile", authority, "-noout", "-nextupdate").Error, Does.Contain("verify OK"));
        Assert.That(Programs.Verify(_world, authority, _world.PathOf("second.pem"), "-crl_check", "-CRLfile", _world.PathOf("list.pem")).Output, Does.EndWith("second.pem: OK\n"));
        CommandResult refused = Programs.Verify(_world, authority, _world.PathOf("first.pem"), "-crl_check", "-CRLfile", _world.PathOf("list.pem"));
        Assert.That((refused.ExitCode, refused.Error.Contains("certificate revoked", StringComparison.Ordinal)), Is.EqualTo((2, true)));
    }

    [Test]
    [Proves("I-23")]
    public async Task Each_list_has_the_next_number()
    {
        (await ListAsync()).Ok();
        Assert.That((await ListAsync()).Ok().Output, Does.StartWith("signed: list 2 of the device CA, 0 certificates"));
    }

    [Test]
    [Proves("I-23")]
    public async Task Certificate_of_another_authority_is_not_taken_back()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 foreign = new CertificateRequest("CN=pump-0001", key, HashAlgorithmName.SHA256).CreateSelfSigned(_world.Clock.GetUtcNow(), _world.Clock.GetUtcNow().AddDays(1));
        await File.WriteAllTextAsync(_world.PathOf("foreign.pem"), foreign.ExportCertificatePem());
        (await RevokeAsync("foreign.pem")).Refused("wanted one of an authority of this home, got another's");
    }

    [Test]
    [Proves("I-24")]
    public async Task Revoked_certificate_is_not_renewed()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await IssueAsync("OU=infusion-pump, CN=pump-0001", key, "first.pem");
        (await RevokeAsync("first.pem")).Ok();
        _world.Clock.Step(TimeSpan.FromDays(30));
        await using EnrolmentServer server = await EnrolmentServer.StartAsync(_world);
        server.Waiting.Add(Request("OU=infusion-pump, CN=pump-0001", key));
        CommandResult result = await RenewAsync(server);
        Assert.That((result.ExitCode, result.Error.Contains("was revoked (KeyCompromise), and is not renewed", StringComparison.Ordinal)), Is.EqualTo((1, true)), result.Error);
    }

    [Test]
    [Proves("I-25")]
    public async Task P5_Device_that_an_operators_list_names_gets_its_first_certificate_through_a_server()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        (await AllowAsync(await OperatorAsync(), ("pump-0001", key))).Ok();
        await using EnrolmentServer server = await EnrolmentServer.StartAsync(_world);
        server.Waiting.Add(Request("OU=infusion-pump, CN=pump-0001", key));
        Assert.That((await RenewAsync(server)).Ok().Output, Does.StartWith("renewed: device pump-0001, infusion-pump"));
    }

    [Test]
    [Proves("I-25")]
    public async Task P5_Server_gets_no_certificate_for_a_listed_name_and_a_key_of_its_own()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256), own = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        (await AllowAsync(await OperatorAsync(), ("pump-0001", key))).Ok();
        await using EnrolmentServer server = await EnrolmentServer.StartAsync(_world);
        server.Waiting.Add(Request("OU=infusion-pump, CN=pump-0001", own));
        CommandResult result = await RenewAsync(server);
        Assert.That((result.ExitCode, result.Error.Contains("or that an operator's list allows for its key", StringComparison.Ordinal)), Is.EqualTo((1, true)), result.Error);
    }

    [Test]
    [Proves("I-26")]
    public async Task P5_List_that_was_changed_after_it_was_signed_is_refused()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256), own = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        X509Certificate2 signer = await OperatorAsync();
        (await AllowAsync(signer, ("pump-0001", key))).Ok();
        await File.WriteAllTextAsync(_world.PathOf("devices.json"), ListOf(("pump-0001", own)));
        (await TakeAsync()).Refused("wanted a signature by an operator of this home (ca/operators.pem) over these bytes, got none");
    }

    [Test]
    [Proves("I-26")]
    public async Task P5_List_by_somebody_who_is_no_operator_is_refused()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        X509Certificate2 listed = await OperatorAsync();
        X509Certificate2 other = await OperatorAsync("eve");
        await File.WriteAllTextAsync(_world.HomeFolder.Operators, listed.ExportCertificatePem());
        (await AllowAsync(other, ("pump-0001", key))).Refused("wanted a signature by an operator of this home");
    }

    [Test]
    [Proves("I-26")]
    public async Task P10_Later_list_does_not_give_a_device_another_key()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256), other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        X509Certificate2 signer = await OperatorAsync();
        (await AllowAsync(signer, ("pump-0001", key))).Ok();
        (await AllowAsync(signer, ("pump-0002", other), ("pump-0001", other))).Refused("device pump-0001: wanted key");
        Assert.That((await AllowAsync(signer, ("pump-0002", other))).Ok().Output, Does.StartWith("allowed: 1 devices more, by ops,"), "nothing of the refused list was taken");
    }

    [Test]
    [Proves("I-26")]
    public async Task P5_Operator_whose_certificate_was_taken_back_signs_no_list()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        X509Certificate2 signer = await OperatorAsync();
        (await RevokeAsync("ops.pem")).Ok();
        (await AllowAsync(signer, ("pump-0001", key))).Refused("wanted an operator with a certificate that holds, got ops, whose certificate was revoked");
    }

    [Test]
    [Proves("I-26")]
    public async Task P10_Operator_whose_certificate_has_ended_signs_no_list()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        X509Certificate2 signer = await OperatorAsync();
        _world.Clock.Step(TimeSpan.FromDays(41));
        (await AllowAsync(signer, ("pump-0001", key))).Refused("valid now, got NotTimeValid");
    }

    private static byte[] Request(string subject, ECDsa key) => new CertificateRequest(subject, key, HashAlgorithmName.SHA256).CreateSigningRequest();

    private static string ListOf(params (string Device, ECDsa Key)[] devices) => JsonSerializer.Serialize(new
    {
        devices = devices.Select(static device => new { device = device.Device, product = SignerWorld.Product, keyId = Sha256Digest.Of(device.Key.ExportSubjectPublicKeyInfo()).ToString() }),
    });

    private async Task IssueAsync(string subject, ECDsa key, string file)
    {
        await File.WriteAllTextAsync(_world.PathOf("in.csr"), PemEncoding.WriteString("CERTIFICATE REQUEST", Request(subject, key)));
        (await _world.RunAsync("ca", "issue", "--home", _world.Home, "--profile", subject.StartsWith("OU", StringComparison.Ordinal) ? "device" : "people", "--csr", _world.PathOf("in.csr"), "--out", _world.PathOf(file), "--days", "40", "--pin-file", _world.PinFile("ca"))).Ok();
    }

    private Task<CommandResult> RevokeAsync(string file) => _world.RunAsync("ca", "revoke", "--home", _world.Home, "--certificate", _world.PathOf(file), "--reason", "key-compromise");

    private Task<CommandResult> ListAsync() => _world.RunAsync("ca", "crl", "--home", _world.Home, "--profile", "device", "--out", _world.PathOf("list.pem"), "--pin-file", _world.PinFile("ca"));

    private Task<CommandResult> RenewAsync(EnrolmentServer server) => _world.RunAsync(
        "ca", "renew", "--home", _world.Home, "--server", server.Address.ToString(), "--token-file", _world.PathOf("token"), "--pin-file", _world.PinFile("ca"));

    /// <summary>An operator of this home, with a certificate of the people's CA.</summary>
    private async Task<X509Certificate2> OperatorAsync(string name = "ops")
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await IssueAsync($"CN={name}", key, name + ".pem");
        using X509Certificate2 bare = X509Certificate2.CreateFromPem(await File.ReadAllTextAsync(_world.PathOf(name + ".pem")));
        await File.WriteAllTextAsync(_world.HomeFolder.Operators, bare.ExportCertificatePem());
        return bare.CopyWithPrivateKey(key);
    }

    private async Task<CommandResult> AllowAsync(X509Certificate2 signer, params (string Device, ECDsa Key)[] devices)
    {
        await File.WriteAllTextAsync(_world.PathOf("devices.json"), ListOf(devices));
        SignedCms cms = new(new ContentInfo(await File.ReadAllBytesAsync(_world.PathOf("devices.json"))), detached: true);
        cms.ComputeSignature(new CmsSigner(SubjectIdentifierType.IssuerAndSerialNumber, signer) { DigestAlgorithm = new Oid("2.16.840.1.101.3.4.2.1"), IncludeOption = X509IncludeOption.EndCertOnly });
        await File.WriteAllBytesAsync(_world.PathOf("devices.p7s"), cms.Encode());
        return await TakeAsync();
    }

    private Task<CommandResult> TakeAsync() => _world.RunAsync("ca", "allow", "--home", _world.Home, "--list", _world.PathOf("devices.json"), "--signature", _world.PathOf("devices.p7s"));
}
