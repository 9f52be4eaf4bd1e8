using Fota.Manifest;
using Fota.Manifest.Encoding;
using Fota.Manifest.Envelope;
using Fota.Manifest.Metadata;
using Fota.Manifest.Packs;
using Fota.Manifest.Verification;

namespace Fota.Signer.Repository;

/// <summary>Does with a repository what a device will do, before the repository becomes one: what a client would refuse is not written.</summary>
internal static class ClientRehearsal
{
    /// <param name="folder">The repository.</param>
    /// <param name="state">The state that is to be served.</param>
    /// <param name="timestamp">The new timestamp file.</param>
    /// <param name="snapshot">The new snapshot file.</param>
    /// <param name="now">The moment of the update.</param>
    /// <exception cref="SignerRefusalException">A client would refuse it.</exception>
    public static void Run(RepositoryFolder folder, RepositoryState state, ReadOnlyMemory<byte> timestamp, ReadOnlyMemory<byte> snapshot, DateTimeOffset now)
    {
        try
        {
            TrustedMetadataSet trust = RepositoryTrust.WalkRoots(folder, state, now);
            long? stored = RememberTimestamp(folder, trust);
            _ = trust.UpdateTimestamp(timestamp).OrThrow();
            if (stored is null || !trust.LoadStoredSnapshot(folder.Read(RepositoryFolder.Metadata("snapshot", stored.Value))).IsAccepted(out _, out _))
            {
                _ = trust.UpdateSnapshot(snapshot).OrThrow();
            }

            _ = trust.UpdateTargets(folder.Read(RepositoryFolder.Metadata("targets", state.Targets))).OrThrow();
            foreach ((string product, long version) in state.Products)
            {
                TargetsMetadata role = trust.UpdateDelegatedTargets(product, folder.Read(RepositoryFolder.Metadata(product, version))).OrThrow();
                foreach (string path in role.Targets.Keys)
                {
                    Fetch(folder, trust.FindTarget(path).OrThrow());
                }
            }
        }
        catch (RejectedException e)
        {
            throw new SignerRefusalException($"not written, as clients would refuse the repository: {e.Message}", e);
        }
    }

    /// <summary>
    /// What a client holds from its last update: it refuses any step back from it (A02). That it is expired by now does not matter for that.
    /// </summary>
    /// <returns>The version of the snapshot that goes with it; null the first time, when there is none.</returns>
    private static long? RememberTimestamp(RepositoryFolder folder, TrustedMetadataSet trust)
    {
        if (!folder.Has(RepositoryFolder.Timestamp))
        {
            return null;
        }

        byte[] stored = folder.Read(RepositoryFolder.Timestamp);
        _ = trust.UpdateTimestamp(stored);
        return SignedMetadata.Decode(stored, DecodeLimits.TimestampBytes, MetadataProfile.Fota).OrThrow().UnverifiedTimestamp().OrThrow().Snapshot.Version;
    }

    private static void Fetch(RepositoryFolder folder, VerifiedTarget target)
    {
        byte[] envelope = folder.Read(RepositoryFolder.Target(target.Path, target.Sha256));
        VerifiedTargetBytes bytes = target.Verify(envelope).OrThrow();
        VerifiedManifest manifest = VerifiedManifest.Verify(SignedEnvelope.Decode(bytes.Bytes.Span).OrThrow(), ReleaseAnchors.Classical(target.Keys)).OrThrow();
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
