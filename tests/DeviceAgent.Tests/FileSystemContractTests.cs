using Fota.Interop.Posix;
using Fota.TestKit.Media;

namespace Fota.DeviceAgent.Tests;

/// <summary>The simulated medium does what the disk does: else what was proven on it would say nothing of a device.</summary>
[TestFixture(true)]
[TestFixture(false)]
public sealed class FileSystemContractTests(bool isSimulated)
{
    private string _folder = "";
    private IFileSystem _files = null!;

    [SetUp]
    public void SetUp()
    {
        _folder = isSimulated ? "/device" : Directory.CreateTempSubdirectory("fota-files-").FullName;
        _files = isSimulated ? new SimulatedMedium() : PosixFileSystem.Instance;
        if (isSimulated)
        {
            _files.CreateDirectory(_folder);
        }
    }

    [TearDown]
    public void TearDown()
    {
        if (!isSimulated)
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    [Test]
    public void File_that_is_not_there_is_none_to_read_and_none_to_delete()
    {
        Assert.That(_files.OpenForReading(In("a")), Is.Null);
        Assert.That(_files.OpenForReading(In("no/a")), Is.Null);
        Assert.That(_files.FileExists(In("a")), Is.False);
        Assert.That(() => _files.Delete(In("a")), Throws.Nothing);
        Assert.That(() => _files.Rename(In("a"), In("b")), Throws.InstanceOf<IOException>());
    }

    [Test]
    public void File_in_a_directory_that_is_not_there_cannot_be_made()
    {
        Assert.That(() => _files.Create(In("no/a"), null), Throws.InstanceOf<IOException>());
        Assert.That(() => _files.OpenForWriting(In("no/a")), Throws.InstanceOf<IOException>());
        Assert.That(() => _files.FlushDirectory(In("no")), Throws.InstanceOf<IOException>());
    }

    [Test]
    public void Directory_is_neither_read_nor_written()
    {
        _files.CreateDirectory(In("d"));
        Assert.That(_files.DirectoryExists(In("d")), Is.True);
        Assert.That(_files.FileExists(In("d")), Is.False);
        Assert.That(() => _files.OpenForReading(In("d")), Throws.InstanceOf<UnauthorizedAccessException>());
        Assert.That(() => _files.OpenForWriting(In("d")), Throws.InstanceOf<UnauthorizedAccessException>());
    }

    [Test]
    public void Created_file_is_empty_also_in_the_place_of_another()
    {
        Write("a", "long content"u8, 0);
        _files.Create(In("a"), null).Dispose();
        Assert.That(Read("a"), Is.Empty);
    }

    [Test]
    public void File_is_written_in_its_place_and_grows_with_zeros_between()
    {
        Write("a", "abcdef"u8, 0);
        using (IWritableFile file = _files.OpenForWriting(In("a")))
        {
            file.Write("XY"u8, 2);
            file.Write("Z"u8, 600);
            file.Flush();
            file.Uncache();
        }

        byte[] content = Read("a");
        Assert.That(content, Has.Length.EqualTo(601));
        Assert.That(content[..6], Is.EqualTo("abXYef"u8.ToArray()));
        Assert.That(content[6..600], Is.All.Zero);
        Assert.That(content[600], Is.EqualTo((byte)'Z'));
    }

    [Test]
    public void Rename_replaces_and_leaves_whoever_reads_the_old_file_alone()
    {
        Write("old", "old"u8, 0);
        Write("new", "new"u8, 0);
        using Stream reader = _files.OpenForReading(In("old"))!;
        _files.Rename(In("new"), In("old"));
        _files.FlushDirectory(_folder);
        Assert.That(Read("old"), Is.EqualTo("new"u8.ToArray()));
        Assert.That(_files.FileExists(In("new")), Is.False);
        Assert.That(reader.ReadByte(), Is.EqualTo((int)'o'));
    }

    [Test]
    public void Whoever_reads_may_move_about()
    {
        Write("a", "abcdef"u8, 0);
        using Stream reader = _files.OpenForReading(In("a"))!;
        reader.Position = 4;
        byte[] rest = new byte[8];
        Assert.That(reader.ReadAtLeast(rest, rest.Length, throwOnEndOfStream: false), Is.EqualTo(2));
        Assert.That(reader.Length, Is.EqualTo(6));
        Assert.That(reader.Seek(-1, SeekOrigin.Current), Is.EqualTo(5));
    }

    [Test]
    public void Replaced_file_is_whole_and_leaves_nothing_beside_it()
    {
        DurableFile.ReplacePrivate(_files, In("d/e/a"), "content"u8);
        DurableFile.Replace(_files, In("d/e/a"), new MemoryStream("another"u8.ToArray()));
        Assert.That(Read("d/e/a"), Is.EqualTo("another"u8.ToArray()));
        Assert.That(_files.FileExists(In("d/e/a.new")), Is.False);
        DurableFile.Delete(_files, In("d/e/a"));
        Assert.That(_files.FileExists(In("d/e/a")), Is.False);
    }

    private string In(string name) => Path.Combine(_folder, name);

    private void Write(string name, ReadOnlySpan<byte> content, long offset)
    {
        using IWritableFile file = _files.Create(In(name), null);
        file.Write(content, offset);
    }

    private byte[] Read(string name)
    {
        using Stream file = _files.OpenForReading(In(name))!;
        using MemoryStream content = new();
        file.CopyTo(content);
        return content.ToArray();
    }
}
