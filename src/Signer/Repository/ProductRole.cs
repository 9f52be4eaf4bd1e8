using Fota.Manifest;
using Fota.Manifest.Encoding;
using Fota.Manifest.Envelope;
using Fota.Manifest.Metadata;
using Fota.Manifest.Verification;

namespace Fota.Signer.Repository;

/// <summary>The published TUF role of a product, verified; without releases before the first one.</summary>
internal sealed class ProductRole
{
    private readonly RepositoryFolder _folder;
    private readonly IReadOnlyDictionary<string, TargetFile> _targets;

    private ProductRole(RepositoryFolder folder, ProductName product, RoleKeys keys, TargetsMetadata? current)
    {
        _folder = folder;
        _targets = current?.Targets ?? new Dictionary<string, TargetFile>(StringComparer.Ordinal);
        Product = product;
        Keys = keys;
        Version = current?.Version ?? 0;
    }

    public ProductName Product { get; }

    /// <summary>Who signs the role, and the product's envelopes.</summary>
    public RoleKeys Keys { get; }

    /// <summary>0 before the first release.</summary>
    public long Version { get; }

    public static ProductRole Load(RepositoryFolder folder, RepositoryState state, RepositoryTrust trust, ProductName product)
    {
        RoleKeys keys = trust.Delegation(product).Keys;
        if (!state.Products.TryGetValue(product.ToString(), out long version))
        {
            return new ProductRole(folder, product, keys, null);
        }

        byte[] file = folder.Read(RepositoryFolder.Metadata(product.ToString(), version));
        SignedMetadata signed = SignedMetadata.Decode(file, DecodeLimits.TargetsBytes, MetadataProfile.Fota).OrThrow();
        RepositoryTrust.Demand(keys, signed, product.ToString());
        TargetsMetadata current = signed.UnverifiedTargets().OrThrow();
        return current.Version == version
            ? new ProductRole(folder, product, keys, current)
            : throw new SignerRefusalException($"role {product}: wanted version {version}, got {current.Version}");
    }

    /// <summary>This role and one release more, or one replaced: nothing else may change under the approver's eyes.</summary>
    public TargetsMetadata With(ReleaseVersion version, TargetFile envelope, DateTimeOffset expires)
    {
        Dictionary<string, TargetFile> targets = new(_targets, StringComparer.Ordinal) { [RepositoryFolder.ReleasePath(Product, version)] = envelope };
        return new TargetsMetadata(Version + 1, expires, targets, []);
    }

    public bool Lists(ReleaseVersion version) => _targets.ContainsKey(RepositoryFolder.ReleasePath(Product, version));

    /// <summary>Whether the release is published with this very envelope.</summary>
    public bool Lists(ReleaseVersion version, Sha256Digest envelope) => _targets.TryGetValue(RepositoryFolder.ReleasePath(Product, version), out TargetFile? target) && target.Sha256 == envelope;

    /// <summary>A published release, verified as a device would.</summary>
    public VerifiedManifest Release(ReleaseVersion version) => Lists(version)
        ? Read(RepositoryFolder.ReleasePath(Product, version))
        : throw new SignerRefusalException($"{Product} {version} is not published");

    /// <summary>Every published release, by sequence number.</summary>
    public IReadOnlyList<VerifiedManifest> Releases() => [.. _targets.Keys.Select(Read).OrderBy(static release => release.Content.Sequence)];

    private VerifiedManifest Read(string path)
    {
        TargetFile target = _targets[path];
        byte[] file = _folder.Read(RepositoryFolder.Target(path, target.Sha256));
        return Sha256Digest.Of(file) == target.Sha256
            ? VerifiedManifest.Verify(SignedEnvelope.Decode(file).OrThrow(), ReleaseAnchors.Classical(Keys)).OrThrow()
            : throw new SignerRefusalException($"{path}: the file in the repository is not the one that role {Product} lists");
    }
}
