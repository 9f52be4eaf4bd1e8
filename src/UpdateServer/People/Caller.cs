using System.Collections.Immutable;
using Fota.Manifest;
using Fota.UpdateServer.Rollouts;

namespace Fota.UpdateServer.People;

/// <summary>By what somebody showed who they are.</summary>
internal enum CredentialKind
{
    None = 0,
    Token,
    Certificate,
    OAuth,
}

/// <summary>Who asks, and over what they may do what they ask for. Made by <see cref="PeopleDirectory"/> alone.</summary>
internal sealed class Caller
{
    private readonly ImmutableArray<Grant> _grants;

    /// <param name="name">Whose credential it is.</param>
    /// <param name="kind">What it is.</param>
    /// <param name="credential">Which one: stable, and no secret.</param>
    /// <param name="grants">What it is good for.</param>
    /// <param name="expires">Until when; null: no end is known.</param>
    public Caller(string name, CredentialKind kind, string credential, ImmutableArray<Grant> grants, DateTimeOffset? expires)
    {
        Name = name;
        Kind = kind;
        Credential = credential;
        _grants = grants;
        Expires = expires;
    }

    /// <summary>The person's name: the same by every credential.</summary>
    public string Name { get; }

    public CredentialKind Kind { get; }

    public string Credential { get; }

    public DateTimeOffset? Expires { get; }

    public IReadOnlyList<Grant> Grants => _grants;

    /// <summary>Whether some grant has no bounds.</summary>
    public bool IsWhole => _grants.Any(static g => g.IsWhole);

    /// <summary>The same person with the grants alone that are of <paramref name="roles"/>: a wide scope as a viewer does not widen what an operator may do.</summary>
    public Caller As(Role roles) => new(Name, Kind, Credential, [.. _grants.Where(g => roles.HasFlag(g.Role))], Expires);

    /// <summary>Whether something of the product is in scope, at whatever site.</summary>
    public bool IsAbout(ProductName product) => _grants.Any(g => g.IsAbout(product));

    /// <summary>Whether devices of the product at this site are in scope; null for a site that nobody has said.</summary>
    public bool Covers(ProductName product, string? site) => _grants.Any(g => g.Covers(product, site));

    /// <summary>Whether every device that a plan may reach is in scope: its product, and each site that its filter names, or all where it names none.</summary>
    public bool Covers(RolloutPlan plan) => CoversAll(plan.Product, plan.Filter.Sites);

    /// <summary>As <see cref="Covers(RolloutPlan)"/>, for a plan that was not judged yet: what is no product is in nobody's scope.</summary>
    public bool Covers(PlanDocument plan) => ProductName.TryParse(plan.Product, out ProductName? product) ? CoversAll(product, plan.Filter?.Sites ?? []) : IsWhole;

    /// <summary>Whether a plan may reach devices that are in scope.</summary>
    public bool IsTouchedBy(RolloutPlan plan) => plan.Filter.Sites.IsEmpty ? IsAbout(plan.Product) : plan.Filter.Sites.Any(site => Covers(plan.Product, site));

    private bool CoversAll(ProductName product, IReadOnlyList<string> sites) => sites.Count == 0 ? Covers(product, null) : sites.All(site => Covers(product, site));
}
