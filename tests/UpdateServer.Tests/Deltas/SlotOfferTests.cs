using System.Net;
using System.Text.Json;
using Fota.Manifest;
using Fota.Manifest.Reports;
using Fota.TestKit;
using Fota.UpdateServer.Tests.Support;

namespace Fota.UpdateServer.Tests.Deltas;

/// <summary>Delta packs of releases with several images.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class SlotOfferTests : IAsyncDisposable
{
    private readonly DeltaWorld _world = DeltaWorld.StartAsync().GetAwaiter().GetResult();

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Test]
    public async Task With_an_image_for_each_slot_a_device_is_offered_the_pack_for_the_slot_that_it_runs()
    {
        byte[] a = Image(1), b = Image(2);
        SampleRelease before = _world.Server.Source.Add(SampleRelease.CreatePerSlot(a, b, "1.1.0", 2));
        _world.Server.Source.Add(SampleRelease.CreatePerSlot(Changed(b), Changed(a), "1.2.0", 3));
        await _world.PublishAsync();
        SimulatedDevice pump = new(_world.Server, "pump-1") { Running = PublicationSource.DigestOf(before) };
        await pump.CheckInAsync();
        SimulatedDevice other = new(_world.Server, "pump-2") { Running = PublicationSource.DigestOf(before) };
        await other.CheckInAsync(other.Report() with { Slot = 1 });
        await _world.Server.PacksAsync(static packs => packs.Length == 2 && packs.All(static p => p.GetProperty("state").GetString() == "made"));
        await _world.RollOutAsync("1.2.0");
        await pump.CheckInAsync();
        Assert.That(pump.Deltas.Single().BaseImage, Is.EqualTo(Sha256Digest.Of(a)));
        await other.CheckInAsync(other.Report() with { Slot = 1 });
        Assert.That(other.Deltas.Single().BaseImage, Is.EqualTo(Sha256Digest.Of(b)));
        await pump.CheckInAsync(pump.Report(ReportState.Activated) with { Slot = 1 });
        Assert.That(pump.Deltas, Is.Empty, "while it tries the other slot, nobody can say what it runs for good");
    }

    [Test]
    public async Task An_answer_names_eight_packs_at_most_and_none_twice()
    {
        byte[][] images = [.. Enumerable.Range(0, 9).Select(Image)];
        SampleRelease before = Add("1.1.0", 2, [images[0], .. images]); // two parts hold one image
        Add("1.2.0", 3, [Changed(images[0]), .. images.Select(Changed)]);
        await _world.PublishAsync();
        SimulatedDevice pump = await _world.CheckInAsync("pump-1", before);
        await _world.Server.PacksAsync(static wanted => wanted.Length == 9 && wanted.All(static p => p.GetProperty("state").GetString() == "made"));
        await _world.RollOutAsync("1.2.0");
        using HttpResponseMessage response = await pump.PostAsync(pump.Sign(pump.Report()));
        JsonElement answer = await ServerUnderTest.ReadAsync(response, HttpStatusCode.OK);
        string?[] packs = [.. answer.GetProperty("deltas").EnumerateArray().Select(static d => d.GetProperty("pack").GetString())];
        Assert.That(packs, Has.Length.EqualTo(CheckInAnswer.MaxDeltas).And.Unique);
    }

    /// <summary>A release of as many parts as there are images.</summary>
    private SampleRelease Add(string version, ulong sequence, byte[][] images)
    {
        SampleRelease[] parts = [.. images.Select(image => SampleRelease.Create(version, sequence, image: image))];
        foreach (SampleRelease part in parts)
        {
            _world.Server.Source.Put(part);
        }

        return _world.Server.Source.Add(SampleRelease.Create(version, sequence, image: images[0], change: manifest => manifest with
        {
            Components = [.. parts.Select(static (part, i) => new UpdateComponent(ComponentId.Parse($"{i:x2}"), new ComponentImages.ForBothSlots(part.Described)))],
        }));
    }

    private static byte[] Image(int number) => SampleRelease.ImageOf($"1.0.{number}", 16 * 1024);

    private static byte[] Changed(byte[] image)
    {
        byte[] changed = [.. image];
        changed.AsSpan(5000, 50).Clear();
        return changed;
    }
}
