using Fota.Manifest;
using Fota.Manifest.Encoding;
using Fota.Manifest.Envelope;
using Fota.Manifest.Metadata;
using Fota.Manifest.Verification;

namespace Fota.Signer.Repository;

/// <summary>The published TUF role of a product with its hash bins, if it has them, verified; without releases before the first one.</summary>
internal sealed class ProductRole
{
    private static readonly Dictionary<string, TargetFile> s_nothing = new(StringComparer.Ordinal);

    private readonly RepositoryFolder _folder;
    private readonly RepositoryState _state;
    private readonly TargetsMetadata? _own;
    private readonly Dictionary<string, TargetsMetadata> _bins;
    private readonly Dictionary<string, TargetFile> _targets;

    private ProductRole(RepositoryFolder folder, RepositoryState state, ProductName product, RoleKeys keys, TargetsMetadata? own, IReadOnlyList<DelegatedRole> bins)
    {
        _folder = folder;
        _state = state;
        _own = own;
        Product = product;
        Keys = keys;
        Bins = bins;
        _bins = bins.Where(bin => state.Delegated.ContainsKey(bin.Name)).ToDictionary(static bin => bin.Name, bin => Read(folder, state, bin.Name, bin.Keys), StringComparer.Ordinal);
        _targets = (own is null ? [] : _bins.Values.Append(own)).SelectMany(static role => role.Targets).ToDictionary(StringComparer.Ordinal);
    }

    public ProductName Product { get; }

    /// <summary>Who signs the role, and the product's envelopes.</summary>
    public RoleKeys Keys { get; }

    /// <summary>The delegations to its bins; none if the role lists its releases itself.</summary>
    public IReadOnlyList<DelegatedRole> Bins { get; }

    /// <summary>0 before the first release.</summary>
    public long Version => _own?.Version ?? 0;

    /// <summary>Every published release, by its path.</summary>
    public IReadOnlyDictionary<string, TargetFile> Targets => _targets;

    /// <summary>The role and those of its bins that list anything, with their versions.</summary>
    public IEnumerable<(string Name, TargetsMetadata Content)> Documents => _own is null ? [] : _bins.Select(static bin => (bin.Key, bin.Value)).Prepend((Product.ToString(), _own));

    /// <param name="folder">The repository.</param>
    /// <param name="state">Its state.</param>
    /// <param name="trust">What the offline roles say.</param>
    /// <param name="product">The product.</param>
    /// <param name="firstBins">Into how many bins its first release will be put; later ones go by what is signed.</param>
    public static ProductRole Load(RepositoryFolder folder, RepositoryState state, RepositoryTrust trust, ProductName product, int firstBins)
    {
        RoleKeys keys = trust.Delegation(product).Keys;
        TargetsMetadata? own = state.Delegated.ContainsKey(product.ToString()) ? Read(folder, state, product.ToString(), keys) : null;
        return new ProductRole(folder, state, product, keys, own, own?.Delegations ?? HashBins.Delegate(product, keys, firstBins));
    }

    /// <summary>
    /// What is to be signed so that there is one release more, or one replaced: nothing else may change under the approver's eyes. That is the role, or the
    /// bin that the release falls into, and the role too when it begins.
    /// </summary>
    public IReadOnlyList<RoleDocument> With(ReleaseVersion version, TargetFile envelope, DateTimeOffset expires)
    {
        string path = RepositoryFolder.ReleasePath(Product, version), listing = Listing(path);
        bool isBin = !string.Equals(listing, Product.ToString(), StringComparison.Ordinal);
        TargetsMetadata? current = isBin ? _bins.GetValueOrDefault(listing) : _own;
        Dictionary<string, TargetFile> targets = new(current?.Targets ?? s_nothing, StringComparer.Ordinal) { [path] = envelope };
        RoleDocument document = new(listing, new TargetsMetadata(NextVersion(listing), expires, targets, []));
        return isBin && _own is null ? [new RoleDocument(Product.ToString(), new TargetsMetadata(NextVersion(Product.ToString()), expires, s_nothing, Bins)), document] : [document];
    }

    /// <summary>What is to be signed so that there is one release less.</summary>
    public IReadOnlyList<RoleDocument> Without(ReleaseVersion version, DateTimeOffset expires)
    {
        string path = RepositoryFolder.ReleasePath(Product, version), listing = Listing(path);
        TargetsMetadata current = (_bins.GetValueOrDefault(listing) ?? _own) is { } role && role.Targets.ContainsKey(path)
            ? role
            : throw new SignerRefusalException($"{Product} {version} is not published");
        Dictionary<string, TargetFile> targets = current.Targets.Where(target => !string.Equals(target.Key, path, StringComparison.Ordinal)).ToDictionary(StringComparer.Ordinal);
        return [new RoleDocument(listing, new TargetsMetadata(NextVersion(listing), expires, targets, current.Delegations))];
    }

    /// <summary>The role and its bins, written anew with these releases. A bin that the snapshot ever listed is written too, and be it empty: it must not say what it said.</summary>
    public IEnumerable<RoleDocument> Rewritten(IReadOnlyDictionary<string, TargetFile> targets, RoleKeys keys, int bins, DateTimeOffset expires)
    {
        IReadOnlyList<DelegatedRole> delegations = HashBins.Delegate(Product, keys, bins);
        yield return new RoleDocument(Product.ToString(), new TargetsMetadata(Version + 1, expires, delegations.Count == 0 ? targets : s_nothing, delegations));
        ILookup<string?, KeyValuePair<string, TargetFile>> binned = targets.ToLookup(target => delegations.FirstOrDefault(bin => bin.Covers(target.Key))?.Name, StringComparer.Ordinal);
        foreach (string bin in delegations.Select(static bin => bin.Name).Where(bin => binned.Contains(bin) || _state.Delegated.ContainsKey(bin)))
        {
            yield return new RoleDocument(bin, new TargetsMetadata(NextVersion(bin), expires, binned[bin].ToDictionary(StringComparer.Ordinal), []));
        }
    }

    /// <summary>The version that follows all that the snapshot ever listed under this name.</summary>
    public long NextVersion(string role) => _state.Delegated.GetValueOrDefault(role) + 1;

    public bool Lists(ReleaseVersion version) => _targets.ContainsKey(RepositoryFolder.ReleasePath(Product, version));

    /// <summary>Whether the release is published with this very envelope.</summary>
    public bool Lists(ReleaseVersion version, Sha256Digest envelope) => _targets.TryGetValue(RepositoryFolder.ReleasePath(Product, version), out TargetFile? target) && target.Sha256 == envelope;

    /// <summary>A published release, verified as a device would.</summary>
    public VerifiedManifest Release(ReleaseVersion version) => Lists(version)
        ? Release(RepositoryFolder.ReleasePath(Product, version))
        : throw new SignerRefusalException($"{Product} {version} is not published");

    /// <summary>Every published release, by sequence number.</summary>
    public IReadOnlyList<VerifiedManifest> Releases() => [.. _targets.Keys.Select(Release).OrderBy(static release => release.Content.Sequence)];

    /// <summary>The published release at this path, verified as a device would.</summary>
    public VerifiedManifest Release(string path)
    {
        TargetFile target = _targets[path];
        byte[] file = _folder.Read(RepositoryFolder.Target(path, target.Sha256));
        return Sha256Digest.Of(file) == target.Sha256
            ? VerifiedManifest.Verify(SignedEnvelope.Decode(file).OrThrow(), ReleaseAnchors.Classical(Keys)).OrThrow()
            : throw new SignerRefusalException($"{path}: the file in the repository is not the one that role {Product} lists");
    }

    /// <summary>The role that lists a version, or would: the product's own, or a bin of it.</summary>
    public string ListingOf(ReleaseVersion version) => Listing(RepositoryFolder.ReleasePath(Product, version));

    private string Listing(string path) => Bins.FirstOrDefault(bin => bin.Covers(path))?.Name ?? Product.ToString();

    private static TargetsMetadata Read(RepositoryFolder folder, RepositoryState state, string role, RoleKeys keys)
    {
        long version = state.Delegated[role];
        SignedMetadata signed = SignedMetadata.Decode(folder.Read(RepositoryFolder.Metadata(role, version)), DecodeLimits.TargetsBytes, MetadataProfile.Fota).OrThrow();
        RepositoryTrust.Demand(keys, signed, role);
        TargetsMetadata content = signed.UnverifiedTargets().OrThrow();
        return content.Version == version ? content : throw new SignerRefusalException($"role {role}: wanted version {version}, got {content.Version}");
    }
}

/// <summary>A role's next content, to be signed.</summary>
internal sealed record RoleDocument(string Role, TargetsMetadata Content);
