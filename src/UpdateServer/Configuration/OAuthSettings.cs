using Fota.UpdateServer.People;

namespace Fota.UpdateServer.Configuration;

/// <summary>An OAuth 2.0 authorisation server whose opaque tokens are asked for there (RFC 7662; docs/spec/access.md).</summary>
public sealed record OAuthSettings
{
    /// <summary>The longest time that an answer is kept, in seconds.</summary>
    public const int MaxCacheSeconds = 300;

    /// <summary>Its name, https.</summary>
    public required Uri Issuer { get; init; }

    /// <summary>Where tokens are asked for, https.</summary>
    public required Uri IntrospectionEndpoint { get; init; }

    /// <summary>As whom this server asks.</summary>
    public required string ClientId { get; init; }

    /// <summary>File with that client's secret, mode 0600.</summary>
    public required string ClientSecretFile { get; init; }

    /// <summary>PEM file of the CAs that vouch for the authorisation server; null: those of the system.</summary>
    public string? AuthorityFile { get; init; }

    /// <summary>The client whose tokens are taken, which `fota login` is: tokens that others got are for others.</summary>
    public required string LoginClientId { get; init; }

    /// <summary>What a token has to be for; null: whatever that client got it for.</summary>
    public string? Audience { get; init; }

    /// <summary>The member of an answer that says who it is: stable, and never given to somebody else.</summary>
    public required string PersonClaim { get; init; }

    /// <summary>Which values give which roles, of those that the person has here. None: nobody has any.</summary>
    public IReadOnlyList<OAuthRole> Roles { get; init; } = [];

    /// <summary>How long an answer is kept at most; 0 to 300 s.</summary>
    public TimeSpan Cache { get; init; } = TimeSpan.FromSeconds(30);

    /// <exception cref="ConfigurationException">A setting is out of range.</exception>
    internal void Validate()
    {
        foreach ((string name, Uri address) in ((string, Uri)[])[("issuer", Issuer), ("introspectionEndpoint", IntrospectionEndpoint)])
        {
            if (!address.IsAbsoluteUri || address.Scheme != Uri.UriSchemeHttps)
            {
                throw new ConfigurationException($"oauth.{name}: wanted an https address, got {address}");
            }
        }

        if (Cache < TimeSpan.Zero || Cache > TimeSpan.FromSeconds(MaxCacheSeconds))
        {
            throw new ConfigurationException($"oauth.cacheSeconds: wanted 0 to {MaxCacheSeconds}, got {Cache.TotalSeconds}");
        }

        foreach (OAuthRole role in Roles)
        {
            if (RoleNames.Parse(role.Role) is null)
            {
                throw new ConfigurationException($"oauth.roles: wanted one of {string.Join(", ", RoleNames.NamesOf(Role.All))}, got {role.Role}");
            }
        }
    }
}

/// <summary>A value of an answer that gives a role.</summary>
/// <param name="Claim">The member: text, a list of text, or "scope", whose words are told apart.</param>
/// <param name="Value">The value, or one of the list.</param>
/// <param name="Role">The role's name.</param>
public sealed record OAuthRole(string Claim, string Value, string Role);
