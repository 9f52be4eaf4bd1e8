using System.Formats.Cbor;
using Fota.Manifest.Envelope;

namespace Fota.Manifest.Encoding;

/// <summary>A COSE message taken apart. Of kinds other than COSE_Sign1 only the frame is looked at.</summary>
/// <param name="Kind">Which message it is.</param>
/// <param name="EncodedProtected">The protected header's bytes, which the signature covers.</param>
/// <param name="Protected">What they say.</param>
/// <param name="Unprotected">The other header.</param>
/// <param name="Payload">The content; null where it is detached.</param>
/// <param name="Authenticator">The signature of a COSE_Sign1; empty for other kinds.</param>
internal sealed record CoseParts(CoseKind Kind, byte[] EncodedProtected, CoseHeader Protected, CoseHeader Unprotected, byte[]? Payload, byte[] Authenticator)
{
    /// <summary>Reads one tagged message where <paramref name="reader"/> stands.</summary>
    public static CoseParts Read(CborReader reader, string what)
    {
        CoseKind kind = reader.PeekState() == CborReaderState.Tag ? (CoseKind)(ulong)reader.ReadTag() : CoseKind.None;
        int length = LengthOf(kind) ?? throw new RejectedException(RejectionReason.Unsupported, $"{what}: wanted a tagged COSE message (RFC 9052 section 2), got another item");
        byte[]? encoded = null, payload = null, authenticator = null;
        CoseHeader? unprotected = null;
        int items = 0;
        reader.ReadArray(what, length, index =>
        {
            items++;
            switch (index)
            {
                case 0:
                    encoded = reader.ReadByteString();
                    break;
                case 1:
                    unprotected = CoseHeader.Read(reader, what);
                    break;
                case 2 when reader.PeekState() == CborReaderState.Null:
                    reader.ReadNull();
                    break;
                case 2:
                    payload = reader.ReadByteString();
                    break;
                case 3 when kind == CoseKind.Sign1:
                    authenticator = reader.ReadByteString();
                    break;
                default:
                    reader.SkipValue();
                    break;
            }
        });
        if (items != length)
        {
            throw new RejectedException(RejectionReason.MissingField, $"{what}: wanted {length} items, as a COSE_{kind} has, got {items}");
        }

        // RFC 9052 section 3: an empty map may be written as an empty string.
        CoseHeader header = encoded!.Length == 0 ? CoseHeader.Empty : CborDoor.Decode(encoded, $"{what}: protected header", inner => CoseHeader.Read(inner, what));
        return new CoseParts(kind, encoded, header, unprotected!, payload, authenticator ?? []);
    }

    private static int? LengthOf(CoseKind kind) => kind switch
    {
        CoseKind.Encrypt0 => 3,
        CoseKind.Mac0 or CoseKind.Sign1 or CoseKind.Encrypt or CoseKind.Sign => 4,
        CoseKind.Mac => 5,
        _ => null,
    };
}
