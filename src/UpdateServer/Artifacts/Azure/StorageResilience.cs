using Azure;
using Azure.Identity;
using Fota.UpdateServer.Storage;
using Polly;
using Polly.CircuitBreaker;
using Polly.Retry;
using Polly.Timeout;

namespace Fota.UpdateServer.Artifacts.Azure;

/// <summary>
/// How the storage is asked: each try within a bound, again where it may be better in a moment, and not at all for a while after it was away for most. Whatever is asked here may be
/// asked twice: content has the name of its digest.
/// </summary>
internal sealed class StorageResilience
{
    /// <summary>So long one try may take to be answered.</summary>
    public static readonly TimeSpan Answer = TimeSpan.FromSeconds(10);

    /// <summary>So long whoever asked waits, over all tries, for an answer or for the next bytes of a body: less than a device does, which goes on with another source after 30 s (client-workflow.md, W-20) and would never hear why.</summary>
    public static readonly TimeSpan Whole = TimeSpan.FromSeconds(20);

    /// <summary>So long sending a block may take.</summary>
    public static readonly TimeSpan Sending = TimeSpan.FromSeconds(60);

    /// <summary>So long nobody asks after too much failed.</summary>
    public static readonly TimeSpan Break = TimeSpan.FromSeconds(2);

    private const int Retries = 3;
    private const int LeastTries = 8;

    private static readonly TimeSpan s_sampling = TimeSpan.FromSeconds(10);

    private readonly ResiliencePipeline _asking, _sending;
    private readonly TimeProvider _time;

    public StorageResilience(TimeProvider time)
    {
        ResiliencePipeline breaker = Builder(time).AddCircuitBreaker(new CircuitBreakerStrategyOptions
        {
            ShouldHandle = static a => ValueTask.FromResult(Passes(a.Outcome.Exception, a.Context.CancellationToken)),
            FailureRatio = 0.5,
            MinimumThroughput = LeastTries,
            SamplingDuration = s_sampling,
            BreakDuration = Break,
        }).Build();
        _time = time;
        _asking = Around(breaker, Answer, time);
        _sending = Around(breaker, Sending, time);
    }

    /// <summary>Asks something that is answered soon.</summary>
    /// <exception cref="StoreUnavailableException">The storage is away, or does not let this server in.</exception>
    /// <exception cref="RequestFailedException">It answered that there is no such content, or that there is one already, or none of that range.</exception>
    public T Ask<T>(Func<CancellationToken, T> ask) => Guard(() =>
    {
        using CancellationTokenSource whole = new(Whole, _time);
        return _asking.Execute(ask, whole.Token);
    });

    /// <inheritdoc cref="Ask"/>
    public async Task<T> AskAsync<T>(Func<CancellationToken, Task<T>> ask, CancellationToken cancellation)
    {
        try
        {
            return await WithinAsync(token => _asking.ExecuteAsync(async stop => await ask(stop), token), cancellation);
        }
        catch (Exception e) when (IsAway(e, cancellation))
        {
            throw Away(e);
        }
    }

    /// <summary>Runs what whoever asked waits for: an answer, or the next bytes of a body.</summary>
    /// <exception cref="StoreUnavailableException">It took longer than <see cref="Whole"/>.</exception>
    public async ValueTask<T> WithinAsync<T>(Func<CancellationToken, ValueTask<T>> run, CancellationToken cancellation)
    {
        using CancellationTokenSource whole = new(Whole, _time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(whole.Token, cancellation);
        try
        {
            return await run(either.Token);
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw Away(new TimeoutException($"nothing came within {Whole.TotalSeconds} s", e));
        }
    }

    /// <summary>Sends something large.</summary>
    /// <inheritdoc cref="Ask"/>
    public T Send<T>(Func<CancellationToken, T> send) => Guard(() => _sending.Execute(send));

    /// <summary>Whether the same may succeed in a moment.</summary>
    public static bool Passes(Exception? failure, CancellationToken cancellation) => failure switch
    {
        RequestFailedException e => e.Status is 0 or 408 or 429 or >= 500,
        TimeoutRejectedException or IOException or HttpRequestException => true,
        AggregateException e => e.InnerExceptions.All(inner => Passes(inner, cancellation)), // of a body that the client asked for again by itself
        OperationCanceledException => !cancellation.IsCancellationRequested, // the client's own bound
        _ => false,
    };

    public static StoreUnavailableException Away(Exception failure) => new($"the content storage is away ({FirstLine(failure)})", failure);

    private static ResiliencePipelineBuilder Builder(TimeProvider time) => new() { TimeProvider = time };

    private static ResiliencePipeline Around(ResiliencePipeline breaker, TimeSpan limit, TimeProvider time) => Builder(time)
        .AddRetry(new RetryStrategyOptions
        {
            ShouldHandle = static a => ValueTask.FromResult(Passes(a.Outcome.Exception, a.Context.CancellationToken)),
            MaxRetryAttempts = Retries,
            Delay = TimeSpan.FromMilliseconds(100),
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
        })
        .AddPipeline(breaker)
        .AddTimeout(limit)
        .Build();

    private static T Guard<T>(Func<T> once)
    {
        try
        {
            return once();
        }
        catch (Exception e) when (IsAway(e, default))
        {
            throw Away(e);
        }
    }

    // What says something of the one content is for whoever asked: it is not there, it is there already, it has no such range.
    private static bool IsAway(Exception failure, CancellationToken cancellation) => failure switch
    {
        RequestFailedException e => !AzureBlobs.IsNotThere(e) && !AzureBlobs.IsThereAlready(e) && !AzureBlobs.IsOutOfRange(e),
        BrokenCircuitException or AuthenticationFailedException => true,
        _ => Passes(failure, cancellation),
    };

    // The storage's own message goes on over many lines, headers and all.
    private static string FirstLine(Exception failure) => failure.Message.Split('\n', 2)[0].TrimEnd();
}
