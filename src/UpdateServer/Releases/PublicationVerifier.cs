using Fota.Manifest;
using Fota.Manifest.Encoding;
using Fota.Manifest.Envelope;
using Fota.Manifest.Metadata;
using Fota.Manifest.Sbom;
using Fota.Manifest.Verification;

namespace Fota.UpdateServer.Releases;

/// <summary>
/// Verifies a publication as a device would, from the trusted root to the last chunk (A01 to A17, A26). It holds no key and makes no
/// signature: it can refuse, it cannot vouch (promise P5).
/// </summary>
internal sealed class PublicationVerifier(byte[] trustedRoot, Publication published, PublicationContent content, DateTimeOffset now)
{
    /// <summary>The releases that the publication lists.</summary>
    /// <exception cref="RejectedException">Anything is wrong with any of it.</exception>
    public (long TimestampVersion, IReadOnlyList<Release> Releases) Verify()
    {
        TrustedMetadataSet trust = WalkRoots();
        byte[]? stored = trust.TimestampOrSnapshotKeysChanged ? null : content.ReadPublished(RepositoryPath.Timestamp);
        TakeTimestamp(trust, stored);
        LogVerifier.Verify(content, trust.Timestamp!, stored);
        TakeSnapshot(trust, stored);
        TargetsMetadata targets = trust.UpdateTargets(content.Read(RepositoryPath.Targets("targets", trust.Snapshot!.Meta["targets.json"].Version))).OrThrow();
        if (targets.Targets.Count > 0)
        {
            throw new RejectedException(RejectionReason.Unsupported, $"targets: wanted releases in product roles only, got {targets.Targets.Count} in the top-level role");
        }

        // A product is in the snapshot from its first release on, and so is a hash bin; that it does not vanish again is the snapshot's own check (A10).
        List<Release> releases = [];
        foreach (Delegation product in Take(trust, trust.Delegations()).ToList())
        {
            List<Delegation> bins = [.. Take(trust, trust.Delegations(product))];
            releases.AddRange(VerifyProduct(trust, product.Name, bins.Prepend(product).SelectMany(role => trust.Delegated(role)!.Targets.Keys)));
        }

        return (trust.Timestamp!.Version, releases);
    }

    /// <summary>
    /// Takes the delegated roles that the snapshot names. One that has expired lists nothing that could be rolled out, as devices refuse it; what other
    /// products publish, and the freshness of all, does not wait for it.
    /// </summary>
    private IEnumerable<Delegation> Take(TrustedMetadataSet trust, IEnumerable<Delegation> delegations)
    {
        foreach (Delegation role in delegations)
        {
            if (trust.Snapshot!.Meta.TryGetValue($"{role.Name}.json", out MetaFile? meta))
            {
                Verdict<TargetsMetadata> verdict = trust.UpdateDelegatedTargets(role, content.Read(RepositoryPath.Targets(role.Name, meta.Version)));
                if (verdict.IsAccepted(out _, out Rejection? rejection))
                {
                    yield return role;
                }
                else if (rejection.Reason != RejectionReason.MetadataExpired)
                {
                    _ = verdict.OrThrow();
                }
            }
        }
    }

    /// <summary>
    /// From the configured root through the published ones, then a fresh start at the newest of them: so that "the keys of timestamp or snapshot
    /// have changed" speaks of roots that are new in this publication, and rollback checks go on after an old rotation (A04).
    /// </summary>
    private TrustedMetadataSet WalkRoots()
    {
        TrustedMetadataSet configured = TrustedMetadataSet.Start(trustedRoot, now, MetadataProfile.Fota).OrThrow();
        TakeFirstRoot(configured.Root.Version);
        byte[] newest = trustedRoot;
        while (content.ReadPublished(RepositoryPath.Root(configured.Root.Version + 1)) is { } next)
        {
            configured.UpdateRoot(next).OrThrow();
            newest = next;
        }

        TrustedMetadataSet trust = TrustedMetadataSet.Start(newest, now, MetadataProfile.Fota).OrThrow();
        for (int walked = 0; walked < DecodeLimits.RootRotations && content.Has(RepositoryPath.Root(trust.Root.Version + 1)); walked++)
        {
            trust.UpdateRoot(content.Read(RepositoryPath.Root(trust.Root.Version + 1))).OrThrow();
        }

        return trust;
    }

    /// <summary>The configured root itself may be served too; only as the very file that is trusted.</summary>
    private void TakeFirstRoot(long version)
    {
        RepositoryPath path = RepositoryPath.Root(version);
        if (content.Has(path) && Sha256Digest.Of(content.Read(path)) != Sha256Digest.Of(trustedRoot))
        {
            throw new RejectedException(RejectionReason.DigestMismatch, $"{path.Text}: wanted the root that this server is configured to trust, got another");
        }
    }

    private void TakeTimestamp(TrustedMetadataSet trust, byte[]? stored)
    {
        long before = 0;
        if (stored is not null)
        {
            // Perhaps expired: then it is refused, and still blocks what is older (A14).
            _ = trust.UpdateTimestamp(stored);
            before = published.TimestampVersion;
        }

        byte[] bytes = content.Read(RepositoryPath.Timestamp);
        TimestampMetadata timestamp = trust.UpdateTimestamp(bytes).OrThrow();
        if (timestamp.Version == before && !bytes.AsSpan().SequenceEqual(stored))
        {
            throw new RejectedException(RejectionReason.DigestMismatch, $"timestamp: wanted the bytes that are published as version {before}, or a newer version, got other bytes");
        }
    }

    private void TakeSnapshot(TrustedMetadataSet trust, byte[]? storedTimestamp)
    {
        if (storedTimestamp is not null
            && SignedMetadata.Decode(storedTimestamp, DecodeLimits.TimestampBytes, MetadataProfile.Fota).OrThrow().UnverifiedTimestamp().OrThrow() is { } old
            && content.ReadPublished(RepositoryPath.Snapshot(old.Snapshot.Version)) is { } stored)
        {
            _ = trust.LoadStoredSnapshot(stored);
        }

        byte[] bytes = content.Read(RepositoryPath.Snapshot(trust.Timestamp!.Snapshot.Version));
        if (trust.Snapshot is null)
        {
            trust.UpdateSnapshot(bytes).OrThrow();
        }
    }

    private IEnumerable<Release> VerifyProduct(TrustedMetadataSet trust, string role, IEnumerable<string> targets)
    {
        Dictionary<SequenceNumber, Release> bySequence = [];
        foreach (string path in targets)
        {
            Release release = VerifyRelease(trust.FindTarget(path).OrThrow(), role);
            if (!bySequence.TryAdd(release.Sequence, release))
            {
                throw new RejectedException(RejectionReason.SequenceReused, $"{path}: wanted a sequence number of its own, got {release.Sequence}, which {bySequence[release.Sequence].Target} has");
            }

            yield return release;
        }
    }

    private Release VerifyRelease(VerifiedTarget target, string role)
    {
        (ProductName product, ReleaseVersion version) = ParseTarget(target, role);
        VerifiedTargetBytes bytes = target.Verify(content.Read(RepositoryPath.Manifest(target.Path, target.Sha256))).OrThrow();
        SignedEnvelope envelope = SignedEnvelope.Decode(bytes.Bytes.Span).OrThrow();
        VerifiedManifest manifest = VerifiedManifest.Verify(envelope, ReleaseAnchors.Classical(target.Keys)).OrThrow();
        if (!manifest.Content.ReleaseVersion.Equals(version))
        {
            throw new RejectedException(RejectionReason.WrongDocument, $"{target.Path}: wanted a manifest of version {version}, got {manifest.Content.ReleaseVersion}");
        }

        if (manifest.Content.SbomDigest is { } sbom)
        {
            // The name is the digest, which was compared when the file came.
            _ = SbomDocument.Decode(content.Read(RepositoryPath.Sbom(sbom))).OrThrow();
        }

        // What was verified to the last chunk when it was published is not unpacked again for every fresh timestamp.
        Release? known = published.Releases.FirstOrDefault(r => r.Target == target.Path && r.ManifestDigest == manifest.Digest);
        long packSize = new ImageVerifier(content).Verify(manifest, unpack: known is null);
        UpdateManifest said = manifest.Content;
        return new Release(product, version, target.Path, manifest.Digest, said.Sequence, said.SecurityVersion, manifest.Images.Max(static image => image.Content.ImageSize), packSize, said.GateOverride);
    }

    private static (ProductName Product, ReleaseVersion Version) ParseTarget(VerifiedTarget target, string role) =>
        target.Path.Split('/') is [var product, var version, "manifest.suit"] && product == role
            && ReleaseVersion.TryParse(version, out ReleaseVersion? parsed) && parsed.ToString() == version
            ? (ProductName.Parse(product), parsed)
            : throw new RejectedException(RejectionReason.UnsafePath, $"{role}: wanted targets {role}/VERSION/manifest.suit, got another path");
}
