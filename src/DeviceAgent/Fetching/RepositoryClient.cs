using System.Net;
using System.Net.Http.Headers;
using System.Runtime.ExceptionServices;
using Fota.Manifest;

namespace Fota.DeviceAgent.Fetching;

/// <summary>
/// Fetches the files of a repository, from the first of its sources that has them, and believes nothing of what it gets. Every download has a bound before it
/// begins (A06), and ends when no byte comes for a while (A07).
/// </summary>
internal sealed class RepositoryClient
{
    private static readonly Func<long> s_nothingIsKept = static () => 0;

    private readonly IReadOnlyList<RepositorySource> _sources;
    private readonly Transport _transport;
    private int _current;

    /// <summary>Fetches from <paramref name="sources"/>, the first one first.</summary>
    public RepositoryClient(IReadOnlyList<RepositorySource> sources, Transport transport)
    {
        _sources = sources;
        _transport = transport;
    }

    /// <summary>Bytes of files, and of parts of files, that came so far.</summary>
    public long Received { get; private set; }

    /// <summary>The source that is asked next.</summary>
    public RepositorySource Source => _sources[_current];

    /// <summary>The same, with nothing received yet, and the first source first again.</summary>
    public RepositoryClient Anew() => new(_sources, _transport);

    /// <summary>The same, with others that are asked before the last one of them.</summary>
    public RepositoryClient Before(IEnumerable<RepositorySource> others) => new([.. _sources.Take(_sources.Count - 1), .. others, _sources[^1]], _transport);

    /// <summary>A whole file of at most <paramref name="maxBytes"/>, or null when no source has one of that name.</summary>
    /// <exception cref="RejectedException">The file is longer.</exception>
    public async Task<byte[]?> FindAsync(string path, long maxBytes, CancellationToken cancellation)
    {
        try
        {
            return await GetAsync(path, maxBytes, cancellation);
        }
        catch (RepositoryUnavailableException e) when (e.Status is HttpStatusCode.NotFound or HttpStatusCode.Forbidden)
        {
            return null; // object stores say 403 of a file that they do not have
        }
    }

    /// <summary>As <see cref="FindAsync"/>, for a file that has to be there.</summary>
    public Task<byte[]> GetAsync(string path, long maxBytes, CancellationToken cancellation) => GetAsync(path, maxBytes, static bytes => bytes, cancellation);

    /// <summary>As <see cref="FindAsync"/>, for a file that has to be there, and to be what <paramref name="prove"/> demands: else the next source is asked.</summary>
    public async Task<T> GetAsync<T>(string path, long maxBytes, Func<byte[], T> prove, CancellationToken cancellation) =>
        await RetryAsync(async token => prove((await FetchAsync(path, maxBytes, tag: null, token)).Content!), s_nothingIsKept, cancellation);

    /// <summary>A whole file, unless it is the one that the server called <paramref name="tag"/>; and what it calls it now.</summary>
    /// <returns>No content when it is that one.</returns>
    public async Task<(byte[]? Content, string? Tag)> GetUnlessAsync(string path, long maxBytes, EntityTagHeaderValue? tag, CancellationToken cancellation) =>
        await RetryAsync(token => FetchAsync(path, maxBytes, tag, token), s_nothingIsKept, cancellation);

    /// <summary>Writes a file of at most <paramref name="maxBytes"/> to the beginning of <paramref name="destination"/>.</summary>
    /// <exception cref="RejectedException">The file is longer.</exception>
    public async Task CopyAsync(string path, long maxBytes, Stream destination, CancellationToken cancellation) =>
        await RetryAsync(
            async token =>
            {
                using ResponseBody body = await OpenAsync(path, null, null, token);
                destination.Position = 0;
                destination.SetLength(0);
                await body.CopyAsync(path, maxBytes, destination, token);
                return true;
            },
            s_nothingIsKept,
            cancellation);

    /// <summary>The bytes from <paramref name="first"/> up to, not including, <paramref name="end"/>. To be called within <see cref="RetryAsync{T}"/>.</summary>
    /// <exception cref="RejectedException">The file is shorter.</exception>
    public async Task<ResponseBody> OpenRangeAsync(string path, long first, long end, CancellationToken cancellation)
    {
        ResponseBody body = await OpenAsync(path, new RangeHeaderValue(first, end - 1), null, cancellation);
        try
        {
            if (body.FileLength < end)
            {
                // As with a range that begins behind its end: to ask again would bring no more.
                throw new RejectedException(RejectionReason.LengthMismatch, $"{path}: wanted {end} bytes, got a file of {body.FileLength}");
            }

            if (body.IsPartial && body.First != first)
            {
                throw new RepositoryUnavailableException($"{path}: wanted the bytes from {first} on, got those from {body.First} on", isTransient: true);
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

    /// <summary>Repeats <paramref name="attempt"/> while the network fails in ways that pass, at every source, for as long as <paramref name="progress"/> grows now and then.</summary>
    /// <param name="attempt">Asks <see cref="Source"/>.</param>
    /// <param name="progress">How much attempts brought so far that later ones need not bring again.</param>
    /// <param name="cancellation">Ends it.</param>
    public async Task<T> RetryAsync<T>(Func<CancellationToken, Task<T>> attempt, Func<long> progress, CancellationToken cancellation)
    {
        ExceptionDispatchInfo? broken = null;
        while (true)
        {
            (T? result, broken) = await _transport.Retry.ExecuteAsync(
                async token =>
                {
                    // What broke after it had brought something is the first failure of a new budget, and is waited after as such.
                    ExceptionDispatchInfo? first = broken;
                    broken = null;
                    first?.Throw();
                    return await AskAsync(attempt, progress, token);
                },
                cancellation);
            if (broken is null)
            {
                return result!;
            }
        }
    }

    // Each source once, from the one that did well last. One that breaks after it brought something is not given up for that.
    private async Task<(T? Result, ExceptionDispatchInfo? Broken)> AskAsync<T>(Func<CancellationToken, Task<T>> attempt, Func<long> progress, CancellationToken cancellation)
    {
        ExceptionDispatchInfo? passing = null;
        TimeSpan? asked = null;
        for (int left = _sources.Count; ; left--)
        {
            long before = progress();
            try
            {
                return (await attempt(cancellation), null);
            }
            catch (RepositoryUnavailableException e) when (e.IsTransient && progress() > before)
            {
                return (default, ExceptionDispatchInfo.Capture(e));
            }
            catch (Exception e) when (_sources.Count > 1 && e is RepositoryUnavailableException or RejectedException)
            {
                _current = (_current + 1) % _sources.Count;
                if (e is RepositoryUnavailableException { IsTransient: true } failure && (failure.RetryAfter is { } wait ? !(asked > wait) : asked is null))
                {
                    // Of those that may pass the one that asks to be left alone for the longest, else the last one: the server's own.
                    (passing, asked) = (ExceptionDispatchInfo.Capture(e), failure.RetryAfter);
                }

                if (left == 1)
                {
                    passing?.Throw();
                    throw;
                }

                _transport.Waiting($"{e.Message}; going on with {Source.Address.Host}");
            }
        }
    }

    private async Task<(byte[]? Content, string? Tag)> FetchAsync(string path, long maxBytes, EntityTagHeaderValue? tag, CancellationToken cancellation) =>
        await HttpDoor.WithinAsync(
            path,
            _transport.DocumentDeadline,
            async token =>
            {
                using ResponseBody body = await OpenAsync(path, null, tag, token);
                return body.IsNotModified ? (null, tag!.ToString()) : ((byte[]?)await body.ReadToEndAsync(path, maxBytes, token), body.Tag);
            },
            _transport.Time,
            cancellation);

    private async Task<ResponseBody> OpenAsync(string path, RangeHeaderValue? range, EntityTagHeaderValue? tag, CancellationToken cancellation)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, Source.Find(path) ?? throw new RepositoryUnavailableException($"{path}: this source has no such files", isTransient: false));
        request.Headers.Range = range;
        if (tag is not null)
        {
            request.Headers.IfNoneMatch.Add(tag);
        }

        HttpResponseMessage response = await HttpDoor.SendAsync(Source.Http, request, _transport.Time, cancellation);
        if (response.StatusCode is HttpStatusCode.OK or HttpStatusCode.PartialContent || (tag is not null && response.StatusCode == HttpStatusCode.NotModified))
        {
            return new ResponseBody(response, _transport, read => Received += read);
        }

        using (response)
        {
            throw response.StatusCode switch
            {
                HttpStatusCode.NotFound or HttpStatusCode.Forbidden => new RepositoryUnavailableException($"{path}: the server has no such file", isTransient: false) { Status = response.StatusCode },
                HttpStatusCode.RequestedRangeNotSatisfiable => new RejectedException(RejectionReason.LengthMismatch, $"{path}: wanted bytes from {range}, which the file does not have"),
                _ => HttpDoor.Unexpected(path, response, _transport.Time),
            };
        }
    }
}
