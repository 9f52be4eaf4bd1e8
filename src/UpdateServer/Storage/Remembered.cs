namespace Fota.UpdateServer.Storage;

/// <summary>
/// What a server remembers whole of a store, to decide about access. It answers from memory while that is fresh, and reads again first when it is not; a change is decided on what the
/// store holds, and not on what is remembered of it.
/// </summary>
internal sealed class Remembered<T>
    where T : class
{
    /// <summary>So often a change is decided, where other servers make one in between.</summary>
    private const int Tries = 3;

    private readonly BoundedTurn _turn = new();
    private readonly Func<Known<T>> _read;
    private readonly Freshness _freshness;

    private volatile Known<T> _known;

    /// <param name="read">Reads it from the store, as of one moment.</param>
    /// <param name="rule">How old it may be.</param>
    public Remembered(Func<Known<T>> read, FreshnessRule rule)
    {
        (_read, _freshness) = (read, rule.Begin());
        _known = Read();
    }

    /// <summary>What the store held a short while ago.</summary>
    /// <exception cref="StoreUnavailableException">The memory is too old, and the store is away: nobody knows.</exception>
    public T Current
    {
        get
        {
            if (!_freshness.IsFresh)
            {
                _turn.Take(() => _ = _freshness.IsFresh ? _known : Read(), FreshnessRule.RenewalPatience); // whoever waited for the same finds it read
            }

            return _known.Value;
        }
    }

    /// <summary>Reads it again.</summary>
    /// <exception cref="StoreUnavailableException">The store is away.</exception>
    public void CatchUp() => _turn.Take(() => Read(), BoundedTurn.Patience);

    /// <summary>The store said which change is its newest: with another one than is known here, it is read again.</summary>
    /// <param name="number">The number of that change.</param>
    /// <param name="asked">When the store was asked.</param>
    /// <exception cref="StoreUnavailableException">The store is away.</exception>
    public void Confirm(long number, Moment asked) => _turn.Take(
        () =>
        {
            if (_known.Number == number)
            {
                _freshness.Heard(asked);
            }
            else
            {
                Read();
            }
        },
        BoundedTurn.Patience);

    /// <summary>Makes one change, which is stored before it shows.</summary>
    /// <param name="decide">Says what is to be changed of what the store holds; null for nothing. It is asked again where another server was faster.</param>
    /// <exception cref="StoreUnavailableException">The store is away; nothing was changed.</exception>
    public void Change(Func<T, Draft<T>?> decide)
    {
        bool isDone = false;
        _turn.Take(() => isDone = TryChange(decide), BoundedTurn.Patience);
        if (!isDone)
        {
            throw new StoreBusyException("other servers changed the same at this moment");
        }
    }

    private bool TryChange(Func<T, Draft<T>?> decide)
    {
        for (int tries = 0; tries < Tries; tries++)
        {
            Known<T> before = Read();
            if (decide(before.Value) is not { } draft)
            {
                return true;
            }

            if (Store(draft, before.Number) is { } number)
            {
                _known = new Known<T>(number, draft.After);
                return true;
            }
        }

        return false;
    }

    private long? Store(Draft<T> draft, long known)
    {
        try
        {
            return draft.Save(known);
        }
        catch (StoreUncertainException)
        {
            _freshness.Forget();
            throw;
        }
    }

    private Known<T> Read()
    {
        Moment asked = _freshness.Ask();
        Known<T> read = _read();
        _known = read;
        _freshness.Heard(asked);
        return read;
    }
}

/// <summary>What a store holds.</summary>
/// <param name="Number">The number of the newest change.</param>
/// <param name="Value">All of it.</param>
internal sealed record Known<T>(long Number, T Value);

/// <summary>A change that is decided and not stored yet.</summary>
/// <param name="After">What there is after it.</param>
/// <param name="Save">Stores it, if the change with this number is still the newest; gives its own number then, and null otherwise.</param>
internal sealed record Draft<T>(T After, Func<long, long?> Save);
