using Fota.Manifest;
using Fota.Manifest.Encoding;
using Fota.Manifest.Evidence;
using Fota.Manifest.Keys;
using Fota.Manifest.Log;
using Fota.Manifest.Metadata;
using Fota.Manifest.Verification;
using Fota.Signer.Home;
using Fota.Signer.Repository;

namespace Fota.Signer.Log;

/// <summary>Makes the bundle of evidence of a published release: what the repository and the log hold of it, and nothing that is not there for anybody.</summary>
internal static class EvidenceMaking
{
    // What names the manifest belongs to its story. Of what only names the version, as requests and refusals without end may, so much: a bundle has room for 4096 files.
    private const int MaxOthers = 400;

    /// <summary>The bundle, verified as whoever gets it will.</summary>
    /// <exception cref="SignerRefusalException">The release is not published, or not visible yet.</exception>
    public static ReleaseEvidence Of(SignerHome home, ProductName product, ReleaseVersion version, DateTimeOffset now)
    {
        RepositoryFolder repository = new(home.Folder.Repository);
        RepositoryState state = repository.ReadState();
        ProductRole role = ProductRole.Load(repository, state, RepositoryTrust.Load(repository, state, now), product, home.Settings.Product(product).HashBins);
        VerifiedManifest manifest = role.Release(version);
        Dictionary<string, byte[]> files = new(StringComparer.Ordinal);
        List<VerificationKey> rootKeys = [], timestampKeys = [];
        for (long root = 1; root <= state.Root; root++)
        {
            SignedMetadata signed = SignedMetadata.Decode(Take(EvidencePath.Root(root)), DecodeLimits.RootBytes, MetadataProfile.Fota).OrThrow();
            RootMetadata content = signed.UnverifiedRoot().OrThrow();
            rootKeys.AddRange(content.Root.Keys);
            timestampKeys = [.. content.Timestamp.Keys];
            files[EvidencePath.Root(root)] = EvidenceSignatures.InOneForm(signed, rootKeys);
        }

        SignedMetadata newest = SignedMetadata.Decode(Take(EvidencePath.Timestamp), DecodeLimits.TimestampBytes, MetadataProfile.Fota).OrThrow();
        TimestampMetadata timestamp = newest.UnverifiedTimestamp().OrThrow();
        files[EvidencePath.Timestamp] = EvidenceSignatures.InOneForm(newest, timestampKeys);
        SnapshotMetadata snapshot = SignedMetadata.Decode(Take(EvidencePath.Metadata(RolesSettings.SnapshotName, timestamp.Snapshot.Version)), DecodeLimits.SnapshotBytes, MetadataProfile.Fota).OrThrow().UnverifiedSnapshot().OrThrow();
        Take(EvidencePath.Metadata(RolesSettings.TargetsName, snapshot.Of(RolesSettings.TargetsName).Version));
        foreach (string name in RolesOf(role, version).Distinct(StringComparer.Ordinal))
        {
            Take(EvidencePath.Metadata(name, snapshot.Of(name).Version));
        }

        Take(RepositoryFolder.Target(RepositoryFolder.ReleasePath(product, version), Sha256Digest.Of(manifest.Envelope.Bytes.Span)));
        if (manifest.Content.SbomDigest is { } sbom)
        {
            Take(EvidencePath.Sbom(sbom));
        }

        long leftOut = TakeEntries(home, timestamp, product, manifest, files);
        byte[] bundle = EvidenceBundle.Write(files);
        return VerifiedEvidence.Verify(bundle, files[EvidencePath.Root(1)]).IsAccepted(out _, out Rejection? rejection)
            ? new ReleaseEvidence(bundle, leftOut)
            : throw new SignerRefusalException($"{product} {version}: there is no evidence that would be believed ({rejection}){Advice(rejection)}");

        byte[] Take(string path) => files[path] = repository.Read(path);
    }

    // What is published and not yet listed by the timestamp, or whose entries it does not cover, is missing from the bundle; nothing else mends itself that way.
    private static string Advice(Rejection rejection) => rejection.Reason is RejectionReason.MissingField or RejectionReason.TargetNotFound or RejectionReason.LogIncomplete
        ? "; if it was published just now, `fota-signer online` makes it visible"
        : "";

    /// <summary>The product's role, and the bin that lists the release.</summary>
    private static IEnumerable<string> RolesOf(ProductRole role, ReleaseVersion version) => [role.Product.ToString(), role.ListingOf(version)];

    /// <summary>Takes the entries that tell of the release. Where they are is asked of the journal, which is indexed; what they say is taken from the tree, and proven.</summary>
    /// <returns>How many were left out.</returns>
    private static long TakeEntries(SignerHome home, TimestampMetadata timestamp, ProductName product, VerifiedManifest manifest, Dictionary<string, byte[]> files)
    {
        if (timestamp.Logs is not [.., var checkpoint])
        {
            return 0;
        }

        LogFolder folder = new(home.Folder.Log);
        (IReadOnlyList<long> others, long leftOut) = home.Log.About($"{product} {manifest.Content.ReleaseVersion}", manifest.Digest, checkpoint.Content.Size, MaxOthers);
        foreach (long number in home.Log.Naming(manifest.Digest, checkpoint.Content.Size).Concat(others))
        {
            files[EvidencePath.Entry(number)] = LogProof.Make(folder, checkpoint, number).ToBytes();
        }

        return leftOut;
    }
}

/// <summary>All that proves a release.</summary>
/// <param name="Bundle">The bundle (docs/spec/evidence.md).</param>
/// <param name="LeftOut">How many older entries of the log have the release as their subject, do not name its manifest, and are not in the bundle.</param>
internal sealed record ReleaseEvidence(byte[] Bundle, long LeftOut);
