using System.Net;

namespace Fota.DeviceAgent.Fetching;

/// <summary>The one place where the failures of HTTP become ours.</summary>
internal static class HttpDoor
{
    /// <summary>How long the server may be silent: before its answer, and between any two reads of it.</summary>
    public static readonly TimeSpan MaxSilence = TimeSpan.FromSeconds(30);

    public static async Task<HttpResponseMessage> SendAsync(HttpClient http, HttpRequestMessage request, TimeProvider time, CancellationToken cancellation) =>
        await GuardAsync(
            $"{request.Method} {request.RequestUri?.AbsolutePath}",
            async token => await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, token),
            time,
            cancellation);

    /// <summary>Runs one wait for the network.</summary>
    public static async Task<T> GuardAsync<T>(string what, Func<CancellationToken, Task<T>> wait, TimeProvider time, CancellationToken cancellation)
    {
        using CancellationTokenSource silence = new(MaxSilence, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(silence.Token, cancellation);
        try
        {
            return await wait(either.Token);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw new RepositoryUnavailableException($"{what}: {(e.InnerException ?? e).Message}", isTransient: true, e);
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw new RepositoryUnavailableException($"{what}: the server was silent for {MaxSilence.TotalSeconds} s", isTransient: true, e);
        }
    }

    /// <summary>Runs what has to be over by a deadline, however lively it is (A07).</summary>
    public static async Task<T> WithinAsync<T>(string what, TimeSpan limit, Func<CancellationToken, Task<T>> run, TimeProvider time, CancellationToken cancellation)
    {
        using CancellationTokenSource deadline = new(limit, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellation);
        try
        {
            return await run(either.Token);
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw new RepositoryUnavailableException($"{what}: wanted all of it within {limit.TotalSeconds} s", isTransient: true, e);
        }
    }

    public static RepositoryUnavailableException Unexpected(string what, HttpResponseMessage response, TimeProvider time) => new(
        $"{what}: the server answered {(int)response.StatusCode}",
        isTransient: (int)response.StatusCode >= 500 || response.StatusCode is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests)
    {
        Status = response.StatusCode,
        RetryAfter = response.StatusCode is HttpStatusCode.ServiceUnavailable or HttpStatusCode.TooManyRequests ? WaitAskedBy(response, time) : null,
    };

    // RFC 9110, section 10.2.3. A date is counted from the server's own, where it says that: the device's clock may be anywhere.
    private static TimeSpan? WaitAskedBy(HttpResponseMessage response, TimeProvider time)
    {
        TimeSpan? wait = response.Headers.RetryAfter switch
        {
            { Delta: { } seconds } => seconds,
            { Date: { } date } => date - (response.Headers.Date ?? time.GetUtcNow()),
            _ => null,
        };
        return wait < TimeSpan.Zero ? TimeSpan.Zero : wait;
    }
}
