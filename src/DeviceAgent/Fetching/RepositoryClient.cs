using System.Net;
using System.Net.Http.Headers;
using Fota.Manifest;
using Polly;

namespace Fota.DeviceAgent.Fetching;

/// <summary>
/// Fetches from the server's repository, and believes nothing of what it gets. Every download has a bound before it begins (A06), and ends when
/// no byte comes for a while.
/// </summary>
internal sealed class RepositoryClient
{
    private readonly HttpClient _http;
    private readonly Uri _repository;
    private readonly ResiliencePipeline _retry;
    private readonly TimeProvider _time;

    /// <summary>Fetches from below <paramref name="repository"/>, which ends in '/'.</summary>
    public RepositoryClient(HttpClient http, Uri repository, ResiliencePipeline retry, TimeProvider time)
    {
        _http = http;
        _repository = repository;
        _retry = retry;
        _time = time;
    }

    /// <summary>Bytes of files, and of parts of files, that came so far.</summary>
    public long Received { get; private set; }

    /// <summary>Fetches from a folder of this repository; the name ends in '/'.</summary>
    public RepositoryClient Below(string folder) => new(_http, new Uri(_repository, folder), _retry, _time);

    /// <summary>A whole file of at most <paramref name="maxBytes"/>, or null when the server has none of that name.</summary>
    /// <exception cref="RejectedException">The file is longer.</exception>
    public async Task<byte[]?> FindAsync(string path, long maxBytes, CancellationToken cancellation) =>
        await RetryAsync(
            async token =>
            {
                using ResponseBody? body = await OpenAsync(path, null, token);
                return body is null ? null : await body.ReadToEndAsync(path, maxBytes, token);
            },
            cancellation);

    /// <summary>As <see cref="FindAsync"/>, for a file that has to be there.</summary>
    public async Task<byte[]> GetAsync(string path, long maxBytes, CancellationToken cancellation) =>
        await FindAsync(path, maxBytes, cancellation) ?? throw Missing(path);

    /// <summary>Writes a file of at most <paramref name="maxBytes"/> to the beginning of <paramref name="destination"/>.</summary>
    /// <exception cref="RejectedException">The file is longer.</exception>
    public async Task CopyAsync(string path, long maxBytes, Stream destination, CancellationToken cancellation) =>
        await RetryAsync(
            async token =>
            {
                using ResponseBody body = await OpenAsync(path, null, token) ?? throw Missing(path);
                destination.Position = 0;
                destination.SetLength(0);
                await body.CopyAsync(path, maxBytes, destination, token);
                return true;
            },
            cancellation);

    /// <summary>The bytes from <paramref name="first"/> up to, not including, <paramref name="end"/>. To be called within <see cref="RetryAsync{T}"/>.</summary>
    /// <exception cref="RejectedException">The file is shorter.</exception>
    public async Task<ResponseBody> OpenRangeAsync(string path, long first, long end, CancellationToken cancellation)
    {
        ResponseBody body = await OpenAsync(path, new RangeHeaderValue(first, end - 1), cancellation) ?? throw Missing(path);
        try
        {
            if (body.FileLength < end)
            {
                // As with a range that begins behind its end: to ask again would bring no more.
                throw new RejectedException(RejectionReason.LengthMismatch, $"{path}: wanted {end} bytes, got a file of {body.FileLength}");
            }

            await body.SkipAsync(body.IsPartial ? 0 : first, cancellation); // a server or cache without ranges sends the whole file
            return body;
        }
        catch
        {
            body.Dispose();
            throw;
        }
    }

    /// <summary>Repeats <paramref name="attempt"/> while the network fails in ways that pass.</summary>
    public async Task<T> RetryAsync<T>(Func<CancellationToken, Task<T>> attempt, CancellationToken cancellation) =>
        await _retry.ExecuteAsync(async token => await attempt(token), cancellation);

    private async Task<ResponseBody?> OpenAsync(string path, RangeHeaderValue? range, CancellationToken cancellation)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, Resolve(path));
        request.Headers.Range = range;
        HttpResponseMessage response = await HttpDoor.SendAsync(_http, request, _time, cancellation);
        if (response.StatusCode is HttpStatusCode.OK or HttpStatusCode.PartialContent)
        {
            return new ResponseBody(response, _time, read => Received += read);
        }

        using (response)
        {
            return response.StatusCode switch
            {
                HttpStatusCode.NotFound or HttpStatusCode.Forbidden => null, // object stores say 403 of a file that they do not have
                HttpStatusCode.RequestedRangeNotSatisfiable => throw new RejectedException(RejectionReason.LengthMismatch, $"{path}: wanted bytes from {range}, which the file does not have"),
                _ => throw HttpDoor.Unexpected(path, response),
            };
        }
    }

    // A signed document names paths relative to the repository; an absolute or climbing one would lead the device elsewhere (A15).
    private Uri Resolve(string path) => Uri.TryCreate(_repository, path, out Uri? uri) && _repository.IsBaseOf(uri)
        ? uri
        : throw new RejectedException(RejectionReason.UnsafePath, "a repository path: wanted one below the repository, got another");

    private static RepositoryUnavailableException Missing(string path) => new($"{path}: the server has no such file", isTransient: false);
}
