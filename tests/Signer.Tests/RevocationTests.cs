using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
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
        (await _world.RevokeAsync("first.pem")).Ok();
        _world.Clock.Step(TimeSpan.FromDays(30));
        await _world.RenewalIsRefusedAsync(AuthorityWorld.Pump(1), key, "was revoked (KeyCompromise), and is not renewed");
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
}
