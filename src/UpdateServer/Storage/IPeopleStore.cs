using Fota.UpdateServer.People;

namespace Fota.UpdateServer.Storage;

/// <summary>Keeps people, and the digests of their tokens. Changes have numbers, and each is made by whoever knows all before it: several servers may share a store.</summary>
internal interface IPeopleStore
{
    /// <summary>Everybody who ever was here, and every token, as of one moment.</summary>
    PeopleNews Load();

    /// <summary>Stores people and tokens in place of what was known of them, together with the decision, wholly or not at all.</summary>
    /// <param name="known">The number of the change up to which the decision rests on what is stored.</param>
    /// <param name="change">What changes.</param>
    /// <param name="decision">Who decided what.</param>
    /// <returns>The number of the change; null, and nothing is stored, where another server made one meanwhile.</returns>
    long? Save(long known, PeopleChange change, AccessDecision decision);
}

/// <summary>Everybody, as of one moment.</summary>
/// <param name="Number">The number of the newest change.</param>
/// <param name="People">Everybody who ever was here.</param>
/// <param name="Tokens">Every token.</param>
internal sealed record PeopleNews(long Number, IReadOnlyList<Person> People, IReadOnlyList<ApiToken> Tokens);

/// <summary>What one decision changes.</summary>
/// <param name="Person">The person; null if none changed.</param>
/// <param name="Tokens">The tokens that are new or changed.</param>
internal sealed record PeopleChange(Person? Person, IReadOnlyList<ApiToken> Tokens);
