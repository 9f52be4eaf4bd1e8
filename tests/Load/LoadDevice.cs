using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Fota.Manifest;
using Fota.Manifest.Keys;
using Fota.Manifest.Reports;
using Fota.UpdateServer.Tests.Support;

namespace Fota.Load;

/// <summary>A device that has a key, a certificate, and as many requests as it will need, signed beforehand: what a device works is not what is measured.</summary>
internal sealed class LoadDevice
{
    private static readonly Sha256Digest s_running = Sha256Digest.Of("factory"u8);

    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly SslStreamCertificateContext _certificate;
    private readonly X509ChainPolicy _trust;
    private readonly VerificationKey _publicKey;
    private readonly string _name;
    private readonly Queue<byte[]> _requests = new();
    private long _ordinal;

    public LoadDevice(LoadSite site, string name)
    {
        _name = name;
        using X509Certificate2 certificate = site.Devices.IssueDevice(name, _key);

        // OpenSSL wants the key and the certificate together.
        _certificate = SslStreamCertificateContext.Create(X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pfx), null), null, offline: true);
        _publicKey = VerificationKey.FromSubjectPublicKeyInfo(_key.ExportSubjectPublicKeyInfo());
        _trust = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, CustomTrustStore = { site.Services.Certificate } };
    }

    /// <summary>Signs reports that say nothing new.</summary>
    public void Prepare(int count)
    {
        while (_requests.Count < count)
        {
            byte[] report = VerifiedReport.Sign(SampleReports.Of(_name, ReportState.Idle, null, s_running, ++_ordinal), _publicKey, input => _key.SignData(input, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation));
            string head = string.Create(CultureInfo.InvariantCulture, $"POST /api/v1/check-in HTTP/1.1\r\nHost: {LoadSite.Host}\r\nContent-Type: application/cose\r\nContent-Length: {report.Length}\r\n\r\n");
            _requests.Enqueue([.. Encoding.ASCII.GetBytes(head), .. report]);
        }
    }

    /// <summary>The next report, as a request.</summary>
    public byte[] Next() => _requests.Dequeue();

    /// <summary>Connects, with a whole handshake, or with what is left of the last one.</summary>
    public async Task<LoadConnection> ConnectAsync(IPEndPoint address, bool resume)
    {
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(address);
        SslStream tls = new(new NetworkStream(socket, ownsSocket: true));
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = LoadSite.Host,
            EnabledSslProtocols = SslProtocols.Tls13,
            ClientCertificateContext = _certificate,
            CertificateChainPolicy = _trust,
            AllowTlsResume = resume,
        });
        return new LoadConnection(tls);
    }
}
