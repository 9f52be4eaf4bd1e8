using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Fota.Interop.Cryptoki;
using Fota.Interop.OpenSsl;
using Fota.TestKit;

namespace Fota.Interop.Tests;

[TestFixture]
public sealed partial class TlsKeyBridgeTests
{
    private Token _serverToken = null!;
    private Token _deviceToken = null!;

    [OneTimeSetUp]
    public void OpenTokens()
    {
        _serverToken = SoftHsm.Shared.CreateToken("tls server").Open();
        _deviceToken = SoftHsm.Shared.CreateToken("tls device").Open();
    }

    [OneTimeTearDown]
    public void CloseTokens()
    {
        _serverToken.Dispose();
        _deviceToken.Dispose();
    }

    [TestCase(SslProtocols.Tls13)]
    [TestCase(SslProtocols.Tls12)]
    public async Task P7_Both_sides_of_mutual_tls_sign_in_their_tokens(SslProtocols protocol)
    {
        using ECDsa serverKey = _serverToken.GenerateKey(KeyAlgorithm.EcdsaP256, $"server {protocol}").AsECDsa();
        using ECDsa deviceKey = _deviceToken.GenerateKey(KeyAlgorithm.EcdsaP256, $"device {protocol}").AsECDsa();
        using X509Certificate2 server = Certify("CN=server", serverKey);
        using X509Certificate2 device = Certify("CN=device", deviceKey);
        using Connection connection = await Connection.OpenAsync();
        await Task.WhenAll(connection.ServeAsync(server, device, protocol), connection.ConnectAsync(device, server, protocol));
        Assert.That((connection.Server.IsMutuallyAuthenticated, connection.Server.SslProtocol), Is.EqualTo((true, protocol)));

        await connection.Client.WriteAsync(new byte[] { 42 });
        byte[] received = new byte[1];
        await connection.Server.ReadExactlyAsync(received);
        Assert.That(received[0], Is.EqualTo(42));
    }

    [Test]
    public async Task Key_that_fails_fails_the_handshake_and_reports_why()
    {
        using ECDsa deviceKey = _deviceToken.GenerateKey(KeyAlgorithm.EcdsaP256, "device of failure").AsECDsa();
        using var serverKey = new FailingKey();
        using X509Certificate2 device = Certify("CN=device", deviceKey);
        using X509Certificate2 plain = serverKey.Certify();
        using X509Certificate2 server = TlsKeyBridge.Attach(plain, serverKey);
        List<Exception> reported = [];
        void Report(object? sender, ErrorEventArgs e) => reported.Add(e.GetException());
        TlsKeyBridge.SignatureFailed += Report;
        try
        {
            using Connection connection = await Connection.OpenAsync();
            Task client = connection.ConnectAsync(device, server, SslProtocols.Tls13);
            Assert.That(
                () => connection.ServeAsync(server, device, SslProtocols.Tls13), Throws.TypeOf<AuthenticationException>());
            connection.Server.Close();
            Assert.That(() => client, Throws.InstanceOf<Exception>());
        }
        finally
        {
            TlsKeyBridge.SignatureFailed -= Report;
        }

        Assert.That(reported.Single().Message, Is.EqualTo("the token is gone"));
    }

    [Test]
    public void Wrapped_key_signs_by_the_token_and_verifies_by_itself()
    {
        using ECDsa key = _serverToken.GenerateKey(KeyAlgorithm.EcdsaP256, "wrapped").AsECDsa();
        using ECDsaOpenSsl wrapped = TlsKeyBridge.Wrap(key);
        byte[] signature = wrapped.SignData("message"u8.ToArray(), HashAlgorithmName.SHA256);
        Assert.That(key.VerifyData("message"u8, signature, HashAlgorithmName.SHA256), Is.True);
        Assert.That(wrapped.VerifyData("message"u8, signature, HashAlgorithmName.SHA256), Is.True);
    }

    [Test]
    public void P7_Wrapped_key_has_no_private_part_to_export()
    {
        using ECDsa key = _serverToken.GenerateKey(KeyAlgorithm.EcdsaP256, "wrapped export").AsECDsa();
        using ECDsaOpenSsl wrapped = TlsKeyBridge.Wrap(key);
        Assert.That(() => wrapped.ExportParameters(includePrivateParameters: true), Throws.InstanceOf<CryptographicException>());
    }

    [Test]
    public void Failing_key_gives_an_exception_and_not_a_signature()
    {
        using var key = new FailingKey();
        using ECDsaOpenSsl wrapped = TlsKeyBridge.Wrap(key);
        Assert.That(() => wrapped.SignHash(new byte[32]), Throws.InstanceOf<CryptographicException>());
    }

    [Test]
    public void Failing_report_does_not_cross_into_openssl()
    {
        static void Fail(object? sender, ErrorEventArgs e) => throw new InvalidOperationException("the log is full");
        using var key = new FailingKey();
        using ECDsaOpenSsl wrapped = TlsKeyBridge.Wrap(key);
        TlsKeyBridge.SignatureFailed += Fail;
        try
        {
            Assert.That(() => wrapped.SignHash(new byte[32]), Throws.InstanceOf<CryptographicException>());
        }
        finally
        {
            TlsKeyBridge.SignatureFailed -= Fail;
        }
    }

    [Test]
    public void Key_of_another_certificate_is_refused()
    {
        using ECDsa key = _serverToken.GenerateKey(KeyAlgorithm.EcdsaP256, "of this").AsECDsa();
        using ECDsa other = _serverToken.GenerateKey(KeyAlgorithm.EcdsaP256, "of other").AsECDsa();
        using X509Certificate2 certificate = Certify("CN=this", key);
        using var plain = X509CertificateLoader.LoadCertificate(certificate.RawData);
        Assert.That(() => TlsKeyBridge.Attach(plain, other), Throws.ArgumentException);
    }

    [Test]
    public void Key_on_another_curve_is_refused()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        Assert.That(() => TlsKeyBridge.Wrap(key), Throws.TypeOf<NotSupportedException>());
    }

    [Test]
    public void Managed_key_is_let_go_with_the_last_native_one()
    {
        WeakReference reference = WrapAndDispose();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        Assert.That(reference.IsAlive, Is.False);

        [MethodImpl(MethodImplOptions.NoInlining)]
        static WeakReference WrapAndDispose()
        {
            var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            TlsKeyBridge.Wrap(key).Dispose();
            return new WeakReference(key);
        }
    }

    [Test]
    [UnsupportedOSPlatform("windows")]
    public void Freed_duplicate_leaves_the_original_able_to_sign()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using ECDsaOpenSsl wrapped = TlsKeyBridge.Wrap(key);
        using SafeEvpPKeyHandle handle = wrapped.DuplicateKeyHandle();
        nint original = EVP_PKEY_get1_EC_KEY(handle);
        nint duplicate = EC_KEY_dup(original);
        Assert.That(duplicate, Is.Not.Zero);
        EC_KEY_free(duplicate);
        EC_KEY_free(original);

        // A handle allocated now would take the place of one that was freed by mistake.
        var stranger = GCHandle.Alloc(new object());
        byte[] signature = wrapped.SignHash(SHA256.HashData("message"u8));
        stranger.Free();
        Assert.That(key.VerifyData("message"u8, signature, HashAlgorithmName.SHA256), Is.True);
    }

    private static X509Certificate2 Certify(string name, ECDsa key)
    {
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        using X509Certificate2 plain = Issue(request, X509SignatureGenerator.CreateForECDsa(key));
        return TlsKeyBridge.Attach(plain, key);
    }

    private static X509Certificate2 Issue(CertificateRequest request, X509SignatureGenerator generator) => request.Create(
        request.SubjectName,
        generator,
        new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero),
        new DateTimeOffset(2049, 1, 1, 0, 0, 0, TimeSpan.Zero),
        [1]);

    [LibraryImport("libcrypto.so.3")]
    private static partial nint EVP_PKEY_get1_EC_KEY(SafeEvpPKeyHandle key);

    [LibraryImport("libcrypto.so.3")]
    private static partial nint EC_KEY_dup(nint key);

    [LibraryImport("libcrypto.so.3")]
    private static partial void EC_KEY_free(nint key);

    /// <summary>A key whose token was pulled out.</summary>
    private sealed class FailingKey : ECDsa
    {
        private readonly ECDsa _key = Create(ECCurve.NamedCurves.nistP256);

        public FailingKey() => KeySizeValue = 256;

        public override byte[] SignHash(byte[] hash) => throw new CryptographicException("the token is gone");

        public override bool VerifyHash(byte[] hash, byte[] signature) => _key.VerifyHash(hash, signature);

        public override ECParameters ExportParameters(bool includePrivateParameters) => _key.ExportParameters(includePrivateParameters);

        public X509Certificate2 Certify() =>
            Issue(new CertificateRequest("CN=failing", _key, HashAlgorithmName.SHA256), X509SignatureGenerator.CreateForECDsa(_key));

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                _key.Dispose();
            }

            base.Dispose(disposing);
        }
    }

    /// <summary>Two ends of a TLS connection over loopback, each of which trusts exactly one certificate.</summary>
    private sealed class Connection(TcpClient near, TcpClient far) : IDisposable
    {
        public SslStream Client { get; } = new(near.GetStream());

        public SslStream Server { get; } = new(far.GetStream());

        public static async Task<Connection> OpenAsync()
        {
            using var listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            var near = new TcpClient();
            await near.ConnectAsync((IPEndPoint)listener.LocalEndpoint);
            return new Connection(near, await listener.AcceptTcpClientAsync());
        }

        public Task ServeAsync(X509Certificate2 own, X509Certificate2 peer, SslProtocols protocol) =>
            Server.AuthenticateAsServerAsync(new SslServerAuthenticationOptions
            {
                ServerCertificate = own,
                ClientCertificateRequired = true,
                EnabledSslProtocols = protocol,
                RemoteCertificateValidationCallback = (_, certificate, _, _) => IsSame(certificate, peer),
            });

        public Task ConnectAsync(X509Certificate2 own, X509Certificate2 peer, SslProtocols protocol) =>
            Client.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
            {
                TargetHost = "server",
                ClientCertificates = [own],
                EnabledSslProtocols = protocol,
                RemoteCertificateValidationCallback = (_, certificate, _, _) => IsSame(certificate, peer),
            });

        public void Dispose()
        {
            Client.Dispose();
            Server.Dispose();
            near.Dispose();
            far.Dispose();
        }

        private static bool IsSame(X509Certificate? certificate, X509Certificate2 expected) =>
            certificate is not null && certificate.GetRawCertData().AsSpan().SequenceEqual(expected.RawData);
    }
}
