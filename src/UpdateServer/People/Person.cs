using System.Collections.Immutable;

namespace Fota.UpdateServer.People;

/// <summary>Somebody who may do something here; also a machine that acts for people, such as the signer's.</summary>
/// <param name="Name">A <see cref="PersonName"/>; never given to somebody else, also when this one is removed.</param>
internal sealed record Person(string Name)
{
    public ImmutableArray<Grant> Grants { get; init; } = [];

    /// <summary>By what else they are known.</summary>
    public ImmutableArray<PersonIdentity> Identities { get; init; } = [];

    public required DateTimeOffset Created { get; init; }

    /// <summary>Since when no credential speaks for them; null while they are here.</summary>
    public DateTimeOffset? Removed { get; init; }

    /// <summary>All their roles, over whatever.</summary>
    public Role Roles => Grants.Aggregate(Role.None, static (roles, grant) => roles | grant.Role);
}
