using Fota.Manifest.Log;

namespace Fota.TestKit;

/// <summary>A log in memory, with a key of its own: what a log's files are, for tests that attack them one by one.</summary>
public sealed class MemoryLog(string origin = "log.example/signer") : ITileSource
{
    private readonly SoftwareKey _key = SoftwareKey.Ed25519();
    private readonly List<ReadOnlyMemory<byte>> _entries = [];
    private readonly TileEdge _edge = TileEdge.OfEmptyTree();

    /// <summary>The files, by their paths below the log's prefix.</summary>
    public IDictionary<string, byte[]> Files { get; } = new Dictionary<string, byte[]>(StringComparer.Ordinal);

    public NoteKey Key => NoteKey.Of(origin, _key.PublicKey);

    public long Size => _edge.Size;

    public byte[]? Read(string path, int maxBytes) => Files.TryGetValue(path, out byte[]? file) ? file[..Math.Min(file.Length, maxBytes + 1)] : null;

    /// <summary>Appends entries and signs the new checkpoint.</summary>
    public VerifiedCheckpoint Append(params IEnumerable<byte[]> entries)
    {
        ArgumentNullException.ThrowIfNull(entries);
        foreach (byte[] entry in entries)
        {
            _entries.Add(entry);
            _edge.Append(MerkleHash.Leaf(entry), (tile, bytes) => Files[tile.Path] = bytes);
            if (_entries.Count == TileAddress.FullWidth)
            {
                Files[TileAddress.OfEntries((Size / TileAddress.FullWidth) - 1).Path] = EntryBundle.Encode(_entries);
                _entries.Clear();
            }
        }

        foreach ((TileAddress tile, byte[] bytes) in _edge.Partial())
        {
            Files[tile.Path] = bytes;
        }

        if (_entries.Count > 0)
        {
            Files[TileAddress.OfEntries(Size / TileAddress.FullWidth, _entries.Count).Path] = EntryBundle.Encode(_entries);
        }

        SignedNote note = Sign(new Checkpoint(origin, Size, _edge.Root()).ToText());
        Files[ITileSource.Checkpoint] = note.Bytes.ToArray();
        return VerifiedCheckpoint.Verify(note.Bytes, Key).OrThrow();
    }

    /// <summary>Entries that say their number.</summary>
    public VerifiedCheckpoint AppendNumbered(int count) => Append(Enumerable.Range((int)Size, count).Select(static number => BitConverter.GetBytes(number)));

    /// <summary>A note of the log's own key, whatever it says.</summary>
    public SignedNote Sign(string text) => SignedNote.Assemble(text, Key, _key.Sign(SignedNote.ToBeSigned(text)));

    /// <summary>A checkpoint of the log's own key, whatever it says.</summary>
    public VerifiedCheckpoint Sign(long size, Fota.Manifest.Sha256Digest root) => VerifiedCheckpoint.Verify(Sign(new Checkpoint(origin, size, root).ToText()).Bytes, Key).OrThrow();
}
