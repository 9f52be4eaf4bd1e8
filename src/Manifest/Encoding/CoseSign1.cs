using System.Formats.Cbor;
using Fota.Manifest.Envelope;
using Fota.Manifest.Keys;

namespace Fota.Manifest.Encoding;

/// <summary>Writes COSE_Sign1 messages (RFC 9052 section 4.2) as our profile has them.</summary>
internal static class CoseSign1
{
    /// <summary>The Sig_structure (RFC 9052 section 4.4) that <paramref name="key"/> has to sign.</summary>
    public static byte[] ToBeSigned(VerificationKey key, ReadOnlySpan<byte> payload) => SignatureInput(EncodeProtected(key), payload);

    /// <summary>The Sig_structure of a message with the given protected header and no external data.</summary>
    public static byte[] SignatureInput(ReadOnlySpan<byte> protectedHeader, ReadOnlySpan<byte> payload)
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

    /// <summary>Writes a COSE_Sign1 by <paramref name="key"/>; <paramref name="payload"/> null leaves it detached.</summary>
    public static byte[] Encode(VerificationKey key, byte[]? payload, ReadOnlySpan<byte> signature)
    {
        CborWriter writer = new(CborConformanceMode.Canonical);
        writer.WriteTag((CborTag)CoseKind.Sign1);
        writer.WriteStartArray(4);
        writer.WriteByteString(EncodeProtected(key));
        writer.WriteStartMap(1);
        writer.WriteInt64(CoseHeader.KeyIdLabel);
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
        writer.WriteInt64(CoseHeader.AlgorithmLabel);
        writer.WriteInt64((long)key.Algorithm);
        writer.WriteEndMap();
        return writer.Encode();
    }
}
