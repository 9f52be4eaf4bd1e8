using System.Formats.Cbor;
using Fota.Manifest.Encoding;
using Fota.Manifest.Keys;
using Fota.Manifest.Suit;

namespace Fota.Manifest.Envelope;

/// <summary>
/// A SUIT envelope (draft-ietf-suit-manifest section 8.2): well formed, believed by nobody. It keeps the bytes that came in, and everything
/// that is ever hashed or verified is a slice of them.
/// </summary>
public sealed class SignedEnvelope
{
    private readonly EnvelopeParts _parts;

    private SignedEnvelope(EnvelopeParts parts)
    {
        _parts = parts;
        ClaimedDigest = ManifestDecoder.DecodeDigest(parts.Digest, "manifest digest");
        Signatures = [.. parts.Blocks.Where(static block => block.Kind == CoseKind.Sign1)];
    }

    /// <summary>The whole envelope as received.</summary>
    public ReadOnlyMemory<byte> Bytes => _parts.Bytes;

    /// <summary>The digest that the signatures sign; it proves something only when it matches the manifest.</summary>
    public Sha256Digest ClaimedDigest { get; }

    /// <summary>The COSE_Sign1 among the authentication blocks, in their order; at most <see cref="DecodeLimits.Signatures"/>.</summary>
    public IReadOnlyList<CoseMessage> Signatures { get; }

    /// <summary>Whether the digest that the signatures are over is the manifest's.</summary>
    public bool DigestMatches => ComputeDigest() == ClaimedDigest;

    internal EnvelopeParts Parts => _parts;

    /// <summary>The manifest's digest. It covers the byte string *with its CBOR head* (section 8.3).</summary>
    internal Sha256Digest ComputeDigest() => Sha256Digest.Of(_parts.ManifestWithHead.Span);

    /// <summary>Decodes an envelope of at most <see cref="DecodeLimits.EnvelopeBytes"/>: any well-formed CBOR, in any key order.</summary>
    public static Verdict<SignedEnvelope> Decode(ReadOnlySpan<byte> bytes)
    {
        byte[]? own = EnvelopeParts.Own(bytes);
        return Verdict.Of(() => new SignedEnvelope(EnvelopeParts.Read(own)));
    }

    /// <summary>Wraps <paramref name="manifest"/> in an envelope without signatures: the start of a release.</summary>
    /// <exception cref="RejectedException">The content is none of our profile.</exception>
    public static SignedEnvelope Begin(UpdateManifest manifest)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        byte[] withHead = SuitCbor.Item(writer => writer.WriteByteString(ManifestEncoder.Encode(manifest)));
        return Decode(Assemble(ManifestEncoder.Digest(Sha256Digest.Of(withHead)), [], withHead, manifest.Text?.Encoded)).OrThrow();
    }

    /// <summary>The COSE Sig_structure that <paramref name="key"/> has to sign; its payload is the raw encoded SUIT_Digest.</summary>
    public byte[] ToBeSigned(VerificationKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return CoseSign1.ToBeSigned(key, _parts.Digest.Span);
    }

    /// <summary>The envelope with one signature more.</summary>
    /// <exception cref="RejectedException">The signature is not <paramref name="key"/>'s over this manifest, or the key has signed already.</exception>
    public SignedEnvelope WithSignature(VerificationKey key, ReadOnlySpan<byte> signature)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (IsSignedBy(key))
        {
            throw new RejectedException(RejectionReason.DuplicateField, $"envelope: key {key.Id} has signed already");
        }

        if (!key.IsSignatureOver(ToBeSigned(key), signature))
        {
            throw new RejectedException(RejectionReason.SignatureInvalid, $"envelope: not a signature of key {key.Id} over this manifest");
        }

        byte[] added = CoseSign1.Encode(key, payload: null, signature);
        return Decode(Assemble(_parts.Digest.Span, [.. _parts.Blocks.Select(static block => block.Bytes), added], _parts.ManifestWithHead.Span, TextOf(_parts))).OrThrow();
    }

    /// <summary>
    /// The envelope with the signatures of <paramref name="keys"/> that <paramref name="other"/> bears over the same manifest, as they stand there and in the order
    /// of the keys. Nothing else of the other one is taken, and no key signs twice.
    /// </summary>
    public SignedEnvelope WithSignaturesFrom(SignedEnvelope other, IEnumerable<VerificationKey> keys)
    {
        ArgumentNullException.ThrowIfNull(other);
        ArgumentNullException.ThrowIfNull(keys);
        IEnumerable<ReadOnlyMemory<byte>> added = keys.Where(key => !IsSignedBy(key))
            .Select(key => other.Signatures.FirstOrDefault(signature => signature.MayBeBy(key) && signature.IsBy(key, _parts.Digest.Span)))
            .OfType<CoseMessage>()
            .Select(static signature => signature.Bytes);
        return Decode(Assemble(_parts.Digest.Span, [.. _parts.Blocks.Select(static block => block.Bytes), .. added], _parts.ManifestWithHead.Span, TextOf(_parts))).OrThrow();
    }

    /// <summary>Whether <paramref name="key"/> signed this envelope's digest, and that digest is the manifest's.</summary>
    public bool IsSignedBy(VerificationKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return DigestMatches && Signatures.Any(s => s.MayBeBy(key) && s.IsBy(key, _parts.Digest.Span));
    }

    /// <summary>What the manifest says, whoever signed it: for showing it to people, never for acting on it.</summary>
    public Verdict<UpdateManifest> UnverifiedContent() => Verdict.Of(() => ManifestDecoder.Decode(_parts));

    /// <summary>The envelope without the text for people, for a device that has no use for it; the signatures stay what they are.</summary>
    public SignedEnvelope WithoutText() => Decode(Assemble(_parts.Digest.Span, [.. _parts.Blocks.Select(static block => block.Bytes)], _parts.ManifestWithHead.Span, null)).OrThrow();

    private static ReadOnlyMemory<byte>? TextOf(EnvelopeParts parts) => parts.Elements.FirstOrDefault(static element => element is { Name: null, Number: SuitNumbers.Text })?.Encoded;

    private static byte[] Assemble(ReadOnlySpan<byte> digest, IReadOnlyList<ReadOnlyMemory<byte>> signatures, ReadOnlySpan<byte> manifestWithHead, ReadOnlyMemory<byte>? text)
    {
        CborWriter authentication = new(CborConformanceMode.Canonical);
        authentication.WriteStartArray(1 + signatures.Count);
        authentication.WriteByteString(digest);
        foreach (ReadOnlyMemory<byte> signature in signatures)
        {
            authentication.WriteByteString(signature.Span);
        }

        authentication.WriteEndArray();
        CborWriter envelope = new(CborConformanceMode.Canonical);
        envelope.WriteTag((CborTag)SuitNumbers.EnvelopeTag);
        envelope.WriteStartMap(text is null ? 2 : 3);
        envelope.WriteInt64(SuitNumbers.Authentication);
        envelope.WriteByteString(authentication.Encode());
        envelope.WriteInt64(SuitNumbers.Manifest);
        envelope.WriteEncodedValue(manifestWithHead);
        if (text is { } encoded)
        {
            envelope.WriteInt64(SuitNumbers.Text);
            envelope.WriteEncodedValue(encoded.Span);
        }

        envelope.WriteEndMap();
        return envelope.Encode();
    }
}
