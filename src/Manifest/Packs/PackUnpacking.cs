using System.Security.Cryptography;

namespace Fota.Manifest.Packs;

/// <summary>
/// Unpacks a whole pack by a chunk table that whoever calls this vouches for: people at a desk, and the server for images it has verified. A device takes a
/// <see cref="PackReader"/>, for which a manifest has to vouch.
/// </summary>
public static class PackUnpacking
{
    /// <summary>Unpacks <paramref name="pack"/>, a seekable stream that begins with the pack and ends with it.</summary>
    /// <param name="pack">A full or a delta pack.</param>
    /// <param name="table">Every chunk is checked by it before it is written.</param>
    /// <param name="baseImage">What a delta pack is against; null when there is none, which refuses delta packs.</param>
    /// <param name="output">Receives the image.</param>
    /// <param name="progress">Told the number of chunks done.</param>
    /// <param name="cancellation">Stops between chunks.</param>
    /// <returns>What was unpacked and what it took.</returns>
    public static Verdict<UnpackedImage> Unpack(Stream pack, ChunkTable table, IRandomAccessImage? baseImage, Stream output, IProgress<int>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(pack);
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(output);
        return Verdict.Of(() =>
        {
            pack.Position = 0;
            using ChunkDecoder decoder = Open(pack, table, baseImage);
            if (decoder.PackSize != pack.Length)
            {
                throw new RejectedException(RejectionReason.PackMalformed, $"pack: wanted {decoder.PackSize} bytes, as it says itself, got {pack.Length}");
            }

            using IncrementalHash image = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            byte[] buffer = new byte[decoder.MaxLength];
            while (decoder.NextChunk < table.Count)
            {
                cancellation.ThrowIfCancellationRequested();
                ReadOnlySpan<byte> chunk = ReadChunk(pack, decoder, table, buffer);
                output.Write(chunk);
                image.AppendData(chunk);
                decoder.Accept(chunk);
                progress?.Report(decoder.NextChunk);
            }

            return new UnpackedImage(Sha256Digest.FromBytes(image.GetHashAndReset()), table.ImageSize, (decoder as DeltaDecoder)?.BaseBytesRead ?? 0);
        });
    }

    internal static byte[] ReadExactly(Stream pack, int length)
    {
        if (length > pack.Length - pack.Position)
        {
            throw new RejectedException(RejectionReason.PackMalformed, $"pack: wanted {length} bytes more, got {pack.Length - pack.Position}");
        }

        byte[] bytes = new byte[length];
        pack.ReadExactly(bytes);
        return bytes;
    }

    private static ChunkDecoder Open(Stream pack, ChunkTable table, IRandomAccessImage? baseImage)
    {
        byte[] magic = ReadExactly(pack, DeltaHead.Magic.Length);
        pack.Position = 0;
        if (!DeltaHead.IsDelta(magic))
        {
            return new FullPackDecoder(table, PackIndex.Decode(ReadExactly(pack, PackIndex.SizeFor(table)), table).OrThrow());
        }

        DeltaHead head = DeltaHead.Decode(ReadExactly(pack, DeltaHead.Size)).OrThrow();
        DeltaPack delta = DeltaPack.Decode(head, ReadExactly(pack, head.PlanLength)).OrThrow();
        if (baseImage is null)
        {
            throw new RejectedException(RejectionReason.BaseMismatch, $"delta pack: wanted base {head.BaseName}, got none");
        }

        delta.RequireFits(table.ImageSize, table.ChunkSize, baseImage);
        return new DeltaDecoder(table, delta, baseImage);
    }

    private static ReadOnlySpan<byte> ReadChunk(Stream pack, ChunkDecoder decoder, ChunkTable table, byte[] buffer)
    {
        Span<byte> wanted = buffer.AsSpan(0, decoder.NextLength);
        if (!wanted.IsEmpty)
        {
            pack.Position = decoder.NextStart;
            pack.ReadExactly(wanted);
        }

        Rejection rejection;
        try
        {
            ReadOnlySpan<byte> chunk = decoder.Decode(wanted);
            if (table.Holds(decoder.NextChunk, chunk))
            {
                return chunk;
            }

            rejection = new Rejection(RejectionReason.ChunkMismatch, $"chunk {decoder.NextChunk}: wanted what the chunk table says, got other bytes");
        }
        catch (RejectedException e)
        {
            rejection = e.Rejection;
        }

        throw new RejectedException(decoder.Refuse(rejection));
    }
}

/// <summary>What came of unpacking.</summary>
/// <param name="Digest">SHA-256 of the image.</param>
/// <param name="Size">Its length in bytes.</param>
/// <param name="BaseBytesRead">Bytes of the base that were read from where it lies, those that the cache held not counted.</param>
public sealed record UnpackedImage(Sha256Digest Digest, long Size, long BaseBytesRead);
