using System.Collections.Immutable;
using Fota.Manifest;
using Fota.UpdateServer.Artifacts;
using Fota.UpdateServer.Releases;
using Fota.UpdateServer.Storage;

namespace Fota.UpdateServer.Deltas;

/// <summary>What is known of delta packs, in memory: check-ins and downloads are answered from it. What is stored is stored first.</summary>
internal sealed class DeltaCatalog : ISharedMemory
{
    private readonly Lock _gate = new();
    private readonly IDeltaStore _store;
    private readonly ContentStore _content;
    private readonly ILogger _log;

    private volatile State _state;

    public DeltaCatalog(IDeltaStore store, ContentStore content, ILogger<DeltaCatalog> log)
    {
        _store = store;
        _content = content;
        _log = log;
        _state = State.Of(store.Load());
        ForgetOtherMakers();
        try
        {
            ForgetMissing();
        }
        catch (StoreUnavailableException e)
        {
            Log.ContentNotLookedAt(_log, e); // the job looks again
        }
    }

    /// <inheritdoc/>
    public string Topic => Topics.Deltas;

    /// <summary>Everything.</summary>
    public IEnumerable<DeltaRecord> Records => _state.ByKey.Values;

    /// <summary>What came of this one; null if it was not tried yet.</summary>
    public DeltaRecord? Find(DeltaKey key) => _state.ByKey.GetValueOrDefault(key);

    /// <summary>The delta pack with this digest, if it is to be served.</summary>
    public PublishedFile? FindPack(Sha256Digest digest) => _state.Packs.GetValueOrDefault(digest);

    /// <summary>Remembers what came of one; only the job calls it, one at a time.</summary>
    public void Save(DeltaRecord record)
    {
        lock (_gate)
        {
            _store.Save(record);
            _state = State.Of(_state.ByKey.SetItem(record.Key, record).Values);
        }
    }

    /// <summary>Forgets packs that somebody removed from the content store: they are neither offered nor served, and are made again.</summary>
    /// <exception cref="StoreUnavailableException">The content store is away: nothing is known of any.</exception>
    public void ForgetMissing()
    {
        foreach (DeltaRecord record in _state.ByKey.Values.Where(r => r.Pack is { } pack && !_content.Has(pack)))
        {
            Log.DeltaMissing(_log, record.Pack!, record.Key.Base, record.Key.Image);
            Forget(record);
        }
    }

    /// <summary>What another version of the maker gave up may be no trouble to this one. Packs that it made were seen to make the image, and stay.</summary>
    private void ForgetOtherMakers()
    {
        foreach (DeltaRecord record in _state.ByKey.Values.Where(static r => r.State != DeltaState.Made && r.Maker != DeltaMaker.Version))
        {
            Log.DeltaOfOtherMaker(_log, record.Key.Base, record.Key.Image, record.State, record.Maker, DeltaMaker.Version);
            Forget(record);
        }
    }

    /// <summary>As if it was never tried; only the job calls it.</summary>
    public void Forget(DeltaRecord record)
    {
        lock (_gate)
        {
            _store.Delete(record.Key);
            _state = State.Of(_state.ByKey.Remove(record.Key).Values);
        }
    }

    /// <inheritdoc/>
    public void CatchUp()
    {
        lock (_gate)
        {
            _state = State.Of(_store.Load());
        }
    }

    private sealed record State(ImmutableDictionary<DeltaKey, DeltaRecord> ByKey, ImmutableDictionary<Sha256Digest, PublishedFile> Packs)
    {
        public static State Of(IEnumerable<DeltaRecord> records)
        {
            ImmutableDictionary<DeltaKey, DeltaRecord> byKey = records.ToImmutableDictionary(static r => r.Key);
            return new State(byKey, byKey.Values.Where(static r => r.State == DeltaState.Made).DistinctBy(static r => r.Pack)
                .ToImmutableDictionary(static r => r.Pack!, static r => new PublishedFile(r.Pack!, r.Size!.Value)));
        }
    }
}
