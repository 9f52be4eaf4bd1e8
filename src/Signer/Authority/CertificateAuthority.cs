using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Fota.Manifest.Keys;
using Fota.Signer.Journal;
using Fota.Signer.Keys;

namespace Fota.Signer.Authority;

/// <summary>A certificate authority whose key is on a token. It issues end-entity certificates only: its path length is 0.</summary>
internal sealed class CertificateAuthority
{
    private const int SerialLength = 16;

    // A device's clock may be behind; the certificate is not valid earlier than its authority all the same.
    private static readonly TimeSpan s_clockSkew = TimeSpan.FromHours(1);

    private readonly JournalledSigner _signer;
    private readonly ICryptoToken _token;
    private readonly ITokenKey _key;

    public CertificateAuthority(JournalledSigner signer, ICryptoToken token, ITokenKey key)
    {
        _signer = signer;
        _token = token;
        _key = key.PublicKey.Algorithm == SignatureAlgorithm.Esp256
            ? key
            : throw new SignerRefusalException($"key '{key.Label}': wanted a P-256 key for certificates, got {key.PublicKey.Algorithm}");
    }

    /// <summary>The label of its key.</summary>
    public string Label => _key.Label;

    /// <summary>The authority's own certificate.</summary>
    public X509Certificate2 SelfSign(string commonName, DateTimeOffset now, int years)
    {
        X500DistinguishedNameBuilder name = new();
        name.AddCommonName(commonName);
        CertificateRequest request = new(name.Build(), PublicKeyOf(_key.PublicKey), HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: true, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(SubjectKeyIdentifier(request.PublicKey));
        return request.Create(request.SubjectName, Generator($"authority {commonName}"), now - s_clockSkew, now.AddYears(years), NewSerial());
    }

    /// <summary>From when to when a certificate will be valid.</summary>
    /// <exception cref="SignerRefusalException">The authority itself is not valid now.</exception>
    public static (DateTimeOffset From, DateTimeOffset To) LifeOf(X509Certificate2 authority, ExaminedRequest wanted, DateTimeOffset now)
    {
        DemandValid(authority, now);
        return (Later(now - s_clockSkew, new DateTimeOffset(authority.NotBefore)), Earlier(now.AddDays(wanted.ValidDays), new DateTimeOffset(authority.NotAfter)));
    }

    /// <summary>Issues a certificate for an examined request.</summary>
    public X509Certificate2 Issue(X509Certificate2 authority, ExaminedRequest wanted, DateTimeOffset now)
    {
        DemandOwn(authority);
        (DateTimeOffset from, DateTimeOffset to) = LifeOf(authority, wanted, now);
        CertificateRequest request = new(wanted.Subject, PublicKeyOf(wanted.Key), HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(wanted.ExtendedKeyUsage)], critical: true));
        request.CertificateExtensions.Add(SubjectKeyIdentifier(request.PublicKey));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(authority, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        if (wanted.AlternativeNames is { } names)
        {
            request.CertificateExtensions.Add(names);
        }

        return request.Create(authority.SubjectName, Generator(wanted.Description), from, to, NewSerial());
    }

    /// <summary>Signs a list of revoked certificates (RFC 5280 section 5), DER.</summary>
    public byte[] SignList(X509Certificate2 authority, CertificateRevocationListBuilder list, long number, DateTimeOffset now, int days)
    {
        DemandOwn(authority);
        DemandValid(authority, now);
        return list.Build(
            authority.SubjectName,
            Generator($"list {number} of {authority.Subject}"),
            number,
            Earlier(now.AddDays(days), new DateTimeOffset(authority.NotAfter)),
            HashAlgorithmName.SHA256,
            X509AuthorityKeyIdentifierExtension.CreateFromCertificate(authority, includeKeyIdentifier: true, includeIssuerAndSerial: false),
            now - s_clockSkew);
    }

    private static PublicKey PublicKeyOf(VerificationKey key) => PublicKey.CreateFromSubjectPublicKeyInfo(key.SubjectPublicKeyInfo.Span, out _);

    // RFC 7093 section 2: the leftmost 160 bits of the SHA-256 of the key; RFC 5280's own suggestion is SHA-1.
    private static X509SubjectKeyIdentifierExtension SubjectKeyIdentifier(PublicKey key) => new(key, X509SubjectKeyIdentifierHashAlgorithm.ShortSha256, critical: false);

    private void DemandOwn(X509Certificate2 authority)
    {
        if (!authority.PublicKey.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(_key.PublicKey.SubjectPublicKeyInfo.Span))
        {
            throw new SignerRefusalException($"certificate authority \"{authority.Subject}\": wanted the certificate of key '{_key.Label}', got another's; if the authority was being changed, finish it with `fota-signer ca switch`");
        }
    }

    private static void DemandValid(X509Certificate2 authority, DateTimeOffset now)
    {
        if (now < new DateTimeOffset(authority.NotBefore) || now >= new DateTimeOffset(authority.NotAfter))
        {
            throw new SignerRefusalException($"certificate authority \"{authority.Subject}\": wanted one that is valid now, got one from {authority.NotBefore.ToUniversalTime():yyyy-MM-dd} to {authority.NotAfter.ToUniversalTime():yyyy-MM-dd}");
        }
    }

    private static DateTimeOffset Later(DateTimeOffset a, DateTimeOffset b) => a > b ? a : b;

    private static DateTimeOffset Earlier(DateTimeOffset a, DateTimeOffset b) => a < b ? a : b;

    private TokenSignatureGenerator Generator(string subject) => new(_signer, _key, subject);

    /// <summary>RFC 5280 section 4.1.2.2: positive, unique, at most 20 bytes. Random, from the token's own generator.</summary>
    private byte[] NewSerial()
    {
        byte[] serial = new byte[SerialLength];
        _token.FillRandom(serial);
        serial[0] = (byte)((serial[0] & 0x7F) | 0x40);
        return serial;
    }
}
