using Fota.DeviceAgent.Slots;
using Fota.DeviceAgent.State;
using Fota.Manifest;
using Fota.Manifest.Packs;
using Fota.Manifest.Reports;
using Fota.Manifest.Verification;

namespace Fota.DeviceAgent.Fetching;

/// <summary>
/// One image on its way to the inactive slot: as a delta against what runs where one is offered, else as the full pack. A delta that is refused costs time,
/// never the update: the full pack goes on from that chunk.
/// </summary>
internal sealed class ImageDownload : IDisposable
{
    private readonly AgentParts _parts;
    private readonly RepositoryClient _repository;
    private readonly PackDownload _packs;
    private readonly ListedImage _image;
    private readonly DeltaPatience _patience;
    private readonly long _receivedBefore;
    private TransferKind _kind = TransferKind.Full;
    private RunningImage? _running;
    private DeltaDownload? _delta;
    private PackIndex? _index;
    private VerifiedChunkTable? _table;

    private ImageDownload(AgentParts parts, RepositoryClient repository, ListedImage image, DeltaPatience patience)
    {
        _patience = patience;
        _parts = parts;
        _repository = repository;
        _packs = new PackDownload(repository);
        _image = image;
        _receivedBefore = repository.Received;
    }

    /// <summary>The image's chunk table.</summary>
    public VerifiedChunkTable Table => _table!;

    /// <summary>What it took so far.</summary>
    public ImageTransfer Transfer => new(_image.Manifest.Content.ReleaseVersion, _kind, _repository.Received - _receivedBefore, _image.Content.ImageSize);

    /// <summary>Fetches what has to be proven, or bounded, before the slot is touched.</summary>
    /// <param name="parts">The device.</param>
    /// <param name="repository">Where packs and tables are.</param>
    /// <param name="image">The image.</param>
    /// <param name="offers">The server's hints, of which nothing is believed.</param>
    /// <param name="patience">Told when a delta would not come.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="RejectedException">Table or index of the full pack was refused.</exception>
    public static async Task<ImageDownload> BeginAsync(AgentParts parts, RepositoryClient repository, ListedImage image, IReadOnlyList<OfferedDelta> offers, DeltaPatience patience, CancellationToken cancellation)
    {
        ImageDownload download = new(parts, repository, image, patience);
        try
        {
            await download.BeginAsync(offers, cancellation);
            return download;
        }
        catch
        {
            download.Dispose();
            throw;
        }
    }

    /// <summary>Gives every chunk, proven, to <paramref name="write"/>.</summary>
    /// <param name="write">Writes a chunk to the inactive slot.</param>
    /// <param name="readBack">Opens the inactive slot at its beginning, with all that was written in it.</param>
    /// <param name="cancellation">Ends it.</param>
    public async Task FetchAsync(Action<VerifiedChunk> write, Func<Stream> readBack, CancellationToken cancellation)
    {
        int written = 0;
        if (_delta is not null)
        {
            try
            {
                await FetchDeltaAsync(
                    _delta,
                    chunk =>
                    {
                        write(chunk);
                        written = chunk.Index + 1;
                    },
                    cancellation);
                return;
            }
            catch (Exception e) when (IsRefusal(e))
            {
                GiveUpDelta(e, written);
            }
        }

        using PackReader full = PackReader.OfFull(Table, _index ?? await _packs.FetchIndexAsync(Table, cancellation));
        TakeOver(full, written, readBack, cancellation);
        await _packs.FetchChunksAsync(_image.Content.PackUri, full, write, cancellation);
    }

    public void Dispose() => _running?.Dispose();

    private async Task BeginAsync(IReadOnlyList<OfferedDelta> offers, CancellationToken cancellation)
    {
        try
        {
            if (offers.Count > 0)
            {
                _running = RunningImage.Open(_parts.Slots, _parts.Boot.Facts.Running);
                await BeginDeltaAsync(_running, offers, cancellation);
            }
        }
        catch (Exception e) when (IsRefusal(e))
        {
            GiveUpDelta(e, chunk: 0);
        }

        if (_table is null)
        {
            _table = await _packs.FetchTableAsync(_image, cancellation);
            _index = await _packs.FetchIndexAsync(_table, cancellation);
        }
    }

    private async Task BeginDeltaAsync(RunningImage running, IReadOnlyList<OfferedDelta> offers, CancellationToken cancellation)
    {
        if (DeltaDownload.Choose(offers, running.Digest, _image.Content.ImageSize) is not { } offer)
        {
            _parts.Log.Progress($"delta pack: none of the {offers.Count} offered is worth while against image {running.Digest}");
            return;
        }

        _kind = TransferKind.Delta;
        _delta = await CountingAsync(offer.Pack, DeltaDownload.BeginAsync(_packs, _image, offer, running, cancellation));
        _table = _delta.Table;
        _parts.Log.Progress($"delta pack: {offer.Pack}, {offer.Size} bytes for an image of {_image.Content.ImageSize}");
    }

    // On its own, so that the memory of this reader is not held while the full pack's works.
    private async Task FetchDeltaAsync(DeltaDownload delta, Action<VerifiedChunk> write, CancellationToken cancellation)
    {
        using PackReader reader = delta.OpenReader();
        await CountingAsync(delta.Pack, _packs.FetchChunksAsync(delta.Path, reader, write, cancellation));
    }

    private async Task<T> CountingAsync<T>(Sha256Digest pack, Task<T> transfer)
    {
        try
        {
            return await transfer;
        }
        catch (RepositoryUnavailableException e) when (e.IsTransient)
        {
            _patience.Failed(pack);
            throw;
        }
    }

    // What is refused is refused for good, and so is what the server does not have. What passes ends the attempt, as with a full pack.
    private static bool IsRefusal(Exception e) => e is RejectedException or RepositoryUnavailableException { IsTransient: false };

    private void GiveUpDelta(Exception why, int chunk)
    {
        if (why is RejectedException { Rejection: { } rejection })
        {
            _parts.Log.Refused(rejection);
        }
        else
        {
            _parts.Log.Progress($"delta pack: {why.Message}");
        }

        _parts.Log.Progress($"delta pack: given up, the full pack goes on at chunk {chunk}");
        _kind = _kind == TransferKind.Delta ? TransferKind.DeltaThenFull : _kind;
        _delta = null;
    }

    // Proven again, as flash is not believed either: the full pack goes on at the first chunk that does not stand there.
    private void TakeOver(PackReader reader, int written, Func<Stream> readBack, CancellationToken cancellation)
    {
        if (written == 0)
        {
            return;
        }

        using Stream slot = readBack();
        byte[] buffer = new byte[Table.Table.ChunkSize];
        while (reader.NextChunk < written)
        {
            cancellation.ThrowIfCancellationRequested();
            Memory<byte> bytes = buffer.AsMemory(0, Table.Table.LengthOf(reader.NextChunk));
            slot.ReadExactly(bytes.Span);
            if (!Table.Prove(reader.NextChunk, bytes.Span).IsAccepted(out VerifiedChunk? chunk, out Rejection? rejection))
            {
                _parts.Log.Refused(rejection);
                return;
            }

            reader.Skip(chunk);
        }
    }
}
