using System.Security.Cryptography.X509Certificates;
using System.Text;
using Fota.Interop.Posix;
using Fota.Manifest;
using Fota.Manifest.Log;
using Fota.Signer.Home;
using Fota.Signer.Keys;
using Fota.Signer.Log;

namespace Fota.Signer.Authority;

/// <summary>Gives a certificate authority a successor, in two steps: it is made, and when everybody who has to know it does, it takes over.</summary>
internal sealed class AuthorityChange(SignerHome home, string profile)
{
    private string Next => home.Folder.NextAuthorityCertificate(profile);

    /// <summary>Makes the successor's certificate.</summary>
    public X509Certificate2 Make(OpenedKey key, string commonName, DateTimeOffset now, int years)
    {
        if (File.Exists(Next))
        {
            throw new SignerRefusalException($"{Next} is there: wanted no successor of the {profile} CA, got one already; remove the file to give it up");
        }

        SignerSettings settings = home.Settings;
        if (settings.Authorities.Any(authority => string.Equals(authority.Key, key.Key.Label, StringComparison.Ordinal)))
        {
            throw new SignerRefusalException($"key '{key.Key.Label}': wanted a key of no authority, got one of an authority of this home");
        }

        if (HomeAuthority.All(home.Folder, profile).FirstOrDefault(authority => string.Equals(authority.KeyIn(settings)?.Label, key.Key.Label, StringComparison.Ordinal)) is { } former)
        {
            throw new SignerRefusalException($"key '{key.Key.Label}': wanted a key of no authority, got that of {former.Certificate.Subject}, which was one of this home");
        }

        RoleSeparation.Demand(
            "ca make: ",
            settings.Roles,
            [.. settings.Products.Select(static product => (product.Name, product.Role))],
            [.. settings.Authorities.Select(static authority => authority.Key), key.Key.Label],
            label => settings.Key(label).Token);
        X509Certificate2 certificate = new CertificateAuthority(home.Signer, key.Token, key.Key).SelfSign(commonName, now, years);
        _ = home.Log.Append(new LogEvent(LogKinds.AuthorityMade, key.Key.Label, certificate.Subject, ("profile", profile), ("certificate_sha256", Sha256Digest.Of(certificate.RawData))));
        DurableFile.Replace(Next, Encoding.ASCII.GetBytes(certificate.ExportCertificatePem() + "\n"));
        return certificate;
    }

    /// <summary>Puts the successor in its place. Interrupted, it is called again: the successor's file is removed last (A48).</summary>
    public X509Certificate2 Switch()
    {
        byte[] pem = File.Exists(Next)
            ? File.ReadAllBytes(Next)
            : throw new SignerRefusalException($"{Next}: wanted a successor of the {profile} CA, got none; `fota-signer ca make` makes one");
        X509Certificate2 certificate = X509Certificate2.CreateFromPem(Encoding.ASCII.GetString(pem));
        string id = Sha256Digest.Of(certificate.PublicKey.ExportSubjectPublicKeyInfo()).ToString();
        KeySettings key = home.Settings.Keys.FirstOrDefault(known => string.Equals(known.KeyId, id, StringComparison.Ordinal))
            ?? throw new SignerRefusalException($"{Next}: wanted the certificate of a key of this home, got that of {id}");

        KeepFormer(certificate);

        // Between the two writes settings and certificate do not fit, and nothing is issued: CertificateAuthority.Issue says so.
        AuthoritySettings[] authorities = [.. home.Settings.Authorities.Select(authority => string.Equals(authority.Profile, profile, StringComparison.Ordinal) ? authority with { Key = key.Label } : authority)];
        _ = home.Log.Append(new LogEvent(LogKinds.AuthoritySwitched, key.Label, certificate.Subject, ("profile", profile), ("certificate_sha256", Sha256Digest.Of(certificate.RawData))));
        DurableFile.Replace(home.Folder.Settings, (home.Settings with { Authorities = authorities }).ToJson());
        DurableFile.Replace(home.Folder.AuthorityCertificate(profile), pem);
        DurableFile.Delete(Next);
        return certificate;
    }

    // Devices know it for years: what it issued can be taken back, and its lists are signed, as long as its key is there. Repeated, the certificate may be the successor's already.
    private void KeepFormer(X509Certificate2 successor)
    {
        using HomeAuthority former = HomeAuthority.All(home.Folder, profile)[0];
        if (!string.Equals(former.Key, AuthorityKey.Of(successor), StringComparison.Ordinal))
        {
            DurableFile.Replace(Path.Combine(home.Folder.FormerAuthorities, $"{profile}-{former.Key}.pem"), Encoding.ASCII.GetBytes(former.Certificate.ExportCertificatePem() + "\n"));
        }
    }
}
