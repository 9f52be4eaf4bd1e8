using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using Fota.Manifest.Log;
using Fota.Signer.Authority;

namespace Fota.Signer.Log;

/// <summary>What the log says of a certificate that was issued; device and key go back into a journal that was lost.</summary>
internal static class CertificateEntry
{
    /// <param name="authority">The label of the authority's key.</param>
    /// <param name="profile">"device" or "service".</param>
    /// <param name="request">What was asked for.</param>
    /// <param name="certificate">What was issued.</param>
    /// <param name="replaced">The key that bore the device's name until now; null if none did.</param>
    public static LogEvent Of(string authority, string profile, ExaminedRequest request, X509Certificate2 certificate, string? replaced) => new(
        LogKinds.CertificateIssued,
        authority,
        request.Description,
        ("profile", profile),
        ("device", request.Device),
        ("key_id", request.Key.Id),
        ("issuer", AuthorityKey.OfIssuer(certificate)),
        ("serial", certificate.SerialNumber.ToLowerInvariant()),
        ("not_after", certificate.NotAfter.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)),
        ("replaced_key", replaced));
}
