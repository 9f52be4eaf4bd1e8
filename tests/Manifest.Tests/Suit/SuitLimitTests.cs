using System.Formats.Cbor;
using Fota.Manifest.Encoding;
using Fota.Manifest.Suit;
using Fota.TestKit;

namespace Fota.Manifest.Tests.Suit;

/// <summary>What the general decoder does with bytes that were made to hurt it.</summary>
[Proves("M-50")]
public sealed class SuitLimitTests
{
    private readonly byte[] _envelope = SampleRelease.Create().SignedBy(SoftwareKey.EcdsaP256()).Bytes.ToArray();

    [Test]
    public void Keys_out_of_order_are_taken_and_sorted_when_written()
    {
        byte[] unsorted = Envelope(w => w.WriteByteString([0xa1, 0x02, 0x80]), reversed: true);

        byte[] written = SuitDocument.Decode(unsorted).IsAccepted().Encode();

        Assert.That(written, Is.Not.EqualTo(unsorted).And.EqualTo(Envelope(w => w.WriteByteString([0xa1, 0x02, 0x80]), reversed: false)));
    }

    [Test]
    public void A22_Every_truncation_is_refused() => Refusal.EveryTruncation(_envelope, bytes => SuitDocument.Decode(bytes).IsAccepted(out _, out _));

    [Test]
    public void A22_Every_bit_flip_is_a_verdict_and_no_exception()
    {
        for (int bit = 0; bit < 8 * _envelope.Length; bit++)
        {
            byte[] flipped = [.. _envelope];
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            if (SuitDocument.Decode(flipped).IsAccepted(out SuitDocument? document, out _))
            {
                Assert.That(SuitDocument.Decode(document.Encode()).IsAccepted(out _, out _), Is.True, $"bit {bit}: what was taken can be written and taken again");
            }
        }
    }

    [Proves("M-6")]
    [Test]
    public void A22_Sequences_nested_too_deep_are_refused() =>
        SuitDocument.Decode(WithSharedSequence(Nested(DecodeLimits.Depth + 1))).IsRefusedFor(RejectionReason.LimitExceeded);

    [Test]
    public void Sequences_nested_to_the_limit_are_taken() => SuitDocument.Decode(WithSharedSequence(Nested(DecodeLimits.Depth))).IsAccepted();

    [Test]
    public void A22_Sequence_of_too_many_items_is_refused() =>
        SuitDocument.Decode(WithSharedSequence([0x99, 0x04, 0x02, .. Enumerable.Repeat((byte)1, 1026)])).IsRefusedFor(RejectionReason.LimitExceeded);

    [Test]
    public void A22_Command_without_argument_is_refused() => SuitDocument.Decode(WithSharedSequence([0x81, 0x01])).IsRefusedFor(RejectionReason.MissingField);

    [Test]
    public void A22_Component_index_false_is_refused() => SuitDocument.Decode(WithSharedSequence([0x82, 0x0c, 0xf4])).IsRefusedFor(RejectionReason.WrongType);

    [Test]
    public void A22_Arrays_nested_without_end_are_refused() =>
        SuitDocument.Decode(WithSharedSequence([0x82, 0x01, .. Enumerable.Repeat((byte)0x81, 100_000)])).IsRefusedFor(RejectionReason.LimitExceeded);

    [Test]
    [Proves("M-6")]
    public void A22_Arrays_nested_fifty_thousand_deep_are_refused_before_they_are_taken_apart() =>
        SuitDocument.Decode([0xd8, 0x6b, 0xa3, 0x18, 0x1e, .. Enumerable.Repeat((byte)0x81, 50_000), 0x00, .. _envelope[3..]]).IsRefusedFor(RejectionReason.LimitExceeded);

    [Test]
    public void A06_Envelope_above_the_limit_is_refused() => SuitDocument.Decode(new byte[DecodeLimits.EnvelopeBytes + 1]).IsRefusedFor(RejectionReason.LimitExceeded);

    [Test]
    public void A22_Member_twice_is_refused() =>
        SuitDocument.Decode([0xd8, 0x6b, 0xa3, 0x03, 0x40, .. _envelope[3..]]).IsRefusedFor(RejectionReason.Malformed);

    [Proves("M-52")]
    [Test]
    public void Unknown_members_parameters_and_commands_are_kept()
    {
        byte[] commands = [0x84, 0x18, 0x63, 0xa1, 0x01, 0xf6, 0x14, 0xa1, 0x18, 0x63, 0x81, 0xf5];

        byte[] bytes = WithSharedSequence(commands);

        Assert.That(SuitDocument.Decode(bytes).IsAccepted().Encode(), Is.EqualTo(bytes));
    }

    private static byte[] Nested(int depth)
    {
        byte[] sequence = [0x80];
        for (int i = 0; i < depth; i++)
        {
            CborWriter writer = new();
            writer.WriteStartArray(2);
            writer.WriteInt32(32);
            writer.WriteByteString(sequence);
            writer.WriteEndArray();
            sequence = writer.Encode();
        }

        return sequence;
    }

    private static byte[] WithSharedSequence(byte[] sequence)
    {
        CborWriter common = new();
        common.WriteStartMap(1);
        common.WriteInt32(4);
        common.WriteByteString(sequence);
        common.WriteEndMap();
        byte[] encoded = common.Encode();
        return Envelope(w => w.WriteByteString(encoded), reversed: false);
    }

    private static byte[] Envelope(Action<CborWriter> common, bool reversed)
    {
        CborWriter manifest = new();
        manifest.WriteStartMap(3);
        foreach (int key in reversed ? (int[])[3, 1, 2] : [1, 2, 3])
        {
            manifest.WriteInt32(key);
            if (key == 3)
            {
                common(manifest);
            }
            else
            {
                manifest.WriteInt32(1);
            }
        }

        manifest.WriteEndMap();
        CborWriter wrapped = new();
        wrapped.WriteByteString(manifest.Encode());
        byte[] digest = [0x82, 0x2f, 0x58, 0x20, .. new byte[32]];
        byte[] authentication = [0x81, 0x58, (byte)digest.Length, .. digest];
        CborWriter envelope = new();
        envelope.WriteTag((CborTag)107);
        envelope.WriteStartMap(2);
        envelope.WriteInt32(2);
        envelope.WriteByteString(authentication);
        envelope.WriteInt32(3);
        envelope.WriteEncodedValue(wrapped.Encode());
        envelope.WriteEndMap();
        return envelope.Encode();
    }
}
