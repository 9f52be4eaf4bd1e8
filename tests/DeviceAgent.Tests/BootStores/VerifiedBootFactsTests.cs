using Fota.DeviceAgent.Boot;
using Fota.DeviceAgent.Slots;
using Fota.DeviceAgent.Storage;
using Fota.DeviceAgent.Tests.Simulation;
using Fota.Manifest;
using Fota.Manifest.Verification;
using Fota.TestKit;

namespace Fota.DeviceAgent.Tests.BootStores;

/// <summary>What runs, on boards whose bootloader names the slot alone; and whole updates of such boards.</summary>
public sealed class VerifiedBootFactsTests
{
    [Test]
    [Proves("B-15", "B-45")]
    public void What_runs_is_what_the_slot_proves_to_hold()
    {
        using SimulatedDevice device = new();
        BootFacts facts = Establish(device, floor: 1);
        Assert.That((facts.Running, facts.Trial, facts.Release.Version.ToString()), Is.EqualTo((SlotName.A, false, "1.0.0")));
    }

    [Test]
    [Proves("B-45")]
    public void A42_Slot_that_does_not_hold_what_its_envelope_says_is_no_ground_to_stand_on()
    {
        using SimulatedDevice device = new();
        using (FileStream slot = new(device.Reader.PathOf(SlotName.A), FileMode.Open))
        {
            slot.Position = 5000;
            slot.WriteByte(0xFF);
        }

        Assert.That(() => Establish(device, floor: 1), Throws.TypeOf<DeviceStateException>().With.Message.Contains("ImageMismatch"));
    }

    [Test]
    public void P4_Running_release_below_the_floor_is_no_ground_to_stand_on()
    {
        using SimulatedDevice device = new();
        Assert.That(() => Establish(device, floor: 2), Throws.TypeOf<DeviceStateException>().With.Message.Contains("BelowSecurityFloor"));
    }

    [Test]
    public void A09_Envelope_that_one_key_signed_is_no_ground_to_stand_on()
    {
        using SimulatedDevice device = new();
        device.Store.Replace(FileSlotReader.EnvelopeName(SlotName.A), device.Factory.SignedBy(device.Server.Repository.Pump.Keys[0]).Bytes.Span);
        Assert.That(() => Establish(device, floor: 1), Throws.TypeOf<DeviceStateException>().With.Message.Contains("ThresholdNotMet"));
    }

    [Test]
    [Proves("B-30")]
    public async Task P3_Update_and_revert_of_a_board_with_u_boot_go_by_its_environment()
    {
        using UBootBoard board = await UBootBoard.CreateAsync();
        using SimulatedDevice device = new() { Records = board.Records };
        device.Server.Offer(SampleRelease.Create("1.1.0", sequence: 2));
        await device.RunAsync();
        Assert.That(device.Status.Confirmed.Version.ToString(), Is.EqualTo("1.1.0"));
        Assert.That(await board.PrintAllAsync(), Is.SupersetOf((string[])["BOOT_ORDER=B A", "BOOT_A_OK=1", "BOOT_B_LEFT=0", "BOOT_B_OK=1", "bootcmd=run fota_boot; reset"]));

        device.Server.Offer(WholeUpdateTests.Unhealthy("1.2.0", 3));
        await device.RunAsync();
        Assert.That(device.Status.Running.Release.Version.ToString(), Is.EqualTo("1.1.0"));
        Assert.That(await board.PrintAllAsync(), Is.SupersetOf((string[])["BOOT_ORDER=A B", "BOOT_A_LEFT=0", "BOOT_A_OK=0", "BOOT_B_OK=1"]));
    }

    private static BootFacts Establish(SimulatedDevice device, uint floor) => VerifiedBootFacts.Establish(
        SlotName.A, device.Records, device.Reader, ReleaseAnchors.Of(device.Server.Repository.Pump.PublicKeys, device.HashBased), device.Identity.Traits, new SecurityVersion(floor));
}
