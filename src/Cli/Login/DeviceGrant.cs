using System.Text.Json;

namespace Fota.Cli.Login;

/// <summary>The device authorisation grant (RFC 8628): the person logs in with a browser of any machine.</summary>
internal static class DeviceGrant
{
    private const string Type = "urn:ietf:params:oauth:grant-type:device_code";
    private const int DefaultInterval = 5;

    /// <summary>Asks for a code, shows it, and waits until somebody has used it.</summary>
    /// <param name="server">Where.</param>
    /// <param name="request">Client and scope.</param>
    /// <param name="show">Tells the person where to go, and with which code.</param>
    /// <param name="time">The clock that waits.</param>
    /// <param name="cancellation">Ends it.</param>
    public static async Task<JsonElement> RunAsync(AuthorizationServer server, LoginRequest request, Action<string> show, TimeProvider time, CancellationToken cancellation)
    {
        Uri endpoint = server.Endpoint("device_authorization_endpoint") ?? throw new CommandFailedException($"login: {server.Issuer} has no device authorisation (RFC 8628); log in without --device");
        (bool isGood, JsonElement asked) = await server.PostAsync(endpoint, request.Form(), cancellation);
        if (!isGood || AuthorizationServer.TextOf(asked, "device_code") is not { } code || AuthorizationServer.TextOf(asked, "user_code") is not { } userCode || AuthorizationServer.TextOf(asked, "verification_uri") is not { } place)
        {
            throw new CommandFailedException($"login: {AuthorizationServer.Explain(asked)}");
        }

        show($"Open {place} in a browser, and enter the code {userCode}");
        DateTimeOffset end = time.GetUtcNow().AddSeconds(AuthorizationServer.NumberOf(asked, "expires_in") ?? 300);
        TimeSpan interval = TimeSpan.FromSeconds(Math.Max(1, AuthorizationServer.NumberOf(asked, "interval") ?? DefaultInterval));
        while (time.GetUtcNow() < end)
        {
            await Task.Delay(interval, time, cancellation);
            (bool isThere, JsonElement answer) = await server.PostAsync(request.TokenEndpoint, [.. request.Resource(), new("grant_type", Type), new("device_code", code), new("client_id", request.ClientId)], cancellation);
            if (isThere)
            {
                return answer;
            }

            switch (AuthorizationServer.TextOf(answer, "error"))
            {
                case "authorization_pending":
                    break;
                case "slow_down":
                    interval += TimeSpan.FromSeconds(DefaultInterval); // section 3.5
                    break;
                default:
                    throw new CommandFailedException($"login: {AuthorizationServer.Explain(answer)}");
            }
        }

        throw new CommandFailedException("login: nobody entered the code in time");
    }
}

/// <summary>What a login asks for.</summary>
/// <param name="ClientId">As whom.</param>
/// <param name="Scope">For what.</param>
/// <param name="Audience">Where it is to be good (RFC 8707); null: not said.</param>
/// <param name="TokenEndpoint">Where tokens are.</param>
internal sealed record LoginRequest(string ClientId, string Scope, string? Audience, Uri TokenEndpoint)
{
    /// <summary>Client, scope and audience as parameters.</summary>
    public IEnumerable<KeyValuePair<string, string>> Form() => [new("client_id", ClientId), new("scope", Scope), .. Resource()];

    /// <summary>The audience alone. It is said again where the token is given (section 2.2): what was granted may be good at several places, and the token is to be good at one.</summary>
    public IEnumerable<KeyValuePair<string, string>> Resource() => Audience is null ? [] : [new("resource", Audience)];
}
