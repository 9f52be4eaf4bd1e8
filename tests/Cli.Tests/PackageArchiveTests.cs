using System.Formats.Tar;
using Fota.Cli.Signing;

namespace Fota.Cli.Tests;

/// <summary>What a service sends is unpacked into its folder and nowhere else.</summary>
public sealed class PackageArchiveTests
{
    private string _folder = "";

    private string Archive => Path.Combine(_folder, "package.tar");

    private string Package => Path.Combine(_folder, "package");

    [SetUp]
    public void Create() => _folder = Directory.CreateTempSubdirectory("fota-archive-").FullName;

    [TearDown]
    public void Remove() => Directory.Delete(_folder, recursive: true);

    [Test]
    public void Files_come_out_as_they_went_in()
    {
        Write(Entry("state.json", [1, 2, 3]), Entry("metadata/1.root.json", []));
        PackageArchive.Extract(Archive, Package);
        Assert.That(File.ReadAllBytes(Path.Combine(Package, "state.json")), Is.EqualTo(new byte[] { 1, 2, 3 }));
        Assert.That(File.ReadAllBytes(Path.Combine(Package, "metadata/1.root.json")), Is.Empty);
    }

    [TestCase("../outside")]
    [TestCase("metadata/../../outside")]
    [TestCase("/tmp/outside")]
    [TestCase("metadata//x")]
    [TestCase(".hidden")]
    [TestCase("a\\b")]
    [TestCase("a/b/c/d/e/f/g/h/i")]
    public void A53_Entry_with_another_name_than_a_plain_one_is_refused(string name)
    {
        Write(Entry(name, [1]));
        Assert.That(() => PackageArchive.Extract(Archive, Package), Throws.TypeOf<CommandFailedException>().With.Message.EqualTo($"package: wanted regular files with plain names, got RegularFile \"{name}\""));
    }

    [TestCase(TarEntryType.SymbolicLink)]
    [TestCase(TarEntryType.HardLink)]
    public void A53_Link_is_refused(TarEntryType type)
    {
        Write(Entry("target", [1]), new PaxTarEntry(type, "link") { LinkName = "target" });
        Assert.That(() => PackageArchive.Extract(Archive, Package), Throws.TypeOf<CommandFailedException>().With.Message.EqualTo($"package: wanted regular files with plain names, got {type} \"link\""));
    }

    [Test]
    public void A53_More_files_than_a_package_has_are_refused()
    {
        Write([.. Enumerable.Range(0, PackageArchive.MaxFiles + 1).Select(static i => new PaxTarEntry(TarEntryType.Directory, $"d{i}"))]);
        Assert.That(() => PackageArchive.Extract(Archive, Package), Throws.TypeOf<CommandFailedException>().With.Message.StartsWith("package: wanted at most 20000 files"));
    }

    [Test]
    public void A53_File_that_says_it_is_larger_than_a_package_is_refused_before_it_is_written()
    {
        Write(Entry("state.json", [1]));
        byte[] archive = File.ReadAllBytes(Archive);

        // The size of the file's own header, in octal, and its sum made right again.
        int header = Enumerable.Range(0, archive.Length / 512).Single(block => archive.AsSpan(block * 512, 10).SequenceEqual("state.json"u8)) * 512;
        "77777777777\0"u8.CopyTo(archive.AsSpan(header + 124));
        archive.AsSpan(header + 148, 8).Fill((byte)' ');
        System.Text.Encoding.ASCII.GetBytes(Convert.ToString(archive.AsSpan(header, 512).ToArray().Sum(static b => b), 8).PadLeft(6, '0') + "\0 ").CopyTo(archive.AsSpan(header + 148));
        File.WriteAllBytes(Archive, archive);
        Assert.That(() => PackageArchive.Extract(Archive, Package), Throws.TypeOf<CommandFailedException>());
        Assert.That(Directory.Exists(Package), Is.False);
    }

    [Test]
    public void P10_File_that_is_no_archive_is_refused()
    {
        File.WriteAllBytes(Archive, [.. Enumerable.Repeat((byte)'x', 2000)]);
        Assert.That(() => PackageArchive.Extract(Archive, Package), Throws.TypeOf<CommandFailedException>().With.Message.StartsWith("package: wanted a tar file, got something else: "));
    }

    [Test]
    public void A53_Same_name_twice_is_refused()
    {
        Write(Entry("state.json", [1]), Entry("state.json", [2]));
        Assert.That(() => PackageArchive.Extract(Archive, Package), Throws.TypeOf<CommandFailedException>().With.Message.EqualTo("package: wanted each name once, got \"state.json\" twice"));
    }

    private static PaxTarEntry Entry(string name, byte[] content) => new(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(content) };

    private void Write(params IEnumerable<TarEntry> entries)
    {
        using FileStream stream = File.Create(Archive);
        using TarWriter writer = new(stream, TarEntryFormat.Pax);
        foreach (TarEntry entry in entries)
        {
            writer.WriteEntry(entry);
        }
    }
}
