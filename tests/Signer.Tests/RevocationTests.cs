using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;
using System.Security.Cryptography.X509Certificates;
using Fota.Manifest;
using Fota.Manifest.Keys;
using Fota.Signer.Authority;
using Fota.Signer.Home;
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
        using ECDsa first = AuthorityWorld.NewKey(), second = AuthorityWorld.NewKey();
        await _world.IssueAsync(AuthorityWorld.Pump(1), first, "first.pem");
        await _world.IssueAsync(AuthorityWorld.Pump(2), second, "second.pem");
        (await _world.RevokeAsync("first.pem")).Ok();
        Assert.That((await _world.ListAsync()).Ok().Output, Is.EqualTo("signed: list 1 of the device CA, 1 certificates, good for 30 days\n"));

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
        (await _world.ListAsync()).Ok();
        Assert.That((await _world.ListAsync()).Ok().Output, Does.StartWith("signed: list 2 of the device CA, 0 certificates"));
    }

    [Test]
    [Proves("I-23")]
    public async Task Certificate_of_another_authority_is_not_taken_back()
    {
        using ECDsa key = AuthorityWorld.NewKey();
        using X509Certificate2 foreign = new CertificateRequest("CN=pump-0001", key, HashAlgorithmName.SHA256).CreateSelfSigned(_world.Clock.GetUtcNow(), _world.Clock.GetUtcNow().AddDays(1));
        await File.WriteAllTextAsync(_world.PathOf("foreign.pem"), foreign.ExportCertificatePem());
        (await _world.RevokeAsync("foreign.pem")).Refused("wanted one of an authority of this home, got another's");
    }

    [Test]
    [Proves("I-24")]
    public async Task Revoked_certificate_is_not_renewed()
    {
        using ECDsa key = AuthorityWorld.NewKey();
        await _world.IssueAsync(AuthorityWorld.Pump(1), key, "first.pem");
        (await _world.RevokeAsync("first.pem", "superseded")).Ok();
        _world.Clock.Step(TimeSpan.FromDays(30));
        await _world.RenewalIsRefusedAsync(AuthorityWorld.Pump(1), key, "was revoked, and is not renewed");
    }

    [Test]
    [Proves("I-25")]
    public async Task P5_Device_that_an_operators_list_names_gets_its_first_certificate_through_a_server()
    {
        using ECDsa key = AuthorityWorld.NewKey();
        (await _world.AllowAsync(await _world.OperatorAsync(), ("pump-0001", key))).Ok();
        Assert.That((await _world.RenewAsync((AuthorityWorld.Pump(1), key))).Ok().Output, Does.StartWith("renewed: device pump-0001, infusion-pump"));
    }

    [Test]
    [Proves("I-25")]
    public async Task P5_Server_gets_no_certificate_for_a_listed_name_and_a_key_of_its_own()
    {
        using ECDsa key = AuthorityWorld.NewKey(), own = AuthorityWorld.NewKey();
        (await _world.AllowAsync(await _world.OperatorAsync(), ("pump-0001", key))).Ok();
        await _world.RenewalIsRefusedAsync(AuthorityWorld.Pump(1), own, "or that an operator's list allows for its key");
    }

    [Test]
    [Proves("I-26")]
    public async Task P5_List_that_was_changed_after_it_was_signed_is_refused()
    {
        using ECDsa key = AuthorityWorld.NewKey(), own = AuthorityWorld.NewKey();
        X509Certificate2 signer = await _world.OperatorAsync();
        (await _world.AllowAsync(signer, ("pump-0001", key))).Ok();
        (await _world.TakeAsync(AuthorityWorld.ListOf(("pump-0001", AuthorityWorld.IdOf(own))), await File.ReadAllBytesAsync(_world.PathOf("devices.p7s")))).Refused("wanted a signature by an operator of this home (ca/operators.pem) over these bytes, got none");
    }

    [Test]
    [Proves("I-26")]
    public async Task P5_List_by_somebody_who_is_no_operator_is_refused()
    {
        using ECDsa key = AuthorityWorld.NewKey();
        X509Certificate2 listed = await _world.OperatorAsync();
        X509Certificate2 other = await _world.OperatorAsync("eve");
        await File.WriteAllTextAsync(_world.HomeFolder.Operators, listed.ExportCertificatePem());
        (await _world.AllowAsync(other, ("pump-0001", key))).Refused("wanted a signature by an operator of this home");
    }

    [Test]
    [Proves("I-26")]
    public async Task P10_Later_list_does_not_give_a_device_another_key()
    {
        using ECDsa key = AuthorityWorld.NewKey(), other = AuthorityWorld.NewKey();
        X509Certificate2 signer = await _world.OperatorAsync();
        (await _world.AllowAsync(signer, ("pump-0001", key))).Ok();
        (await _world.AllowAsync(signer, ("pump-0002", other), ("pump-0001", other))).Refused("device pump-0001: wanted key");
        Assert.That((await _world.AllowAsync(signer, ("pump-0002", other))).Ok().Output, Does.StartWith("allowed: 1 devices more, by ops,"), "nothing of the refused list was taken");
    }

    [Test]
    [Proves("I-26")]
    public async Task P5_Operator_whose_certificate_was_taken_back_signs_no_list()
    {
        using ECDsa key = AuthorityWorld.NewKey();
        X509Certificate2 signer = await _world.OperatorAsync();
        (await _world.RevokeAsync("ops.pem")).Ok();
        (await _world.AllowAsync(signer, ("pump-0001", key))).Refused("wanted an operator with a certificate that holds, got ops, whose certificate was revoked");
    }

    [Test]
    [Proves("I-26")]
    public async Task P10_Operator_whose_certificate_has_ended_signs_no_list()
    {
        using ECDsa key = AuthorityWorld.NewKey();
        X509Certificate2 signer = await _world.OperatorAsync();
        _world.Clock.Step(TimeSpan.FromDays(41));
        (await _world.AllowAsync(signer, ("pump-0001", key))).Refused("valid now, got NotTimeValid");
    }

    [Test]
    [Proves("I-23", "I-24")]
    public async Task P5_Key_that_turns_out_to_be_known_to_others_is_taken_back_a_second_time_and_renewed_no_more()
    {
        using ECDsa key = AuthorityWorld.NewKey();
        await _world.IssueAsync(AuthorityWorld.Pump(1), key, "first.pem");
        (await _world.RevokeAsync("first.pem", "superseded")).Ok();
        _world.Clock.Step(TimeSpan.FromDays(1));
        await _world.IssueAsync(AuthorityWorld.Pump(1), key, "second.pem");
        Assert.That((await _world.RevokeAsync("first.pem", "cessation-of-operation")).Ok().Output, Does.StartWith("revoked before: "));
        Assert.That((await _world.RevokeAsync("first.pem")).Ok().Output, Does.StartWith("revoked: "));
        Assert.That((await _world.RevokeAsync("first.pem")).Ok().Output, Does.StartWith("revoked before: "));
        await _world.RenewalIsRefusedAsync(AuthorityWorld.Pump(1), key, "was revoked (key-compromise); no other is issued for it");
        Assert.That((await _world.ListAsync()).Ok().Output, Does.Contain(", 1 certificates, "));
        Assert.That(Programs.Run("openssl", "crl", "-in", _world.PathOf("list.pem"), "-noout", "-text").Output, Does.Contain("Key Compromise").And.Not.Contains("Superseded"));
    }

    [TestCase("OU=infusion-pump, CN=pump-0001")]
    [TestCase("OU=infusion-pump, CN=pump-0002")]
    [TestCase("CN=ops")]
    [Proves("I-24")]
    public async Task P5_Key_that_is_known_to_others_is_issued_nothing(string subject)
    {
        using ECDsa key = AuthorityWorld.NewKey();
        await _world.IssueAsync(AuthorityWorld.Pump(1), key, "first.pem");
        (await _world.RevokeAsync("first.pem")).Ok();
        (await _world.TryIssueAsync(subject, key, "again.pem")).Refused("was revoked (key-compromise); no other is issued for it");
        Assert.That(File.Exists(_world.PathOf("again.pem")), Is.False);
    }

    [Test]
    [Proves("I-24", "I-25")]
    public async Task P5_Key_that_is_known_to_others_gets_nothing_under_a_name_that_a_list_allows()
    {
        using ECDsa key = AuthorityWorld.NewKey();
        await _world.IssueAsync(AuthorityWorld.Pump(1), key, "first.pem");
        await _world.IssueAsync(AuthorityWorld.Pump(3), key, "third.pem");
        (await _world.RevokeAsync("first.pem")).Ok();
        (await _world.AllowAsync(await _world.OperatorAsync(), ("pump-0002", key))).Ok();
        await _world.RenewalIsRefusedAsync(AuthorityWorld.Pump(2), key, "was revoked (key-compromise)");
        await _world.RenewalIsRefusedAsync(AuthorityWorld.Pump(3), key, "was revoked (key-compromise)");
    }

    [Test]
    [Proves("I-19")]
    public async Task Authority_that_has_ended_is_a_refusal_and_the_next_request_is_answered()
    {
        using ECDsa key = AuthorityWorld.NewKey(), other = AuthorityWorld.NewKey();
        (await _world.AllowAsync(await _world.OperatorAsync(), ("pump-0001", key), ("pump-0002", other))).Ok();
        await using EnrolmentServer server = await EnrolmentServer.StartAsync(_world);
        _world.Clock.Step(TimeSpan.FromDays(365 * 16));
        CommandResult result = await _world.RenewAsync(server, (AuthorityWorld.Pump(1), key), (AuthorityWorld.Pump(2), other));
        Assert.That(result.ExitCode, Is.EqualTo(1));
        Assert.That(result.Error, Does.Contain("wanted one that is valid now, got one from").And.Contains("2 of 2 requests for certificates were refused"));
        (await _world.ListAsync()).Refused("wanted one that is valid now, got one from");
    }

    [TestCase(AuthorityWorld.Sha256)]
    [TestCase(AuthorityWorld.Sha384)]
    [TestCase(AuthorityWorld.Sha512)]
    [Proves("I-26")]
    public async Task List_over_a_digest_of_today_is_taken(string digest)
    {
        X509Certificate2 signer = await _world.OperatorAsync();
        byte[] list = AuthorityWorld.ListOf(("pump-0001", new string('a', 64)));
        (await _world.TakeAsync(list, AuthorityWorld.Sign(signer, list, digest))).Ok();
    }

    [Test]
    [Proves("I-26")]
    public async Task P5_List_over_SHA_1_is_refused()
    {
        X509Certificate2 signer = await _world.OperatorAsync();
        byte[] list = AuthorityWorld.ListOf(("pump-0001", new string('a', 64)));
        (await _world.TakeAsync(list, AuthorityWorld.Sign(signer, list, AuthorityWorld.Sha1))).Refused("wanted a signature over SHA-256, SHA-384 or SHA-512, got one over sha1");
    }

    [Test]
    [Proves("I-26")]
    public async Task List_is_signed_by_one_operator_and_lies_beside_the_signature()
    {
        X509Certificate2 signer = await _world.OperatorAsync();
        byte[] list = AuthorityWorld.ListOf(("pump-0001", new string('a', 64)));
        (await _world.TakeAsync(list, AuthorityWorld.Sign(signer, list, detached: false))).Refused($"wanted a detached signature by one operator, got 1, with {list.Length} bytes inside");
        SignedCms twice = new(new ContentInfo(list), detached: true);
        twice.ComputeSignature(new CmsSigner(signer));
        twice.ComputeSignature(new CmsSigner(signer));
        (await _world.TakeAsync(list, twice.Encode())).Refused("wanted a detached signature by one operator, got 2");
    }

    [Test]
    [Proves("I-26")]
    public void P10_Certificate_that_does_not_say_what_it_is_for_signs_no_list()
    {
        using ECDsa root = AuthorityWorld.NewKey(), key = AuthorityWorld.NewKey();
        DateTimeOffset now = _world.Clock.GetUtcNow();
        CertificateRequest people = new("CN=People", root, HashAlgorithmName.SHA256);
        people.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using X509Certificate2 authority = people.CreateSelfSigned(now.AddDays(-1), now.AddDays(9));
        using X509Certificate2 bare = new CertificateRequest("CN=ops", key, HashAlgorithmName.SHA256).Create(authority, now.AddDays(-1), now.AddDays(8), [0x41, 1]), signer = bare.CopyWithPrivateKey(key);
        byte[] list = AuthorityWorld.ListOf(("pump-0001", new string('a', 64)));
        Assert.That(() => EnrolmentList.Verify(list, AuthorityWorld.Sign(signer, list), [bare], authority, now), Throws.InstanceOf<SignerRefusalException>().With.Message.Contains("for client authentication, got one without"));
    }

    [Test]
    [Proves("I-25")]
    public async Task A44_List_allows_a_device_for_its_product_alone()
    {
        using ECDsa key = AuthorityWorld.NewKey();
        (await _world.AllowAsync(await _world.OperatorAsync(), ("pump-0001", key))).Ok();
        using SignerHome home = await SignerHome.OpenAsync(_world.HomeFolder, _world.Host(), CancellationToken.None);
        KeyId id = VerificationKey.FromSubjectPublicKeyInfo(key.ExportSubjectPublicKeyInfo()).Id;
        Assert.That((home.Allowed.Allows("pump-0001", ProductName.Parse(SignerWorld.Product), id), home.Allowed.Allows("pump-0001", ProductName.Parse("ventilator"), id)), Is.EqualTo((true, false)));
    }

    [Test]
    [Proves("I-23")]
    public async Task Certificate_of_an_authority_itself_is_not_taken_back()
    {
        File.Copy(_world.HomeFolder.AuthorityCertificate("device"), _world.PathOf("ca.pem"));
        (await _world.RevokeAsync("ca.pem")).Refused("wanted one that an authority issued, got an authority's own");
    }

    [Test]
    [Proves("I-23")]
    public async Task List_is_good_for_no_longer_than_its_authority()
    {
        using X509Certificate2 authority = X509Certificate2.CreateFromPem(await File.ReadAllTextAsync(_world.HomeFolder.AuthorityCertificate("device")));
        _world.Clock.Step(new DateTimeOffset(authority.NotAfter) - _world.Clock.GetUtcNow() - TimeSpan.FromDays(5));
        (await _world.ListAsync()).Ok();
        string next = Programs.Run("openssl", "crl", "-in", _world.PathOf("list.pem"), "-noout", "-nextupdate").Output, end = Programs.Run("openssl", "x509", "-in", _world.HomeFolder.AuthorityCertificate("device"), "-noout", "-enddate").Output;
        Assert.That(next.Split('=')[^1], Is.EqualTo(end.Split('=')[^1]));
    }
}
