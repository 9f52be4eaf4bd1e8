using Fota.Interop.Posix;

namespace Fota.Interop.Tests;

/// <summary>Files that somebody else put where they are.</summary>
public sealed class ForeignFileTests
{
    private string _folder = "";

    [SetUp]
    public void Create() => _folder = Directory.CreateTempSubdirectory("fota-foreign-").FullName;

    [TearDown]
    public void Remove() => Directory.Delete(_folder, recursive: true);

    [TestCase(0)]
    [TestCase(99)]
    [TestCase(100)]
    public void File_up_to_the_limit_is_read(int length)
    {
        byte[] content = [.. Enumerable.Range(0, length).Select(static i => (byte)i)];
        Assert.That(PosixFile.ReadForeign(Write(content), 100), Is.EqualTo(content));
    }

    [Test]
    public void A53_Longer_file_is_refused() =>
        Assert.That(() => PosixFile.ReadForeign(Write(new byte[101]), 100), Throws.TypeOf<InvalidDataException>().With.Message.EndsWith("file: wanted at most 100 bytes, got more"));

    [Test]
    public void A53_File_that_says_it_is_empty_and_is_not_is_refused() =>
        Assert.That(() => PosixFile.ReadForeign("/proc/self/maps", 100), Throws.TypeOf<InvalidDataException>().With.Message.EqualTo("/proc/self/maps: wanted at most 100 bytes, got more"));

    [Test]
    public void A53_Link_is_not_followed()
    {
        string link = Path.Combine(_folder, "link");
        File.CreateSymbolicLink(link, Write([1]));
        Assert.That(() => PosixFile.ReadForeign(link, 100), Throws.TypeOf<InvalidDataException>().With.Message.EqualTo($"{link}: wanted a regular file, got a link"));
    }

    [Test]
    public void A53_Pipe_is_not_waited_for()
    {
        string pipe = Path.Combine(_folder, "pipe");
        using System.Diagnostics.Process made = System.Diagnostics.Process.Start("mkfifo", [pipe]);
        made.WaitForExit();
        Assert.That(() => PosixFile.ReadForeign(pipe, 100), Throws.TypeOf<InvalidDataException>().With.Message.EqualTo($"{pipe}: wanted a regular file, got something else"));
    }

    [Test]
    public void A53_Folder_is_no_file() =>
        Assert.That(() => PosixFile.ReadForeign(_folder, 100), Throws.TypeOf<InvalidDataException>().With.Message.EqualTo($"{_folder}: wanted a regular file, got something else"));

    [Test]
    public void File_that_is_not_there_is_not_found() =>
        Assert.That(() => PosixFile.ReadForeign(Path.Combine(_folder, "none"), 100), Throws.TypeOf<FileNotFoundException>());

    private string Write(byte[] content)
    {
        string file = Path.Combine(_folder, "file");
        File.WriteAllBytes(file, content);
        return file;
    }
}
