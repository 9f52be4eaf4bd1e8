using System.Formats.Tar;
using System.Net;
using System.Net.Http.Headers;
using Fota.Manifest;
using Fota.Manifest.Encoding;
using Fota.TestKit;
using Fota.UpdateServer.Releases;
using Fota.UpdateServer.Tests.Support;

namespace Fota.UpdateServer.Tests.Releases;

/// <summary>What may stand in an upload before any of its content is looked at.</summary>
public sealed class BundleTests
{
    private ServerUnderTest _server = null!;

    [OneTimeSetUp]
    public async Task Start()
    {
        _server = await ServerUnderTest.StartAsync();
        _server.Source.Add(SampleRelease.Create());
    }

    [OneTimeTearDown]
    public async Task Stop() => await _server.DisposeAsync();

    [TearDown]
    public async Task Nothing_shows()
    {
        Assert.That((await _server.GetAsync("/api/v1/releases")).GetArrayLength(), Is.Zero);
        Assert.That(Directory.EnumerateFileSystemEntries(_server.PathOf("data/staging")), Is.Empty);
        Assert.That(Directory.EnumerateFileSystemEntries(_server.PathOf("data/content")), Is.Empty);
    }

    [TestCase("../server.db")]
    [TestCase("/etc/passwd")]
    [TestCase("metadata/../../server.db")]
    [TestCase("metadata//timestamp.json")]
    [TestCase("./metadata/timestamp.json")]
    [TestCase("metadata/Timestamp.json")]
    [TestCase("metadata/01.root.json")]
    [TestCase("metadata/0.root.json")]
    [TestCase("metadata/+1.root.json")]
    [TestCase("metadata/99999999999999999999.root.json")]
    [TestCase("metadata/1.timestamp.json")]
    [TestCase("metadata/1..json")]
    [TestCase("metadata/root.json")]
    [TestCase("packs/../packs/x")]
    [TestCase("packs/0000")]
    [TestCase("tables/ABCDEF0000000000000000000000000000000000000000000000000000000000")]
    [TestCase("targets/infusion-pump/1.1.0/manifest.suit")]
    [TestCase("targets/../1.1.0/0000000000000000000000000000000000000000000000000000000000000000.manifest.suit")]
    [TestCase("targets/infusion-pump/latest/0000000000000000000000000000000000000000000000000000000000000000.manifest.suit")]
    [TestCase("bootstrap-token")]
    public async Task A15_A53_A_path_outside_of_the_layout_is_refused(string path)
    {
        Assert.That(RepositoryPath.TryParse(path, out _), Is.False);
        await IsRefusedAsync(PublicationSource.Tar([new(path, "x"u8.ToArray())]), "UnsafePath");
        Assert.That(File.Exists(_server.PathOf("server.db")), Is.False);
    }

    [TestCase("metadata/timestamp.json")]
    [TestCase("metadata/12.root.json")]
    [TestCase("metadata/12.snapshot.json")]
    [TestCase("metadata/12.targets.json")]
    [TestCase("metadata/12.infusion-pump.json")]
    [TestCase("packs/0000000000000000000000000000000000000000000000000000000000000000")]
    [TestCase("tables/0000000000000000000000000000000000000000000000000000000000000000")]
    [TestCase("targets/infusion-pump/1.1.0-rc.1/0000000000000000000000000000000000000000000000000000000000000000.manifest.suit")]
    public void The_layout_is_understood(string path)
    {
        Assert.That(RepositoryPath.TryParse(path, out RepositoryPath? parsed), Is.True);
        Assert.That(parsed!.Text, Is.EqualTo(path));
    }

    [TestCase(TarEntryType.SymbolicLink)]
    [TestCase(TarEntryType.HardLink)]
    [TestCase(TarEntryType.Directory)]
    public async Task A53_Anything_but_files_is_refused(TarEntryType type)
    {
        using MemoryStream output = new();
        using (TarWriter writer = new(output, TarEntryFormat.Pax, leaveOpen: true))
        {
            PaxTarEntry entry = new(type, "metadata/timestamp.json");
            if (type != TarEntryType.Directory)
            {
                entry.LinkName = "/etc/passwd";
            }

            writer.WriteEntry(entry);
        }

        await IsRefusedAsync(output.ToArray(), "UnsafePath");
    }

    [Test]
    public async Task A53_A_file_twice_is_refused() =>
        await IsRefusedAsync(PublicationSource.Tar([new("metadata/timestamp.json", "1"u8.ToArray()), new("metadata/timestamp.json", "2"u8.ToArray())]), "DuplicateField");

    [Test]
    public async Task A53_A_file_larger_than_its_kind_is_refused_before_it_is_kept() =>
        await IsRefusedAsync(PublicationSource.Tar([new("metadata/timestamp.json", new byte[DecodeLimits.TimestampBytes + 1])]), "LimitExceeded");

    [Test]
    public async Task A53_A_huge_header_is_refused_before_it_takes_memory()
    {
        // A pax header of 1 GiB, of which the first bytes come.
        byte[] header = TarHeaders.Extended("x=y")[..1024];
        await IsRefusedAsync(TarHeaders.Changed(header, 'x', "10000000000"), "LimitExceeded");
    }

    [TestCase("11 size=512\n")]
    [TestCase("12 path=a/b\n11 size=512\n")]
    [TestCase("19 size=8589934591\n")]
    [TestCase("20 size=08589934592\n")]
    [TestCase("20 size=+8589934592\n")]
    [TestCase("18 size=8589934592\n")]
    [TestCase("19 size=8589934592\n19 size=8589934592\n")]
    [TestCase("19 size=8589934592")]
    [TestCase("29 comment=a\n11 size=512\nxyz\n")]
    [TestCase("30 GNU.sparse.realsize=1000000\n")]
    public async Task A53_A_size_that_could_hide_a_header_is_refused(string records)
    {
        // The reader believes the record; who believes the field takes what follows for headers, or headers for content.
        byte[] content = TarHeaders.Header("metadata/timestamp.json", 'x', 1 << 30);
        await IsRefusedAsync([.. TarHeaders.ExtendedOf('x', records), .. TarHeaders.File("metadata/timestamp.json", content), .. new byte[1024]], "Unsupported");
    }

    [TestCase("11 size=512\n")]
    [TestCase("13 comment=a\n")]
    public async Task A53_A_global_header_is_refused(string records) =>
        await IsRefusedAsync([.. TarHeaders.ExtendedOf('g', records), .. TarHeaders.File("metadata/timestamp.json", "x"u8.ToArray()), .. new byte[1024]], "Unsupported");

    [Test]
    public async Task A53_A_size_record_for_anything_but_a_file_is_refused() =>
        await IsRefusedAsync([.. TarHeaders.Extended("size=8589934592"), .. TarHeaders.Extended("comment=a"), .. new byte[1024]], "Unsupported");

    [Test]
    public async Task A53_A_length_beyond_all_bounds_is_refused()
    {
        byte[] header = TarHeaders.Header("x", 'x', 0);
        await IsRefusedAsync(TarHeaders.Changed(header, 'x', "\u0080\0\0\0\u0001\0\0\0\0\0\0\0"), "LimitExceeded");
    }

    [Test]
    public async Task A53_The_header_behind_a_file_of_more_than_8_GiB_is_still_seen()
    {
        const long Size = (1L << 33) + 512;
        byte[] before = [.. TarHeaders.Extended($"size={Size}"), .. TarHeaders.Header($"packs/{new string('0', 64)}", '0', 0)];
        byte[] huge = TarHeaders.Header("x", 'x', 1 << 30);
        await using TarHeaderGuard guard = new(new LongStream(before, Size, huge));
        byte[] buffer = new byte[1 << 20];
        long passed = 0;
        Assert.That(
            async () =>
            {
                while (await guard.ReadAsync(buffer) is > 0 and var read)
                {
                    passed += read;
                }
            },
            Throws.TypeOf<RejectedException>().With.Property("Rejection").Property("Reason").EqualTo(RejectionReason.LimitExceeded));
        Assert.That(passed, Is.EqualTo(before.Length + Size));
    }

    [Test]
    public async Task A26_A_name_that_its_content_does_not_have_is_refused() =>
        await IsRefusedAsync(PublicationSource.Tar([new($"packs/{Sha256Digest.Of("this"u8)}", "that"u8.ToArray())]), "DigestMismatch");

    [Test]
    public async Task A53_A_truncated_bundle_is_refused_wherever_it_is_cut()
    {
        byte[] tar = PublicationSource.Tar(_server.Source.Bundle());
        int content = tar.Length - 1024; // without the end marker everything is there
        for (int length = 0; length < content; length += 511)
        {
            using HttpResponseMessage response = await _server.PublishAsync(tar[..length]);
            Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.UnprocessableEntity), $"cut at {length} of {tar.Length}");
        }
    }

    [Test]
    public async Task A53_What_is_no_tar_is_refused()
    {
        byte[] noise = new byte[4096];
        new ReadOnlySpan<byte>(SampleRelease.ImageOf("noise", noise.Length)).CopyTo(noise);
        await IsRefusedAsync(noise, "Malformed");
    }

    [Test]
    public async Task The_reason_reaches_a_signer_that_is_still_sending() =>
        await IsRefusedAsync(PublicationSource.Tar([new("../server.db", new byte[64 * 1024 * 1024])]), "UnsafePath");

    [Test]
    public async Task A_body_of_another_type_is_refused()
    {
        using ByteArrayContent content = new([]);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/zip");
        using HttpResponseMessage response = await _server.Operator.PostAsync("/api/v1/publications", content);
        await ServerUnderTest.IsRefusedAsync(response, HttpStatusCode.UnsupportedMediaType, "UnsupportedMediaType");
    }

    private async Task IsRefusedAsync(byte[] tar, string reason)
    {
        using HttpResponseMessage response = await _server.PublishAsync(tar);
        await ServerUnderTest.IsRefusedAsync(response, HttpStatusCode.UnprocessableEntity, reason);
    }
}
