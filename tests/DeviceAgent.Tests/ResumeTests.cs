using System.Net;
using Fota.DeviceAgent.Boot;
using Fota.DeviceAgent.State;
using Fota.DeviceAgent.Tests.Simulation;
using Fota.Manifest;
using Fota.Manifest.Packs;
using Fota.Manifest.Reports;
using Fota.TestKit;

namespace Fota.DeviceAgent.Tests;

/// <summary>Updates that broke off and go on: what is fetched again, and what is believed of what was there.</summary>
public sealed class ResumeTests
{
    private const int ChunkSize = 4096;

    private static readonly SampleRelease s_release = SampleRelease.Create("1.1.0", sequence: 2, image: SampleRelease.ImageOf("1.1.0", 40_000));

    private static int Chunks => s_release.Table.Count;

    private static string PackPath => s_release.Described.PackUri;

    private static string TablePath => $"tables/{s_release.Described.ChunkTableDigest}";

    [Test]
    [Proves("W-32")]
    public async Task Bytes_of_a_frame_that_had_come_are_not_fetched_again()
    {
        using SimulatedDevice device = Offered();
        device.Server.BreaksAfter = 100; // far less than a frame, which is some 3 KiB
        await device.RunAsync();
        AssertConfirmed(device);
        Assert.That(device.Server.Sent[PackPath], Is.EqualTo(s_release.Pack.Length));
        Assert.That(device.Server.Requests.Count(static path => path == $"/repo/{PackPath}"), Is.GreaterThan(s_release.Pack.Length / 101));
    }

    [Test]
    [Proves("W-37")]
    public async Task Update_goes_on_after_a_restart_with_the_chunks_that_the_slot_lacks()
    {
        using SimulatedDevice device = Offered();
        int kept = await BreakOffAsync(device, EndOfFrame(4));
        Assert.That(kept, Is.EqualTo(5), "the case at hand");
        device.Server.Ranges.Clear();

        await GoOnAsync(device);

        Assert.That(device.Server.Ranges, Is.EqualTo(new[] { $"{PackPath} {EndOfFrame(4)}-{s_release.Pack.Length - 1}" }), "neither table nor index nor a frame again");
        Assert.That(device.Slots!.Written, Is.EqualTo(Enumerable.Range(5, Chunks - 5)));
        Assert.That(device.Log.All, Has.Some.EqualTo($"resumed: 5 of {Chunks} chunks stood in slot B, {Chunks - 5} were written"));
        Assert.That(device.Server.States.Count(static state => state == ReportState.Installing), Is.EqualTo(1), "one installation to the server");
        await device.RunAsync();
        AssertConfirmed(device);
    }

    [Test]
    [Proves("W-37")]
    public async Task Holes_are_fetched_each_in_one_request()
    {
        using SimulatedDevice device = Offered();
        await BreakOffAsync(device, EndOfFrame(8));
        foreach (int chunk in (int[])[2, 3, 6])
        {
            Damage(device, "slots/b.img", (chunk * ChunkSize) + 77);
        }

        device.Server.Ranges.Clear();
        await GoOnAsync(device);

        Assert.That(device.Server.Ranges, Is.EqualTo(new[] { Frames(2, 3), Frames(6, 6), Frames(9, Chunks - 1) }));
        Assert.That(device.Slots!.Written, Is.EqualTo((int[])[2, 3, 6, .. Enumerable.Range(9, Chunks - 9)]));
        await device.RunAsync();
        AssertConfirmed(device);
    }

    [Test]
    [Proves("W-37")]
    public async Task Holes_of_a_delta_are_filled_from_the_delta()
    {
        using DeltaScene scene = new();
        scene.Server.DiesAfter = DeltaScene.SecondRecordStart();
        await scene.Device.RunAsync();
        Assert.That(scene.Device.Slots!.Written, Is.EqualTo(Enumerable.Range(0, DeltaScene.SecondRecord)), "the case at hand");
        Damage(scene.Device, "slots/b.img", 77); // a chunk with a record, and one that is copied
        Damage(scene.Device, "slots/b.img", (2 * ChunkSize) + 77);
        scene.Server.Ranges.Clear();

        await GoOnAsync(scene.Device);

        Assert.That(scene.Server.Ranges, Has.Count.EqualTo(1), "both records lie together; head, plan and digests were kept");
        Assert.That(scene.Device.Slots!.Written, Is.EqualTo((int[])[0, 2, .. Enumerable.Range(4, DeltaScene.Chunks - 4)]));
        await scene.Device.RunAsync();
        scene.AssertConfirmed(TransferKind.Delta);
    }

    [Test]
    [Proves("W-34", "W-37")]
    public async Task Full_pack_after_a_delta_brings_what_the_slot_lacks_after_a_restart_too()
    {
        using DeltaScene scene = new();
        scene.Server.DiesAfter = DeltaScene.SecondRecordStart();
        await scene.Device.RunAsync();
        scene.Server.Blobs.Remove(scene.DeltaPath);
        scene.Server.Deltas = [];

        await GoOnAsync(scene.Device);

        Assert.That(scene.Device.Slots!.Written, Is.EqualTo(Enumerable.Range(4, DeltaScene.Chunks - 4)));
        await scene.Device.RunAsync();
        scene.AssertConfirmed(TransferKind.DeltaThenFull);
    }

    [Test]
    [Proves("W-39")]
    public async Task Power_cut_after_a_broken_transfer_costs_nothing_that_was_written([Values] PowerCut flavour)
    {
        using SimulatedDevice device = Offered();
        await BreakOffAsync(device, EndOfFrame(4));
        device.Power.Flavour = flavour;
        device.Power.CutAt = device.Power.Operations; // whatever the next start does first
        device.Server.DiesAfter = null;
        await device.RunAsync();
        Assert.That(device.Power.HasCut, Is.True);
        AssertConfirmed(device);
        Assert.That(device.Server.Sent[PackPath], Is.EqualTo(s_release.Pack.Length));
    }

    [Test]
    [Proves("W-39")]
    public async Task Cancelled_update_has_flushed_what_it_wrote()
    {
        using SimulatedDevice device = Offered();
        using CancellationTokenSource stop = new();
        device.Log.OnProgress = line =>
        {
            if (line.StartsWith("installing:", StringComparison.Ordinal) && line.EndsWith("50%", StringComparison.Ordinal))
            {
                stop.Cancel();
            }
        };
        UpdateAgent agent = device.PowerOn();
        await agent.ResumeAsync(CancellationToken.None);
        Assert.That(async () => await agent.CheckInAsync(stop.Token), Throws.InstanceOf<OperationCanceledException>());
        int written = device.Slots!.Written.Count;
        device.Power.Flavour = PowerCut.Before;
        device.Power.CutAt = device.Power.Operations;
        await device.RunAsync();
        AssertConfirmed(device);
        Assert.That(written, Is.InRange(1, Chunks - 1));
        Assert.That(device.Log.All, Has.Some.StartsWith($"resumed: {written} of {Chunks} chunks stood"));
    }

    [Test]
    [Proves("W-39")]
    public async Task Checkpoints_bound_what_a_power_cut_costs()
    {
        const int Size = 40 * 1024 * 1024, Between = 16 * 1024 * 1024, Chunk = 1024 * 1024;
        SampleRelease release = SampleRelease.Create("1.1.0", sequence: 2, image: SampleRelease.ImageOf("1.1.0", Size), chunkSize: Chunk);
        using SimulatedDevice device = new(slotSize: Size);
        device.Server.Offer(release);
        int written = 0;
        device.Log.OnProgress = line =>
        {
            device.Clock.Pass(TimeSpan.FromSeconds(2));
            if (line.StartsWith("installing:", StringComparison.Ordinal) && line.EndsWith("90%", StringComparison.Ordinal) && device.Power.CutAt is null)
            {
                written = device.Slots!.Written.Count;
                device.Power.CutAt = device.Power.Operations;
            }
        };
        await device.RunAsync();
        AssertConfirmed(device);
        Assert.That(device.Power.HasCut, Is.True);
        Assert.That(device.Slots, Is.Not.Null);
        string resumed = device.Log.All.Single(static line => line.StartsWith("resumed:", StringComparison.Ordinal));
        int stood = int.Parse(resumed.Split(' ')[1]);
        Assert.That(stood, Is.GreaterThanOrEqualTo(written - (Between / Chunk)).And.LessThan(written), resumed);
    }

    [Test]
    [Proves("W-36")]
    public async Task Bytes_of_all_attempts_are_counted()
    {
        using SimulatedDevice device = Offered();
        await BreakOffAsync(device, EndOfFrame(2) + 10);
        await GoOnAsync(device);
        Assert.That(device.Status.LastTransfer!.Bytes, Is.EqualTo(device.Server.Sent[PackPath] + device.Server.Sent[TablePath]));
        Assert.That(device.Status.LastTransfer!.Bytes, Is.EqualTo(s_release.Pack.Length + s_release.EncodedTable.Length + 10), "ten bytes came in vain");
    }

    [Test]
    [Proves("W-38")]
    public async Task What_was_kept_is_removed_when_the_update_ends()
    {
        using SimulatedDevice device = Offered();
        await BreakOffAsync(device, EndOfFrame(2));
        Assert.That(Directory.GetFiles(device.PathOf("transfer")).Select(Path.GetFileName), Is.EquivalentTo(new[] { "table", "index" }));
        await GoOnAsync(device);
        Assert.That(Directory.GetFiles(device.PathOf("transfer")), Is.Empty);

        using SimulatedDevice unwanted = Offered();
        await BreakOffAsync(unwanted, EndOfFrame(2));
        unwanted.Server.Assignment = null;
        await unwanted.RunAsync();
        Assert.That(Directory.GetFiles(unwanted.PathOf("transfer")), Is.Empty);

        using SimulatedDevice refused = Offered();
        await BreakOffAsync(refused, EndOfFrame(2));
        refused.Server.Blobs[PackPath] = [.. s_release.Pack[..^1], (byte)(s_release.Pack[^1] ^ 0x40)];
        refused.Server.DiesAfter = null;
        Assert.That(await refused.RunAsync(), Is.InstanceOf<AgentOutcome.Refused>());
        Assert.That(Directory.GetFiles(refused.PathOf("transfer")), Is.Empty);
    }

    [Test]
    [Proves("W-37")]
    public async Task A34_Slot_that_was_tampered_with_is_proven_again_chunk_by_chunk()
    {
        using SimulatedDevice device = Offered();
        await BreakOffAsync(device, EndOfFrame(4));
        Damage(device, "slots/b.img", ChunkSize + 1);
        await GoOnAsync(device);
        Assert.That(device.Slots!.Written, Is.EqualTo((int[])[1, .. Enumerable.Range(5, Chunks - 5)]));
        await device.RunAsync();
        AssertConfirmed(device);
    }

    [Test]
    [Proves("W-38")]
    public async Task A34_Kept_table_or_index_that_was_tampered_with_is_fetched_again([Values("transfer/table", "transfer/index")] string file, [Values(0, 20, 40, -1)] int place)
    {
        using SimulatedDevice device = Offered();
        await BreakOffAsync(device, EndOfFrame(4));
        Damage(device, file, place);
        device.Server.Ranges.Clear();
        await GoOnAsync(device);
        Assert.That(device.Server.Ranges[0], Does.StartWith((file == "transfer/table" ? TablePath : PackPath) + " 0-"));
        Assert.That(device.Slots!.Written, Is.EqualTo(Enumerable.Range(5, Chunks - 5)));
        await device.RunAsync();
        AssertConfirmed(device);
    }

    [Test]
    [Proves("W-38")]
    public async Task A34_Kept_index_that_leads_to_wrong_frames_is_fetched_again()
    {
        using SimulatedDevice device = Offered();
        await BreakOffAsync(device, EndOfFrame(4));

        // Whoever can write the store can also make the digest right: the border of two frames is moved by a byte.
        byte[] index = [.. s_release.Pack[..PackIndex.SizeFor(s_release.Table)]];
        index[PackIndex.HeadSize + 23]--;
        index[PackIndex.HeadSize + 27]++;
        byte[] sealedPart = [.. Seal(device, PackPath, index), .. index];
        device.Store.Replace("transfer/index", sealedPart);

        device.Server.Ranges.Clear();
        await GoOnAsync(device);
        Assert.That(device.Log.All, Has.Some.StartsWith("refused: FrameInvalid: frame 5:"));
        Assert.That(device.Server.Ranges, Has.Some.EqualTo($"{PackPath} 0-{index.Length - 1}"));
        Assert.That(device.Slots!.Written, Is.EqualTo(Enumerable.Range(5, Chunks - 5)), "nothing that was not proven, nothing twice");
        await device.RunAsync();
        AssertConfirmed(device);
    }

    [Test]
    [Proves("W-38")]
    public async Task A34_Kept_beginning_of_a_delta_that_was_tampered_with_is_fetched_again()
    {
        using DeltaScene scene = new();
        scene.Server.DiesAfter = DeltaScene.SecondRecordStart();
        await scene.Device.RunAsync();
        Damage(scene.Device, "transfer/delta", 32 + DeltaHead.Size);
        scene.Server.Ranges.Clear();
        await GoOnAsync(scene.Device);
        Assert.That(scene.Server.Ranges[0], Is.EqualTo($"{scene.DeltaPath} 0-{DeltaHead.Size - 1}"));
        await scene.Device.RunAsync();
        scene.AssertConfirmed(TransferKind.Delta);
    }

    [Test]
    [Proves("W-37")]
    public async Task A34_Journal_of_another_manifest_is_not_gone_on_with()
    {
        using SimulatedDevice device = Offered();
        await BreakOffAsync(device, EndOfFrame(4));
        SampleRelease other = SampleRelease.Create("1.2.0", sequence: 3, image: s_release.Image); // the same chunks, even
        device.Server.Offer(other);
        await GoOnAsync(device);
        Assert.That(device.Slots!.Written, Is.EqualTo(Enumerable.Range(0, Chunks)), "from the start");
        Assert.That(device.Log.All, Has.None.StartsWith("resumed:"));
        await device.RunAsync();
        Assert.That(device.Status.Confirmed.Version.ToString(), Is.EqualTo("1.2.0"));
    }

    [Test]
    [Proves("W-37")]
    public async Task A34_Journal_that_names_a_manifest_whose_chunks_are_not_in_the_slot_does_no_harm()
    {
        using SimulatedDevice device = Offered();
        await BreakOffAsync(device, EndOfFrame(4));
        await File.WriteAllBytesAsync(device.Reader.PathOf(SlotName.B), SampleRelease.ImageOf("6.6.6", SimulatedDevice.SlotSize));
        await GoOnAsync(device);
        Assert.That(device.Slots!.Written, Is.EqualTo(Enumerable.Range(0, Chunks)));
        await device.RunAsync();
        AssertConfirmed(device);
    }

    [Test]
    public async Task Trial_of_another_release_ends_a_broken_off_update_and_not_the_release_that_was_to_come()
    {
        using SimulatedDevice device = Offered();
        await BreakOffAsync(device, EndOfFrame(4));
        new BootRecordStore(device.Store).Write(new BootRecord(SlotBootState.Trial(15), SlotBootState.Unbootable)); // as after a loss of the boot record
        UpdateAgent agent = device.PowerOn();
        await agent.ResumeAsync(CancellationToken.None);
        Assert.That(device.Status.Step, Is.Null);
        Assert.That(device.Server.States.Where(static state => state is ReportState.Failed or ReportState.Activated), Is.Empty);
        device.Server.DiesAfter = null;
        await device.RunAsync();
        AssertConfirmed(device);
    }

    [Test]
    [Proves("W-41")]
    public async Task A29_Frame_is_never_put_together_from_two_files([Values] bool isOtherContent)
    {
        using SimulatedDevice device = Offered();
        int inFrame5 = EndOfFrame(4) + 100;
        device.Server.BreaksAfter = inFrame5 - PackIndex.SizeFor(s_release.Table);
        byte[] other = [.. s_release.Pack];
        Array.Fill(other, (byte)0x5A, inFrame5, EndOfFrame(5) - inFrame5);
        bool isSwapped = false;
        device.Log.OnProgress = line =>
        {
            if (line.StartsWith("installing:", StringComparison.Ordinal) && device.Slots!.Written.Count == 5)
            {
                isSwapped = true;
                device.Server.TagOf = static (_, _) => "another";
                device.Server.Blobs[PackPath] = isOtherContent ? other : s_release.Pack;
            }
        };
        AgentOutcome outcome = await device.RunAsync();
        Assert.That(isSwapped, Is.True);
        Assert.That(device.Server.Ranges, Has.Some.StartsWith($"{PackPath} {inFrame5}-"), "the case at hand: it wanted to go on inside the frame");
        Assert.That(device.Server.Ranges, Has.Some.StartsWith($"{PackPath} {EndOfFrame(4)}-"), "and began the frame anew");
        if (isOtherContent)
        {
            Assert.That((outcome as AgentOutcome.Refused)?.Rejection.Reason, Is.EqualTo(RejectionReason.FrameInvalid).Or.EqualTo(RejectionReason.ChunkMismatch));
            Assert.That(device.Slots!.Written, Is.EqualTo(Enumerable.Range(0, 5)));
            Assert.That(device.Record.B, Is.EqualTo(SlotBootState.Unbootable));
        }
        else
        {
            AssertConfirmed(device);
        }
    }

    [Test]
    [Proves("W-41")]
    public async Task A29_File_that_becomes_shorter_between_two_requests_is_refused()
    {
        using SimulatedDevice device = Offered();
        await BreakOffAsync(device, EndOfFrame(4));
        device.Server.DiesAfter = null;
        device.Server.Blobs[PackPath] = s_release.Pack[..^1];
        AgentOutcome outcome = await device.RunAsync();
        Assert.That((outcome as AgentOutcome.Refused)?.Rejection.Reason, Is.EqualTo(RejectionReason.LengthMismatch));
        Assert.That(device.Record.B, Is.EqualTo(SlotBootState.Unbootable));
    }

    [Test]
    [Proves("W-41")]
    public async Task A29_Part_that_was_not_asked_for_is_not_taken_for_the_one_that_was()
    {
        using SimulatedDevice device = Offered();
        await BreakOffAsync(device, EndOfFrame(4));
        device.Server.DiesAfter = null;
        device.Server.Instead = request => request.RequestUri!.AbsolutePath != $"/repo/{PackPath}" ? null : new HttpResponseMessage(HttpStatusCode.PartialContent)
        {
            Content = new ByteArrayContent(s_release.Pack) { Headers = { ContentRange = new(0, s_release.Pack.Length - 1, s_release.Pack.Length) } },
        };
        AgentOutcome outcome = await device.RunAsync();
        Assert.That((outcome as AgentOutcome.Unavailable)?.Message, Is.EqualTo($"{PackPath}: wanted the bytes from {EndOfFrame(4)} on, got those from 0 on"));
    }

    private static SimulatedDevice Offered()
    {
        SimulatedDevice device = new();
        device.Server.Offer(s_release);
        return device;
    }

    /// <summary>Lets the link die when so many bytes of the pack have come.</summary>
    /// <returns>How many chunks were written.</returns>
    private static async Task<int> BreakOffAsync(SimulatedDevice device, int bytes)
    {
        device.Server.DiesAfter = s_release.EncodedTable.Length + bytes;
        Assert.That(await device.RunAsync(), Is.InstanceOf<AgentOutcome.Unavailable>(), string.Join('\n', device.Log.All));
        Assert.That(device.Status.Step, Is.EqualTo(UpdateStep.Installing));
        return device.Slots!.Written.Count;
    }

    /// <summary>The link is there again, and the device was restarted.</summary>
    private static async Task GoOnAsync(SimulatedDevice device)
    {
        device.Server.DiesAfter = null;
        Assert.That(await device.StartUpdateAsync(), Is.InstanceOf<AgentOutcome.RebootRequested>(), string.Join('\n', device.Log.All));
    }

    private static void AssertConfirmed(SimulatedDevice device) =>
        Assert.That(device.Status.Confirmed.Version.ToString(), Is.EqualTo("1.1.0"), string.Join('\n', device.Log.All));

    private static void Damage(SimulatedDevice device, string file, int place)
    {
        byte[] bytes = File.ReadAllBytes(device.PathOf(file));
        bytes[place < 0 ? bytes.Length + place : place] ^= 0x10;
        File.WriteAllBytes(device.PathOf(file), bytes);
    }

    private static byte[] Seal(SimulatedDevice device, string path, byte[] content)
    {
        byte[] manifest = s_release.SignedBy([.. device.Server.Repository.Pump.Keys]).ClaimedDigest.Bytes.ToArray();
        byte[] place = Sha256Digest.Of(System.Text.Encoding.UTF8.GetBytes(path)).Bytes.ToArray();
        return Sha256Digest.Of([.. manifest, .. place, .. content]).Bytes.ToArray();
    }

    private static string Frames(int first, int last) => $"{PackPath} {EndOfFrame(first - 1)}-{EndOfFrame(last) - 1}";

    /// <summary>Where a frame ends in the pack; frame -1 is the index.</summary>
    private static int EndOfFrame(int frame)
    {
        int end = PackIndex.SizeFor(s_release.Table);
        for (int i = 0; i <= frame; i++)
        {
            end += System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(s_release.Pack.AsSpan(PackIndex.HeadSize + (4 * i)));
        }

        return end;
    }
}
