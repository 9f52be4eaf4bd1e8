using Polly;
using Polly.Retry;

namespace Fota.DeviceAgent.Fetching;

/// <summary>How the agent tries again: a few times, each wait longer, with jitter, so that a fleet does not come back in step.</summary>
public static class RetryPolicy
{
    private const int Retries = 4;

    /// <summary>The policy for transient failures of the network; <paramref name="firstDelay"/> doubles with every retry.</summary>
    public static ResiliencePipeline Create(TimeProvider time, TimeSpan firstDelay) => new ResiliencePipelineBuilder { TimeProvider = time }
        .AddRetry(new RetryStrategyOptions
        {
            ShouldHandle = static arguments => ValueTask.FromResult(arguments.Outcome.Exception is RepositoryUnavailableException { IsTransient: true }),
            MaxRetryAttempts = Retries,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            Delay = firstDelay,
        })
        .Build();
}
