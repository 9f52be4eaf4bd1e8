using System.Security.Claims;
using System.Text.Encodings.Web;
using Fota.UpdateServer.People;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace Fota.UpdateServer.Api;

/// <summary>Authenticates a person by a bearer token (RFC 6750).</summary>
internal sealed class OperatorAuthentication(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder, PeopleDirectory people)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    public const string SchemeName = "operator";

    private const string Prefix = "Bearer ";

    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (Request.Headers.Authorization is not [{ } header] || !header.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
        {
            return Task.FromResult(AuthenticateResult.NoResult());
        }

        return Task.FromResult(people.FindByToken(header[Prefix.Length..], out _) is { } caller ? Enter(caller) : AuthenticateResult.Fail("unknown token"));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.Headers.WWWAuthenticate = "Bearer";
        return base.HandleChallengeAsync(properties);
    }

    private AuthenticateResult Enter(Caller caller)
    {
        Context.Features.Set(caller);
        ClaimsPrincipal principal = new(new ClaimsIdentity([new Claim(ClaimTypes.Name, caller.Name)], Scheme.Name));
        return AuthenticateResult.Success(new AuthenticationTicket(principal, Scheme.Name));
    }
}
