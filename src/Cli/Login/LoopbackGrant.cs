using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;
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
    private const int MaxRequest = 8 * 1024;
    private const string Path = "/callback";

    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(5);

    public static async Task<JsonElement> RunAsync(AuthorizationServer server, LoginRequest request, Action<string> show, CancellationToken cancellation)
    {
        Uri endpoint = server.Endpoint("authorization_endpoint") ?? throw new CommandFailedException($"login: {server.Issuer} has no authorisation endpoint; log in with --device");
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        string redirect = $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}{Path}", verifier = Secret(), state = Secret();
        KeyValuePair<string, string>[] query =
        [
            .. request.Form(), new("response_type", "code"), new("redirect_uri", redirect), new("state", state),
            new("code_challenge", Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(verifier)))), new("code_challenge_method", "S256"),
        ];
        show($"Open this in a browser on this machine: {endpoint}{(endpoint.Query.Length == 0 ? "?" : "&")}{string.Join('&', query.Select(static p => $"{p.Key}={Uri.EscapeDataString(p.Value)}"))}");
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(s_patience);
        string code = await WaitAsync(listener, state, server.Issuer, patience.Token);
        (bool isGood, JsonElement answer) = await server.PostAsync(
            request.TokenEndpoint,
            [new("grant_type", "authorization_code"), new("code", code), new("redirect_uri", redirect), new("client_id", request.ClientId), new("code_verifier", verifier)],
            cancellation);
        return isGood ? answer : throw new CommandFailedException($"login: {AuthorizationServer.Explain(answer)}");
    }

    private static string Secret() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SecretSize));

    /// <summary>Takes connections until one brings the answer to this very request. Others are told that there is nothing: any program of this machine can knock here.</summary>
    private static async Task<string> WaitAsync(TcpListener listener, string state, string issuer, CancellationToken cancellation)
    {
        while (true)
        {
            using TcpClient client = await listener.AcceptTcpClientAsync(cancellation);
            await using NetworkStream stream = client.GetStream();
            Dictionary<string, string>? said = Parse(await ReadLineAsync(stream, cancellation));
            bool isAnswer = said?.GetValueOrDefault("state") is { } given && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(given), Encoding.UTF8.GetBytes(state));
            string text = isAnswer ? "Fota has what it needs. You can close this page." : "There is nothing here.";
            await stream.WriteAsync(
                Encoding.ASCII.GetBytes($"HTTP/1.1 {(isAnswer ? "200 OK" : "404 Not Found")}\r\nContent-Type: text/plain\r\nContent-Length: {text.Length}\r\nCache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nConnection: close\r\n\r\n{text}"),
                cancellation);
            if (!isAnswer)
            {
                continue;
            }

            // RFC 9207: an answer that names another issuer was meant for another request.
            return said!.TryGetValue("iss", out string? named) && named != issuer ? throw new CommandFailedException($"login: wanted an answer of {issuer}, got one of {named}")
                : said.GetValueOrDefault("code") ?? throw new CommandFailedException($"login: {said.GetValueOrDefault("error") ?? "no code"}{(said.TryGetValue("error_description", out string? text2) ? $": {text2.ReplaceLineEndings(" ")}" : "")}");
        }
    }

    /// <summary>The first line of a request; empty for what is none.</summary>
    private static async Task<string> ReadLineAsync(NetworkStream stream, CancellationToken cancellation)
    {
        byte[] buffer = new byte[MaxRequest];
        int length = 0;
        while (length < buffer.Length && !buffer.AsSpan(0, length).EndsWith("\r\n\r\n"u8))
        {
            int read;
            try
            {
                read = await stream.ReadAsync(buffer.AsMemory(length), cancellation);
            }
            catch (IOException)
            {
                return "";
            }

            if (read == 0)
            {
                return "";
            }

            length += read;
        }

        string text = Encoding.ASCII.GetString(buffer, 0, length);
        return text.IndexOf("\r\n", StringComparison.Ordinal) is > 0 and int end ? text[..end] : "";
    }

    private static Dictionary<string, string>? Parse(string line)
    {
        if (line.Split(' ') is not ["GET", { } target, "HTTP/1.1"] || !target.StartsWith(Path + "?", StringComparison.Ordinal))
        {
            return null;
        }

        Dictionary<string, string> said = new(StringComparer.Ordinal);
        foreach (string[] pair in target[(Path.Length + 1)..].Split('&').Select(static p => p.Split('=', 2)))
        {
            if (pair.Length != 2 || !said.TryAdd(pair[0], Uri.UnescapeDataString(pair[1].Replace('+', ' '))))
            {
                return null;
            }
        }

        return said;
    }
}
