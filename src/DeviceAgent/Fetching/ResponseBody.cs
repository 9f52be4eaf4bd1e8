using System.Net;
using Fota.Manifest;

namespace Fota.DeviceAgent.Fetching;

/// <summary>The body of an answer, read with a bound and without trust in what the headers say of it.</summary>
internal sealed class ResponseBody : IDisposable
{
    private readonly HttpResponseMessage _response;
    private readonly Transport _transport;
    private readonly Action<int> _received;
    private readonly TransferRate _rate = new();
    private Stream? _stream;

    /// <summary>Reads the body of <paramref name="response"/>, and tells <paramref name="received"/> how many bytes each read brought.</summary>
    public ResponseBody(HttpResponseMessage response, Transport transport, Action<int> received)
    {
        _response = response;
        _transport = transport;
        _received = received;
    }

    /// <summary>Whether the server sent the range that was asked for, rather than the whole file.</summary>
    public bool IsPartial => _response.StatusCode == HttpStatusCode.PartialContent;

    /// <summary>Whether there is no body, as the file is the one that was named by its tag.</summary>
    public bool IsNotModified => _response.StatusCode == HttpStatusCode.NotModified;

    /// <summary>Where the bytes begin in the file.</summary>
    public long? First => IsPartial ? _response.Content.Headers.ContentRange?.From : 0;

    /// <summary>Length of the whole file, as far as the server says it.</summary>
    public long? FileLength => IsPartial ? _response.Content.Headers.ContentRange?.Length : _response.Content.Headers.ContentLength;

    /// <summary>What the server calls this version of the file (RFC 9110, section 8.8.3); null when it has no name for it.</summary>
    public string? Tag => _response.Headers.ETag?.ToString();

    /// <summary>Reads what has come, at least a byte; 0 at the end.</summary>
    public async Task<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellation)
    {
        Memory<byte> piece = buffer[..Math.Min(buffer.Length, _transport.Cap.MaxRead)];
        long before = _transport.Time.GetTimestamp();
        int read = await HttpDoor.GuardAsync(
            What,
            async token =>
            {
                _stream ??= await _response.Content.ReadAsStreamAsync(token);
                return await _stream.ReadAsync(piece, token);
            },
            _transport.Time,
            cancellation);
        _received(read);
        _rate.Demand(What, read, _transport.Time.GetElapsedTime(before));
        await _transport.Cap.TakeAsync(read, cancellation);
        return read;
    }

    public async Task<byte[]> ReadToEndAsync(string what, long maxBytes, CancellationToken cancellation)
    {
        using MemoryStream kept = new();
        await CopyAsync(what, maxBytes, kept, cancellation);
        return kept.ToArray();
    }

    /// <summary>Copies the whole body; what is beyond <paramref name="maxBytes"/> is not kept (A06).</summary>
    public async Task CopyAsync(string what, long maxBytes, Stream destination, CancellationToken cancellation)
    {
        byte[] buffer = new byte[16 * 1024];
        long kept = 0;
        int read;
        while ((read = await ReadAsync(buffer, cancellation)) > 0)
        {
            kept += read;
            if (kept > maxBytes)
            {
                throw new RejectedException(RejectionReason.LimitExceeded, $"{what}: wanted at most {maxBytes} bytes, got more");
            }

            destination.Write(buffer, 0, read);
        }
    }

    public async Task SkipAsync(long bytes, CancellationToken cancellation)
    {
        byte[] buffer = new byte[(int)Math.Min(bytes, 64 * 1024)];
        for (long left = bytes; left > 0;)
        {
            int read = await ReadAsync(buffer.AsMemory(0, (int)Math.Min(left, buffer.Length)), cancellation);
            left -= read > 0 ? read : throw EndedEarly();
        }
    }

    /// <summary>A body that ends before its time is a broken transfer.</summary>
    public RepositoryUnavailableException EndedEarly() => new($"{What}: the transfer ended early", isTransient: true);

    public void Dispose() => _response.Dispose();

    private string What => $"GET {_response.RequestMessage?.RequestUri?.AbsolutePath}";
}
