using Fota.Interop.Posix;
using Fota.Manifest;
using Fota.Manifest.Envelope;
using Fota.Manifest.Packs;
using Fota.Manifest.Sbom;
using Fota.Manifest.Verification;
using Fota.Signer.Home;
using Fota.Signer.Log;
using Fota.Signer.Repository;

namespace Fota.Signer.Approval;

/// <summary>The author's part: from an image, or from a published release, to a draft with the author's signature.</summary>
internal static class ReleaseAuthoring
{
    /// <summary>Cuts, hashes and compresses an image. It may take minutes, so it is done before the home is locked.</summary>
    /// <param name="image">The image file.</param>
    /// <param name="product">The product.</param>
    /// <param name="index">Which of the release's images it is.</param>
    /// <param name="staged">Takes table and pack.</param>
    /// <param name="progress">Told chunks done and chunks in all.</param>
    /// <param name="cancellation">Stops between chunks.</param>
    /// <returns>What the manifest will say of the image; sequence and versions are still to come.</returns>
    public static PreparedImage Prepare(string image, int index, ProductSettings product, ReleaseDraft staged, IProgress<(int Done, int All)> progress, CancellationToken cancellation)
    {
        using FileStream input = File.OpenRead(image);
        (ChunkTable table, Sha256Digest digest) = ChunkTable.Build(input, product.ChunkSize);
        staged.Create();
        byte[] encoded = table.Encode();
        DurableFile.Replace(staged.TableFile(index), encoded);
        using FileStream pack = File.Create(staged.PackFile(index));
        input.Position = 0;
        FullPackWriter.Write(input, table, digest, pack, progress: new ChunkProgress(progress, table.Count), cancellation: cancellation);
        pack.Flush(flushToDisk: true);
        pack.Position = 0;
        ComponentImage content = new()
        {
            ImageDigest = digest,
            ImageSize = table.ImageSize,
            PackUri = RepositoryFolder.Pack(Sha256Digest.Of(pack)),
            ChunkTableDigest = Sha256Digest.Of(encoded),
            ChunkTableSize = encoded.Length,
        };
        return new PreparedImage(content, pack.Length);
    }

    /// <summary>Signs prepared images as a new release.</summary>
    public static SignedEnvelope Create(ReleaseWorkshop workshop, ComponentImages images, ReleaseVersion version, SecurityVersion security, ReleaseWording wording, ReleaseDraft staged)
    {
        if (workshop.Role.Lists(version))
        {
            throw new SignerRefusalException($"{workshop.Role.Product} {version} is published already; `fota-signer release reissue` signs its image again under a new sequence number");
        }

        if (wording.Sbom is { } sbom)
        {
            DurableFile.Replace(staged.SbomFile, sbom);
        }
        else if (workshop.Settings.SbomRequired)
        {
            throw new SignerRefusalException($"product {workshop.Role.Product}: wanted an SBOM with each release (--sbom FILE), got none");
        }

        return Sign(workshop, staged, new UpdateManifest
        {
            Sequence = NextSequence(workshop, version),
            VendorId = workshop.Settings.VendorId,
            ClassId = workshop.Settings.ClassId,
            Components = [new UpdateComponent(ComponentId.Main, images)],
            SecurityVersion = security,
            ReleaseVersion = version,
            InstallableFrom = wording.InstallableFrom,
            GateOverride = wording.GateOverride,
            SbomDigest = wording.Sbom is { } bound ? SbomDocument.Decode(bound).OrThrow().Digest : null,
            Text = wording.Text,
        });
    }

    /// <summary>
    /// Signs the image of a published release under a new sequence number: an intended downgrade, as far as devices' floors allow it. An emergency does not come again with
    /// it: the gates that it may pass are named anew.
    /// </summary>
    public static SignedEnvelope Reissue(ReleaseWorkshop workshop, ReleaseVersion version, GateOverride gateOverride, ReleaseDraft staged)
    {
        VerifiedManifest published = workshop.Role.Release(version);
        staged.TakePayload(workshop.Repository, published);
        return Sign(workshop, staged, published.Content with { Sequence = NextSequence(workshop, version), GateOverride = gateOverride });
    }

    private static SequenceNumber NextSequence(ReleaseWorkshop workshop, ReleaseVersion version)
    {
        SequenceNumber published = workshop.Role.Releases().Select(static release => release.Content.Sequence).DefaultIfEmpty().Max();
        return workshop.Home.Sequences.Reserve(workshop.Role.Product, version, published);
    }

    private static SignedEnvelope Sign(ReleaseWorkshop workshop, ReleaseDraft staged, UpdateManifest manifest)
    {
        SignedEnvelope envelope = workshop.Sign(SignedEnvelope.Begin(manifest), manifest.ReleaseVersion);
        staged.WriteEnvelope(envelope);
        workshop.Enter(LogKinds.ReleaseRequested, manifest, envelope.ClaimedDigest);
        staged.MoveTo(ReleaseDraft.Of(workshop.Home.Folder, workshop.Role.Product, manifest.ReleaseVersion));
        return envelope;
    }

    private sealed class ChunkProgress(IProgress<(int Done, int All)> progress, int all) : IProgress<int>
    {
        public void Report(int value) => progress.Report((value, all));
    }
}

/// <summary>An image that was cut, hashed and compressed.</summary>
/// <param name="Content">What the manifest will say of it.</param>
/// <param name="PackSize">Length of its pack in bytes.</param>
internal sealed record PreparedImage(ComponentImage Content, long PackSize);

/// <summary>What the author says of a release beside its images and versions.</summary>
/// <param name="InstallableFrom">From which releases it may be installed.</param>
/// <param name="GateOverride">The gates that it may pass on devices although they are closed.</param>
/// <param name="Text">What is said to people; null for nothing.</param>
/// <param name="Sbom">Its bill of materials; null for none.</param>
internal sealed record ReleaseWording(VersionRange InstallableFrom, GateOverride GateOverride, ReleaseText? Text, byte[]? Sbom);
