using Azure;
using Fota.Manifest;
using Fota.UpdateServer.Storage;

namespace Fota.UpdateServer.Artifacts.Azure;

/// <summary>
/// Reads a content of the storage at any place, in requests for a few MiB each, of which nothing is kept. What breaks off is gone on with at the byte where it broke; a content
/// that is never changed is the same one then. For one reader.
/// </summary>
internal sealed class AzureBlobStream(AzureBlobs blobs, Sha256Digest digest, AzureWindow first) : Stream
{
    /// <summary>So often a transfer is begun again that broke without bringing a byte; the client itself has tried to go on with it 5 times by then.</summary>
    private const int Patience = 1;

    private Stream? _body = first.Body;
    private long _at = first.First; // where the body's next byte lies
    private long _position;

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length => first.Length;

    public override long Position
    {
        get => _position;
        set => _position = value >= 0 ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "wanted a place in the content");
    }

    public override int Read(Span<byte> buffer)
    {
        for (int broken = 0; broken <= Patience && !buffer.IsEmpty && _position < Length; broken++)
        {
            try
            {
                _body = IsThere ? _body : Opened(blobs.Fetch(digest, _position, AzureBlobs.BlockSize));
                if (Took(_body!.Read(buffer)) is var read and > 0)
                {
                    return read;
                }
            }
            catch (Exception e) when (HasBroken(e, default))
            {
                Drop(e, broken);
            }
        }

        return _position >= Length || buffer.IsEmpty ? 0 : throw new StoreUnavailableException($"content {digest}: wanted {Length} bytes, got {_position}");
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        blobs.WithinAsync(stop => ReadOnAsync(buffer, stop), cancellationToken);

    private async ValueTask<int> ReadOnAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        for (int broken = 0; broken <= Patience && !buffer.IsEmpty && _position < Length; broken++)
        {
            try
            {
                _body = IsThere ? _body : Opened(await blobs.FetchAsync(digest, _position, AzureBlobs.BlockSize, cancellationToken));
                if (Took(await _body!.ReadAsync(buffer, cancellationToken)) is var read and > 0)
                {
                    return read;
                }
            }
            catch (Exception e) when (HasBroken(e, cancellationToken))
            {
                Drop(e, broken);
            }
        }

        return _position >= Length || buffer.IsEmpty ? 0 : throw new StoreUnavailableException($"content {digest}: wanted {Length} bytes, got {_position}");
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override long Seek(long offset, SeekOrigin origin) => Position = offset + origin switch
    {
        SeekOrigin.Begin => 0,
        SeekOrigin.Current => _position,
        _ => Length,
    };

    public override void Flush()
    {
    }

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _body?.Dispose();
            _body = null;
        }

        base.Dispose(disposing);
    }

    private bool IsThere => _body is not null && _at == _position;

    private Stream Opened(AzureWindow? window)
    {
        _body?.Dispose();
        _body = null;
        _at = _position;
        return window?.Body ?? throw new StoreUnavailableException($"content {digest} was removed while it was read");
    }

    // A body that is at its end is no more than the end of what was asked for.
    private int Took(int read)
    {
        _at += read;
        _position += read;
        if (read == 0)
        {
            _body!.Dispose();
            _body = null;
        }

        return read;
    }

    private static bool HasBroken(Exception e, CancellationToken cancellation) => e is not StoreUnavailableException && (e is RequestFailedException || StorageResilience.Passes(e, cancellation));

    private void Drop(Exception why, int broken)
    {
        _body?.Dispose();
        _body = null;
        if (broken >= Patience)
        {
            throw StorageResilience.Away(why);
        }
    }
}
