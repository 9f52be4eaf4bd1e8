using System.CommandLine;
using System.Net.Security;
using System.Text.Json;
using Fota.Cli.Server;

namespace Fota.Cli.Login;

/// <summary>`fota login`, `logout` and `whoami`.</summary>
internal static class LoginCommands
{
    private const string Metadata = ".well-known/oauth-protected-resource";

    private static readonly Option<FileInfo?> s_authority = new("--login-ca") { Description = "CA certificates (PEM) that vouch for the authorisation server (default: those of the system)." };

    public static Command CreateLogin()
    {
        Option<bool> device = new("--device") { Description = "Log in with a browser of another machine, by a code." };
        Option<string?> scope = new("--scope") { Description = "What to ask for (default: what the server says that roles are made of)." };
        Command login = new Command("login", "Logs in at the authorisation server that the update server names, and keeps the token in your configuration folder.") { device, scope, s_authority }.WithServer();
        login.SetAction(async (parsed, cancellation) =>
        {
            Uri address = ServerConnection.AddressOf(parsed);
            JsonElement resource = await ServerConnection.GetAnonymousAsync(parsed, Metadata, cancellation);
            string issuer = resource.GetProperty("authorization_servers")[0].GetString()!, client = resource.GetProperty("fota_client_id").GetString()!;
            using HttpClient http = Open(parsed);
            AuthorizationServer server = await AuthorizationServer.DiscoverAsync(http, issuer, cancellation);
            LoginRequest request = new(
                client,
                parsed.GetValue(scope) ?? string.Join(' ', resource.GetProperty("scopes_supported").EnumerateArray().Select(static s => s.GetString()).Prepend("openid")),
                AuthorizationServer.TextOf(resource, "fota_audience"),
                server.Endpoint("token_endpoint") ?? throw new CommandFailedException($"login: {issuer} has no token endpoint"));
            JsonElement answer = parsed.GetValue(device)
                ? await DeviceGrant.RunAsync(server, request, Output.Note, TimeProvider.System, cancellation)
                : await LoopbackGrant.RunAsync(server, request, Output.Note, TimeProvider.System, cancellation);
            StoredLogin got = Read(answer, server, client);
            JsonElement me = await ServerConnection.GetWithTokenAsync(parsed, got.AccessToken, "api/v1/whoami", cancellation);
            LoginStore.Save(address, got);
            Print(parsed, me);
        });
        return login;
    }

    public static Command CreateLogout()
    {
        Command logout = new Command("logout", "Takes the token of `fota login` back where it came from, and forgets it.") { s_authority }.WithServer();
        logout.SetAction(async (parsed, cancellation) =>
        {
            Uri address = ServerConnection.AddressOf(parsed);
            if (LoginStore.Find(address) is not { } login)
            {
                throw new CommandFailedException($"you are not logged in at {address.GetLeftPart(UriPartial.Authority)}");
            }

            // Forgotten first: whoever cannot be reached keeps nobody logged in here.
            LoginStore.Remove(address);
            if (login.RevocationEndpoint is { } endpoint)
            {
                using HttpClient http = Open(parsed);
                AuthorizationServer server = new(http, login.Issuer, default);
                (bool isGood, JsonElement body) = await server.PostAsync(new Uri(endpoint), [new("token", login.AccessToken), new("client_id", login.ClientId)], cancellation);
                if (!isGood)
                {
                    throw new CommandFailedException($"the token is forgotten here, but {login.Issuer} did not take it back: {AuthorizationServer.Explain(body)}");
                }
            }

            if (parsed.GetValue(ServerConnection.AsJson))
            {
                Output.Json(JsonSerializer.SerializeToElement(new Dictionary<string, bool>(StringComparer.Ordinal) { ["logged_out"] = true, ["revoked"] = login.RevocationEndpoint is not null }));
            }
            else
            {
                Output.Line(login.RevocationEndpoint is null ? $"forgotten; {login.Issuer} takes nothing back, and the token ends by itself" : "logged out");
            }
        });
        return logout;
    }

    public static Command CreateWhoAmI()
    {
        Command command = new Command("whoami", "Says who you are to the update server, by which credential, and what you may do.").WithServer();
        command.SetAction(async (parsed, cancellation) => Print(parsed, await ServerConnection.GetAsync(parsed, "api/v1/whoami", cancellation)));
        return command;
    }

    private static StoredLogin Read(JsonElement answer, AuthorizationServer server, string client)
    {
        if (AuthorizationServer.TextOf(answer, "access_token") is not { } token || AuthorizationServer.TextOf(answer, "token_type")?.Equals("Bearer", StringComparison.OrdinalIgnoreCase) != true)
        {
            throw new CommandFailedException("login: wanted a bearer token, got something else");
        }

        DateTimeOffset? expires = AuthorizationServer.NumberOf(answer, "expires_in") is { } seconds ? TimeProvider.System.GetUtcNow().AddSeconds(seconds) : null;
        return new StoredLogin(token, expires, server.Issuer, client, server.Endpoint("revocation_endpoint")?.AbsoluteUri);
    }

    private static HttpClient Open(ParseResult parsed) => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        SslOptions = parsed.GetValue(s_authority) is { } file ? new SslClientAuthenticationOptions { CertificateChainPolicy = ServerConnection.TrustOnly(file.FullName) } : new SslClientAuthenticationOptions(),
    })
    { Timeout = TimeSpan.FromSeconds(30) };

    private static void Print(ParseResult parsed, JsonElement me)
    {
        if (parsed.GetValue(ServerConnection.AsJson))
        {
            Output.Json(me);
            return;
        }

        string until = me.GetProperty("expires").ValueKind == JsonValueKind.String ? $", until {me.GetProperty("expires").GetDateTimeOffset():yyyy-MM-dd HH:mm:ss}Z" : "";
        Output.Line($"{me.GetProperty("name").GetString()}, by {me.GetProperty("credential").GetString()} {me.GetProperty("credential_id").GetString()}{until}");
        foreach (JsonElement grant in me.GetProperty("grants").EnumerateArray())
        {
            Output.Line($"  {GrantText.Of(grant)}");
        }
    }
}
