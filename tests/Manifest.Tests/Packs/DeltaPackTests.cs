using Fota.Manifest.Metadata;
using Fota.Manifest.Packs;
using Fota.Manifest.Verification;
using Fota.TestKit;

namespace Fota.Manifest.Tests.Packs;

public sealed class DeltaPackTests
{
    private const int Chunk = 4096;

    private static readonly SoftwareKey s_key = SoftwareKey.EcdsaP256();

    private readonly SampleRelease _release = SampleRelease.Create(image: Noise(1, (9 * Chunk) + 100));

    [TestCase("the same", 0)]
    [TestCase("one byte changed", 1)]
    [TestCase("bytes inserted", 1)]
    [TestCase("bytes removed at the end", 2)]
    [TestCase("scattered changes", 10)]
    [TestCase("nothing in common", 10)]
    [TestCase("a single byte", 10)]
    public void A_delta_gives_back_the_image(string difference, int records)
    {
        byte[] image = _release.Image, from = difference switch
        {
            "the same" => image,
            "one byte changed" => With(image, 5000, 0xFF),
            "bytes inserted" => [.. image[..5000], .. Noise(2, 96), .. image[5000..]],
            "bytes removed at the end" => image[..^300],
            "scattered changes" => [.. image.Select(static (b, i) => i % 40 == 0 ? (byte)(b ^ 1) : b)],
            "nothing in common" => Noise(3, image.Length),
            _ => [7],
        };
        byte[] pack = _release.DeltaFrom(from);

        Assert.That(AppliedDelta.Of(pack, Listed(), from).IsAccepted(), Is.EqualTo(image));
        Assert.That(AppliedDelta.Open(pack, Listed(), from).Pack.Copies, Is.EqualTo(10 - records));
    }

    [Test]
    public void Bytes_that_only_moved_cost_next_to_nothing()
    {
        byte[] from = [.. Noise(2, 96), .. _release.Image];

        Assert.That(_release.DeltaFrom(from), Has.Length.LessThan(DeltaHead.Size + 10));
    }

    [Test]
    public void A_chunk_with_scattered_changes_is_said_as_its_difference()
    {
        // Noise cannot be compressed, and no run of it is long enough to be found in the base: only subtraction helps.
        byte[] from = [.. _release.Image.Select(static (b, i) => i % 18 == 0 ? (byte)(b ^ 1) : b)];

        Assert.That(_release.DeltaFrom(from), Has.Length.LessThan(_release.Image.Length / 4));
    }

    [Test]
    public void A_linux_image_refers_to_a_megabyte_and_to_itself()
    {
        byte[] old = Noise(4, 3 * 65536), fresh = Noise(5, 65536);
        byte[] image = [.. old[..100_000], .. fresh[..30_000], .. old[100_000..], .. fresh, .. fresh[..20_000]];
        SampleRelease release = SampleRelease.Create(image: image, chunkSize: 65536);
        byte[] pack = release.DeltaFrom(old);

        Assert.That(AppliedDelta.Of(pack, Listed(release), old).IsAccepted(), Is.EqualTo(image));
        Assert.That(pack, Has.Length.LessThan(fresh.Length + 30_000 + 2_000));
    }

    [Test]
    public void The_same_images_give_the_same_pack()
    {
        byte[] from = Noise(3, 50_000), first = _release.DeltaFrom(from), second = _release.DeltaFrom(from);

        Assert.That(second, Is.EqualTo(first));
    }

    [TestCase(128 * 1024, 0)]
    [TestCase(0, 163_845)]
    public void Chunks_that_lie_over_an_end_of_the_base_are_made_alike_by_any_number_of_workers(int from, int end)
    {
        // Bytes that stand in the base right to its end, and on that side a few that would be taken for more of it.
        const int Size = 192 * 1024;
        byte[] old = Noise(11, Size), other = old[from..][..32_763];
        byte[] image = end == 0 ? [.. other, 0, 0, 0, 0, 0, .. old[..32_768], .. Noise(12, 65_536)] : [.. old[end..], 0, 0, 0, 0, 0, .. other, .. Noise(12, 65_536)];
        foreach (int chunk in new[] { 4096, 65_536 })
        {
            SampleRelease release = SampleRelease.Create(image: image, chunkSize: chunk);
            byte[][] packs = [.. new[] { 1, 2, 4 }.Select(workers =>
            {
                using MemoryStream pack = new();
                DeltaPackWriter.Write(SampleRelease.Named(old), SampleRelease.Named(image), release.Table, pack, level: 3, workers: workers);
                return pack.ToArray();
            })];

            Assert.That(packs[1], Is.EqualTo(packs[0]));
            Assert.That(packs[2], Is.EqualTo(packs[0]));
            Assert.That(AppliedDelta.Of(packs[0], Listed(release), old).IsAccepted(), Is.EqualTo(image));
        }
    }

    [Test]
    public void A_chunk_in_more_pieces_than_a_record_may_have_is_said_in_another_way()
    {
        // 64 bytes from here and 64 from there, in turns, over a chunk of 1 MiB: 16,384 segments.
        byte[] old = Noise(13, 2 << 20), image = [.. Enumerable.Range(0, (1 << 20) / 64).SelectMany(i => old.AsSpan((i * 64) + (i % 2 == 0 ? 0 : 1 << 20), 64).ToArray())];
        SampleRelease release = SampleRelease.Create(image: image, chunkSize: 1 << 20);

        Assert.That(AppliedDelta.Of(release.DeltaFrom(old), Listed(release), old).IsAccepted(), Is.EqualTo(image));
    }

    [Test]
    public void A_base_that_cannot_be_read_stops_the_making_with_its_own_failure() => Assert.That(
        () => DeltaPackWriter.Write(new DigestedImage(new BrokenImage(_release.Image, 30_000), Sha256Digest.Of(_release.Image)), SampleRelease.Named(Noise(3, 40_000)), _release.Table, new MemoryStream()),
        Throws.InstanceOf<IOException>());

    [Test]
    [Proves("K-5")]
    public void A_base_that_could_not_be_read_once_is_read_again()
    {
        // More pages than the cache holds, so that one has to make room for the one that fails.
        byte[] image = Noise(6, 64 * 65_536), from = [.. image.Select(static (b, i) => i % 100 == 0 ? (byte)(b ^ 1) : b)];
        SampleRelease release = SampleRelease.Create(image: image, chunkSize: 65_536);
        byte[] pack = release.DeltaFrom(from);
        (DeltaPack delta, VerifiedChunkTable table) = AppliedDelta.Open(pack, Listed(release), from);
        BrokenImage broken = new(from, int.MaxValue);
        using PackReader reader = PackReader.OfDelta(table, delta, broken);
        while (!reader.IsAtEnd)
        {
            ReadOnlyMemory<byte> record = pack.AsMemory((int)reader.NextStart, reader.NextLength);
            if (reader.NextChunk == 56)
            {
                broken.BreaksAt = 0;
                Assert.That(() => reader.Read(record.Span), Throws.InstanceOf<IOException>());
                broken.BreaksAt = int.MaxValue;
            }

            reader.Read(record.Span).IsAccepted();
        }
    }

    [Test]
    public void Making_stops_when_it_is_cancelled()
    {
        using CancellationTokenSource cancelled = new();
        cancelled.Cancel();

        Assert.That(
            () => DeltaPackWriter.Write(SampleRelease.Named(_release.Image), SampleRelease.Named(_release.Image), _release.Table, new MemoryStream(), cancellation: cancelled.Token),
            Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    [Proves("K-6")]
    public void A_reader_resumes_at_any_chunk()
    {
        byte[] from = With(_release.Image, 5000, 0xFF);
        byte[] pack = _release.DeltaFrom(Noise(3, from.Length));
        (DeltaPack delta, VerifiedChunkTable table) = AppliedDelta.Open(pack, Listed(), Noise(3, from.Length));
        for (int resumed = 0; resumed <= table.Table.Count; resumed++)
        {
            using PackReader reader = PackReader.OfDelta(table, delta, Image(Noise(3, from.Length)));
            using MemoryStream made = new();
            for (int i = 0; i < resumed; i++)
            {
                VerifiedChunk proven = table.Prove(i, _release.Image.AsSpan(i * Chunk, table.Table.LengthOf(i))).IsAccepted();
                reader.Skip(proven);
                made.Write(proven.Bytes);
            }

            while (!reader.IsAtEnd)
            {
                made.Write(reader.Read(pack.AsSpan((int)reader.NextStart, reader.NextLength)).IsAccepted().Bytes);
            }

            Assert.That(made.ToArray(), Is.EqualTo(_release.Image), $"resumed at chunk {resumed}");
        }
    }

    [Test]
    [Proves("K-12")]
    public void A30_Base_that_differs_where_chunks_are_copied_is_told_by_the_table()
    {
        byte[] pack = _release.DeltaFrom(With(_release.Image, 5000, 0xFF));

        AppliedDelta.Of(pack, Listed(), With(With(_release.Image, 5000, 0xFF), 20_000, 0xAA)).IsRefusedFor(RejectionReason.BaseMismatch);
    }

    [Test]
    [Proves("K-14")]
    public void A30_Base_that_differs_where_only_a_record_refers_to_is_told_at_its_chunk()
    {
        byte[] from = [.. _release.Image.Select(static (b, i) => i % 40 == 0 ? (byte)(b ^ 1) : b)];

        AppliedDelta.Of(_release.DeltaFrom(from), Listed(), With(from, 20_001, 0xAA)).IsRefusedFor(RejectionReason.BaseMismatch);
    }

    [Test]
    [Proves("K-9")]
    public void A30_Base_of_another_length_is_refused_by_the_head() =>
        AppliedDelta.Of(_release.DeltaFrom(_release.Image), Listed(), [.. _release.Image, 0]).IsRefusedFor(RejectionReason.BaseMismatch);

    [Test]
    public void A27_Delta_of_another_image_is_refused()
    {
        SampleRelease other = SampleRelease.Create(image: Noise(8, _release.Image.Length));

        AppliedDelta.Of(other.DeltaFrom(_release.Image), Listed(), _release.Image).IsRefusedFor(RejectionReason.PackForAnotherImage);
    }

    [Test]
    [Proves("K-5")]
    public void A26_P1_No_flipped_bit_proves_another_chunk()
    {
        byte[] from = [.. _release.Image[..5000], .. Noise(2, 3), .. _release.Image[5000..]];
        byte[] pack = _release.DeltaFrom(from);
        for (int bit = 0; bit < pack.Length * 8; bit++)
        {
            byte[] flipped = [.. pack];
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            if (AppliedDelta.Of(flipped, Listed(), from).IsAccepted(out byte[]? made, out _))
            {
                Assert.That(made, Is.EqualTo(_release.Image), $"bit {bit}");
            }
        }
    }

    [Test]
    public void A19_Every_truncation_is_refused()
    {
        byte[] from = [.. _release.Image[..5000], .. Noise(2, 3), .. _release.Image[5000..]];
        byte[] pack = _release.DeltaFrom(from);
        for (int length = 0; length < pack.Length; length++)
        {
            Assert.That(AppliedDelta.Of(pack[..length], Listed(), from).Reason(), Is.AnyOf(RejectionReason.PackMalformed, RejectionReason.FrameInvalid), $"length {length}");
        }
    }

    [Test]
    public void The_base_is_read_about_once()
    {
        byte[] image = Noise(6, 32 * 65536), from = [.. image.Select(static (b, i) => i % 100 == 0 ? (byte)(b ^ 1) : b)];
        SampleRelease release = SampleRelease.Create(image: image, chunkSize: 65536);
        using MemoryStream pack = new(release.DeltaFrom(from)), made = new();
        UnpackedImage unpacked = PackUnpacking.Unpack(pack, release.Table, Image(from), made).IsAccepted();

        Assert.That(unpacked.Digest, Is.EqualTo(Sha256Digest.Of(image)));
        Assert.That(unpacked.BaseBytesRead, Is.LessThan(image.Length * 3 / 2));
    }

    /// <summary>Bytes that do not compress, the same for a seed.</summary>
    internal static byte[] Noise(int seed, int length)
    {
        byte[] noise = new byte[length];
        ulong state = (ulong)seed;
        for (int i = 0; i < length; i++)
        {
            state = unchecked((state * 6364136223846793005) + 1442695040888963407);
            noise[i] = (byte)(state >> 56);
        }

        return noise;
    }

    internal static ListedImage Listed(SampleRelease release) =>
        VerifiedManifest.Verify(release.SignedBy(s_key), ReleaseAnchors.Classical(new RoleKeys([s_key.PublicKey], 1))).IsAccepted().Images[0];

    private static StreamImage Image(byte[] bytes) => new(new MemoryStream(bytes), bytes.Length);

    private static byte[] With(byte[] image, int at, byte mask)
    {
        byte[] changed = [.. image];
        changed[at] ^= mask;
        return changed;
    }

    private ListedImage Listed() => Listed(_release);

    private sealed class BrokenImage(byte[] bytes, int breaksAt) : IRandomAccessImage
    {
        public int BreaksAt { get; set; } = breaksAt;

        public long Length => bytes.Length;

        public void Read(long offset, Span<byte> destination)
        {
            if (offset + destination.Length > BreaksAt)
            {
                throw new IOException("flash");
            }

            bytes.AsSpan((int)offset, destination.Length).CopyTo(destination);
        }
    }
}
