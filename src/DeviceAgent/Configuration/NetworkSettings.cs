using Fota.DeviceAgent.Fetching;
using Fota.Manifest.Reports;

namespace Fota.DeviceAgent.Configuration;

/// <summary>How a device uses its network: the section "network" of agent.json (docs/spec/agent-configuration.md). Without the section, or a member of it, the default holds.</summary>
internal sealed record NetworkSettings
{
    /// <summary>The section's name.</summary>
    public const string Member = "network";

    private const long Day = 24 * 3600;

    /// <summary>No proxy, no mirror, no cap.</summary>
    public static NetworkSettings Default { get; } = new();

    /// <summary>The HTTP proxy for everything; null for none. TLS goes through it end to end (CONNECT), so it sees addresses and sizes, and can only refuse.</summary>
    public Uri? Proxy { get; init; }

    /// <summary>Where manifests, chunk tables and packs are asked for before the server is.</summary>
    public IReadOnlyList<MirrorSettings> Repositories { get; init; } = [];

    /// <summary>PEM file of the one authority of the storage that the server may name for content; null: the device goes nowhere that a server names.</summary>
    public string? StorageAuthority { get; init; }

    /// <summary>Below which of its addresses content may lie; at least one where there is an authority.</summary>
    public IReadOnlyList<Uri> StorageAddresses { get; init; } = [];

    /// <summary>Bandwidth and deadline.</summary>
    public TransferLimits Limits { get; init; } = TransferLimits.Default;

    /// <summary>How often something that brings nothing is tried again before the device waits for its next check-in.</summary>
    public int Retries { get; init; } = RetryPolicy.DefaultRetries;

    /// <summary>The longest wait that a server may ask for (Retry-After).</summary>
    public TimeSpan MaxRetryAfter { get; init; } = RetryPolicy.DefaultMaxRetryAfter;

    /// <summary>How much may be added to the wait before a check-in, as a part of it.</summary>
    public double PollJitter { get; init; } = 0.1;

    /// <summary>Reads the section of a configuration file.</summary>
    /// <exception cref="SettingsException">A member is unknown, or out of its range.</exception>
    public static NetworkSettings Read(SettingsFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        if (!file.Has(Member))
        {
            return Default;
        }

        SettingsFile network = file.Section(Member);
        network.AllowOnly("proxy", "repositories", "storageCa", "storageAddresses", "maxBytesPerSecond", "documentSeconds", "retries", "maxRetryAfterSeconds", "pollJitterPercent");
        return new NetworkSettings
        {
            Proxy = network.Has("proxy") ? ProxyAddress(network) : null,
            Repositories = network.Has("repositories") ? [.. network.Sections("repositories").Select(MirrorSettings.Read)] : [],
            StorageAuthority = network.Has("storageCa") ? network.FilePath("storageCa") : null,
            StorageAddresses = StorageAddressesOf(network),
            Limits = new TransferLimits
            {
                // Below a few times the least rate of a transfer (W-20) a cap would make the device give up by its own doing.
                MaxBytesPerSecond = network.Has("maxBytesPerSecond") ? network.Number("maxBytesPerSecond", 4 * TransferRate.MinBytesPerSecond, int.MaxValue) : null,
                DocumentDeadline = Seconds(network, "documentSeconds", 10, Day, TransferLimits.Default.DocumentDeadline),
            },
            Retries = network.Has("retries") ? (int)network.Number("retries", 1, 100) : Default.Retries,
            MaxRetryAfter = Seconds(network, "maxRetryAfterSeconds", 1, 7 * Day, Default.MaxRetryAfter),
            PollJitter = network.Has("pollJitterPercent") ? network.Number("pollJitterPercent", 0, 100) / 100.0 : Default.PollJitter,
        };
    }

    private static TimeSpan Seconds(SettingsFile network, string name, long low, long high, TimeSpan otherwise) =>
        network.Has(name) ? TimeSpan.FromSeconds(network.Number(name, low, high)) : otherwise;

    // One without the other would be a server that may name any host for which the authority vouches, or addresses that are never asked.
    private static IReadOnlyList<Uri> StorageAddressesOf(SettingsFile network)
    {
        const string Name = "storageAddresses";
        if (network.Has("storageCa") != network.Has(Name))
        {
            throw network.Wrong(Name, "it beside storageCa, and not without");
        }

        return !network.Has(Name) ? []
            : network.Texts(Name) is not { Count: > 0 } texts ? throw network.Wrong(Name, "one address at least")
            : [.. texts.Select(text => Uri.TryCreate(text, UriKind.Absolute, out Uri? address) && ContentSource.IsAddress(address) ? address : throw network.Wrong(Name, "https addresses that end in '/', without a query"))];
    }

    // Whatever is more than host and port would be a user's name and password, which do not belong here, or be ignored.
    private static Uri ProxyAddress(SettingsFile network) =>
        Uri.TryCreate(network.Text("proxy"), UriKind.Absolute, out Uri? proxy) && proxy.Scheme == Uri.UriSchemeHttp && proxy is { UserInfo: "", PathAndQuery: "/", Fragment: "" }
            ? proxy
            : throw network.Wrong("proxy", "an http address of host and port");
}

/// <summary>A copy of the repository's files near the device.</summary>
/// <param name="Address">Where the repository's layout begins; always HTTPS, ends in '/'.</param>
/// <param name="Authority">PEM file with the authority of its certificate; null for the server's.</param>
/// <param name="ShowsCertificate">Whether it is shown the device's certificate, which says the device's name.</param>
internal sealed record MirrorSettings(Uri Address, string? Authority, bool ShowsCertificate)
{
    internal static MirrorSettings Read(SettingsFile file)
    {
        file.AllowOnly("address", "ca", "showCertificate");
        return new MirrorSettings(
            file.HttpsAddress("address"),
            file.Has("ca") ? file.FilePath("ca") : null,
            file.Flag("showCertificate", otherwise: false));
    }
}
