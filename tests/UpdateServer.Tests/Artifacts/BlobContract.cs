using Fota.Manifest;
using Fota.UpdateServer.Artifacts;

namespace Fota.UpdateServer.Tests.Artifacts;

/// <summary>What every store of content does, whatever stands behind it.</summary>
[TestFixture(typeof(BlobsInFiles))]
[TestFixture(typeof(BlobsInAzure))]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class BlobContract<TBlobs> : IDisposable
    where TBlobs : BlobsUnderTest, new()
{
    /// <summary>More than is sent, or asked for, at once.</summary>
    private const int Large = (4 * 1024 * 1024) + 1005;

    private readonly TBlobs _blobs = new();
    private int _staged;

    [SetUp]
    public Task OpenAsync() => _blobs.OpenAsync();

    public void Dispose() => _blobs.Dispose();

    [Test]
    public async Task What_was_never_added_is_not_here()
    {
        Sha256Digest nobody = Sha256Digest.Of("nobody"u8);
        Assert.That((_blobs.Store.Has(nobody), _blobs.Store.Open(nobody), await _blobs.Store.OpenAsync(nobody, WantedRange.Whole, default)), Is.EqualTo((false, (Stream?)null, (Stream?)null)));
        Assert.That(() => _blobs.Store.Remove(nobody), Throws.Nothing);
    }

    [TestCase(0)]
    [TestCase(1)]
    [TestCase(300 * 1024)]
    [TestCase(Large)]
    public async Task Content_is_read_as_it_was_added_here_and_by_another_server(int length)
    {
        byte[] bytes = Bytes(length);
        Sha256Digest digest = Add(bytes);
        foreach (IBlobStore store in (IBlobStore[])[_blobs.Store, _blobs.Another()])
        {
            Assert.That(store.Has(digest));
            using (Stream read = store.Open(digest)!)
            {
                Assert.That((read.Length, Sha256Digest.Of(read)), Is.EqualTo(((long)length, digest)));
            }

            await using Stream streamed = (await store.OpenAsync(digest, WantedRange.Whole, default))!;
            using MemoryStream copy = new();
            await streamed.CopyToAsync(copy);
            Assert.That(Sha256Digest.Of(copy.ToArray()), Is.EqualTo(digest));
        }

        Assert.That(_blobs.Names(), Is.EqualTo(new[] { digest.ToString() }), "a name is the digest, and nothing else is there");
    }

    [TestCase(0L, 10)]
    [TestCase(4_000_000L, 70_000)]
    [TestCase((4 * 1024 * 1024) - 3L, 6)]
    [TestCase(Large - 9L, 9)]
    public async Task A_part_is_read_from_any_place_and_then_another_one(long first, int count)
    {
        byte[] bytes = Bytes(Large);
        Sha256Digest digest = Add(bytes);
        await using Stream content = (await _blobs.Store.OpenAsync(digest, new WantedRange(first, count), default))!;
        byte[] part = new byte[count];
        content.Position = first;
        await content.ReadExactlyAsync(part);
        Assert.That(part, Is.EqualTo(bytes[(int)first..((int)first + count)]));
        content.Seek(-7, SeekOrigin.End);
        content.ReadExactly(part.AsSpan(0, 6));
        Assert.That(part[..6], Is.EqualTo(bytes[^7..^1]));
        Assert.That((content.Read(part, 0, 2), content.Read(part, 0, 2)), Is.EqualTo((1, 0)));
    }

    [Test]
    public async Task A_part_that_begins_behind_the_end_is_empty()
    {
        Sha256Digest digest = Add(Bytes(300 * 1024));
        await using Stream content = (await _blobs.Store.OpenAsync(digest, new WantedRange(400 * 1024, 10), default))!;
        content.Position = 400 * 1024;
        Assert.That((content.Length, await content.ReadAsync(new byte[10])), Is.EqualTo((300 * 1024L, 0)));
    }

    [Test]
    public void Content_that_is_added_again_stays_as_it_was()
    {
        byte[] bytes = Bytes(300 * 1024);
        Sha256Digest digest = Add(bytes);
        Assert.That(Add(bytes), Is.EqualTo(digest));
        Assert.That(Sha256Digest.Of(_blobs.Another().Open(digest)!), Is.EqualTo(digest));
        Assert.That(_blobs.Names(), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Content_that_two_servers_add_at_once_is_there_once()
    {
        byte[] bytes = Bytes(Large);
        IBlobStore[] stores = [_blobs.Store, _blobs.Another()];
        StagedContent[] staged = [Stage(bytes), Stage(bytes)];
        await Task.WhenAll(stores.Zip(staged, static (store, content) => Task.Run(() => store.Add(content))));
        Assert.That(Sha256Digest.Of(_blobs.Another().Open(staged[0].Digest)!), Is.EqualTo(staged[0].Digest));
    }

    [Test]
    public void What_is_removed_is_not_here_any_more_and_may_come_again()
    {
        byte[] bytes = Bytes(1000);
        Sha256Digest digest = Add(bytes);
        _blobs.Store.Open(digest)!.Dispose(); // in memory from now on, where there is a memory
        _blobs.Store.Remove(digest);
        Assert.That((_blobs.Store.Has(digest), _blobs.Store.Open(digest)), Is.EqualTo((false, (Stream?)null)));
        Assert.That(_blobs.Store.Has(Add(bytes)));
    }

    private Sha256Digest Add(byte[] bytes)
    {
        StagedContent staged = Stage(bytes);
        _blobs.Store.Add(staged);
        _blobs.Store.Flush([staged.Digest]);
        return staged.Digest;
    }

    private StagedContent Stage(byte[] bytes)
    {
        string file = Path.Combine(_blobs.Folder.FullName, $"staged-{_staged++}");
        File.WriteAllBytes(file, bytes);
        return new StagedContent(file, bytes.Length, Sha256Digest.Of(bytes));
    }

    private static byte[] Bytes(int length)
    {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i += 4)
        {
            BitConverter.TryWriteBytes(bytes.AsSpan(i), unchecked(i * 2654435761u));
        }

        return bytes;
    }
}
