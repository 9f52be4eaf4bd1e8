using System.Security.Claims;
using System.Text.Encodings.Web;
using Fota.UpdateServer.OAuth;
using Fota.UpdateServer.People;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace Fota.UpdateServer.Api;

/// <summary>Authenticates a person by what the request shows (<see cref="PersonCredentials"/>).</summary>
internal sealed class OperatorAuthentication(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder, PersonCredentials credentials)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    public const string SchemeName = "operator";

    private bool _isAway;

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        try
        {
            (Caller? caller, string? refused) = await credentials.FindAsync(Context);
            return caller is not null ? Enter(caller) : refused is not null ? AuthenticateResult.Fail(refused) : AuthenticateResult.NoResult();
        }
        catch (AuthorizationServerAwayException e)
        {
            _isAway = true;
            Log.AuthorizationServerAway(Logger, e.Message.ReplaceLineEndings(" "));
            return AuthenticateResult.Fail("the authorisation server is away");
        }
    }

    /// <summary>An authorisation server that is away is no reason to throw a credential away.</summary>
    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        if (_isAway)
        {
            return Problems.AuthorizationServerAway(Context).ExecuteAsync(Context);
        }

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
