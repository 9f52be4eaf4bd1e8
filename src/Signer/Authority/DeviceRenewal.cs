using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Fota.Manifest.Keys;
using Fota.Signer.Home;
using Fota.Signer.Log;

namespace Fota.Signer.Authority;

/// <summary>
/// Answers a device's request for a new certificate. Of the server that brought it nothing is believed: the name, the key and the subject are those that
/// this authority certified before, or there is no certificate (P5). So a server that was taken over gains nothing by asking: it has no device's key.
/// </summary>
internal sealed class DeviceRenewal(SignerHome home, CertificateAuthority issuer, X509Certificate2 authority, int? days, DateTimeOffset now)
{
    // A certificate that ends no later is of no use; the authority itself ends then.
    private static readonly TimeSpan s_leastGain = TimeSpan.FromDays(1);

    /// <summary>The certificate that answers a request.</summary>
    /// <exception cref="SignerRefusalException">There is none for it.</exception>
    /// <exception cref="Fota.Manifest.RejectedException">Its key is of an unknown kind.</exception>
    public RenewedCertificate Answer(byte[] request)
    {
        LogRecovery.DemandWhole(home);
        string pem = PemEncoding.WriteString("CERTIFICATE REQUEST", request);
        ExaminedRequest wanted = ExaminedRequest.ForDevice(pem, home.Settings.Products.Select(static product => product.Name));
        string device = wanted.Device!;
        home.Revoked.DemandKeyHolds(wanted.Key.Id);
        if (home.Issued.Newest(device, wanted.Key.Id) is null && home.Allowed.Allows(device, wanted.Product!, wanted.Key.Id))
        {
            // An operator signed for this very key.
            return new RenewedCertificate(wanted.Description, Issue(days is { } shorter ? wanted.ValidFor(shorter) : wanted), IsNew: true);
        }

        DemandHolder(device, wanted.Key.Id);
        X509Certificate2 before = home.Issued.Newest(device, wanted.Key.Id)
            ?? throw new SignerRefusalException($"device {device}: wanted a certificate for its key in ca/issued, to renew it, got none");
        DemandNotRevoked(device, before.SerialNumber);
        DemandSame(device, wanted, before);
        DateTimeOffset begun = new(before.NotBefore), end = new(before.NotAfter);

        // Half of its life and more is left: it was issued in answer to this request, and perhaps not delivered (A48); or somebody asks over and over.
        if (now < begun + ((end - begun) / 2))
        {
            return new RenewedCertificate(wanted.Description, before, IsNew: false);
        }

        return new RenewedCertificate(wanted.Description, Renew(device, wanted.ValidFor(days ?? DaysOf(end - begun)), end), IsNew: true);
    }

    private static int DaysOf(TimeSpan life) => Math.Clamp((int)life.TotalDays, 1, ExaminedRequest.DeviceDays);

    private X509Certificate2 Renew(string device, ExaminedRequest wanted, DateTimeOffset end)
    {
        DateTimeOffset last = new(authority.NotAfter), next = now.AddDays(wanted.ValidDays) < last ? now.AddDays(wanted.ValidDays) : last;
        if (next < end + s_leastGain)
        {
            throw new SignerRefusalException($"device {device}: wanted a certificate that ends later than {end.UtcDateTime:yyyy-MM-dd}, got one until {next.UtcDateTime:yyyy-MM-dd} (the device CA ends on {last.UtcDateTime:yyyy-MM-dd})");
        }

        return Issue(wanted);
    }

    private X509Certificate2 Issue(ExaminedRequest wanted)
    {
        X509Certificate2 certificate = new Issuance(home, issuer, authority, "device").Issue(wanted, replace: false, now).Certificate;
        home.Issued.Index();
        return certificate;
    }

    private void DemandNotRevoked(string device, string newest)
    {
        if (home.Revoked.IsRevoked("device", newest))
        {
            throw new SignerRefusalException($"device {device}: its certificate {newest.ToLowerInvariant()} was revoked, and is not renewed");
        }
    }

    private void DemandHolder(string device, KeyId key)
    {
        string holder = home.Names.Holder(device) ?? throw new SignerRefusalException($"device {device}: wanted one that was certified before, or that an operator's list allows for its key, got a name that never was");
        if (!string.Equals(holder, key.ToString(), StringComparison.Ordinal))
        {
            throw new SignerRefusalException($"device {device}: wanted its key {holder}, got {key}: a renewal brings no new key; if the device was remade, use `fota-signer ca issue --replace`");
        }
    }

    private void DemandSame(string device, ExaminedRequest wanted, X509Certificate2 before)
    {
        if (!wanted.Subject.RawData.AsSpan().SequenceEqual(before.SubjectName.RawData))
        {
            throw new SignerRefusalException($"device {device}: wanted the subject of its certificate, \"{before.SubjectName.Name}\", got \"{wanted.Subject.Name}\"");
        }

        // The folder is the home's own; that the authority signed what lies there costs one verification to know.
        using X509Chain chain = new();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationFlags = X509VerificationFlags.IgnoreNotTimeValid;
        if (!chain.Build(before))
        {
            throw new SignerRefusalException($"device {device}: wanted a certificate of this device CA in ca/issued, got another's ({before.SerialNumber.ToLowerInvariant()})");
        }
    }
}

/// <summary>A certificate in answer to a request.</summary>
/// <param name="Description">Whose it is, for people.</param>
/// <param name="Certificate">The certificate.</param>
/// <param name="IsNew">Whether it was signed now; else it was issued before, and is given out again.</param>
internal sealed record RenewedCertificate(string Description, X509Certificate2 Certificate, bool IsNew);
