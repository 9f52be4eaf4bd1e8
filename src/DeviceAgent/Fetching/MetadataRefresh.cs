using Fota.DeviceAgent.Storage;
using Fota.Manifest;
using Fota.Manifest.Encoding;
using Fota.Manifest.Metadata;
using Fota.Manifest.Verification;

namespace Fota.DeviceAgent.Fetching;

/// <summary>
/// The I/O around <see cref="TrustedMetadataSet"/> (TUF 1.0.34 section 5): what is stored serves as the reference against rollback, what is
/// fetched is stored byte for byte once it was accepted, and not before.
/// </summary>
internal sealed class MetadataRefresh
{
    private const string RootFile = "metadata/root.json", TimestampFile = "metadata/timestamp.json", SnapshotFile = "metadata/snapshot.json";

    // The digest of the root with which timestamp and snapshot became void; gone once they are.
    private const string VoidFile = "metadata/references-void";

    private readonly IDurableStore _store;
    private readonly RepositoryClient _repository;

    public MetadataRefresh(IDurableStore store, RepositoryClient repository)
    {
        _store = store;
        _repository = repository;
    }

    /// <summary>Gives a new device the root that it trusts from birth.</summary>
    public static void Manufacture(IDurableStore store, ReadOnlySpan<byte> trustedRoot) => store.Replace(RootFile, trustedRoot);

    /// <summary>Finds a target in metadata refreshed at <paramref name="updateStartTime"/>, and fetches it if it is <paramref name="role"/> that lists it.</summary>
    /// <exception cref="RejectedException">Metadata or target were refused; the stored metadata is what it was, or newer and accepted.</exception>
    public async Task<VerifiedTargetBytes> FetchAsync(string targetPath, string role, DateTimeOffset updateStartTime, CancellationToken cancellation)
    {
        byte[] root = _store.Read(RootFile) ?? throw new DeviceStateException($"{RootFile}: wanted the trusted root, got none");
        DeleteVoidReferences(root);
        TrustedMetadataSet trust = TrustedMetadataSet.Start(root, updateStartTime, MetadataProfile.Fota).OrThrow();
        await RefreshRootAsync(trust, cancellation);
        await RefreshTimestampAsync(trust, cancellation);
        await RefreshSnapshotAsync(trust, cancellation);
        await RefreshTargetsAsync(trust, cancellation);
        VerifiedTarget target = await FindTargetAsync(trust, targetPath, cancellation);
        if (target.Product != role)
        {
            // The keys of the role that lists a target become the anchors of its manifest: another role's are not for this device (A01, A09).
            throw new RejectedException(RejectionReason.UnknownRole, $"{targetPath}: wanted a target of role {role}, got one of role {target.Product}");
        }

        string file = $"targets/{MetadataFileName.OfTarget(target.Path, target.Sha256)}";
        byte[] bytes = await _repository.GetAsync(file, Bound(targetPath, target.Length, DecodeLimits.EnvelopeBytes), cancellation);
        return target.Verify(bytes).OrThrow();
    }

    private async Task RefreshRootAsync(TrustedMetadataSet trust, CancellationToken cancellation)
    {
        for (int rotation = 0; rotation < DecodeLimits.RootRotations; rotation++)
        {
            byte[]? next = await _repository.FindAsync(Metadata(MetadataFileName.Root(trust.Root.Version + 1)), DecodeLimits.RootBytes, cancellation);
            if (next is null)
            {
                return; // §5.3.9: no newer root
            }

            trust.UpdateRoot(next).OrThrow();
            if (trust.TimestampOrSnapshotKeysChanged)
            {
                // §5.3.11. Whatever a power cut interrupts: with the old root the references stay, or old files would pass again (A02); with the
                // new one they go, or a fast-forwarded one would block the device for ever (A04).
                _store.Replace(VoidFile, Sha256Digest.Of(next).Bytes);
            }

            _store.Replace(RootFile, next);
            DeleteVoidReferences(next);
        }
    }

    private void DeleteVoidReferences(byte[] root)
    {
        byte[]? voided = _store.Read(VoidFile);
        if (voided is null || !voided.AsSpan().SequenceEqual(Sha256Digest.Of(root).Bytes))
        {
            return;
        }

        _store.Delete(TimestampFile);
        _store.Delete(SnapshotFile);
        _store.Delete(VoidFile);
    }

    private async Task RefreshTimestampAsync(TrustedMetadataSet trust, CancellationToken cancellation)
    {
        byte[]? stored = _store.Read(TimestampFile);
        TimestampMetadata? reference = null;
        if (stored is not null)
        {
            // Refused or not, it blocks a rollback behind it (A14).
            trust.UpdateTimestamp(stored).IsAccepted(out reference, out _);
        }

        byte[] fetched = await _repository.GetAsync(Metadata(MetadataFileName.Timestamp), DecodeLimits.TimestampBytes, cancellation);
        TimestampMetadata trusted = trust.UpdateTimestamp(fetched).OrThrow();
        if (trusted != reference)
        {
            // One of the same version was not looked at further, and may name an older snapshot: it must not become the reference (A02).
            _store.Replace(TimestampFile, fetched);
        }
    }

    private async Task RefreshSnapshotAsync(TrustedMetadataSet trust, CancellationToken cancellation)
    {
        MetaFile named = trust.Timestamp!.Snapshot;
        byte[]? stored = _store.Read(SnapshotFile);
        if (stored is not null && trust.LoadStoredSnapshot(stored).IsAccepted(out _, out _))
        {
            return;
        }

        byte[] fetched = await _repository.GetAsync(Metadata(MetadataFileName.Snapshot(named.Version)), named.Bound("snapshot", DecodeLimits.SnapshotBytes), cancellation);
        trust.UpdateSnapshot(fetched).OrThrow();
        Keep(SnapshotFile, stored, fetched);
    }

    private async Task RefreshTargetsAsync(TrustedMetadataSet trust, CancellationToken cancellation) =>
        await RefreshRoleAsync(trust, "targets", bytes => trust.UpdateTargets(bytes), cancellation);

    private async Task<VerifiedTarget> FindTargetAsync(TrustedMetadataSet trust, string path, CancellationToken cancellation)
    {
        if (!TargetPath.IsSafe(path))
        {
            throw new RejectedException(RejectionReason.UnsafePath, "a target path: wanted a relative path of safe characters in its one normal form, got another");
        }

        while (trust.NextDelegation(path) is { } delegation)
        {
            await RefreshRoleAsync(trust, delegation.Name, bytes => trust.UpdateDelegatedTargets(delegation, bytes), cancellation);
        }

        return trust.FindTarget(path).OrThrow();
    }

    private async Task RefreshRoleAsync(TrustedMetadataSet trust, string role, Func<ReadOnlyMemory<byte>, Verdict<TargetsMetadata>> update, CancellationToken cancellation)
    {
        // The name is "targets" or a product's, which is safe as a file name; without an entry the update itself says what is wrong.
        string file = $"metadata/{role}.json";
        byte[]? stored = _store.Read(file);
        if (stored is not null && update(stored).IsAccepted(out _, out _))
        {
            return;
        }

        MetaFile named = trust.Snapshot!.Meta.GetValueOrDefault($"{role}.json")
            ?? throw new RejectedException(RejectionReason.UnknownRole, $"snapshot: wanted {role}.json, got none");
        byte[] fetched = await _repository.GetAsync(Metadata(MetadataFileName.OfRole(role, named.Version)), named.Bound(role, DecodeLimits.TargetsBytes), cancellation);
        update(fetched).OrThrow();
        Keep(file, stored, fetched);
    }

    private void Keep(string file, byte[]? stored, byte[] accepted)
    {
        if (stored is null || !stored.AsSpan().SequenceEqual(accepted))
        {
            _store.Replace(file, accepted);
        }
    }

    private static string Metadata(string name) => $"metadata/{name}";

    // The signed length is the bound of the download, and a signed length can be absurd (A06).
    private static long Bound(string what, long length, int limit) => length <= limit
        ? length
        : throw new RejectedException(RejectionReason.LimitExceeded, $"{what}: wanted at most {limit} bytes, got a length of {length}");
}
