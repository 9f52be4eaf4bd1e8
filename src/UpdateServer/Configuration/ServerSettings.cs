using System.Net;

namespace Fota.UpdateServer.Configuration;

/// <summary>Whether a server serves real devices.</summary>
public enum DeploymentLayout
{
    /// <summary>Nothing was said, which is refused.</summary>
    None = 0,

    /// <summary>Real devices: every setting named Unsafe is refused (promise P7).</summary>
    Production,

    /// <summary>A workbench.</summary>
    Development,
}

/// <summary>Whether rollouts need a second person.</summary>
public enum RolloutApproval
{
    /// <summary>Something else was said, which is refused.</summary>
    None = 0,

    /// <summary>Whoever may plan one may start it.</summary>
    NotRequired,

    /// <summary>Somebody else than the author has to approve it first.</summary>
    Required,
}

/// <summary>How a server is set up (docs/spec/device-api.md, "Server configuration").</summary>
public sealed record ServerSettings
{
    private const int MostAtRestKeys = 8;

    private readonly RolloutApproval? _rolloutApproval;

    /// <summary>Whether it serves real devices.</summary>
    public required DeploymentLayout Layout { get; init; }

    /// <summary>Address and port; port 0 picks a free one.</summary>
    public required IPEndPoint Listen { get; init; }

    /// <summary>Where the server keeps its state; made if it is not there.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>File of the TUF root that publications are verified from.</summary>
    public required string TrustedRootFile { get; init; }

    /// <summary>PEM file of the CA certificates that vouch for devices of every product; null where <see cref="DeviceCas"/> says more.</summary>
    public string? DeviceCaFile { get; init; }

    /// <summary>The authorities that vouch for devices, where more is to be said than <see cref="DeviceCaFile"/> can.</summary>
    public IReadOnlyList<AuthoritySettings> DeviceCas { get; init; } = [];

    /// <summary>The authority that vouches for people; null: nobody shows who they are by a certificate.</summary>
    public AuthoritySettings? OperatorCa { get; init; }

    /// <summary>How soon devices are asked to come again; 1 s to 7 days.</summary>
    public required TimeSpan CheckIn { get; init; }

    /// <summary>How soon a device that waits for a new certificate is asked to come again; 1 s to 7 days.</summary>
    public TimeSpan EnrolmentRetry { get; init; } = TimeSpan.FromHours(1);

    /// <summary>What devices may still do with expired certificates; nothing unless it is said.</summary>
    public ExpiredCertificatePolicy ExpiredCertificates { get; init; } = ExpiredCertificatePolicy.Refuse;

    /// <summary>Whether a rollout starts only when somebody else than its author has approved it; where nothing is said, in production.</summary>
    public RolloutApproval RolloutApproval
    {
        get => _rolloutApproval ?? (Layout == DeploymentLayout.Production ? RolloutApproval.Required : RolloutApproval.NotRequired);
        init => _rolloutApproval = value;
    }

    /// <summary>The database that several servers share; null for SQLite in <see cref="DataDirectory"/>, which is one server's.</summary>
    public DatabaseSettings? Database { get; init; }

    /// <summary>Where what is published lies; null for files.</summary>
    public BlobSettings? Blobs { get; init; }

    /// <summary>Files of the keys that encrypt what is secret in the database: the first one encrypts, all decrypt; null: it is not encrypted.</summary>
    public IReadOnlyList<string>? AtRestKeyFiles { get; init; }

    /// <summary>Where people log in; null: nowhere.</summary>
    public OAuthSettings? OAuth { get; init; }

    /// <summary>Who is told of what happens here.</summary>
    public IReadOnlyList<WebhookSettings> Webhooks { get; init; } = [];

    /// <summary>When something is to be looked at.</summary>
    public AlarmSettings Alarms { get; init; } = new();

    /// <summary>How many requests a minute are taken of one caller.</summary>
    public RateSettings Rates { get; init; } = new();

    /// <summary>Where metrics, traces and logs go; null: the log goes to standard error, and nothing goes anywhere else.</summary>
    public TelemetrySettings? Telemetry { get; init; }

    /// <summary>Whether every rollout that runs is paused before anybody is served: after a restore. No setting of the file, as it holds for one start.</summary>
    public bool PauseRollouts { get; init; }

    /// <summary>The server's TLS certificate and key.</summary>
    public required TlsSettings Tls { get; init; }

    /// <summary>Refuses what must not be in this layout; asked at every start, wherever the settings came from.</summary>
    /// <exception cref="ConfigurationException">A setting is missing, contradicts another, or is unsafe in production.</exception>
    public void Validate()
    {
        if (Layout is not (DeploymentLayout.Production or DeploymentLayout.Development))
        {
            throw new ConfigurationException("layout: wanted production or development, got neither");
        }

        if (CheckIn < TimeSpan.FromSeconds(1) || CheckIn > TimeSpan.FromDays(7))
        {
            throw new ConfigurationException($"checkInSeconds: wanted 1 to 604800, got {CheckIn.TotalSeconds}");
        }

        if (EnrolmentRetry < TimeSpan.FromSeconds(1) || EnrolmentRetry > TimeSpan.FromDays(7))
        {
            throw new ConfigurationException($"enrolmentRetrySeconds: wanted 1 to 604800, got {EnrolmentRetry.TotalSeconds}");
        }

        if (RolloutApproval is not (RolloutApproval.Required or RolloutApproval.NotRequired))
        {
            throw new ConfigurationException("rolloutApproval: wanted required or none, got neither");
        }

        if (AtRestKeyFiles is { Count: 0 or > MostAtRestKeys })
        {
            throw new ConfigurationException($"atRest.keys: wanted 1 to {MostAtRestKeys} files, got {AtRestKeyFiles.Count}");
        }

        Database?.Validate(Layout);
        Blobs?.Validate();
        if (Blobs is not null && Database?.ContentDirectory is not null)
        {
            throw new ConfigurationException("database.content: wanted none beside blobs, which hold the content, got one");
        }

        if (DeviceCaFile is null == (DeviceCas.Count == 0))
        {
            throw new ConfigurationException("deviceCa: wanted this, or deviceCas with at least one authority, got both or neither");
        }

        for (int i = 0; i < DeviceCas.Count; i++)
        {
            DeviceCas[i].Validate($"deviceCas[{i}]");
        }

        OperatorCa?.Validate("operatorCa");
        OAuth?.Validate();
        Rates.Validate();
        Telemetry?.Validate();
        Alarms.Validate();
        for (int i = 0; i < Webhooks.Count; i++)
        {
            Webhooks[i].Validate($"webhooks[{i}]");
        }

        if (Webhooks.Count > WebhookSettings.Most || Webhooks.DistinctBy(static w => w.Name, StringComparer.Ordinal).Count() != Webhooks.Count)
        {
            throw new ConfigurationException($"webhooks: wanted at most {WebhookSettings.Most}, each with a name of its own, got more or one twice");
        }

        Tls.Validate(Layout);
    }
}
