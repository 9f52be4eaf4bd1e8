namespace Fota.DeviceAgent.Tests.Simulation;

/// <summary>The process was killed. Nothing catches this but the test.</summary>
internal sealed class KilledException() : Exception("the process was killed");

/// <summary>A link that is cut at given numbers of bytes: some cuts drop the transfer, the others come with the end of the process.</summary>
internal sealed class CuttingLine(IEnumerable<long> cuts, Func<bool> kills)
{
    // As much as one TLS record brings.
    private const int MostAtOnce = 16 * 1024;

    private readonly Queue<long> _cuts = new(cuts.Order());

    /// <summary>Bytes that came through.</summary>
    public long Delivered { get; private set; }

    /// <summary>Cuts so far that dropped the transfer.</summary>
    public int Drops { get; private set; }

    /// <summary>Cuts so far that came with the end of the process.</summary>
    public int Kills { get; private set; }

    /// <summary>Called at each cut.</summary>
    public Action OnCut { get; set; } = static () => { };

    public Stream Send(ArraySegment<byte> bytes) => new Body(this, bytes);

    private int Deliver(int count)
    {
        count = Math.Min(count, MostAtOnce);
        if (!_cuts.TryPeek(out long cut) || Delivered + count < cut)
        {
            Delivered += count;
            return count;
        }

        if (Delivered < cut)
        {
            count = (int)(cut - Delivered);
            Delivered = cut;
            return count;
        }

        _cuts.Dequeue();
        OnCut();
        if (kills())
        {
            Kills++;
            throw new KilledException();
        }

        Drops++;
        throw new IOException("connection reset by peer");
    }

    private sealed class Body(CuttingLine line, ArraySegment<byte> bytes) : MemoryStream(bytes.Array!, bytes.Offset, bytes.Count, writable: false)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            int wanted = (int)Math.Min(buffer.Length, Length - Position);
            return wanted == 0 ? ValueTask.FromResult(0) : base.ReadAsync(buffer[..line.Deliver(wanted)], cancellationToken);
        }
    }
}
