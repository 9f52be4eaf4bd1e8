using Fota.UpdateServer.Configuration;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Fota.UpdateServer.Api;

/// <summary>Where people log in (RFC 9728): it names the authorisation server, and nothing of this one.</summary>
internal static class LoginEndpoint
{
    public static void Map(IEndpointRouteBuilder app) => app.MapGet("/.well-known/oauth-protected-resource", Show);

    private static Results<Ok<ProtectedResourceView>, ProblemHttpResult> Show(HttpRequest request, ServerSettings settings) => settings.OAuth is { } oauth
        ? TypedResults.Ok(new ProtectedResourceView($"https://{request.Host}", [oauth.Issuer.OriginalString], [.. oauth.Roles.Where(static r => r.Claim == "scope").Select(static r => r.Value).Distinct(StringComparer.Ordinal)], ["header"], oauth.LoginClientId, oauth.Audience))
        : Problems.OfStatus(StatusCodes.Status404NotFound, "nobody logs in here");
}

/// <summary>Metadata of a protected resource (RFC 9728 section 2); the last two members are ours.</summary>
internal sealed record ProtectedResourceView(
    string Resource, IReadOnlyList<string> AuthorizationServers, IReadOnlyList<string> ScopesSupported, IReadOnlyList<string> BearerMethodsSupported, string FotaClientId, string? FotaAudience);
