using Fota.Manifest;
using Fota.Manifest.Envelope;
using Fota.Manifest.Keys;
using Fota.Manifest.Metadata;
using Fota.Manifest.Verification;
using Fota.Signer.Home;
using Fota.Signer.Repository;

namespace Fota.Signer.Roles;

/// <summary>
/// What a request means for this repository: a pure function of the two, so that everyone who signs computes for themselves what they sign, and
/// takes from the draft nothing but the signatures of others.
/// </summary>
internal sealed class RoleChange
{
    // More than anybody publishes one by one, and too few to use up the numbers there are by a slip of the finger.
    private const long MostSkipped = 1_000_000;

    private readonly HomeFolder _folder;
    private readonly RepositoryTrust _trust;
    private readonly ProductRole? _product;

    private RoleChange(HomeFolder folder, SignerSettings before, ChangeRequest request, DateTimeOffset now)
    {
        _folder = folder;
        Request = request;
        Before = before;
        After = ChangedPolicy.Of(before, request);
        Repository = new RepositoryFolder(folder.Repository);
        State = Repository.ReadState();
        _trust = RepositoryTrust.Load(Repository, State, now);
        DemandAgreement();
        DemandNear(request.AtLeast);
        if (before.Products.FirstOrDefault(product => request.Concerns(product.Name)) is { } settings)
        {
            _product = ProductRole.Load(Repository, State, _trust, ProductName.Parse(settings.Name), settings.HashBins);
            ProductKeys = Changed(settings.Name, _product.Keys);
            Envelopes = [.. _product.Targets.Keys.Order(StringComparer.Ordinal)
                .Select(path => (Path: path, Release: _product.Release(path)))
                .Where(release => !ProductSigns.Suffices(release.Release.Envelope, ProductKeys))
                .Select(release => new ChangedEnvelope(release.Path, release.Release.Digest, ProductKeys))];
            if (_product.Version == 0 && request.Renew)
            {
                throw new SignerRefusalException($"role {settings.Name} begins with its first release: there is nothing to renew");
            }
        }

        TopLevel = [.. Root(), .. Targets()];
        NewKeys = [.. request.AddKeys.Select(label => (label, folder.PublicKey(before.Key(label))))];
    }

    public ChangeRequest Request { get; }

    public SignerSettings Before { get; }

    /// <summary>signer.json as it will be.</summary>
    public SignerSettings After { get; }

    public RepositoryFolder Repository { get; }

    /// <summary>Before the change.</summary>
    public RepositoryState State { get; }

    /// <summary>The product's keys after the change; null if it is no product's.</summary>
    public RoleKeys? ProductKeys { get; }

    /// <summary>Root and targets, as far as they are signed anew.</summary>
    public IReadOnlyList<ChangedRole> TopLevel { get; }

    /// <summary>Published envelopes that the product's new keys have to sign first: the role lists them by their digests.</summary>
    public IReadOnlyList<ChangedEnvelope> Envelopes { get; } = [];

    /// <summary>The keys that are new to the role, with their labels.</summary>
    public IReadOnlyList<(string Label, VerificationKey Key)> NewKeys { get; }

    /// <summary>What people agree on: all that follows from the request and what is published.</summary>
    public IReadOnlyList<string> Effects =>
    [
        .. Request.Ceremony is { } file ? [$"ceremony: {file}"] : Array.Empty<string>(),
        .. PolicyDifference.Lines(Before, After, Request.Roles),
        .. Request.AtLeast is { } number ? [$"the next snapshot: at least number {number}"] : Array.Empty<string>(),
        .. TopLevel.SelectMany(role => role.Describe(After)),
        .. Envelopes.Select(envelope => $"{envelope.Path}: manifest {envelope.Manifest}, signed by {envelope.Keys.Threshold} of the new keys"),
        .. Envelopes.Count == 0
            ? ProductRoles(static _ => null).SelectMany(role => role.Describe(After))
            : Rewritten(_product!.Targets).SelectMany(role => role.DescribeTerms(After)),
    ];

    /// <exception cref="SignerRefusalException">It is against the rules, or would change nothing.</exception>
    public static RoleChange Plan(HomeFolder folder, SignerSettings before, ChangeRequest request, DateTimeOffset now) => new(folder, before, request, now);

    /// <summary>The product's role and bins, when every envelope is complete; none before.</summary>
    /// <param name="drafted">The envelope at a path as the draft has it.</param>
    public IReadOnlyList<ChangedRole> ProductRoles(Func<string, SignedEnvelope?> drafted)
    {
        if (_product is null || _product.Version == 0 || !(Request.AsksForNewLife || Request.HashBins is not null || !SameKeys(_product.Keys, ProductKeys!)))
        {
            return [];
        }

        Dictionary<string, TargetFile> targets = new(_product.Targets, StringComparer.Ordinal);
        foreach (ChangedEnvelope changed in Envelopes)
        {
            if (drafted(changed.Path) is not { } envelope || !ProductSigns.Suffices(envelope, ProductKeys!))
            {
                return [];
            }

            targets[changed.Path] = new TargetFile(envelope.Bytes.Length, Sha256Digest.Of(envelope.Bytes.Span));
        }

        return Rewritten(targets);
    }

    /// <summary>Whether the product's role has to wait for signatures over envelopes.</summary>
    public bool AwaitsEnvelopes(Func<string, SignedEnvelope?> drafted) => Envelopes.Count > 0 && ProductRoles(drafted).Count == 0;

    /// <summary>The envelope as it is published.</summary>
    public SignedEnvelope Published(string path) => _product!.Release(path).Envelope;

    /// <summary>The files of the product's releases; none if the change is no product's.</summary>
    public IEnumerable<string> ReleaseFiles => _product is null ? [] : _product.Targets.Select(static target => RepositoryFolder.Target(target.Key, target.Value.Sha256));

    /// <summary>The product's role and bins as they will be, with these targets.</summary>
    private IReadOnlyList<ChangedRole> Rewritten(IReadOnlyDictionary<string, TargetFile> targets)
    {
        ProductSettings settings = After.Product(_product!.Product);
        Dictionary<string, TargetsMetadata> before = _product.Documents.ToDictionary(static role => role.Name, static role => role.Content, StringComparer.Ordinal);
        return [.. _product.Rewritten(targets, ProductKeys!, settings.HashBins, Request.Proposed.AddDays(settings.ExpiresDays))
            .Select(role => new ChangedRole(role.Role, before.GetValueOrDefault(role.Role), role.Content, [new Quorum($"{_product.Product}", ProductKeys!)]))];
    }

    private static bool SameKeys(RoleKeys one, RoleKeys other) => one.Threshold == other.Threshold && one.Keys.SequenceEqual(other.Keys);

    private IEnumerable<ChangedRole> Root()
    {
        RootMetadata old = _trust.Root;
        RoleKeys root = Changed(RolesSettings.RootName, old.Root), timestamp = Changed(RolesSettings.TimestampName, old.Timestamp);
        RoleKeys snapshot = Changed(RolesSettings.SnapshotName, old.Snapshot), targets = Changed(RolesSettings.TargetsName, old.Targets);
        bool isRenewed = Request.AsksForNewLife && Request.Concerns(RolesSettings.RootName);
        if (isRenewed || !SameKeys(root, old.Root) || !SameKeys(timestamp, old.Timestamp) || !SameKeys(snapshot, old.Snapshot) || !SameKeys(targets, old.Targets))
        {
            RootMetadata next = new(old.Version + 1, Request.Proposed.AddDays(After.Roles.Root.ExpiresDays), consistentSnapshot: true, root, timestamp, snapshot, targets);
            yield return new ChangedRole(RolesSettings.RootName, old, next, [new Quorum($"root {old.Version}", old.Root), new Quorum($"root {next.Version}", root)]);
        }
    }

    private IEnumerable<ChangedRole> Targets()
    {
        TargetsMetadata old = _trust.Targets;
        RoleKeys keys = Changed(RolesSettings.TargetsName, _trust.Root.Targets);
        DelegatedRole[] delegations = [.. old.Delegations.Select(role => new DelegatedRole(role.Name, Changed(role.Name, role.Keys), role.Paths, role.Terminating))];
        bool isRenewed = Request.AsksForNewLife && Request.Concerns(RolesSettings.TargetsName);
        if (isRenewed || !SameKeys(keys, _trust.Root.Targets) || delegations.Zip(old.Delegations).Any(static pair => !SameKeys(pair.First.Keys, pair.Second.Keys)))
        {
            TargetsMetadata next = new(old.Version + 1, Request.Proposed.AddDays(After.Roles.Targets.ExpiresDays), old.Targets, delegations);
            yield return new ChangedRole(RolesSettings.TargetsName, old, next, [new Quorum("targets", keys)]);
        }
    }

    /// <summary>The keys that a role will have: those that signed metadata gives it today, less and more.</summary>
    private RoleKeys Changed(string role, RoleKeys today)
    {
        if (!Request.Concerns(role))
        {
            return today;
        }

        HashSet<string> removed = [.. Request.RemoveKeys.Select(label => Before.Key(label).KeyId)];
        IEnumerable<VerificationKey> kept = today.Keys.Where(key => !removed.Contains(key.Id.ToString()));
        return new RoleKeys(kept.Concat(Request.AddKeys.Select(label => _folder.PublicKey(Before.Key(label)))), After.Role(role).Threshold);
    }

    private void DemandNear(long? atLeast)
    {
        long most = Repository.NextVersion(RolesSettings.SnapshotName) + MostSkipped;
        if (atLeast < 1 || atLeast > most)
        {
            throw new SignerRefusalException($"--at-least: wanted 1 to {most}, {MostSkipped} more than the next number, got {atLeast}");
        }
    }

    /// <summary>The policy says of every role what signed metadata says: it is by the policy that people decide what to change.</summary>
    private void DemandAgreement()
    {
        Demand(RolesSettings.RootName, _trust.Root.Root);
        Demand(RolesSettings.TargetsName, _trust.Root.Targets);
        Demand(RolesSettings.SnapshotName, _trust.Root.Snapshot);
        Demand(RolesSettings.TimestampName, _trust.Root.Timestamp);
        foreach (DelegatedRole product in _trust.Targets.Delegations)
        {
            Demand(product.Name, product.Keys);
        }

        void Demand(string name, RoleKeys signed)
        {
            RoleSettings policy = Before.Role(name);
            string[] wanted = [.. signed.Keys.Select(key => Before.LabelOf(key.Id)).Order(StringComparer.Ordinal)];
            if (policy.Threshold != signed.Threshold || !policy.Keys.Order(StringComparer.Ordinal).SequenceEqual(wanted, StringComparer.Ordinal))
            {
                throw new SignerRefusalException(
                    $"signer.json: role {name}: wanted {signed.Threshold} of {string.Join(", ", wanted)}, as signed metadata says, got {policy.Threshold} of {string.Join(", ", policy.Keys)}");
            }
        }
    }
}

/// <summary>What a product's keys demand of an envelope.</summary>
internal static class ProductSigns
{
    /// <summary>Whether a device that is given these keys takes it.</summary>
    public static bool Suffices(SignedEnvelope envelope, RoleKeys keys) => VerifiedManifest.Verify(envelope, ReleaseAnchors.Classical(keys)).IsAccepted(out _, out _);
}
