using System.Formats.Cbor;
using Fota.Manifest.Encoding;
using Fota.Manifest.Envelope;

namespace Fota.Manifest.Suit;

/// <summary>
/// Any well-formed SUIT envelope, of whatever profile, taken apart for people and tools. It proves nothing and nothing acts on it: what may be
/// installed goes through <see cref="SignedEnvelope"/> and its verification.
/// </summary>
public sealed class SuitDocument
{
    private readonly EnvelopeParts _parts;

    private SuitDocument(EnvelopeParts parts)
    {
        _parts = parts;
        Digest = SuitDigest.Decode(parts.Digest, "manifest digest");
        Manifest = SuitManifestFormat.Decode(parts.Manifest);
        Beside = [.. parts.Elements.Where(static element => element.Name is null).Select(static element => new SuitMember(element.Number, ReadBeside(element)))];
    }

    /// <summary>Whether it bears CBOR tag 107; inside other protocols the tag may be left out.</summary>
    public bool IsTagged => _parts.IsTagged;

    /// <summary>The digest of the manifest that signatures and MACs cover.</summary>
    public SuitDigest Digest { get; }

    /// <summary>Whether it is the digest of the manifest that came along.</summary>
    public bool DigestMatches => Digest.Matches(_parts.ManifestWithHead.Span);

    /// <summary>The authentication blocks, of whatever kind.</summary>
    public IReadOnlyList<CoseMessage> Authentication => _parts.Blocks;

    /// <summary>The manifest.</summary>
    public SuitManifest Manifest { get; }

    /// <summary>Elements beside the manifest: severed members under their own numbers, and whatever has no meaning here.</summary>
    public IReadOnlyList<SuitMember> Beside { get; }

    /// <summary>Integrated payloads, by the URI fragment that names them.</summary>
    public IReadOnlyList<(string Name, SuitValue Content)> IntegratedPayloads =>
        [.. _parts.Elements.Where(static element => element.Name is not null).Select(static element => (element.Name!, ReadWhole(element, SuitValue.Read)))];

    /// <summary>The members that the manifest names by digest only, each with whether it came along and is the one that was named.</summary>
    public IReadOnlyList<(long Number, SeveredState State)> SeveredMembers =>
        [.. Manifest.Members.Where(static member => member.Content is SuitContent.Severed).Select(member => (member.Number, StateOf(member.Number, (SuitContent.Severed)member.Content)))];

    /// <summary>Decodes an envelope of at most <see cref="DecodeLimits.EnvelopeBytes"/>: any well-formed CBOR, in any key order.</summary>
    public static Verdict<SuitDocument> Decode(ReadOnlySpan<byte> bytes)
    {
        byte[]? own = EnvelopeParts.Own(bytes);
        return Verdict.Of(() => new SuitDocument(EnvelopeParts.Read(own)));
    }

    /// <summary>An envelope around <paramref name="manifest"/>, with its digest and without signatures: to be signed by whoever means it.</summary>
    public static SuitDocument Of(SuitManifest manifest)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        byte[] encoded = SuitManifestFormat.Encode(manifest), withHead = SuitCbor.Item(writer => writer.WriteByteString(encoded));
        byte[] digest = ManifestEncoder.Digest(Sha256Digest.Of(withHead)), authentication = SuitCbor.Item(writer => writer.WriteArray([digest], static (w, item) => w.WriteByteString(item)));
        return new SuitDocument(new EnvelopeParts([], IsTagged: true, authentication, digest, [], encoded, withHead, []));
    }

    /// <summary>The envelope in the core deterministic encoding (RFC 8949 section 4.2.1): the very bytes that came in, if they were in it.</summary>
    public byte[] Encode() => SuitCbor.Item(writer =>
    {
        if (IsTagged)
        {
            writer.WriteTag((CborTag)SuitNumbers.EnvelopeTag);
        }

        byte[] authentication = SuitCbor.Item(w =>
        {
            w.WriteStartArray(1 + Authentication.Count);
            w.WriteByteString(SuitCbor.Item(Digest.Write));
            foreach (CoseMessage block in Authentication)
            {
                w.WriteByteString(block.Bytes.Span);
            }

            w.WriteEndArray();
        });
        writer.WriteMap(
        [
            (Number(SuitNumbers.Authentication), w => w.WriteByteString(authentication)),
            (Number(SuitNumbers.Manifest), w => w.WriteByteString(SuitManifestFormat.Encode(Manifest))),
            .. Beside.Select(static member => (Number(member.Number), (Action<CborWriter>)(w => SuitManifestFormat.WriteContent(w, member.Content)))),
            .. IntegratedPayloads.Select(static item => ((Action<CborWriter>)(w => w.WriteTextString(item.Name)), (Action<CborWriter>)item.Content.Write)),
        ]);
    });

    private static Action<CborWriter> Number(long number) => writer => writer.WriteInt64(number);

    private static SuitContent ReadBeside(EnvelopeElement element) => ReadWhole(element, reader => SuitManifestFormat.ReadMember(reader, element.Number));

    private static T ReadWhole<T>(EnvelopeElement element, Func<CborReader, T> read) => CborDoor.Decode(element.Encoded, $"element {element}", read);

    private SeveredState StateOf(long number, SuitContent.Severed severed)
    {
        EnvelopeElement? element = _parts.Elements.FirstOrDefault(element => element.Name is null && element.Number == number);
        return element is null ? SeveredState.Absent : severed.Digest.Matches(element.Encoded.Span) ? SeveredState.Matches : SeveredState.Differs;
    }
}

/// <summary>What came of a severed member.</summary>
public enum SeveredState
{
    /// <summary>It did not come along.</summary>
    Absent = 0,

    /// <summary>It is the one that the manifest names.</summary>
    Matches = 1,

    /// <summary>It is another one.</summary>
    Differs = 2,
}
