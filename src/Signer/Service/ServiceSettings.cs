using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using Fota.Signer.Log;

namespace Fota.Signer.Service;

/// <summary>How a signing service is set up (docs/spec/signer-api.md): one strict JSON file, its paths relative to itself.</summary>
internal sealed record ServiceSettings
{
    private static readonly JsonSerializerOptions s_options = new(JsonSerializerDefaults.Strict) { PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    /// <summary>production, or development for a workbench.</summary>
    public required string Layout { get; init; }

    /// <summary>ADDRESS:PORT; port 0 picks a free one.</summary>
    public required string Listen { get; init; }

    /// <summary>The service's TLS certificate and key.</summary>
    public required ServiceTlsSettings Tls { get; init; }

    /// <summary>PEM file of the CAs that vouch for people.</summary>
    public required string PeopleCa { get; init; }

    /// <summary>Everybody who may speak to the service.</summary>
    public required IReadOnlyList<PersonSettings> People { get; init; }

    /// <summary>PIN files by token: the online one, and of each product's keys fewer than make a threshold.</summary>
    public required IReadOnlyDictionary<string, string> Pins { get; init; }

    /// <summary>The update server that is published to; none if it is not said.</summary>
    public PublishSettings? Publish { get; init; }

    /// <summary>Pause between two looks at what is due, in seconds; 1 to 3600.</summary>
    public int RenewalSeconds { get; init; } = 60;

    /// <summary>How long a request may take from its submission to its publication, in days; 1 to 90.</summary>
    public int RequestDays { get; init; } = 14;

    /// <summary>How much one person may have announced for requests that are on their way, in bytes; 1 MiB to 1 TiB.</summary>
    public long OpenBytes { get; init; } = 64L << 30;

    /// <summary>Whether real devices depend on it.</summary>
    [JsonIgnore]
    public bool IsProduction => string.Equals(Layout, "production", StringComparison.Ordinal);

    /// <summary>Where it listens.</summary>
    [JsonIgnore]
    public IPEndPoint Endpoint => IPEndPoint.Parse(Listen);

    /// <summary>Reads and checks a file.</summary>
    /// <exception cref="SignerRefusalException">It does not say what it has to.</exception>
    public static ServiceSettings Read(string file)
    {
        try
        {
            ServiceSettings settings = JsonSerializer.Deserialize<ServiceSettings>(File.ReadAllBytes(file), s_options) ?? throw new JsonException("wanted an object, got null");
            settings.Validate();
            return settings.In(Path.GetDirectoryName(Path.GetFullPath(file))!);
        }
        catch (JsonException e)
        {
            throw new SignerRefusalException($"{file}: {e.Message.ReplaceLineEndings(" ")}", e);
        }
        catch (SignerRefusalException e)
        {
            throw new SignerRefusalException($"{file}: {e.Message}", e);
        }
    }

    private void Validate()
    {
        Demand(Layout is "production" or "development", "layout", "production or development", Layout);
        Demand(IPEndPoint.TryParse(Listen, out _), "listen", "ADDRESS:PORT", Listen);
        Demand(RenewalSeconds is >= 1 and <= 3600, "renewalSeconds", "1 to 3600", $"{RenewalSeconds}");
        Demand(RequestDays is >= 1 and <= 90, "requestDays", "1 to 90", $"{RequestDays}");
        Demand(OpenBytes is >= 1L << 20 and <= 1L << 40, "openBytes", $"{1L << 20} to {1L << 40}", $"{OpenBytes}");
        Demand(People.Count >= 1 && !People.Contains(null!), "people", "at least one, and none of them null", "none, or null");
        Demand(People.Select(static person => person.Name).Distinct(StringComparer.Ordinal).Count() == People.Count, "people", "each name once", "one twice");
        Tls.Validate(IsProduction);
        if (Publish?.ServerLog is { } origin)
        {
            _ = LogSettings.DemandOrigin("publish.serverLog", origin);
        }

        foreach (PersonSettings person in People)
        {
            person.Validate();
        }
    }

    /// <summary>Refuses a setting.</summary>
    internal static void Demand(bool holds, string field, string wanted, string got)
    {
        if (!holds)
        {
            throw new SignerRefusalException($"{field}: wanted {wanted}, got {got}");
        }
    }

    private ServiceSettings In(string directory) => this with
    {
        Tls = Tls.In(directory),
        PeopleCa = Path.GetFullPath(PeopleCa, directory),
        People = [.. People.Select(person => person with { Certificate = Path.GetFullPath(person.Certificate, directory) })],
        Pins = Pins.ToDictionary(static pin => pin.Key, pin => Path.GetFullPath(pin.Value, directory), StringComparer.Ordinal),
        Publish = Publish is null ? null : Publish with { Authority = Path.GetFullPath(Publish.Authority, directory), TokenFile = Path.GetFullPath(Publish.TokenFile, directory) },
    };
}

/// <summary>Somebody who may speak to the service.</summary>
/// <param name="Name">For people and for the log; 1 to 64 of a-z, 0-9, '.' and '-'.</param>
/// <param name="Certificate">PEM file of their client certificate; it is its key that counts, so a renewed certificate needs no new file.</param>
/// <param name="Roles">submitter, approver, ceremony, auditor.</param>
/// <param name="ReleaseKeys">Labels of the keys that an approver approves with.</param>
internal sealed record PersonSettings(string Name, string Certificate, IReadOnlyList<string> Roles, IReadOnlyList<string>? ReleaseKeys = null)
{
    /// <summary>The roles as the service knows them.</summary>
    public IReadOnlyList<PersonRole> Parse() => [.. Roles.Select(static role => role switch
    {
        "submitter" => PersonRole.Submitter,
        "approver" => PersonRole.Approver,
        "ceremony" => PersonRole.Ceremony,
        "auditor" => PersonRole.Auditor,
        _ => PersonRole.None,
    })];

    internal void Validate()
    {
        ServiceSettings.Demand(Name.Length is >= 1 and <= 64 && Name.All(static c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '.' or '-'), "people.name", "1 to 64 of a-z, 0-9, '.' and '-'", Name);
        ServiceSettings.Demand(Roles.Count >= 1 && !Parse().Contains(PersonRole.None), $"people.{Name}.roles", "some of submitter, approver, ceremony and auditor", string.Join(", ", Roles));
        bool approves = Parse().Contains(PersonRole.Approver);
        ServiceSettings.Demand(approves == (ReleaseKeys is { Count: > 0 }), $"people.{Name}.releaseKeys", approves ? "the labels of the keys that an approver approves with" : "none for who is no approver", approves ? "none" : "some");
    }
}

/// <summary>The update server that is published to.</summary>
/// <param name="Server">Its address, https.</param>
/// <param name="Authority">PEM file of the CAs of its certificate.</param>
/// <param name="TokenFile">The operator's token for it, mode 0600.</param>
/// <param name="ServerLog">What its own log is called, which is signed for; none is if it is not said.</param>
internal sealed record PublishSettings(Uri Server, string Authority, string TokenFile, string? ServerLog = null);
