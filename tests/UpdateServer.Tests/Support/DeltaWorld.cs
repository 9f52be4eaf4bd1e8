using System.Net;
using System.Text.Json;
using Fota.Manifest;
using Fota.Manifest.Packs;
using Fota.TestKit;

namespace Fota.UpdateServer.Tests.Support;

/// <summary>A server with release 1.0.0, which devices run, and releases that differ from it a little or wholly.</summary>
internal sealed class DeltaWorld : IAsyncDisposable
{
    public const int ImageSize = 64 * 1024;

    private DeltaWorld(ServerUnderTest server)
    {
        Server = server;
        Old = server.Source.Add(SampleRelease.Create("1.0.0", 1, image: SampleRelease.ImageOf("1.0.0", ImageSize)));
    }

    public ServerUnderTest Server { get; }

    /// <summary>Release 1.0.0.</summary>
    public SampleRelease Old { get; }

    /// <summary>The same on a server that is there, and that somebody else ends.</summary>
    public static DeltaWorld On(ServerUnderTest server) => new(server);

    public static async Task<DeltaWorld> StartAsync() => new(await ServerUnderTest.StartAsync());

    /// <summary>A release whose image is that of 1.0.0 with some bytes changed; not published yet.</summary>
    public SampleRelease AddSimilar(string version = "1.1.0", ulong sequence = 2)
    {
        byte[] image = [.. Old.Image];
        image.AsSpan((int)(sequence * 1000), 100).Fill((byte)sequence);
        return Server.Source.Add(SampleRelease.Create(version, sequence, image: image));
    }

    public async Task PublishAsync()
    {
        using HttpResponseMessage response = await Server.PublishAsync();
        await ServerUnderTest.ReadAsync(response, HttpStatusCode.OK);
    }

    /// <summary>A device that runs a release, and has said so; without one it runs what was never published.</summary>
    public async Task<SimulatedDevice> CheckInAsync(string name, SampleRelease? running)
    {
        SimulatedDevice pump = new(Server, name);
        if (running is not null)
        {
            pump.Running = PublicationSource.DigestOf(running);
        }

        await pump.CheckInAsync();
        return pump;
    }

    /// <summary>Starts a rollout that asks every device at once.</summary>
    public async Task RollOutAsync(string version)
    {
        object plan = new { product = RepositorySimulator.ProductName, version, stages = new object[] { new { name = "all" } }, abort_after_failures = 1 };
        JsonElement rollout = await Server.PostAsync("/api/v1/rollouts", plan, HttpStatusCode.Created);
        await Server.PostAsync($"/api/v1/rollouts/{rollout.GetProperty("id").GetString()}/start");
    }

    /// <summary>The pack from 1.0.0 to a release, once it is in this state.</summary>
    public async Task<JsonElement> PackAsync(SampleRelease to, string state) =>
        (await Server.PacksAsync(packs => packs.Any(p => IsOf(p, to) && p.GetProperty("state").GetString() == state))).Single(p => IsOf(p, to));

    /// <summary>Makes an image of that of 1.0.0 and a pack that the server serves.</summary>
    public async Task<Sha256Digest> UnpackAsync(string? pack, SampleRelease to)
    {
        byte[] served = await Server.Anonymous.GetByteArrayAsync($"/repo/packs/{pack}");
        Assert.That(Sha256Digest.Of(served).ToString(), Is.EqualTo(pack));
        return PackUnpacking.Unpack(new MemoryStream(served), to.Table, SampleRelease.Named(Old.Image).Bytes, Stream.Null).OrThrow().Digest;
    }

    /// <summary>Every file in the content store, by name.</summary>
    public string[] Content(string data = "data") => [.. Directory.EnumerateFiles(Server.PathOf($"{data}/content"), "*", SearchOption.AllDirectories).Select(Path.GetFileName).Order(StringComparer.Ordinal)!];

    /// <summary>Where the content with this name is.</summary>
    public string PathOf(string content) => Server.PathOf($"data/content/{content[..2]}/{content}");

    public ValueTask DisposeAsync() => Server.DisposeAsync();

    private bool IsOf(JsonElement pack, SampleRelease to) =>
        pack.GetProperty("base_image").GetString() == Old.Described.ImageDigest.ToString() && pack.GetProperty("image").GetString() == to.Described.ImageDigest.ToString();
}
