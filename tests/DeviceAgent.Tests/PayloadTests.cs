using System.Buffers.Binary;
using Fota.DeviceAgent.Boot;
using Fota.DeviceAgent.Slots;
using Fota.DeviceAgent.Tests.Simulation;
using Fota.Interop.Zstd;
using Fota.Manifest;
using Fota.Manifest.Packs;
using Fota.Manifest.Reports;
using Fota.Manifest.Verification;
using Fota.TestKit;

namespace Fota.DeviceAgent.Tests;

/// <summary>Packs that are not what was signed: nothing unproven reaches the slot, the slot is never started, and the running one is untouched.</summary>
public sealed class PayloadTests
{
    private const int ChunkSize = 4096;
    private const byte Untouched = 0xEE;

    private static readonly SampleRelease s_release = SampleRelease.Create("1.1.0", sequence: 2);

    private static IEnumerable<int> Chunks => Enumerable.Range(0, s_release.Table.Count);

    [TestCaseSource(nameof(Chunks))]
    public async Task P1_A26_Nothing_of_a_chunk_with_a_flipped_bit_reaches_the_slot(int chunk)
    {
        List<byte[]> frames = Frames(s_release);
        frames[chunk][frames[chunk].Length / 2] ^= 0x04;
        await RefusesPackAsync(Assemble(s_release, frames), wanted: chunk, RejectionReason.ChunkMismatch, RejectionReason.FrameInvalid);
    }

    [Test]
    public async Task A27_Duplicated_chunk_is_refused()
    {
        List<byte[]> frames = Frames(s_release);
        frames[1] = frames[0];
        await RefusesPackAsync(Assemble(s_release, frames), wanted: 1, RejectionReason.ChunkMismatch);
    }

    [Test]
    public async Task A27_Reordered_chunks_are_refused()
    {
        List<byte[]> frames = [.. Stored(s_release.Image)];
        (frames[0], frames[1]) = (frames[1], frames[0]);
        await RefusesPackAsync(Assemble(s_release, frames), wanted: 0, RejectionReason.ChunkMismatch);
    }

    [Test]
    public async Task A27_Chunk_of_another_image_is_refused()
    {
        List<byte[]> frames = [.. Stored(s_release.Image)];
        frames[1] = Stored(SampleRelease.ImageOf("7.7.7", 10_000)).ElementAt(1);
        await RefusesPackAsync(Assemble(s_release, frames), wanted: 1, RejectionReason.ChunkMismatch);
    }

    [Test]
    public async Task A27_Dropped_chunk_is_refused_before_the_slot_is_touched()
    {
        List<byte[]> frames = Frames(s_release);
        frames.RemoveAt(1);
        await RefusesPackUntouchedAsync(Assemble(s_release, frames), RejectionReason.PackMalformed);
    }

    [Test]
    public async Task A27_Pack_of_another_image_is_refused_before_the_slot_is_touched() =>
        await RefusesPackUntouchedAsync(SampleRelease.Create("7.7.7").Pack, RejectionReason.PackForAnotherImage);

    [Test]
    public async Task A28_Decompression_bomb_is_refused()
    {
        byte[] zeros = new byte[1024 * 1024];
        List<byte[]> frames = Frames(s_release);
        frames[1] = Compress(zeros);
        await RefusesPackAsync(Assemble(s_release, frames), wanted: 1, RejectionReason.FrameInvalid);
    }

    [Test]
    public async Task A35_Floor_that_rises_during_the_download_stops_activation()
    {
        using SimulatedDevice device = Offered();
        device.Counter = counter => new RisingCounter(counter, () => device.Slots!.Written.Count > 0);
        await RefusesAsync(device, RejectionReason.BelowSecurityFloor);
        Assert.That(device.Slots!.Written, Has.Count.EqualTo(s_release.Table.Count), "the case at hand: the whole image was written");
    }

    [Test]
    public async Task A31_Slot_that_does_not_keep_what_was_written_is_not_activated()
    {
        using SimulatedDevice device = Offered();
        device.Log.OnProgress = line =>
        {
            if (line.EndsWith("100%", StringComparison.Ordinal))
            {
                using FileStream slot = new(device.Reader.PathOf(SlotName.B), FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
                slot.Position = 5000;
                slot.WriteByte(0xFF);
            }
        };
        await RefusesAsync(device, RejectionReason.ImageMismatch);
    }

    [Test]
    public async Task P2_Running_slot_is_never_written()
    {
        using SimulatedDevice device = Offered();
        byte[] image = await File.ReadAllBytesAsync(device.Reader.PathOf(SlotName.A));
        await device.StartUpdateAsync();
        Assert.That(device.Slots!.Opened, Is.EqualTo(new[] { SlotName.B }));
        Assert.That(await File.ReadAllBytesAsync(device.Reader.PathOf(SlotName.A)), Is.EqualTo(image));
        Assert.That(device.Reader.ReadEnvelope(SlotName.A), Is.Not.Null);
    }

    [Test]
    public void P2_Running_slot_is_never_written_even_when_asked_with_a_slot_that_was_inactive_before()
    {
        using SimulatedDevice device = new();
        device.PowerOn();
        InactiveSlot stale = InactiveSlot.Of(new FileBootControl(device.Store));
        Assert.That(stale.Name, Is.EqualTo(SlotName.B));

        (BootFacts.Read(device.Store) with { Running = SlotName.B }).Write(device.Store);
        FileSlotStorage storage = new(device.Folder, device.Store, new FileBootControl(device.Store), SimulatedDevice.SlotSize);
        Assert.That(() => storage.OpenForWriting(stale), Throws.InvalidOperationException.With.Message.Contains("P2"));
        Assert.That(() => storage.ClearEnvelope(stale), Throws.InvalidOperationException.With.Message.Contains("P2"));
        VerifiedImage image = device.VerifyFactoryImage();
        Assert.That(() => storage.StoreEnvelope(stale, image), Throws.InvalidOperationException.With.Message.Contains("P2"));
    }

    [Test]
    public async Task P3_Slot_that_cannot_be_written_fails_the_update_and_not_the_agent()
    {
        using SimulatedDevice device = Offered();
        Directory.CreateDirectory(device.Reader.PathOf(SlotName.B)); // whoever writes it gets an error
        AgentOutcome outcome = await device.RunAsync();
        Assert.That((outcome as AgentOutcome.Refused)?.Rejection.Reason, Is.EqualTo(RejectionReason.StorageFailed));
        Assert.That(device.Server.States, Is.EqualTo(new[] { ReportState.Installing, ReportState.Failed }));
        Assert.That(device.Server.Reports[^1].Reason, Is.EqualTo(RejectionReason.StorageFailed));
        Assert.That(device.Status.Step, Is.Null);
        Assert.That(device.Record.B, Is.EqualTo(SlotBootState.Unbootable));

        Directory.Delete(device.Reader.PathOf(SlotName.B));
        device.Server.Assign(s_release.TargetPath);
        await device.RunAsync();
        Assert.That(device.Status.Running.Release.Version.ToString(), Is.EqualTo("1.1.0"), "it is not a release that failed (A41)");
    }

    [Test]
    public async Task P3_Boot_record_that_cannot_be_written_fails_the_update_and_not_the_agent()
    {
        using SimulatedDevice device = Offered();
        Directory.CreateDirectory(device.PathOf("boot/record.0.new"));
        Directory.CreateDirectory(device.PathOf("boot/record.1.new"));
        AgentOutcome outcome = await device.RunAsync();
        Assert.That((outcome as AgentOutcome.Refused)?.Rejection.Reason, Is.EqualTo(RejectionReason.StorageFailed));
        Assert.That(device.Server.Reports[^1].Reason, Is.EqualTo(RejectionReason.StorageFailed));
        Assert.That(device.Status.Running.Release.Version.ToString(), Is.EqualTo("1.0.0"));
    }

    [Test]
    public async Task P3_Update_given_up_after_its_activation_is_not_started()
    {
        using SimulatedDevice device = Offered();
        device.Log.OnProgress = line =>
        {
            if (line.StartsWith("installing:", StringComparison.Ordinal) && line.EndsWith("100%", StringComparison.Ordinal))
            {
                device.Store.FailsOnceDone = true;
            }
        };
        AgentOutcome outcome = await device.RunAsync();
        Assert.That((outcome as AgentOutcome.Refused)?.Rejection.Reason, Is.EqualTo(RejectionReason.StorageFailed), string.Join('\n', device.Log.All));
        Assert.That(device.Record.B, Is.EqualTo(SlotBootState.Unbootable));
        Assert.That(device.Boots, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task P3_Slot_of_an_update_that_broke_off_says_of_no_release_that_it_holds_it()
    {
        using SimulatedDevice device = Offered();
        await device.RunAsync();
        Assert.That(device.Reader.ReadEnvelope(SlotName.A), Is.Not.Null, "the case at hand: the release before lies there");
        device.Server.Offer(SampleRelease.Create("1.2.0", sequence: 3));
        device.Server.DiesAfter = 200;
        Assert.That(await device.RunAsync(), Is.InstanceOf<AgentOutcome.Unavailable>());
        Assert.That(device.Reader.ReadEnvelope(SlotName.A), Is.Null);
    }

    private static SimulatedDevice Offered()
    {
        SimulatedDevice device = new();
        device.Server.Offer(s_release);
        return device;
    }

    private static async Task RefusesPackUntouchedAsync(byte[] pack, RejectionReason reason)
    {
        using SimulatedDevice device = Offered();
        device.Server.Blobs[s_release.Described.PackUri] = pack;
        IReadOnlyDictionary<string, string> before = device.Picture();
        await RefusesAsync(device, reason);
        Assert.That(device.Picture(), Is.EqualTo(before));
    }

    private static async Task RefusesPackAsync(byte[] pack, int wanted, params RejectionReason[] reasons)
    {
        using SimulatedDevice device = Offered();
        device.Server.Blobs[s_release.Described.PackUri] = pack;
        await File.WriteAllBytesAsync(device.Reader.PathOf(SlotName.B), Enumerable.Repeat(Untouched, SimulatedDevice.SlotSize).ToArray());

        await RefusesAsync(device, reasons);

        Assert.That(device.Slots!.Written, Is.EqualTo(Enumerable.Range(0, wanted)));
        byte[] slot = await File.ReadAllBytesAsync(device.Reader.PathOf(SlotName.B));
        Assert.That(slot[(wanted * ChunkSize)..], Is.All.EqualTo(Untouched));
    }

    private static async Task RefusesAsync(SimulatedDevice device, params RejectionReason[] reasons)
    {
        byte[] running = await File.ReadAllBytesAsync(device.Reader.PathOf(SlotName.A));
        SlotBootState standing = device.Record.A;
        AgentOutcome outcome = await device.RunAsync();
        Assert.That(outcome, Is.InstanceOf<AgentOutcome.Refused>(), string.Join('\n', device.Log.All));
        Rejection rejection = ((AgentOutcome.Refused)outcome).Rejection;
        Assert.That(reasons, Does.Contain(rejection.Reason), rejection.Detail);
        Assert.That(device.Server.Reports[^1].Reason, Is.EqualTo(rejection.Reason));
        Assert.That(device.Record.B, Is.EqualTo(SlotBootState.Unbootable));
        Assert.That(device.Record.A, Is.EqualTo(standing));
        Assert.That(await File.ReadAllBytesAsync(device.Reader.PathOf(SlotName.A)), Is.EqualTo(running));
    }

    private static List<byte[]> Frames(SampleRelease release)
    {
        List<byte[]> frames = [];
        int start = PackIndex.SizeFor(release.Table);
        for (int i = 0; i < release.Table.Count; i++)
        {
            int length = BinaryPrimitives.ReadInt32BigEndian(release.Pack.AsSpan(PackIndex.HeadSize + (4 * i)));
            frames.Add(release.Pack[start..(start + length)]);
            start += length;
        }

        return frames;
    }

    /// <summary>Frames that refer to nothing before them, so that they decompress wherever they are put.</summary>
    private static IEnumerable<byte[]> Stored(byte[] image) => image.Chunk(ChunkSize).Select(Compress);

    private static byte[] Compress(byte[] content)
    {
        using ZstdCompressor compressor = new(3, 21);
        byte[] frame = new byte[ZstdCompressor.Bound(content.Length)];
        return frame[..compressor.Compress([], content, frame)];
    }

    private static byte[] Assemble(SampleRelease release, List<byte[]> frames)
    {
        byte[] index = new byte[4 * (1 + frames.Count)];
        BinaryPrimitives.WriteInt32BigEndian(index, frames.Count);
        for (int i = 0; i < frames.Count; i++)
        {
            BinaryPrimitives.WriteInt32BigEndian(index.AsSpan(4 * (i + 1)), frames[i].Length);
        }

        return [.. release.Pack[..(PackIndex.HeadSize - 4)], .. index, .. frames.SelectMany(static frame => frame)];
    }

    private sealed class RisingCounter(State.IRollbackCounter counter, Func<bool> hasRisen) : State.IRollbackCounter
    {
        public SecurityVersion Read() => hasRisen() ? new SecurityVersion(9) : counter.Read();

        public SecurityVersion ReadHighest() => counter.ReadHighest();

        public void Raise(ConfirmedUpdate update) => counter.Raise(update);
    }
}
