using System.Formats.Cbor;
using Fota.Manifest.Envelope;
using Fota.Manifest.Suit;
using Fota.TestKit;

namespace Fota.Manifest.Tests.Envelope;

/// <summary>Takes envelopes apart and puts them together wrongly, byte for byte, without the code under test.</summary>
internal static class EnvelopeSurgery
{
    /// <summary>The first envelope with the signatures of both.</summary>
    public static byte[] WithSignaturesOf(byte[] first, byte[] second)
    {
        (List<byte[]> auth, byte[] manifest) = Open(first);
        return Close([.. auth, .. Open(second).Authentication.Skip(1)], manifest);
    }

    /// <summary>The first envelope's authentication over the second one's manifest.</summary>
    public static byte[] WithManifestOf(byte[] first, byte[] second) => Close(Open(first).Authentication, Open(second).Manifest);

    /// <summary>The envelope with another digest in its authentication.</summary>
    public static byte[] WithDigest(byte[] envelope, byte[] digest)
    {
        (List<byte[]> auth, byte[] manifest) = Open(envelope);
        return Close([digest, .. auth.Skip(1)], manifest);
    }

    /// <summary>The envelope with the last signature's value replaced.</summary>
    public static byte[] WithSignatureBytes(byte[] envelope, byte[] value)
    {
        (List<byte[]> auth, byte[] manifest) = Open(envelope);
        CborReader reader = new(auth[^1]);
        reader.ReadTag();
        reader.ReadStartArray();
        byte[] header = reader.ReadByteString();
        byte[] unprotected = reader.ReadEncodedValue().ToArray();
        return Close([.. auth.SkipLast(1), Cose(header, unprotected, value)], manifest);
    }

    /// <summary>An envelope signed by <paramref name="key"/> over a Sig_structure with the given protected header.</summary>
    public static byte[] WithForgedHeader(SignedEnvelope envelope, SoftwareKey key, byte[] header, byte[]? unprotected = null, byte[]? payload = null)
    {
        (List<byte[]> auth, byte[] manifest) = Open(envelope.Bytes.ToArray());
        CborWriter toBeSigned = new();
        toBeSigned.WriteStartArray(4);
        toBeSigned.WriteTextString("Signature1");
        toBeSigned.WriteByteString(header);
        toBeSigned.WriteByteString([]);
        toBeSigned.WriteByteString(auth[0]);
        toBeSigned.WriteEndArray();
        return Close([auth[0], Cose(header, unprotected ?? [0xa1, 0x04, 0x58, 0x20, .. key.PublicKey.Id.Thumbprint.Bytes], key.Sign(toBeSigned.Encode()), payload)], manifest);
    }

    /// <summary>An envelope around <paramref name="manifest"/> as it stands, signed by the keys: for manifests that our encoder would not write.</summary>
    public static byte[] Sign(byte[] manifest, params SoftwareKey[] keys)
    {
        CborWriter wrapped = new();
        wrapped.WriteByteString(manifest);
        byte[] withHeader = wrapped.Encode();
        CborWriter digest = new();
        digest.WriteStartArray(2);
        digest.WriteInt32(-16);
        digest.WriteByteString(Sha256Digest.Of(withHeader).Bytes);
        digest.WriteEndArray();
        byte[] unsigned = Close([digest.Encode()], withHeader);
        SignedEnvelope envelope = SignedEnvelope.Decode(unsigned).IsAccepted();
        return keys.Aggregate(envelope, static (e, key) => e.WithSignature(key.PublicKey, key.Sign(e.ToBeSigned(key.PublicKey)))).Bytes.ToArray();
    }

    /// <summary>The bytes of a manifest of any content: those that its document is written with.</summary>
    public static byte[] Encode(SuitManifest manifest) => ManifestOf(SuitDocument.Of(manifest).Encode());

    /// <summary>The manifest's bytes, without the byte string's header.</summary>
    public static byte[] ManifestOf(byte[] envelope) => new CborReader(Open(envelope).Manifest).ReadByteString();

    private static (List<byte[]> Authentication, byte[] Manifest) Open(byte[] envelope)
    {
        CborReader reader = new(envelope);
        reader.ReadTag();
        reader.ReadStartMap();
        reader.ReadInt32();
        CborReader auth = new(reader.ReadByteString());
        auth.ReadStartArray();
        List<byte[]> items = [];
        while (auth.PeekState() != CborReaderState.EndArray)
        {
            items.Add(auth.ReadByteString());
        }

        reader.ReadInt32();
        return (items, reader.ReadEncodedValue().ToArray());
    }

    private static byte[] Close(List<byte[]> authentication, byte[] manifestWithHeader)
    {
        CborWriter auth = new();
        auth.WriteStartArray(authentication.Count);
        authentication.ForEach(auth.WriteByteString);
        auth.WriteEndArray();
        CborWriter writer = new();
        writer.WriteTag((CborTag)107);
        writer.WriteStartMap(2);
        writer.WriteInt32(2);
        writer.WriteByteString(auth.Encode());
        writer.WriteInt32(3);
        writer.WriteEncodedValue(manifestWithHeader);
        writer.WriteEndMap();
        return writer.Encode();
    }

    private static byte[] Cose(byte[] header, byte[] unprotected, byte[] signature, byte[]? payload = null)
    {
        CborWriter writer = new();
        writer.WriteTag((CborTag)18);
        writer.WriteStartArray(4);
        writer.WriteByteString(header);
        writer.WriteEncodedValue(unprotected);
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
}
