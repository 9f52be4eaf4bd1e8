using System.Collections;
using Fota.Manifest;
using Fota.Manifest.Packs;

namespace Fota.DeviceAgent.Slots;

/// <summary>
/// The inactive slot while an image comes into it. It tells which chunks stand there already: each is read and proven again for every use, as neither flash nor
/// what was noted of it is believed (A31, A34). What is written is flushed now and then, so that a power cut costs little.
/// </summary>
internal sealed class ImageWriter : IDisposable
{
    /// <summary>After so many bytes, and not more often than <see cref="CheckpointTime"/>, what was written is flushed.</summary>
    public const int CheckpointBytes = 16 * 1024 * 1024;

    /// <summary>On a fast link this is what a power cut costs: there a flush is dear, and a byte is cheap.</summary>
    public static readonly TimeSpan CheckpointTime = TimeSpan.FromSeconds(1);

    private readonly AgentParts _parts;
    private readonly InactiveSlot _slot;
    private readonly VerifiedChunkTable _table;
    private readonly Action _checkpoint;
    private readonly ISlotWriter _writer;
    private readonly byte[] _buffer;
    private readonly BitArray _lacking, _written;
    private Stream? _reading;
    private VerifiedChunk? _found;
    private int _worthLooking;
    private long _unflushed, _flushedAt;
    private int _percent;

    /// <param name="parts">The device.</param>
    /// <param name="slot">The slot, which the boot record bars already.</param>
    /// <param name="table">Of the image.</param>
    /// <param name="resumes">Whether an earlier attempt may have left chunks of this image in the slot.</param>
    /// <param name="checkpoint">Called after each flush.</param>
    public ImageWriter(AgentParts parts, InactiveSlot slot, VerifiedChunkTable table, bool resumes, Action checkpoint)
    {
        _parts = parts;
        _slot = slot;
        _table = table;
        _checkpoint = checkpoint;
        _buffer = new byte[table.Table.ChunkSize];
        _lacking = new BitArray(table.Table.Count);
        _written = new BitArray(table.Table.Count);
        _worthLooking = resumes ? table.Table.Count : 0;
        _flushedAt = parts.Time.GetTimestamp();
        _writer = parts.Slots.OpenForWriting(slot);
    }

    /// <summary>How many chunks were taken over as they stood.</summary>
    public int Taken { get; private set; }

    /// <summary>How many chunks were written.</summary>
    public int Written { get; private set; }

    /// <summary>The chunk, if it stands in the slot.</summary>
    public VerifiedChunk? Find(int index)
    {
        if (_found?.Index == index)
        {
            return _found;
        }

        if (index >= _worthLooking || _lacking[index])
        {
            return null;
        }

        Rejection? rejection = null;
        _found = null;
        if (!TryRead(index, out ReadOnlySpan<byte> bytes) || !_table.Prove(index, bytes).IsAccepted(out _found, out rejection))
        {
            _lacking[index] = true;
            if (_written[index] && rejection is not null)
            {
                _parts.Log.Refused(rejection);
            }
        }

        return _found;
    }

    /// <summary>Whether the chunk stands in the slot.</summary>
    public bool Has(int index) => Find(index) is not null;

    /// <summary>The chunk was taken over as it stands.</summary>
    public void Took(VerifiedChunk chunk)
    {
        Taken++;
        Tell(chunk);
    }

    /// <summary>Writes a chunk to its place.</summary>
    public void Write(VerifiedChunk chunk)
    {
        _writer.Write(chunk);
        _found = null;
        _lacking[chunk.Index] = false;
        _written[chunk.Index] = true;
        _worthLooking = Math.Max(_worthLooking, chunk.Index + 1);
        Written++;
        Tell(chunk);
        _unflushed += chunk.Bytes.Length;
        if (_unflushed >= CheckpointBytes && _parts.Time.GetElapsedTime(_flushedAt) >= CheckpointTime)
        {
            Checkpoint();
        }
    }

    /// <summary>On return everything written is on the disk.</summary>
    public void Flush() => _writer.Flush();

    /// <summary>Flushes, and says so.</summary>
    public void Checkpoint()
    {
        Flush();
        _unflushed = 0;
        _flushedAt = _parts.Time.GetTimestamp();
        _checkpoint();
    }

    /// <summary>What is found from now on is read with everything that was written so far.</summary>
    public void BeginReadingAnew()
    {
        _found = null;
        _reading?.Dispose();
        _reading = null;
    }

    public void Dispose()
    {
        _reading?.Dispose();
        _writer.Dispose();
    }

    // A place that cannot be read is written again; whether that helps shows when the whole slot is read back.
    private bool TryRead(int index, out ReadOnlySpan<byte> bytes)
    {
        Span<byte> chunk = _buffer.AsSpan(0, _table.Table.LengthOf(index));
        bytes = chunk;
        try
        {
            if (_reading is null)
            {
                _writer.Flush();
                _reading = _parts.Slots.OpenForReading(_slot.Name);
            }

            _reading.Position = (long)index * _table.Table.ChunkSize;
            return _reading.ReadAtLeast(chunk, chunk.Length, throwOnEndOfStream: false) == chunk.Length;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private void Tell(VerifiedChunk chunk)
    {
        ReleaseVersion release = _table.Manifest.Content.ReleaseVersion;
        int done = (int)((chunk.Index + 1) * 100L / _table.Table.Count);
        if (done <= _percent)
        {
            return;
        }

        _parts.Log.Transferred(release, ((long)chunk.Index * _table.Table.ChunkSize) + chunk.Bytes.Length, _table.Table.ImageSize);
        if (done / 10 > _percent / 10)
        {
            _parts.Log.Progress($"installing: {release} into slot {_slot.Name}, {done / 10 * 10}%");
        }

        _percent = done;
    }
}
