using System.Security.Cryptography.X509Certificates;

namespace Fota.DeviceAgent.Identity;

/// <summary>
/// Which authorities may certify this device. Where none is configured, it is the one that certified it before: the device's certificate names that one's
/// key by a hash, which what a server shows has to match.
/// </summary>
internal static class KnownAuthorities
{
    /// <summary>Of what was shown, the authority that issued <paramref name="current"/>; empty if it is not among them.</summary>
    public static X509Certificate2Collection IssuersOf(X509Certificate2 current, IEnumerable<X509Certificate2> shown)
    {
        ReadOnlyMemory<byte>? wanted = current.Extensions.OfType<X509AuthorityKeyIdentifierExtension>().FirstOrDefault()?.KeyIdentifier;
        return wanted is null ? [] : [.. shown.Where(authority => IdentifierOf(authority).Span.SequenceEqual(wanted.Value.Span) && IsIssuer(authority, current))];
    }

    // RFC 7093 section 2 method 1, as our authorities name themselves: 160 bits of SHA-256. Computed here: what a certificate says of itself proves nothing. An
    // authority that is named in another way (RFC 5280 suggests SHA-1) has to be configured.
    private static ReadOnlyMemory<byte> IdentifierOf(X509Certificate2 authority) =>
        new X509SubjectKeyIdentifierExtension(authority.PublicKey, X509SubjectKeyIdentifierHashAlgorithm.ShortSha256, critical: false).SubjectKeyIdentifierBytes;

    private static bool IsIssuer(X509Certificate2 authority, X509Certificate2 current)
    {
        using X509Chain chain = new();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationFlags = X509VerificationFlags.IgnoreNotTimeValid; // the certificate may have expired: that is why it is renewed
        return chain.Build(current);
    }
}
