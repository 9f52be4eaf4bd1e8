using Fota.Manifest.Log;
using Fota.TestKit;

namespace Fota.Manifest.Tests.Log;

/// <summary>The files of a log that are worked out from its entries are those that a log in files has.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class ComputedTileTests
{
    private readonly MemoryLog _log = new();
    private readonly Entries _entries = new();

    [TestCase(0)]
    [TestCase(1)]
    [TestCase(255)]
    [TestCase(256)]
    [TestCase(257)]
    [TestCase(66000)]
    [Proves("L-1", "J-4")]
    public void Every_file_of_a_tree_is_that_of_a_log_in_files(int size)
    {
        Grow(size);
        ComputedTiles computed = new(_entries, size);
        foreach (TileAddress tile in TileAddress.OfTree(size))
        {
            Assert.That(computed.Read(tile.Path, tile.MaxBytes), Is.EqualTo(_log.Files[tile.Path]), tile.Path);
        }

        Assert.That(new TiledTree(computed, size).Root(), Is.EqualTo(Checkpoint.Parse(SignedNote.Decode(_log.Files[ITileSource.Checkpoint]).OrThrow().Text).Root));
    }

    [Test]
    [Proves("J-4", "J-20")]
    public void There_is_no_file_that_reaches_beyond_the_tree_although_there_are_more_entries()
    {
        Grow(600);
        ComputedTiles computed = new(_entries, 300);
        Assert.That(computed.Read("tile/entries/001.p/44", int.MaxValue), Is.Not.Null);
        foreach (string beyond in (string[])["tile/entries/001.p/45", "tile/entries/001", "tile/entries/002.p/1", "tile/0/001.p/45", "tile/1/000.p/2", "tile/1/000", "tile/2/000.p/1", "tile/63/000.p/1", "checkpoint", "tile/0/x999/x999/x999/x999/x999/x999/999"])
        {
            Assert.That(computed.Read(beyond, int.MaxValue), Is.Null, beyond);
        }
    }

    [Test]
    [Proves("J-4")]
    public void A_full_tile_is_worked_out_once()
    {
        Grow(1000);
        ComputedTiles computed = new(_entries, 1000);
        _ = computed.Read("tile/1/000.p/3", int.MaxValue);
        int reads = _entries.Reads;
        Assert.That((computed.Read("tile/1/000.p/3", int.MaxValue), computed.Read("tile/0/001", int.MaxValue)), Is.EqualTo((_log.Files["tile/1/000.p/3"], _log.Files["tile/0/001"])));
        Assert.That(_entries.Reads, Is.EqualTo(reads));
    }

    [Test]
    public void Entries_that_are_gone_are_missed()
    {
        Grow(10);
        _entries.All.RemoveAt(9);
        Assert.That(() => new ComputedTiles(_entries, 10).Read("tile/entries/000.p/10", int.MaxValue), Throws.TypeOf<RejectedException>().With.Message.EqualTo("LogIncomplete: entries: wanted 10 from 0 on, got 9"));
    }

    private void Grow(int size)
    {
        _ = _log.AppendNumbered(size);
        _entries.All.AddRange(Enumerable.Range(0, size).Select(static number => (ReadOnlyMemory<byte>)BitConverter.GetBytes(number)));
    }

    private sealed class Entries : IEntryStore
    {
        private readonly Dictionary<(int, long), byte[]> _tiles = [];

        public List<ReadOnlyMemory<byte>> All { get; } = [];

        public int Reads { get; private set; }

        public IReadOnlyList<ReadOnlyMemory<byte>> Read(long first, int count)
        {
            Reads++;
            return [.. All.Skip((int)first).Take(count)];
        }

        public byte[]? FindTile(int level, long index) => _tiles.GetValueOrDefault((level, index));

        public void KeepTile(int level, long index, byte[] hashes) => _tiles.Add((level, index), hashes);
    }
}
