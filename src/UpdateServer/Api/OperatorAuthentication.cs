using System.Security.Claims;
using System.Security.Cryptography.X509Certificates;
using System.Text.Encodings.Web;
using System.Text.Json;
using Fota.Manifest;
using Fota.UpdateServer.OAuth;
using Fota.UpdateServer.People;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace Fota.UpdateServer.Api;

/// <summary>Authenticates a person by a bearer token (RFC 6750), or without one by the TLS client certificate. A token that is worth nothing is not made good by a certificate.</summary>
internal sealed class OperatorAuthentication(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder, PeopleDirectory people, OperatorCertificates certificates, OAuthCallers callers)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    public const string SchemeName = "operator";

    private const string Prefix = "Bearer ";

    private const int AwaySeconds = 5;

    private bool _isAway;

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (Request.Headers.Authorization is not [{ } header] || !header.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
        {
            return Request.Headers.Authorization.Count == 0 && Context.Connection.ClientCertificate is { } certificate ? ByCertificate(certificate) : AuthenticateResult.NoResult();
        }

        // One of ours, also one that has ended, is nobody else's business.
        string token = header[Prefix.Length..];
        Caller? caller = people.FindByToken(token, out bool isOurs) ?? (isOurs ? null : await AskAsync(token));
        return caller is null ? AuthenticateResult.Fail("unknown token") : Enter(caller);
    }

    /// <summary>An authorisation server that is away is no reason to throw a credential away.</summary>
    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        if (_isAway)
        {
            Response.Headers.RetryAfter = AwaySeconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
            return Problems.Of(StatusCodes.Status503ServiceUnavailable, ProblemCodes.AuthorizationServerAway, "the authorisation server cannot be asked now").ExecuteAsync(Context);
        }

        Response.Headers.WWWAuthenticate = "Bearer";
        return base.HandleChallengeAsync(properties);
    }

    private async Task<Caller?> AskAsync(string token)
    {
        try
        {
            return await callers.FindAsync(token, Context.RequestAborted);
        }
        catch (Exception e) when (e is AuthorizationServerAwayException or JsonException)
        {
            _isAway = true;
            Log.AuthorizationServerAway(Logger, e.Message.ReplaceLineEndings(" "));
            return null;
        }
    }

    private AuthenticateResult ByCertificate(X509Certificate2 certificate)
    {
        (Caller? caller, Rejection? refused) = certificates.Find(certificate);
        if (caller is not null)
        {
            return Enter(caller);
        }

        Log.CertificateRefused(Logger, refused!.Detail);
        return AuthenticateResult.Fail(refused.Detail);
    }

    private AuthenticateResult Enter(Caller caller)
    {
        Context.Features.Set(caller);
        ClaimsPrincipal principal = new(new ClaimsIdentity([new Claim(ClaimTypes.Name, caller.Name)], Scheme.Name));
        return AuthenticateResult.Success(new AuthenticationTicket(principal, Scheme.Name));
    }
}
