using Fota.Manifest;
using Fota.Manifest.Packs;
using Fota.Manifest.Verification;

namespace Fota.TestKit;

/// <summary>Reads a delta pack as a device does: head, plan, table, chunk by chunk.</summary>
public static class AppliedDelta
{
    /// <summary>The image, or the first refusal.</summary>
    public static Verdict<byte[]> Of(byte[] pack, ListedImage image, byte[] baseImage) => Verdict.Of(() =>
    {
        (DeltaPack delta, VerifiedChunkTable table) = Open(pack, image, baseImage);
        using PackReader reader = PackReader.OfDelta(table, delta, new StreamImage(new MemoryStream(baseImage), baseImage.Length));
        using MemoryStream made = new();
        while (!reader.IsAtEnd)
        {
            made.Write(reader.Read(Slice(pack, reader.NextStart, reader.NextLength).Span).OrThrow().Bytes);
        }

        return made.ToArray();
    });

    /// <summary>The pack and the table that it gives.</summary>
    /// <exception cref="RejectedException">One of them was refused.</exception>
    public static (DeltaPack Pack, VerifiedChunkTable Table) Open(byte[] pack, ListedImage image, byte[] baseImage)
    {
        DeltaHead head = DeltaHead.Decode(Slice(pack, 0, DeltaHead.Size), image).OrThrow();
        DeltaPack delta = DeltaPack.Decode(head, Slice(pack, DeltaHead.Size, head.PlanLength)).OrThrow();
        return (delta, delta.AssembleTable(image, Slice(pack, delta.DigestsStart, delta.DigestsLength), new StreamImage(new MemoryStream(baseImage), baseImage.Length)).OrThrow());
    }

    // What a server that has less than it says would send.
    private static ReadOnlyMemory<byte> Slice(byte[] pack, long start, int length) =>
        start + length <= pack.Length ? pack.AsMemory((int)start, length) : pack.AsMemory((int)Math.Min(start, pack.Length));
}
