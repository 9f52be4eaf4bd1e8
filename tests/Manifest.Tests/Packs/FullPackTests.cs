using Fota.Interop.Zstd;
using Fota.Manifest.Metadata;
using Fota.Manifest.Packs;
using Fota.Manifest.Verification;
using Fota.TestKit;

namespace Fota.Manifest.Tests.Packs;

public sealed class FullPackTests
{
    private static readonly SoftwareKey s_key = SoftwareKey.EcdsaP256();

    private readonly SampleRelease _release = SampleRelease.Create(image: SampleRelease.ImageOf("1.1.0", (5 * 4096) + 100));

    [Test]
    public void A_pack_gives_back_the_image_chunk_by_chunk()
    {
        using MemoryStream image = new();
        Unpack(_release, _release.Pack, image.Write);

        Assert.That(image.ToArray(), Is.EqualTo(_release.Image));
    }

    [Test]
    public void The_same_image_gives_the_same_pack() => Assert.That(SampleRelease.Create(image: _release.Image).Pack, Is.EqualTo(_release.Pack));

    [Test]
    public void A_pack_of_a_repetitive_image_uses_the_history()
    {
        // 64 KiB of noise, eight times over: only frames that refer to earlier chunks can be small.
        byte[] noise = new byte[65536];
        using (System.Security.Cryptography.IncrementalHash hash = System.Security.Cryptography.IncrementalHash.CreateHash(System.Security.Cryptography.HashAlgorithmName.SHA256))
        {
            for (int i = 0; i < noise.Length; i += 32)
            {
                hash.AppendData(BitConverter.GetBytes(i));
                hash.GetHashAndReset().CopyTo(noise, i);
            }
        }

        byte[] image = [.. Enumerable.Repeat(noise, 8).SelectMany(static n => n)];
        SampleRelease release = SampleRelease.Create(image: image, chunkSize: 65536);

        Assert.That(release.Pack, Has.Length.LessThan(2 * noise.Length));
        using MemoryStream unpacked = new();
        Unpack(release, release.Pack, unpacked.Write);
        Assert.That(unpacked.ToArray(), Is.EqualTo(image));
    }

    [Test]
    public void A_pack_of_an_image_longer_than_its_history_gives_back_the_image()
    {
        SampleRelease release = SampleRelease.Create(image: SampleRelease.ImageOf("1.1.0", PackProfile.Microcontroller.PrefixSize + (37 * 4096) + 1));
        using MemoryStream image = new();

        Unpack(release, release.Pack, image.Write);

        Assert.That(image.ToArray(), Is.EqualTo(release.Image));
    }

    [Test]
    public void A_whole_pack_is_verified_before_it_is_published() =>
        Assert.That(VerifiedPack.Verify(new MemoryStream(_release.Pack), TableOf(_release)).IsAccepted().Size, Is.EqualTo(_release.Pack.Length));

    [Test]
    public void A19_Pack_with_a_byte_after_its_last_frame_is_refused() =>
        VerifiedPack.Verify(new MemoryStream([.. _release.Pack, 0]), TableOf(_release)).IsRefusedFor(RejectionReason.PackMalformed);

    [Test]
    public void A19_Pack_that_ends_in_its_last_frame_is_refused() =>
        VerifiedPack.Verify(new MemoryStream(_release.Pack[..^1]), TableOf(_release)).IsRefusedFor(RejectionReason.PackMalformed);

    [Test]
    public void Pack_of_an_image_other_than_the_signed_one_is_refused_though_every_chunk_is_right()
    {
        // The signers' own mistake: a table of one image, the digest of another. The head is patched to pass the first look.
        Sha256Digest other = Sha256Digest.Of("another image"u8);
        SampleRelease release = SampleRelease.Create(image: _release.Image, change: m => m.WithImage(i => i with { ImageDigest = other }));
        byte[] pack = [.. _release.Pack];
        other.Bytes.CopyTo(pack.AsSpan(8));

        VerifiedPack.Verify(new MemoryStream(pack), TableOf(release)).IsRefusedFor(RejectionReason.ImageMismatch);
    }

    [Test]
    public void A_reader_resumes_behind_chunks_that_were_proven_again()
    {
        VerifiedChunkTable table = TableOf(_release);
        PackIndex index = IndexOf(table, _release.Pack);
        using PackReader reader = PackReader.OfFull(table, index);
        for (int i = 0; i < 3; i++)
        {
            reader.Skip(table.Prove(i, _release.Image.AsSpan(i * 4096, 4096)).IsAccepted());
        }

        VerifiedChunk fourth = reader.Read(Frame(_release.Pack, index, 3)).IsAccepted();

        Assert.That(fourth.Bytes.SequenceEqual(_release.Image.AsSpan(3 * 4096, 4096)), Is.True);
    }

    [Test]
    [Proves("K-6", "K-7")]
    public void A_reader_resumes_inside_a_frame_of_several_chunks()
    {
        // Nine frames of four chunks, so that some have more than the longest prefix before them, and a short one at the end.
        const int Chunk = 65536;
        byte[] image = SampleRelease.ImageOf("1.1.0", (34 * Chunk) + 5);
        SampleRelease release = SampleRelease.Create(image: image, chunkSize: Chunk);
        VerifiedChunkTable table = TableOf(release);
        PackIndex index = IndexOf(table, release.Pack);
        Assert.That((index.Count, index.ChunksPerFrame), Is.EqualTo((9, 4)));
        foreach (int resumed in new[] { 1, 2, 3, 4, 5, 30, 33, 34 })
        {
            using PackReader reader = PackReader.OfFull(table, index);
            for (int i = 0; i < resumed; i++)
            {
                reader.Skip(table.Prove(i, image.AsSpan(i * Chunk, table.Table.LengthOf(i))).IsAccepted());
            }

            while (!reader.IsAtEnd)
            {
                VerifiedChunk chunk = reader.Read(release.Pack.AsSpan((int)reader.NextStart, reader.NextLength)).IsAccepted();
                Assert.That(chunk.Bytes.SequenceEqual(image.AsSpan((int)chunk.Offset, chunk.Bytes.Length)), Is.True, $"chunk {chunk.Index}, resumed at {resumed}");
            }
        }
    }

    [Test]
    [Proves("K-5")]
    public void A_refused_frame_can_be_read_again_from_elsewhere()
    {
        byte[] image = SampleRelease.ImageOf("1.1.0", 4 * 65536);
        SampleRelease release = SampleRelease.Create(image: image, chunkSize: 65536);
        VerifiedChunkTable table = TableOf(release);
        using PackReader reader = PackReader.OfFull(table, IndexOf(table, release.Pack));
        byte[] wrong = [.. image];
        wrong[100_000] ^= 1;
        byte[] frame = new byte[ZstdCompressor.Bound(wrong.Length)];
        using ZstdCompressor compressor = new(3, 21);
        int length = compressor.Compress([], wrong, frame);

        reader.Read(frame.AsSpan(0, length)).IsAccepted();
        reader.Read([]).IsRefusedFor(RejectionReason.ChunkMismatch);
        Assert.That((reader.NextChunk, reader.NextLength), Is.EqualTo((1, release.Pack.Length - PackIndex.SizeFor(release.Table))));
        reader.Read(release.Pack.AsSpan((int)reader.NextStart, reader.NextLength)).IsAccepted();
        while (!reader.IsAtEnd)
        {
            reader.Read([]).IsAccepted();
        }
    }

    [Test]
    public void A26_P1_Flipped_bit_in_any_frame_proves_no_chunk()
    {
        VerifiedChunkTable table = TableOf(_release);
        PackIndex index = IndexOf(table, _release.Pack);
        for (int frame = 0; frame < index.Count; frame++)
        {
            for (int at = 0; at < index.LengthOf(frame); at += 37)
            {
                byte[] pack = [.. _release.Pack];
                pack[index.StartOf(frame) + at] ^= 0x10;
                using PackReader reader = PackReader.OfFull(table, index);
                for (int i = 0; i < frame; i++)
                {
                    reader.Read(Frame(pack, index, i)).IsAccepted();
                }

                Verdict<VerifiedChunk> verdict = reader.Read(Frame(pack, index, frame));

                // A flip in bits that zstd does not use still gives the right chunk; anything else must be refused.
                if (verdict.IsAccepted(out VerifiedChunk? chunk, out Rejection? rejection))
                {
                    Assert.That(chunk.Bytes.SequenceEqual(_release.Image.AsSpan((int)chunk.Offset, chunk.Bytes.Length)), Is.True);
                }
                else
                {
                    Assert.That(rejection.Reason, Is.AnyOf(RejectionReason.FrameInvalid, RejectionReason.ChunkMismatch));
                }
            }
        }
    }

    [Test]
    public void A26_P1_Chunk_with_one_bit_flipped_is_not_proven([Values(0, 5)] int index)
    {
        VerifiedChunkTable table = TableOf(_release);
        byte[] chunk = _release.Image.AsSpan(index * 4096, table.Table.LengthOf(index)).ToArray();
        chunk[^1] ^= 1;

        table.Prove(index, chunk).IsRefusedFor(RejectionReason.ChunkMismatch);
    }

    [Test]
    [Proves("K-3")]
    public void P1_Chunk_of_the_wrong_length_is_not_proven() =>
        TableOf(_release).Prove(0, _release.Image.AsSpan(0, 4095)).IsRefusedFor(RejectionReason.ChunkMismatch);

    [Test]
    public void A27_Chunks_in_another_order_are_refused()
    {
        VerifiedChunkTable table = TableOf(_release);

        table.Prove(0, _release.Image.AsSpan(4096, 4096)).IsRefusedFor(RejectionReason.ChunkMismatch);
    }

    [Test]
    public void A27_Frames_in_another_order_are_refused()
    {
        VerifiedChunkTable table = TableOf(_release);
        PackIndex index = IndexOf(table, _release.Pack);
        using PackReader reader = PackReader.OfFull(table, index);

        Verdict<VerifiedChunk> verdict = reader.Read(Frame(_release.Pack, index, 1));

        Assert.That(verdict.IsAccepted(out _, out Rejection? rejection), Is.False);
        Assert.That(rejection!.Reason, Is.AnyOf(RejectionReason.FrameInvalid, RejectionReason.ChunkMismatch));
        Assert.That(reader.NextChunk, Is.Zero, "a refusal leaves the reader where it stood");
    }

    [Test]
    [Proves("K-8")]
    public void A27_Pack_of_another_image_is_refused()
    {
        SampleRelease other = SampleRelease.Create("2.0.0", image: SampleRelease.ImageOf("2.0.0", _release.Image.Length));

        PackIndex.Decode(other.Pack.AsMemory(0, PackIndex.SizeFor(_release.Table)), TableOf(_release)).IsRefusedFor(RejectionReason.PackForAnotherImage);
    }

    [Test]
    [Proves("K-4")]
    public void A28_Frame_that_inflates_beyond_its_chunk_is_refused()
    {
        using ZstdCompressor compressor = new(3, 21);
        byte[] bomb = new byte[64 * 1024];
        int length = compressor.Compress([], new byte[8 * 1024 * 1024], bomb);
        VerifiedChunkTable table = TableOf(_release);
        using PackReader reader = PackReader.OfFull(table, IndexOf(table, _release.Pack));

        reader.Read(bomb.AsSpan(0, length)).IsRefusedFor(RejectionReason.FrameInvalid);
    }

    [Test]
    public void A28_Frame_that_gives_less_than_its_chunk_is_refused()
    {
        using ZstdCompressor compressor = new(3, 21);
        byte[] frame = new byte[8192];
        int length = compressor.Compress([], _release.Image.AsSpan(0, 4095), frame);
        VerifiedChunkTable table = TableOf(_release);
        using PackReader reader = PackReader.OfFull(table, IndexOf(table, _release.Pack));

        reader.Read(frame.AsSpan(0, length)).IsRefusedFor(RejectionReason.FrameInvalid);
    }

    [Test]
    public void A06_Frame_longer_than_any_chunk_can_need_is_refused_by_the_index()
    {
        byte[] head = _release.Pack[..PackIndex.SizeFor(_release.Table)];
        head[PackIndex.HeadSize] = 0x7F;

        PackIndex.Decode(head, TableOf(_release)).IsRefusedFor(RejectionReason.PackMalformed);
    }

    [Test]
    public void Empty_frame_is_refused_by_the_index()
    {
        byte[] head = _release.Pack[..PackIndex.SizeFor(_release.Table)];
        head.AsSpan(PackIndex.HeadSize, 4).Clear();

        PackIndex.Decode(head, TableOf(_release)).IsRefusedFor(RejectionReason.PackMalformed);
    }

    [Test]
    [Proves("K-8")]
    public void Pack_with_another_number_of_frames_is_refused()
    {
        byte[] head = _release.Pack[..PackIndex.SizeFor(_release.Table)];
        head[PackIndex.HeadSize - 1] = 5;

        PackIndex.Decode(head, TableOf(_release)).IsRefusedFor(RejectionReason.PackMalformed);
    }

    [Test]
    [Proves("K-8")]
    public void Truncated_index_is_refused() =>
        PackIndex.Decode(_release.Pack.AsMemory(0, PackIndex.SizeFor(_release.Table) - 1), TableOf(_release)).IsRefusedFor(RejectionReason.PackMalformed);

    [Test]
    public void A17_Chunk_table_with_one_bit_flipped_is_refused()
    {
        byte[] table = [.. _release.EncodedTable];
        table[^1] ^= 1;

        VerifiedChunkTable.Verify(ManifestOf(_release).Images[0], table).IsRefusedFor(RejectionReason.ChunkTableMismatch);
    }

    [Test]
    [Proves("K-2")]
    public void Chunk_table_of_another_length_is_refused() =>
        VerifiedChunkTable.Verify(ManifestOf(_release).Images[0], _release.EncodedTable.AsMemory(1)).IsRefusedFor(RejectionReason.ChunkTableMismatch);

    [Test]
    public void Signed_chunk_table_for_another_image_size_is_refused()
    {
        SampleRelease release = SampleRelease.Create(image: _release.Image, change: m => m.WithImage(i => i with { ImageSize = i.ImageSize - 1 }));

        VerifiedChunkTable.Verify(ManifestOf(release).Images[0], release.EncodedTable).IsRefusedFor(RejectionReason.ChunkTableMismatch);
    }

    [Test]
    public void Chunk_size_that_is_no_power_of_two_is_refused([Values(0, 4095, 6000, 2 * 1024 * 1024)] int size) =>
        Assert.That(() => ChunkTable.Build(new MemoryStream(new byte[1]), size), Throws.TypeOf<RejectedException>().With.Message.Contains("power of two"));

    [Test]
    [Proves("K-1")]
    public void Chunk_table_with_another_field_is_refused() => Table([0xA4, .. _release.EncodedTable.AsSpan(1), 0x04, 0x00]).IsRefusedFor(RejectionReason.UnknownField);

    [Test]
    [Proves("K-1")]
    public void A22_Chunk_table_in_another_encoding_is_refused() => Table([0xBF, .. _release.EncodedTable.AsSpan(1), 0xFF]).IsRefusedFor(RejectionReason.NotDeterministic);

    [Test]
    [Proves("K-1")]
    public void A17_Chunk_table_with_a_digest_missing_is_refused()
    {
        byte[] table = _release.EncodedTable[..^Sha256Digest.Size];
        int length = table.Length - (5 * Sha256Digest.Size);
        Assert.That((table[length - 2], table[length - 1]), Is.EqualTo((0x58, 6 * Sha256Digest.Size)), "a byte string of one length byte");
        table[length - 1] = 5 * Sha256Digest.Size;

        Table(table).IsRefusedFor(RejectionReason.ChunkTableMismatch);
    }

    [Test]
    public void Empty_image_is_refused() =>
        Assert.That(() => ChunkTable.Build(new MemoryStream(), 4096), Throws.TypeOf<RejectedException>().With.Message.Contains("image size"));

    private static Verdict<ChunkTable> Table(byte[] bytes) => ChunkTable.Read(bytes);

    private static void Unpack(SampleRelease release, byte[] pack, Action<byte[], int, int> write)
    {
        VerifiedChunkTable table = TableOf(release);
        PackIndex index = IndexOf(table, pack);
        using PackReader reader = PackReader.OfFull(table, index);
        while (!reader.IsAtEnd)
        {
            byte[] bytes = reader.Read(pack.AsSpan((int)reader.NextStart, reader.NextLength)).IsAccepted().Bytes.ToArray();
            write(bytes, 0, bytes.Length);
        }
    }

    private static ReadOnlySpan<byte> Frame(byte[] pack, PackIndex index, int i) => pack.AsSpan((int)index.StartOf(i), index.LengthOf(i));

    private static PackIndex IndexOf(VerifiedChunkTable table, byte[] pack) =>
        PackIndex.Decode(pack.AsMemory(0, PackIndex.SizeFor(table.Table)), table).IsAccepted();

    private static VerifiedManifest ManifestOf(SampleRelease release) =>
        VerifiedManifest.Verify(release.SignedBy(s_key), ReleaseAnchors.Classical(new RoleKeys([s_key.PublicKey], 1))).IsAccepted();

    private static VerifiedChunkTable TableOf(SampleRelease release) => VerifiedChunkTable.Verify(ManifestOf(release).Images[0], release.EncodedTable).IsAccepted();
}
