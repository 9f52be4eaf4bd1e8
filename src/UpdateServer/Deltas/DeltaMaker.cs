using Fota.Manifest;
using Fota.Manifest.Packs;
using Fota.UpdateServer.Artifacts;
using Fota.UpdateServer.Releases;

namespace Fota.UpdateServer.Deltas;

/// <summary>
/// Makes one delta pack, from the full packs of both images. Everything is done in a staging area, which goes away whatever comes of it; the pack enters the
/// content store only after it was unpacked again and gave the image.
/// </summary>
internal sealed class DeltaMaker(ContentStore content, ReleaseCatalog catalog, TimeProvider time, ServerSeams seams)
{
    /// <summary>Grows whenever other packs come of the same images, or what failed would not: what an older one gave up is tried again.</summary>
    public const int Version = 1;

    /// <summary>A delta pack of so many hundredths of the full pack saves too little for the room it takes here and in caches.</summary>
    private const int NotWorthPercent = 90;

    /// <summary>Both images are staged, and a pack; what is left is for publications and the database, which must not wait for room.</summary>
    private const int RoomFactor = 3;

    // The others answer devices meanwhile.
    private static int Workers => Math.Max(1, Environment.ProcessorCount / 2);

    /// <summary>Makes it. Its bytes are durable in the content store afterwards, and nothing refers to them yet.</summary>
    /// <exception cref="RejectedException">What lies in the store is not what was published, or the pack does not make the image.</exception>
    /// <exception cref="IOException">It cannot be read or written, or there is no room.</exception>
    /// <exception cref="Storage.StoreUnavailableException">The content store is away.</exception>
    /// <exception cref="OperationCanceledException">It was to stop; nothing is left.</exception>
    public DeltaRecord Make(WantedDelta wanted, CancellationToken cancellation)
    {
        RequireRoom(RoomFactor * (wanted.Base.ImageSize + wanted.Image.ImageSize));
        using StagingArea area = content.Stage();
        (FileStream baseFile, _) = Unpack(wanted.Base, area, cancellation);
        using FileStream ownBase = baseFile;
        (FileStream imageFile, ChunkTable table) = Unpack(wanted.Image, area, cancellation);
        using FileStream ownImage = imageFile;
        DigestedImage baseImage = new(new StreamImage(baseFile, baseFile.Length), wanted.Base.ImageDigest);
        DigestedImage image = new(new StreamImage(imageFile, imageFile.Length), wanted.Image.ImageDigest);
        using FileStream pack = area.Create();
        DeltaPackWriter.Write(baseImage, image, table, pack, workers: Workers, cancellation: cancellation);
        seams.DeltaPackWritten?.Invoke(pack, cancellation);
        long full = SizeOfFull(wanted.Image);
        if (pack.Length * 100 >= full * NotWorthPercent)
        {
            return new DeltaRecord(wanted.Key, DeltaState.NotWorthIt, null, pack.Length, 0, $"wanted less than {NotWorthPercent} % of the full pack's {full} bytes, got {pack.Length}", time.GetUtcNow());
        }

        RequireImage(PackUnpacking.Unpack(pack, table, baseImage.Bytes, Stream.Null, cancellation: cancellation), wanted.Image, "delta pack");
        StagedContent staged = StagingArea.Seal(pack);
        content.Add(staged);
        content.Flush([staged.Digest]);
        RequireStored(staged.Digest);
        return new DeltaRecord(wanted.Key, DeltaState.Made, staged.Digest, staged.Length, 0, null, time.GetUtcNow());
    }

    /// <summary>Length of the full pack of an image, in bytes.</summary>
    public long SizeOfFull(ComponentImage image) => catalog.Current.Files[image.PackUri].Length;

    private void RequireRoom(long bytes)
    {
        long free = content.FreeSpace;
        if (free < bytes)
        {
            throw new IOException($"data folder: wanted {bytes} bytes free, got {free}");
        }
    }

    private (FileStream File, ChunkTable Table) Unpack(ComponentImage image, StagingArea area, CancellationToken cancellation)
    {
        ChunkTable table = ChunkTable.Read(content.Read(image.ChunkTableDigest)).OrThrow();
        using Stream pack = content.Open(catalog.Current.Files[image.PackUri].Digest);
        FileStream file = area.Create();
        try
        {
            // The table needs nobody to vouch for it: what is made by another one is another image.
            RequireImage(PackUnpacking.Unpack(pack, table, null, file, cancellation: cancellation), image, "full pack");
            file.Flush();
            return (file, table);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static void RequireImage(Verdict<UnpackedImage> unpacked, ComponentImage wanted, string what)
    {
        Sha256Digest got = unpacked.OrThrow().Digest;
        if (got != wanted.ImageDigest)
        {
            throw new RejectedException(RejectionReason.ImageMismatch, $"{what}: wanted an image with digest {wanted.ImageDigest}, got {got}");
        }
    }

    /// <summary>A file that lay there under this name already was kept: is it what its name says?</summary>
    private void RequireStored(Sha256Digest digest)
    {
        using Stream stored = content.Open(digest);
        if (Sha256Digest.Of(stored) != digest)
        {
            throw new RejectedException(RejectionReason.DigestMismatch, $"content {digest}: the stored file does not have the digest of its name");
        }
    }
}
