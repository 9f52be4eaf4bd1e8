using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Fota.Signer.Home;
using Fota.TestKit;

namespace Fota.Signer.Tests;

/// <summary>`fota-signer ca make` and `ca switch`: the service CA gets a successor (docs/runbooks/change-server-ca.md).</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class AuthorityChangeTests : IDisposable
{
    private const string NextKey = "service-ca-2";

    private SignerWorld _world = null!;

    [SetUp]
    public async Task MakeKey()
    {
        _world = await SignerWorld.CreateAsync();
        (await _world.MakeKeyAsync(NextKey, "ca")).Ok();
    }

    public void Dispose() => _world.Dispose();

    private string Authority => _world.HomeFolder.AuthorityCertificate("service");

    private string Next => _world.HomeFolder.NextAuthorityCertificate("service");

    [Test]
    [Proves("I-22")]
    public async Task Successor_issues_nothing_before_the_switch_and_everything_after_it()
    {
        byte[] before = await File.ReadAllBytesAsync(Authority);
        CommandResult made = (await MakeAsync()).Ok();
        Assert.That(made.Value("made"), Does.StartWith("CN=Fota Service CA 2, until "));
        Assert.That(made.Value("certificate"), Is.EqualTo(Next));
        Assert.That(await File.ReadAllBytesAsync(Authority), Is.EqualTo(before));
        string next = _world.PathOf("next.pem");
        File.Copy(Next, next);
        await IssueAsync();
        Assert.That((IsBy(_world.PathOf("before.pem")), IsBy(next)), Is.EqualTo((true, false)));

        (await _world.RunAsync("ca", "switch", "--home", _world.Home)).Ok();
        await IssueAsync();
        Assert.That((IsBy(_world.PathOf("before.pem")), IsBy(next), IsBy(Authority)), Is.EqualTo((false, true, true)));
        Assert.That(File.Exists(Next), Is.False);

        bool IsBy(string authority)
        {
            if (!File.Exists(authority))
            {
                File.WriteAllBytes(authority, before);
            }

            return Programs.Verify(_world, authority, _world.PathOf("out.pem"), "-purpose", "sslserver", "-verify_hostname", "localhost").ExitCode == 0;
        }
    }

    [Test]
    [Proves("I-22")]
    public async Task A48_Signer_that_died_in_the_switch_issues_nothing_until_it_is_repeated()
    {
        (await MakeAsync()).Ok();
        SignerSettings settings = _world.HomeFolder.ReadSettings();
        AuthoritySettings[] half = [.. settings.Authorities.Select(static a => a.Profile == "service" ? a with { Key = NextKey } : a)];
        await File.WriteAllBytesAsync(_world.HomeFolder.Settings, (settings with { Authorities = half }).ToJson());
        (await TryIssueAsync()).Refused("wanted the certificate of key 'service-ca-2', got another's; if the authority was being changed, finish it with `fota-signer ca switch`");
        (await _world.RunAsync("ca", "switch", "--home", _world.Home)).Ok();
        await IssueAsync();
    }

    [Test]
    [Proves("I-22")]
    public async Task Key_that_signs_releases_becomes_no_authority()
    {
        (await MakeAsync("release", "release")).Refused("wanted keys of one purpose");
        (await MakeAsync("device-ca", "ca")).Refused("wanted a key of no authority, got one of an authority of this home");
        Assert.That(File.Exists(Next), Is.False);
    }

    [Test]
    [Proves("I-22")]
    public async Task Switch_without_a_successor_is_refused_and_so_is_a_second_one()
    {
        (await _world.RunAsync("ca", "switch", "--home", _world.Home)).Refused("wanted a successor of the service CA, got none");
        (await MakeAsync()).Ok();
        (await MakeAsync()).Refused("wanted no successor of the service CA, got one already");
    }

    [Test]
    [Proves("I-22", "I-23")]
    public async Task Certificate_of_the_CA_of_before_is_taken_back_and_stands_in_the_list_of_that_CA_alone()
    {
        await IssueAsync();
        File.Copy(Authority, _world.PathOf("before.pem"));
        (await MakeAsync()).Ok();
        (await _world.RunAsync("ca", "switch", "--home", _world.Home)).Ok();
        Assert.That((await _world.RevokeAsync("out.pem")).Ok().Output, Does.StartWith("revoked: "));
        CommandResult lists = (await _world.ListAsync("service")).Ok();
        string former = Directory.GetFiles(_world.Folder, "list.*.pem").Single();
        Assert.That(lists.Output, Is.EqualTo($"signed: list 1 of the service CA, 0 certificates, good for 30 days\nsigned: list 2 of the former service CA CN=Fota Service CA, 1 certificates, good for 30 days, in {former}\n"));
        Assert.That(Programs.Run("openssl", "crl", "-in", _world.PathOf("list.pem"), "-CAfile", Authority, "-noout").Error, Does.Contain("verify OK"));
        CommandResult refused = Programs.Verify(_world, _world.PathOf("before.pem"), _world.PathOf("out.pem"), "-crl_check", "-CRLfile", former);
        Assert.That((refused.ExitCode, refused.Error.Contains("certificate revoked", StringComparison.Ordinal)), Is.EqualTo((2, true)), refused.Error);
    }

    [Test]
    [Proves("I-23")]
    public async Task List_of_a_CA_of_before_whose_key_is_gone_is_said_to_be_lacking()
    {
        (await MakeAsync()).Ok();
        (await _world.RunAsync("ca", "switch", "--home", _world.Home)).Ok();
        SignerSettings settings = _world.HomeFolder.ReadSettings();
        await File.WriteAllBytesAsync(_world.HomeFolder.Settings, (settings with { Keys = [.. settings.Keys.Where(static key => key.Label != "service-ca")] }).ToJson());
        (await _world.ListAsync("service")).Refused("got none of the former CN=Fota Service CA (its key is none of this home any more)");
        Assert.That(File.Exists(_world.PathOf("list.pem")), Is.True, "that of the CA that issues is signed all the same");
    }

    [Test]
    [Proves("I-22")]
    public async Task Key_of_a_CA_of_before_becomes_no_authority_again()
    {
        (await MakeAsync()).Ok();
        (await _world.RunAsync("ca", "switch", "--home", _world.Home)).Ok();
        (await MakeAsync("service-ca")).Refused("wanted a key of no authority, got that of CN=Fota Service CA, which was one of this home");
    }

    [Test]
    [Proves("I-22")]
    public async Task A48_Signer_that_died_in_the_switch_signs_no_list()
    {
        (await MakeAsync()).Ok();
        SignerSettings settings = _world.HomeFolder.ReadSettings();
        AuthoritySettings[] half = [.. settings.Authorities.Select(static a => a.Profile == "service" ? a with { Key = NextKey } : a)];
        await File.WriteAllBytesAsync(_world.HomeFolder.Settings, (settings with { Authorities = half }).ToJson());
        (await _world.ListAsync("service")).Refused("wanted the certificate of key 'service-ca-2', got another's");
    }

    private Task<CommandResult> MakeAsync(string key = NextKey, string token = "ca") =>
        _world.RunAsync("ca", "make", "--home", _world.Home, "--key", key, "--common-name", "Fota Service CA 2", "--pin-file", _world.PinFile(token));

    private async Task IssueAsync() => (await TryIssueAsync()).Ok();

    private async Task<CommandResult> TryIssueAsync()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=server", key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        await File.WriteAllTextAsync(_world.PathOf("in.csr"), request.CreateSigningRequestPem());
        return await _world.RunAsync("ca", "issue", "--home", _world.Home, "--profile", "service", "--csr", _world.PathOf("in.csr"), "--out", _world.PathOf("out.pem"), "--pin-file", _world.PinFile("ca"));
    }
}
