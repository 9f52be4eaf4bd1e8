using System.Text.Json;

namespace Fota.Cli.Login;

/// <summary>An OAuth 2.0 authorisation server, as it describes itself (RFC 8414).</summary>
/// <param name="Client">Speaks to it.</param>
/// <param name="Issuer">Its name.</param>
/// <param name="Metadata">What it says of itself.</param>
internal sealed record AuthorizationServer(HttpClient Client, string Issuer, JsonElement Metadata)
{
    /// <summary>Whether it says that its answers name it (RFC 9207 section 3).</summary>
    public bool NamesItself => Metadata.ValueKind == JsonValueKind.Object && Metadata.TryGetProperty("authorization_response_iss_parameter_supported", out JsonElement value) && value.ValueKind == JsonValueKind.True;

    /// <summary>Asks a server for its description, at the places of RFC 8414 and of OpenID Connect Discovery.</summary>
    /// <exception cref="CommandFailedException">It has none, or describes another one (section 3.3: an answer for another issuer is a mix-up).</exception>
    public static async Task<AuthorizationServer> DiscoverAsync(HttpClient client, string issuer, CancellationToken cancellation)
    {
        if (!Uri.TryCreate(issuer, UriKind.Absolute, out Uri? address) || address.Scheme != Uri.UriSchemeHttps)
        {
            throw new CommandFailedException($"login: wanted an https address as issuer, got {issuer}");
        }

        string path = address.AbsolutePath.TrimEnd('/');
        foreach (string place in (string[])[$"/.well-known/oauth-authorization-server{path}", $"{path}/.well-known/openid-configuration"])
        {
            using HttpResponseMessage response = await client.GetAsync(new Uri(address, place), cancellation);
            if (response.IsSuccessStatusCode)
            {
                AuthorizationServer found = new(client, issuer, await ReadAsync(response, cancellation));
                return found.Text("issuer") == issuer ? found : throw new CommandFailedException($"login: wanted the description of {issuer}, got one of {found.Text("issuer")}");
            }
        }

        throw new CommandFailedException($"login: {issuer} does not describe itself (RFC 8414)");
    }

    /// <summary>An endpoint; null if it has none.</summary>
    /// <exception cref="CommandFailedException">It is not https.</exception>
    public Uri? Endpoint(string name) => Text(name) is not { } text ? null
        : Uri.TryCreate(text, UriKind.Absolute, out Uri? address) && address.Scheme == Uri.UriSchemeHttps ? address
        : throw new CommandFailedException($"login: {name}: wanted an https address, got {text}");

    /// <summary>Posts a form; gives status and body, an error of RFC 6749 section 5.2 included.</summary>
    public async Task<(bool IsGood, JsonElement Body)> PostAsync(Uri endpoint, IEnumerable<KeyValuePair<string, string>> form, CancellationToken cancellation)
    {
        using FormUrlEncodedContent content = new(form);
        using HttpResponseMessage response = await Client.PostAsync(endpoint, content, cancellation);
        return (response.IsSuccessStatusCode, await ReadAsync(response, cancellation));
    }

    /// <summary>What an error says, in one line.</summary>
    public static string Explain(JsonElement error) => TextOf(error, "error") is { } code ? $"{code}{(TextOf(error, "error_description") is { } text ? $": {text.ReplaceLineEndings(" ")}" : "")}" : "no explanation";

    public static string? TextOf(JsonElement from, string name) => from.ValueKind == JsonValueKind.Object && from.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    public static int? NumberOf(JsonElement from, string name) => from.ValueKind == JsonValueKind.Object && from.TryGetProperty(name, out JsonElement value) && value.TryGetInt32(out int number) ? number : null;

    private string? Text(string name) => TextOf(Metadata, name);

    private static async Task<JsonElement> ReadAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        byte[] body = await response.Content.ReadAsByteArrayAsync(cancellation);
        try
        {
            return body.Length == 0 ? default : JsonSerializer.Deserialize<JsonElement>(body);
        }
        catch (JsonException)
        {
            throw new CommandFailedException($"login: wanted JSON of {response.RequestMessage?.RequestUri?.Host}, got something else with status {(int)response.StatusCode}");
        }
    }
}
