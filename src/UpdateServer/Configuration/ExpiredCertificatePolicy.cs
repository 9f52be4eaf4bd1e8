namespace Fota.UpdateServer.Configuration;

/// <summary>What a device does with its certificate.</summary>
public enum CertificateUse
{
    /// <summary>Nothing was said, which is allowed nothing.</summary>
    None = 0,

    /// <summary>It checks in and is told of updates.</summary>
    Updates,

    /// <summary>It asks for a new certificate.</summary>
    Reenrolment,
}

/// <summary>
/// What a device may still do with a certificate that has expired (docs/spec/device-identity.md). Everything else about the certificate is demanded all the same.
/// </summary>
public sealed record ExpiredCertificatePolicy
{
    /// <summary>The longest grace in days.</summary>
    public const int MaxGraceDays = 3650;

    private ExpiredCertificatePolicy(TimeSpan grace, IReadOnlyList<CertificateUse> allowed)
    {
        Grace = grace;
        Allowed = allowed;
    }

    /// <summary>Nothing: the default.</summary>
    public static ExpiredCertificatePolicy Refuse { get; } = new(TimeSpan.Zero, []);

    /// <summary>How long after the end of a certificate.</summary>
    public TimeSpan Grace { get; }

    /// <summary>For what.</summary>
    public IReadOnlyList<CertificateUse> Allowed { get; }

    /// <summary>Allows some uses for some days.</summary>
    /// <exception cref="ConfigurationException">No use, one twice, or a number of days out of range.</exception>
    public static ExpiredCertificatePolicy Allow(int graceDays, IReadOnlyList<CertificateUse> uses)
    {
        ArgumentNullException.ThrowIfNull(uses);
        if (graceDays is < 1 or > MaxGraceDays)
        {
            throw new ConfigurationException($"expiredDeviceCertificates.graceDays: wanted 1 to {MaxGraceDays}, got {graceDays}");
        }

        return uses.Count > 0 && uses.Distinct().Count() == uses.Count && !uses.Contains(CertificateUse.None)
            ? new ExpiredCertificatePolicy(TimeSpan.FromDays(graceDays), [.. uses])
            : throw new ConfigurationException("expiredDeviceCertificates.allow: wanted updates, reenrol or both, each once, got something else");
    }

    /// <summary>Whether a certificate that ended so long ago is good for this use.</summary>
    public bool Allows(CertificateUse use, TimeSpan expired) => Allowed.Contains(use) && expired <= Grace;
}
