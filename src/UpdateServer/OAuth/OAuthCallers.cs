using Fota.Manifest;
using Fota.UpdateServer.People;

namespace Fota.UpdateServer.OAuth;

/// <summary>Who shows a token of the authorisation server: a person whose subject is registered here, with the roles that both sides give.</summary>
internal sealed class OAuthCallers(PeopleDirectory people, TokenIntrospection? introspection) : IDisposable
{
    private const int IdLength = 16;

    /// <summary>The person; null where the token speaks for nobody, or no authorisation server is configured.</summary>
    /// <exception cref="AuthorizationServerAwayException">Nobody knows now.</exception>
    /// <exception cref="System.Text.Json.JsonException">What the authorisation server said cannot be read.</exception>
    public async Task<Caller?> FindAsync(string token, CancellationToken cancellation)
    {
        if (introspection is null || token.Length is 0 or > TokenIntrospection.MaxToken || !token.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_' or '~' or '+' or '/' or '='))
        {
            return null;
        }

        return await introspection.AskAsync(token, cancellation) is { } said
            ? people.FindByIdentity([PersonIdentity.OfOAuth(said.Subject)], CredentialKind.OAuth, Sha256Digest.Of(System.Text.Encoding.ASCII.GetBytes(token)).ToString()[..IdLength], said.Roles, said.Expires)
            : null;
    }

    public void Dispose() => introspection?.Dispose();
}
