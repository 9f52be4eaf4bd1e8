using System.Collections.Immutable;
using Fota.Manifest;

namespace Fota.UpdateServer.People;

/// <summary>Everybody and their credentials at one moment.</summary>
internal sealed record PeopleSnapshot(
    ImmutableSortedDictionary<string, Person> People, ImmutableDictionary<Sha256Digest, ApiToken> Tokens, ImmutableDictionary<PersonIdentity, string> Identities)
{
    public static PeopleSnapshot Of(IEnumerable<Person> people, IEnumerable<ApiToken> tokens)
    {
        ImmutableSortedDictionary<string, Person> byName = people.ToImmutableSortedDictionary(static p => p.Name, static p => p, StringComparer.Ordinal);
        return new PeopleSnapshot(
            byName,
            tokens.ToImmutableDictionary(static t => t.Digest),
            byName.Values.SelectMany(static p => p.Identities.Select(i => KeyValuePair.Create(i, p.Name))).ToImmutableDictionary());
    }

    /// <summary>After a change.</summary>
    public PeopleSnapshot With(Person? person, IEnumerable<ApiToken> tokens) => Of(
        person is null ? People.Values : People.SetItem(person.Name, person).Values,
        Tokens.SetItems(tokens.Select(static t => KeyValuePair.Create(t.Digest, t))).Values);

    /// <summary>The person with this name, unless removed.</summary>
    public Person? Find(string name) => People.TryGetValue(name, out Person? person) && person.Removed is null ? person : null;

    public IEnumerable<ApiToken> TokensOf(string person) => Tokens.Values.Where(t => t.Person == person).OrderBy(static t => t.Created).ThenBy(static t => t.Id, StringComparer.Ordinal);

    /// <summary>Whether somebody can give rights over everything, and has something to show for it.</summary>
    /// <param name="now">When.</param>
    /// <param name="taken">The kinds of identity by which an administrator can come to this server.</param>
    public bool HasAdministrator(DateTimeOffset now, IReadOnlyCollection<IdentityKind> taken) => People.Values.Any(p =>
        p.Removed is null
        && p.Grants.Any(static g => g is { Role: Role.Administrator, IsWhole: true })
        && (p.Identities.Any(i => taken.Contains(i.Kind)) || TokensOf(p.Name).Any(t => t.IsGood(now) && t.Roles.HasFlag(Role.Administrator))));
}
