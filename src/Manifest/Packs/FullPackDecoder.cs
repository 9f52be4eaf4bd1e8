using Fota.Interop.Zstd;

namespace Fota.Manifest.Packs;

/// <summary>Decodes full packs: a frame holds a few chunks, and refers to the image before it.</summary>
internal sealed class FullPackDecoder : ChunkDecoder
{
    private const int NoFrame = -1;

    private readonly PackIndex _index;
    private readonly PackProfile _profile;
    private readonly ZstdDecompressor _decompressor;
    private readonly History _history;
    private readonly byte[] _content;
    private int _held = NoFrame;

    public FullPackDecoder(ChunkTable table, PackIndex index)
        : base(table)
    {
        _index = index;
        _profile = PackProfile.For(table.ChunkSize);
        int content = index.ChunksPerFrame * table.ChunkSize;
        _decompressor = new ZstdDecompressor(_profile.WindowLog(content));

        // A reader that resumes inside a frame has chunks of that frame behind it, which are not in the frame's prefix.
        _history = new History(_profile.PrefixSize + content, table.ChunkSize);
        _content = new byte[content];
    }

    public override int NextLength => NextChunk == Table.Count || _held == Frame ? 0 : _index.LengthOf(Frame);

    public override long NextStart => _index.StartOf(NextChunk == Table.Count ? _index.Count : Frame);

    public override int MaxLength => PackIndex.MaxFrame(Table.ChunkSize);

    public override long PackSize => _index.PackSize;

    public override (long Start, int Length) BytesOf(int chunk) => (_index.StartOf(chunk / _index.ChunksPerFrame), _index.LengthOf(chunk / _index.ChunksPerFrame));

    private int Frame => NextChunk / _index.ChunksPerFrame;

    private int First => Frame * _index.ChunksPerFrame;

    public override ReadOnlySpan<byte> Decode(ReadOnlySpan<byte> bytes)
    {
        int before = (NextChunk - First) * Table.ChunkSize;
        if (_held != Frame)
        {
            int wanted = Enumerable.Range(First, Math.Min(_index.ChunksPerFrame, Table.Count - First)).Sum(Table.LengthOf);
            ReadOnlySpan<byte> prefix = _history.Bytes[..^before];
            prefix = prefix[Math.Max(0, prefix.Length - _profile.PrefixSize)..];
            if (!_decompressor.TryDecompress(prefix, bytes, _content.AsSpan(0, wanted), out int written, out string? error) || written != wanted)
            {
                throw new RejectedException(RejectionReason.FrameInvalid, $"frame {Frame}: wanted one zstd frame of {wanted} bytes of content, got {error ?? $"{written} bytes"}");
            }

            _held = Frame;
        }

        return _content.AsSpan(before, Table.LengthOf(NextChunk));
    }

    public override Rejection Refuse(Rejection rejection)
    {
        _held = NoFrame;
        return rejection;
    }

    public override void Dispose() => _decompressor.Dispose();

    protected override void Remember(ReadOnlySpan<byte> chunk) => _history.Append(chunk);
}
