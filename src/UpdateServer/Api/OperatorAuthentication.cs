using System.Security.Claims;
using System.Security.Cryptography.X509Certificates;
using System.Text.Encodings.Web;
using Fota.Manifest;
using Fota.UpdateServer.People;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace Fota.UpdateServer.Api;

/// <summary>Authenticates a person by a bearer token (RFC 6750), or without one by the TLS client certificate. A token that is worth nothing is not made good by a certificate.</summary>
internal sealed class OperatorAuthentication(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder, PeopleDirectory people, OperatorCertificates certificates)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    public const string SchemeName = "operator";

    private const string Prefix = "Bearer ";

    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (Request.Headers.Authorization is not [{ } header] || !header.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
        {
            return Task.FromResult(Request.Headers.Authorization.Count == 0 && Context.Connection.ClientCertificate is { } certificate ? ByCertificate(certificate) : AuthenticateResult.NoResult());
        }

        return Task.FromResult(people.FindByToken(header[Prefix.Length..], out _) is { } caller ? Enter(caller) : AuthenticateResult.Fail("unknown token"));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.Headers.WWWAuthenticate = "Bearer";
        return base.HandleChallengeAsync(properties);
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
