using Fota.DeviceAgent.Boot;
using Fota.DeviceAgent.Slots;
using Fota.DeviceAgent.Tests.Simulation;
using Fota.Manifest;
using Fota.Manifest.Reports;
using Fota.Manifest.Verification;
using Fota.TestKit;

namespace Fota.DeviceAgent.Tests;

/// <summary>The board's side: what is started, and what is not.</summary>
public sealed class BootloaderTests
{
    private static readonly ReportState[] s_update = [ReportState.Installing, ReportState.Activated, ReportState.Confirmed];

    [Test]
    [Proves("B-1")]
    public void P4_A35_Slot_below_the_floor_is_not_started()
    {
        using SimulatedDevice device = new();
        State.FileRollbackCounter.Manufacture(device.Store, new SecurityVersion(2));
        Assert.That(device.Bootloader.Boot(), Is.Null);
        Assert.That(device.Log.All, Has.Some.Contains("slot A: refused: BelowSecurityFloor"));
    }

    [Test]
    [Proves("B-1")]
    public void Slot_with_a_flipped_bit_is_not_started()
    {
        using SimulatedDevice device = new();
        Flip(device.Reader.PathOf(SlotName.A), 7000);
        Assert.That(device.Bootloader.Boot(), Is.Null);
        Assert.That(device.Log.All, Has.Some.Contains("slot A: refused: ImageMismatch"));
        Assert.That(device.Record.A.Successful, Is.True, "a confirmed slot keeps its standing: the fault may pass");
    }

    [Test]
    [Proves("B-1")]
    public void A09_Slot_whose_envelope_is_signed_by_one_key_only_is_not_started()
    {
        using SimulatedDevice device = new();
        byte[] envelope = device.Factory.SignedBy(device.Server.Repository.Pump.Keys[0]).Bytes.ToArray();
        device.Store.Replace(FileSlotReader.EnvelopeName(SlotName.A), envelope);
        Assert.That(device.Bootloader.Boot(), Is.Null);
        Assert.That(device.Log.All, Has.Some.Contains("slot A: refused: ThresholdNotMet"));
    }

    [Test]
    public void A17_Slot_without_an_envelope_is_not_started()
    {
        using SimulatedDevice device = new();
        device.Store.Delete(FileSlotReader.EnvelopeName(SlotName.A));
        Assert.That(device.Bootloader.Boot(), Is.Null);
        Assert.That(device.Log.All, Has.Some.Contains("slot A: refused: MissingField"));
    }

    [Test]
    public void A08_Slot_with_an_image_for_another_device_is_not_started()
    {
        using SimulatedDevice device = new();
        SampleRelease foreign = SampleRelease.Create("1.0.0", 1, change: static m => m with { DeviceId = NameBasedUuid.Device(SampleRelease.DeviceClass, "pump-0002") });
        device.Store.Replace(FileSlotReader.EnvelopeName(SlotName.A), foreign.SignedBy([.. device.Server.Repository.Pump.Keys]).Bytes.Span);
        Assert.That(device.Bootloader.Boot(), Is.Null);
        Assert.That(device.Log.All, Has.Some.Contains("slot A: refused: WrongDevice"));
    }

    [Test]
    public async Task Trial_that_nobody_confirms_ends_after_its_tries_and_is_remembered()
    {
        using SimulatedDevice device = await ActivatedAsync();
        for (int tries = SlotBootState.TrialBoots - 1; tries >= 0; tries--)
        {
            Assert.That(device.Bootloader.Boot()!.Running, Is.EqualTo(SlotName.B));
            Assert.That(device.Record.B.Tries, Is.EqualTo(tries));
        }

        await device.RunAsync();
        Assert.That(device.Status.Running.Running, Is.EqualTo(SlotName.A));
        Assert.That(device.Status.LastFailure!.Reason, Is.EqualTo(RejectionReason.TrialBootFailed));
        Assert.That(device.Server.Reports.Single(static r => r.State == ReportState.RolledBack).Reason, Is.EqualTo(RejectionReason.TrialBootFailed));
    }

    [Test]
    public async Task Trial_whose_image_is_wrong_is_given_up_at_once()
    {
        using SimulatedDevice device = await ActivatedAsync();
        Flip(device.Reader.PathOf(SlotName.B), 7000);
        Assert.That(device.Bootloader.Boot()!.Running, Is.EqualTo(SlotName.A));
        Assert.That(device.Record.B.IsExhausted, Is.True);
    }

    [TestCase("slots/b.suit")]
    [TestCase("slots/b.img")]
    [Proves("B-3")]
    public async Task P3_Slot_that_cannot_be_read_is_refused_and_the_other_is_started(string file)
    {
        using SimulatedDevice device = await ActivatedAsync();
        device.BreakFile(file);
        Assert.That(device.Bootloader.Boot()!.Running, Is.EqualTo(SlotName.A));
        Assert.That(device.Log.All, Has.Some.Contains("slot B: refused: StorageFailed"));
    }

    [Test]
    [Proves("B-2")]
    public async Task A37_Unreadable_counter_starts_nothing_and_costs_no_slot_its_tries()
    {
        using SimulatedDevice device = await ActivatedAsync();
        await File.WriteAllBytesAsync(device.PathOf("counter"), []);
        Assert.That(device.Bootloader.Boot, Throws.TypeOf<Storage.DeviceStateException>().With.Message.Contains("rollback counter"));
        Assert.That(device.Record.B.Tries, Is.EqualTo(SlotBootState.TrialBoots));
    }

    [Test]
    [Proves("B-12")]
    public async Task Tries_are_counted_before_the_image_starts()
    {
        using SimulatedDevice device = await ActivatedAsync();
        device.Power.CutAt = device.Power.Operations + 1;
        device.Power.Flavour = PowerCut.Before;
        Assert.That(() => device.Bootloader.Boot(), Throws.TypeOf<PowerCutException>());
        device.Power.Restore();
        Assert.That(device.Record.B.Tries, Is.EqualTo(SlotBootState.TrialBoots - 1));
    }

    [Test]
    [Proves("B-13")]
    public async Task A38_When_every_slot_is_exhausted_tries_begin_again()
    {
        using SimulatedDevice device = await ActivatedAsync();
        Write(device, new BootRecord(SlotBootState.From(14, 0, successful: false), SlotBootState.From(15, 0, successful: false)));
        List<SlotName?> boots = [];
        for (int boot = 0; boot < 4 * SlotBootState.TrialBoots; boot++)
        {
            boots.Add(device.Bootloader.Boot()?.Running);
        }

        Assert.That(string.Concat(boots), Is.EqualTo("BBBAAABBBAAA"), "one that hangs each time does not keep the other from its turn");
    }

    [Test]
    public async Task A38_The_slot_that_verifies_is_the_one_whose_tries_begin_again()
    {
        using SimulatedDevice device = await ActivatedAsync();
        Write(device, new BootRecord(SlotBootState.From(14, 0, successful: false), SlotBootState.From(15, 0, successful: false)));
        Flip(device.Reader.PathOf(SlotName.B), 7000);
        Assert.That(device.Bootloader.Boot()?.Running, Is.EqualTo(SlotName.A));
    }

    [Test]
    [Proves("B-14")]
    public async Task A40_Device_whose_boot_record_is_lost_boots_what_verifies_and_confirms_it()
    {
        using SimulatedDevice device = new();
        Directory.Delete(device.PathOf("boot"), recursive: true);
        await device.RunAsync();
        Assert.That(device.Record.A.Successful, Is.True);
        Assert.That(device.Server.Reports.Select(static r => r.State), Is.All.EqualTo(ReportState.Idle), "no deployment, no report of one");

        device.Server.Offer(SampleRelease.Create("1.1.0", sequence: 2));
        await device.RunAsync();
        Assert.That(device.Status.Running.Release.Version.ToString(), Is.EqualTo("1.1.0"));
    }

    [Test]
    public async Task A40_Boot_record_lost_during_an_installation_is_no_activation([Values("1.0.0", "1.1.0")] string running)
    {
        using SimulatedDevice device = new();
        if (running == "1.1.0")
        {
            device.Server.Offer(SampleRelease.Create(running, sequence: 2));
            await device.RunAsync();
        }

        device.Server.Offer(SampleRelease.Create("1.2.0", sequence: 3));
        device.Server.DiesAfter = 200;
        await device.RunAsync();
        int boots = device.Boots.Count, reports = device.Server.Reports.Count;
        Directory.Delete(device.PathOf("boot"), recursive: true);
        UpdateAgent agent = device.PowerOn();
        Assert.That(await agent.ResumeAsync(CancellationToken.None), Is.InstanceOf<AgentOutcome.Idle>());
        Assert.That(device.Boots.Skip(boots).Single().Release.Version.ToString(), Is.EqualTo(running));
        Assert.That(device.Record[device.Boots[^1].Running].Successful, Is.True, "what runs on trial is judged");
        Assert.That(device.Status.Step, Is.Null);

        device.Server.DiesAfter = null;
        await device.RunAsync();
        Assert.That(device.Status.Running.Release.Version.ToString(), Is.EqualTo("1.2.0"));
        Assert.That(device.Server.Reports.Skip(reports).Select(static r => r.State).Where(static s => s != ReportState.Idle), Is.EqualTo(s_update));
    }

    [Test]
    public async Task P3_Unhealthy_release_in_the_only_bootable_slot_is_updated_without_being_confirmed()
    {
        using SimulatedDevice device = new(WholeUpdateTests.Unhealthy("1.0.0", 1));
        Directory.Delete(device.PathOf("boot"), recursive: true);
        Assert.That(await device.RunAsync(), Is.InstanceOf<AgentOutcome.Idle>());
        Assert.That(device.Boots, Has.Count.EqualTo(SlotBootState.TrialBoots + 1));
        Assert.That(device.Record.A.Successful, Is.False);

        device.Server.Offer(SampleRelease.Create("1.1.0", sequence: 2));
        await device.RunAsync();
        Assert.That(device.Status.Running.Release.Version.ToString(), Is.EqualTo("1.1.0"));
        Assert.That(device.Record.B.Successful, Is.True);
    }

    [Test]
    public async Task P3_Unhealthy_update_whose_fallback_is_gone_is_reported_as_failed_and_replaced()
    {
        using SimulatedDevice device = new();
        device.Server.Offer(WholeUpdateTests.Unhealthy("1.2.0", 2));
        await device.StartUpdateAsync();
        Write(device, device.Record.With(SlotName.A, SlotBootState.Unbootable));
        await device.RunAsync();
        Assert.That(device.Server.Reports.Where(static r => r.State == ReportState.Failed).Select(static r => r.Reason), Is.EqualTo(new[] { RejectionReason.HealthCheckFailed }));
        Assert.That(device.Record.B.Successful, Is.False);

        device.Server.Offer(SampleRelease.Create("1.2.1", sequence: 3));
        await device.RunAsync();
        Assert.That(device.Status.Running.Release.Version.ToString(), Is.EqualTo("1.2.1"));
    }

    [Test]
    public async Task A41_Release_that_failed_and_is_confirmed_later_is_not_held_to_have_failed()
    {
        using SimulatedDevice device = await ActivatedAsync();
        Write(device, device.Record.With(SlotName.B, device.Record.B.WithTries(0)));
        await device.RunAsync();
        Assert.That(device.Status.LastFailure!.Reason, Is.EqualTo(RejectionReason.TrialBootFailed), "the case at hand: it failed");

        Flip(device.Reader.PathOf(SlotName.A), 7000);
        await device.RunAsync();
        Assert.That(device.Record.B.Successful, Is.True, "the case at hand: it is what is left, and works");

        device.Server.Assign("infusion-pump/1.1.0/manifest.suit");
        Assert.That(await device.RunAsync(), Is.InstanceOf<AgentOutcome.Idle>());
        Assert.That(device.Server.States.Last(), Is.EqualTo(ReportState.Confirmed));
    }

    [Test]
    public void A_device_is_manufactured_once()
    {
        using SimulatedDevice device = new();
        VerifiedImage verified = device.VerifyFactoryImage();
        Assert.That(() => DeviceFactory.Manufacture(device.Store, verified, device.Server.Repository.TrustedRoot), Throws.TypeOf<Storage.DeviceStateException>());
    }

    private static async Task<SimulatedDevice> ActivatedAsync()
    {
        SimulatedDevice device = new();
        device.Server.Offer(SampleRelease.Create("1.1.0", sequence: 2));
        Assert.That(await device.StartUpdateAsync(), Is.InstanceOf<AgentOutcome.RebootRequested>());
        return device;
    }

    private static void Write(SimulatedDevice device, BootRecord record) => new BootRecordStore(device.Store).Write(record);

    private static void Flip(string path, int offset)
    {
        byte[] bytes = File.ReadAllBytes(path);
        bytes[offset] ^= 1;
        File.WriteAllBytes(path, bytes);
    }
}
