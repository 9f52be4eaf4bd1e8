using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Fota.Manifest;

namespace Fota.UpdateServer.Certificates;

/// <summary>What a certificate chain comes to.</summary>
/// <param name="Authority">Who vouches for the certificate.</param>
/// <param name="Expired">How long ago the certificate itself has ended; zero if it has not. Whether that matters is for others to say.</param>
/// <param name="Chain">The certificate, who issued it, and so on as far as that authority registered the certificates.</param>
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

/// <summary>
/// Judges client certificates: no CA's, for client authentication, by one of some registered authorities and nobody else, and not taken back. No network is ever asked.
/// Who vouches is said by the one registered certificate whose key signed, never by its name: authorities may have the same one, and one may be below another.
/// </summary>
internal sealed class ClientCertificateJudge(IReadOnlyList<RegisteredAuthority> authorities, TimeProvider time)
{
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";
    private const X509ChainStatusFlags Fine = X509ChainStatusFlags.NoError;

    private readonly ImmutableArray<Issuer> _issuers = [.. authorities.SelectMany(static a => a.Certificates.Select(c => new Issuer(a, c)))];

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
        DateTimeOffset now = time.GetUtcNow();
        SortedSet<string> wrong = new(StringComparer.Ordinal);
        Rejection? takenBack = null;

        // A CA that was certified twice over the same key has several chains: one of them has to be good.
        foreach (JudgedCertificate judged in _issuers.Select(i => Build(certificate, i, now, wrong)).OfType<JudgedCertificate>())
        {
            if (judged.WhyNot(now) is not { } refused)
            {
                return (judged, null);
            }

            takenBack = refused;
        }

        return (null, takenBack ?? Foreign($"wanted a certificate that a registered CA issued, got {string.Join(", ", wrong.DefaultIfEmpty("another"))}"));
    }

    /// <summary>The chain over <paramref name="issuer"/>, if the certificate is one that it, or another one of its authority, issued.</summary>
    private static JudgedCertificate? Build(X509Certificate2 certificate, Issuer issuer, DateTimeOffset now, SortedSet<string> wrong)
    {
        using X509Chain chain = new();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(issuer.Store);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck; // the framework would ask the network; the lists are asked by others
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ClientAuthentication));
        chain.ChainPolicy.VerificationTime = now.LocalDateTime;
        chain.Build(certificate);

        // What lies beyond the authority's own certificates is nothing to it: these are what is trusted, whoever vouches for them besides.
        X509ChainElement[] known = [.. chain.ChainElements.Take(1).Concat(chain.ChainElements.Skip(1).TakeWhile(e => issuer.Authority.Has(e.Certificate)))];
        if (known.Length < 2)
        {
            return null;
        }

        DateTimeOffset end = new(certificate.NotAfter);
        X509ChainStatusFlags own = StatusOf(known[0]), above = known.Skip(1).Aggregate(Fine, static (all, e) => all | StatusOf(e)) & ~X509ChainStatusFlags.PartialChain;
        if ((own & ~X509ChainStatusFlags.NotTimeValid) != Fine || above != Fine || (own != Fine && end >= now))
        {
            wrong.Add((own | above).ToString());
            return null;
        }

        return new JudgedCertificate(issuer.Authority, own == Fine ? TimeSpan.Zero : now - end, [.. known.Select(static e => e.Certificate)]);
    }

    private static X509ChainStatusFlags StatusOf(X509ChainElement element) => element.ChainElementStatus.Aggregate(Fine, static (all, s) => all | s.Status);

    /// <summary>A certificate of an authority, and what a chain over it may rest on: not on another one of its name, which would be taken for it where a certificate does not name its issuer's key.</summary>
    private sealed record Issuer(RegisteredAuthority Authority, X509Certificate2 Certificate)
    {
        public X509Certificate2Collection Store { get; } = [Certificate, .. Authority.Certificates.Where(c => !c.SubjectName.RawData.AsSpan().SequenceEqual(Certificate.SubjectName.RawData))];
    }
}
