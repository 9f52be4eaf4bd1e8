using Fota.Manifest;
using Fota.Manifest.Packs;
using Fota.Manifest.Verification;

namespace Fota.DeviceAgent.Fetching;

/// <summary>
/// Fetches the parts of packs, full and delta, and hands on each chunk once it is proven. Memory is one record or frame and what the reader keeps,
/// whatever the size of the image. A broken transfer goes on at the chunk where it broke.
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

    /// <summary>Head and index of the full pack.</summary>
    public async Task<PackIndex> FetchIndexAsync(VerifiedChunkTable table, CancellationToken cancellation) =>
        PackIndex.Decode(await FetchPartAsync(table.Image.Content.PackUri, 0, PackIndex.SizeFor(table.Table), cancellation), table).OrThrow();

    /// <summary>A part of a pack, which is kept in memory; for none of it nothing is asked.</summary>
    public async Task<byte[]> FetchPartAsync(string path, long start, int length, CancellationToken cancellation)
    {
        byte[] part = new byte[length];
        return length == 0 ? part : await _repository.RetryAsync(
            async token =>
            {
                using ResponseBody body = await _repository.OpenRangeAsync(path, start, start + length, token);
                await body.ReadExactlyAsync(part, token);
                return part;
            },
            cancellation);
    }

    /// <summary>Fetches all that the reader still wants in one request, unless it breaks, and gives each proven chunk to <paramref name="write"/>.</summary>
    /// <returns>The reader, at its end.</returns>
    public async Task<PackReader> FetchChunksAsync(string path, PackReader reader, Action<VerifiedChunk> write, CancellationToken cancellation)
    {
        byte[] buffer = new byte[reader.MaxLength];
        return await _repository.RetryAsync(
            async token =>
            {
                ResponseBody? body = null;
                try
                {
                    // What needs no bytes comes first: where only copies are left there is nothing to ask for, or to wait for.
                    for (WriteHeld(reader, write, token); !reader.IsAtEnd; WriteHeld(reader, write, token))
                    {
                        body ??= await _repository.OpenRangeAsync(path, reader.NextStart, reader.PackSize, token);
                        Memory<byte> wanted = buffer.AsMemory(0, reader.NextLength);
                        await body.ReadExactlyAsync(wanted, token);
                        write(reader.Read(wanted.Span).OrThrow());
                    }

                    return reader;
                }
                finally
                {
                    body?.Dispose();
                }
            },
            cancellation);
    }

    private static void WriteHeld(PackReader reader, Action<VerifiedChunk> write, CancellationToken cancellation)
    {
        while (!reader.IsAtEnd && reader.NextLength == 0)
        {
            cancellation.ThrowIfCancellationRequested();
            write(reader.Read([]).OrThrow());
        }
    }
}
