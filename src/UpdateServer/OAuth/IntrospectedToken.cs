using System.Text.Json;
using Fota.UpdateServer.Configuration;
using Fota.UpdateServer.People;

namespace Fota.UpdateServer.OAuth;

/// <summary>What an authorisation server said of a token that is good here (RFC 7662 section 2.2).</summary>
/// <param name="Subject">Who, by the configured claim.</param>
/// <param name="Roles">The roles that the configuration makes of it.</param>
/// <param name="Expires">Until when; null: it does not say.</param>
internal sealed record IntrospectedToken(string Subject, Role Roles, DateTimeOffset? Expires)
{
    private const string Scope = "scope";

    /// <summary>Reads an answer; null where the token is worth nothing here: not active, over, not yet begun, another issuer's, another client's, for another audience, or of nobody.</summary>
    /// <exception cref="JsonException">It is no answer of RFC 7662.</exception>
    public static IntrospectedToken? Read(JsonElement answer, OAuthSettings settings, DateTimeOffset now)
    {
        if (answer.ValueKind != JsonValueKind.Object || !answer.TryGetProperty("active", out JsonElement active) || active.ValueKind is not (JsonValueKind.True or JsonValueKind.False))
        {
            throw new JsonException("wanted an object with active, got another");
        }

        DateTimeOffset? expires = Moment(answer, "exp");
        bool isGood = active.ValueKind == JsonValueKind.True
            && (expires is null || now < expires)
            && (Moment(answer, "nbf") is not { } from || from <= now)
            && (!answer.TryGetProperty("iss", out JsonElement issuer) || (issuer.ValueKind == JsonValueKind.String && issuer.GetString() == settings.Issuer.OriginalString))
            && Has(answer, "client_id", settings.LoginClientId)
            && (settings.Audience is null || Has(answer, "aud", settings.Audience));
        return isGood && answer.TryGetProperty(settings.PersonClaim, out JsonElement subject) && subject.ValueKind == JsonValueKind.String && subject.GetString() is { Length: > 0 and <= PersonIdentity.MaxLength } person
            ? new IntrospectedToken(person, RolesOf(answer, settings), expires)
            : null;
    }

    private static Role RolesOf(JsonElement answer, OAuthSettings settings) => settings.Roles
        .Where(role => Has(answer, role.Claim, role.Value))
        .Aggregate(Role.None, static (roles, role) => roles | RoleNames.Parse(role.Role)!.Value);

    /// <summary>Whether a member is this text, or a list with it; of "scope", whether it is one of its words (RFC 6749 section 3.3).</summary>
    private static bool Has(JsonElement answer, string member, string value) => answer.TryGetProperty(member, out JsonElement said) && said.ValueKind switch
    {
        JsonValueKind.String when member == Scope => said.GetString()!.Split(' ').Contains(value, StringComparer.Ordinal),
        JsonValueKind.String => said.GetString() == value,
        JsonValueKind.Array => said.EnumerateArray().Any(item => item.ValueKind == JsonValueKind.String && item.GetString() == value),
        _ => false,
    };

    private static DateTimeOffset? Moment(JsonElement answer, string member)
    {
        if (!answer.TryGetProperty(member, out JsonElement said))
        {
            return null;
        }

        return said.ValueKind == JsonValueKind.Number && said.TryGetInt64(out long seconds) && seconds is >= 0 and <= 253_402_300_799
            ? DateTimeOffset.FromUnixTimeSeconds(seconds)
            : throw new JsonException($"{member}: wanted seconds since 1970, got something else");
    }
}
