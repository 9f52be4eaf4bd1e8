using System.Net;
using System.Text.Json;
using Fota.TestKit;
using Fota.UpdateServer.Tests.Support;

namespace Fota.UpdateServer.Tests.Api;

public sealed class RepositoryTests
{
    private ServerUnderTest _server = null!;
    private SampleRelease _release = null!;

    [OneTimeSetUp]
    public async Task Publish()
    {
        _server = await ServerUnderTest.StartAsync();
        _release = _server.Source.Add(SampleRelease.Create());
        using HttpResponseMessage response = await _server.PublishAsync();
        JsonElement answer = await ServerUnderTest.ReadAsync(response, HttpStatusCode.OK);
        Assert.That(answer.GetProperty("published").GetBoolean(), Is.True);
        Assert.That(answer.GetProperty("timestamp_version").GetInt64(), Is.EqualTo(_server.Source.Repository.Timestamp.Version));
        Assert.That(answer.GetProperty("releases").GetArrayLength(), Is.EqualTo(1));
    }

    [OneTimeTearDown]
    public async Task Stop() => await _server.DisposeAsync();

    [Test]
    public async Task Every_published_file_is_served_byte_for_byte()
    {
        foreach ((string path, byte[] bytes) in _server.Source.Bundle().Where(f => IsCurrent(f.Key)))
        {
            Assert.That(await _server.Anonymous.GetByteArrayAsync($"/repo/{path}"), Is.EqualTo(bytes), path);
        }
    }

    [Test]
    public async Task What_is_not_published_is_not_found()
    {
        foreach (string path in (string[])["metadata/2.root.json", $"packs/{new string('0', 64)}", "", "metadata", "metadata/"])
        {
            using HttpResponseMessage response = await _server.Anonymous.GetAsync($"/repo/{path}");
            await ServerUnderTest.IsRefusedAsync(response, HttpStatusCode.NotFound, "NotFound");
        }
    }

    [TestCase("/repo/../server.db")]
    [TestCase("/repo/..%2fserver.db")]
    [TestCase("/repo/metadata/..%2f..%2fserver.db")]
    [TestCase("/repo/%2e%2e/%2e%2e/bootstrap-token")]
    [TestCase("/repo//etc/passwd")]
    public async Task A15_Paths_lead_nowhere_but_to_published_files(string path)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, new Uri(_server.Address, path));
        using HttpResponseMessage response = await _server.Anonymous.SendAsync(request);
        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.NotFound));
    }

    [Test]
    public async Task Content_is_cacheable_for_ever_and_the_timestamp_never()
    {
        using HttpResponseMessage pack = await _server.Anonymous.GetAsync($"/repo/{_release.Described.PackUri}");
        Assert.That(pack.Headers.GetValues("Cache-Control").Single(), Is.EqualTo("public, max-age=31536000, immutable"));
        Assert.That(pack.Headers.ETag?.Tag, Is.EqualTo($"\"{_release.Described.PackUri["packs/".Length..]}\""));
        using HttpResponseMessage timestamp = await _server.Anonymous.GetAsync("/repo/metadata/timestamp.json");
        Assert.That(timestamp.Headers.GetValues("Cache-Control").Single(), Is.EqualTo("no-cache"));
    }

    [Test]
    public async Task An_unchanged_file_is_not_sent_again()
    {
        using HttpResponseMessage first = await _server.Anonymous.GetAsync("/repo/metadata/timestamp.json");
        using HttpRequestMessage again = new(HttpMethod.Get, "/repo/metadata/timestamp.json");
        again.Headers.IfNoneMatch.Add(first.Headers.ETag!);
        using HttpResponseMessage second = await _server.Anonymous.SendAsync(again);
        Assert.That(second.StatusCode, Is.EqualTo(HttpStatusCode.NotModified));
    }

    [Test]
    public async Task A29_A_range_is_served_only_of_the_file_it_began_with()
    {
        using HttpResponseMessage part = await RangeAsync($"\"{_release.Described.PackUri["packs/".Length..]}\"");
        Assert.That(part.StatusCode, Is.EqualTo(HttpStatusCode.PartialContent));
        Assert.That(await part.Content.ReadAsByteArrayAsync(), Is.EqualTo(_release.Pack[10..20]));
        using HttpResponseMessage other = await RangeAsync("\"another\"");
        Assert.That(other.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(await other.Content.ReadAsByteArrayAsync(), Is.EqualTo(_release.Pack));
    }

    [TestCase("Tue, 01 Jan 2097 00:00:00 GMT")]
    [TestCase("Thu, 01 Jan 1970 00:00:00 GMT")]
    [TestCase("W/TAG")]
    [TestCase("TAG, TAG")]
    [TestCase("nonsense")]
    [TestCase("*")]
    public async Task A29_Condition_on_a_range_that_is_not_the_files_own_tag_gives_the_whole_file(string ifRange)
    {
        using HttpResponseMessage whole = await RangeAsync(ifRange.Replace("TAG", Tag, StringComparison.Ordinal));
        Assert.That(whole.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(await whole.Content.ReadAsByteArrayAsync(), Is.EqualTo(_release.Pack));
    }

    [TestCase("bytes=0-0", 0, 1)]
    [TestCase("bytes=10-", 10, -1)]
    [TestCase("bytes=-5", -5, -1)]
    [TestCase("bytes=0-99999999999", 0, -1)]
    [TestCase("bytes=5-5,7-7", null, null)]
    [TestCase("bytes=9-3", null, null)]
    [TestCase("lines=1-2", null, null)]
    public async Task Ranges_are_served_as_RFC_9110_says(string range, int? from, int? end)
    {
        int length = _release.Pack.Length, first = from is { } f ? (f < 0 ? length + f : f) : 0, last = end is { } e && e >= 0 ? e : length;
        using HttpResponseMessage response = await GetAsync(("Range", range));
        Assert.That(await response.Content.ReadAsByteArrayAsync(), Is.EqualTo(_release.Pack[first..last]));
        Assert.That(response.StatusCode, Is.EqualTo(from is null ? HttpStatusCode.OK : HttpStatusCode.PartialContent));
        Assert.That(response.Content.Headers.ContentRange?.ToString(), Is.EqualTo(from is null ? null : $"bytes {first}-{last - 1}/{length}"));
        Assert.That(response.Headers.ETag?.ToString(), Is.EqualTo(Tag));
        Assert.That(response.Headers.AcceptRanges, Is.EqualTo(new[] { "bytes" }));
    }

    [Test]
    public async Task Range_behind_the_end_is_not_satisfiable_and_says_how_long_the_file_is()
    {
        using HttpResponseMessage response = await GetAsync(("Range", $"bytes={_release.Pack.Length}-"));
        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.RequestedRangeNotSatisfiable));
        Assert.That(response.Content.Headers.ContentRange?.ToString(), Is.EqualTo($"bytes */{_release.Pack.Length}"));
    }

    [TestCase("TAG")]
    [TestCase("\"other\", TAG")]
    [TestCase("W/TAG")]
    [TestCase("*")]
    public async Task File_of_a_tag_that_the_client_has_is_not_sent_also_when_it_asks_for_a_part(string ifNoneMatch)
    {
        using HttpResponseMessage response = await GetAsync(("If-None-Match", ifNoneMatch.Replace("TAG", Tag, StringComparison.Ordinal)), ("Range", "bytes=0-9"));
        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.NotModified));
        Assert.That(await response.Content.ReadAsByteArrayAsync(), Is.Empty);
        Assert.That(response.Headers.ETag?.ToString(), Is.EqualTo(Tag), "RFC 9110, section 15.4.5");
        Assert.That(response.Headers.GetValues("Cache-Control").Single(), Is.EqualTo("public, max-age=31536000, immutable"));
    }

    [Test]
    public async Task Dates_do_not_count_as_those_of_files_say_nothing_of_what_is_published()
    {
        using HttpResponseMessage response = await GetAsync(("If-Modified-Since", "Tue, 01 Jan 2097 00:00:00 GMT"));
        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(response.Content.Headers.LastModified, Is.Null);
    }

    [Test]
    public async Task Head_tells_length_and_etag()
    {
        using HttpRequestMessage request = new(HttpMethod.Head, $"/repo/{_release.Described.PackUri}");
        using HttpResponseMessage response = await _server.Anonymous.SendAsync(request);
        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(response.Content.Headers.ContentLength, Is.EqualTo(_release.Pack.Length));
        Assert.That(response.Headers.ETag, Is.Not.Null);
    }

    [Test]
    public async Task Releases_are_listed()
    {
        JsonElement release = (await _server.GetAsync("/api/v1/releases")).EnumerateArray().Single();
        Assert.That(release.GetProperty("product").GetString(), Is.EqualTo("infusion-pump"));
        Assert.That(release.GetProperty("version").GetString(), Is.EqualTo("1.1.0"));
        Assert.That(release.GetProperty("target").GetString(), Is.EqualTo("infusion-pump/1.1.0/manifest.suit"));
        Assert.That(release.GetProperty("manifest_digest").GetString(), Is.EqualTo(PublicationSource.DigestOf(_release).ToString()));
        Assert.That(release.GetProperty("sequence").GetUInt64(), Is.EqualTo(2));
        Assert.That(release.GetProperty("security_version").GetUInt32(), Is.EqualTo(1));
        Assert.That(release.GetProperty("image_size").GetInt64(), Is.EqualTo(_release.Image.Length));
        Assert.That(release.GetProperty("pack_size").GetInt64(), Is.EqualTo(_release.Pack.Length));
    }

    [Test]
    public async Task Health_needs_no_token() =>
        Assert.That(await _server.Anonymous.GetStringAsync("/health"), Is.EqualTo("""{"status":"ok"}"""));

    // The simulator keeps superseded metadata too, which no publication vouches for.
    private bool IsCurrent(string path)
    {
        RepositorySimulator r = _server.Source.Repository;
        return path is not ("metadata/1.snapshot.json" or "metadata/1.infusion-pump.json") && r.Snapshot.Version == 2;
    }

    private string Tag => $"\"{_release.Described.PackUri["packs/".Length..]}\"";

    private Task<HttpResponseMessage> RangeAsync(string ifRange) => GetAsync(("Range", "bytes=10-19"), ("If-Range", ifRange));

    private async Task<HttpResponseMessage> GetAsync(params (string Name, string Value)[] headers)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, $"/repo/{_release.Described.PackUri}");
        foreach ((string name, string value) in headers)
        {
            Assert.That(request.Headers.TryAddWithoutValidation(name, value), Is.True);
        }

        return await _server.Anonymous.SendAsync(request);
    }
}
