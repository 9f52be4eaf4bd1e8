using Fota.Manifest.Metadata;

namespace Fota.Manifest.Verification;

/// <summary>One edge of the graph of delegations: which trusted metadata delegates, to which role. Only <see cref="TrustedMetadataSet"/> makes one.</summary>
public sealed class Delegation
{
    internal Delegation(TargetsMetadata delegator, DelegatedRole role, Delegation? above)
    {
        Delegator = delegator;
        Role = role;
        Top = above?.Top ?? role;
    }

    /// <summary>The name of the role that is delegated to.</summary>
    public string Name => Role.Name;

    internal TargetsMetadata Delegator { get; }

    internal DelegatedRole Role { get; }

    /// <summary>The role that the top-level targets delegate to on this way.</summary>
    internal DelegatedRole Top { get; }
}
