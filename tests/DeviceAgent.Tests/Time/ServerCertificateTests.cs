using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Fota.DeviceAgent.Configuration;
using Fota.TestKit;

namespace Fota.DeviceAgent.Tests.Time;

/// <summary>Handshakes with servers whose certificates are of another time than the device's.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class ServerCertificateTests : IDisposable
{
    private static readonly DateTimeOffset s_now = new(2030, 6, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fota-certificates-");
    private readonly ECDsa _authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _authority;

    public ServerCertificateTests()
    {
        _authority = Authority("service CA", _authorityKey);
        File.WriteAllText(AuthorityFile, _authority.ExportCertificatePem());
    }

    private string AuthorityFile => Path.Combine(_folder.FullName, "ca.pem");

    public void Dispose()
    {
        _authority.Dispose();
        _authorityKey.Dispose();
        _folder.Delete(recursive: true);
    }

    [TestCase(-30, 30, true, TestName = "A03_Server_certificate_of_today_is_accepted")]
    [TestCase(1, 400, true, TestName = "A03_Server_certificate_that_is_not_valid_yet_does_not_lock_out_a_device_with_a_dead_clock")]
    [TestCase(-400, -1, false, TestName = "A03_Server_certificate_that_has_expired_by_the_vouched_time_is_refused")]
    [Proves("T-6", "T-7")]
    public async Task A03_Server_certificate_is_judged_by_the_vouched_time(int from, int to, bool accepted) =>
        Assert.That(await IsAcceptedAsync(Server("127.0.0.1", from, to)), Is.EqualTo(accepted));

    [Test]
    [Proves("T-7")]
    public async Task A03_Certificate_that_is_not_valid_yet_under_an_authority_that_will_have_expired_is_refused()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 shortLived = Authority("service CA", key, days: 100);
        await File.WriteAllTextAsync(AuthorityFile, shortLived.ExportCertificatePem());
        Assert.That(await IsAcceptedAsync(Server("127.0.0.1", 200, 400, issuer: shortLived)), Is.False);
    }

    [Test]
    public async Task Next_authority_of_the_bundle_that_begins_later_does_not_make_the_server_of_today_expired()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=next service CA", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        using X509Certificate2 next = request.CreateSelfSigned(s_now.AddDays(100), s_now.AddDays(1000));
        await File.AppendAllTextAsync(AuthorityFile, "\n" + next.ExportCertificatePem());
        Assert.That(await IsAcceptedAsync(Server("127.0.0.1", -30, 30)), Is.True);
    }

    [Test]
    public async Task Server_of_another_authority_is_refused()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 stranger = Authority("service CA", key);
        Assert.That(await IsAcceptedAsync(Server("127.0.0.1", -30, 30, issuer: stranger)), Is.False);
    }

    [Test]
    public async Task Server_with_another_name_is_refused() => Assert.That(await IsAcceptedAsync(Server("127.0.0.2", -30, 30)), Is.False);

    [Test]
    public async Task Certificate_of_a_device_is_none_of_a_server() => Assert.That(await IsAcceptedAsync(Server("127.0.0.1", -30, 30, usage: "1.3.6.1.5.5.7.3.2")), Is.False);

    [Test]
    public void P10_File_without_a_certificate_is_refused()
    {
        File.WriteAllText(AuthorityFile, "nothing");
        Assert.That(() => new ServerCertificateValidation(AuthorityFile, static () => s_now), Throws.TypeOf<SettingsException>().With.Message.EndsWith("ca.pem: wanted a certificate, got none"));
    }

    private static X509Certificate2 Authority(string name, ECDsa key, int days = 3650)
    {
        CertificateRequest request = new($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request.CreateSelfSigned(s_now.AddDays(-3650), s_now.AddDays(days));
    }

    private X509Certificate2 Server(string address, int from, int to, X509Certificate2? issuer = null, string usage = "1.3.6.1.5.5.7.3.1")
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=fota-server", key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        names.AddIpAddress(IPAddress.Parse(address));
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], critical: false));
        X509SignatureGenerator generator = X509SignatureGenerator.CreateForECDsa(issuer?.GetECDsaPrivateKey() ?? _authorityKey);
        using X509Certificate2 certificate = request.Create((issuer ?? _authority).SubjectName, generator, s_now.AddDays(from), s_now.AddDays(to), RandomNumberGenerator.GetBytes(12));
        return certificate.CopyWithPrivateKey(key);
    }

    private async Task<bool> IsAcceptedAsync(X509Certificate2 certificate)
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        using TcpClient client = new();
        Task<TcpClient> accepting = listener.AcceptTcpClientAsync();
        await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint);
        using TcpClient accepted = await accepting;
        await using SslStream server = new(accepted.GetStream()), device = new(client.GetStream());
        ServerCertificateValidation validation = new(AuthorityFile, static () => s_now);
        Task serving = server.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = certificate });
        try
        {
            await device.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
            {
                TargetHost = "127.0.0.1",
                EnabledSslProtocols = SslProtocols.Tls13,
                CertificateChainPolicy = validation.ChainPolicy,
                RemoteCertificateValidationCallback = validation.Validate,
            });
            await serving;
            return true;
        }
        catch (AuthenticationException)
        {
            client.Close();
            await serving.ContinueWith(static _ => { }, TaskScheduler.Default);
            return false;
        }
        finally
        {
            certificate.Dispose();
        }
    }
}
