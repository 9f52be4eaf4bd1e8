using System.Buffers.Binary;
using Fota.Manifest.Encoding;

namespace Fota.Manifest.Packs;

/// <summary>What a pack says of itself, for people. Nothing of it is proven.</summary>
/// <param name="Image">SHA-256 of the image, or its beginning, in hexadecimal.</param>
/// <param name="PackSize">Length of the pack in bytes.</param>
/// <param name="Frames">Number of frames of a full pack; of a delta pack the chunks that have one.</param>
/// <param name="Delta">Head and plan, if it is a delta pack.</param>
public sealed record PackSummary(string Image, long PackSize, int Frames, DeltaPack? Delta)
{
    /// <summary>Reads a seekable stream that holds the pack and nothing else.</summary>
    /// <returns>The summary; or a refusal when it is no pack, or not as long as it says.</returns>
    public static Verdict<PackSummary> Read(Stream pack)
    {
        ArgumentNullException.ThrowIfNull(pack);
        return Verdict.Of(() =>
        {
            pack.Position = 0;
            bool isDelta = DeltaHead.IsDelta(PackUnpacking.ReadExactly(pack, DeltaHead.Magic.Length));
            pack.Position = 0;
            PackSummary summary = isDelta ? OfDelta(pack) : OfFull(pack);
            return summary.PackSize == pack.Length
                ? summary
                : throw new RejectedException(RejectionReason.PackMalformed, $"pack: wanted {summary.PackSize} bytes, as it says itself, got {pack.Length}");
        });
    }

    private static PackSummary OfDelta(Stream pack)
    {
        DeltaHead head = DeltaHead.Decode(PackUnpacking.ReadExactly(pack, DeltaHead.Size)).OrThrow();
        DeltaPack delta = DeltaPack.Decode(head, PackUnpacking.ReadExactly(pack, head.PlanLength)).OrThrow();
        return new PackSummary(head.ImageName, delta.PackSize, head.Chunks - delta.Copies, delta);
    }

    private static PackSummary OfFull(Stream pack)
    {
        byte[] head = PackUnpacking.ReadExactly(pack, PackIndex.HeadSize);
        int frames = BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(PackIndex.HeadSize - 4));
        if (!head.AsSpan().StartsWith(PackIndex.Magic) || frames is < 1 or > DecodeLimits.Chunks)
        {
            throw new RejectedException(RejectionReason.PackMalformed, "pack: wanted a full pack (FOTAPK02) or a delta pack (FOTADP01), got something else");
        }

        byte[] lengths = PackUnpacking.ReadExactly(pack, 4 * frames);
        long size = PackIndex.HeadSize + lengths.Length + lengths.Chunk(4).Sum(static length => BinaryPrimitives.ReadUInt32BigEndian(length));
        return new PackSummary(Convert.ToHexStringLower(head.AsSpan(PackIndex.Magic.Length, Sha256Digest.Size)), size, frames, null);
    }
}
