using System.Net.Http.Headers;
using System.Net.Security;
using System.Text;
using System.Text.Json;
using Fota.Interop.Posix;
using Fota.Manifest;
using Fota.UpdateServer.Configuration;

namespace Fota.UpdateServer.OAuth;

/// <summary>
/// Asks an authorisation server what an opaque token is worth (RFC 7662), and keeps the answer for a short time: so long a token that was taken back there is good
/// here still. What is not good is kept as well, so that a bad token costs one question.
/// </summary>
internal sealed class TokenIntrospection : IDisposable
{
    /// <summary>Longest token in characters.</summary>
    public const int MaxToken = 2048;

    private const int MaxKept = 4096;
    private const int MaxAnswer = 64 * 1024;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private readonly Dictionary<Sha256Digest, Kept> _kept = [];
    private readonly OAuthSettings _settings;
    private readonly TimeProvider _time;
    private readonly HttpClient _client;

    /// <exception cref="ConfigurationException">The authorities' file is none.</exception>
    /// <exception cref="PrivateFileException">The secret is not kept like one.</exception>
    public TokenIntrospection(OAuthSettings settings, TimeProvider time)
    {
        (_settings, _time) = (settings, time);
        string secret = PrivateFile.Read(settings.ClientSecretFile, "oauth.clientSecret", Encoding.UTF8.GetString);
        _client = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            PooledConnectionLifetime = TimeSpan.FromMinutes(10),
            SslOptions = settings.AuthorityFile is { } file ? new SslClientAuthenticationOptions { CertificateChainPolicy = PemCertificates.TrustOnly(file, "oauth.authorities") } : new SslClientAuthenticationOptions(),
        })
        { Timeout = s_patience, MaxResponseContentBufferSize = MaxAnswer };

        // RFC 6749 section 2.3.1: both are form-encoded first.
        string credentials = $"{Uri.EscapeDataString(settings.ClientId)}:{Uri.EscapeDataString(secret)}";
        _client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(credentials)));
        _client.DefaultRequestHeaders.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
    }

    /// <summary>What a token is worth; null for nothing.</summary>
    /// <exception cref="AuthorizationServerAwayException">Nobody knows now.</exception>
    public async Task<IntrospectedToken?> AskAsync(string token, CancellationToken cancellation)
    {
        Sha256Digest key = Sha256Digest.Of(Encoding.UTF8.GetBytes(token));
        DateTimeOffset now = _time.GetUtcNow();
        lock (_gate)
        {
            if (_kept.TryGetValue(key, out Kept kept) && now < kept.Until && !(kept.Token?.Expires <= now))
            {
                return kept.Token;
            }
        }

        IntrospectedToken? said = IntrospectedToken.Read(await FetchAsync(token, cancellation), _settings, now);
        lock (_gate)
        {
            if (_kept.Count >= MaxKept)
            {
                Forget(now);
            }

            _kept[key] = new Kept(said, now + _settings.Cache);
        }

        return said;
    }

    public void Dispose() => _client.Dispose();

    private async Task<JsonElement> FetchAsync(string token, CancellationToken cancellation)
    {
        try
        {
            using FormUrlEncodedContent form = new([KeyValuePair.Create("token", token), KeyValuePair.Create("token_type_hint", "access_token")]);
            using HttpResponseMessage response = await _client.PostAsync(_settings.IntrospectionEndpoint, form, cancellation);
            return response.IsSuccessStatusCode
                ? JsonSerializer.Deserialize<JsonElement>(await response.Content.ReadAsByteArrayAsync(cancellation))
                : throw new AuthorizationServerAwayException($"wanted 200, got {(int)response.StatusCode}");
        }
        catch (Exception e) when (e is HttpRequestException or JsonException || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            throw new AuthorizationServerAwayException(e.Message);
        }
    }

    /// <summary>What is over first; everything, where that is nothing.</summary>
    private void Forget(DateTimeOffset now)
    {
        foreach (Sha256Digest over in _kept.Where(k => k.Value.Until <= now).Select(static k => k.Key).ToArray())
        {
            _kept.Remove(over);
        }

        if (_kept.Count >= MaxKept)
        {
            _kept.Clear();
        }
    }

    private readonly record struct Kept(IntrospectedToken? Token, DateTimeOffset Until);
}

/// <summary>The authorisation server cannot be asked, or says nothing that can be read.</summary>
internal sealed class AuthorizationServerAwayException(string message) : Exception(message);
