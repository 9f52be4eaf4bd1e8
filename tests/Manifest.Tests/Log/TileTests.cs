using Fota.Manifest.Log;
using Fota.TestKit;

namespace Fota.Manifest.Tests.Log;

/// <summary>Tiles and the trees in them, held against RFC 6962 as it is written down, without tiles.</summary>
[Proves("L-1", "L-2")]
public sealed class TileTests
{
    [TestCase("tile/0/000", 0, 0, 256)]
    [TestCase("tile/0/x001/x234/067", 0, 1234067, 256)]
    [TestCase("tile/0/x273/112", 0, 273112, 256)]
    [TestCase("tile/2/000.p/1", 2, 0, 1)]
    [TestCase("tile/entries/x001/000.p/255", null, 1000, 255)]
    public void Path_of_a_tile_is_as_the_specification_has_it(string path, int? level, long index, int width)
    {
        Assert.That(TileAddress.TryParse(path, out TileAddress? address), Is.True);
        Assert.That((address!.Level, address.Index, address.Width, address.Path), Is.EqualTo((level, index, width, path)));
    }

    [TestCase("tile/00/000")]
    [TestCase("tile/64/000")]
    [TestCase("tile/0/00")]
    [TestCase("tile/0/001/000")]
    [TestCase("tile/0/x000/001")]
    [TestCase("tile/0/x001")]
    [TestCase("tile/0/000.p/0")]
    [TestCase("tile/0/000.p/256")]
    [TestCase("tile/0/000.p/01")]
    [TestCase("tile/0/000.p")]
    [TestCase("tile/0/../000")]
    [TestCase("tile/entry/000")]
    [TestCase("tile/0/000/")]
    [TestCase("tile/0/x999/x999/x999/x999/x999/x999/x999/999")]
    [TestCase("")]
    public void Other_spelling_of_a_path_is_none(string path) => Assert.That(TileAddress.TryParse(path, out _), Is.False);

    [Test]
    public void Tree_of_70000_has_the_tiles_of_the_specifications_example()
    {
        ILookup<(int? Level, bool IsFull), TileAddress> tiles = TileAddress.OfTree(70_000).ToLookup(static tile => (tile.Level, tile.IsFull));
        Assert.That(tiles[(0, true)].Count(), Is.EqualTo(273));
        Assert.That(tiles[(0, false)].Single().Path, Is.EqualTo("tile/0/273.p/112"));
        Assert.That(tiles[(1, true)].Single().Path, Is.EqualTo("tile/1/000"));
        Assert.That(tiles[(1, false)].Single().Path, Is.EqualTo("tile/1/001.p/17"));
        Assert.That(tiles[(2, false)].Single().Path, Is.EqualTo("tile/2/000.p/1"));
        Assert.That(TileAddress.OfTree(256).Select(static tile => tile.Path), Is.EqualTo(["tile/entries/000", "tile/0/000", "tile/1/000.p/1"]));
    }

    [Test]
    public void Roots_and_proofs_out_of_tiles_are_those_of_the_rfc()
    {
        MemoryLog log = new();
        List<Sha256Digest> leaves = [];
        foreach (int grown in (int[])[1, 2, 3, 7, 8, 255, 256, 257, 300, 512, 515, 768, 1100])
        {
            VerifiedCheckpoint checkpoint = log.AppendNumbered(grown - leaves.Count);
            leaves.AddRange(Enumerable.Range(leaves.Count, grown - leaves.Count).Select(static number => MerkleHash.Leaf(BitConverter.GetBytes(number))));
            Assert.That(checkpoint.Content.Root, Is.EqualTo(Root(leaves.ToArray())));
            Assert.That(TileEdge.Read(log, grown).Root(), Is.EqualTo(checkpoint.Content.Root));
            TiledTree tree = new(log, grown);
            foreach (int other in (int[])[1, 2, 5, 8, 200, 256, 258, 512, 513, 600, 767, 1023, 1024, grown])
            {
                if (other <= grown)
                {
                    Assert.That(MerkleProof.CheckInclusion(other - 1, grown, leaves[other - 1], tree.InclusionProof(other - 1), checkpoint.Content.Root), Is.Null);
                    Assert.That(tree.InclusionProof(other - 1), Is.EqualTo(PathTo(other - 1, leaves.ToArray())));
                    Assert.That(MerkleProof.CheckConsistency(other, Root(leaves[..other].ToArray()), grown, checkpoint.Content.Root, tree.ConsistencyProof(other)), Is.Null);
                }
            }
        }
    }

    [Test]
    public void Full_tile_stands_in_for_a_partial_one_that_was_deleted()
    {
        MemoryLog log = new();
        VerifiedCheckpoint old = log.AppendNumbered(200);
        log.AppendNumbered(100);
        log.Files.Remove("tile/0/000.p/200");
        log.Files.Remove("tile/entries/000.p/200");
        Assert.That(LogAudit.Run(log, old, [], static (_, _) => { }).IsAccepted().Checkpoint.Content.Size, Is.EqualTo(200));
    }

    // RFC 6962 section 2.1 and 2.1.1, word for word.
    private static Sha256Digest Root(Sha256Digest[] leaves) => leaves.Length == 1 ? leaves[0] : MerkleHash.Node(Root(leaves[..Split(leaves.Length)]), Root(leaves[Split(leaves.Length)..]));

    private static IEnumerable<Sha256Digest> PathTo(int index, Sha256Digest[] leaves)
    {
        if (leaves.Length == 1)
        {
            return [];
        }

        int split = Split(leaves.Length);
        return index < split ? PathTo(index, leaves[..split]).Append(Root(leaves[split..])) : PathTo(index - split, leaves[split..]).Append(Root(leaves[..split]));
    }

    private static int Split(int count) => (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)count) / 2;
}
