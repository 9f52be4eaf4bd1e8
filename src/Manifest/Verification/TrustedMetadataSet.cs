using Fota.Manifest.Encoding;
using Fota.Manifest.Metadata;

namespace Fota.Manifest.Verification;

/// <summary>
/// The client workflow of TUF 1.0.34 section 5 as a state machine: bytes in, verdict out. It reads no file and no clock; one
/// moment, the update start time, decides every expiry (§5.1). The order is: roots one by one, the timestamp that is stored and the one that was
/// fetched, the same for the snapshot, targets, delegated targets. Another order is a defect of the caller and throws
/// <see cref="InvalidOperationException"/>. A refused file changes nothing that installation rests on: <see cref="Timestamp"/> to
/// <see cref="Targets"/> stay as they were.
/// </summary>
public sealed class TrustedMetadataSet
{
    private readonly MetadataProfile _profile;
    private readonly DateTimeOffset _updateStartTime;

    // By the very metadata that delegates, not by its name: what one delegator's keys vouch for is not vouched for by another's.
    private readonly Dictionary<(TargetsMetadata Delegator, string Role), TargetsMetadata> _delegated = [];

    // The newest ones whose signatures were valid, perhaps expired or superseded: they serve rollback checks and nothing else (A14).
    private TimestampMetadata? _timestampReference;
    private SnapshotMetadata? _snapshotReference;

    private TrustedMetadataSet(RootMetadata root, DateTimeOffset updateStartTime, MetadataProfile profile)
    {
        Root = root;
        _profile = profile;
        _updateStartTime = updateStartTime;
    }

    /// <summary>The newest trusted root. Its expiry is checked when the timestamp is updated.</summary>
    public RootMetadata Root { get; private set; }

    /// <summary>The trusted timestamp, not expired; null before.</summary>
    public TimestampMetadata? Timestamp { get; private set; }

    /// <summary>The trusted snapshot, not expired and the one that the timestamp names; null before.</summary>
    public SnapshotMetadata? Snapshot { get; private set; }

    /// <summary>The trusted top-level targets; null before.</summary>
    public TargetsMetadata? Targets { get; private set; }

    /// <summary>
    /// Whether one of the roots on the way changed the keys of timestamp or snapshot. Then the caller deletes its stored timestamp and snapshot
    /// (§5.3.11: recovery from a fast-forward attack, A04) when it stores that root: both or neither, whatever a power cut interrupts.
    /// </summary>
    public bool TimestampOrSnapshotKeysChanged { get; private set; }

    /// <summary>Begins with the root that is trusted already (§5.2). It has to be signed by itself; that it is expired does not matter yet.</summary>
    public static Verdict<TrustedMetadataSet> Start(ReadOnlyMemory<byte> trustedRoot, DateTimeOffset updateStartTime, MetadataProfile profile)
    {
        ArgumentNullException.ThrowIfNull(profile);
        return Verdict.Of(() =>
        {
            SignedMetadata file = SignedMetadata.Read(SignedMetadata.Own(trustedRoot, DecodeLimits.RootBytes), profile);
            RootMetadata root = file.ParseRoot();
            root.Root.Demand(file, "root");
            return new TrustedMetadataSet(root, updateStartTime, profile);
        });
    }

    /// <summary>Takes root N+1 (§5.3). The caller stores it when it was accepted, and asks for the next until there is none.</summary>
    public Verdict<RootMetadata> UpdateRoot(ReadOnlyMemory<byte> bytes)
    {
        Expect(_timestampReference is null, "Roots are updated before the timestamp.");
        return Verdict.Of(() =>
        {
            SignedMetadata file = SignedMetadata.Read(SignedMetadata.Own(bytes, DecodeLimits.RootBytes), _profile);

            // §5.3.4 (1): signed by a threshold of the keys of root N (A13).
            Root.Root.Demand(file, $"root of version {Root.Version}");
            RootMetadata root = file.ParseRoot();

            // §5.3.4 (2): and by a threshold of its own.
            root.Root.Demand(file, $"root of version {root.Version}");

            // §5.3.5: exactly N+1. Less is a rollback; more would skip a root that revokes a key.
            DemandNotBelow("root:", root.Version, Root.Version);
            if (root.Version - 1 != Root.Version)
            {
                throw new RejectedException(RejectionReason.MetadataVersionMismatch, $"root: wanted the version after {Root.Version}, got {root.Version}");
            }

            // §5.3.6: that it is expired does not matter, as it may be an intermediate one. §5.3.11: the caller is told.
            TimestampOrSnapshotKeysChanged |= !root.Timestamp.HasSameKeysAs(Root.Timestamp) || !root.Snapshot.HasSameKeysAs(Root.Snapshot);
            return Root = root;
        });
    }

    /// <summary>
    /// Takes a timestamp (§5.4): first the stored one, if there is one, then the one that was fetched. One that is validly signed but expired is
    /// refused, and still blocks a rollback behind it (A14). One of the version that is trusted already is not looked at further, and the old
    /// one is the answer.
    /// </summary>
    public Verdict<TimestampMetadata> UpdateTimestamp(ReadOnlyMemory<byte> bytes)
    {
        Expect(_snapshotReference is null, "The timestamp is updated before the snapshot.");
        return Verdict.Of(() =>
        {
            // §5.3.10: the final root must not be expired (A03).
            DemandFresh("root", Root);

            // §5.4.2: signed by a threshold of the role's keys.
            SignedMetadata file = SignedMetadata.Read(SignedMetadata.Own(bytes, DecodeLimits.TimestampBytes), _profile);
            Root.Timestamp.Demand(file, "timestamp");
            TimestampMetadata timestamp = file.ParseTimestamp();
            if (_timestampReference is { } old)
            {
                // §5.4.3.1: not older than the trusted one; of the same version is no news.
                DemandNotBelow("timestamp:", timestamp.Version, old.Version);
                timestamp = timestamp.Version == old.Version ? old : timestamp;

                // §5.4.3.2: nor is the snapshot that it names.
                DemandNotBelow("snapshot, as named by the timestamp,", timestamp.Snapshot.Version, old.Snapshot.Version);

                // client-workflow W-50: the logs that were pinned are named still, and have grown (A51).
                if (timestamp.CheckLogsAfter(old) is { } rejection)
                {
                    throw new RejectedException(rejection);
                }
            }

            _timestampReference = timestamp;

            // §5.4.4: not expired (A03). Fetched or stored, an expired one is no ground to install anything on.
            DemandFresh("timestamp", timestamp);
            return Timestamp = timestamp;
        });
    }

    /// <summary>
    /// Takes the snapshot that is stored from an earlier update. If it is not the one that the timestamp names, or is expired, it is refused and a new one
    /// is to be fetched, but it still blocks a rollback behind it (A14); for that its digest need not be the one in today's timestamp.
    /// </summary>
    public Verdict<SnapshotMetadata> LoadStoredSnapshot(ReadOnlyMemory<byte> bytes)
    {
        TimestampMetadata timestamp = ExpectTimestamp();
        Expect(_snapshotReference is null, "The stored snapshot is loaded first.");
        return Verdict.Of(() =>
        {
            // §5.5.3: signed by a threshold of the role's keys of today.
            byte[] own = SignedMetadata.Own(bytes, DecodeLimits.SnapshotBytes);
            SignedMetadata file = SignedMetadata.Read(own, _profile);
            Root.Snapshot.Demand(file, "snapshot");
            SnapshotMetadata snapshot = _snapshotReference = file.ParseSnapshot();

            // §5.5.4, §5.5.2, §5.5.6: to be the final one, it has to pass what a fetched one has to.
            DemandVersion("snapshot", snapshot, timestamp.Snapshot);
            timestamp.Snapshot.Demand("snapshot", own);
            DemandFresh("snapshot", snapshot);
            return Snapshot = snapshot;
        });
    }

    /// <summary>Takes the snapshot that the timestamp names (§5.5).</summary>
    public Verdict<SnapshotMetadata> UpdateSnapshot(ReadOnlyMemory<byte> bytes)
    {
        TimestampMetadata timestamp = ExpectTimestamp();
        Expect(Snapshot is null, "The snapshot is updated once, unless the stored one was accepted.");
        return Verdict.Of(() =>
        {
            // §5.5.2: length and digest are the timestamp's, checked before anything is parsed.
            byte[] own = SignedMetadata.Own(bytes, DecodeLimits.SnapshotBytes);
            timestamp.Snapshot.Demand("snapshot", own);

            // §5.5.3: signed by a threshold of the role's keys.
            SignedMetadata file = SignedMetadata.Read(own, _profile);
            Root.Snapshot.Demand(file, "snapshot");
            SnapshotMetadata snapshot = file.ParseSnapshot();

            // §5.5.4: its version is the timestamp's.
            DemandVersion("snapshot", snapshot, timestamp.Snapshot);

            // §5.5.5: no role is removed (A10), no role's version falls (A02).
            if (_snapshotReference is { } trusted)
            {
                DemandNoRollback(snapshot, trusted);
            }

            // §5.5.6: not expired (A03).
            DemandFresh("snapshot", snapshot);
            _snapshotReference = snapshot;
            return Snapshot = snapshot;
        });
    }

    /// <summary>Takes the top-level targets (§5.6), stored or fetched: both have to be the ones that the snapshot names.</summary>
    public Verdict<TargetsMetadata> UpdateTargets(ReadOnlyMemory<byte> bytes)
    {
        SnapshotMetadata snapshot = ExpectSnapshot();
        return Verdict.Of(() => Targets = ReadTargets("targets", Root.Targets, null, snapshot, bytes));
    }

    /// <summary>Takes the metadata of a role that the top-level targets delegate to (§5.6), stored or fetched.</summary>
    public Verdict<TargetsMetadata> UpdateDelegatedTargets(string role, ReadOnlyMemory<byte> bytes)
    {
        ArgumentNullException.ThrowIfNull(role);
        Expect(Targets is not null, "Delegated targets are updated after the top-level targets.");
        Delegation? delegation = FindDelegation(role);
        return delegation is not null
            ? UpdateDelegatedTargets(delegation, bytes)
            : Verdict.Of<TargetsMetadata>(() => throw new RejectedException(RejectionReason.UnknownRole, "targets: wanted a delegation to the role, got none"));
    }

    /// <summary>Takes the metadata of a delegated role (§5.6), stored or fetched: it has to be signed as this delegator demands, whatever another one demanded.</summary>
    public Verdict<TargetsMetadata> UpdateDelegatedTargets(Delegation delegation, ReadOnlyMemory<byte> bytes)
    {
        ArgumentNullException.ThrowIfNull(delegation);
        SnapshotMetadata snapshot = ExpectSnapshot();
        Expect(Targets is not null, "Delegated targets are updated after the top-level targets.");
        return Verdict.Of(() => _delegated[(delegation.Delegator, delegation.Name)] = ReadTargets(delegation.Name, delegation.Role.Keys, delegation.Role, snapshot, bytes));
    }

    /// <summary>The delegations of the top-level targets, in their order.</summary>
    public IReadOnlyList<Delegation> Delegations()
    {
        Expect(Targets is not null, "Delegations are read after the top-level targets were updated.");
        return [.. Targets!.Delegations.Select(role => new Delegation(Targets, role, null))];
    }

    /// <summary>The delegations of a delegated role, which has been updated, in their order.</summary>
    public IReadOnlyList<Delegation> Delegations(Delegation above)
    {
        TargetsMetadata? targets = Delegated(above);
        Expect(targets is not null, "Delegations of a role are read after it was updated.");
        return [.. targets!.Delegations.Select(role => new Delegation(targets, role, above))];
    }

    /// <summary>
    /// What has to be updated next, for <see cref="FindTarget"/> to have an answer about <paramref name="path"/> (§5.6.7); null when nothing is left to be
    /// updated. One that cannot be had ends the search.
    /// </summary>
    public Delegation? NextDelegation(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        Expect(Targets is not null, "Targets are found after the top-level targets were updated.");
        return TargetSearch.Run(this, path).Missing;
    }

    /// <summary>Finds a target by its path (§5.6.7), after all that <see cref="NextDelegation"/> named has been updated.</summary>
    public Verdict<VerifiedTarget> FindTarget(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        Expect(Targets is not null, "Targets are found after the top-level targets were updated.");
        return Verdict.Of(() =>
        {
            _profile.DemandTargetPath(path);
            return VerifiedTarget.Take(this, path, TargetSearch.Run(this, path));
        });
    }

    /// <summary>The trusted metadata of a role that the top-level targets delegate to; null before.</summary>
    public TargetsMetadata? Delegated(string role) => Targets is null ? null : _delegated.GetValueOrDefault((Targets, role));

    /// <summary>The trusted metadata to which a delegation leads; null before.</summary>
    public TargetsMetadata? Delegated(Delegation delegation)
    {
        ArgumentNullException.ThrowIfNull(delegation);
        return _delegated.GetValueOrDefault((delegation.Delegator, delegation.Name));
    }

    private Delegation? FindDelegation(string role) => Delegations().FirstOrDefault(candidate => string.Equals(candidate.Name, role, StringComparison.Ordinal));

    private TargetsMetadata ReadTargets(string role, RoleKeys keys, DelegatedRole? via, SnapshotMetadata snapshot, ReadOnlyMemory<byte> bytes)
    {
        MetaFile meta = snapshot.Of(role);

        // §5.6.2: length and digest are the snapshot's (A05).
        byte[] own = SignedMetadata.Own(bytes, DecodeLimits.TargetsBytes);
        meta.Demand(role, own);

        // §5.6.3: signed by a threshold of the role's keys.
        SignedMetadata file = SignedMetadata.Read(own, _profile);
        keys.Demand(file, role);
        TargetsMetadata targets = file.ParseTargets();

        // §5.6.4: its version is the snapshot's (A02).
        DemandVersion(role, targets, meta);

        // §5.6.5: not expired (A03).
        DemandFresh(role, targets);
        _profile.DemandDelegations(targets, via);
        return targets;
    }

    private void DemandFresh(string role, MetadataContent content)
    {
        if (content.Expires <= _updateStartTime)
        {
            throw new RejectedException(RejectionReason.MetadataExpired, $"{role}: wanted an expiry after {JsonMembers.ToText(_updateStartTime)}, got {JsonMembers.ToText(content.Expires)}");
        }
    }

    private static void DemandNoRollback(SnapshotMetadata snapshot, SnapshotMetadata trusted)
    {
        foreach ((string name, MetaFile old) in trusted.Meta)
        {
            MetaFile now = snapshot.Meta.GetValueOrDefault(name)
                ?? throw new RejectedException(RejectionReason.UnknownRole, $"snapshot: wanted {name}, which it named before, got none");
            DemandNotBelow($"{name}, as named by the snapshot,", now.Version, old.Version);
        }
    }

    private static void DemandNotBelow(string what, long version, long trusted)
    {
        if (version < trusted)
        {
            throw new RejectedException(RejectionReason.MetadataRollback, $"{what} wanted at least version {trusted}, got {version}");
        }
    }

    private static void DemandVersion(string role, MetadataContent content, MetaFile named)
    {
        if (content.Version != named.Version)
        {
            throw new RejectedException(RejectionReason.MetadataVersionMismatch, $"{role}: wanted version {named.Version}, got {content.Version}");
        }
    }

    private TimestampMetadata ExpectTimestamp() => Timestamp ?? throw new InvalidOperationException("The snapshot is updated after a timestamp was accepted.");

    private SnapshotMetadata ExpectSnapshot() => Snapshot ?? throw new InvalidOperationException("Targets are updated after a snapshot was accepted.");

    private static void Expect(bool inOrder, string order)
    {
        if (!inOrder)
        {
            throw new InvalidOperationException(order);
        }
    }
}
