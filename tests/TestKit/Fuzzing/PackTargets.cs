using Fota.Manifest;
using Fota.Manifest.Envelope;
using Fota.Manifest.Metadata;
using Fota.Manifest.Packs;
using Fota.Manifest.Verification;

namespace Fota.TestKit.Fuzzing;

/// <summary>Chunk tables and packs, behind a manifest that vouches for them.</summary>
internal static class PackTargets
{
    private const int MiB = 1024 * 1024;

    private static readonly FixedKey s_key = new(6);

    private static readonly ReleaseAnchors s_anchors = ReleaseAnchors.Classical(new RoleKeys([s_key.PublicKey], 1));

    private static readonly SampleRelease s_release = SampleRelease.Create();

    private static readonly byte[] s_base = [.. s_release.Image[..5000], 1, 2, 3, .. s_release.Image[5000..]];

    private static readonly VerifiedChunkTable s_table = VerifiedChunkTable.Verify(Verified(s_release.Manifest), s_release.EncodedTable).OrThrow();

    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        new("chunk-table", [s_release.EncodedTable], [], static input => VerifiedChunkTable.Verify(Vouching(input), input).IsAccepted(out _, out _), MiB),
        new("pack", [s_release.Pack], [], Unpack, 8 * MiB),
        new("delta-pack", [s_release.DeltaFrom(s_base)], [], Apply, 12 * MiB),
    ];

    private static bool Unpack(byte[] input)
    {
        using MemoryStream pack = new(input);
        return VerifiedPack.Verify(pack, s_table).IsAccepted(out _, out _);
    }

    // As a device does: the table is put together from base and pack, and vouched for, or nothing more is read.
    private static bool Apply(byte[] input)
    {
        StreamImage baseImage = new(new MemoryStream(s_base), s_base.Length);
        if (input.Length < DeltaHead.Size
            || !DeltaHead.Decode(input.AsMemory(0, DeltaHead.Size), s_table.Image).IsAccepted(out DeltaHead? head, out _)
            || input.Length - DeltaHead.Size < head.PlanLength
            || !DeltaPack.Decode(head, input.AsMemory(DeltaHead.Size, head.PlanLength)).IsAccepted(out DeltaPack? pack, out _)
            || input.Length < pack.PackSize
            || !pack.AssembleTable(s_table.Image, input.AsMemory(pack.DigestsStart, pack.DigestsLength), baseImage).IsAccepted(out _, out _))
        {
            return UnpackByTable(input, baseImage);
        }

        using PackReader reader = PackReader.OfDelta(s_table, pack, baseImage);
        while (!reader.IsAtEnd)
        {
            int start = (int)reader.NextStart;
            if (!reader.Read(input.AsSpan(start, reader.NextLength)).IsAccepted(out VerifiedChunk? chunk, out _))
            {
                return false;
            }

            if (!chunk.Bytes.SequenceEqual(s_release.Image.AsSpan((int)chunk.Offset, chunk.Bytes.Length)))
            {
                throw new ForgeryException($"chunk {chunk.Index} was proven and is another");
            }
        }

        return true;
    }

    // Without the check of the table records would hardly ever be reached.
    private static bool UnpackByTable(byte[] input, StreamImage baseImage)
    {
        using MemoryStream pack = new(input), image = new();
        _ = PackSummary.Read(pack).IsAccepted(out _, out _);
        return PackUnpacking.Unpack(pack, s_release.Table, baseImage, image).IsAccepted(out _, out _)
            && (image.ToArray().AsSpan().SequenceEqual(s_release.Image) ? true : throw new ForgeryException("an image was unpacked and is another"));
    }

    // The digest of the table is signed, so that a table reaches the decoder only if a release vouches for it: a signer that was deceived.
    private static ListedImage Vouching(byte[] table) =>
        Verified(s_release.Manifest.WithImage(i => i with { ChunkTableDigest = Sha256Digest.Of(table), ChunkTableSize = Math.Max(1, table.Length) }));

    private static ListedImage Verified(UpdateManifest manifest)
    {
        SignedEnvelope envelope = SignedEnvelope.Begin(manifest);
        return VerifiedManifest.Verify(envelope.WithSignature(s_key.PublicKey, s_key.Sign(envelope.ToBeSigned(s_key.PublicKey))), s_anchors).OrThrow().Images[0];
    }
}
