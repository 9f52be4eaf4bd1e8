using Fota.Interop.Zstd;
using Fota.Manifest.Packs;
using Fota.Manifest.Verification;
using Fota.TestKit;
using static Fota.TestKit.DeltaForge;

namespace Fota.Manifest.Tests.Packs;

/// <summary>Delta packs with one thing wrong in each.</summary>
public sealed class HostileDeltaTests
{
    private const int Chunk = 4096, Kibi = 1024;

    private readonly SampleRelease _release = SampleRelease.Create(image: DeltaPackTests.Noise(1, (9 * Chunk) + 100));
    private readonly byte[] _base = DeltaPackTests.Noise(9, 60_000);

    [Test]
    public void What_the_forge_writes_without_a_fault_is_accepted() =>
        Assert.That(AppliedDelta.Of(Forge().Rest(), Listed(), _base).IsAccepted(), Is.EqualTo(_release.Image));

    [Test]
    public void A_record_may_use_history_ranges_and_segments()
    {
        byte[] prefix = [.. _release.Image[(Chunk - Kibi)..Chunk], .. _base[640..1280], .. _base[59_968..]], content = new DeltaForge(_release, _base).Chunk(1);
        for (int i = 100; i < 300; i++)
        {
            content[i] = unchecked((byte)(content[i] - _base[Chunk + i + 7]));
        }

        byte[] pack = Forge().Stored().Record(
            Varint(1),
            Varint(2), Zigzag(10 - (Chunk / 64)), Varint(9), Varint((59_968 / 64) - 20), Varint(0),
            Varint(3), Varint(100 << 1), Varint((200 << 1) | 1), Zigzag(7), Varint(0),
            Frame(content, prefix)).Rest();

        Assert.That(AppliedDelta.Of(pack, Listed(), _base).IsAccepted(), Is.EqualTo(_release.Image));
    }

    [Test]
    [Proves("K-9")]
    public void Another_magic_is_refused()
    {
        byte[] pack = Forge().Rest();
        pack[7] = (byte)'2';

        Refused(pack, RejectionReason.PackMalformed);
    }

    [TestCase(11)]
    [TestCase(21)]
    [TestCase(255)]
    [Proves("K-9")]
    public void Chunk_size_that_no_table_may_have_is_refused(int log) => Refused(new DeltaForge(_release, _base) { ChunkLog = (byte)log }.Rest(), RejectionReason.PackMalformed);

    [Test]
    [Proves("K-9")]
    public void Another_chunk_size_than_the_tables_is_refused() => AppliedDelta.Of(
        new DeltaForge(_release, _base) { ChunkLog = 13 }.Plan(Varint(4 << 1), Zigzag(0)).ToArray(), Listed(), _base).IsRefusedFor(RejectionReason.PackForAnotherImage);

    [TestCase(0)]
    [Proves("K-9")]
    public void Empty_images_are_refused(long size)
    {
        Refused(new DeltaForge(_release, _base) { ImageSize = size }.Rest(), RejectionReason.PackMalformed);
        Refused(new DeltaForge(_release, _base) { BaseSize = size }.Rest(), RejectionReason.PackMalformed);
    }

    [Test]
    [Proves("K-9")]
    public void A06_Plan_longer_than_any_image_needs_is_refused_by_the_head()
    {
        byte[] pack = Forge().Rest();
        pack[51] = 1;

        Refused(pack, RejectionReason.PackMalformed);
    }

    [Test]
    [Proves("K-10")]
    public void Integer_that_is_longer_than_need_be_is_refused() => Refused(Forge().Plan([0x80 | (9 << 1), 0], Zigzag(0)).ToArray(), RejectionReason.PackMalformed);

    [Test]
    [Proves("K-10")]
    public void A22_Integer_without_end_is_refused() => Refused(Forge().Plan([0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01]).ToArray(), RejectionReason.PackMalformed);

    [Test]
    [Proves("K-11")]
    public void A27_Plan_of_more_chunks_than_the_image_has_is_refused() => Refused(Forge().Copies(11, 0).ToArray(), RejectionReason.PackMalformed);

    [Test]
    [Proves("K-11")]
    public void A27_Plan_of_fewer_chunks_is_refused() => Refused(Forge().Copies(9, 0).ToArray(), RejectionReason.PackMalformed);

    [Test]
    [Proves("K-11")]
    public void Plan_with_a_byte_after_it_is_refused() => Refused(Forge().Copies(10, 0).Plan([0]).ToArray(), RejectionReason.PackMalformed);

    [TestCase(-1)]
    [TestCase(60_000)]
    [TestCase(60_000 - (9 * Chunk) - 99)]
    [TestCase(long.MaxValue >> 16)]
    [Proves("K-11")]
    public void A30_Copy_from_outside_of_the_base_is_refused(long displacement) => Refused(Forge().Copies(10, displacement).ToArray(), RejectionReason.PackMalformed);

    [Test]
    [Proves("K-11")]
    public void A06_Record_longer_than_any_chunk_needs_is_refused_by_the_plan() =>
        Refused(Forge().Copies(9, 0).Plan(Varint(1), Varint(ZstdCompressor.Bound(Chunk) + (16 * Kibi) + 1)).ToArray(), RejectionReason.PackMalformed);

    [Test]
    [Proves("K-11")]
    public void Empty_record_is_refused_by_the_plan() => Refused(Forge().Copies(9, 0).Plan(Varint(1), Varint(0)).ToArray(), RejectionReason.PackMalformed);

    [Test]
    [Proves("K-12", "K-2")]
    public void A17_Digest_that_the_manifest_does_not_vouch_for_is_refused()
    {
        byte[] pack = Forge().Rest();
        pack[DeltaHead.Size + 45] ^= 1;

        Refused(pack, RejectionReason.ChunkTableMismatch);
    }

    [Test]
    [Proves("K-13")]
    public void History_longer_than_what_there_is_is_refused() => Refused(Forge().Record(Varint(1), [0], [0], Frame(First)).Rest(), RejectionReason.PackMalformed);

    [Test]
    [Proves("K-13")]
    public void History_longer_than_the_profile_allows_is_refused() =>
        Refused(Forge().Stored().Stored().Stored().Record(Varint(9), [0], [0], Frame(First)).Rest(), RejectionReason.PackMalformed);

    [TestCase(-1)]
    [TestCase(938)]
    [TestCase(1L << 40)]
    [Proves("K-13")]
    public void A30_Range_that_begins_outside_of_the_base_is_refused(long start) =>
        Refused(Forge().Record([0], Varint(1), Zigzag(start), Varint(0), [0], Frame(First)).Rest(), RejectionReason.PackMalformed);

    [Test]
    [Proves("K-13")]
    public void A30_Range_that_ends_outside_of_the_base_is_refused() =>
        Refused(Forge().Record([0], Varint(1), Zigzag(930), Varint(8), [0], Frame(First)).Rest(), RejectionReason.PackMalformed);

    [Test]
    [Proves("K-13")]
    public void Ranges_longer_together_than_the_profile_allows_are_refused() => Refused(
        Forge().Record([0], Varint(2), Zigzag(0), Varint(255), Varint(0), Varint(256), [0], Frame(First)).Rest(), RejectionReason.PackMalformed);

    [Test]
    [Proves("K-13")]
    public void A22_More_ranges_than_the_limit_are_refused() => Refused(
        Forge().Record([0], Varint(4097), Frame(First)).Rest(), RejectionReason.PackMalformed);

    [Test]
    [Proves("K-13")]
    public void Segments_that_are_longer_than_the_chunk_are_refused() =>
        Refused(Forge().Record([0], [0], Varint(2), Varint(Chunk << 1), Varint(0), Frame(First)).Rest(), RejectionReason.PackMalformed);

    [Test]
    [Proves("K-13")]
    public void Segments_that_are_shorter_than_the_chunk_are_refused() =>
        Refused(Forge().Record([0], [0], Varint(2), Varint(1 << 1), Varint(1 << 1), Frame(First)).Rest(), RejectionReason.PackMalformed);

    [Test]
    [Proves("K-13")]
    public void Empty_segment_is_refused() =>
        Refused(Forge().Record([0], [0], Varint(2), Varint(0), Varint(0), Frame(First)).Rest(), RejectionReason.PackMalformed);

    [TestCase(-1)]
    [TestCase(60_000 - Chunk + 1)]
    [Proves("K-13")]
    public void A30_Segment_from_outside_of_the_base_is_refused(long displacement) =>
        Refused(Forge().Record([0], [0], Varint(1), Varint(1), Zigzag(displacement), Frame(First)).Rest(), RejectionReason.PackMalformed);

    [Test]
    [Proves("K-4")]
    public void A28_Frame_that_inflates_beyond_its_chunk_is_refused() =>
        Refused(Forge().Record([0], [0], [0], Frame(new byte[1 << 20])).Rest(), RejectionReason.FrameInvalid);

    [Test]
    [Proves("K-4")]
    public void A28_Frame_that_gives_less_than_its_chunk_is_refused() => Refused(Forge().Record([0], [0], [0], Frame(First[..^1])).Rest(), RejectionReason.FrameInvalid);

    [Test]
    [Proves("K-4")]
    public void A28_Window_beyond_the_profile_is_refused() =>
        Refused(Forge().Record([0], [0], [0], [0, 20 << 3, 1, 0, 0]).Rest(), RejectionReason.FrameInvalid);

    [Test]
    [Proves("K-4")]
    public void A22_Bytes_after_the_frame_are_refused() => Refused(Forge().Record([0], [0], [0], Frame(First), [0]).Rest(), RejectionReason.FrameInvalid);

    [Test]
    [Proves("K-16")]
    public void A_pack_that_has_the_base_read_over_and_over_is_refused()
    {
        // A byte of another page each time: 2,000 pages of 16 KiB for a chunk of 4 KiB, which is right in the end.
        byte[] old = new byte[8 << 20];
        DeltaForge forge = new(_release, old);
        for (int chunk = 0; chunk < 2; chunk++)
        {
            List<byte[]> segments = [Varint(2000), .. Segments(chunk * Chunk)];
            forge.Record([[0], [0], .. segments, Frame(forge.Chunk(chunk))]);
        }

        AppliedDelta.Of(forge.Rest(), Listed(), old).IsRefusedFor(RejectionReason.LimitExceeded);

        // The base is all zeros, so that adding changes nothing.
        static IEnumerable<byte[]> Segments(int at)
        {
            long last = 0;
            for (int i = 0; i < 2000; i++)
            {
                long displacement = ((i * 37 % 512) * 16384L) - at - i;
                yield return Varint(i == 1999 ? 1 : 3);
                yield return Zigzag(displacement - last);
                last = displacement;
            }
        }
    }

    [Test]
    public void A27_Records_in_another_order_are_refused()
    {
        DeltaForge forge = Forge();
        byte[] first = Frame(First), second = Frame(forge.Chunk(1));

        Refused(forge.Record([0], [0], [0], second).Record([0], [0], [0], first).Rest(), RejectionReason.ChunkMismatch);
    }

    [Test]
    [Proves("K-14")]
    public void Right_base_and_wrong_chunk_is_no_fault_of_the_base()
    {
        byte[] wrong = First;
        wrong[0] ^= 1;

        Refused(Forge().Record([0], [0], [0], Frame(wrong)).Rest(), RejectionReason.ChunkMismatch);
    }

    [Test]
    public void A_delta_without_a_base_is_refused() => PackUnpacking.Unpack(new MemoryStream(Forge().Rest()), _release.Table, null, Stream.Null).IsRefusedFor(RejectionReason.BaseMismatch);

    [Test]
    public void A19_Bytes_behind_the_last_record_are_refused_where_the_whole_pack_is_at_hand() =>
        PackUnpacking.Unpack(new MemoryStream([.. Forge().Rest(), 0]), _release.Table, new StreamImage(new MemoryStream(_base), _base.Length), Stream.Null).IsRefusedFor(RejectionReason.PackMalformed);

    private byte[] First => new DeltaForge(_release, _base).Chunk(0);

    private DeltaForge Forge() => new(_release, _base);

    private ListedImage Listed() => DeltaPackTests.Listed(_release);

    private void Refused(byte[] pack, RejectionReason reason) => AppliedDelta.Of(pack, Listed(), _base).IsRefusedFor(reason);
}
