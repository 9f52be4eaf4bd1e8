using Fota.Interop.Posix;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Fota.Interop.Cryptoki;
using Fota.TestKit;
using Fota.UpdateServer.Configuration;
using Fota.UpdateServer.Tests.Support;

namespace Fota.UpdateServer.Tests.Configuration;

/// <summary>The TLS key in a token, from the request to the handshake.</summary>
public sealed class ServerTokenTests
{
    private readonly string _label = $"server-{RandomNumberGenerator.GetHexString(8, lowercase: true)}";
    private DirectoryInfo _folder = null!;

    [OneTimeSetUp]
    public void Prepare()
    {
        _ = SoftHsm.Shared;
        _folder = Directory.CreateTempSubdirectory("fota-server-token-");
        WriteSecret("pin", RandomNumberGenerator.GetHexString(12) + "\n");
        WriteSecret("so-pin", RandomNumberGenerator.GetHexString(12));
    }

    [OneTimeTearDown]
    public void Remove() => _folder.Delete(recursive: true);

    [Test]
    public async Task P7_The_server_speaks_TLS_with_a_key_that_never_leaves_its_token()
    {
        TlsSettings tls = Settings();
        CertificateRequest request = CertificateRequest.LoadSigningRequestPem(TlsRequest.Create(tls), HashAlgorithmName.SHA256, CertificateRequestLoadOptions.UnsafeLoadCertificateExtensions);
        Assert.That(request.SubjectName.Name, Is.EqualTo("CN=127.0.0.1"));
        X509SubjectAlternativeNameExtension names = request.CertificateExtensions.OfType<X509SubjectAlternativeNameExtension>().Single();
        Assert.That((names.EnumerateIPAddresses().Single(), names.EnumerateDnsNames().Single()), Is.EqualTo((IPAddress.Loopback, "localhost")));

        // A second request is for the same key: the server is not locked out of the certificate it is waiting for.
        CertificateRequest again = CertificateRequest.LoadSigningRequestPem(TlsRequest.Create(tls), HashAlgorithmName.SHA256);
        Assert.That(again.PublicKey.ExportSubjectPublicKeyInfo(), Is.EqualTo(request.PublicKey.ExportSubjectPublicKeyInfo()));

        await using ServerUnderTest server = await ServerUnderTest.StartAsync();
        await server.StopAsync();
        File.WriteAllText(tls.CertificateFile, ServerUnderTest.ServiceCa.Issue(request).ExportCertificatePem());
        await server.RestartAsync(change: s => s with { Layout = DeploymentLayout.Production, Tls = tls });
        Assert.That(await server.Anonymous.GetStringAsync("/health"), Is.EqualTo("""{"status":"ok"}"""));
        Assert.That(server.LogText.ToString(), Does.Contain("server.json names no keys of data at rest"), "a warning, as many an installation is older than they");

        using Pin pin = Pin.FromUtf8(Encoding.ASCII.GetBytes(File.ReadAllText(PathOf("pin")).TrimEnd()));
        using CryptokiLibrary library = CryptokiLibrary.Load(SoftHsm.ModulePath);
        using Token token = Token.Open(library, _label, pin);
        TokenKey key = token.FindKey("server-tls");
        Assert.That((key.IsSensitive, key.IsNeverExtractable), Is.EqualTo((true, true)));
    }

    [Test]
    public void A50_A_token_that_cannot_sign_is_one_line_of_the_log()
    {
        StringBuilder text = new();
        using TextLogger log = new(text);
        try
        {
            throw new InvalidOperationException("C_Sign:\nCKR_DEVICE_REMOVED");
        }
        catch (InvalidOperationException e)
        {
            Log.TlsKeyFailed(log, e);
        }

        Assert.That(text.ToString().Trim(), Is.EqualTo("The TLS key could not sign: InvalidOperationException: C_Sign: CKR_DEVICE_REMOVED"));
    }

    [Test]
    public void A_certificate_for_another_key_is_refused()
    {
        TlsSettings tls = Settings();
        _ = TlsRequest.Create(tls);
        using ECDsa other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        File.WriteAllText(tls.CertificateFile, ServerUnderTest.ServiceCa.Issue("CN=127.0.0.1", other, TestCa.ServerAuthentication).ExportCertificatePem());
        Assert.That(() => ServerCredential.Open(tls), Throws.TypeOf<ConfigurationException>().With.Message.StartsWith("tls: wanted the P-256 key of"));
    }

    [TestCase(KeyAlgorithm.EcdsaP256)]
    [TestCase(KeyAlgorithm.Ed25519)]
    public async Task P5_A_server_whose_token_holds_another_private_key_does_not_start(KeyAlgorithm other)
    {
        TlsSettings tls = Settings() with { TokenLabel = $"{_label}-{other}" };
        CertificateRequest request = CertificateRequest.LoadSigningRequestPem(TlsRequest.Create(tls), HashAlgorithmName.SHA256, CertificateRequestLoadOptions.UnsafeLoadCertificateExtensions);
        await using ServerUnderTest server = await ServerUnderTest.StartAsync();
        File.WriteAllText(tls.CertificateFile, ServerUnderTest.ServiceCa.Issue(request).ExportCertificatePem());
        await server.RestartAsync(change: s => s with { Tls = tls });
        using Pin pin = Pin.FromFile(PathOf("pin"));
        using CryptokiLibrary library = CryptokiLibrary.Load(SoftHsm.ModulePath);
        using Token token = Token.Open(library, tls.TokenLabel, pin);
        token.GenerateKey(other, "infusion-pump-1");
        Assert.That(
            async () => await server.RestartAsync(change: s => s with { Tls = tls }),
            Throws.TypeOf<ConfigurationException>().With.Message.EqualTo($"tls.tokenLabel: wanted a token with the TLS key 'server-tls' alone, got 2 private keys on '{tls.TokenLabel}'"));
    }

    [Test]
    public void A50_A_PIN_file_that_others_can_read_is_refused()
    {
        string open = PathOf("open-pin");
        File.WriteAllText(open, "123456");
        File.SetUnixFileMode(open, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
        Assert.That(() => TlsRequest.Create(Settings() with { PinFile = open }), Throws.TypeOf<PrivateFileException>().With.Message.Contains("mode 0600"));
    }

    [Test]
    public void P7_A_key_file_is_not_requested_for()
    {
        TlsSettings tls = new() { CertificateFile = PathOf("server.pem"), UnsafeKeyFile = PathOf("key.pem") };
        Assert.That(() => TlsRequest.Create(tls), Throws.TypeOf<ConfigurationException>().With.Message.StartsWith("tls.unsafeKeyFile: wanted a token"));
    }

    private TlsSettings Settings() => new()
    {
        CertificateFile = PathOf("server.pem"),
        Pkcs11Module = SoftHsm.ModulePath,
        TokenLabel = _label,
        KeyLabel = "server-tls",
        PinFile = PathOf("pin"),
        SoPinFile = PathOf("so-pin"),
    };

    private string PathOf(string name) => Path.Combine(_folder.FullName, name);

    private void WriteSecret(string name, string secret)
    {
        File.WriteAllText(PathOf(name), secret);
        File.SetUnixFileMode(PathOf(name), UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }
}
