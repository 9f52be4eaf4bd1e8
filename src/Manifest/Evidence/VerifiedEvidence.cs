using Fota.Manifest.Encoding;
using Fota.Manifest.Envelope;
using Fota.Manifest.Keys;
using Fota.Manifest.Log;
using Fota.Manifest.Metadata;
using Fota.Manifest.Sbom;
using Fota.Manifest.Verification;

namespace Fota.Manifest.Evidence;

/// <summary>
/// A bundle of evidence that a root vouches for: that a release was signed by a threshold of its product's keys, listed, made visible, and what the signer's log says of it. It is as of the
/// moment when its timestamp was signed: expiry is told, not enforced. Every byte of the bundle counts, and every file.
/// </summary>
public sealed class VerifiedEvidence
{
    private VerifiedEvidence(ProductName product, VerifiedManifest manifest, SbomDocument? sbom, TimestampMetadata timestamp, VerifiedCheckpoint checkpoint, IReadOnlyList<LogEntry> entries, DateTimeOffset expires)
    {
        Product = product;
        Manifest = manifest;
        Sbom = sbom;
        Timestamp = timestamp;
        Checkpoint = checkpoint;
        Entries = entries;
        Expires = expires;
    }

    /// <summary>The product.</summary>
    public ProductName Product { get; }

    /// <summary>The release's manifest, signed by a threshold of distinct keys.</summary>
    public VerifiedManifest Manifest { get; }

    /// <summary>Its bill of materials; null where it has none.</summary>
    public SbomDocument? Sbom { get; }

    /// <summary>As of what: the timestamp that made it visible, or a later one that still lists it.</summary>
    public TimestampMetadata Timestamp { get; }

    /// <summary>The checkpoint of the log that the timestamp carries.</summary>
    public VerifiedCheckpoint Checkpoint { get; }

    /// <summary>What the log says of the release, in its order.</summary>
    public IReadOnlyList<LogEntry> Entries { get; }

    /// <summary>Until when all metadata of the bundle was good.</summary>
    public DateTimeOffset Expires { get; }

    /// <summary>Verifies a bundle.</summary>
    /// <param name="bundle">Its bytes.</param>
    /// <param name="trustedRoot">A root that the caller trusts: one of the chain in the bundle, byte for byte.</param>
    public static Verdict<VerifiedEvidence> Verify(ReadOnlyMemory<byte> bundle, ReadOnlyMemory<byte> trustedRoot) => Verdict.Of(() => new Examination(EvidenceBundle.Decode(bundle).OrThrow().Files).Run(trustedRoot));

    private sealed class Examination(IReadOnlyDictionary<string, byte[]> files)
    {
        private readonly HashSet<string> _used = new(StringComparer.Ordinal);
        private DateTimeOffset _expires = DateTimeOffset.MaxValue;

        public VerifiedEvidence Run(ReadOnlyMemory<byte> trustedRoot)
        {
            TrustedMetadataSet trust = WalkRoots(trustedRoot);
            byte[] timestampFile = Take(EvidencePath.Timestamp);
            TimestampMetadata timestamp = Noted(trust.UpdateTimestamp(timestampFile).OrThrow());
            DemandFixedSignatures(timestampFile, "timestamp", trust.Root.Timestamp.Keys);
            _ = Noted(trust.UpdateSnapshot(Take(EvidencePath.Metadata("snapshot", timestamp.Snapshot.Version))).OrThrow());
            _ = Noted(trust.UpdateTargets(Take(EvidencePath.Metadata("targets", trust.Snapshot!.Of("targets").Version))).OrThrow());
            (string path, ProductName product, ReleaseVersion version) = FindRelease();
            while (trust.NextDelegation(path) is { } next)
            {
                _ = Noted(trust.UpdateDelegatedTargets(next, Take(EvidencePath.Metadata(next.Name, trust.Snapshot!.Of(next.Name).Version))).OrThrow());
            }

            VerifiedManifest manifest = TakeManifest(trust, path, product, version);
            SbomDocument? sbom = manifest.Content.SbomDigest is { } digest ? TakeSbom(digest) : null;
            (VerifiedCheckpoint checkpoint, IReadOnlyList<LogEntry> entries) = TakeEntries(timestamp, product, manifest, trust.Root.Version);
            if (files.Keys.FirstOrDefault(file => !_used.Contains(file)) is not null)
            {
                throw new RejectedException(RejectionReason.UnknownField, $"evidence: wanted the {_used.Count} files that prove the release, got {files.Count}");
            }

            return new VerifiedEvidence(product, manifest, sbom, timestamp, checkpoint, entries, _expires);
        }

        /// <summary>From root 1, which nobody vouches for, through the one that the caller trusts: what comes before it must have led to it, what comes after must follow from it.</summary>
        private TrustedMetadataSet WalkRoots(ReadOnlyMemory<byte> trustedRoot)
        {
            SignedMetadata known = SignedMetadata.Decode(trustedRoot, DecodeLimits.RootBytes, MetadataProfile.Fota).OrThrow();
            long trusted = known.UnverifiedRoot().OrThrow().Version;
            byte[] first = Take(EvidencePath.Root(1));
            TrustedMetadataSet trust = TrustedMetadataSet.Start(first, DateTimeOffset.UnixEpoch, MetadataProfile.Fota).OrThrow();
            DemandFixedSignatures(first, "root 1", trust.Root.Root.Keys);
            bool isReached = IsTrusted(trust.Root, first, known, trusted, trust.Root.Root.Keys);
            while (trust.Root.Version < DecodeLimits.RootRotations && files.ContainsKey(EvidencePath.Root(trust.Root.Version + 1)))
            {
                List<VerificationKey> keys = [.. trust.Root.Root.Keys];
                byte[] next = Take(EvidencePath.Root(trust.Root.Version + 1));
                _ = trust.UpdateRoot(next).OrThrow();
                keys.AddRange(trust.Root.Root.Keys);
                DemandFixedSignatures(next, $"root {trust.Root.Version}", keys);
                isReached |= IsTrusted(trust.Root, next, known, trusted, keys);
            }

            _ = Noted(trust.Root);
            return isReached ? trust : throw new RejectedException(RejectionReason.MissingField, $"evidence: wanted root {trusted}, the trusted one, among its roots, got roots 1 to {trust.Root.Version}");
        }

        private static bool IsTrusted(RootMetadata root, byte[] file, SignedMetadata known, long trusted, IReadOnlyList<VerificationKey> keys)
        {
            if (root.Version != trusted)
            {
                return false;
            }

            // As it was published, its signatures may have another form.
            return file.AsSpan().SequenceEqual(EvidenceSignatures.InOneForm(known, keys)) ? true : throw new RejectedException(RejectionReason.DigestMismatch, $"root {trusted}: wanted the trusted one, byte for byte, got another");
        }

        // What a threshold does not need could be altered unnoticed, and so could the form of what it needs.
        private static void DemandFixedSignatures(byte[] file, string what, IReadOnlyList<VerificationKey> keys)
        {
            SignedMetadata signed = SignedMetadata.Decode(file, file.Length, MetadataProfile.Fota).OrThrow();
            int valid = new RoleKeys(keys, 1).Signers(signed).Count;
            if (valid != signed.Signatures.Count)
            {
                throw new RejectedException(RejectionReason.SignatureInvalid, $"{what}: wanted {signed.Signatures.Count} valid signatures, as many as it bears, got {valid}");
            }

            if (!file.AsSpan().SequenceEqual(EvidenceSignatures.InOneForm(signed, keys)))
            {
                throw new RejectedException(RejectionReason.NotCanonical, $"{what}: wanted signatures in the order of their key ids, those of ECDSA with s in the lower half of the order, got others");
            }
        }

        private (string Path, ProductName Product, ReleaseVersion Version) FindRelease()
        {
            string[] targets = [.. files.Keys.Where(static file => file.StartsWith(EvidencePath.Targets, StringComparison.Ordinal))];
            return targets is [var only] && only.Split('/') is [_, var name, var number, _] && ProductName.TryParse(name, out ProductName? product) && ReleaseVersion.TryParse(number, out ReleaseVersion? version)
                ? ($"{product}/{version}/manifest.suit", product, version)
                : throw new RejectedException(RejectionReason.MissingField, $"evidence: wanted the manifest of one release, got {targets.Length}");
        }

        private VerifiedManifest TakeManifest(TrustedMetadataSet trust, string path, ProductName product, ReleaseVersion version)
        {
            VerifiedTarget target = trust.FindTarget(path).OrThrow();
            if (!string.Equals(target.Product, product.ToString(), StringComparison.Ordinal))
            {
                throw new RejectedException(RejectionReason.TargetNotFound, $"{path}: wanted it in the role of {product}, got it in another's");
            }

            VerifiedTargetBytes bytes = target.Verify(Take(EvidencePath.Targets + target.FileName)).OrThrow();
            VerifiedManifest manifest = VerifiedManifest.Verify(SignedEnvelope.Decode(bytes.Bytes.Span).OrThrow(), ReleaseAnchors.Classical(target.Keys)).OrThrow();
            return manifest.Content.ReleaseVersion.Equals(version)
                ? manifest
                : throw new RejectedException(RejectionReason.WrongDocument, $"{path}: wanted a manifest of version {version}, got {manifest.Content.ReleaseVersion}");
        }

        private SbomDocument TakeSbom(Sha256Digest digest)
        {
            SbomDocument sbom = SbomDocument.Decode(Take(EvidencePath.Sbom(digest))).OrThrow();
            return sbom.Digest == digest ? sbom : throw new RejectedException(RejectionReason.DigestMismatch, $"SBOM: wanted digest {digest}, got {sbom.Digest}");
        }

        private (VerifiedCheckpoint Checkpoint, IReadOnlyList<LogEntry> Entries) TakeEntries(TimestampMetadata timestamp, ProductName product, VerifiedManifest manifest, long root)
        {
            VerifiedCheckpoint checkpoint = timestamp.Logs is [.., var newest] ? newest : throw new RejectedException(RejectionReason.LogIncomplete, "timestamp: wanted one that carries a log's checkpoint, got none");
            List<LogEntry> entries = [];
            foreach (string file in files.Keys.Where(static file => file.StartsWith(EvidencePath.Log, StringComparison.Ordinal)))
            {
                LogProof proof = LogProof.Decode(Take(file)).OrThrow();
                if (!proof.Checkpoint.Span.SequenceEqual(checkpoint.Note.Bytes.Span) || !string.Equals(file, EvidencePath.Entry(proof.Index), StringComparison.Ordinal))
                {
                    throw new RejectedException(RejectionReason.ForeignLog, $"entry {proof.Index}: wanted a proof against the checkpoint that the timestamp carries, under its own name, got another");
                }

                _ = proof.VerifyOwnEntry(checkpoint.Key).OrThrow();
                LogEntry entry = LogEntry.Decode(proof.ExtraBytes).OrThrow();
                if (entry.Number != proof.Index || !ReleaseEntries.Tells(entry, product, manifest))
                {
                    throw new RejectedException(RejectionReason.WrongDocument, $"entry {proof.Index}: wanted one that tells of the release, got another");
                }

                // A newer root that leaves the timestamp's keys alone could be left out, and the rest would verify by the one before.
                if (ReleaseEntries.RootOf(entry) is { } version && version > root)
                {
                    throw new RejectedException(RejectionReason.MissingField, $"evidence: wanted root {version}, which was the newest when the release was published, got roots 1 to {root}");
                }

                entries.Add(entry);
            }

            entries.Sort(static (one, other) => one.Number.CompareTo(other.Number));
            return ReleaseEntries.TellOfAll(entries, manifest.Digest)
                ? (checkpoint, entries)
                : throw new RejectedException(RejectionReason.LogIncomplete, "evidence: wanted entries of the log that tell of this manifest's request, then its approval, then its publication and the root at that time, got fewer");
        }

        private byte[] Take(string path)
        {
            _used.Add(path);
            return files.GetValueOrDefault(path) ?? throw new RejectedException(RejectionReason.MissingField, $"evidence: wanted {path}, got none");
        }

        private T Noted<T>(T content)
            where T : MetadataContent
        {
            _expires = content.Expires < _expires ? content.Expires : _expires;
            return content;
        }
    }
}
