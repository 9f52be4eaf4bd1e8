using System.Security.Cryptography.X509Certificates;

namespace Fota.Signer.Authority;

/// <summary>The key identifier of an authority (RFC 5280 sections 4.2.1.1 and 4.2.1.2), lower-case hexadecimal: what certificates and lists name their issuer by.</summary>
internal static class AuthorityKey
{
    /// <summary>An authority's own.</summary>
    /// <exception cref="SignerRefusalException">Its certificate names none.</exception>
    public static string Of(X509Certificate2 authority) => authority.Extensions.OfType<X509SubjectKeyIdentifierExtension>().FirstOrDefault()?.SubjectKeyIdentifier?.ToLowerInvariant()
        ?? throw new SignerRefusalException($"certificate authority \"{authority.Subject}\": wanted a certificate with a key identifier, got one without");

    /// <summary>The one that a certificate names; null if it names none.</summary>
    public static string? OfIssuer(X509Certificate2 certificate) => certificate.Extensions.OfType<X509AuthorityKeyIdentifierExtension>().FirstOrDefault()?.KeyIdentifier is { } id
        ? Convert.ToHexStringLower(id.Span)
        : null;
}
