using System.Net;
using Fota.Manifest;

namespace Fota.DeviceAgent.Fetching;

/// <summary>The body of an answer, read with a bound and without trust in what the headers say of it.</summary>
internal sealed class ResponseBody : IDisposable
{
    private readonly HttpResponseMessage _response;
    private readonly TimeProvider _time;
    private readonly Action<int> _received;
    private readonly TransferRate _rate = new();
    private Stream? _stream;

    /// <summary>Reads the body of <paramref name="response"/>, and tells <paramref name="received"/> how many bytes each read brought.</summary>
    public ResponseBody(HttpResponseMessage response, TimeProvider time, Action<int> received)
    {
        _response = response;
        _time = time;
        _received = received;
    }

    /// <summary>Whether the server sent the range that was asked for, rather than the whole file.</summary>
    public bool IsPartial => _response.StatusCode == HttpStatusCode.PartialContent;

    /// <summary>Length of the whole file, as far as the server says it.</summary>
    public long? FileLength => IsPartial ? _response.Content.Headers.ContentRange?.Length : _response.Content.Headers.ContentLength;

    /// <summary>Fills <paramref name="buffer"/>; a body that ends before is a broken transfer.</summary>
    public async Task ReadExactlyAsync(Memory<byte> buffer, CancellationToken cancellation)
    {
        if (await ReadAsync(buffer, cancellation) < buffer.Length)
        {
            throw new RepositoryUnavailableException($"{What}: the transfer ended early", isTransient: true);
        }
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
        for (long left = bytes; left > 0; left -= Math.Min(left, buffer.Length))
        {
            await ReadExactlyAsync(buffer.AsMemory(0, (int)Math.Min(left, buffer.Length)), cancellation);
        }
    }

    public void Dispose() => _response.Dispose();

    private string What => $"GET {_response.RequestMessage?.RequestUri?.AbsolutePath}";

    private async Task<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellation)
    {
        int total = 0, read;
        do
        {
            int from = total;
            long before = _time.GetTimestamp();
            read = await HttpDoor.GuardAsync(
                What,
                async token =>
                {
                    _stream ??= await _response.Content.ReadAsStreamAsync(token);
                    return await _stream.ReadAsync(buffer[from..], token);
                },
                _time,
                cancellation);
            total += read;
            _received(read);
            _rate.Demand(What, read, _time.GetElapsedTime(before));
        }
        while (read > 0 && total < buffer.Length);
        return total;
    }
}
