using Fota.DeviceAgent.Slots;
using Fota.DeviceAgent.State;
using Fota.Manifest;
using Fota.Manifest.Packs;
using Fota.Manifest.Reports;
using Fota.Manifest.Verification;

namespace Fota.DeviceAgent.Fetching;

/// <summary>
/// One image on its way to the inactive slot: as a delta against what runs where one is offered, else as the full pack. A delta that is refused costs time,
/// never the update: the full pack brings the chunks that the slot lacks then.
/// </summary>
internal sealed class ImageDownload : IDisposable
{
    private readonly AgentParts _parts;
    private readonly RepositoryClient _repository;
    private readonly PackDownload _packs;
    private readonly ListedImage _image;
    private readonly DeltaPatience _patience;
    private readonly ImageTransfer? _before;
    private TransferKind _kind = TransferKind.Full;
    private RunningImage? _running;
    private DeltaDownload? _delta;
    private PackIndex? _index;
    private bool _isIndexKept;
    private VerifiedChunkTable? _table;

    private ImageDownload(AgentParts parts, RepositoryClient repository, ListedImage image, DeltaPatience patience, ImageTransfer? before)
    {
        _parts = parts;
        _repository = repository.Anew();
        _packs = new PackDownload(_repository, new KeptParts(parts.Store, image.Manifest.Digest));
        _image = image;
        _patience = patience;
        _before = before;
    }

    /// <summary>The image's chunk table.</summary>
    public VerifiedChunkTable Table => _table!;

    /// <summary>What it took so far, earlier attempts included.</summary>
    public ImageTransfer Transfer => new(
        _image.Manifest.Content.ReleaseVersion,
        _before is null || _before.Kind == _kind ? _kind : TransferKind.DeltaThenFull,
        (_before?.Bytes ?? 0) + _repository.Received,
        _image.Content.ImageSize);

    /// <summary>Fetches what has to be proven, or bounded, before the slot is touched.</summary>
    /// <param name="parts">The device.</param>
    /// <param name="repository">Where packs and tables are.</param>
    /// <param name="image">The image.</param>
    /// <param name="offers">The server's hints, of which nothing is believed.</param>
    /// <param name="patience">Told when a delta would not come.</param>
    /// <param name="before">What earlier attempts took.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="RejectedException">Table or index of the full pack was refused.</exception>
    public static async Task<ImageDownload> BeginAsync(
        AgentParts parts, RepositoryClient repository, ListedImage image, IReadOnlyList<OfferedDelta> offers, DeltaPatience patience, ImageTransfer? before, CancellationToken cancellation)
    {
        ImageDownload download = new(parts, repository, image, patience, before);
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

    /// <summary>Gives every chunk that the slot lacks, proven, to <paramref name="image"/>.</summary>
    public async Task FetchAsync(ImageWriter image, CancellationToken cancellation)
    {
        if (_delta is not null)
        {
            try
            {
                await FetchDeltaAsync(_delta, image, cancellation);
                return;
            }
            catch (Exception e) when (IsRefusal(e))
            {
                GiveUpDelta(e, image.Taken + image.Written);
                image.Checkpoint(); // that it was given up is remembered before the full pack covers it
                image.BeginReadingAnew();
                _packs.Keep(Table);
            }
        }

        _index ??= await FindOrFetchIndexAsync(cancellation);
        try
        {
            await FetchFullAsync(_index, image, cancellation);
        }
        catch (RejectedException e) when (_isIndexKept)
        {
            // Nobody vouches for the index that was kept: it may be what was wrong (A34).
            _parts.Log.Refused(e.Rejection);
            image.BeginReadingAnew();
            _isIndexKept = false;
            _index = await _packs.FetchIndexAsync(Table, cancellation);
            await FetchFullAsync(_index, image, cancellation);
        }
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
            _index = await FindOrFetchIndexAsync(cancellation);
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
        _delta = await CountingAsync(offer.Pack, DeltaDownload.BeginAsync(_packs, _image, offer, running, cancellation), static () => false);
        _table = _delta.Table;
        _parts.Log.Progress($"delta pack: {offer.Pack}, {offer.Size} bytes for an image of {_image.Content.ImageSize}");
    }

    // These on their own, so that the memory of the one reader is not held while the other works.
    private async Task FetchDeltaAsync(DeltaDownload delta, ImageWriter image, CancellationToken cancellation)
    {
        using PackReader reader = delta.OpenReader();
        await CountingAsync(delta.Pack, _packs.FetchChunksAsync(delta.Path, reader, image, cancellation), () => image.Written > 0);
    }

    private async Task FetchFullAsync(PackIndex index, ImageWriter image, CancellationToken cancellation)
    {
        using PackReader reader = PackReader.OfFull(Table, index);
        await _packs.FetchChunksAsync(_image.Content.PackUri, reader, image, cancellation);
    }

    private async Task<PackIndex> FindOrFetchIndexAsync(CancellationToken cancellation)
    {
        PackIndex? kept = _packs.FindIndex(Table);
        _isIndexKept = kept is not null;
        return kept ?? await _packs.FetchIndexAsync(Table, cancellation);
    }

    private async Task<T> CountingAsync<T>(Sha256Digest pack, Task<T> transfer, Func<bool> broughtChunks)
    {
        try
        {
            return await transfer;
        }
        catch (RepositoryUnavailableException e) when (e.IsTransient)
        {
            _patience.Failed(pack, broughtChunks());
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

        _packs.KeptDelta.Forget();
        _parts.Log.Progress($"delta pack: given up, the full pack goes on at chunk {chunk}");
        _kind = _kind == TransferKind.Delta ? TransferKind.DeltaThenFull : _kind;
        _delta = null;
    }
}
