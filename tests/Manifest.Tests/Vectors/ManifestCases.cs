namespace Fota.Manifest.Tests.Vectors;

/// <summary>Wrong manifests in envelopes that are signed by the right keys.</summary>
internal static class ManifestCases
{
    private const string Common = "3", Components = "3/2", Shared = "3/4", Parameters = "3/4/1", Validate = "7", Install = "20", Fetch = "20/1", Arguments = "20/1/25";

    private static byte[] Valid => ValidDocuments.NextManifest;

    private static byte[] Foreign => NameBasedUuid.Vendor("foreign.example").ToByteArray(bigEndian: true);

    public static IEnumerable<VectorCase> All =>
    [
        Case("byte-after", RejectionReason.TrailingData, "M-2", "one byte after the manifest", [.. Valid, 0x00]),
        Case("version-2", RejectionReason.WrongDocument, "M-20", "manifest version 2", CborEdit.Set(Valid, "1", [0x02])),
        Case("no-version", RejectionReason.MissingField, "M-20", "no manifest version", CborEdit.Remove(Valid, "1")),
        Case("no-sequence", RejectionReason.MissingField, "M-21", "no sequence number", CborEdit.Remove(Valid, "2")),
        Case("sequence-zero", RejectionReason.ValueOutOfRange, "M-21", "sequence number 0", CborEdit.Set(Valid, "2", [0x00])),
        Case("sequence-text", RejectionReason.WrongType, "M-21", "the sequence number is a text", CborEdit.Set(Valid, "2", [0x61, 0x33])),
        Case("sequence-negative", RejectionReason.ValueOutOfRange, "M-21", "sequence number -1", CborEdit.Set(Valid, "2", [0x20])),
        Case("sequence-long-form", RejectionReason.NotDeterministic, "M-5", "the sequence number in two bytes where one does", Replace([0x02, 0x03], [0x02, 0x18, 0x03])),
        Case("no-common", RejectionReason.MissingField, "M-22", "no common part", CborEdit.Remove(Valid, Common)),
        Case("no-components", RejectionReason.MissingField, "M-23", "no components", CborEdit.Remove(Valid, Components)),
        Case("no-shared-sequence", RejectionReason.MissingField, "M-22", "no shared sequence", CborEdit.Remove(Valid, Shared)),
        Case("no-validate", RejectionReason.MissingField, "M-24", "nothing is checked at boot", CborEdit.Remove(Valid, Validate)),
        Case("no-install", RejectionReason.MissingField, "M-24", "nothing is installed", CborEdit.Remove(Valid, Install)),
        Case("unknown-element", RejectionReason.Unsupported, "M-4", "manifest element 99", CborEdit.Add(Valid, "", 99, [0x00])),
        Case("map-key-twice", RejectionReason.DuplicateField, "M-5", "the manifest version twice", [0xa6, 0x01, 0x01, .. Valid[1..]]),
        Case("float", RejectionReason.NotDeterministic, "M-5", "a float in the place of the sequence number", CborEdit.Set(Valid, "2", [0xf9, 0x42, 0x00])),
        Case("deep", RejectionReason.LimitExceeded, "M-6", "nested 40 deep", CborEdit.Add(Valid, "", 99, [.. Enumerable.Repeat((byte)0x81, 40), 0x00])),
        Case("no-vendor", RejectionReason.MissingField, "M-25", "no vendor id", CborEdit.Remove(Valid, Parameters + "/1")),
        Case("no-class", RejectionReason.MissingField, "M-25", "no class id", CborEdit.Remove(Valid, Parameters + "/2")),
        Case("short-class", RejectionReason.ValueOutOfRange, "M-25", "a class id of 4 bytes", CborEdit.Set(Valid, Parameters + "/2", w => w.WriteByteString([1, 2, 3, 4]))),
        Case("no-class-condition", RejectionReason.MissingField, "M-25", "a class id that nothing compares", Cut(Shared, 4)),
        Case("no-image-digest", RejectionReason.MissingField, "M-26", "no image digest", CborEdit.Remove(Valid, Parameters + "/3")),
        Case("image-sha384", RejectionReason.UnsupportedDigest, "M-10", "the image's digest is a SHA-384", CborEdit.Set(Valid, Parameters + "/3", w => w.WriteByteString((byte[])[0x82, 0x38, 0x2a, 0x58, 0x30, .. new byte[48]]))),
        Case("no-image-size", RejectionReason.MissingField, "M-27", "no image size", CborEdit.Remove(Valid, Parameters + "/14")),
        Case("image-size-zero", RejectionReason.ValueOutOfRange, "M-27", "an image of no bytes", CborEdit.Set(Valid, Parameters + "/14", [0x00])),
        Case("image-size-huge", RejectionReason.ValueOutOfRange, "M-27", "an image of 2^63-1 bytes", CborEdit.Set(Valid, Parameters + "/14", [0x1b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])),
        Case("no-uri", RejectionReason.MissingField, "M-28", "no uri", CborEdit.Remove(Valid, Fetch + "/21")),
        Case("empty-uri", RejectionReason.ValueOutOfRange, "M-28", "an empty uri", CborEdit.Set(Valid, Fetch + "/21", [0x60])),
        Case("uri-with-space", RejectionReason.ValueOutOfRange, "M-28", "a uri with a space", CborEdit.Set(Valid, Fetch + "/21", w => w.WriteTextString("packs/a b"))),
        Case("no-fetch-arguments", RejectionReason.MissingField, "M-29", "no fetch arguments", CborEdit.Remove(Valid, Arguments)),
        Case("no-table-digest", RejectionReason.MissingField, "M-29", "no digest of the chunk table", CborEdit.Remove(Valid, Arguments + "/1")),
        Case("no-table-size", RejectionReason.MissingField, "M-29", "no size of the chunk table", CborEdit.Remove(Valid, Arguments + "/2")),
        Case("no-security-version", RejectionReason.MissingField, "M-29", "no security version", CborEdit.Remove(Valid, Arguments + "/3")),
        Case("no-release-version", RejectionReason.MissingField, "M-29", "no release version", CborEdit.Remove(Valid, Arguments + "/4")),
        Case("release-version-leading-zero", RejectionReason.ValueOutOfRange, "M-29", "release version 01.0.0", CborEdit.Set(Valid, Arguments + "/4", w => w.WriteTextString("01.0.0"))),
        Case("fetch-argument-unknown", RejectionReason.Unsupported, "M-29", "fetch argument 9", CborEdit.Add(Valid, Arguments, 9, [0x00])),
        Case("gates-empty", RejectionReason.ValueOutOfRange, "M-37", "a list of no gates", CborEdit.Add(Valid, Arguments, 5, [0x80])),
        Case("gates-twice", RejectionReason.ValueOutOfRange, "M-37", "a gate twice", CborEdit.Add(Valid, Arguments, 5, [0x82, 0x03, 0x03])),
        Case("gates-unordered", RejectionReason.ValueOutOfRange, "M-37", "gates in another order than that of their numbers", CborEdit.Add(Valid, Arguments, 5, [0x82, 0x03, 0x01])),
        Case("gates-unknown", RejectionReason.Unsupported, "M-37", "gate 9", CborEdit.Add(Valid, Arguments, 5, [0x82, 0x01, 0x09])),
        Case("gates-number", RejectionReason.WrongType, "M-37", "a gate without a list", CborEdit.Add(Valid, Arguments, 5, [0x01])),
        Case("sbom-short", RejectionReason.ValueOutOfRange, "M-38", "a digest of the bill of materials of 31 bytes", CborEdit.Add(Valid, Arguments, 6, CborEdit.Encode(w => w.WriteByteString(new byte[31])))),
        Case("sbom-text", RejectionReason.WrongType, "M-38", "the digest of the bill of materials as a text", CborEdit.Add(Valid, Arguments, 6, [0x61, 0x33])),
        Case("swap", RejectionReason.Unsupported, "M-30", "a command outside the profile (swap)", CborEdit.Append(Valid, Install, [0x18, 0x1f], [0x0f])),
        Case("another-policy", RejectionReason.Unsupported, "M-36", "the vendor condition with another reporting policy", CborEdit.Set(Valid, Shared + "/3", [0x05])),
        Case("shared-twice", RejectionReason.Unsupported, "M-36", "the vendor condition twice", CborEdit.Append(Valid, Shared, [0x01], [0x0f])),
        Case("version-unread", RejectionReason.Unsupported, "M-33", "a version that nothing compares", WithInstallHead(Parameter(2, 1), [])),
        Case("version-type-9", RejectionReason.ValueOutOfRange, "M-33", "a version comparison of type 9", WithInstallHead(Parameter(9, 1), Comparison)),
        Case("not-from-here", RejectionReason.WrongInstalledVersion, "M-44", "installable from 2.0.0 on, 1.0.0 is running", WithInstallHead(Parameter(2, 2), Comparison)),
        Case("wrong-component", RejectionReason.WrongComponent, "M-45", "for component [h'01'], which the device lacks", CborEdit.Set(Valid, Components, [0x81, 0x81, 0x41, 0x01])),
        Text("text-altered", RejectionReason.DigestMismatch, "M-35", "a text that is not the one whose digest was signed", CborEdit.Add(Valid, "", 23, [0x82, 0x2f, 0x58, 0x20, .. Sha256Digest.Of("another text"u8).Bytes])),
        Text("text-unsigned", RejectionReason.Unsupported, "M-4", "a text whose digest nobody signed", Valid),
        Case("wrong-vendor", RejectionReason.WrongVendor, "M-40", "for another vendor", CborEdit.Set(Valid, Parameters + "/1", w => w.WriteByteString(Foreign))),
        Case("wrong-class", RejectionReason.WrongClass, "M-40", "for another class", CborEdit.Set(Valid, Parameters + "/2", w => w.WriteByteString(Foreign))),
        Case("wrong-device", RejectionReason.WrongDevice, "M-40", "for another device", CborEdit.Append(CborEdit.Add(Valid, Parameters, 24, CborEdit.Encode(w => w.WriteByteString(Foreign))), Shared, [0x18, 0x18], [0x0f])),
        Case("sequence-rollback", RejectionReason.SequenceRollback, "M-41", "sequence number 1, confirmed is 2", CborEdit.Set(Valid, "2", [0x01])),
        Case("sequence-reused", RejectionReason.SequenceReused, "M-41", "sequence number 2 of another manifest", CborEdit.Set(Valid, "2", [0x02])),
        Case("below-floor", RejectionReason.BelowSecurityFloor, "M-42", "security version 0, the floor is 1", CborEdit.Set(Valid, Arguments + "/3", [0x00])),
        Case("image-too-large", RejectionReason.ImageTooLarge, "M-43", "one byte more than the slot", CborEdit.Set(Valid, Parameters + "/14", w => w.WriteInt32((1024 * 1024) + 1))),
    ];

    /// <summary>Installable from 1.0.0 on: what the vectors about versions were made from.</summary>
    public static byte[] InstallableFromOne => WithInstallHead(Parameter(2, 1), Comparison);

    private static VectorCase Case(string name, RejectionReason expect, string clause, string about, byte[] manifest) =>
        VectorCase.Cbor("manifest", name, expect, clause, about, ValidDocuments.Signed(manifest));

    private static byte[] Comparison => [0x18, 0x1c, 0x0f];

    /// <summary>An envelope that has a text beside the manifest.</summary>
    private static VectorCase Text(string name, RejectionReason expect, string clause, string about, byte[] manifest)
    {
        byte[] text = CborEdit.Encode(w => w.WriteByteString((byte[])[0xa1, 0x62, 0x65, 0x6e, 0xa1, 0x02, 0x65, 0x48, 0x65, 0x6c, 0x6c, 0x6f]));
        return VectorCase.Cbor("manifest", name, expect, clause, about, CborEdit.Add(ValidDocuments.Signed(manifest), "", 23, text));
    }

    // 20, {28: << [type, [major, 0, 0]] >>}
    private static byte[] Parameter(byte type, byte major) => [0x14, 0xa1, 0x18, 0x1c, 0x46, 0x82, type, 0x83, major, 0x00, 0x00];

    private static byte[] WithInstallHead(byte[] parameter, byte[] comparison)
    {
        byte[] install = new System.Formats.Cbor.CborReader(CborEdit.Get(Valid, Install)).ReadByteString();
        byte[] longer = [(byte)(install[0] + 2 + (comparison.Length > 0 ? 2 : 0)), .. parameter, .. comparison, .. install[1..]];
        return CborEdit.Set(Valid, Install, w => w.WriteByteString(longer));
    }

    private static byte[] Cut(string sequence, int items) => Enumerable.Range(items, 8).Reverse().Aggregate(Valid, (manifest, index) => CborEdit.Remove(manifest, $"{sequence}/{index}"));

    private static byte[] Replace(byte[] old, byte[] now)
    {
        int at = Valid.AsSpan().IndexOf(old);
        return [.. Valid[..at], .. now, .. Valid[(at + old.Length)..]];
    }
}
