using System.Formats.Cbor;
using Fota.Manifest.Encoding;

namespace Fota.Manifest.Envelope;

/// <summary>Takes an envelope apart without believing any of it.</summary>
internal static class EnvelopeReader
{
    public static SignedEnvelope.Parts Read(byte[] bytes) => CborDoor.Decode(bytes, "envelope", reader =>
    {
        if (reader.PeekState() != CborReaderState.Tag || (ulong)reader.ReadTag() != SuitNumbers.EnvelopeTag)
        {
            throw new RejectedException(RejectionReason.WrongDocument, $"envelope: wanted CBOR tag {SuitNumbers.EnvelopeTag} (SUIT_Envelope)");
        }

        byte[]? authentication = null, manifest = null;
        ReadOnlyMemory<byte> manifestWithHeader = default;
        List<string> others = [];
        reader.ReadStartMap();
        while (reader.PeekState() != CborReaderState.EndMap)
        {
            if (reader.PeekState() == CborReaderState.TextString)
            {
                others.Add($"\"{reader.ReadTextString()}\""); // an integrated payload (section 8.2)
                reader.SkipValue();
                continue;
            }

            long key = reader.ReadInt64();
            switch (key)
            {
                case SuitNumbers.Authentication:
                    authentication = reader.ReadByteString();
                    break;
                case SuitNumbers.Manifest:
                    int start = bytes.Length - reader.BytesRemaining;
                    manifest = reader.ReadByteString();
                    manifestWithHeader = bytes.AsMemory(start, bytes.Length - reader.BytesRemaining - start);
                    break;
                default:
                    others.Add(key.ToString());
                    reader.SkipValue();
                    break;
            }

            if (others.Count > DecodeLimits.Items)
            {
                throw new RejectedException(RejectionReason.LimitExceeded, $"envelope: wanted at most {DecodeLimits.Items} elements");
            }
        }

        reader.ReadEndMap();
        CborDoor.Require(manifest, "envelope: manifest");
        (byte[] digest, List<EnvelopeSignature> signatures) = ReadAuthentication(CborDoor.Require(authentication, "envelope: authentication"));
        return new SignedEnvelope.Parts(authentication, digest, signatures, manifest, manifestWithHeader, others);
    });

    private static (byte[] Digest, List<EnvelopeSignature> Signatures) ReadAuthentication(byte[] bytes) => CborDoor.Decode(bytes, "authentication", reader =>
    {
        byte[]? digest = null;
        List<EnvelopeSignature> signatures = [];
        reader.ReadArray("authentication", 1 + DecodeLimits.Signatures, index =>
        {
            byte[] item = reader.ReadByteString();
            if (index == 0)
            {
                digest = item;
            }
            else
            {
                signatures.Add(new EnvelopeSignature(item, CoseSign1.Decode(item, $"signature {index}")));
            }
        });
        return (CborDoor.Require(digest, "authentication: digest"), signatures);
    });
}
