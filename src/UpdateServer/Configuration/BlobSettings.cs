using Fota.Manifest.Reports;

namespace Fota.UpdateServer.Configuration;

/// <summary>How devices read content.</summary>
public enum ReadWay
{
    /// <summary>Something else was said, which is refused.</summary>
    None = 0,

    /// <summary>From the storage, by an address that is signed for a short time.</summary>
    SignedAddress,

    /// <summary>From an address where everybody may read: a CDN that has its own way to the storage.</summary>
    PublicAddress,

    /// <summary>From this server alone.</summary>
    Server,
}

/// <summary>A container of Azure Blob Storage that holds what is published (docs/spec/device-api.md, S8).</summary>
public sealed record BlobSettings
{
    /// <summary>The shortest and longest time that an address can be signed for, in minutes.</summary>
    public const int LeastReadMinutes = 10, MostReadMinutes = 24 * 60;

    /// <summary>The container's name; it has to be there.</summary>
    public required string Container { get; init; }

    /// <summary>The account's address, for the machine's own identity; null where there is a connection string.</summary>
    public Uri? Account { get; init; }

    /// <summary>Which of the machine's identities: the client id of one that was assigned to it; null for the system's.</summary>
    public string? ClientId { get; init; }

    /// <summary>File with a connection string, mode 0600; null where the machine's identity is enough.</summary>
    public string? ConnectionStringFile { get; init; }

    /// <summary>PEM file of the CAs that vouch for the storage; null: those of the system.</summary>
    public string? AuthoritiesFile { get; init; }

    /// <summary>How devices read.</summary>
    public ReadWay Reads { get; init; } = ReadWay.SignedAddress;

    /// <summary>For how long an address is signed.</summary>
    public TimeSpan ReadTime { get; init; } = TimeSpan.FromMinutes(60);

    /// <summary>Where devices read in place of the storage's own address: a CDN in front of it; ends in '/'.</summary>
    public Uri? ReadAddress { get; init; }

    /// <exception cref="ConfigurationException">A setting is out of range, or contradicts another.</exception>
    internal void Validate()
    {
        if (Account is null == (ConnectionStringFile is null))
        {
            throw new ConfigurationException("blobs.account: wanted this, for the machine's identity, or connectionString, got both or neither");
        }

        // A query would be a credential of the server's own (a shared access signature); what was got is not repeated for that.
        if (Account is { } account && (!account.IsAbsoluteUri || account.Scheme != Uri.UriSchemeHttps || account.Query.Length > 0 || account.Fragment.Length > 0 || account.UserInfo.Length > 0))
        {
            throw new ConfigurationException("blobs.account: wanted an https address without a query, got another");
        }

        if (ClientId is not null && Account is null)
        {
            throw new ConfigurationException("blobs.clientId: wanted account beside it, got connectionString");
        }

        if (Container.Length is < 3 or > 63 || !Container.All(static c => c is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '-'))
        {
            throw new ConfigurationException("blobs.container: wanted 3 to 63 of a-z, 0-9 and '-', got another name");
        }

        if (Reads == ReadWay.None)
        {
            throw new ConfigurationException("blobs.reads: wanted signed, public or server, got another");
        }

        if (Reads == ReadWay.PublicAddress && ReadAddress is null)
        {
            throw new ConfigurationException("blobs.readAddress: wanted it with reads public, got none");
        }

        if (ReadTime < TimeSpan.FromMinutes(LeastReadMinutes) || ReadTime > TimeSpan.FromMinutes(MostReadMinutes))
        {
            throw new ConfigurationException($"blobs.readMinutes: wanted {LeastReadMinutes} to {MostReadMinutes}, got {ReadTime.TotalMinutes}");
        }

        if (ReadAddress is { } address && !ContentSource.IsAddress(address))
        {
            throw new ConfigurationException($"blobs.readAddress: wanted an https address of at most {ContentSource.MaxAddressLength} characters that ends in '/', without a query, got another");
        }
    }
}
