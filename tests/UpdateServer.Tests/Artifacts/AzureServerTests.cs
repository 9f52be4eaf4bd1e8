using System.Net;
using System.Net.Http.Headers;
using Fota.TestKit;
using Fota.UpdateServer.Configuration;
using Fota.UpdateServer.Tests.Support;

namespace Fota.UpdateServer.Tests.Artifacts;

/// <summary>A server whose content lies in a real azurite.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class AzureServerTests : IAsyncDisposable
{
    private ServerUnderTest _server = null!;
    private BlobSettings _settings = null!;

    public async ValueTask DisposeAsync() => await _server.DisposeAsync();

    [Test]
    public async Task A_release_is_published_to_the_storage_and_served_from_it_in_parts_and_whole()
    {
        await StartAsync(await (await AzuriteServer.SharedAsync).CreateContainerAsync());
        SampleRelease release = _server.Source.Add(SampleRelease.Create(image: SampleRelease.ImageOf("large", 6 * 1024 * 1024)));
        await PublishAsync();
        Assert.That(Directory.Exists(_server.PathOf("azure/content")), Is.False);
        string pack = $"/repo/{release.Described.PackUri}";
        foreach ((string path, byte[] bytes) in (IEnumerable<(string, byte[])>)[(pack, release.Pack), ("/repo/metadata/timestamp.json", _server.Source.Repository.Files["timestamp.json"])])
        {
            Assert.That(await _server.Anonymous.GetByteArrayAsync(path), Is.EqualTo(bytes), path);
        }

        Assert.That(release.Pack, Has.Length.GreaterThan(4 * 1024 * 1024), "more than is asked for at once");
        await IsPartAsync(pack, new RangeHeaderValue(10, 70_000), release.Pack[10..70_001]);
        await IsPartAsync(pack, new RangeHeaderValue(release.Pack.Length - 5, null), release.Pack[^5..]);
        await IsPartAsync(pack, new RangeHeaderValue(null, 7), release.Pack[^7..]);
        await IsPartAsync(pack, new RangeHeaderValue(100, (long)release.Pack.Length + 100), release.Pack[100..]);
        using HttpRequestMessage beyond = new(HttpMethod.Get, pack) { Headers = { Range = new RangeHeaderValue(release.Pack.Length, null) } };
        using HttpResponseMessage none = await _server.Anonymous.SendAsync(beyond);
        Assert.That(none.StatusCode, Is.EqualTo(HttpStatusCode.RequestedRangeNotSatisfiable));
        using HttpRequestMessage head = new(HttpMethod.Head, pack);
        using HttpResponseMessage said = await _server.Anonymous.SendAsync(head);
        Assert.That((said.StatusCode, said.Content.Headers.ContentLength), Is.EqualTo((HttpStatusCode.OK, (long?)release.Pack.Length)));
    }

    [Test]
    [Category("Full")]
    public async Task A_delta_pack_is_made_of_what_lies_in_the_storage_and_lies_there_itself()
    {
        BlobSettings settings = await (await AzuriteServer.SharedAsync).CreateContainerAsync();
        await StartAsync(settings);
        DeltaWorld world = DeltaWorld.On(_server);
        SampleRelease next = world.AddSimilar();
        await world.PublishAsync();
        await world.CheckInAsync("pump-1", world.Old);
        string pack = (await world.PackAsync(next, "made")).GetProperty("pack").GetString()!;
        Assert.That(await world.UnpackAsync(pack, next), Is.EqualTo(next.Described.ImageDigest));
        Assert.That((await AzuriteServer.Look(settings).GetBlobClient(pack).ExistsAsync()).Value);
    }

    [Test]
    [Category("Full")]
    public async Task A_device_that_is_asked_to_install_is_told_where_content_can_be_read_without_the_server()
    {
        await StartAsync(await (await AzuriteServer.SharedAsync).CreateContainerAsync());
        _server.Source.Add(SampleRelease.Create());
        await PublishAsync();
        DeltaWorld world = DeltaWorld.On(_server);
        SimulatedDevice pump = new(_server, "pump-1");
        await pump.CheckInAsync();
        Assert.That(pump.Sources, Is.Empty, "it has nothing to fetch");
        await world.RollOutAsync("1.1.0");
        await pump.CheckInAsync();
        Assert.That(pump.Sources.Single().Query, Does.Contain("sp=r&").And.Contain("sig="));
        await _server.RestartAsync(data: "azure", change: s => s with { Blobs = _settings with { Reads = ReadWay.PublicAddress, ReadAddress = new Uri("https://cdn.example/fota/") } });
        pump.Reconnect();
        await pump.CheckInAsync();
        Assert.That((pump.Sources.Single().Address.AbsoluteUri, pump.Sources.Single().Query), Is.EqualTo(("https://cdn.example/fota/", "")));
        await _server.RestartAsync(data: "azure", change: s => s with { Blobs = _settings with { Reads = ReadWay.Server } });
        pump.Reconnect();
        await pump.CheckInAsync();
        Assert.That(pump.Sources, Is.Empty);
    }

    [Test]
    [Category("Full")]
    public async Task While_the_storage_is_away_the_server_starts_and_says_when_to_come_again()
    {
        await using AzuriteServer azurite = await AzuriteServer.StartAsync();
        await StartAsync(await azurite.CreateContainerAsync());
        SampleRelease release = _server.Source.Add(SampleRelease.Create(image: SampleRelease.ImageOf("large", 1024 * 1024)));
        await PublishAsync();
        string timestamp = "/repo/metadata/timestamp.json", pack = $"/repo/{release.Described.PackUri}";
        byte[] served = await _server.Anonymous.GetByteArrayAsync(timestamp);
        await azurite.StopAsync();
        Assert.That(await _server.Anonymous.GetByteArrayAsync(timestamp), Is.EqualTo(served), "it is in memory");
        await IsAwayAsync(pack);
        using (HttpResponseMessage refused = await _server.PublishAsync())
        {
            await ServerUnderTest.IsRefusedAsync(refused, HttpStatusCode.ServiceUnavailable, "StoreUnavailable");
        }

        await _server.RestartAsync(data: "azure", change: s => s with { Blobs = _settings });
        await IsAwayAsync(timestamp);
        Assert.That(await new SimulatedDevice(_server, "pump-1").CheckInAsync(), Is.Null, "check-ins do not need it");
        await azurite.RunAgainAsync();
        while ((await _server.Anonymous.GetAsync(pack)).StatusCode == HttpStatusCode.ServiceUnavailable)
        {
            await Task.Delay(200);
        }

        Assert.That(await _server.Anonymous.GetByteArrayAsync(pack), Is.EqualTo(release.Pack));
    }

    private async Task StartAsync(BlobSettings settings)
    {
        _settings = settings;
        _server = await ServerUnderTest.StartAsync();
        await _server.RestartAsync(data: "azure", change: s => s with { Blobs = settings });
    }

    private async Task PublishAsync()
    {
        using HttpResponseMessage response = await _server.PublishAsync();
        await ServerUnderTest.ReadAsync(response, HttpStatusCode.OK);
    }

    private async Task IsPartAsync(string path, RangeHeaderValue range, byte[] wanted)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, path) { Headers = { Range = range } };
        using HttpResponseMessage response = await _server.Anonymous.SendAsync(request);
        Assert.That((response.StatusCode, await response.Content.ReadAsByteArrayAsync()), Is.EqualTo((HttpStatusCode.PartialContent, wanted)), range.ToString());
    }

    private async Task IsAwayAsync(string path)
    {
        using HttpResponseMessage response = await _server.Anonymous.GetAsync(path);
        await ServerUnderTest.IsRefusedAsync(response, HttpStatusCode.ServiceUnavailable, "StoreUnavailable");
        Assert.That((response.Headers.RetryAfter?.Delta, response.Headers.ETag, response.Headers.CacheControl?.ToString()), Is.EqualTo(((TimeSpan?)TimeSpan.FromSeconds(5), (EntityTagHeaderValue?)null, (string?)null)));
    }
}
