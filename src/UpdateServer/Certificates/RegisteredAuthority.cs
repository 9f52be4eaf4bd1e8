using System.Collections.Immutable;
using System.Security.Cryptography.X509Certificates;

namespace Fota.UpdateServer.Certificates;

/// <summary>An authority whose certificates count here.</summary>
/// <param name="Certificates">Its own: one, or some while it changes.</param>
/// <param name="Products">The products of which it may have devices; null for all.</param>
/// <param name="Lists">What it took back; null where nobody asks.</param>
internal sealed record RegisteredAuthority(X509Certificate2Collection Certificates, ImmutableSortedSet<string>? Products, RevocationLists? Lists)
{
    /// <summary>Whether this very certificate is one of its own. The framework takes two for the same that have issuer and serial number in common.</summary>
    public bool Has(X509Certificate2 certificate) => Certificates.Any(c => c.RawDataMemory.Span.SequenceEqual(certificate.RawDataMemory.Span));
}
