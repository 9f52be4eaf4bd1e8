using System.Formats.Cbor;
using System.Numerics;
using System.Security.Cryptography;
using Fota.Manifest.Encoding;

namespace Fota.Manifest.Packs;

/// <summary>
/// The digests of an image's fixed-size chunks (docs/spec/packs.md): deterministic CBOR {1: image size, 2: chunk size, 3: digests}.
/// A table as decoded proves nothing; only a <see cref="VerifiedChunkTable"/> proves chunks.
/// </summary>
public sealed class ChunkTable
{
    /// <summary>Longest encoded table, in bytes.</summary>
    public const int MaxEncodedSize = (DecodeLimits.Chunks * Sha256Digest.Size) + 32;

    /// <summary>Chunk size for Linux images: 64 KiB.</summary>
    public const int LinuxChunkSize = 64 * 1024;

    private const long ImageSizeKey = 1, ChunkSizeKey = 2, DigestsKey = 3;

    private readonly byte[] _digests;

    private ChunkTable(long imageSize, int chunkSize, byte[] digests)
    {
        ImageSize = imageSize;
        ChunkSize = chunkSize;
        _digests = digests;
    }

    /// <summary>Length of the image in bytes.</summary>
    public long ImageSize { get; }

    /// <summary>Length of every chunk but the last, in bytes: a power of two.</summary>
    public int ChunkSize { get; }

    /// <summary>Number of chunks, at least 1.</summary>
    public int Count => _digests.Length / Sha256Digest.Size;

    /// <summary>Length of chunk <paramref name="index"/> in bytes.</summary>
    public int LengthOf(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
        return (int)Math.Min(ChunkSize, ImageSize - ((long)index * ChunkSize));
    }

    /// <summary>Cuts and hashes an image of at least one byte, read to its end.</summary>
    /// <returns>The table, and the digest of the whole image, from one pass.</returns>
    /// <exception cref="RejectedException">The image is empty or too large, or the chunk size is not one.</exception>
    public static (ChunkTable Table, Sha256Digest ImageDigest) Build(Stream image, int chunkSize)
    {
        ArgumentNullException.ThrowIfNull(image);
        RequireChunkSize(chunkSize);
        using IncrementalHash whole = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using MemoryStream digests = new();
        byte[] buffer = new byte[chunkSize];
        long size = 0;
        int read;
        while ((read = image.ReadAtLeast(buffer, chunkSize, throwOnEndOfStream: false)) > 0)
        {
            whole.AppendData(buffer, 0, read);
            digests.Write(SHA256.HashData(buffer.AsSpan(0, read)));
            size += read;
            RequireCount(size, chunkSize);
        }

        RequireCount(size, chunkSize);
        return (new ChunkTable(size, chunkSize, digests.ToArray()), Sha256Digest.FromBytes(whole.GetHashAndReset()));
    }

    /// <summary>The table's one encoding; its SHA-256 stands in the manifest.</summary>
    public byte[] Encode()
    {
        CborWriter writer = new(CborConformanceMode.Canonical);
        writer.WriteStartMap(3);
        writer.WriteInt64(ImageSizeKey);
        writer.WriteInt64(ImageSize);
        writer.WriteInt64(ChunkSizeKey);
        writer.WriteInt32(ChunkSize);
        writer.WriteInt64(DigestsKey);
        writer.WriteByteString(_digests);
        writer.WriteEndMap();
        return writer.Encode();
    }

    /// <summary>Decodes a table that whoever calls this vouches for; one from elsewhere is checked as a <see cref="VerifiedChunkTable"/>.</summary>
    public static Verdict<ChunkTable> Read(ReadOnlyMemory<byte> bytes) => Verdict.Of(() => bytes.Length <= MaxEncodedSize
        ? Decode(bytes.ToArray())
        : throw new RejectedException(RejectionReason.LimitExceeded, $"chunk table: wanted at most {MaxEncodedSize} bytes, got {bytes.Length}"));

    /// <summary>Length in bytes of the encoded table of an image of this size, in chunks of this size.</summary>
    internal static long EncodedSizeFor(long imageSize, int chunkSize)
    {
        long digests = (((imageSize - 1) / chunkSize) + 1) * Sha256Digest.Size;
        return 4 + Head(imageSize) + Head(chunkSize) + Head(digests) + digests;

        // RFC 8949 section 3: what stands before, or is, an integer of this size.
        static int Head(long value) => value switch { < 24 => 1, <= byte.MaxValue => 2, <= ushort.MaxValue => 3, <= uint.MaxValue => 5, _ => 9 };
    }

    /// <summary>The table of an image of which the digests are known.</summary>
    internal static ChunkTable Of(long imageSize, int chunkSize, byte[] digests) => new(imageSize, chunkSize, digests);

    internal static ChunkTable Decode(ReadOnlyMemory<byte> bytes)
    {
        DeterministicCbor.Require(bytes.Span, "chunk table");
        long? imageSize = null, chunkSize = null;
        byte[]? digests = null;
        CborDoor.Decode(bytes, "chunk table", reader =>
        {
            reader.ReadMap("chunk table", key =>
            {
                switch (key)
                {
                    case ImageSizeKey:
                        imageSize = reader.ReadInt64();
                        break;
                    case ChunkSizeKey:
                        chunkSize = reader.ReadInt64();
                        break;
                    case DigestsKey:
                        digests = reader.ReadByteString();
                        break;
                    default:
                        throw new RejectedException(RejectionReason.UnknownField, $"chunk table: field {key}");
                }
            });
            return true;
        });
        long size = CborDoor.Require(imageSize, "chunk table: image size");
        int chunk = RequireChunkSize(CborDoor.Require(chunkSize, "chunk table: chunk size"));
        int count = RequireCount(size, chunk);
        CborDoor.Require(digests, "chunk table: digests");
        return digests!.Length == (long)count * Sha256Digest.Size
            ? new ChunkTable(size, chunk, digests)
            : throw new RejectedException(RejectionReason.ChunkTableMismatch, $"chunk table: wanted {count} digests for {size} bytes, got {digests.Length} bytes of them");
    }

    internal ReadOnlySpan<byte> DigestOf(int index) => _digests.AsSpan(index * Sha256Digest.Size, Sha256Digest.Size);

    internal bool Holds(int index, ReadOnlySpan<byte> chunk)
    {
        Span<byte> digest = stackalloc byte[Sha256Digest.Size];
        SHA256.HashData(chunk, digest);
        return chunk.Length == LengthOf(index) && CryptographicOperations.FixedTimeEquals(digest, DigestOf(index));
    }

    private static int RequireChunkSize(long size) => size is >= DecodeLimits.MinChunkBytes and <= DecodeLimits.MaxChunkBytes && BitOperations.IsPow2(size)
        ? (int)size
        : throw new RejectedException(RejectionReason.ValueOutOfRange, $"chunk size: wanted a power of two from {DecodeLimits.MinChunkBytes} to {DecodeLimits.MaxChunkBytes}, got {size}");

    private static int RequireCount(long imageSize, int chunkSize)
    {
        if (imageSize is < 1 or > DecodeLimits.ImageBytes)
        {
            throw new RejectedException(RejectionReason.ValueOutOfRange, $"image size: wanted 1 to {DecodeLimits.ImageBytes} bytes, got {imageSize}");
        }

        long count = ((imageSize - 1) / chunkSize) + 1;
        return count <= DecodeLimits.Chunks
            ? (int)count
            : throw new RejectedException(RejectionReason.LimitExceeded, $"image: wanted at most {DecodeLimits.Chunks} chunks of {chunkSize} bytes, got {count}");
    }
}
