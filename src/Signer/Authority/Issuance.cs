using System.Security.Cryptography.X509Certificates;
using Fota.Signer.Home;
using Fota.Signer.Log;

namespace Fota.Signer.Authority;

/// <summary>The one way to a certificate of an authority of a home, whoever brought the request: at the authority itself, or through a server.</summary>
internal sealed class Issuance(SignerHome home, CertificateAuthority issuer, X509Certificate2 authority, string profile)
{
    /// <summary>
    /// Issues a certificate for a request that may have one. A device's name is taken before the certificate is signed; if the process ends in between, it is asked
    /// again (A48). The entry comes before the file (L-21).
    /// </summary>
    /// <param name="wanted">The request.</param>
    /// <param name="replace">Whether the device's name may go over to this key.</param>
    /// <param name="now">The moment.</param>
    /// <returns>The certificate, and the key that bore the device's name until now, if another did.</returns>
    public (X509Certificate2 Certificate, string? Replaced) Issue(ExaminedRequest wanted, bool replace, DateTimeOffset now)
    {
        LogRecovery.DemandWhole(home);
        home.Revoked.DemandKeyHolds(wanted.Key.Id);
        _ = CertificateAuthority.LifeOf(authority, wanted, now);
        string? replaced = wanted.Device is { } device ? home.Names.Claim(device, wanted.Key.Id, replace) : null;
        X509Certificate2 certificate = issuer.Issue(authority, wanted, now);
        _ = home.Log.Append(CertificateEntry.Of(issuer.Label, profile, wanted, certificate, replaced));
        home.Issued.Keep(certificate);
        return (certificate, replaced);
    }
}
