using System.Formats.Cbor;
using Fota.Manifest.Envelope;
using Fota.Manifest.Tests.Envelope;
using Fota.TestKit;

namespace Fota.Manifest.Tests.Vectors;

/// <summary>Wrong envelopes and signatures.</summary>
internal static class EnvelopeCases
{
    private const string Authentication = "2", Digest = "2/0", First = "2/1", Second = "2/2", Manifest = "3";

    private static byte[] Valid => ValidDocuments.Envelope;

    public static IEnumerable<VectorCase> All =>
    [
        Case("no-tag", RejectionReason.Unsupported, "M-1", "the envelope's tag 107 is missing", Valid[2..]),
        Case("another-tag", RejectionReason.WrongDocument, "M-1", "tag 106 in the place of 107", [0xd8, 0x6a, .. Valid[2..]]),
        Case("byte-after", RejectionReason.TrailingData, "M-2", "one byte after the envelope", [.. Valid, 0x00]),
        Case("cut", RejectionReason.Malformed, "M-2", "the last byte is missing", Valid[..^1]),
        Case("reserved-head", RejectionReason.Malformed, "M-2", "a head that CBOR reserves", [0xd8, 0x6b, 0xa1, 0x1c]),
        Case("no-authentication", RejectionReason.MissingField, "M-3", "without element 2", CborEdit.Remove(Valid, Authentication)),
        Case("no-manifest", RejectionReason.MissingField, "M-3", "without element 3", CborEdit.Remove(Valid, Manifest)),
        Case("no-digest", RejectionReason.MissingField, "M-3", "an empty authentication", CborEdit.Set(Valid, Authentication, w => w.WriteByteString([0x80]))),
        Case("unsigned", RejectionReason.NoSignatures, "M-8", "the digest without any signature", CborEdit.Remove(CborEdit.Remove(Valid, Second), First)),
        Case("digest-flipped", RejectionReason.DigestMismatch, "M-9", "one bit of the digest flipped", CborEdit.At(Valid, Digest, static digest => [.. digest[..^1], (byte)(digest[^1] ^ 1)])),
        Case("manifest-flipped", RejectionReason.DigestMismatch, "M-9", "one bit of the manifest flipped", CborEdit.At(Valid, Manifest + "/2", static sequence => [(byte)(sequence[0] ^ 1)])),
        Case("digest-without-header", RejectionReason.DigestMismatch, "M-9", "the digest of the manifest without its byte string's header", WithDigest(Sha256Digest.Of(ValidDocuments.Manifest))),
        Case("sha384", RejectionReason.UnsupportedDigest, "M-10", "a SUIT_Digest of SHA-384", CborEdit.Set(Valid, Digest, w => w.WriteByteString((byte[])[0x82, 0x38, 0x2a, 0x58, 0x30, .. new byte[48]]))),
        Case("short-digest", RejectionReason.ValueOutOfRange, "M-10", "a SHA-256 of 31 bytes", CborEdit.Set(Valid, Digest, w => w.WriteByteString((byte[])[0x82, 0x2f, 0x58, 0x1f, .. new byte[31]]))),
        Case("one-signature", RejectionReason.ThresholdNotMet, "M-11", "the release engineer alone", CborEdit.Remove(Valid, Second)),
        Case("one-key-twice", RejectionReason.ThresholdNotMet, "M-11", "two signatures of the release engineer", SignedBy(ValidDocuments.Release, ValidDocuments.Release)),
        Case("stranger", RejectionReason.ThresholdNotMet, "M-11", "release engineer and a stranger", SignedBy(ValidDocuments.Release, ValidDocuments.Stranger)),
        Case("signature-flipped", RejectionReason.ThresholdNotMet, "M-11", "one bit of the second signature flipped", CborEdit.At(Valid, Second + "/3", static value => [.. value[..^1], (byte)(value[^1] ^ 1)])),
        Case("signature-empty", RejectionReason.ThresholdNotMet, "M-11", "the second signature has no bytes", CborEdit.Set(Valid, Second + "/3", w => w.WriteByteString([]))),
        Case("signature-zero", RejectionReason.ThresholdNotMet, "M-11", "the second signature is 64 zeros", CborEdit.Set(Valid, Second + "/3", w => w.WriteByteString(new byte[64]))),
        Case("signature-long", RejectionReason.ThresholdNotMet, "M-11", "one byte after the second signature", CborEdit.Set(Valid, Second + "/3", w => w.WriteByteString((byte[])[.. new CborReader(CborEdit.Get(Valid, Second + "/3")).ReadByteString(), 0]))),
        Case("another-algorithm", RejectionReason.ThresholdNotMet, "M-12", "the second signature's header names ESP256, its key is Ed25519", Forged([0xa1, 0x01, 0x28])),
        Case("unprotected-header", RejectionReason.UnknownField, "M-13", "content type in the unprotected header, which nobody signs", CborEdit.Add(Valid, Second + "/1", 3, [0x00])),
        Case("no-key-id", RejectionReason.MissingField, "M-13", "no key id in the second signature", CborEdit.Remove(Valid, Second + "/1/4")),
        Case("attached-payload", RejectionReason.UnknownField, "M-14", "a payload inside, beside the detached one that is signed", CborEdit.Set(Valid, Second + "/2", w => w.WriteByteString([1, 2, 3]))),
        Case("critical-header", RejectionReason.ThresholdNotMet, "M-15", "a critical header parameter", Forged([0xa2, 0x01, 0x32, 0x02, 0x81, 0x18, 0x63])),
        Case("integrated-payload", RejectionReason.Unsupported, "M-4", "an element beside authentication and manifest", CborEdit.Add(Valid, "", 99, [0x40])),
        Case("keys-unsorted", RejectionReason.NotDeterministic, "M-5", "element 3 before element 2", Unsorted()),
        Case("indefinite-length", RejectionReason.NotDeterministic, "M-5", "an envelope of indefinite length", [0xd8, 0x6b, 0xbf, .. Valid[3..], 0xff]),
        Case("header-long-form", RejectionReason.NotDeterministic, "M-5", "the protected header's algorithm in two bytes where one does, signed so", Forged([0xa1, 0x01, 0x38, 0x12])),
        Case("authentication-long-form", RejectionReason.NotDeterministic, "M-5", "the authentication's length in two bytes where one does", CborEdit.At(Valid, Authentication, static item => LongForm(item))),
        Case("signature-long-form", RejectionReason.NotDeterministic, "M-5", "a COSE_Sign1 whose length stands in two bytes where one does", CborEdit.At(Valid, Authentication, static item => CborEdit.Encode(w => w.WriteByteString(LongSecond(item))))),
        Case("header-unknown-protected", RejectionReason.UnknownField, "M-13", "a content type in the protected header, signed so", Forged([0xa2, 0x01, 0x32, 0x03, 0x00])),
        Case("nested-without-sense", RejectionReason.LimitExceeded, "M-6", "well formed, and nested 600 deep", CborEdit.Add(Valid, "", 30, [.. Enumerable.Repeat((byte)0x81, 600), 0x00])),
        Case("element-twice", RejectionReason.Malformed, "M-5", "element 2 twice", [0xd8, 0x6b, 0xa3, .. Pair(2), .. Valid[3..]]),
        Case("too-many-signatures", RejectionReason.LimitExceeded, "M-6", "17 signatures", CborEdit.Append(Valid, Authentication, [.. Enumerable.Repeat(CborEdit.Get(Valid, First), 15)])),
    ];

    private static VectorCase Case(string name, RejectionReason expect, string clause, string about, byte[] document) => VectorCase.Cbor("envelope", name, expect, clause, about, document);

    // The first byte of the content is the head of an array: 0x83 becomes 0x98 0x03.
    private static byte[] LongForm(byte[] item)
    {
        byte[] content = new CborReader(item).ReadByteString();
        return CborEdit.Encode(w => w.WriteByteString((byte[])[0x98, (byte)(content[0] & 0x1f), .. content[1..]]));
    }

    // Of the last signature: the tag stays, 0x84 becomes 0x98 0x04.
    private static byte[] LongSecond(byte[] item)
    {
        CborReader reader = new(new CborReader(item).ReadByteString());
        reader.ReadStartArray();
        byte[] digest = reader.ReadEncodedValue().ToArray(), first = reader.ReadEncodedValue().ToArray(), second = reader.ReadByteString();
        return [0x83, .. digest, .. first, .. CborEdit.Encode(w => w.WriteByteString((byte[])[second[0], 0x98, 0x04, .. second[2..]]))];
    }

    private static byte[] WithDigest(Sha256Digest digest) => EnvelopeSurgery.WithDigest(Valid, [0x82, 0x2f, 0x58, 0x20, .. digest.Bytes]);

    private static byte[] SignedBy(params SoftwareKey[] keys) => EnvelopeSurgery.WithSignaturesOf(
        EnvelopeSurgery.Sign(ValidDocuments.Manifest, keys[0]),
        EnvelopeSurgery.Sign(ValidDocuments.Manifest, keys[1]));

    private static byte[] Forged(byte[] header) => EnvelopeSurgery.WithSignaturesOf(
        EnvelopeSurgery.Sign(ValidDocuments.Manifest, ValidDocuments.Release),
        EnvelopeSurgery.WithForgedHeader(SignedEnvelope.Decode(Valid).OrThrow(), ValidDocuments.Approver, header));

    private static byte[] Unsorted() => [0xd8, 0x6b, 0xa2, .. Pair(3), .. Pair(2)];

    private static byte[] Pair(byte key) => [key, .. CborEdit.Get(CborEdit.Encode(w => w.WriteEncodedValue(Valid.AsSpan(2))), key.ToString(System.Globalization.CultureInfo.InvariantCulture))];
}
