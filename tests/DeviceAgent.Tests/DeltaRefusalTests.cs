using Fota.DeviceAgent.Boot;
using Fota.DeviceAgent.State;
using Fota.DeviceAgent.Tests.Simulation;
using Fota.Manifest;
using Fota.Manifest.Packs;
using Fota.Manifest.Reports;
using Fota.TestKit;

namespace Fota.DeviceAgent.Tests;

/// <summary>Delta packs that are not what they should be: each is refused by its reason, and the full pack does what is left to do.</summary>
[Proves("W-31", "W-34", "K-15")]
public sealed class DeltaRefusalTests
{
    [Test]
    public Task A30_Delta_against_a_base_of_another_length_is_refused_before_the_slot_is_touched() =>
        FallsBackAsync(static _ => DeltaScene.Release.DeltaFrom(DeltaScene.Factory.Image[..^1]), chunk: 0, RejectionReason.BaseMismatch);

    [Test]
    public Task A30_Base_that_differs_where_chunks_are_copied_from_is_refused_before_the_slot_is_touched() =>
        FallsBackAsync(change: null, chunk: 0, [RejectionReason.BaseMismatch], offered: null, running: FactoryButFor(5000));

    [Test]
    public Task A30_Base_that_differs_where_a_record_refers_to_is_refused() =>
        FallsBackAsync(change: null, DeltaScene.SecondRecord, [RejectionReason.BaseMismatch], offered: null, running: FactoryButFor(17_000));

    [Test]
    public async Task A30_Base_that_changes_under_the_agent_is_refused()
    {
        using DeltaScene scene = new();
        scene.Device.Log.OnProgress = line =>
        {
            if (line.StartsWith("verified:", StringComparison.Ordinal))
            {
                using FileStream slot = new(scene.Device.Reader.PathOf(SlotName.A), FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
                slot.Position = 5000;
                slot.WriteByte(0xFF);
            }
        };
        await scene.Device.StartUpdateAsync();
        Assert.That(scene.Device.Log.All, Has.Some.StartsWith("refused: BaseMismatch:"));
        Assert.That(scene.Transfer.Kind, Is.EqualTo(TransferKind.DeltaThenFull));
        Assert.That(scene.Device.Record.B.IsPending, Is.True);
    }

    [Test]
    public Task P1_A26_Flipped_bit_in_the_plan_is_refused_before_the_slot_is_touched() =>
        FallsBackAsync(pack => Flip(pack, DeltaHead.Size, 0x20), chunk: 0, RejectionReason.PackMalformed);

    [Test]
    public Task P1_A26_Flipped_bit_in_the_digests_is_refused_before_the_slot_is_touched() =>
        FallsBackAsync(pack => Flip(pack, DeltaScene.Parts.DigestsStart + 40, 0x01), chunk: 0, RejectionReason.ChunkTableMismatch);

    [Test]
    public Task P1_A26_Flipped_bit_in_the_first_record_is_refused() =>
        FallsBackAsync(pack => Flip(pack, DeltaScene.SecondRecordStart() - 1, 0x40), DeltaScene.FirstRecord, RejectionReason.ChunkMismatch, RejectionReason.FrameInvalid);

    [Test]
    public Task P1_A26_Flipped_bit_in_a_later_record_is_refused() =>
        FallsBackAsync(pack => Flip(pack, pack.Length - 1, 0x40), DeltaScene.SecondRecord, RejectionReason.ChunkMismatch, RejectionReason.FrameInvalid);

    [Test]
    public Task P1_A27_Record_of_another_image_is_refused() => FallsBackAsync(
        static pack =>
        {
            byte[] image = [.. DeltaScene.Release.Image];
            image[image.AsSpan().IndexOf("bytes are new"u8)] = (byte)'v';
            byte[] other = SampleRelease.Create(image: image).DeltaFrom(DeltaScene.Factory.Image);
            Assert.That(other, Has.Length.EqualTo(pack.Length), "the case at hand: it fits into the place of the right one, and decompresses");
            return [.. pack[..DeltaScene.SecondRecordStart()], .. other[DeltaScene.SecondRecordStart()..]];
        },
        DeltaScene.SecondRecord,
        RejectionReason.ChunkMismatch);

    [Test]
    public Task Ranges_outside_of_the_base_are_refused() => FallsBackAsync(
        static pack =>
        {
            // No history; one range, 2^20 units of 64 bytes behind the chunk; no segments.
            ((ReadOnlySpan<byte>)[0x00, 0x01, 0x80, 0x80, 0x80, 0x01, 0x00, 0x00]).CopyTo(pack.AsSpan(DeltaScene.SecondRecordStart()));
            return pack;
        },
        DeltaScene.SecondRecord,
        RejectionReason.PackMalformed);

    [Test]
    public Task Copies_from_outside_of_the_base_are_refused_before_the_slot_is_touched() => FallsBackAsync(
        static pack =>
        {
            ((ReadOnlySpan<byte>)[0x00, 0x7F]).CopyTo(pack.AsSpan(DeltaHead.Size)); // the plan begins with one copy, from 64 bytes before the place of chunk 0
            return pack;
        },
        chunk: 0,
        RejectionReason.PackMalformed);

    [Test]
    public Task Truncated_record_is_refused() =>
        FallsBackAsync(static pack => pack[..^1], chunk: DeltaScene.FirstRecord, RejectionReason.LengthMismatch, offered: DeltaScene.Delta.Length);

    [Test]
    public Task Truncated_plan_is_refused_before_the_slot_is_touched() =>
        FallsBackAsync(static pack => pack[..(DeltaHead.Size + 2)], chunk: 0, RejectionReason.LengthMismatch, offered: DeltaScene.Delta.Length);

    [Test]
    public Task A27_Pack_of_another_image_is_refused_before_the_slot_is_touched() =>
        FallsBackAsync(static _ => SampleRelease.Create(image: DeltaScene.Next(DeltaScene.Factory.Image, "7.7.7")).DeltaFrom(DeltaScene.Factory.Image), chunk: 0, RejectionReason.PackForAnotherImage);

    [Test]
    public Task Full_pack_that_is_offered_as_a_delta_is_refused_before_the_slot_is_touched() =>
        FallsBackAsync(static _ => DeltaScene.Release.Pack, chunk: 0, RejectionReason.PackMalformed);

    [Test]
    public Task A06_Pack_that_is_longer_than_it_was_offered_is_refused_before_the_slot_is_touched() =>
        FallsBackAsync(static pack => pack, chunk: 0, RejectionReason.LimitExceeded, offered: DeltaScene.Delta.Length - 1);

    [Test]
    public async Task A06_Plan_that_is_longer_than_the_pack_was_offered_is_not_fetched()
    {
        using DeltaScene scene = new();
        scene.Server.Deltas = [scene.Server.Deltas[0] with { Size = DeltaHead.Size + 1 }];
        await scene.Device.RunAsync();
        Assert.That(scene.Device.Log.All, Has.Some.StartsWith("refused: LimitExceeded: delta pack:"));
        Assert.That(scene.Server.Sent[scene.DeltaPath], Is.EqualTo(DeltaHead.Size));
        scene.AssertConfirmed(TransferKind.DeltaThenFull);
    }

    [Test]
    public async Task Offered_pack_that_does_not_exist_is_done_without()
    {
        using DeltaScene scene = new();
        scene.Server.Blobs.Remove(scene.DeltaPath);
        await scene.Device.RunAsync();
        Assert.That(scene.Device.Log.All, Has.Some.EqualTo($"delta pack: {scene.DeltaPath}: the server has no such file"));
        scene.AssertConfirmed(TransferKind.DeltaThenFull);
    }

    [Test]
    public async Task Pack_that_vanishes_during_the_installation_is_done_without()
    {
        using DeltaScene scene = new();
        scene.Device.Log.OnProgress = line =>
        {
            if (line.StartsWith("delta pack:", StringComparison.Ordinal))
            {
                scene.Server.Blobs.Remove(scene.DeltaPath);
            }
        };
        await scene.Device.RunAsync();
        Assert.That(scene.Device.Log.All, Has.Some.EqualTo($"delta pack: {scene.DeltaPath}: the server has no such file"));
        scene.AssertConfirmed(TransferKind.DeltaThenFull);
        Assert.That(scene.Server.Requests, Has.None.Contains("/tables/"), "the table was put together before");
    }

    [Test]
    public async Task Device_that_does_not_know_what_it_runs_takes_the_full_pack()
    {
        using DeltaScene scene = new();
        scene.Device.Log.OnProgress = line =>
        {
            if (line.StartsWith("verified:", StringComparison.Ordinal))
            {
                File.Delete(scene.Device.PathOf("slots/a.suit"));
            }
        };
        await scene.Device.StartUpdateAsync();
        Assert.That(scene.Device.Log.All, Has.Some.StartsWith("refused: BaseMismatch: slot A: wanted an envelope"));
        Assert.That(scene.Transfer.Kind, Is.EqualTo(TransferKind.Full));
        Assert.That(scene.Server.Requests, Has.None.EqualTo($"/repo/{scene.DeltaPath}"));
    }

    [Test]
    public async Task Running_slot_that_cannot_be_read_costs_the_delta_and_not_the_update()
    {
        using DeltaScene scene = new();
        scene.Device.Log.OnProgress = line =>
        {
            if (line.StartsWith("verified:", StringComparison.Ordinal))
            {
                scene.Device.BreakFile("slots/a.img");
            }
        };
        await scene.Device.StartUpdateAsync();
        Assert.That(scene.Device.Log.All, Has.Some.StartsWith("refused: StorageFailed: slot A, to be read:"));
        Assert.That(scene.Transfer.Kind, Is.EqualTo(TransferKind.DeltaThenFull));
        Assert.That(scene.Device.Record.B.IsPending, Is.True);
    }

    [Test]
    public async Task P1_Nothing_of_a_chunk_that_the_delta_did_not_prove_reaches_the_slot()
    {
        using DeltaScene scene = new(static pack => Flip(pack, pack.Length - 1, 0x40));
        scene.Server.Blobs.Remove(DeltaScene.FullPath);
        Assert.That(await scene.Device.RunAsync(), Is.InstanceOf<AgentOutcome.Unavailable>());
        Assert.That(scene.Device.Slots!.Written, Is.EqualTo(Enumerable.Range(0, DeltaScene.SecondRecord)));
        scene.AssertUntouchedFrom(DeltaScene.SecondRecord);
        Assert.That(scene.Device.Record.B, Is.EqualTo(SlotBootState.Unbootable));
    }

    [Test]
    public async Task Refusal_of_the_full_pack_is_the_installations()
    {
        using DeltaScene scene = new(static pack => Flip(pack, pack.Length - 1, 0x40));
        scene.Server.Blobs[DeltaScene.FullPath] = SampleRelease.Create("7.7.7", image: SampleRelease.ImageOf("7.7.7", DeltaScene.Release.Image.Length)).Pack;
        AgentOutcome outcome = await scene.Device.RunAsync();
        Assert.That((outcome as AgentOutcome.Refused)?.Rejection.Reason, Is.EqualTo(RejectionReason.PackForAnotherImage));
        Assert.That(scene.Server.Reports[^1].State, Is.EqualTo(ReportState.Failed));
        Assert.That(scene.Device.Status.LastTransfer, Is.Null);
    }

    [Test]
    public async Task Chunk_that_the_slot_did_not_keep_is_written_again_from_the_full_pack()
    {
        using DeltaScene scene = new(static pack => Flip(pack, pack.Length - 1, 0x40));
        scene.Device.Log.OnProgress = line =>
        {
            if (line.StartsWith("delta pack: given up", StringComparison.Ordinal))
            {
                using FileStream slot = new(scene.Device.Reader.PathOf(SlotName.B), FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
                slot.Position = (2 * DeltaScene.ChunkSize) + 7;
                slot.WriteByte(0xFF);
            }
        };
        await scene.Device.StartUpdateAsync();
        Assert.That(scene.Device.Log.All, Has.Some.StartsWith("refused: ChunkMismatch: chunk 2:"));
        Assert.That(scene.Device.Slots!.Written, Is.EqualTo((int[])[0, 1, 2, 3, 2, .. Enumerable.Range(4, DeltaScene.Chunks - 4)]));
        Assert.That(scene.Device.Record.B.IsPending, Is.True);
    }

    private static async Task FallsBackAsync(Func<byte[], byte[]> change, int chunk, params RejectionReason[] reasons) => await FallsBackAsync(change, chunk, reasons, offered: null, running: null);

    private static Task FallsBackAsync(Func<byte[], byte[]> change, int chunk, RejectionReason reason, long offered) => FallsBackAsync(change, chunk, [reason], offered, running: null);

    private static async Task FallsBackAsync(Func<byte[], byte[]>? change, int chunk, RejectionReason[] reasons, long? offered, SampleRelease? running)
    {
        using DeltaScene scene = new(change, running);
        scene.Server.Deltas = [scene.Server.Deltas[0] with { Size = offered ?? scene.Server.Deltas[0].Size }];
        PoweredSlots? slots = null;
        scene.Device.Log.OnProgress = line =>
        {
            if (line.StartsWith("delta pack: given up", StringComparison.Ordinal))
            {
                slots = scene.Device.Slots;
                Assert.That(slots!.Written, Is.EqualTo(Enumerable.Range(0, chunk)), "written before the refusal");
                scene.AssertUntouchedFrom(chunk);
            }
        };

        await scene.Device.RunAsync();

        string[] refusals = [.. scene.Device.Log.All.Where(static line => line.StartsWith("refused:", StringComparison.Ordinal))];
        Assert.That(refusals, Has.Length.EqualTo(1), string.Join('\n', scene.Device.Log.All));
        Assert.That(reasons.Select(static reason => $"refused: {reason}"), Does.Contain(refusals[0][..refusals[0].IndexOf(':', "refused:".Length)]));
        Assert.That(scene.Device.Log.All, Has.Some.EqualTo($"delta pack: given up, the full pack goes on at chunk {chunk}"));
        Assert.That(slots!.Written, Is.EqualTo(Enumerable.Range(0, DeltaScene.Chunks)), "each chunk once");
        scene.AssertConfirmed(TransferKind.DeltaThenFull);
        Assert.That(scene.Server.Reports.Select(static report => report.State), Has.None.EqualTo(ReportState.Failed));
    }

    private static SampleRelease FactoryButFor(int place) => SampleRelease.Create("1.0.0", sequence: 1, image: Flip([.. DeltaScene.Factory.Image], place, 0x01));

    private static byte[] Flip(byte[] pack, int at, byte bits)
    {
        pack[at] ^= bits;
        return pack;
    }
}
