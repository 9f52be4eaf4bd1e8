using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Fota.TestKit;
using Fota.UpdateServer.Configuration;
using Fota.UpdateServer.Tests.Support;

namespace Fota.UpdateServer.Tests.Access;

/// <summary>Registered device CAs: each for its products, each with its lists.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class DeviceAuthorityTests : IAsyncDisposable
{
    private static readonly TestCa s_pumps = new("Pump CA"), s_ventilators = new("Ventilator CA");

    private ServerUnderTest _server = null!;

    private DateTimeOffset Now => _server.Clock.Now;

    [SetUp]
    public async Task Start()
    {
        _server = await ServerUnderTest.StartAsync();
        await File.WriteAllTextAsync(_server.PathOf("pumps.pem"), s_pumps.Certificate.ExportCertificatePem());
        await File.WriteAllTextAsync(_server.PathOf("ventilators.pem"), s_ventilators.Certificate.ExportCertificatePem());
    }

    public async ValueTask DisposeAsync() => await _server.DisposeAsync();

    [Test]
    [Proves("U-40", "U-41")]
    public async Task A44_An_authority_has_devices_of_its_own_products_alone()
    {
        await RestartAsync(Pumps(), new AuthoritySettings { CertificatesFile = _server.PathOf("ventilators.pem"), Products = ["ventilator"] });
        await Pump(s_pumps).CheckInAsync();
        await IsNobodyAsync(Pump(s_ventilators));
        await IsNobodyAsync(Pump(ServerUnderTest.DeviceCa));
    }

    [Test]
    public async Task A44_An_address_in_a_strangers_certificate_is_never_asked_for_its_issuer()
    {
        using TcpListener issuer = new(IPAddress.Loopback, 0);
        issuer.Start();
        using ECDsa key = TestCa.Generate();
        CertificateRequest request = new("CN=pump-0001, OU=infusion-pump", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509AuthorityInformationAccessExtension(null, [$"http://127.0.0.1:{((IPEndPoint)issuer.LocalEndpoint).Port}/issuer.cer"]));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(TestCa.ClientAuthentication)], false));
        using X509Certificate2 bare = s_pumps.Issue(request), certificate = bare.CopyWithPrivateKey(key);

        // Offline: else it is the client that asks for its own issuer.
        using SocketsHttpHandler handler = new()
        {
            SslOptions = new SslClientAuthenticationOptions
            {
                ClientCertificateContext = SslStreamCertificateContext.Create(certificate, null, offline: true),
                CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, CustomTrustStore = { ServerUnderTest.ServiceCa.Certificate } },
            },
        };
        using HttpClient stranger = new(handler) { BaseAddress = _server.Address };
        using HttpResponseMessage refused = await stranger.PostAsync("/api/v1/check-in", null);
        Assert.That(refused.StatusCode, Is.EqualTo(HttpStatusCode.Unauthorized));
        Assert.That(issuer.Pending(), Is.False);
    }

    [Test]
    [Proves("U-42", "U-43", "U-44")]
    public async Task A44_A_device_whose_certificate_was_taken_back_is_nobody_as_soon_as_the_list_is_there()
    {
        SimulatedDevice pump = Pump(s_pumps), other = Pump(s_pumps, "pump-0002");
        await ListAsync(s_pumps.Revoke(1, Now, Now.AddDays(30)));
        await RestartAsync(Pumps("pumps.crl"));
        await pump.CheckInAsync();
        await ListAsync(s_pumps.Revoke(2, Now, Now.AddDays(30), pump.Certificate));
        _server.Clock.Pass(TimeSpan.FromMinutes(1));
        await IsNobodyAsync(pump);
        await other.CheckInAsync();
    }

    [Test]
    [Proves("U-44", "U-45")]
    public async Task A44_A_stale_list_vouches_for_nobody_unless_days_of_grace_are_configured()
    {
        SimulatedDevice pump = Pump(s_pumps);
        await ListAsync(s_pumps.Revoke(1, Now, Now.AddDays(1)));
        await RestartAsync(Pumps("pumps.crl"));
        _server.Clock.Now = Now.AddDays(1);
        await pump.CheckInAsync();
        _server.Clock.Now = Now.AddTicks(1);
        await IsNobodyAsync(pump);
        await RestartAsync(Pumps("pumps.crl") with { CrlGraceDays = 2 });
        pump.Reconnect();
        await pump.CheckInAsync();
        _server.Clock.Now = Now.AddDays(2);
        await IsNobodyAsync(pump);
    }

    [Test]
    [Proves("U-43")]
    public async Task A_list_that_is_wrong_leaves_the_one_of_before_in_force()
    {
        SimulatedDevice revoked = Pump(s_pumps), good = Pump(s_pumps, "pump-0002");
        await ListAsync(s_pumps.Revoke(5, Now, Now.AddDays(30), revoked.Certificate));
        await RestartAsync(Pumps("pumps.crl"));
        foreach ((string list, string wrong) in ((string, string)[])[
            (s_pumps.Revoke(4, Now, Now.AddDays(60)), "wanted a list of CN=Pump CA that is not older than number 5, got 4"),
            (new TestCa("Pump CA").Revoke(6, Now, Now.AddDays(60)), "wanted one that CN=Pump CA signed, got another"),
            (s_ventilators.Revoke(6, Now, Now.AddDays(60)), "wanted a list of one of the authorities, got one of another"),
            ("nothing", "wanted a revocation list, got none"),
            (s_pumps.Revoke(6, Now, Now.AddDays(60)).Replace("MI", "MJ", StringComparison.Ordinal), "")])
        {
            await ListAsync(list);
            _server.Clock.Pass(TimeSpan.FromMinutes(1));
            Assert.That(_server.LogText.ToString(), Does.Contain("A revocation list was not taken").And.Contain(wrong));
            await IsNobodyAsync(revoked);
            await good.CheckInAsync();
        }
    }

    [Test]
    [Proves("U-43")]
    public async Task A_server_does_not_start_with_a_list_that_is_none()
    {
        await ListAsync("nothing");
        Assert.That(() => RestartAsync(Pumps("pumps.crl")), Throws.TypeOf<ConfigurationException>().With.Message.Contains("wanted a revocation list, got none"));
        Assert.That(() => RestartAsync(Pumps("missing.crl")), Throws.TypeOf<ConfigurationException>().With.Message.StartsWith("crl: "));
    }

    [Test]
    [Proves("U-42")]
    public async Task A44_Where_lists_are_read_an_authority_without_one_vouches_for_nobody()
    {
        await File.WriteAllTextAsync(_server.PathOf("both.pem"), s_pumps.Certificate.ExportCertificatePem() + "\n" + s_ventilators.Certificate.ExportCertificatePem());
        await ListAsync(s_pumps.Revoke(1, Now, Now.AddDays(30)));
        await RestartAsync(new AuthoritySettings { CertificatesFile = _server.PathOf("both.pem"), CrlFiles = [_server.PathOf("pumps.crl")] });
        await Pump(s_pumps).CheckInAsync();
        await IsNobodyAsync(Pump(s_ventilators, "pump-0002"));
    }

    [Test]
    [Proves("U-40")]
    public void An_authority_is_registered_once() =>
        Assert.That(() => RestartAsync(Pumps(), Pumps()), Throws.TypeOf<ConfigurationException>().With.Message.Contains("wanted each authority once, got CN=Pump CA twice"));

    private SimulatedDevice Pump(TestCa authority, string name = "pump-0001") => new(_server, name, key => authority.IssueDevice(name, key));

    private AuthoritySettings Pumps(params string[] crl) => new() { CertificatesFile = _server.PathOf("pumps.pem"), Products = ["infusion-pump"], CrlFiles = [.. crl.Select(_server.PathOf)] };

    private Task RestartAsync(params AuthoritySettings[] authorities) => _server.RestartAsync(change: s => s with { DeviceCaFile = null, DeviceCas = authorities });

    private Task ListAsync(string list) => File.WriteAllTextAsync(_server.PathOf("pumps.crl"), list);

    private static async Task IsNobodyAsync(SimulatedDevice device)
    {
        using HttpResponseMessage response = await device.PostAsync(device.Sign(device.Report()));
        await ServerUnderTest.IsRefusedAsync(response, HttpStatusCode.Unauthorized, "Unauthorized");
        Assert.That(await response.Content.ReadAsStringAsync(), Does.Not.Contain("revo").And.Not.Contain("list"));
    }
}
