using Fota.DeviceAgent.Boot;
using Fota.DeviceAgent.State;
using Fota.DeviceAgent.Tests.Simulation;
using Fota.Manifest;
using Fota.Manifest.Packs;
using Fota.TestKit;

namespace Fota.DeviceAgent.Tests;

/// <summary>Updates by delta packs that hold.</summary>
public sealed class DeltaUpdateTests
{
    [Test]
    [Proves("W-30", "W-32", "W-36")]
    public async Task Offered_delta_is_installed_for_a_few_of_the_images_bytes()
    {
        using DeltaScene scene = new();
        await scene.Device.RunAsync();

        scene.AssertConfirmed(TransferKind.Delta);
        Assert.That(scene.Server.Requests, Has.None.Contains("/tables/"));
        Assert.That(scene.Server.Requests, Has.None.EqualTo($"/repo/{DeltaScene.FullPath}"));
        Assert.That(scene.Server.Requests.Count(request => request == $"/repo/{scene.DeltaPath}"), Is.EqualTo(4), "head, plan, digests, records");
        Assert.That(scene.Transfer, Is.EqualTo(new ImageTransfer(ReleaseVersion.Parse("1.1.0"), TransferKind.Delta, DeltaScene.Delta.Length, DeltaScene.Release.Image.Length)));
        Assert.That(scene.Transfer.Bytes, Is.EqualTo(scene.Sent).And.LessThan(DeltaScene.Release.Image.Length / 50));
    }

    [Test]
    [Proves("W-35")]
    public async Task P2_Base_of_a_delta_is_only_read()
    {
        using DeltaScene scene = new();
        string path = scene.Device.Reader.PathOf(SlotName.A);
        DateTime before = File.GetLastWriteTimeUtc(path);
        await scene.Device.StartUpdateAsync();
        Assert.That(scene.Device.Slots!.Opened, Is.EqualTo(new[] { SlotName.B }));
        Assert.That(File.GetLastWriteTimeUtc(path), Is.EqualTo(before));
        Assert.That(scene.Device.Slots.Written, Is.EqualTo(Enumerable.Range(0, DeltaScene.Chunks)), "the case at hand: by a delta");
        Assert.That(scene.Transfer.Kind, Is.EqualTo(TransferKind.Delta));
    }

    [Test]
    public async Task Slot_that_is_longer_than_its_image_is_a_base_as_well()
    {
        using DeltaScene scene = new();
        await using (FileStream slot = new(scene.Device.Reader.PathOf(SlotName.A), FileMode.Append))
        {
            slot.Write(new byte[1000]);
        }

        await scene.Device.RunAsync();
        scene.AssertConfirmed(TransferKind.Delta);
    }

    [Test]
    public async Task Reissue_of_the_image_that_runs_is_copied_and_no_record_is_asked_for()
    {
        SampleRelease reissue = SampleRelease.Create("1.1.0", sequence: 2, image: DeltaScene.Factory.Image);
        using SimulatedDevice device = new(DeltaScene.Factory);
        device.Server.Offer(reissue);
        string path = device.Server.OfferDelta(reissue.DeltaFrom(DeltaScene.Factory.Image), DeltaScene.Factory.Image);
        await device.RunAsync();
        Assert.That(device.Status.Running.Release.Version.ToString(), Is.EqualTo("1.1.0"), string.Join('\n', device.Log.All));
        Assert.That(device.Server.Requests.Count(request => request == $"/repo/{path}"), Is.EqualTo(2), "head and plan");
        Assert.That(device.Status.LastTransfer!.Bytes, Is.LessThan(100));
    }

    [Test]
    public async Task Each_slots_own_image_comes_as_a_delta_against_the_other_slots()
    {
        byte[] a = [.. DeltaScene.Factory.Image, 0xA], b = [.. DeltaScene.Factory.Image, 0xB], nextA = DeltaScene.Next(a, "1.1.0"), nextB = DeltaScene.Next(b, "1.1.0");
        using SimulatedDevice device = new(SampleRelease.CreatePerSlot(a, b, "1.0.0", sequence: 1));
        device.Server.Offer(SampleRelease.CreatePerSlot(nextA, nextB, "1.1.0", sequence: 2));
        device.Server.OfferDelta(Between(a, nextB), a);
        device.Server.OfferDelta(Between(b, nextA), b);
        await device.RunAsync();
        AssertRuns(device, "1.1.0", SlotName.B, nextB);

        byte[] lastA = DeltaScene.Next(nextA, "1.2.0"), lastB = DeltaScene.Next(nextB, "1.2.0");
        device.Server.Offer(SampleRelease.CreatePerSlot(lastA, lastB, "1.2.0", sequence: 3));
        device.Server.Deltas = [];
        device.Server.OfferDelta(Between(nextB, lastA), nextB);
        await device.RunAsync();
        AssertRuns(device, "1.2.0", SlotName.A, lastA);
    }

    [Test]
    [Proves("W-30")]
    public async Task Smallest_delta_against_the_running_image_is_chosen()
    {
        using DeltaScene scene = new();
        byte[] larger = [.. DeltaScene.Delta, 0];
        string second = scene.Server.OfferDelta(larger, DeltaScene.Factory.Image), foreign = scene.Server.OfferDelta([1], SampleRelease.ImageOf("7.7.7", 5000));
        scene.Server.Deltas = [.. scene.Server.Deltas.Reverse()];
        await scene.Device.RunAsync();
        scene.AssertConfirmed(TransferKind.Delta);
        Assert.That(scene.Server.Requests, Has.None.EqualTo($"/repo/{second}").And.None.EqualTo($"/repo/{foreign}"));
    }

    [Test]
    [Proves("W-30")]
    public async Task Delta_as_large_as_the_image_is_not_asked_for()
    {
        using DeltaScene scene = new();
        scene.Server.Deltas = [scene.Server.Deltas[0] with { Size = DeltaScene.Release.Image.Length }];
        await scene.Device.RunAsync();
        scene.AssertConfirmed(TransferKind.Full);
        Assert.That(scene.Server.Requests, Has.None.EqualTo($"/repo/{scene.DeltaPath}"));
        Assert.That(scene.Transfer.Bytes, Is.EqualTo(scene.Sent));
    }

    [Test]
    public async Task Broken_transfer_of_a_delta_goes_on_where_it_broke()
    {
        using DeltaScene scene = new();
        int longest = Math.Max(DeltaScene.Delta[DeltaHead.Size + 1], DeltaScene.Delta.Length - DeltaScene.SecondRecordStart());
        scene.Server.BreaksAfter = Math.Max(longest, DeltaScene.Parts.DigestsLength);
        await scene.Device.RunAsync();
        scene.AssertConfirmed(TransferKind.Delta);
        Assert.That(scene.Server.Requests.Count(request => request == $"/repo/{scene.DeltaPath}"), Is.GreaterThan(4));
    }

    [Test]
    [Proves("W-33")]
    public async Task Delta_that_breaks_off_ends_the_attempt_and_the_next_one_succeeds()
    {
        using DeltaScene scene = new();
        UpdateAgent agent = scene.Device.PowerOn();
        await agent.ResumeAsync(CancellationToken.None);
        scene.Server.DiesAfter = DeltaHead.Size + 10;
        Assert.That(await agent.CheckInAsync(CancellationToken.None), Is.InstanceOf<AgentOutcome.Unavailable>());
        Assert.That(scene.Server.Requests, Has.None.EqualTo($"/repo/{DeltaScene.FullPath}"));
        Assert.That(scene.Device.Status.LastTransfer, Is.Null);
        scene.Server.DiesAfter = null;
        Assert.That(await agent.CheckInAsync(CancellationToken.None), Is.InstanceOf<AgentOutcome.RebootRequested>());
        Assert.That(scene.Transfer.Bytes, Is.EqualTo(DeltaScene.Delta.Length), "of the attempt that came through");
    }

    [Test]
    [Proves("W-33", "K-15")]
    public async Task Delta_that_never_comes_does_not_keep_the_device_from_the_full_pack()
    {
        using DeltaScene scene = new();
        UpdateAgent agent = scene.Device.PowerOn();
        await agent.ResumeAsync(CancellationToken.None);
        scene.Server.Unreadable = scene.DeltaPath;
        for (int i = 0; i < 3; i++)
        {
            Assert.That(await agent.CheckInAsync(CancellationToken.None), Is.InstanceOf<AgentOutcome.Unavailable>(), $"attempt {i}");
        }

        Assert.That(scene.Server.Requests, Has.None.EqualTo($"/repo/{DeltaScene.FullPath}"));
        Assert.That(await agent.CheckInAsync(CancellationToken.None), Is.InstanceOf<AgentOutcome.RebootRequested>());
        Assert.That(scene.Transfer.Kind, Is.EqualTo(TransferKind.Full));
    }

    [Test]
    public async Task Server_without_ranges_will_do_for_a_delta()
    {
        using DeltaScene scene = new();
        scene.Server.IgnoresRanges = true;
        await scene.Device.RunAsync();
        scene.AssertConfirmed(TransferKind.Delta);
    }

    [Test]
    public async Task State_of_an_agent_before_deltas_is_still_read()
    {
        using DeltaScene scene = new();
        string path = scene.Device.PathOf("state/agent.json"), state = await File.ReadAllTextAsync(path);
        Assert.That(state, Does.Contain("\"last_transfer\": null,"));
        await File.WriteAllTextAsync(path, state.Replace("\"last_transfer\": null,", "", StringComparison.Ordinal));
        await scene.Device.RunAsync();
        scene.AssertConfirmed(TransferKind.Delta);
    }

    private static void AssertRuns(SimulatedDevice device, string version, SlotName slot, byte[] image)
    {
        string log = string.Join('\n', device.Log.All);
        Assert.That(device.Status.Running.Release.Version.ToString(), Is.EqualTo(version), log);
        Assert.That(device.Status.LastTransfer!.Kind, Is.EqualTo(TransferKind.Delta), log);
        Assert.That(File.ReadAllBytes(device.Reader.PathOf(slot)).AsSpan(0, image.Length).SequenceEqual(image), Is.True);
    }

    private static byte[] Between(byte[] baseImage, byte[] image) => SampleRelease.Create(image: image).DeltaFrom(baseImage);
}
