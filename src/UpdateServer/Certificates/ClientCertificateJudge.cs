using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Fota.Manifest;

namespace Fota.UpdateServer.Certificates;

/// <summary>What a certificate chain comes to.</summary>
/// <param name="Authority">Who vouches for the certificate.</param>
/// <param name="Expired">How long ago the certificate itself has ended; zero if it has not. Whether that matters is for others to say.</param>
/// <param name="Chain">The certificate, who issued it, and so on to an authority of its own.</param>
internal sealed record JudgedCertificate(RegisteredAuthority Authority, TimeSpan Expired, IReadOnlyList<X509Certificate2> Chain)
{
    private readonly DateTimeOffset _from = Chain.Max(static c => new DateTimeOffset(c.NotBefore)), _until = Chain.Min(static c => new DateTimeOffset(c.NotAfter));

    /// <summary>Whether the chain is as good now as it was when it was built: nothing of it has ended or is yet to begin, and nothing was taken back.</summary>
    public bool IsStillGood(DateTimeOffset now) => Expired == TimeSpan.Zero && now >= _from && now <= _until && WhyNot(now) is null;

    /// <summary>What the authority's lists say against it; null for nothing.</summary>
    public Rejection? WhyNot(DateTimeOffset now)
    {
        for (int i = 0; Authority.Lists is not null && i < Chain.Count - 1; i++)
        {
            if (Authority.Lists.WhyNot(Chain[i], Chain[i + 1], now) is { } refused)
            {
                return refused;
            }
        }

        return null;
    }
}

/// <summary>Judges client certificates: no CA's, for client authentication, by one of some registered authorities and nobody else, and not taken back. No network is ever asked.</summary>
internal sealed class ClientCertificateJudge(IReadOnlyList<RegisteredAuthority> authorities, TimeProvider time)
{
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    /// <summary>The certificates of all authorities.</summary>
    public X509Certificate2Collection Certificates { get; } = [.. authorities.SelectMany(static a => a.Certificates)];

    /// <summary>Who vouches for it, or why nobody does.</summary>
    public (JudgedCertificate? Judged, Rejection? Refused) Judge(X509Certificate2 certificate)
    {
        if (certificate.Extensions.OfType<X509BasicConstraintsExtension>().Any(static e => e.CertificateAuthority))
        {
            return (null, Foreign("wanted the certificate of somebody, got a CA's"));
        }

        // Chain building takes a missing extended key usage for "any"; here missing never means "not required" (promise P10).
        return certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>().Any(static e => e.EnhancedKeyUsages.Cast<Oid>().Any(static o => o.Value == ClientAuthentication))
            ? JudgeChain(certificate)
            : (null, Foreign("wanted the extended key usage client authentication, got none"));
    }

    public static Rejection Foreign(string detail) => new(RejectionReason.ForeignCertificate, detail);

    private (JudgedCertificate? Judged, Rejection? Refused) JudgeChain(X509Certificate2 certificate)
    {
        DateTimeOffset now = time.GetUtcNow(), end = new(certificate.NotAfter);
        using X509Chain chain = new();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(Certificates);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck; // the framework would ask the network; the lists are asked below
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ClientAuthentication));
        chain.ChainPolicy.VerificationTime = now.LocalDateTime;
        bool isGood = chain.Build(certificate);
        if (!isGood && (!IsExpiryAlone(chain) || end >= now))
        {
            return (null, Foreign($"wanted a chain to a registered CA, got {string.Join(", ", chain.ChainStatus.Select(static s => s.Status).Distinct())}"));
        }

        X509Certificate2[] elements = [.. chain.ChainElements.Select(static e => e.Certificate)];
        if (elements.Length < 2 || authorities.FirstOrDefault(a => a.Certificates.Contains(elements[1])) is not { } authority)
        {
            return (null, Foreign("wanted a certificate that a registered CA issued, got another"));
        }

        JudgedCertificate judged = new(authority, isGood ? TimeSpan.Zero : now - end, elements);
        return judged.WhyNot(now) is { } refused ? (null, refused) : (judged, null);
    }

    /// <summary>Whether nothing is wrong but the time of the certificate itself: not its signature, not its use, and nothing about its authority.</summary>
    private static bool IsExpiryAlone(X509Chain chain) =>
        chain.ChainElements.Count >= 2
        && chain.ChainElements[0].ChainElementStatus.All(static s => s.Status == X509ChainStatusFlags.NotTimeValid)
        && chain.ChainElements.Skip(1).All(static e => e.ChainElementStatus.Length == 0)
        && chain.ChainStatus.All(static s => s.Status == X509ChainStatusFlags.NotTimeValid);
}
