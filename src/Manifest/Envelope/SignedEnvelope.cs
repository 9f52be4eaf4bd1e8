using System.Formats.Cbor;
using Fota.Manifest.Encoding;
using Fota.Manifest.Keys;

namespace Fota.Manifest.Envelope;

/// <summary>
/// A SUIT envelope (draft-ietf-suit-manifest section 8.2): well formed, believed by nobody. It keeps the bytes that came in, and everything
/// that is ever hashed or verified is a slice of them.
/// </summary>
public sealed class SignedEnvelope
{
    private readonly byte[] _bytes;
    private readonly ReadOnlyMemory<byte> _manifestWithHeader;

    private SignedEnvelope(byte[] bytes, Parts parts)
    {
        _bytes = bytes;
        _manifestWithHeader = parts.ManifestWithHeader;
        EncodedManifest = parts.Manifest;
        EncodedDigest = parts.Digest;
        EncodedAuthentication = parts.Authentication;
        OtherElements = parts.Others;
        Signatures = parts.Signatures;
        ClaimedDigest = ManifestDecoder.DecodeDigest(parts.Digest, "manifest digest");
    }

    /// <summary>The whole envelope as received.</summary>
    public ReadOnlyMemory<byte> Bytes => _bytes;

    /// <summary>The digest that the signatures sign; it proves something only when it matches the manifest.</summary>
    public Sha256Digest ClaimedDigest { get; }

    /// <summary>The signatures, in their order; at most <see cref="DecodeLimits.Signatures"/>.</summary>
    public IReadOnlyList<EnvelopeSignature> Signatures { get; }

    internal ReadOnlyMemory<byte> EncodedManifest { get; }

    internal ReadOnlyMemory<byte> EncodedDigest { get; }

    internal ReadOnlyMemory<byte> EncodedAuthentication { get; }

    /// <summary>Keys of envelope elements beyond authentication and manifest (severed members, integrated payloads).</summary>
    internal IReadOnlyList<string> OtherElements { get; }

    /// <summary>The manifest's digest. It covers the byte string *with its CBOR header* (section 8.3).</summary>
    internal Sha256Digest ComputeDigest() => Sha256Digest.Of(_manifestWithHeader.Span);

    /// <summary>Decodes an envelope of at most <see cref="DecodeLimits.EnvelopeBytes"/>: any well-formed CBOR, in any key order.</summary>
    public static Verdict<SignedEnvelope> Decode(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > DecodeLimits.EnvelopeBytes)
        {
            int length = bytes.Length;
            return Verdict.Of<SignedEnvelope>(() => throw new RejectedException(RejectionReason.LimitExceeded, $"envelope: wanted at most {DecodeLimits.EnvelopeBytes} bytes, got {length}"));
        }

        byte[] own = bytes.ToArray();
        return Verdict.Of(() => new SignedEnvelope(own, EnvelopeReader.Read(own)));
    }

    /// <summary>Wraps <paramref name="manifest"/> in an envelope without signatures: the start of a release.</summary>
    public static SignedEnvelope Begin(UpdateManifest manifest)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        CborWriter writer = new(CborConformanceMode.Canonical);
        writer.WriteByteString(ManifestEncoder.Encode(manifest));
        byte[] withHeader = writer.Encode();
        return Decode(Assemble(ManifestEncoder.Digest(Sha256Digest.Of(withHeader)), [], withHeader)).OrThrow();
    }

    /// <summary>The COSE Sig_structure that <paramref name="key"/> has to sign; its payload is the raw encoded SUIT_Digest.</summary>
    public byte[] ToBeSigned(VerificationKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return CoseSign1.ToBeSigned(key, EncodedDigest.Span);
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
        return Decode(Assemble(EncodedDigest.Span, [.. Signatures.Select(static s => s.Encoded), added], _manifestWithHeader.Span)).OrThrow();
    }

    /// <summary>Whether <paramref name="key"/> signed this envelope's digest, and that digest is the manifest's.</summary>
    public bool IsSignedBy(VerificationKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return DigestMatches && Signatures.Any(s => s.IsBy(key, EncodedDigest.Span));
    }

    /// <summary>What the manifest says, whoever signed it: for showing it to people, never for acting on it.</summary>
    public Verdict<UpdateManifest> UnverifiedContent() => Verdict.Of(() => ManifestDecoder.Decode(EncodedManifest));

    /// <summary>Whether the digest that the signatures are over is the manifest's.</summary>
    public bool DigestMatches => ComputeDigest() == ClaimedDigest;

    private static byte[] Assemble(ReadOnlySpan<byte> digest, IReadOnlyList<byte[]> signatures, ReadOnlySpan<byte> manifestWithHeader)
    {
        CborWriter authentication = new(CborConformanceMode.Canonical);
        authentication.WriteStartArray(1 + signatures.Count);
        authentication.WriteByteString(digest);
        foreach (byte[] signature in signatures)
        {
            authentication.WriteByteString(signature);
        }

        authentication.WriteEndArray();
        CborWriter envelope = new(CborConformanceMode.Canonical);
        envelope.WriteTag((CborTag)SuitNumbers.EnvelopeTag);
        envelope.WriteStartMap(2);
        envelope.WriteInt64(SuitNumbers.Authentication);
        envelope.WriteByteString(authentication.Encode());
        envelope.WriteInt64(SuitNumbers.Manifest);
        envelope.WriteEncodedValue(manifestWithHeader);
        envelope.WriteEndMap();
        return envelope.Encode();
    }

    internal sealed record Parts(
        ReadOnlyMemory<byte> Authentication,
        ReadOnlyMemory<byte> Digest,
        IReadOnlyList<EnvelopeSignature> Signatures,
        ReadOnlyMemory<byte> Manifest,
        ReadOnlyMemory<byte> ManifestWithHeader,
        IReadOnlyList<string> Others);
}
