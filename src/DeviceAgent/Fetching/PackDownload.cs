using Fota.Manifest;
using Fota.Manifest.Packs;
using Fota.Manifest.Verification;

namespace Fota.DeviceAgent.Fetching;

/// <summary>
/// Fetches a full pack frame by frame and hands on each chunk once it is proven. Memory is one frame, one chunk and the frames' history,
/// whatever the size of the image. A broken transfer goes on at the frame where it broke.
/// </summary>
internal sealed class PackDownload
{
    private readonly RepositoryClient _repository;

    public PackDownload(RepositoryClient repository) => _repository = repository;

    /// <summary>The chunk table that the manifest names for the image.</summary>
    public async Task<VerifiedChunkTable> FetchTableAsync(ListedImage image, CancellationToken cancellation)
    {
        if (image.Content.ChunkTableSize > ChunkTable.MaxEncodedSize)
        {
            throw new RejectedException(RejectionReason.LimitExceeded, $"chunk table: wanted at most {ChunkTable.MaxEncodedSize} bytes, got {image.Content.ChunkTableSize}");
        }

        byte[] encoded = await _repository.GetAsync($"tables/{image.Content.ChunkTableDigest}", image.Content.ChunkTableSize, cancellation);
        return VerifiedChunkTable.Verify(image, encoded).OrThrow();
    }

    /// <summary>Head and index of the pack.</summary>
    public async Task<PackIndex> FetchIndexAsync(VerifiedChunkTable table, CancellationToken cancellation) => await _repository.RetryAsync(
        async token =>
        {
            byte[] head = new byte[PackIndex.SizeFor(table.Table)];
            using ResponseBody body = await _repository.OpenRangeAsync(table.Image.Content.PackUri, 0, head.Length, token);
            await body.ReadExactlyAsync(head, token);
            return PackIndex.Decode(head, table).OrThrow();
        },
        cancellation);

    /// <summary>Fetches all frames in one request, unless it breaks, and gives each proven chunk to <paramref name="write"/>.</summary>
    public async Task FetchChunksAsync(VerifiedChunkTable table, PackIndex index, Action<VerifiedChunk> write, CancellationToken cancellation)
    {
        using PackReader reader = PackReader.OfFull(table, index);
        byte[] frame = new byte[reader.MaxLength];
        await _repository.RetryAsync(
            async token =>
            {
                using ResponseBody body = await _repository.OpenRangeAsync(table.Image.Content.PackUri, reader.NextStart, reader.PackSize, token);
                while (!reader.IsAtEnd)
                {
                    Memory<byte> wanted = frame.AsMemory(0, reader.NextLength);
                    await body.ReadExactlyAsync(wanted, token);
                    write(reader.Read(wanted.Span).OrThrow());
                }

                return true;
            },
            cancellation);
    }
}
