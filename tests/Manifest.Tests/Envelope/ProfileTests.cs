using System.Formats.Cbor;
using Fota.Manifest.Envelope;
using Fota.Manifest.Metadata;
using Fota.Manifest.Verification;
using Fota.TestKit;

namespace Fota.Manifest.Tests.Envelope;

/// <summary>Signed by the right keys and refused all the same: what our profile of SUIT demands beyond the signatures.</summary>
public sealed class ProfileTests
{
    private readonly SoftwareKey _key = SoftwareKey.EcdsaP256();
    private readonly byte[] _manifest;

    public ProfileTests() => _manifest = EnvelopeSurgery.ManifestOf(SignedEnvelope.Begin(SampleRelease.Create().Manifest).Bytes.ToArray());

    [Test]
    public void The_surgery_itself_changes_nothing() => Verify(_manifest).IsAccepted();

    [Test]
    public void A17_Manifest_without_image_digest_is_refused() =>
        Verify(EditShared(parameters => parameters.Remove(3))).IsRefusedFor(RejectionReason.MissingField);

    [Test]
    public void A17_Manifest_without_image_size_is_refused() =>
        Verify(EditShared(parameters => parameters.Remove(14))).IsRefusedFor(RejectionReason.MissingField);

    [Test]
    public void A17_Manifest_without_chunk_table_digest_is_refused() =>
        Verify(EditFetchArguments(fields => fields.Remove(1))).IsRefusedFor(RejectionReason.MissingField);

    [Test]
    public void A35_Manifest_without_security_version_is_refused() =>
        Verify(EditFetchArguments(fields => fields.Remove(3))).IsRefusedFor(RejectionReason.MissingField);

    [Test]
    public void A08_Manifest_without_vendor_is_refused() =>
        Verify(EditShared(parameters => parameters.Remove(1))).IsRefusedFor(RejectionReason.MissingField);

    [Test]
    public void A08_Manifest_whose_conditions_leave_out_the_class_is_refused() =>
        Verify(EditCommon(commands => [.. commands.Take(4)])).IsRefusedFor(RejectionReason.MissingField);

    [Test]
    public void P10_Manifest_without_validate_is_refused() => Verify(Edit(map => map.Remove(7))).IsRefusedFor(RejectionReason.MissingField);

    [Test]
    public void P10_Manifest_without_install_is_refused() => Verify(Edit(map => map.Remove(20))).IsRefusedFor(RejectionReason.MissingField);

    [Test]
    public void P10_Manifest_without_sequence_number_is_refused() => Verify(Edit(map => map.Remove(2))).IsRefusedFor(RejectionReason.MissingField);

    [Test]
    public void Sequence_number_zero_is_refused() => Verify(Edit(map => map[2] = [0x00])).IsRefusedFor(RejectionReason.ValueOutOfRange);

    [Test]
    public void Manifest_version_two_is_refused() => Verify(Edit(map => map[1] = [0x02])).IsRefusedFor(RejectionReason.WrongDocument);

    [Test]
    public void A_command_outside_the_profile_is_refused() =>
        Verify(Edit(map => map[8] = [0x43, 0x82, 0x03, 0x0f])).IsRefusedFor(RejectionReason.Unsupported);

    [Test]
    public void A25_Digest_algorithm_other_than_SHA_256_is_refused() =>
        Verify(EditShared(parameters => parameters[3] = Encoded(w =>
        {
            byte[] sha384 = [0x82, 0x38, 0x2a, 0x58, 0x30, .. new byte[48]];
            w.WriteByteString(sha384);
        }))).IsRefusedFor(RejectionReason.UnsupportedDigest);

    [Test]
    public void A22_Manifest_with_keys_out_of_order_is_refused()
    {
        SortedDictionary<int, byte[]> map = ReadMap(_manifest);
        byte[] unsorted = WriteMap(map.Reverse());

        Verify(unsorted).IsRefusedFor(RejectionReason.NotDeterministic);
    }

    [Test]
    public void A22_Manifest_with_a_long_integer_is_refused() => Verify(Edit(map => map[2] = [0x18, 0x02])).IsRefusedFor(RejectionReason.NotDeterministic);

    [Test]
    public void A22_Manifest_with_an_indefinite_string_is_refused()
    {
        byte[] common = new CborReader(ReadMap(_manifest)[3]).ReadByteString();
        Verify(Edit(map => map[3] = [0x5f, 0x58, (byte)common.Length, .. common, 0xff])).IsRefusedFor(RejectionReason.NotDeterministic);
    }

    [Test]
    public void A22_Manifest_with_a_key_twice_is_refused() =>
        Verify([0xa6, 0x01, 0x01, .. _manifest[1..]]).IsRefusedFor(RejectionReason.DuplicateField);

    [Test]
    public void Uri_with_a_space_is_refused()
    {
        UpdateManifest manifest = SampleRelease.Create().Manifest.WithImage(static i => i with { PackUri = "packs/a b" });
        Verify(EnvelopeSurgery.ManifestOf(SignedEnvelope.Begin(manifest).Bytes.ToArray())).IsRefusedFor(RejectionReason.ValueOutOfRange);
    }

    private Verdict<VerifiedManifest> Verify(byte[] manifest) =>
        VerifiedManifest.Verify(SignedEnvelope.Decode(EnvelopeSurgery.Sign(manifest, _key)).IsAccepted(), ReleaseAnchors.Classical(new RoleKeys([_key.PublicKey], 1)));

    private byte[] Edit(Action<SortedDictionary<int, byte[]>> edit)
    {
        SortedDictionary<int, byte[]> map = ReadMap(_manifest);
        edit(map);
        return WriteMap(map);
    }

    private byte[] EditCommon(Func<List<byte[]>, List<byte[]>> edit) => Edit(map =>
    {
        SortedDictionary<int, byte[]> common = ReadMap(Unwrap(map[3]));
        common[4] = Wrap(WriteArray(edit(ReadArray(Unwrap(common[4])))));
        map[3] = Wrap(WriteMap(common));
    });

    private byte[] EditShared(Action<SortedDictionary<int, byte[]>> edit) => EditCommon(commands =>
    {
        SortedDictionary<int, byte[]> parameters = ReadMap(commands[1]);
        edit(parameters);
        commands[1] = WriteMap(parameters);
        return commands;
    });

    private byte[] EditFetchArguments(Action<SortedDictionary<int, byte[]>> edit) => Edit(map =>
    {
        List<byte[]> install = ReadArray(Unwrap(map[20]));
        SortedDictionary<int, byte[]> parameters = ReadMap(install[1]);
        SortedDictionary<int, byte[]> fields = ReadMap(Unwrap(parameters[25]));
        edit(fields);
        parameters[25] = Wrap(WriteMap(fields));
        install[1] = WriteMap(parameters);
        map[20] = Wrap(WriteArray(install));
    });

    private static byte[] Unwrap(byte[] item) => new CborReader(item).ReadByteString();

    private static byte[] Wrap(byte[] content) => Encoded(w => w.WriteByteString(content));

    private static byte[] Encoded(Action<CborWriter> write)
    {
        CborWriter writer = new();
        write(writer);
        return writer.Encode();
    }

    private static SortedDictionary<int, byte[]> ReadMap(byte[] bytes)
    {
        CborReader reader = new(bytes);
        SortedDictionary<int, byte[]> map = [];
        reader.ReadStartMap();
        while (reader.PeekState() != CborReaderState.EndMap)
        {
            map.Add(reader.ReadInt32(), reader.ReadEncodedValue().ToArray());
        }

        return map;
    }

    private static byte[] WriteMap(IEnumerable<KeyValuePair<int, byte[]>> map) => Encoded(w =>
    {
        KeyValuePair<int, byte[]>[] pairs = [.. map];
        w.WriteStartMap(pairs.Length);
        foreach ((int key, byte[] value) in pairs)
        {
            w.WriteInt32(key);
            w.WriteEncodedValue(value);
        }

        w.WriteEndMap();
    });

    private static List<byte[]> ReadArray(byte[] bytes)
    {
        CborReader reader = new(bytes);
        List<byte[]> items = [];
        reader.ReadStartArray();
        while (reader.PeekState() != CborReaderState.EndArray)
        {
            items.Add(reader.ReadEncodedValue().ToArray());
        }

        return items;
    }

    private static byte[] WriteArray(List<byte[]> items) => Encoded(w =>
    {
        w.WriteStartArray(items.Count);
        items.ForEach(i => w.WriteEncodedValue(i));
        w.WriteEndArray();
    });
}
