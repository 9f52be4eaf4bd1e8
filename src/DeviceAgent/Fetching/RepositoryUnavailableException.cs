using System.Net;

namespace Fota.DeviceAgent.Fetching;

/// <summary>The server could not be reached, or did not answer with what was asked for. Nothing is concluded from it but to come again later.</summary>
internal sealed class RepositoryUnavailableException : Exception
{
    /// <summary>Makes the exception; the message says what was asked for and what came.</summary>
    public RepositoryUnavailableException(string message, bool isTransient, Exception? cause = null)
        : base(message, cause) => IsTransient = isTransient;

    /// <summary>Whether to try again at once is worth while.</summary>
    public bool IsTransient { get; }

    /// <summary>What the server answered; null when it did not answer.</summary>
    public HttpStatusCode? Status { get; init; }

    /// <summary>How long the server wants not to be asked again (Retry-After of a 429 or 503); null when it did not say. Not bounded yet: it may be a century.</summary>
    public TimeSpan? RetryAfter { get; init; }
}
