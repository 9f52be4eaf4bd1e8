using Fota.UpdateServer.People;

namespace Fota.UpdateServer.Api.Access;

/// <summary>Who may come to an endpoint at all.</summary>
internal enum Audience
{
    /// <summary>Nothing was said, which lets nobody in.</summary>
    None = 0,

    /// <summary>Whoever asks.</summary>
    Anyone,

    /// <summary>A device that shows its certificate.</summary>
    Device,

    /// <summary>A device that shows its certificate, for which other rules may apply when it has expired.</summary>
    RenewingDevice,

    /// <summary>A person with one of the row's roles; with none named, any person.</summary>
    Person,
}

/// <summary>What the products and sites of a grant mean at an endpoint.</summary>
internal enum ScopeRule
{
    /// <summary>Nothing: it tells people of themselves, or is not for people.</summary>
    Free = 0,

    /// <summary>What is outside is left out of the answer; sites are no matter.</summary>
    ListOfProducts,

    /// <summary>What is outside, by product or by site, is left out of the answer.</summary>
    List,

    /// <summary>What is outside is not found.</summary>
    One,

    /// <summary>A rollout that reaches no device inside is not found.</summary>
    Touched,

    /// <summary>What would be outside is refused.</summary>
    New,

    /// <summary>It concerns everything, and wants a grant without bounds.</summary>
    Whole,
}

/// <summary>One endpoint, and who may do it.</summary>
/// <param name="Method">Of HTTP.</param>
/// <param name="Pattern">The route, as it is mapped.</param>
/// <param name="Audience">Who.</param>
/// <param name="Roles">Of people: one of these is needed.</param>
/// <param name="Scope">What the bounds of their grants mean.</param>
internal sealed record AccessRow(string Method, string Pattern, Audience Audience, Role Roles = Role.None, ScopeRule Scope = ScopeRule.Free)
{
    /// <summary>What it does, in a sentence: the description of the API says it.</summary>
    public required string What { get; init; }
}
