using System.Formats.Cbor;
using Fota.Manifest;
using Fota.Manifest.Envelope;
using Fota.Manifest.Metadata;
using Fota.Manifest.Suit;
using Fota.Manifest.Verification;

namespace Fota.TestKit.Fuzzing;

/// <summary>SUIT envelopes and manifests.</summary>
internal static class EnvelopeTargets
{
    private const int MiB = 1024 * 1024;

    private static readonly FixedKey[] s_keys = [new(1), new(2)];

    private static readonly ReleaseAnchors s_anchors = ReleaseAnchors.Classical(new RoleKeys(s_keys.Select(static key => key.PublicKey), 2));

    private static readonly SignedEnvelope[] s_envelopes =
    [
        SampleRelease.Create().SignedBy(s_keys),
        SampleRelease.CreatePerSlot(SampleRelease.ImageOf("1.2.0", 5_000), SampleRelease.ImageOf("1.2.0", 6_000), change: static m => m with
        {
            InstallableFrom = VersionRange.Parse(">=1.0.0 <2.0.0"),
            Text = ReleaseText.Of(new Dictionary<string, string>(StringComparer.Ordinal) { ["en"] = "Fixes the alarm." }),
        }).SignedBy(s_keys),
        SampleRelease.Create("2.0.0-rc.1", sequence: 7, security: 3, change: static m => m with { DeviceId = NameBasedUuid.Vendor("device.example") }).SignedBy(s_keys),
    ];

    private static readonly byte[][] s_seeds = [.. s_envelopes.Select(static envelope => envelope.Bytes.ToArray())];

    private static readonly HashSet<Sha256Digest> s_signed = [.. s_envelopes.Select(static envelope => envelope.ClaimedDigest)];

    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        new("suit-envelope", s_seeds, [], Decode, MiB),
        new("suit-manifest", [.. s_seeds.Select(ManifestOf)], [], static manifest => Decode(Wrap(manifest)), MiB),
        new("suit-verified", s_seeds, [], Verify, MiB),
        Forged(static envelope => VerifiedManifest.Verify(envelope, s_anchors).IsAccepted(out _, out _)),
        new("suit-document", s_seeds, [], Document, 2 * MiB),
    ];

    /// <summary>
    /// Manifests that nobody signed, with their own digest and the signatures of a release: only the signatures are wrong, so that nothing but their
    /// verification refuses them.
    /// </summary>
    public static FuzzTarget Forged(Func<SignedEnvelope, bool> isVerified) => new("suit-forged", [ManifestOf(s_seeds[0])], [], manifest =>
    {
        bool isAccepted = SignedEnvelope.Decode(Wrap(manifest, SignaturesOf(s_seeds[0]))).IsAccepted(out SignedEnvelope? envelope, out _) && isVerified(envelope);
        return !isAccepted || s_signed.Contains(envelope!.ClaimedDigest) ? isAccepted : throw new ForgeryException("verified a manifest whose digest nobody signed");
    }, MiB);

    private static bool Decode(byte[] input) =>
        SignedEnvelope.Decode(input).IsAccepted(out SignedEnvelope? envelope, out _) && envelope.UnverifiedContent().IsAccepted(out _, out _);

    // What the general decoder takes, it writes in a form that it takes again.
    private static bool Document(byte[] input) => SuitDocument.Decode(input).IsAccepted(out SuitDocument? document, out _)
        && (SuitDocument.Decode(document.Encode()).IsAccepted(out _, out Rejection? rejection) ? true : throw new InvalidOperationException($"written and refused: {rejection}"));

    private static bool Verify(byte[] input)
    {
        if (!SignedEnvelope.Decode(input).IsAccepted(out SignedEnvelope? envelope, out _) || !VerifiedManifest.Verify(envelope, s_anchors).IsAccepted(out VerifiedManifest? manifest, out _))
        {
            return false;
        }

        return s_signed.Contains(manifest.Digest) ? true : throw new ForgeryException($"verified a manifest that nobody signed: {manifest.Digest}");
    }

    private static byte[] ManifestOf(byte[] envelope)
    {
        CborReader reader = new(envelope);
        reader.ReadTag();
        reader.ReadStartMap();
        while (reader.ReadInt32() != 3)
        {
            reader.SkipValue();
        }

        return reader.ReadByteString();
    }

    private static List<byte[]> SignaturesOf(byte[] envelope)
    {
        CborReader reader = new(envelope);
        reader.ReadTag();
        reader.ReadStartMap();
        while (reader.ReadInt32() != 2)
        {
            reader.SkipValue();
        }

        CborReader authentication = new(reader.ReadByteString());
        List<byte[]> blocks = [];
        authentication.ReadStartArray();
        authentication.SkipValue();
        while (authentication.PeekState() != CborReaderState.EndArray)
        {
            blocks.Add(authentication.ReadByteString());
        }

        return blocks;
    }

    private static byte[] Wrap(byte[] manifest, params List<byte[]> signatures)
    {
        CborWriter inner = new();
        inner.WriteByteString(manifest);
        byte[] withHeader = inner.Encode();
        CborWriter digest = new();
        digest.WriteStartArray(2);
        digest.WriteInt32(-16);
        digest.WriteByteString(Sha256Digest.Of(withHeader).Bytes);
        digest.WriteEndArray();
        CborWriter authentication = new();
        authentication.WriteStartArray(1 + signatures.Count);
        authentication.WriteByteString(digest.Encode());
        foreach (byte[] signature in signatures)
        {
            authentication.WriteByteString(signature);
        }

        authentication.WriteEndArray();
        CborWriter envelope = new();
        envelope.WriteTag((CborTag)107);
        envelope.WriteStartMap(2);
        envelope.WriteInt32(2);
        envelope.WriteByteString(authentication.Encode());
        envelope.WriteInt32(3);
        envelope.WriteEncodedValue(withHeader);
        envelope.WriteEndMap();
        return envelope.Encode();
    }
}
