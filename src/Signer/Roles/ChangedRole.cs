using Fota.Manifest;
using Fota.Manifest.Metadata;
using Fota.Signer.Home;
using Fota.Signer.Journal;

namespace Fota.Signer.Roles;

/// <summary>Metadata that a change has signed anew: what was, what will be, and whose signatures clients will demand.</summary>
internal sealed class ChangedRole(string name, MetadataContent? before, MetadataContent after, IReadOnlyList<Quorum> quorums)
{
    /// <summary>The role's name.</summary>
    public string Name { get; } = name;

    /// <summary>Its next version.</summary>
    public long Version => after.Version;

    /// <summary>From when on clients refuse it.</summary>
    public DateTimeOffset Expires => after.Expires;

    /// <summary>What is signed.</summary>
    public byte[] SignedBytes { get; } = after.ToSignedBytes();

    /// <summary>A root has two: the keys of the root before it, and its own.</summary>
    public IReadOnlyList<Quorum> Quorums { get; } = quorums;

    /// <summary>What the journal calls it.</summary>
    public SigningPurpose Purpose => Name switch
    {
        RolesSettings.RootName => SigningPurpose.Root,
        RolesSettings.TargetsName => SigningPurpose.Targets,
        _ => SigningPurpose.ProductRole,
    };

    /// <summary>What is signed, for people: the digest of the very bytes, then what is different.</summary>
    public IEnumerable<string> Describe(SignerSettings settings) =>
        RoleDifference.Lines(before, after, settings).Prepend($"{Name} {Version}: sha256 of the signed bytes {Sha256Digest.Of(SignedBytes)}");

    /// <summary>What will be signed, for people, before the digests of the envelopes are known that it lists.</summary>
    public IEnumerable<string> DescribeTerms(SignerSettings settings) =>
        RoleDifference.OfTerms(before, after, settings).Prepend($"{Name} {Version}: lists the same releases, with these signatures");
}

/// <summary>Keys of which a threshold has to sign.</summary>
/// <param name="Whose">For people, for example "root 1".</param>
/// <param name="Keys">The keys.</param>
internal sealed record Quorum(string Whose, RoleKeys Keys);

/// <summary>A published envelope whose signatures no longer suffice for the product's new keys.</summary>
/// <param name="Path">Its target path.</param>
/// <param name="Manifest">The digest of its manifest, which the change leaves as it is.</param>
/// <param name="Keys">The product's new keys.</param>
internal sealed record ChangedEnvelope(string Path, Sha256Digest Manifest, RoleKeys Keys);
