using Fota.DeviceAgent.Slots;
using Fota.Manifest;
using Fota.Manifest.Packs;
using Fota.Manifest.Reports;
using Fota.Manifest.Verification;

namespace Fota.DeviceAgent.Fetching;

/// <summary>
/// A delta pack of which head, plan and digests are there, and whose chunk table the manifest vouches for. Its records are not fetched yet.
/// </summary>
internal sealed class DeltaDownload
{
    private readonly DeltaPack _pack;
    private readonly RunningImage _base;

    private DeltaDownload(OfferedDelta offer, DeltaPack pack, VerifiedChunkTable table, RunningImage baseImage)
    {
        Pack = offer.Pack;
        _pack = pack;
        Table = table;
        _base = baseImage;
    }

    /// <summary>SHA-256 of the pack.</summary>
    public Sha256Digest Pack { get; }

    /// <summary>Where the pack lies.</summary>
    public string Path => PathOf(Pack);

    /// <summary>The image's chunk table.</summary>
    public VerifiedChunkTable Table { get; }

    /// <summary>The smallest of the offered packs that is against this base, and smaller than the image itself; null when there is none.</summary>
    public static OfferedDelta? Choose(IReadOnlyList<OfferedDelta> offers, Sha256Digest baseImage, long imageSize) =>
        offers.Where(offer => offer.BaseImage == baseImage && offer.Size < imageSize).MinBy(static offer => offer.Size);

    /// <summary>Fetches what comes before the records, where an earlier attempt did not, and puts the chunk table together.</summary>
    /// <exception cref="RejectedException">The pack was refused.</exception>
    public static async Task<DeltaDownload> BeginAsync(PackDownload packs, ListedImage image, OfferedDelta offer, RunningImage baseImage, CancellationToken cancellation)
    {
        string path = PathOf(offer.Pack);
        if (packs.KeptDelta.Find(path) is { } kept)
        {
            try
            {
                return Open(image, offer, baseImage, kept, cancellation);
            }
            catch (RejectedException)
            {
                packs.KeptDelta.Forget(); // whatever it was, it is fetched again
            }
        }

        byte[] first = [], plan = [];
        DeltaHead head = await packs.FetchPartAsync(path, 0, DeltaHead.Size, bytes => DeltaHead.Decode(first = bytes, image).OrThrow(), cancellation);
        RequireWithin(offer, DeltaHead.Size + (long)head.PlanLength);
        DeltaPack pack = await packs.FetchPartAsync(path, DeltaHead.Size, head.PlanLength, bytes => DeltaPack.Decode(head, plan = bytes).OrThrow(), cancellation);
        RequireWithin(offer, pack.PackSize);
        byte[] digests = await packs.FetchPartAsync(path, pack.DigestsStart, pack.DigestsLength, static bytes => bytes, cancellation);
        DeltaDownload download = new(offer, pack, pack.AssembleTable(image, digests, baseImage, cancellation).OrThrow(), baseImage);
        packs.KeptDelta.Keep(path, [.. first, .. plan, .. digests]);
        return download;
    }

    /// <summary>A reader at the image's first chunk.</summary>
    public PackReader OpenReader() => PackReader.OfDelta(Table, _pack, _base);

    private static DeltaDownload Open(ListedImage image, OfferedDelta offer, RunningImage baseImage, ReadOnlyMemory<byte> kept, CancellationToken cancellation)
    {
        DeltaHead head = DeltaHead.Decode(Part(kept, 0, DeltaHead.Size), image).OrThrow();
        DeltaPack pack = DeltaPack.Decode(head, Part(kept, DeltaHead.Size, head.PlanLength)).OrThrow();
        RequireWithin(offer, pack.PackSize);
        ReadOnlyMemory<byte> digests = Part(kept, pack.DigestsStart, pack.DigestsLength);
        return new DeltaDownload(offer, pack, pack.AssembleTable(image, digests, baseImage, cancellation).OrThrow(), baseImage);
    }

    private static ReadOnlyMemory<byte> Part(ReadOnlyMemory<byte> kept, int start, int length) => start <= kept.Length - length
        ? kept.Slice(start, length)
        : throw new RejectedException(RejectionReason.LengthMismatch, $"delta pack, as it was kept: wanted {start + (long)length} bytes, got {kept.Length}");

    private static string PathOf(Sha256Digest pack) => $"packs/{pack}";

    // The offer was taken for its size, so it is the bound of the download (A06).
    private static void RequireWithin(OfferedDelta offer, long size)
    {
        if (size > offer.Size)
        {
            throw new RejectedException(RejectionReason.LimitExceeded, $"delta pack: wanted at most the {offer.Size} bytes that were offered, got {size}");
        }
    }
}
