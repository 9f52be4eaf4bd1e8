using System.Security.Cryptography;
using Fota.Interop.Zstd;

namespace Fota.Interop.Tests;

[TestFixture]
public sealed class ZstdTests
{
    private const int WindowLog = 20;
    private const int ChunkLength = 64 * 1024;

    [Test]
    public void Round_trip_without_prefix()
    {
        byte[] source = Text(ChunkLength);
        byte[] frame = Compress([], source);
        Assert.That(frame, Has.Length.LessThan(source.Length / 10));
        Assert.That(Decompress([], frame, source.Length), Is.EqualTo(source));
    }

    [Test]
    public void Round_trip_of_nothing() => Assert.That(Decompress([], Compress([], []), 0), Is.Empty);

    [Test]
    public void Prefix_shrinks_a_frame_of_known_bytes_to_almost_nothing()
    {
        byte[] source = RandomNumberGenerator.GetBytes(ChunkLength);
        byte[] prefix = [.. RandomNumberGenerator.GetBytes(500_000), .. source, .. RandomNumberGenerator.GetBytes(100_000)];
        byte[] frame = Compress(prefix, source);
        Assert.That(frame, Has.Length.LessThan(100));
        Assert.That(Decompress(prefix, frame, source.Length), Is.EqualTo(source));
    }

    [Test]
    public void Prefix_does_not_outlive_its_frame()
    {
        byte[] source = RandomNumberGenerator.GetBytes(1000);
        using var compressor = new ZstdCompressor(3, WindowLog);
        byte[] destination = new byte[ZstdCompressor.Bound(source.Length)];
        int withPrefix = compressor.Compress([.. source], source, destination);
        int without = compressor.Compress([], source, destination);
        Assert.That(withPrefix, Is.LessThan(100));
        Assert.That(Decompress([], destination[..without], source.Length), Is.EqualTo(source));
    }

    [Test]
    public void Frame_carries_neither_checksum_nor_dictionary_id_but_its_content_size()
    {
        byte[] frame = Compress([], Text(ChunkLength));

        // RFC 8878 section 3.1.1.1.1: bits 7-6 size of the content size, 2 checksum, 1-0 size of the dictionary id.
        Assert.That(frame[4] & 0b0000_0111, Is.Zero);
        Assert.That(frame[4] & 0b1110_0000, Is.Not.Zero);
    }

    [Test]
    public void A28_Bomb_is_stopped_at_the_end_of_the_destination()
    {
        byte[] bomb = Compress([], new byte[16 * 1024 * 1024]);
        byte[] guarded = new byte[ChunkLength + 16];
        guarded.AsSpan(ChunkLength).Fill(0xA5);
        using var decompressor = new ZstdDecompressor(WindowLog);
        bool done = decompressor.TryDecompress([], bomb, guarded.AsSpan(0, ChunkLength), out int written, out string? error);
        Assert.That((done, written, error), Is.EqualTo((false, 0, "Destination buffer is too small")));
        Assert.That(guarded[ChunkLength..], Is.All.EqualTo(0xA5));
    }

    [Test]
    public void A28_Window_above_the_limit_is_refused()
    {
        // A frame by hand: no single segment, window 2 MiB, content size absent, one raw block of one byte that is the last.
        byte[] frame = [0x28, 0xB5, 0x2F, 0xFD, 0x00, 11 << 3, 0x09, 0x00, 0x00, 0x42];
        Assert.That(Decompress([], frame, 1, windowLogMax: 21), Is.EqualTo(new byte[] { 0x42 }));
        Assert.That(ErrorOf([], frame, 1), Is.EqualTo("Frame requires too much memory for decoding"));
    }

    [Test]
    public void Truncated_frame_is_refused_at_every_length()
    {
        byte[] frame = Compress([], Text(2000));
        for (int length = 0; length < frame.Length; length++)
        {
            Assert.That(ErrorOf([], frame[..length], 2000), Is.EqualTo("Src size is incorrect"), $"length {length}");
        }
    }

    [Test]
    public void Frame_with_an_impossible_block_is_refused()
    {
        byte[] frame = [0x28, 0xB5, 0x2F, 0xFD, 0x00, 0x00, 0x07, 0x00, 0x00];
        Assert.That(ErrorOf([], frame, 16), Is.EqualTo("Corrupted block detected").Or.EqualTo("Data corruption detected"));
    }

    [Test]
    public void No_flipped_bit_writes_beyond_the_destination_or_throws()
    {
        byte[] source = Text(2000);
        byte[] frame = Compress([], source);
        byte[] destination = new byte[source.Length];
        using var decompressor = new ZstdDecompressor(WindowLog);
        for (int bit = 0; bit < frame.Length * 8; bit++)
        {
            byte[] flipped = [.. frame];
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            bool done = decompressor.TryDecompress([], flipped, destination, out int written, out string? error);
            Assert.That(done ? written <= destination.Length && error is null : written == 0 && error is not null, Is.True, $"bit {bit}");
        }
    }

    [Test]
    public void A22_Bytes_after_the_frame_are_refused()
    {
        byte[] frame = Compress([], Text(2000));
        Assert.That(ErrorOf([], [.. frame, 0], 2000), Is.EqualTo("1 bytes after the frame"));
    }

    [Test]
    public void A22_Second_frame_is_refused()
    {
        byte[] frame = Compress([], Text(2000));
        Assert.That(ErrorOf([], [.. frame, .. frame], 4000), Is.EqualTo($"{frame.Length} bytes after the frame"));
    }

    [Test]
    public void A22_Skippable_frame_is_refused()
    {
        byte[] skippable = [0x50, 0x2A, 0x4D, 0x18, 0x00, 0x00, 0x00, 0x00];
        Assert.That(ErrorOf([], skippable, 16), Is.EqualTo("Unknown frame descriptor"));
    }

    [Test]
    public void Magicless_frames_are_five_bytes_shorter_and_round_trip()
    {
        byte[] source = Text(2000), prefix = Text(100);
        byte[] frame = CompressMagicless(prefix, source);
        byte[] content = new byte[source.Length];
        using var decompressor = new ZstdDecompressor(WindowLog, ZstdFrameFormat.Magicless);
        Assert.That(decompressor.TryDecompress(prefix, frame, content, out int written, out string? error), Is.True, error);
        Assert.That((written, content), Is.EqualTo((source.Length, source)));
        Assert.That(frame, Has.Length.EqualTo(Compress(prefix, source).Length - 5), "no magic number, and a window in place of the content's size");
    }

    [Test]
    public void Truncated_magicless_frame_is_refused_at_every_length()
    {
        byte[] frame = CompressMagicless([], Text(2000));
        using var decompressor = new ZstdDecompressor(WindowLog, ZstdFrameFormat.Magicless);
        for (int length = 0; length < frame.Length; length++)
        {
            Assert.That(decompressor.TryDecompress([], frame.AsSpan(0, length), new byte[2000], out _, out string? error), Is.False, $"length {length}");
            Assert.That(error, Is.EqualTo("Src size is incorrect"), $"length {length}");
        }
    }

    [Test]
    public void A22_Byte_after_a_magicless_frame_is_refused()
    {
        using var decompressor = new ZstdDecompressor(WindowLog, ZstdFrameFormat.Magicless);
        Assert.That(decompressor.TryDecompress([], [.. CompressMagicless([], Text(2000)), 0], new byte[2000], out _, out string? error), Is.False);
        Assert.That(error, Is.EqualTo("1 bytes after the frame"));
    }

    [Test]
    public void A_frame_of_one_format_is_refused_in_the_other()
    {
        using var decompressor = new ZstdDecompressor(WindowLog, ZstdFrameFormat.Magicless);
        Assert.That(decompressor.TryDecompress([], Compress([], Text(2000)), new byte[2000], out _, out _), Is.False);
        Assert.That(ErrorOf([], CompressMagicless([], Text(2000)), 2000), Is.EqualTo("Unknown frame descriptor"));
    }

    [Test]
    public void A30_Wrong_prefix_never_yields_the_content()
    {
        byte[] source = RandomNumberGenerator.GetBytes(2000);
        byte[] frame = Compress([.. source], source);
        using var decompressor = new ZstdDecompressor(WindowLog);
        byte[] destination = new byte[source.Length];
        bool done = decompressor.TryDecompress(RandomNumberGenerator.GetBytes(2000), frame, destination, out _, out _);
        Assert.That(done && destination.AsSpan().SequenceEqual(source), Is.False);
    }

    [Test]
    public void A30_Missing_prefix_is_refused()
    {
        byte[] source = RandomNumberGenerator.GetBytes(2000);
        Assert.That(ErrorOf([], Compress([.. source], source), 2000), Is.EqualTo("Data corruption detected").Or.EqualTo("Corrupted block detected"));
    }

    [Test]
    public void Destination_too_small_for_the_frame_is_an_exception_that_names_the_function()
    {
        using var compressor = new ZstdCompressor(3, WindowLog);
        ZstdException? failure = Assert.Throws<ZstdException>(() => compressor.Compress([], RandomNumberGenerator.GetBytes(100), new byte[10]));
        Assert.That(failure!.Message, Is.EqualTo("ZSTD_compress2: Destination buffer is too small"));
    }

    [Test]
    public void Window_out_of_range_is_an_exception_that_names_the_function()
    {
        Assert.That(() => new ZstdCompressor(3, 99), Throws.TypeOf<ZstdException>().With.Message.StartsWith("ZSTD_CCtx_setParameter: "));
        Assert.That(() => new ZstdDecompressor(99), Throws.TypeOf<ZstdException>().With.Message.StartsWith("ZSTD_DCtx_setParameter: "));
    }

    [Test]
    public void Use_after_dispose_is_refused()
    {
        var decompressor = new ZstdDecompressor(WindowLog);
        decompressor.Dispose();
        Assert.That(() => decompressor.TryDecompress([], new byte[16], new byte[16], out _, out _), Throws.TypeOf<ObjectDisposedException>());
    }

    private static byte[] Text(int length)
    {
        byte[] text = new byte[length];
        for (int i = 0; i < length; i++)
        {
            text[i] = (byte)('a' + (i % 251 % 23));
        }

        return text;
    }

    private static byte[] Compress(byte[] prefix, byte[] source)
    {
        using var compressor = new ZstdCompressor(19, WindowLog);
        byte[] destination = new byte[ZstdCompressor.Bound(source.Length)];
        return destination[..compressor.Compress(prefix, source, destination)];
    }

    private static byte[] CompressMagicless(byte[] prefix, byte[] source)
    {
        using var compressor = new ZstdCompressor(19, WindowLog, ZstdFrameFormat.Magicless);
        byte[] destination = new byte[ZstdCompressor.Bound(source.Length)];
        return destination[..compressor.Compress(prefix, source, destination)];
    }

    private static byte[] Decompress(byte[] prefix, byte[] frame, int length, int windowLogMax = WindowLog)
    {
        using var decompressor = new ZstdDecompressor(windowLogMax);
        byte[] destination = new byte[length];
        Assert.That(decompressor.TryDecompress(prefix, frame, destination, out int written, out string? error), Is.True, error);
        return destination[..written];
    }

    private static string? ErrorOf(byte[] prefix, byte[] frame, int length)
    {
        using var decompressor = new ZstdDecompressor(WindowLog);
        Assert.That(decompressor.TryDecompress(prefix, frame, new byte[length], out int written, out string? error), Is.False);
        Assert.That(written, Is.Zero);
        return error;
    }
}
