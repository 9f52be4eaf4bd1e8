using Fota.Manifest;
using Fota.Manifest.Encoding;
using Fota.Manifest.Envelope;
using Fota.Manifest.Metadata;
using Fota.Manifest.Packs;
using Fota.Manifest.Verification;

namespace Fota.Signer.Repository;

/// <summary>
/// Does with a repository what devices will do, before the repository becomes one: what a client would refuse is not written. Two clients try: one as it
/// left the factory, with root 1 and nothing else, and one that holds all that is served now.
/// </summary>
internal static class ClientRehearsal
{
    // Of one signature, with room to spare.
    private const int SignatureBytes = 512;

    /// <summary>
    /// What can be tried of a release before the online key signs: whether the snapshot that has to name it would be read. Else every later one would be
    /// refused, and the whole repository grow stale.
    /// </summary>
    /// <param name="next">The repository as it would be.</param>
    /// <param name="state">Its state as it would be.</param>
    /// <param name="now">The moment of the release.</param>
    /// <exception cref="SignerRefusalException">Clients would not read it.</exception>
    public static void DemandRoomInSnapshot(RepositoryFolder next, RepositoryState state, DateTimeOffset now)
    {
        SnapshotMetadata snapshot = new(long.MaxValue, now, SnapshotContent.Of(next, state));
        int length = snapshot.ToSignedBytes().Length + SignatureBytes;
        if (length > DecodeLimits.SnapshotBytes)
        {
            throw new SignerRefusalException($"not written, as clients would refuse the repository: {RejectionReason.LimitExceeded}: snapshot: wanted at most {DecodeLimits.SnapshotBytes} bytes, got {length} for {snapshot.Meta.Count} roles");
        }
    }

    /// <param name="served">The repository as it is.</param>
    /// <param name="next">The repository as it would be.</param>
    /// <param name="state">Its state as it would be.</param>
    /// <param name="now">The moment of the update.</param>
    /// <returns>The roles that have expired and are served all the same, for people; clients refuse what rests on them until they are renewed.</returns>
    /// <exception cref="SignerRefusalException">A client would refuse it.</exception>
    public static IReadOnlyList<string> Run(RepositoryFolder served, RepositoryFolder next, RepositoryState state, DateTimeOffset now)
    {
        try
        {
            ExpiredRoles expired = ExpiredRoles.In(next, state, now);
            DateTimeOffset moment = expired.Moment;
            TrustedMetadataSet born = RepositoryTrust.WalkRoots(next, state, moment);
            Update(born, next, state, null);
            FetchAll(born, next);
            if (served.Has(RepositoryFolder.Timestamp))
            {
                TrustedMetadataSet fielded = RepositoryTrust.WalkRoots(next, state, served.ReadState().Root, moment);
                Update(fielded, next, state, fielded.TimestampOrSnapshotKeysChanged ? null : served);
            }

            return expired.Names;
        }
        catch (RejectedException e)
        {
            throw new SignerRefusalException($"not written, as clients would refuse the repository: {e.Message}", e);
        }
    }

    /// <param name="trust">The client, with the newest root.</param>
    /// <param name="next">What it is served.</param>
    /// <param name="state">The versions that are to be served.</param>
    /// <param name="stored">Where its timestamp and snapshot of the last update lie: it refuses any step back from them (A02), expired or not. Null if it has none, or the new root voids them.</param>
    private static void Update(TrustedMetadataSet trust, RepositoryFolder next, RepositoryState state, RepositoryFolder? stored)
    {
        long? storedSnapshot = null;
        if (stored is not null)
        {
            byte[] timestamp = stored.Read(RepositoryFolder.Timestamp);
            _ = trust.UpdateTimestamp(timestamp);
            storedSnapshot = SignedMetadata.Decode(timestamp, DecodeLimits.TimestampBytes, MetadataProfile.Fota).OrThrow().UnverifiedTimestamp().OrThrow().Snapshot.Version;
        }

        TimestampMetadata newest = trust.UpdateTimestamp(next.Read(RepositoryFolder.Timestamp)).OrThrow();
        if (storedSnapshot is not { } version || !trust.LoadStoredSnapshot(stored!.Read(RepositoryFolder.Metadata("snapshot", version))).IsAccepted(out _, out _))
        {
            _ = trust.UpdateSnapshot(next.Read(RepositoryFolder.Metadata("snapshot", newest.Snapshot.Version))).OrThrow();
        }

        _ = trust.UpdateTargets(next.Read(RepositoryFolder.Metadata("targets", state.Targets))).OrThrow();
        TakeDelegated(trust, next, state, trust.Delegations());
    }

    /// <summary>Products and their bins; those that no release began are not in the snapshot.</summary>
    private static void TakeDelegated(TrustedMetadataSet trust, RepositoryFolder next, RepositoryState state, IReadOnlyList<Delegation> delegations)
    {
        foreach (Delegation delegation in delegations)
        {
            if (state.Delegated.TryGetValue(delegation.Name, out long version))
            {
                _ = trust.UpdateDelegatedTargets(delegation, next.Read(RepositoryFolder.Metadata(delegation.Name, version))).OrThrow();
                TakeDelegated(trust, next, state, trust.Delegations(delegation));
            }
        }
    }

    private static void FetchAll(TrustedMetadataSet trust, RepositoryFolder next)
    {
        Delegation[] products = [.. trust.Delegations().Where(product => trust.Delegated(product) is not null)];
        foreach (Delegation role in products.Concat(products.SelectMany(trust.Delegations)))
        {
            foreach (string path in trust.Delegated(role)?.Targets.Keys ?? [])
            {
                Fetch(next, trust.FindTarget(path).OrThrow());
            }
        }
    }

    private static void Fetch(RepositoryFolder folder, VerifiedTarget target)
    {
        byte[] envelope = folder.Read(RepositoryFolder.Target(target.Path, target.Sha256));
        VerifiedTargetBytes bytes = target.Verify(envelope).OrThrow();
        VerifiedManifest manifest = VerifiedManifest.Verify(SignedEnvelope.Decode(bytes.Bytes.Span).OrThrow(), ReleaseAnchors.Classical(target.Keys)).OrThrow();
        if (manifest.Content.SbomDigest is { } sbom && !folder.Has(RepositoryFolder.Sbom(sbom)))
        {
            throw new SignerRefusalException($"{target.Path}: {RepositoryFolder.Sbom(sbom)} is not in the repository");
        }

        foreach (ListedImage image in manifest.Images)
        {
            _ = VerifiedChunkTable.Verify(image, folder.Read(RepositoryFolder.Table(image.Content.ChunkTableDigest))).OrThrow();

            // Its content was proven chunk by chunk when the release was approved and published; it is immutable since.
            if (!folder.Has(image.Content.PackUri))
            {
                throw new SignerRefusalException($"{target.Path}: {image.Content.PackUri} is not in the repository");
            }
        }
    }
}
