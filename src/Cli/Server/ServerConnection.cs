using System.CommandLine;
using System.CommandLine.Parsing;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;

namespace Fota.Cli.Server;

/// <summary>How the commands find the server and speak to it: options, or the environment.</summary>
internal static class ServerConnection
{
    private const string WantedAddress = "wanted an address like https://updates.example:8443/.";

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    public static readonly Option<Uri?> Address = new("--server") { Description = "The update server, for example https://updates.example:8443/ (or FOTA_SERVER).", CustomParser = ParseAddress };

    public static readonly Option<FileInfo?> Authority = new("--server-ca") { Description = "CA certificates (PEM) that vouch for the server (or FOTA_SERVER_CA)." };

    public static readonly Option<FileInfo?> Token = new("--token-file") { Description = "File with the operator's token (or FOTA_TOKEN_FILE)." };

    public static readonly Option<FileInfo?> Identity = new("--identity") { Description = "Your own certificate and its key (JSON, as for --service; or FOTA_IDENTITY), in place of a token. With neither, the login of `fota login`." };

    public static readonly Option<bool> AsJson = new("--json") { Description = "Print what the server answers, as JSON." };

    /// <summary>Adds the options that every command that speaks to the server has.</summary>
    public static Command WithServer(this Command command)
    {
        command.Add(Address);
        command.Add(Authority);
        command.Add(Token);
        command.Add(Identity);
        command.Add(AsJson);
        return command;
    }

    /// <summary>Where the server is.</summary>
    public static Uri AddressOf(ParseResult parsed) => parsed.GetValue(Address) ?? AddressIn(FromEnvironment("FOTA_SERVER") ?? throw Missing("--server", "FOTA_SERVER"))
        ?? throw new CommandFailedException("FOTA_SERVER: " + WantedAddress);

    public static Task<JsonElement> GetAsync(ParseResult parsed, string path, CancellationToken cancellation) => SendAsync(parsed, HttpMethod.Get, path, null, cancellation);

    /// <summary>Asks without saying who asks.</summary>
    public static Task<JsonElement> GetAnonymousAsync(ParseResult parsed, string path, CancellationToken cancellation) => SendAsync(ServerCredential.Nobody, parsed, HttpMethod.Get, path, null, cancellation);

    /// <summary>Asks with this token, whatever else is there.</summary>
    public static Task<JsonElement> GetWithTokenAsync(ParseResult parsed, string token, string path, CancellationToken cancellation) =>
        SendAsync(ServerCredential.WithToken(token), parsed, HttpMethod.Get, path, null, cancellation);

    public static Task<JsonElement> PostAsync(ParseResult parsed, string path, object? body, CancellationToken cancellation) => SendAsync(parsed, HttpMethod.Post, path, body, cancellation);

    /// <summary>Sends a request with whatever credential there is; an answer without content is an empty object.</summary>
    public static Task<JsonElement> SendAsync(ParseResult parsed, HttpMethod method, string path, object? body, CancellationToken cancellation) =>
        SendAsync(ServerCredential.Of(parsed), parsed, method, path, body, cancellation);

    private static async Task<JsonElement> SendAsync(ServerCredential credential, ParseResult parsed, HttpMethod method, string path, object? body, CancellationToken cancellation)
    {
        using (credential)
        {
            using HttpClient client = Open(parsed, credential);
            using HttpRequestMessage request = new(method, new Uri(path, UriKind.Relative)) { Content = body is not null ? JsonContent.Create(body) : method == HttpMethod.Post ? new ByteArrayContent([]) : null };
            return await Patience.WaitAsync(
                "the server",
                s_patience,
                changes: method != HttpMethod.Get,
                async stop =>
                {
                    using HttpResponseMessage response = await client.SendAsync(request, stop);
                    return await ReadAsync(response, stop);
                },
                TimeProvider.System,
                cancellation);
        }
    }

    private static HttpClient Open(ParseResult parsed, ServerCredential credential)
    {
        Uri address = AddressOf(parsed);
        string authority = parsed.GetValue(Authority)?.FullName ?? FromEnvironment("FOTA_SERVER_CA") ?? throw Missing("--server-ca", "FOTA_SERVER_CA");
        SocketsHttpHandler handler = new()
        {
            AllowAutoRedirect = false,
            SslOptions = new SslClientAuthenticationOptions
            {
                CertificateChainPolicy = TrustOnly(authority),
                ClientCertificateContext = credential.Certificate is { } own ? SslStreamCertificateContext.Create(own, additionalCertificates: null, offline: true) : null,
            },
        };
        HttpClient client = new(handler) { BaseAddress = address, Timeout = Timeout.InfiniteTimeSpan };
        client.DefaultRequestHeaders.Authorization = credential.Token is { } token ? new AuthenticationHeaderValue("Bearer", token) : null;
        return client;
    }

    private static Uri? ParseAddress(ArgumentResult result)
    {
        Uri? address = AddressIn(result.Tokens[0].Value);
        if (address is null)
        {
            result.AddError("--server: " + WantedAddress);
        }

        return address;
    }

    // https alone: the operator's token goes with every request.
    private static Uri? AddressIn(string text) => Uri.TryCreate(text, UriKind.Absolute, out Uri? address) && address.Scheme == Uri.UriSchemeHttps ? address : null;

    // One CA, or two while they change.
    public static X509ChainPolicy TrustOnly(string path)
    {
        X509ChainPolicy policy = new() { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };
        try
        {
            policy.CustomTrustStore.ImportFromPemFile(path);
        }
        catch (CryptographicException)
        {
            throw new CommandFailedException($"{path}: wanted a CA certificate (PEM)");
        }

        return policy.CustomTrustStore.Count > 0 ? policy : throw new CommandFailedException($"{path}: wanted a CA certificate (PEM)");
    }

    private static async Task<JsonElement> ReadAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        byte[] body = await response.Content.ReadAsByteArrayAsync(cancellation);
        if (response.IsSuccessStatusCode)
        {
            return JsonSerializer.Deserialize<JsonElement>(body.Length == 0 ? "{}"u8 : body);
        }

        throw response.StatusCode is HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout or HttpStatusCode.TooManyRequests
            ? new ServerAwayException($"the server cannot answer now ({(int)response.StatusCode}): {Explain(body)}")
            : new CommandFailedException($"the server refused ({(int)response.StatusCode}): {Explain(body)}");
    }

    /// <summary>What a problem says (RFC 9457), in one line.</summary>
    public static string Explain(byte[] body)
    {
        try
        {
            JsonElement problem = JsonSerializer.Deserialize<JsonElement>(body);
            string reason = problem.TryGetProperty("reason", out JsonElement r) ? $"{r.GetString()}: " : "";
            return reason + (problem.TryGetProperty("detail", out JsonElement d) ? d.GetString() : problem.GetProperty("title").GetString());
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return "no explanation";
        }
    }

    public static string? FromEnvironment(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;

    private static CommandFailedException Missing(string option, string variable) => new($"wanted {option} or {variable}, got neither");
}
