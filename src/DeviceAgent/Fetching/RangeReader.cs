namespace Fota.DeviceAgent.Fetching;

/// <summary>
/// Reads parts of one file, each as a whole, in as few requests as they lie together. When the transfer breaks inside a part, what had come of it is kept, and
/// the next request goes on behind it; parts are never put together from two files, or from two sources (A29).
/// </summary>
internal sealed class RangeReader : IDisposable
{
    private const long NoPart = -1;

    private readonly RepositoryClient _repository;
    private readonly string _path;
    private readonly byte[] _buffer;
    private ResponseBody? _body;
    private RepositorySource? _source;
    private string? _tag;
    private long? _length;
    private long _next, _end;
    private long _start = NoPart;
    private int _have;

    /// <summary>Reads <paramref name="path"/>, in parts of at most <paramref name="largest"/> bytes.</summary>
    public RangeReader(RepositoryClient repository, string path, int largest)
    {
        _repository = repository;
        _path = path;
        _buffer = new byte[largest];
    }

    /// <summary>How many bytes came that need not come again.</summary>
    public long Kept { get; private set; }

    /// <summary>One part. To be called within <see cref="RepositoryClient.RetryAsync{T}"/>: after a failure again, with the same <paramref name="start"/>.</summary>
    /// <param name="start">Where it begins in the file.</param>
    /// <param name="length">Its length in bytes.</param>
    /// <param name="end">Where a request that begins with it should end.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>Bytes that hold until the next call.</returns>
    public async Task<ReadOnlyMemory<byte>> ReadAsync(long start, int length, Func<long> end, CancellationToken cancellation)
    {
        if (start != _start)
        {
            Drop();
            _start = start;
        }

        try
        {
            while (_have < length)
            {
                if (_body is null || _source != _repository.Source || _next != _start + _have || _next >= _end)
                {
                    await OpenAsync(end(), cancellation);
                }

                int read = await _body!.ReadAsync(_buffer.AsMemory(_have, length - _have), cancellation);
                _have += read > 0 ? read : throw _body.EndedEarly();
                _next += read;
                Kept += read;
            }
        }
        catch
        {
            Close();
            throw;
        }

        _start = NoPart;
        _have = 0;
        return _buffer.AsMemory(0, length);
    }

    public void Dispose() => Close();

    private async Task OpenAsync(long end, CancellationToken cancellation)
    {
        Close();
        if (_source != _repository.Source)
        {
            Drop();
        }

        while (true)
        {
            long first = _start + _have;
            ResponseBody body = await _repository.OpenRangeAsync(_path, first, end, cancellation);
            bool isAnother = _source != _repository.Source || Differs(body.Tag, _tag) || Differs(body.FileLength, _length);
            (_tag, _length) = isAnother ? (body.Tag, body.FileLength) : (body.Tag ?? _tag, body.FileLength ?? _length);
            _source = _repository.Source;
            if (isAnother && _have > 0)
            {
                body.Dispose();
                Drop(); // the part begins anew, with the file that is there now
                continue;
            }

            (_body, _next, _end) = (body, first, end);
            return;
        }
    }

    // What a server does not say does not count.
    private static bool Differs(object? said, object? before) => said is not null && before is not null && !said.Equals(before);

    private void Drop()
    {
        Kept -= _have;
        _have = 0;
    }

    private void Close()
    {
        _body?.Dispose();
        _body = null;
    }
}
