using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Fota.Manifest;
using Fota.UpdateServer.OAuth;
using Fota.UpdateServer.People;

namespace Fota.UpdateServer.Api;

/// <summary>Whose credential a request shows, as of now: a bearer token (RFC 6750), or without one the TLS client certificate. A token that is worth nothing is not made good by a certificate.</summary>
internal sealed class PersonCredentials(PeopleDirectory people, OperatorCertificates certificates, OAuthCallers callers, ILogger<PersonCredentials> log)
{
    private const string Prefix = "Bearer ";

    /// <summary>The person; or why it is nobody; neither where nothing is shown.</summary>
    /// <exception cref="AuthorizationServerAwayException">Nobody knows now.</exception>
    /// <exception cref="Storage.StoreUnavailableException">Nobody knows now.</exception>
    public async Task<(Caller? Caller, string? Refused)> FindAsync(HttpContext context)
    {
        if (context.Request.Headers.Authorization is not [{ } header] || !header.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
        {
            return context.Request.Headers.Authorization.Count == 0 && context.Connection.ClientCertificate is { } certificate ? ByCertificate(certificate) : default;
        }

        // One of ours, also one that has ended, is nobody else's business.
        string token = header[Prefix.Length..];
        Caller? caller = people.FindByToken(token, out bool isOurs) ?? (isOurs ? null : await AskAsync(token, context.RequestAborted));
        return (caller, caller is null ? "unknown token" : null);
    }

    private (Caller? Caller, string? Refused) ByCertificate(X509Certificate2 certificate)
    {
        (Caller? caller, Rejection? refused) = certificates.Find(certificate);
        if (refused is not null)
        {
            Log.CertificateRefused(log, refused.Detail);
        }

        return (caller, refused?.Detail);
    }

    private async Task<Caller?> AskAsync(string token, CancellationToken cancellation)
    {
        try
        {
            return await callers.FindAsync(token, cancellation);
        }
        catch (JsonException e)
        {
            throw new AuthorizationServerAwayException(e.Message);
        }
    }
}
