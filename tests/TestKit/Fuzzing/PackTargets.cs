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

    private static readonly VerifiedChunkTable s_table = VerifiedChunkTable.Verify(Verified(s_release.Manifest), s_release.EncodedTable).OrThrow();

    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        new("chunk-table", [s_release.EncodedTable], [], static input => VerifiedChunkTable.Verify(Vouching(input), input).IsAccepted(out _, out _), MiB),
        new("pack", [s_release.Pack], [], Unpack, 8 * MiB),
    ];

    private static bool Unpack(byte[] input)
    {
        using MemoryStream pack = new(input);
        return VerifiedPack.Verify(pack, s_table).IsAccepted(out _, out _);
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
