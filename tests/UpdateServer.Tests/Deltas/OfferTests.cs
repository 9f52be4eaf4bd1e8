using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Fota.Manifest.Reports;
using Fota.TestKit;
using Fota.UpdateServer.Tests.Support;

namespace Fota.UpdateServer.Tests.Deltas;

/// <summary>Delta packs as devices see them: pump-old runs 1.0.0, pump-factory what was never published.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class OfferTests : IAsyncDisposable
{
    private DeltaWorld _world = null!;
    private SampleRelease _new = null!;
    private SimulatedDevice _old = null!;
    private SimulatedDevice _factory = null!;

    [SetUp]
    public async Task PublishAndRegister()
    {
        _world = await DeltaWorld.StartAsync();
        _new = _world.AddSimilar();
        await _world.PublishAsync();
        _old = await _world.CheckInAsync("pump-old", _world.Old);
        _factory = await _world.CheckInAsync("pump-factory", null);
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Test]
    public async Task A_pack_is_made_for_the_base_of_the_fleet_and_offered_to_who_runs_that_base()
    {
        JsonElement made = await _world.PackAsync(_new, "made");
        await _old.CheckInAsync();
        Assert.That(_old.Deltas, Is.Empty, "without an assignment there is nothing to be made");
        await _world.RollOutAsync("1.1.0");
        Assert.That(await _old.CheckInAsync(), Is.Not.Null);
        OfferedDelta offered = _old.Deltas.Single();
        Assert.That((offered.BaseImage, offered.Pack.ToString(), offered.Size), Is.EqualTo((_world.Old.Described.ImageDigest, made.GetProperty("pack").GetString(), made.GetProperty("size").GetInt64())));
        Assert.That(await _world.UnpackAsync(offered.Pack.ToString(), _new), Is.EqualTo(_new.Described.ImageDigest));
        Assert.That(await _factory.CheckInAsync(), Is.Not.Null);
        Assert.That(_factory.Deltas, Is.Empty, "nobody knows what it runs");
    }

    [Test]
    public async Task Operators_see_what_is_made_for_whom()
    {
        JsonElement made = await _world.PackAsync(_new, "made");
        Assert.That(made.GetProperty("product").GetString(), Is.EqualTo("infusion-pump"));
        Assert.That(made.GetProperty("version").GetString(), Is.EqualTo("1.1.0"));
        Assert.That(made.GetProperty("base_version").GetString(), Is.EqualTo("1.0.0"));
        Assert.That(made.GetProperty("full_size").GetInt64(), Is.EqualTo(_new.Pack.Length));
        Assert.That(made.GetProperty("size").GetInt64(), Is.LessThan(_new.Pack.Length / 10));
        Assert.That(made.GetProperty("devices").GetInt32(), Is.EqualTo(1));
        Assert.That(made.GetProperty("detail").ValueKind, Is.EqualTo(JsonValueKind.Null));
        using HttpResponseMessage anonymous = await _world.Server.Anonymous.GetAsync("/api/v1/packs");
        await ServerUnderTest.IsRefusedAsync(anonymous, HttpStatusCode.Unauthorized, "Unauthorized");
    }

    [Test]
    public async Task A_delta_pack_is_served_as_full_packs_are()
    {
        string pack = (await _world.PackAsync(_new, "made")).GetProperty("pack").GetString()!;
        byte[] whole = await _world.Server.Anonymous.GetByteArrayAsync($"/repo/packs/{pack}");
        using HttpRequestMessage request = new(HttpMethod.Get, $"/repo/packs/{pack}") { Headers = { Range = new RangeHeaderValue(10, 19) } };
        using HttpResponseMessage part = await _world.Server.Anonymous.SendAsync(request);
        Assert.That(part.StatusCode, Is.EqualTo(HttpStatusCode.PartialContent));
        Assert.That(await part.Content.ReadAsByteArrayAsync(), Is.EqualTo(whole[10..20]));
        Assert.That(part.Headers.GetValues("Cache-Control").Single(), Is.EqualTo("public, max-age=31536000, immutable"));
        Assert.That(part.Headers.ETag?.Tag, Is.EqualTo($"\"{pack}\""));
        Assert.That(part.Content.Headers.ContentType?.MediaType, Is.EqualTo("application/octet-stream"));
    }

    [Test]
    public async Task A_release_that_is_not_listed_any_more_is_a_base_still_and_no_target()
    {
        await _world.PackAsync(_new, "made");
        await _world.RollOutAsync("1.1.0");
        await _old.CheckInAsync();
        Assert.That(_old.Deltas, Has.Count.EqualTo(1));
        SampleRelease next = _world.AddSimilar("1.2.0", 3);
        foreach (SampleRelease gone in (SampleRelease[])[_world.Old, _new])
        {
            _world.Server.Source.Repository.Pump.Targets.Remove(gone.TargetPath);
        }

        _world.Server.Source.Repository.Publish();
        await _world.PublishAsync();
        Assert.That(await _old.CheckInAsync(), Is.Null);
        Assert.That(_old.Deltas, Is.Empty);
        await _world.PackAsync(next, "made");
        await _world.Server.RestartAsync();
        _old.Reconnect();
        await _world.RollOutAsync("1.2.0");
        await _old.CheckInAsync();
        Assert.That(await _world.UnpackAsync(_old.Deltas.Single().Pack.ToString(), next), Is.EqualTo(next.Described.ImageDigest));
    }

    [Test]
    public async Task A_restart_offers_what_was_made()
    {
        await _world.PackAsync(_new, "made");
        await _world.RollOutAsync("1.1.0");
        await _old.CheckInAsync();
        OfferedDelta offered = _old.Deltas.Single();
        _world.Server.DeltaPackWritten = static (_, _) => Assert.Fail("it was made already");
        await _world.Server.RestartAsync();
        _old.Reconnect();
        await _old.CheckInAsync();
        Assert.That(_old.Deltas, Is.EqualTo(new[] { offered }));
        await _world.Server.DeltaRunAsync();
        await _world.PackAsync(_new, "made");
    }
}
