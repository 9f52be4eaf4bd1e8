using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Fota.Cli.Login;

/// <summary>
/// The authorisation code grant with a browser of this machine: the code comes back to a port of the loopback interface (RFC 8252 section 7.3), and is worth
/// something together with a secret alone that never leaves this process (PKCE, RFC 7636, S256).
/// </summary>
internal static class LoopbackGrant
{
    private const int SecretSize = 32;

    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(5);

    public static async Task<JsonElement> RunAsync(AuthorizationServer server, LoginRequest request, Action<string> show, TimeProvider time, CancellationToken cancellation)
    {
        Uri endpoint = server.Endpoint("authorization_endpoint") ?? throw new CommandFailedException($"login: {server.Issuer} has no authorisation endpoint; log in with --device");
        using LoopbackListener listener = new(time);
        string verifier = Secret(), state = Secret();
        KeyValuePair<string, string>[] query =
        [
            .. request.Form(), new("response_type", "code"), new("redirect_uri", listener.Redirect), new("state", state),
            new("code_challenge", Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(verifier)))), new("code_challenge_method", "S256"),
        ];
        show($"Open this in a browser on this machine: {endpoint}{(endpoint.Query.Length == 0 ? "?" : "&")}{string.Join('&', query.Select(static p => $"{p.Key}={Uri.EscapeDataString(p.Value)}"))}");
        using CancellationTokenSource late = new(s_patience, time), patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation, late.Token);
        string code = CodeOf(await listener.WaitAsync(state, patience.Token), server);
        (bool isGood, JsonElement answer) = await server.PostAsync(
            request.TokenEndpoint,
            [.. request.Resource(), new("grant_type", "authorization_code"), new("code", code), new("redirect_uri", listener.Redirect), new("client_id", request.ClientId), new("code_verifier", verifier)],
            cancellation);
        return isGood ? answer : throw new CommandFailedException($"login: {AuthorizationServer.Explain(answer)}");
    }

    /// <summary>The code of an answer to this request.</summary>
    /// <exception cref="CommandFailedException">It is not of this server, or a refusal.</exception>
    internal static string CodeOf(IReadOnlyDictionary<string, string> said, AuthorizationServer server)
    {
        // RFC 9207 section 2.4: an answer that names another issuer was meant for another request, and a server that says that it names itself does.
        string? named = said.GetValueOrDefault("iss");
        if (named is null ? server.NamesItself : named != server.Issuer)
        {
            throw new CommandFailedException($"login: wanted an answer of {server.Issuer}, got one of {named ?? "nobody"}");
        }

        return said.GetValueOrDefault("code") ?? throw new CommandFailedException($"login: {said.GetValueOrDefault("error") ?? "no code"}{(said.TryGetValue("error_description", out string? text) ? $": {text.ReplaceLineEndings(" ")}" : "")}");
    }

    private static string Secret() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SecretSize));
}
