using Fota.UpdateServer.Releases;
using Fota.UpdateServer.Storage;

namespace Fota.UpdateServer.Rollouts;

/// <summary>
/// What this server holds of a fleet that others may change as well. Each change begins with what they changed, and nobody else makes one until it is stored; only then it shows.
/// </summary>
internal sealed class SharedFleet
{
    private readonly BoundedTurn _turn = new();
    private readonly IFleetStore _store;
    private readonly CatalogUpdate _update;
    private readonly Freshness _freshness;

    /// <summary>Null when nobody knows what the store holds: it is read anew before it is needed.</summary>
    private volatile FleetReplica? _replica;

    /// <summary>Reads it.</summary>
    /// <exception cref="StoreUnavailableException">The store is away.</exception>
    public SharedFleet(IFleetStore store, CatalogUpdate update, FreshnessRule rule)
    {
        (_store, _update, _freshness) = (store, update, rule.Begin());
        CatchUp();
    }

    /// <summary>What the store held a short while ago, without asking it, or waiting for anybody; null where that is not known.</summary>
    public FleetReplica? Remembered => _freshness.IsFresh ? _replica : null;

    /// <summary>What the store held a short while ago, never what it held before that.</summary>
    /// <exception cref="StoreUnavailableException">It is not known, and the store is away.</exception>
    public FleetReplica Current
    {
        get
        {
            FleetReplica? replica = Remembered;
            while (replica is null)
            {
                _turn.Take(
                    () =>
                    {
                        if (Remembered is null) // whoever waited for the same finds it read
                        {
                            ReadNews();
                        }

                        replica = _replica;
                    },
                    FreshnessRule.RenewalPatience);
            }

            return replica;
        }
    }

    /// <summary>Reads what changed meanwhile.</summary>
    /// <exception cref="StoreUnavailableException">The store is away; the memory is as it was.</exception>
    public void CatchUp() => _turn.Take(ReadNews, BoundedTurn.Patience);

    /// <summary>Makes one change of everything, as it is in the store at that moment.</summary>
    /// <param name="decide">Says what is to be changed; null for nothing. It may be asked several times, and changes nothing by itself.</param>
    /// <returns>What there was before, and what came of it.</returns>
    /// <exception cref="StoreUnavailableException">The store is away, or busy.</exception>
    public (FleetReplica Before, FleetOutcome? Outcome) Change(Func<FleetReplica, FleetOutcome?> decide)
    {
        (FleetReplica Before, FleetOutcome? Outcome) made = default;
        _turn.Take(() => made = ChangeInTurn(decide), BoundedTurn.Patience);
        return made;
    }

    private (FleetReplica Before, FleetOutcome? Outcome) ChangeInTurn(Func<FleetReplica, FleetOutcome?> decide)
    {
        Moment asked = _freshness.Ask();
        FleetReplica known = _replica ?? FleetReplica.Empty.With(_store.Load()), before = known, after = known;
        FleetOutcome? outcome = null;
        try
        {
            long number = _store.Change(known.Number, news =>
            {
                before = after = known.With(news);
                _update.CatchUp(news.Generation);
                outcome = decide(before);
                after = outcome is null ? before : before.With(outcome.Pending);
                return outcome?.Change;
            });
            _replica = after with { Number = number };
            _freshness.Heard(asked);
            return (before, outcome);
        }
        catch (StoreUncertainException)
        {
            _replica = null;
            throw;
        }
    }

    private void ReadNews()
    {
        Moment asked = _freshness.Ask();
        FleetNews news = _replica is { } known ? _store.ReadSince(known.Number) : _store.Load();
        _update.CatchUp(news.Generation);
        _replica = (_replica ?? FleetReplica.Empty).With(news);
        _freshness.Heard(asked);
    }
}

/// <summary>What comes of an event: how fleet and rollouts are afterwards, and what is stored of it.</summary>
internal sealed record FleetOutcome(PendingChange Pending, FleetChange Change)
{
    public FleetOutcome(PendingChange pending)
        : this(pending, new FleetChange(null, null, [.. pending.Steps]))
    {
    }
}
