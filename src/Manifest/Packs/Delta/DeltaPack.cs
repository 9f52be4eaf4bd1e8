using System.Security.Cryptography;
using Fota.Manifest.Verification;

namespace Fota.Manifest.Packs;

/// <summary>
/// Head and plan of a delta pack: what has to be known of it before the first chunk. Nothing in it is believed: with it and the base image the chunk table is put
/// together, which the signed manifest then vouches for or not, and every chunk is proven by that.
/// </summary>
public sealed class DeltaPack
{
    private DeltaPack(DeltaHead head, DeltaPlan plan)
    {
        Head = head;
        Plan = plan;
    }

    /// <summary>The head.</summary>
    public DeltaHead Head { get; }

    /// <summary>How many chunks are copies of base bytes.</summary>
    public int Copies => Head.Chunks - Plan.Records;

    /// <summary>Where the digests of the chunks that are no copies begin.</summary>
    public int DigestsStart => DeltaHead.Size + Head.PlanLength;

    /// <summary>Length of these digests in bytes.</summary>
    public int DigestsLength => Plan.Records * Sha256Digest.Size;

    /// <summary>Length of the whole pack in bytes, as its plan says.</summary>
    public long PackSize => RecordsStart + Plan.RecordBytes;

    /// <summary>Length of the records of the chunks that are no copies, in bytes.</summary>
    public long RecordBytes => Plan.RecordBytes;

    internal DeltaPlan Plan { get; }

    internal long RecordsStart => (long)DigestsStart + DigestsLength;

    /// <summary>Decodes the plan, which must be exactly as long as the head says.</summary>
    public static Verdict<DeltaPack> Decode(DeltaHead head, ReadOnlyMemory<byte> plan)
    {
        ArgumentNullException.ThrowIfNull(head);
        return Verdict.Of(() => plan.Length == head.PlanLength
            ? new DeltaPack(head, DeltaPlan.Decode(head, plan.Span))
            : throw new RejectedException(RejectionReason.PackMalformed, $"delta pack: wanted a plan of {head.PlanLength} bytes, got {plan.Length}"));
    }

    /// <summary>
    /// Puts the image's chunk table together, and has the manifest vouch for it: the digests of copies are taken of the base's own bytes, the others
    /// from the pack. So a table costs 32 bytes for each chunk that changed, and nothing for what only moved.
    /// </summary>
    /// <param name="image">What the manifest lists.</param>
    /// <param name="digests">The pack's bytes from <see cref="DigestsStart"/> on, <see cref="DigestsLength"/> of them.</param>
    /// <param name="baseImage">What the device runs.</param>
    /// <param name="cancellation">Stops between chunks.</param>
    /// <returns>The table; or a refusal with <see cref="RejectionReason.BaseMismatch"/> when the base is not the one that the pack names.</returns>
    public Verdict<VerifiedChunkTable> AssembleTable(ListedImage image, ReadOnlyMemory<byte> digests, IRandomAccessImage baseImage, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(baseImage);
        return Verdict.Of(() =>
        {
            Head.RequireOf(image);
            RequireFits(image.Content.ImageSize, Head.ChunkSize, baseImage);
            if (digests.Length != DigestsLength)
            {
                throw new RejectedException(RejectionReason.PackMalformed, $"delta pack: wanted {DigestsLength} bytes of digests, got {digests.Length}");
            }

            byte[] table = ChunkTable.Of(Head.ImageSize, Head.ChunkSize, AllDigests(digests.Span, baseImage, cancellation)).Encode();
            return VerifiedChunkTable.Verify(image, table).IsAccepted(out VerifiedChunkTable? verified, out Rejection? rejection)
                ? verified
                : throw new RejectedException(Explain(rejection, baseImage));
        });
    }

    /// <exception cref="RejectedException">It is not of such an image, or not against such a base.</exception>
    internal void RequireFits(long imageSize, int chunkSize, IRandomAccessImage baseImage)
    {
        if (Head.ImageSize != imageSize || Head.ChunkSize != chunkSize)
        {
            throw new RejectedException(RejectionReason.PackForAnotherImage, $"delta pack: wanted an image of {imageSize} bytes in chunks of {chunkSize}, got {Head.ImageSize} in chunks of {Head.ChunkSize}");
        }

        if (Head.BaseSize != baseImage.Length)
        {
            throw new RejectedException(RejectionReason.BaseMismatch, $"delta pack: wanted a base of {Head.BaseSize} bytes, got {baseImage.Length}");
        }
    }

    /// <summary>Something did not come out right: it is worth reading the whole base to say whether that is why.</summary>
    internal Rejection Explain(Rejection rejection, IRandomAccessImage baseImage)
    {
        try
        {
            string name = DeltaHead.NameOf(DigestOf(baseImage));
            return name == Head.BaseName ? rejection : new Rejection(RejectionReason.BaseMismatch, $"delta pack: wanted base {Head.BaseName}, got {name}");
        }
        catch (Exception e) when (e is IOException or RejectedException)
        {
            // It cannot be read to its end; what went wrong first still holds.
            return rejection;
        }
    }

    private static Sha256Digest DigestOf(IRandomAccessImage image)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = new byte[64 * 1024];
        for (long at = 0; at < image.Length; at += buffer.Length)
        {
            Span<byte> part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, image.Length - at));
            image.Read(at, part);
            hash.AppendData(part);
        }

        return Sha256Digest.FromBytes(hash.GetHashAndReset());
    }

    private byte[] AllDigests(ReadOnlySpan<byte> digests, IRandomAccessImage baseImage, CancellationToken cancellation)
    {
        byte[] all = new byte[Head.Chunks * Sha256Digest.Size], buffer = new byte[Head.ChunkSize];
        for (int chunk = 0, given = 0; chunk < Head.Chunks; chunk++)
        {
            Span<byte> digest = all.AsSpan(chunk * Sha256Digest.Size, Sha256Digest.Size);
            if (!Plan.IsCopy(chunk))
            {
                digests.Slice(given++ * Sha256Digest.Size, Sha256Digest.Size).CopyTo(digest);
                continue;
            }

            cancellation.ThrowIfCancellationRequested();
            long at = (long)chunk * Head.ChunkSize;
            Span<byte> content = buffer.AsSpan(0, (int)Math.Min(Head.ChunkSize, Head.ImageSize - at));
            baseImage.Read(at + Plan.Displacement(chunk), content);
            SHA256.HashData(content, digest);
        }

        return all;
    }
}
