using System.Buffers.Text;
using System.Net.Security;

namespace Fota.Load;

/// <summary>HTTP/1.1 over a connection, as little of it as there can be: a request of bytes, and an answer with a Content-Length, which is read and thrown away.</summary>
internal sealed class LoadConnection(SslStream tls) : IAsyncDisposable
{
    private const int BufferBytes = 128 * 1024;

    private readonly byte[] _buffer = new byte[BufferBytes];
    private int _kept;

    /// <summary>Asks, and waits for the whole answer; gives the length of its body.</summary>
    /// <exception cref="InvalidOperationException">The status is another than <paramref name="status"/>.</exception>
    public async Task<int> AskAsync(ReadOnlyMemory<byte> request, string status = "200")
    {
        await tls.WriteAsync(request);
        int head;
        while ((head = _buffer.AsSpan(0, _kept).IndexOf("\r\n\r\n"u8)) < 0)
        {
            await FillAsync();
        }

        int body = LengthOf(_buffer.AsSpan(0, head), status), end = head + 4 + body;
        while (_kept < end)
        {
            await FillAsync();
        }

        _buffer.AsSpan(end, _kept - end).CopyTo(_buffer);
        _kept -= end;
        return body;
    }

    public async ValueTask DisposeAsync() => await tls.DisposeAsync();

    private async Task FillAsync()
    {
        int read = await tls.ReadAsync(_buffer.AsMemory(_kept));
        _kept += read > 0 ? read : throw new InvalidOperationException("the server hung up");
    }

    private static int LengthOf(ReadOnlySpan<byte> head, string status)
    {
        if (!head.StartsWith(System.Text.Encoding.ASCII.GetBytes($"HTTP/1.1 {status}")))
        {
            throw new InvalidOperationException($"wanted {status}, got {System.Text.Encoding.ASCII.GetString(head)}");
        }

        int at = head.IndexOf("Content-Length: "u8);
        return at >= 0 && Utf8Parser.TryParse(head[(at + 16)..], out int length, out _) ? length : throw new InvalidOperationException("wanted a Content-Length, got none");
    }
}
