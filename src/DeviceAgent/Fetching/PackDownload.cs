using Fota.DeviceAgent.Slots;
using Fota.DeviceAgent.State;
using Fota.Manifest;
using Fota.Manifest.Packs;
using Fota.Manifest.Verification;

namespace Fota.DeviceAgent.Fetching;

/// <summary>
/// Fetches the parts of packs, full and delta, and hands on each chunk once it is proven. Memory is one record or frame and what the reader keeps,
/// whatever the size of the image. A broken transfer goes on at the byte where it broke; a process that starts anew, at the chunks that the slot lacks.
/// </summary>
internal sealed class PackDownload
{
    private readonly RepositoryClient _repository;
    private readonly KeptParts _kept;

    /// <summary>Fetches from <paramref name="repository"/> what is not among <paramref name="kept"/>.</summary>
    public PackDownload(RepositoryClient repository, KeptParts kept)
    {
        _repository = repository;
        _kept = kept;
    }

    /// <summary>What a delta pack begins with.</summary>
    public KeptPart KeptDelta => _kept.Delta;

    /// <summary>The chunk table that the manifest names for the image.</summary>
    public async Task<VerifiedChunkTable> FetchTableAsync(ListedImage image, CancellationToken cancellation)
    {
        if (image.Content.ChunkTableSize > ChunkTable.MaxEncodedSize)
        {
            throw new RejectedException(RejectionReason.LimitExceeded, $"chunk table: wanted at most {ChunkTable.MaxEncodedSize} bytes, got {image.Content.ChunkTableSize}");
        }

        string path = $"tables/{image.Content.ChunkTableDigest}";
        if (_kept.Table.Find(path) is { } stored && VerifiedChunkTable.Verify(image, stored).IsAccepted(out VerifiedChunkTable? kept, out _))
        {
            return kept;
        }

        VerifiedChunkTable table = await FetchPartAsync(path, 0, (int)image.Content.ChunkTableSize, bytes => VerifiedChunkTable.Verify(image, bytes).OrThrow(), cancellation);
        Keep(table);
        return table;
    }

    /// <summary>Keeps a table that came another way.</summary>
    public void Keep(VerifiedChunkTable table) => _kept.Table.Keep($"tables/{table.Image.Content.ChunkTableDigest}", table.Table.Encode());

    /// <summary>Head and index of the full pack, as they were kept; null when they were not. The manifest does not vouch for them: that they lead to the right frames shows in what comes of these.</summary>
    public PackIndex? FindIndex(VerifiedChunkTable table) =>
        _kept.Index.Find(table.Image.Content.PackUri) is { } stored && PackIndex.Decode(stored, table).IsAccepted(out PackIndex? kept, out _) ? kept : null;

    /// <summary>Head and index of the full pack.</summary>
    public async Task<PackIndex> FetchIndexAsync(VerifiedChunkTable table, CancellationToken cancellation)
    {
        string path = table.Image.Content.PackUri;
        byte[] encoded = [];
        PackIndex index = await FetchPartAsync(path, 0, PackIndex.SizeFor(table.Table), bytes => PackIndex.Decode(encoded = bytes, table).OrThrow(), cancellation);
        _kept.Index.Keep(path, encoded);
        return index;
    }

    /// <summary>A part of a file, which is kept in memory; for none of it nothing is asked.</summary>
    /// <param name="path">The file.</param>
    /// <param name="start">Where the part begins.</param>
    /// <param name="length">Its length.</param>
    /// <param name="prove">What is made of it; what it refuses is asked of the next source.</param>
    /// <param name="cancellation">Ends it.</param>
    public async Task<T> FetchPartAsync<T>(string path, long start, int length, Func<byte[], T> prove, CancellationToken cancellation)
    {
        if (length == 0)
        {
            return prove([]);
        }

        using RangeReader ranges = new(_repository, path, length);
        return await _repository.RetryAsync(async token => prove((await ranges.ReadAsync(start, length, () => start + length, token)).ToArray()), () => ranges.Kept, cancellation);
    }

    /// <summary>Fetches what the slot lacks, a request for each run of it, and gives each proven chunk to <paramref name="image"/>.</summary>
    /// <returns>The reader, at its end.</returns>
    public async Task<PackReader> FetchChunksAsync(string path, PackReader reader, ImageWriter image, CancellationToken cancellation)
    {
        using RangeReader ranges = new(_repository, path, reader.MaxLength);
        return await _repository.RetryAsync(
            async token =>
            {
                // What needs no bytes comes first: where nothing else is left there is nothing to ask for, or to wait for.
                for (TakeOver(reader, image, token); !reader.IsAtEnd; TakeOver(reader, image, token))
                {
                    ReadOnlyMemory<byte> bytes = await ranges.ReadAsync(reader.NextStart, reader.NextLength, () => EndOfRun(reader, image), token);
                    image.Write(reader.Read(bytes.Span).OrThrow());
                }

                return reader;
            },
            () => ranges.Kept,
            cancellation);
    }

    // Chunks that stand in the slot, and those for which the pack has no bytes or was read already.
    private static void TakeOver(PackReader reader, ImageWriter image, CancellationToken cancellation)
    {
        while (!reader.IsAtEnd)
        {
            cancellation.ThrowIfCancellationRequested();
            if (image.Find(reader.NextChunk) is { } standing)
            {
                reader.Skip(standing);
                image.Took(standing);
            }
            else if (reader.NextLength == 0)
            {
                image.Write(reader.Read([]).OrThrow());
            }
            else
            {
                return;
            }
        }
    }

    // Where the first bytes lie, behind those of the next chunk, that make only chunks which stand in the slot.
    private static long EndOfRun(PackReader reader, ImageWriter image)
    {
        long end = reader.NextStart + reader.NextLength;
        for (int chunk = reader.NextChunk + 1; chunk < reader.Count; chunk++)
        {
            (long start, int length) = reader.BytesOf(chunk);
            if (length == 0 || start < end)
            {
                continue;
            }

            if (Stands(chunk, start))
            {
                break;
            }

            end = start + length;
        }

        return end;

        bool Stands(int chunk, long start)
        {
            bool stands = true;
            for (; stands && chunk < reader.Count && reader.BytesOf(chunk) is { Length: > 0 } bytes && bytes.Start == start; chunk++)
            {
                stands = image.Has(chunk);
            }

            return stands;
        }
    }
}
