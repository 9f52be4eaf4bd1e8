using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Fota.DeviceAgent.Tests.Simulation;

/// <summary>A device CA, and an EST server that answers what a test says.</summary>
internal sealed class EstAuthority : HttpMessageHandler
{
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public EstAuthority(DateTimeOffset begin, X509SubjectKeyIdentifierHashAlgorithm identifier = X509SubjectKeyIdentifierHashAlgorithm.ShortSha256)
    {
        CertificateRequest request = new("CN=Device CA", _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, identifier, critical: false));
        Certificate = request.CreateSelfSigned(begin.AddYears(-1), begin.AddYears(20));
        Authorities = [Certificate];
    }

    public X509Certificate2 Certificate { get; }

    /// <summary>What cacerts says.</summary>
    public IReadOnlyList<X509Certificate2> Authorities { get; set; }

    /// <summary>What simplereenroll says.</summary>
    public Func<CertificateRequest, HttpResponseMessage> Answer { get; set; } = static _ => Wait(null);

    /// <summary>The requests for certificates, DER.</summary>
    public IList<byte[]> Requests { get; } = [];

    public static HttpResponseMessage Wait(int? seconds)
    {
        HttpResponseMessage response = new(HttpStatusCode.Accepted) { Content = new ByteArrayContent([]) };
        if (seconds is { } wait)
        {
            response.Headers.TryAddWithoutValidation("Retry-After", $"{wait}");
        }

        return response;
    }

    public static HttpResponseMessage Refuse(HttpStatusCode status, string text) => new(status) { Content = new StringContent(text) };

    public static HttpResponseMessage Issue(params X509Certificate2[] certificates) => new(HttpStatusCode.OK)
    {
        Content = new StringContent(Convert.ToBase64String(new X509Certificate2Collection(certificates).Export(X509ContentType.Pkcs7)!, Base64FormattingOptions.InsertLineBreaks), Encoding.ASCII),
    };

    /// <summary>Certifies a key; every argument can be wrong.</summary>
    public X509Certificate2 Certify(X500DistinguishedName subject, PublicKey key, DateTimeOffset begin, DateTimeOffset end, string usage = "1.3.6.1.5.5.7.3.2", bool isAuthority = false)
    {
        CertificateRequest request = new(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(isAuthority, false, 0, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], critical: true));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(Certificate, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        return request.Create(Certificate.SubjectName, X509SignatureGenerator.CreateForECDsa(_key), begin, end, [0x40, .. RandomNumberGenerator.GetBytes(12)]);
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        switch (request.RequestUri!.AbsolutePath)
        {
            case "/.well-known/est/cacerts":
                return Issue([.. Authorities]);
            case "/.well-known/est/simplereenroll":
                Assert.That((request.Method, request.Content!.Headers.ContentType?.ToString()), Is.EqualTo((HttpMethod.Post, "application/pkcs10")));
                Requests.Add(Convert.FromBase64String(await request.Content.ReadAsStringAsync(cancellationToken)));
                return Answer(CertificateRequest.LoadSigningRequest(Requests[^1], HashAlgorithmName.SHA256, out _));
            default:
                return new HttpResponseMessage(HttpStatusCode.NotFound) { Content = new ByteArrayContent([]) };
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _key.Dispose();
            Certificate.Dispose();
        }

        base.Dispose(disposing);
    }
}
