using System.Formats.Cbor;
using Fota.Manifest.Keys;

namespace Fota.Manifest.Encoding;

/// <summary>One COSE_Sign1 (RFC 9052 section 4.2), tagged 18, as it was received. Believed by nobody until <see cref="IsBy"/> says so.</summary>
internal sealed class CoseSign1
{
    private const ulong Tag = 18;
    private const long AlgorithmLabel = 1, CriticalLabel = 2, KeyIdLabel = 4;

    private readonly byte[] _protected;
    private readonly List<long> _labels;

    private CoseSign1(byte[] protectedHeader, long algorithm, List<long> labels, byte[]? keyId, byte[]? payload, byte[] signature)
    {
        _protected = protectedHeader;
        _labels = labels;
        Algorithm = algorithm;
        KeyId = keyId;
        Payload = payload;
        Signature = signature;
    }

    /// <summary>`alg` of the protected header, as a number: for display, and to be compared with the trusted key's own.</summary>
    public long Algorithm { get; }

    /// <summary>`kid` of the unprotected header: a hint which key to try.</summary>
    public byte[]? KeyId { get; }

    /// <summary>The payload, or null where it is detached.</summary>
    public byte[]? Payload { get; }

    public byte[] Signature { get; }

    public static CoseSign1 Decode(ReadOnlyMemory<byte> bytes, string what) => CborDoor.Decode(bytes, what, reader => Read(reader, what));

    /// <summary>Reads one COSE_Sign1 where <paramref name="reader"/> stands.</summary>
    public static CoseSign1 Read(CborReader reader, string what)
    {
        if (reader.PeekState() != CborReaderState.Tag || (ulong)reader.ReadTag() != Tag)
        {
            throw new RejectedException(RejectionReason.Unsupported, $"{what}: wanted a COSE_Sign1 (tag 18); COSE_Sign, MACs and encryption are not supported");
        }

        byte[]? protectedHeader = null, keyId = null, payload = null, signature = null;
        List<long> labels = [];
        reader.ReadArray(what, 4, index =>
        {
            switch (index)
            {
                case 0:
                    protectedHeader = reader.ReadByteString();
                    break;
                case 1:
                    keyId = ReadUnprotected(reader, labels, what);
                    break;
                case 2 when reader.PeekState() == CborReaderState.Null:
                    reader.ReadNull();
                    break;
                case 2:
                    payload = reader.ReadByteString();
                    break;
                default:
                    signature = reader.ReadByteString();
                    break;
            }
        });
        CborDoor.Require(signature, $"{what}: the signature");
        long algorithm = CborDoor.Decode(protectedHeader, $"{what}: protected header", inner => ReadProtected(inner, labels, what));
        return new CoseSign1(protectedHeader!, algorithm, labels, keyId, payload, signature!);
    }

    /// <summary>Whether <paramref name="key"/> signed <paramref name="payload"/> here. The algorithm is the key's; a message that says otherwise is not by it (A24).</summary>
    public bool IsBy(VerificationKey key, ReadOnlySpan<byte> payload) =>
        key.Accepts(Algorithm) && key.IsSignatureOver(SignatureInput(_protected, payload), Signature);

    /// <summary>Whether the hint excludes <paramref name="key"/>.</summary>
    public bool MayBeBy(VerificationKey key) => KeyId is null || key.Id.Thumbprint.Bytes.SequenceEqual(KeyId);

    /// <summary>
    /// What our profile demands of the headers: the algorithm protected, the key id unprotected, and nothing else. The unprotected header is
    /// not signed; a fixed content leaves no room to alter it unnoticed (A20, A23).
    /// </summary>
    public void RequireProfile(string what)
    {
        DeterministicCbor.Require(_protected, $"{what}: protected header");
        CborDoor.Require(KeyId, $"{what}: the key id in the unprotected header");
        long foreign = _labels.Find(static label => label is not (AlgorithmLabel or KeyIdLabel));
        if (foreign != 0 || _labels.Count != 2)
        {
            throw new RejectedException(RejectionReason.UnknownField, $"{what}: wanted the header parameters 1 (protected) and 4 (unprotected), got {string.Join(", ", _labels)}");
        }
    }

    /// <summary>The Sig_structure (RFC 9052 section 4.4) that <paramref name="key"/> has to sign.</summary>
    public static byte[] ToBeSigned(VerificationKey key, ReadOnlySpan<byte> payload) => SignatureInput(EncodeProtected(key), payload);

    /// <summary>Writes a COSE_Sign1 by <paramref name="key"/>; <paramref name="payload"/> null leaves it detached.</summary>
    public static byte[] Encode(VerificationKey key, byte[]? payload, ReadOnlySpan<byte> signature)
    {
        CborWriter writer = new(CborConformanceMode.Canonical);
        writer.WriteTag((CborTag)Tag);
        writer.WriteStartArray(4);
        writer.WriteByteString(EncodeProtected(key));
        writer.WriteStartMap(1);
        writer.WriteInt64(KeyIdLabel);
        writer.WriteByteString(key.Id.Thumbprint.Bytes);
        writer.WriteEndMap();
        if (payload is null)
        {
            writer.WriteNull();
        }
        else
        {
            writer.WriteByteString(payload);
        }

        writer.WriteByteString(signature);
        writer.WriteEndArray();
        return writer.Encode();
    }

    private static byte[] EncodeProtected(VerificationKey key)
    {
        CborWriter writer = new(CborConformanceMode.Canonical);
        writer.WriteStartMap(1);
        writer.WriteInt64(AlgorithmLabel);
        writer.WriteInt64((long)key.Algorithm);
        writer.WriteEndMap();
        return writer.Encode();
    }

    private static byte[] SignatureInput(ReadOnlySpan<byte> protectedHeader, ReadOnlySpan<byte> payload)
    {
        CborWriter writer = new(CborConformanceMode.Canonical);
        writer.WriteStartArray(4);
        writer.WriteTextString("Signature1");
        writer.WriteByteString(protectedHeader);
        writer.WriteByteString([]);
        writer.WriteByteString(payload);
        writer.WriteEndArray();
        return writer.Encode();
    }

    private static long ReadProtected(CborReader reader, List<long> labels, string what)
    {
        long? algorithm = null;
        reader.ReadMap(what, label =>
        {
            labels.Add(label);
            switch (label)
            {
                case AlgorithmLabel:
                    algorithm = reader.ReadInt64();
                    break;
                case CriticalLabel:
                    // RFC 9052 section 3.1: a critical header that is not understood makes the message fail. We understand none.
                    throw new RejectedException(RejectionReason.Unsupported, $"{what}: critical header parameters are not supported");
                default:
                    reader.SkipValue();
                    break;
            }
        });
        return CborDoor.Require(algorithm, $"{what}: the algorithm in the protected header");
    }

    private static byte[]? ReadUnprotected(CborReader reader, List<long> labels, string what)
    {
        byte[]? keyId = null;
        reader.ReadMap(what, label =>
        {
            labels.Add(label);
            if (label == KeyIdLabel)
            {
                keyId = reader.ReadByteString();
            }
            else
            {
                reader.SkipValue();
            }
        });
        return keyId;
    }
}
