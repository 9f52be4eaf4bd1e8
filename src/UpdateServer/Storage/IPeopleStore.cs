using Fota.UpdateServer.People;

namespace Fota.UpdateServer.Storage;

/// <summary>Keeps people, and the digests of their tokens.</summary>
internal interface IPeopleStore
{
    /// <summary>Everybody who ever was here, and every token.</summary>
    (IReadOnlyList<Person> People, IReadOnlyList<ApiToken> Tokens) Load();

    /// <summary>Stores people and tokens in place of what was known of them, together with the decision, wholly or not at all.</summary>
    void Save(PeopleChange change, AccessDecision decision);
}

/// <summary>What one decision changes.</summary>
/// <param name="Person">The person; null if none changed.</param>
/// <param name="Tokens">The tokens that are new or changed.</param>
internal sealed record PeopleChange(Person? Person, IReadOnlyList<ApiToken> Tokens);
