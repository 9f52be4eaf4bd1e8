using System.Net;
using System.Text.Json;

namespace Fota.UpdateServer.Configuration;

/// <summary>Reads a configuration file. Whatever is unknown, twice there, missing or of another type is refused with one line; paths are relative to the file.</summary>
public static class SettingsFile
{
    private const int DefaultCheckInSeconds = 60;
    private const int DefaultEnrolmentRetrySeconds = 3600;
    private const int DefaultOAuthCacheSeconds = 30;
    private const int DefaultReadMinutes = 60;

    /// <summary>Reads <paramref name="file"/> and validates what it says.</summary>
    /// <exception cref="ConfigurationException">It does not say what it has to.</exception>
    public static ServerSettings Read(string file)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(file), new JsonDocumentOptions { AllowDuplicateProperties = false });
            ServerSettings settings = Read(new ConfigurationObject(document.RootElement, "", Path.GetDirectoryName(Path.GetFullPath(file))!));
            settings.Validate();
            return settings;
        }
        catch (JsonException e)
        {
            throw new ConfigurationException($"{file}: wanted JSON with each member once, got something else at line {e.LineNumber + 1}");
        }
        catch (ConfigurationException e)
        {
            throw new ConfigurationException($"{file}: {e.Message}");
        }
    }

    private static ServerSettings Read(ConfigurationObject root)
    {
        ServerSettings settings = new()
        {
            Layout = root.Text("layout") switch
            {
                "production" => DeploymentLayout.Production,
                "development" => DeploymentLayout.Development,
                _ => DeploymentLayout.None,
            },
            Listen = IPEndPoint.TryParse(root.Text("listen"), out IPEndPoint? listen) ? listen : throw new ConfigurationException("listen: wanted ADDRESS:PORT, got something else"),
            DataDirectory = root.FilePath("data"),
            TrustedRootFile = root.FilePath("trustedRoot"),
            DeviceCaFile = root.OptionalFilePath("deviceCa"),
            DeviceCas = [.. (root.OptionalObjects("deviceCas") ?? []).Select(static ca => ReadAuthority(ca, ofDevices: true))],
            OperatorCa = root.OptionalObject("operatorCa") is { } people ? ReadAuthority(people, ofDevices: false) : null,
            CheckIn = TimeSpan.FromSeconds(root.OptionalInteger("checkInSeconds") ?? DefaultCheckInSeconds),
            EnrolmentRetry = TimeSpan.FromSeconds(root.OptionalInteger("enrolmentRetrySeconds") ?? DefaultEnrolmentRetrySeconds),
            ExpiredCertificates = root.OptionalObject("expiredDeviceCertificates") is { } expired ? ReadExpired(expired) : ExpiredCertificatePolicy.Refuse,
            Database = root.OptionalObject("database") is { } database ? ReadDatabase(database) : null,
            Blobs = root.OptionalObject("blobs") is { } blobs ? ReadBlobs(blobs) : null,
            AtRestKeyFiles = root.OptionalObject("atRest") is { } atRest ? ReadAtRest(atRest) : null,
            OAuth = root.OptionalObject("oauth") is { } oauth ? ReadOAuth(oauth) : null,
            Webhooks = [.. (root.OptionalObjects("webhooks") ?? []).Select(ReadWebhook)],
            Alarms = root.OptionalObject("alarms") is { } alarms ? ReadAlarms(alarms) : new AlarmSettings(),
            Rates = root.OptionalObject("rates") is { } rates ? ReadRates(rates) : new RateSettings(),
            Telemetry = root.OptionalObject("telemetry") is { } telemetry ? ReadTelemetry(telemetry) : null,
            Tls = ReadTls(root.Object("tls")),
        };
        settings = root.OptionalText("rolloutApproval") is { } approval
            ? settings with { RolloutApproval = approval switch { "none" => RolloutApproval.NotRequired, "required" => RolloutApproval.Required, _ => RolloutApproval.None } }
            : settings;
        root.RefuseOthers();
        return settings;
    }

    private static ExpiredCertificatePolicy ReadExpired(ConfigurationObject expired)
    {
        int days = expired.OptionalInteger("graceDays") ?? throw new ConfigurationException("expiredDeviceCertificates.graceDays: wanted, got none");
        IReadOnlyList<string> uses = expired.OptionalTexts("allow") ?? throw new ConfigurationException("expiredDeviceCertificates.allow: wanted, got none");
        expired.RefuseOthers();
        return ExpiredCertificatePolicy.Allow(days, [.. uses.Select(static use => use switch
        {
            "updates" => CertificateUse.Updates,
            "reenrol" => CertificateUse.Reenrolment,
            _ => CertificateUse.None,
        })]);
    }

    private static DatabaseSettings? ReadDatabase(ConfigurationObject database)
    {
        string kind = database.Text("kind");
        DatabaseSettings? settings = kind switch
        {
            "sqlite" => null,
            "postgresql" => new DatabaseSettings
            {
                Connection = database.Text("connection"),
                PasswordFile = database.OptionalFilePath("passwordFile"),
                ContentDirectory = database.OptionalFilePath("content"),
            },
            _ => throw new ConfigurationException("database.kind: wanted sqlite or postgresql, got neither"),
        };
        database.RefuseOthers();
        return settings;
    }

    private static BlobSettings? ReadBlobs(ConfigurationObject blobs)
    {
        string kind = blobs.Text("kind");
        BlobSettings? settings = kind switch
        {
            "files" => null,
            "azure" => new BlobSettings
            {
                Container = blobs.Text("container"),
                Account = blobs.OptionalText("account") is { } account ? Address("blobs.account", account) : null,
                ClientId = blobs.OptionalText("clientId"),
                ConnectionStringFile = blobs.OptionalFilePath("connectionString"),
                AuthoritiesFile = blobs.OptionalFilePath("authorities"),
                Reads = (blobs.OptionalText("reads") ?? "signed") switch { "signed" => ReadWay.SignedAddress, "public" => ReadWay.PublicAddress, "server" => ReadWay.Server, _ => ReadWay.None },
                ReadTime = TimeSpan.FromMinutes(blobs.OptionalInteger("readMinutes") ?? DefaultReadMinutes),
                ReadAddress = blobs.OptionalText("readAddress") is { } address ? Address("blobs.readAddress", address) : null,
            },
            _ => throw new ConfigurationException("blobs.kind: wanted files or azure, got neither"),
        };
        blobs.RefuseOthers();
        return settings;
    }

    private static IReadOnlyList<string> ReadAtRest(ConfigurationObject atRest)
    {
        IReadOnlyList<string> keys = atRest.OptionalFilePaths("keys") ?? throw new ConfigurationException("atRest.keys: wanted, got none");
        atRest.RefuseOthers();
        return keys;
    }

    private static AuthoritySettings ReadAuthority(ConfigurationObject authority, bool ofDevices)
    {
        AuthoritySettings settings = new()
        {
            CertificatesFile = authority.FilePath("certificates"),
            Products = ofDevices ? authority.OptionalTexts("products") : null,
            CrlFiles = authority.OptionalFilePaths("crl") ?? [],
            CrlGraceDays = authority.OptionalInteger("crlGraceDays") ?? 0,
        };
        authority.RefuseOthers();
        return settings;
    }

    private static OAuthSettings ReadOAuth(ConfigurationObject oauth)
    {
        OAuthSettings settings = new()
        {
            Issuer = Address(oauth, "issuer"),
            IntrospectionEndpoint = Address(oauth, "introspectionEndpoint"),
            ClientId = oauth.Text("clientId"),
            ClientSecretFile = oauth.FilePath("clientSecret"),
            AuthorityFile = oauth.OptionalFilePath("authorities"),
            LoginClientId = oauth.Text("loginClientId"),
            Audience = oauth.OptionalText("audience"),
            PersonClaim = oauth.Text("personClaim"),
            Roles = [.. (oauth.OptionalObjects("roles") ?? []).Select(static role =>
            {
                OAuthRole read = new(role.Text("claim"), role.Text("value"), role.Text("role"));
                role.RefuseOthers();
                return read;
            })],
            Cache = TimeSpan.FromSeconds(oauth.OptionalInteger("cacheSeconds") ?? DefaultOAuthCacheSeconds),
        };
        oauth.RefuseOthers();
        return settings;
    }

    private static Uri Address(ConfigurationObject from, string name) => Address($"oauth.{name}", from.Text(name));

    private static Uri Address(string setting, string said) =>
        Uri.TryCreate(said, UriKind.Absolute, out Uri? address) ? address : throw new ConfigurationException($"{setting}: wanted an https address, got something else");

    private static WebhookSettings ReadWebhook(ConfigurationObject webhook)
    {
        WebhookSettings settings = new()
        {
            Name = webhook.Text("name"),
            Url = Uri.TryCreate(webhook.Text("url"), UriKind.Absolute, out Uri? address) ? address : throw new ConfigurationException("webhooks.url: wanted an https address, got something else"),
            SecretFile = webhook.FilePath("secret"),
            Events = webhook.OptionalTexts("events") ?? [],
            AuthorityFile = webhook.OptionalFilePath("authorities"),
        };
        webhook.RefuseOthers();
        return settings;
    }

    private static AlarmSettings ReadAlarms(ConfigurationObject alarms)
    {
        AlarmSettings usual = new(), settings = new()
        {
            SilentDays = alarms.OptionalInteger("silentDays") ?? usual.SilentDays,
            Refusals = alarms.OptionalInteger("refusals") ?? usual.Refusals,
            UnsignedMinutes = alarms.OptionalInteger("unsignedMinutes"),
        };
        alarms.RefuseOthers();
        return settings;
    }

    private static RateSettings ReadRates(ConfigurationObject rates)
    {
        RateSettings usual = new(), settings = new()
        {
            AddressPerMinute = rates.OptionalInteger("addressPerMinute") ?? usual.AddressPerMinute,
            DevicePerMinute = rates.OptionalInteger("devicePerMinute") ?? usual.DevicePerMinute,
            NewsPerMinute = rates.OptionalInteger("newsPerMinute") ?? usual.NewsPerMinute,
            PersonPerMinute = rates.OptionalInteger("personPerMinute") ?? usual.PersonPerMinute,
        };
        rates.RefuseOthers();
        return settings;
    }

    private static TelemetrySettings ReadTelemetry(ConfigurationObject telemetry)
    {
        TelemetrySettings settings = new()
        {
            Otlp = Uri.TryCreate(telemetry.Text("otlp"), UriKind.Absolute, out Uri? address) ? address : throw new ConfigurationException("telemetry.otlp: wanted an https address, got something else"),
            HeaderFile = telemetry.OptionalFilePath("header"),
            AuthorityFile = telemetry.OptionalFilePath("authorities"),
        };
        settings = settings with
        {
            Every = telemetry.OptionalInteger("everySeconds") is { } seconds ? TimeSpan.FromSeconds(seconds) : settings.Every,
            TracePercent = telemetry.OptionalInteger("tracePercent") ?? settings.TracePercent,
        };
        telemetry.RefuseOthers();
        return settings;
    }

    private static TlsSettings ReadTls(ConfigurationObject tls)
    {
        TlsSettings settings = new()
        {
            CertificateFile = tls.FilePath("certificate"),
            Pkcs11Module = tls.OptionalFilePath("pkcs11Module"),
            TokenLabel = tls.OptionalText("tokenLabel"),
            KeyLabel = tls.OptionalText("keyLabel"),
            PinFile = tls.OptionalFilePath("pinFile"),
            SoPinFile = tls.OptionalFilePath("soPinFile"),
            UnsafeKeyFile = tls.OptionalFilePath("unsafeKeyFile"),
        };
        settings = tls.OptionalTexts("subjectAltNames") is { } names ? settings with { SubjectAltNames = names } : settings;
        tls.RefuseOthers();
        return settings;
    }
}
