using Fota.Manifest.Log;
using Fota.TestKit;

namespace Fota.Manifest.Tests.Log;

/// <summary>A log that another program wrote (transparency-dev/tessera) is read by our reader.</summary>
[Proves("L-1", "L-2", "L-3", "L-5")]
public sealed class TesseraLogTests
{
    private const int Size = 15;

    private static readonly NoteKey s_key = NoteKey.Parse("example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx");

    private readonly FolderSource _source = new(VectorFolder.Require("tlog"));

    [Test]
    public void Each_of_its_checkpoints_verifies_and_is_of_the_tree_in_its_tiles()
    {
        for (int size = 0; size <= Size; size++)
        {
            VerifiedCheckpoint checkpoint = Checkpoint(size);
            Assert.That(checkpoint.Content.Size, Is.EqualTo(size));
            Assert.That(new TiledTree(_source, size).Root(), Is.EqualTo(checkpoint.Content.Root));
            Assert.That(TileEdge.Read(_source, size).Root(), Is.EqualTo(checkpoint.Content.Root));
        }
    }

    [Test]
    public void Each_of_its_checkpoints_is_consistent_with_each_later_one()
    {
        for (int size = 1; size <= Size; size++)
        {
            TiledTree tree = new(_source, size);
            for (int earlier = 0; earlier <= size; earlier++)
            {
                Assert.That(Checkpoint(size).CheckSuccessorOf(Checkpoint(earlier), tree), Is.Null, $"{earlier} to {size}");
            }
        }
    }

    [Test]
    public void Each_of_its_entries_is_proven_to_be_in_it()
    {
        for (int index = 0; index < Size; index++)
        {
            LogProof proof = LogProof.Decode(LogProof.Make(_source, Checkpoint(Size), index).ToBytes()).IsAccepted();
            Assert.That(proof.Verify(s_key, new TiledTree(_source, Size).Entry(index).Span).IsAccepted().Content.Size, Is.EqualTo(Size));
        }
    }

    [Test]
    public void The_whole_of_it_is_what_its_checkpoints_say()
    {
        List<string> entries = [];
        AuditedLog audited = LogAudit.Run(_source, Checkpoint(Size), [Checkpoint(3), Checkpoint(9)], (_, entry) => entries.Add(System.Text.Encoding.UTF8.GetString(entry.Span))).IsAccepted();
        Assert.That(audited.Tiles, Is.EqualTo(1));
        Assert.That(entries.Take(3), Is.EqualTo(["one", "two", "three"]));
        Assert.That(entries, Has.Count.EqualTo(Size));
    }

    private VerifiedCheckpoint Checkpoint(int size) => VerifiedCheckpoint.Verify(_source.Read($"checkpoint.{size}", LogLimits.NoteBytes), s_key).IsAccepted();

    private sealed class FolderSource(string folder) : ITileSource
    {
        public byte[]? Read(string path, int maxBytes) => File.Exists(Path.Combine(folder, path)) ? File.ReadAllBytes(Path.Combine(folder, path)) : null;
    }
}
