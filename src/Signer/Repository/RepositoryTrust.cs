using Fota.Manifest;
using Fota.Manifest.Encoding;
using Fota.Manifest.Metadata;
using Fota.Manifest.Verification;

namespace Fota.Signer.Repository;

/// <summary>
/// What the offline roles say, verified from the first root on. The signer decides by it and not by its own settings: a product's keys are those
/// that the targets role delegates to.
/// </summary>
internal sealed class RepositoryTrust
{
    private RepositoryTrust(RootMetadata root, TargetsMetadata targets)
    {
        Root = root;
        Targets = targets;
    }

    public RootMetadata Root { get; }

    public TargetsMetadata Targets { get; }

    public static RepositoryTrust Load(RepositoryFolder folder, RepositoryState state, DateTimeOffset now)
    {
        RootMetadata root = WalkRoots(folder, state, now).Root;
        byte[] file = folder.Read(RepositoryFolder.Metadata("targets", state.Targets));
        SignedMetadata signed = SignedMetadata.Decode(file, DecodeLimits.TargetsBytes, MetadataProfile.Fota).OrThrow();
        Demand(root.Targets, signed, "targets");
        return new RepositoryTrust(root, signed.UnverifiedTargets().OrThrow());
    }

    /// <summary>The client workflow up to the newest root.</summary>
    public static TrustedMetadataSet WalkRoots(RepositoryFolder folder, RepositoryState state, DateTimeOffset now) => WalkRoots(folder, state, 1, now);

    /// <summary>As a client does that trusts the root of version <paramref name="trusted"/>.</summary>
    public static TrustedMetadataSet WalkRoots(RepositoryFolder folder, RepositoryState state, long trusted, DateTimeOffset now)
    {
        TrustedMetadataSet trust = TrustedMetadataSet.Start(folder.Read(RepositoryFolder.Metadata("root", trusted)), now, MetadataProfile.Fota).OrThrow();
        for (long version = trusted + 1; version <= state.Root; version++)
        {
            _ = trust.UpdateRoot(folder.Read(RepositoryFolder.Metadata("root", version))).OrThrow();
        }

        return trust;
    }

    /// <summary>Refuses metadata that a threshold of the role's keys did not sign.</summary>
    public static void Demand(RoleKeys keys, SignedMetadata signed, string role)
    {
        if (keys.Check(signed, role) is { } rejection)
        {
            throw new RejectedException(rejection);
        }
    }

    public DelegatedRole Delegation(ProductName product) => Targets.Delegations.FirstOrDefault(role => string.Equals(role.Name, product.ToString(), StringComparison.Ordinal))
        ?? throw new SignerRefusalException($"the targets role delegates to no role '{product}'");
}
