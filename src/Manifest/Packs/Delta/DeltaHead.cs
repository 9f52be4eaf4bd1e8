using System.Buffers.Binary;
using System.Numerics;
using Fota.Manifest.Encoding;
using Fota.Manifest.Verification;

namespace Fota.Manifest.Packs;

/// <summary>The first bytes of a delta pack (docs/spec/packs.md, "Delta pack"): which image it makes of which. Not trusted.</summary>
public sealed class DeltaHead
{
    /// <summary>Length in bytes.</summary>
    public const int Size = 54;

    /// <summary>Bytes of a digest that name an image here; that is enough to tell images apart, and proves nothing.</summary>
    public const int NameSize = 16;

    private const int BaseAt = 8, ImageAt = BaseAt + NameSize, ChunkAt = ImageAt + NameSize, ImageSizeAt = ChunkAt + 1, BaseSizeAt = ImageSizeAt + 5, PlanAt = BaseSizeAt + 5;

    // A chunk takes at most a kind with a run, and a displacement or a length.
    internal const int MaxPlanBytesPerChunk = 16;

    private DeltaHead(string baseName, string imageName, int chunkSize, long imageSize, long baseSize, int planLength)
    {
        BaseName = baseName;
        ImageName = imageName;
        ChunkSize = chunkSize;
        ImageSize = imageSize;
        BaseSize = baseSize;
        PlanLength = planLength;
    }

    /// <summary>The first 16 bytes of the base image's SHA-256, in hexadecimal.</summary>
    public string BaseName { get; }

    /// <summary>The first 16 bytes of the new image's SHA-256, in hexadecimal.</summary>
    public string ImageName { get; }

    /// <summary>Length of the new image's chunks but the last, in bytes.</summary>
    public int ChunkSize { get; }

    /// <summary>Length of the new image in bytes.</summary>
    public long ImageSize { get; }

    /// <summary>Length of the base image in bytes.</summary>
    public long BaseSize { get; }

    /// <summary>Length of the plan that follows the head, in bytes.</summary>
    public int PlanLength { get; }

    /// <summary>Number of chunks of the new image.</summary>
    public int Chunks => (int)(((ImageSize - 1) / ChunkSize) + 1);

    internal static ReadOnlySpan<byte> Magic => "FOTADP01"u8;

    /// <summary>Whether a pack that begins with <paramref name="bytes"/> says that it is a delta.</summary>
    public static bool IsDelta(ReadOnlySpan<byte> bytes) => bytes.StartsWith(Magic);

    /// <summary>The name that a delta pack uses for an image.</summary>
    public static string NameOf(Sha256Digest image)
    {
        ArgumentNullException.ThrowIfNull(image);
        return Convert.ToHexStringLower(image.Bytes[..NameSize]);
    }

    /// <summary>Decodes exactly <see cref="Size"/> bytes.</summary>
    public static Verdict<DeltaHead> Decode(ReadOnlyMemory<byte> bytes) => Verdict.Of(() => Read(bytes.Span));

    /// <summary>Decodes exactly <see cref="Size"/> bytes, of a pack that has to be of the image that a manifest lists: so nothing of it is larger than the manifest says.</summary>
    public static Verdict<DeltaHead> Decode(ReadOnlyMemory<byte> bytes, ListedImage image)
    {
        ArgumentNullException.ThrowIfNull(image);
        return Verdict.Of(() =>
        {
            DeltaHead head = Read(bytes.Span);
            head.RequireOf(image);
            return head;
        });
    }

    /// <exception cref="RejectedException">The pack is of another image.</exception>
    internal void RequireOf(ListedImage image)
    {
        if (ImageSize != image.Content.ImageSize || ImageName != NameOf(image.Content.ImageDigest))
        {
            throw new RejectedException(RejectionReason.PackForAnotherImage, $"delta pack: wanted image {image.Content.ImageDigest} of {image.Content.ImageSize} bytes, got {ImageName} of {ImageSize}");
        }

        // The manifest has no chunk size, but the length of a table that only one gives.
        long table = ChunkTable.EncodedSizeFor(ImageSize, ChunkSize);
        if (table != image.Content.ChunkTableSize)
        {
            throw new RejectedException(RejectionReason.PackForAnotherImage, $"delta pack: wanted chunks of a size that gives a table of {image.Content.ChunkTableSize} bytes, got {ChunkSize}, which gives {table}");
        }
    }

    internal static byte[] Encode(Sha256Digest baseImage, Sha256Digest image, int chunkSize, long imageSize, long baseSize, int planLength)
    {
        byte[] bytes = new byte[Size];
        Magic.CopyTo(bytes);
        baseImage.Bytes[..NameSize].CopyTo(bytes.AsSpan(BaseAt));
        image.Bytes[..NameSize].CopyTo(bytes.AsSpan(ImageAt));
        bytes[ChunkAt] = (byte)BitOperations.Log2((uint)chunkSize);
        WriteUInt40(bytes.AsSpan(ImageSizeAt), imageSize);
        WriteUInt40(bytes.AsSpan(BaseSizeAt), baseSize);
        bytes[PlanAt] = checked((byte)(planLength >> 16));
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(PlanAt + 1), (ushort)(planLength & 0xFFFF));
        return bytes;
    }

    private static DeltaHead Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Size || !bytes.StartsWith(Magic))
        {
            throw new RejectedException(RejectionReason.PackMalformed, $"delta pack: wanted a head of {Size} bytes that begins with FOTADP01, got {bytes.Length} bytes");
        }

        int log = bytes[ChunkAt];
        if (log >= 31 || 1 << log is < DecodeLimits.MinChunkBytes or > DecodeLimits.MaxChunkBytes)
        {
            throw new RejectedException(RejectionReason.PackMalformed, $"delta pack: wanted chunks of {DecodeLimits.MinChunkBytes} to {DecodeLimits.MaxChunkBytes} bytes, got 2^{log}");
        }

        long imageSize = ReadUInt40(bytes[ImageSizeAt..]), baseSize = ReadUInt40(bytes[BaseSizeAt..]);
        foreach ((string what, long size) in new[] { ("new", imageSize), ("base", baseSize) })
        {
            if (size is < 1 or > DecodeLimits.ImageBytes)
            {
                throw new RejectedException(RejectionReason.PackMalformed, $"delta pack: wanted a {what} image of 1 to {DecodeLimits.ImageBytes} bytes, got {size}");
            }
        }

        long chunks = ((imageSize - 1) >> log) + 1;
        int plan = (bytes[PlanAt] << 16) | BinaryPrimitives.ReadUInt16BigEndian(bytes[(PlanAt + 1)..]);
        return chunks <= DecodeLimits.Chunks && plan <= chunks * MaxPlanBytesPerChunk
            ? new DeltaHead(Name(bytes, BaseAt), Name(bytes, ImageAt), 1 << log, imageSize, baseSize, plan)
            : throw new RejectedException(RejectionReason.PackMalformed, $"delta pack: wanted at most {DecodeLimits.Chunks} chunks and {MaxPlanBytesPerChunk} bytes of plan for each, got {chunks} and {plan} in all");
    }

    private static string Name(ReadOnlySpan<byte> bytes, int at) => Convert.ToHexStringLower(bytes.Slice(at, NameSize));

    private static void WriteUInt40(Span<byte> to, long value)
    {
        to[0] = checked((byte)(value >> 32));
        BinaryPrimitives.WriteUInt32BigEndian(to[1..], (uint)(value & 0xFFFFFFFF));
    }

    private static long ReadUInt40(ReadOnlySpan<byte> from) => ((long)from[0] << 32) | BinaryPrimitives.ReadUInt32BigEndian(from[1..]);
}
