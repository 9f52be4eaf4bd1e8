using System.Security.Cryptography.X509Certificates;
using Fota.Manifest;
using Fota.Signer.Home;

namespace Fota.Signer.Authority;

/// <summary>An authority of a home: the one that issues, or one that did before `ca switch`, whose certificates are good until they end.</summary>
internal sealed class HomeAuthority(string profile, X509Certificate2 certificate, bool isFormer) : IDisposable
{
    public string Profile => profile;

    public X509Certificate2 Certificate => certificate;

    public bool IsFormer => isFormer;

    /// <summary>Its key identifier, lower-case hexadecimal.</summary>
    public string Key { get; } = AuthorityKey.Of(certificate);

    /// <summary>The one that issues, then those of before.</summary>
    public static IReadOnlyList<HomeAuthority> All(HomeFolder folder, string profile)
    {
        string[] former = Directory.Exists(folder.FormerAuthorities) ? Directory.GetFiles(folder.FormerAuthorities, $"{profile}-*.pem") : [];
        return [.. former.Order(StringComparer.Ordinal).Select(static file => (File: file, IsFormer: true)).Prepend((File: folder.AuthorityCertificate(profile), IsFormer: false))
            .Select(each => new HomeAuthority(profile, X509Certificate2.CreateFromPem(File.ReadAllText(each.File)), each.IsFormer))];
    }

    /// <summary>The settings of its key; null if this home does not have it any more.</summary>
    public KeySettings? KeyIn(SignerSettings settings)
    {
        string id = Sha256Digest.Of(certificate.PublicKey.ExportSubjectPublicKeyInfo()).ToString();
        return settings.Keys.FirstOrDefault(key => string.Equals(key.KeyId, id, StringComparison.Ordinal));
    }

    /// <summary>Whether it issued a certificate, by its key and not by a name; ended ones as well.</summary>
    public bool Issued(X509Certificate2 other)
    {
        using X509Chain chain = new();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(certificate);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationFlags = X509VerificationFlags.IgnoreNotTimeValid;
        return chain.Build(other);
    }

    public void Dispose() => certificate.Dispose();
}
