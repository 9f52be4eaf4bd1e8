using System.Formats.Cbor;
using System.Globalization;
using Fota.Manifest.Envelope;

namespace Fota.Manifest.Encoding;

/// <summary>
/// An envelope taken apart (draft-ietf-suit-manifest section 8.2), without a look into the manifest and without believing any of it. What is
/// hashed later is a slice of the bytes that came in.
/// </summary>
/// <param name="Bytes">The whole envelope.</param>
/// <param name="IsTagged">Whether it bears tag 107.</param>
/// <param name="Authentication">Content of element 2.</param>
/// <param name="Digest">The encoded SUIT_Digest in it.</param>
/// <param name="Blocks">The COSE messages in it.</param>
/// <param name="Manifest">Content of element 3.</param>
/// <param name="ManifestWithHead">The same with the byte string's CBOR head, which the digest covers (section 8.3).</param>
/// <param name="Elements">Everything beside the two.</param>
internal sealed record EnvelopeParts(
    byte[] Bytes,
    bool IsTagged,
    ReadOnlyMemory<byte> Authentication,
    ReadOnlyMemory<byte> Digest,
    IReadOnlyList<CoseMessage> Blocks,
    ReadOnlyMemory<byte> Manifest,
    ReadOnlyMemory<byte> ManifestWithHead,
    IReadOnlyList<EnvelopeElement> Elements)
{
    /// <summary>A copy that nobody else writes to; null if it is too long to be looked at (A06).</summary>
    public static byte[]? Own(ReadOnlySpan<byte> bytes) => bytes.Length <= DecodeLimits.EnvelopeBytes ? bytes.ToArray() : null;

    /// <param name="own">What <see cref="Own"/> gave.</param>
    public static EnvelopeParts Read(byte[]? own) => own is null
        ? throw new RejectedException(RejectionReason.LimitExceeded, $"envelope: wanted at most {DecodeLimits.EnvelopeBytes} bytes")
        : CborDoor.Decode(own, "envelope", reader => Read(own, reader));

    private static EnvelopeParts Read(byte[] bytes, CborReader reader)
    {
        bool tagged = reader.PeekState() == CborReaderState.Tag;
        if ((tagged && (ulong)reader.ReadTag() != SuitNumbers.EnvelopeTag) || reader.PeekState() != CborReaderState.StartMap)
        {
            throw new RejectedException(RejectionReason.WrongDocument, $"envelope: wanted a map, under CBOR tag {SuitNumbers.EnvelopeTag} or none (SUIT_Envelope)");
        }

        byte[]? authentication = null, manifest = null;
        ReadOnlyMemory<byte> manifestWithHead = default;
        List<EnvelopeElement> elements = [];
        reader.ReadStartMap();
        while (reader.PeekState() != CborReaderState.EndMap)
        {
            string? name = reader.PeekState() == CborReaderState.TextString ? reader.ReadTextString() : null; // an integrated payload
            long number = name is null ? reader.ReadInt64() : 0;
            int start = bytes.Length - reader.BytesRemaining;
            if (number == SuitNumbers.Authentication)
            {
                authentication = reader.ReadByteString();
            }
            else if (number == SuitNumbers.Manifest)
            {
                manifest = reader.ReadByteString();
                manifestWithHead = bytes.AsMemory(start, bytes.Length - reader.BytesRemaining - start);
            }
            else
            {
                _ = CborDoor.Counted(elements.Count, "envelope");
                reader.SkipValue();
                elements.Add(new EnvelopeElement(number, name, bytes.AsMemory(start, bytes.Length - reader.BytesRemaining - start)));
            }
        }

        reader.ReadEndMap();
        CborDoor.Require(manifest, "envelope: manifest");
        (byte[] digest, List<CoseMessage> blocks) = ReadAuthentication(CborDoor.Require(authentication, "envelope: authentication"));
        return new EnvelopeParts(bytes, tagged, authentication, digest, blocks, manifest, manifestWithHead, elements);
    }

    private static (byte[] Digest, List<CoseMessage> Blocks) ReadAuthentication(byte[] bytes) => CborDoor.Decode(bytes, "authentication", reader =>
    {
        byte[]? digest = null;
        List<CoseMessage> blocks = [];
        reader.ReadArray("authentication", 1 + DecodeLimits.Signatures, index =>
        {
            byte[] item = reader.ReadByteString();
            if (index == 0)
            {
                digest = item;
            }
            else
            {
                blocks.Add(CoseMessage.Decode(item, $"authentication block {index}"));
            }
        });
        return (CborDoor.Require(digest, "authentication: digest"), blocks);
    });
}

/// <summary>An element of an envelope beside authentication and manifest.</summary>
/// <param name="Number">Its number; 0 for an integrated payload.</param>
/// <param name="Name">The name of an integrated payload, or null.</param>
/// <param name="Encoded">Its value, as it came.</param>
internal sealed record EnvelopeElement(long Number, string? Name, ReadOnlyMemory<byte> Encoded)
{
    public override string ToString() => Name is null ? Number.ToString(CultureInfo.InvariantCulture) : $"\"{Name}\"";
}
