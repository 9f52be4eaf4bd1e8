using Fota.Interop.Posix;
using Fota.Manifest;
using Fota.Manifest.Envelope;
using Fota.Manifest.Packs;
using Fota.Signer.Home;
using Fota.Signer.Repository;

namespace Fota.Signer.Approval;

/// <summary>The author's part: from an image, or from a published release, to a draft with the author's signature.</summary>
internal static class ReleaseAuthoring
{
    /// <summary>Cuts, hashes and compresses an image. It may take minutes, so it is done before the home is locked.</summary>
    /// <param name="image">The image file.</param>
    /// <param name="product">The product.</param>
    /// <param name="staged">Takes table and pack.</param>
    /// <param name="progress">Told chunks done and chunks in all.</param>
    /// <param name="cancellation">Stops between chunks.</param>
    /// <returns>What the manifest will say of the image; sequence and versions are still to come.</returns>
    public static PreparedImage Prepare(string image, ProductSettings product, ReleaseDraft staged, IProgress<(int Done, int All)> progress, CancellationToken cancellation)
    {
        using FileStream input = File.OpenRead(image);
        (ChunkTable table, Sha256Digest digest) = ChunkTable.Build(input, product.ChunkSize);
        staged.Create();
        byte[] encoded = table.Encode();
        DurableFile.Replace(staged.TableFile, encoded);
        using FileStream pack = File.Create(staged.PackFile);
        input.Position = 0;
        FullPackWriter.Write(input, table, digest, pack, progress: new ChunkProgress(progress, table.Count), cancellation: cancellation);
        pack.Flush(flushToDisk: true);
        pack.Position = 0;
        return new PreparedImage(digest, table.ImageSize, Sha256Digest.Of(encoded), encoded.Length, Sha256Digest.Of(pack), pack.Length);
    }

    /// <summary>Signs a prepared image as a new release.</summary>
    public static SignedEnvelope Create(ReleaseWorkshop workshop, PreparedImage image, ReleaseVersion version, SecurityVersion security, ReleaseDraft staged)
    {
        if (workshop.Role.Lists(version))
        {
            throw new SignerRefusalException($"{workshop.Role.Product} {version} is published already; `fota-signer release reissue` signs its image again under a new sequence number");
        }

        return Sign(workshop, staged, new UpdateManifest
        {
            Sequence = NextSequence(workshop, version),
            VendorId = workshop.Settings.VendorId,
            ClassId = workshop.Settings.ClassId,
            ImageDigest = image.Digest,
            ImageSize = image.Size,
            PackUri = RepositoryFolder.Pack(image.Pack),
            ChunkTableDigest = image.Table,
            ChunkTableSize = image.TableSize,
            SecurityVersion = security,
            ReleaseVersion = version,
        });
    }

    /// <summary>Signs the image of a published release under a new sequence number: an intended downgrade, as far as devices' floors allow it.</summary>
    public static SignedEnvelope Reissue(ReleaseWorkshop workshop, ReleaseVersion version, ReleaseDraft staged)
    {
        UpdateManifest published = workshop.Role.Release(version).Content;
        staged.TakePayload(workshop.Repository, published);
        return Sign(workshop, staged, published with { Sequence = NextSequence(workshop, version) });
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
        staged.MoveTo(ReleaseDraft.Of(workshop.Home.Folder, workshop.Role.Product, manifest.ReleaseVersion));
        return envelope;
    }

    private sealed class ChunkProgress(IProgress<(int Done, int All)> progress, int all) : IProgress<int>
    {
        public void Report(int value) => progress.Report((value, all));
    }
}

/// <summary>An image that was cut, hashed and compressed.</summary>
/// <param name="Digest">SHA-256 of the image.</param>
/// <param name="Size">Its length in bytes.</param>
/// <param name="Table">SHA-256 of the encoded chunk table.</param>
/// <param name="TableSize">Its length in bytes.</param>
/// <param name="Pack">SHA-256 of the pack.</param>
/// <param name="PackSize">Its length in bytes.</param>
internal sealed record PreparedImage(Sha256Digest Digest, long Size, Sha256Digest Table, int TableSize, Sha256Digest Pack, long PackSize);
