namespace Fota.UpdateServer.Configuration;

/// <summary>An authority whose certificates count here (docs/spec/access.md).</summary>
public sealed record AuthoritySettings
{
    /// <summary>The longest grace of a revocation list in days.</summary>
    public const int MaxCrlGraceDays = 365;

    /// <summary>PEM file of its certificates.</summary>
    public required string CertificatesFile { get; init; }

    /// <summary>The products of which it may have devices; null for all.</summary>
    public IReadOnlyList<string>? Products { get; init; }

    /// <summary>Files of its revocation lists, DER or PEM; none: nothing that it took back is known.</summary>
    public IReadOnlyList<string> CrlFiles { get; init; } = [];

    /// <summary>How many days after its time a list still counts; 0: from then on nobody is let in.</summary>
    public int CrlGraceDays { get; init; }

    /// <exception cref="ConfigurationException">A value is out of range; <paramref name="setting"/> is named.</exception>
    internal void Validate(string setting)
    {
        if (CrlGraceDays is < 0 or > MaxCrlGraceDays)
        {
            throw new ConfigurationException($"{setting}.crlGraceDays: wanted 0 to {MaxCrlGraceDays}, got {CrlGraceDays}");
        }

        if (CrlGraceDays > 0 && CrlFiles.Count == 0)
        {
            throw new ConfigurationException($"{setting}.crlGraceDays: wanted crl beside it, got none");
        }

        if (Products is { Count: 0 } || Products?.All(static p => Manifest.ProductName.TryParse(p, out _)) == false)
        {
            throw new ConfigurationException($"{setting}.products: wanted names of products, or none of the list for all, got something else");
        }
    }
}
