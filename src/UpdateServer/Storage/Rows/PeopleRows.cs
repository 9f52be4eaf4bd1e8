using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Fota.Manifest;
using Fota.UpdateServer.People;

namespace Fota.UpdateServer.Storage.Rows;

/// <summary>A row of the table people.</summary>
internal sealed class PersonRow
{
    private static readonly JsonSerializerOptions s_json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    public required string Name { get; init; }

    public required string Grants { get; init; }

    public required long Created { get; init; }

    public long? Removed { get; init; }

    public static PersonRow From(Person p) => new()
    {
        Name = p.Name,
        Grants = TextOf(p.Grants),
        Created = p.Created.ToUnixTimeMilliseconds(),
        Removed = p.Removed?.ToUnixTimeMilliseconds(),
    };

    /// <summary>Grants as they are stored: what one is not bounded by is left out.</summary>
    public static string TextOf(IEnumerable<Grant> grants) => JsonSerializer.Serialize(grants.Select(static g => new GrantText(RoleNames.NameOf(g.Role), g.Products, g.Sites)), s_json);

    public Person ToPerson(IEnumerable<IdentityRow> identities) => new(Name)
    {
        Grants = [.. JsonSerializer.Deserialize<GrantText[]>(Grants, s_json)!.Select(static g => g.ToGrant())],
        Identities = [.. identities.Select(static i => new PersonIdentity(Enum.Parse<IdentityKind>(i.Kind), i.Value))],
        Created = DateTimeOffset.FromUnixTimeMilliseconds(Created),
        Removed = Removed is { } removed ? DateTimeOffset.FromUnixTimeMilliseconds(removed) : null,
    };

    /// <summary>A role that this program does not know grants nothing it could know of: the row is refused.</summary>
    private sealed record GrantText(string Role, IReadOnlyCollection<string>? Products = null, IReadOnlyCollection<string>? Sites = null)
    {
        public Grant ToGrant() => new(RoleNames.Parse(Role) ?? throw new InvalidDataException($"people: wanted a role, got {Role}"))
        {
            Products = Products?.ToImmutableSortedSet(StringComparer.Ordinal),
            Sites = Sites?.ToImmutableSortedSet(StringComparer.Ordinal),
        };
    }
}

/// <summary>A row of the table person_identities.</summary>
internal sealed class IdentityRow
{
    public required string Kind { get; init; }

    public required string Value { get; init; }

    public required string Person { get; init; }

    public static IdentityRow From(Person person, PersonIdentity identity) => new() { Kind = identity.Kind.ToString(), Value = identity.Value, Person = person.Name };
}

/// <summary>A row of the table api_tokens.</summary>
internal sealed class TokenRow
{
    public required string Id { get; init; }

    public required string Person { get; init; }

    public required string Name { get; init; }

    public required byte[] Sha256 { get; init; }

    public required string Roles { get; init; }

    public required long Created { get; init; }

    public required string CreatedBy { get; init; }

    public long? Expires { get; init; }

    public long? Revoked { get; init; }

    public static TokenRow From(ApiToken t) => new()
    {
        Id = t.Id,
        Person = t.Person,
        Name = t.Name,
        Sha256 = t.Digest.Bytes.ToArray(),
        Roles = string.Join(',', RoleNames.NamesOf(t.Roles)),
        Created = t.Created.ToUnixTimeMilliseconds(),
        CreatedBy = t.CreatedBy,
        Expires = t.Expires?.ToUnixTimeMilliseconds(),
        Revoked = t.Revoked?.ToUnixTimeMilliseconds(),
    };

    public ApiToken ToToken() => new(Id, Person, Name, Sha256Digest.FromBytes(Sha256))
    {
        Roles = Roles.Split(',').Aggregate(Role.None, static (roles, name) => roles | (RoleNames.Parse(name) ?? throw new InvalidDataException($"api_tokens: wanted a role, got {name}"))),
        Created = DateTimeOffset.FromUnixTimeMilliseconds(Created),
        CreatedBy = CreatedBy,
        Expires = Expires is { } expires ? DateTimeOffset.FromUnixTimeMilliseconds(expires) : null,
        Revoked = Revoked is { } revoked ? DateTimeOffset.FromUnixTimeMilliseconds(revoked) : null,
    };
}
