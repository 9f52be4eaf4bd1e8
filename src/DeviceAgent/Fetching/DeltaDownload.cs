using Fota.DeviceAgent.Slots;
using Fota.Manifest;
using Fota.Manifest.Packs;
using Fota.Manifest.Reports;
using Fota.Manifest.Verification;

namespace Fota.DeviceAgent.Fetching;

/// <summary>
/// A delta pack of which head, plan and digests were fetched, and whose chunk table the manifest vouches for. Its records are not fetched yet.
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

    /// <summary>Fetches what comes before the records, and puts the chunk table together.</summary>
    /// <exception cref="RejectedException">The pack was refused.</exception>
    public static async Task<DeltaDownload> BeginAsync(PackDownload packs, ListedImage image, OfferedDelta offer, RunningImage baseImage, CancellationToken cancellation)
    {
        string path = PathOf(offer.Pack);
        DeltaHead head = DeltaHead.Decode(await packs.FetchPartAsync(path, 0, DeltaHead.Size, cancellation), image).OrThrow();
        RequireWithin(offer, DeltaHead.Size + (long)head.PlanLength);
        DeltaPack pack = DeltaPack.Decode(head, await packs.FetchPartAsync(path, DeltaHead.Size, head.PlanLength, cancellation)).OrThrow();
        RequireWithin(offer, pack.PackSize);
        byte[] digests = await packs.FetchPartAsync(path, pack.DigestsStart, pack.DigestsLength, cancellation);
        return new DeltaDownload(offer, pack, pack.AssembleTable(image, digests, baseImage, cancellation).OrThrow(), baseImage);
    }

    /// <summary>A reader at the image's first chunk.</summary>
    public PackReader OpenReader() => PackReader.OfDelta(Table, _pack, _base);

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
