using Polly;
using Polly.Retry;

namespace Fota.DeviceAgent.Fetching;

/// <summary>
/// How the agent tries again: a few times, each wait longer, with jitter, so that a fleet does not come back in step. The budget is for a lack of progress: a transfer
/// that brought something before it broke begins with a new one.
/// </summary>
internal static class RetryPolicy
{
    /// <summary>How often something that brings nothing is tried again.</summary>
    public const int DefaultRetries = 4;

    /// <summary>The longest wait that a server may ask for before a retry.</summary>
    public static readonly TimeSpan DefaultMaxRetryAfter = TimeSpan.FromMinutes(10);

    /// <summary>The policy for transient failures of the network.</summary>
    /// <param name="time">The clock.</param>
    /// <param name="firstDelay">About the first wait; it doubles with every retry.</param>
    /// <param name="retries">How often something that brings nothing is tried again.</param>
    /// <param name="maxRetryAfter">What is taken at most of a wait that the server asks for; <see cref="DefaultMaxRetryAfter"/> unless given.</param>
    public static ResiliencePipeline Create(TimeProvider time, TimeSpan firstDelay, int retries = DefaultRetries, TimeSpan? maxRetryAfter = null) =>
        new ResiliencePipelineBuilder { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions
            {
                ShouldHandle = static arguments => ValueTask.FromResult(arguments.Outcome.Exception is RepositoryUnavailableException { IsTransient: true }),
                MaxRetryAttempts = retries,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = firstDelay,
                DelayGenerator = arguments => ValueTask.FromResult(
                    arguments.Outcome.Exception is RepositoryUnavailableException { RetryAfter: { } asked } ? Least(asked, maxRetryAfter ?? DefaultMaxRetryAfter) : (TimeSpan?)null),
            })
            .Build();

    private static TimeSpan Least(TimeSpan asked, TimeSpan most) => asked < most ? asked : most;
}
