using System.Net;
using Fota.DeviceAgent.Fetching;
using Fota.DeviceAgent.Tests.Simulation;
using Fota.Manifest.Reports;
using Fota.TestKit;

namespace Fota.DeviceAgent.Tests;

/// <summary>Content from a place that the server names: a storage, or a cache in front of it.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class StorageTests : IDisposable
{
    private const string Query = "sv=1&sig=s3cret";

    private static readonly SampleRelease s_release = SampleRelease.Create("1.1.0", sequence: 2, image: SampleRelease.ImageOf("1.1.0", 40_000));

    private readonly SimulatedDevice _device = new();
    private readonly Storage _storage;

    public StorageTests()
    {
        _storage = new Storage(_device.Server);
        _device.Server.Offer(s_release);
        _device.Server.Sources = [new ContentSource(new Uri("https://storage.example/fota/"), Query)];
        _device.Storage = new ContentStorage(new HttpClient(_storage, disposeHandler: false), [new Uri("https://other.example/"), new Uri("https://storage.example/fota/")]);
    }

    public void Dispose()
    {
        _device.Storage?.Http.Dispose();
        _storage.Dispose();
        _device.Dispose();
    }

    [Test]
    [Proves("W-51")]
    public async Task Table_and_pack_come_from_where_the_server_says_and_everything_else_from_the_server()
    {
        await _device.RunAsync();
        AssertConfirmed();
        string[] wanted = [s_release.Described.ChunkTableDigest.ToString(), s_release.Described.PackUri["packs/".Length..]];
        Assert.That(_storage.Asked.Select(static uri => uri.AbsoluteUri).Distinct(StringComparer.Ordinal), Is.EqualTo(wanted.Select(static digest => $"https://storage.example/fota/{digest}?{Query}")));
        Assert.That(_device.Server.Requests, Has.None.Contains("/packs/").And.None.Contains("/tables/").And.Some.Contains("/targets/").And.Some.Contains("/metadata/"));
        Assert.That(_device.Log.All, Has.None.Contains("s3cret"));
    }

    [TestCase("away")]
    [TestCase("expired")]
    [TestCase("redirect")]
    [TestCase("broken")]
    [TestCase("wrong")]
    [Proves("W-51")]
    public async Task A26_Storage_that_fails_is_done_without_and_the_server_goes_on(string how)
    {
        _storage.Instead = _ => how switch
        {
            "away" => throw new HttpRequestException("connection refused"),
            "expired" => new HttpResponseMessage(HttpStatusCode.Forbidden),
            "redirect" => new HttpResponseMessage(HttpStatusCode.TemporaryRedirect) { Headers = { Location = new Uri("https://elsewhere.example/") } },
            "broken" => new HttpResponseMessage(HttpStatusCode.ServiceUnavailable),
            _ => new HttpResponseMessage(HttpStatusCode.OK) { Content = new ByteArrayContent(new byte[100_000]) },
        };
        await _device.RunAsync();
        AssertConfirmed();
        Assert.That(_storage.Asked.Select(static uri => uri.Host).Distinct(StringComparer.Ordinal), Is.EqualTo(new[] { "storage.example" }));
        Assert.That(_device.Server.Requests, Has.Some.Contains("/packs/").And.Some.Contains("/tables/"));
        Assert.That(_device.Log.All, Has.Some.EndsWith("; going on with fleet.example").And.None.Contains("s3cret"));
        Assert.That(_device.Server.Reports.Select(static report => report.State), Has.None.EqualTo(ReportState.Failed));
    }

    [Test]
    [Proves("W-51")]
    public async Task Configured_mirrors_are_asked_before_it()
    {
        List<string> asked = [];
        using Storage mirror = new(_device.Server) { Instead = request => { asked.Add(request.RequestUri!.AbsolutePath); return new HttpResponseMessage(HttpStatusCode.NotFound); } };
        using HttpClient http = new(mirror, disposeHandler: false);
        _device.Mirrors = [new RepositorySource(new Uri("https://cdn.example/fota/"), http)];
        await _device.RunAsync();
        AssertConfirmed();
        Assert.That(asked, Has.Some.StartsWith("/fota/tables/").And.Some.StartsWith("/fota/targets/"));
        Assert.That(_storage.Asked, Is.Not.Empty);
        Assert.That(_device.Server.Requests, Has.None.Contains("/packs/"));
    }

    [Test]
    [Proves("W-51")]
    public async Task A_device_without_an_authority_for_it_goes_nowhere_that_the_server_names()
    {
        _device.Storage!.Http.Dispose();
        _device.Storage = null;
        await _device.RunAsync();
        AssertConfirmed();
        Assert.That(_storage.Asked, Is.Empty);
    }

    [TestCase("https://storage.example/another/")]
    [TestCase("https://storage.example/")]
    [TestCase("https://storage.example/fota/../another/")]
    [TestCase("https://storage.example/fota/%2e%2e/another/")]
    [TestCase("https://storage.example/fota/..%2fanother/")]
    [TestCase("https://storage.example/fota/%5c..%5canother/")]
    [TestCase("https://storage.example:8443/fota/")]
    [TestCase("https://storage.example.attacker.example/fota/")]
    [TestCase("https://attacker.example/fota/")]
    [Proves("W-51")]
    public async Task Server_that_was_taken_over_sends_a_device_nowhere_but_to_the_configured_addresses(string address)
    {
        _device.Server.Sources = [new ContentSource(new Uri(address), Query)];
        await _device.RunAsync();
        AssertConfirmed();
        Assert.That(_storage.Asked, Is.Empty);
        Assert.That(_device.Log.All, Has.Some.EndsWith($"the server names content at {new Uri(address).Host}, which is not below an address of storageAddresses: it is not asked there"));
    }

    [Test]
    [Proves("W-51")]
    public async Task Content_may_lie_deeper_below_a_configured_address()
    {
        _device.Server.Sources = [new ContentSource(new Uri("https://storage.example/fota/2026/"), Query)];
        await _device.RunAsync();
        AssertConfirmed();
        Assert.That(_storage.Asked, Is.Not.Empty.And.All.Property(nameof(Uri.AbsolutePath)).StartWith("/fota/2026/"));
    }

    private void AssertConfirmed() => Assert.That(_device.Status.Confirmed.Version.ToString(), Is.EqualTo("1.1.0"), string.Join('\n', _device.Log.All));

    /// <summary>The server's packs and tables, by their digest.</summary>
    private sealed class Storage(FleetServer server) : HttpMessageHandler
    {
        public IList<Uri> Asked { get; } = [];

        public Func<HttpRequestMessage, HttpResponseMessage?> Instead { get; set; } = static _ => null;

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Asked.Add(request.RequestUri!);
            HttpResponseMessage response = Instead(request) ?? Serve(request);
            response.RequestMessage = request;
            return Task.FromResult(response);
        }

        private HttpResponseMessage Serve(HttpRequestMessage request)
        {
            byte[] content = server.Blobs.Single(blob => blob.Key.EndsWith(request.RequestUri!.Segments[^1], StringComparison.Ordinal)).Value;
            (long from, long to) = request.Headers.Range?.Ranges.Single() is { } range ? (range.From!.Value, Math.Min(range.To!.Value, content.Length - 1)) : (0, content.Length - 1);
            return new HttpResponseMessage(HttpStatusCode.PartialContent)
            {
                Content = new ByteArrayContent(content, (int)from, (int)(to - from + 1)) { Headers = { ContentRange = new System.Net.Http.Headers.ContentRangeHeaderValue(from, to, content.Length) } },
            };
        }
    }
}
