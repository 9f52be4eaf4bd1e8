using Fota.UpdateServer.Audit;
using Fota.UpdateServer.Releases;

namespace Fota.UpdateServer.Storage;

/// <summary>Keeps what is published.</summary>
internal interface IReleaseStore
{
    /// <summary>The publication in force.</summary>
    Publication Load();

    /// <summary>Until the result is disposed of, no server publishes and none removes content but whoever has it.</summary>
    /// <exception cref="StoreUnavailableException">The store is away, or others took too long.</exception>
    ValueTask<IPublicationTurn> HoldAsync(CancellationToken cancellation);
}

/// <summary>The turn to publish, or to remove content. Whoever shows no life loses it, and changes nothing by it any more.</summary>
internal interface IPublicationTurn : IAsyncDisposable
{
    /// <summary>Asks whether the turn is still there: to be done right before something is removed.</summary>
    /// <exception cref="StoreUnavailableException">It was lost, or the store is away.</exception>
    void Demand();

    /// <summary>Replaces <paramref name="before"/> by <paramref name="after"/>, wholly or not at all; another publication in between is an error.</summary>
    /// <param name="before">What is in force.</param>
    /// <param name="after">What is to be.</param>
    /// <param name="source">Whose it is, for the log.</param>
    /// <exception cref="StoreUnavailableException">The turn was lost, or the store is away; nothing was changed.</exception>
    /// <exception cref="StoreUncertainException">The connection was lost over the commit.</exception>
    void Commit(Publication before, Publication after, Publishing source);
}
