using Fota.Manifest.Suit;

namespace Fota.Manifest.Encoding;

/// <summary>
/// Reads a SUIT_Manifest of our profile (docs/spec/manifest.md). It is decoded as any SUIT manifest, its content is taken out, and what our encoder
/// makes of that content has to be what came in, to the byte. So every layer is deterministic, every condition is where it has to be, and what a
/// device would not act upon is refused, not ignored.
/// </summary>
internal static class ManifestDecoder
{
    public static UpdateManifest Decode(EnvelopeParts parts)
    {
        DeterministicCbor.Require(parts.Manifest.Span, "manifest");
        SuitManifest manifest = SuitManifestFormat.Decode(parts.Manifest);
        UpdateManifest content = ManifestReader.Read(manifest, parts.Elements.FirstOrDefault(static element => element is { Name: null, Number: SuitNumbers.Text }));
        if (parts.Manifest.Span.SequenceEqual(ManifestEncoder.Encode(content)))
        {
            return content;
        }

        throw parts.Manifest.Span.SequenceEqual(SuitManifestFormat.Encode(manifest))
            ? Unsupported("manifest: commands other than those of its content, or in another order,")
            : new RejectedException(RejectionReason.NotDeterministic, "manifest: wanted deterministic CBOR (RFC 8949 section 4.2.1) in every layer");
    }

    /// <summary>SUIT_Digest; only SHA-256 is taken (A25).</summary>
    public static Sha256Digest DecodeDigest(ReadOnlyMemory<byte> bytes, string what) => ToSha256(SuitDigest.Decode(bytes, what), what);

    public static Sha256Digest ToSha256(SuitDigest digest, string what) => digest.Algorithm == SuitNumbers.Sha256
        ? Sha256Digest.FromBytes(digest.Value.Span)
        : throw new RejectedException(RejectionReason.UnsupportedDigest, $"{what}: wanted SHA-256 ({SuitNumbers.Sha256}), got algorithm {digest.Algorithm}");

    public static long InRange(Int128 value, long low, long high, string what) => value >= low && value <= high
        ? (long)value
        : throw new RejectedException(RejectionReason.ValueOutOfRange, $"{what}: wanted {low} to {high}, got {value}");

    public static RejectedException Unsupported(string what) => new(RejectionReason.Unsupported, $"{what} is not in our profile");
}
