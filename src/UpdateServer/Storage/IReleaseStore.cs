using Fota.UpdateServer.Audit;
using Fota.UpdateServer.Releases;

namespace Fota.UpdateServer.Storage;

/// <summary>Keeps what is published.</summary>
internal interface IReleaseStore
{
    /// <summary>The publication in force.</summary>
    Publication Load();

    /// <summary>Until the result is disposed of, no server publishes and none removes content but whoever has it.</summary>
    /// <exception cref="StoreUnavailableException">The store is away.</exception>
    ValueTask<IAsyncDisposable> HoldAsync(CancellationToken cancellation);

    /// <summary>Replaces <paramref name="before"/> by <paramref name="after"/>, wholly or not at all; another publication in between is an error.</summary>
    /// <param name="before">What is in force.</param>
    /// <param name="after">What is to be.</param>
    /// <param name="source">Whose it is, for the log.</param>
    void Commit(Publication before, Publication after, Publishing source);
}
