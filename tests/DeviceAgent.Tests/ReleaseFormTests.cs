using Fota.DeviceAgent.Boot;
using Fota.DeviceAgent.Slots;
using Fota.DeviceAgent.Tests.Simulation;
using Fota.Manifest;
using Fota.Manifest.Reports;
using Fota.TestKit;

namespace Fota.DeviceAgent.Tests;

/// <summary>Releases beyond one image for both slots, on a whole device: agent and bootloader.</summary>
public sealed class ReleaseFormTests
{
    private static readonly ReportState[] s_confirmed = [ReportState.Installing, ReportState.Activated, ReportState.Confirmed];

    private static readonly byte[] s_forA = [.. SampleRelease.ImageOf("1.1.0", 10_000), 0xA], s_forB = [.. SampleRelease.ImageOf("1.1.0", 12_000), 0xB];

    [Proves("M-47")]
    [Test]
    public async Task P3_Each_slot_gets_its_own_image_and_boots_it()
    {
        using SimulatedDevice device = new();
        device.Server.Offer(SampleRelease.CreatePerSlot(s_forA, s_forB));
        await device.RunAsync();

        Assert.That(device.Server.States, Is.EqualTo(s_confirmed));
        Assert.That(device.Status.Running.Running, Is.EqualTo(SlotName.B));
        Assert.That(ContentOf(device, SlotName.B, s_forB.Length), Is.EqualTo(s_forB));

        byte[] nextA = [.. SampleRelease.ImageOf("1.2.0", 11_000), 0xA], nextB = [.. SampleRelease.ImageOf("1.2.0", 11_000), 0xB];
        device.Server.Offer(SampleRelease.CreatePerSlot(nextA, nextB, "1.2.0", sequence: 3));
        await device.RunAsync();

        Assert.That(device.Status.Running.Running, Is.EqualTo(SlotName.A));
        Assert.That(ContentOf(device, SlotName.A, nextA.Length), Is.EqualTo(nextA));
    }

    [Proves("M-47")]
    [Test]
    public async Task The_image_of_the_other_slot_is_not_started()
    {
        using SimulatedDevice device = new();
        device.Server.Offer(SampleRelease.CreatePerSlot(s_forA, s_forB));
        await device.RunAsync();
        await File.WriteAllBytesAsync(device.Reader.PathOf(SlotName.B), s_forA);

        Assert.That(device.Bootloader.Boot()!.Running, Is.EqualTo(SlotName.A));
        Assert.That(device.Log.All, Has.Some.Contains("slot B: refused: ImageMismatch"));
    }

    [Proves("M-48")]
    [Test]
    public Task Release_for_several_components_is_refused_before_the_first_write() =>
        RefusesAsync(SampleRelease.Create(change: static m => m with { Components = [m.Components[0], m.Components[0] with { Id = ComponentId.Parse("01") }] }), RejectionReason.WrongComponent);

    [Proves("M-44")]
    [Test]
    public Task Release_that_may_not_be_installed_from_this_one_is_refused_before_the_first_write() =>
        RefusesAsync(SampleRelease.Create(change: static m => m with { InstallableFrom = VersionRange.Parse(">=1.0.5") }), RejectionReason.WrongInstalledVersion);

    [Proves("M-44")]
    [Test]
    public async Task Release_is_installed_from_a_version_that_it_names_and_stays_confirmed_when_assigned_again()
    {
        using SimulatedDevice device = new();
        SampleRelease release = SampleRelease.Create(change: static m => m with { InstallableFrom = VersionRange.Parse(">=1.0.0 <1.1.0") });
        device.Server.Offer(release);
        await device.RunAsync();
        device.Server.Assign(release.TargetPath);
        await device.RunAsync();

        Assert.That(device.Status.Confirmed.Version.ToString(), Is.EqualTo("1.1.0"));
        Assert.That(device.Server.States, Is.EqualTo((ReportState[])[.. s_confirmed, ReportState.Confirmed]));
    }

    [Proves("M-16")]
    [Test]
    public async Task Device_born_with_a_hash_based_anchor_installs_and_boots_what_that_key_signed_too()
    {
        SoftwareKey vault = SoftwareKey.HashBased();
        using SimulatedDevice device = new(hashBasedKey: vault);
        device.Server.Offer(SampleRelease.Create(), [.. device.Server.Repository.Pump.Keys, vault]);
        await device.RunAsync();

        Assert.That(device.Server.States, Is.EqualTo(s_confirmed));
        Assert.That(device.Status.Running.Running, Is.EqualTo(SlotName.B));
    }

    [Proves("M-16")]
    [Test]
    public async Task A09_Device_born_with_a_hash_based_anchor_refuses_a_release_without_that_signature()
    {
        using SimulatedDevice device = new(hashBasedKey: SoftwareKey.HashBased());
        await RefusesAsync(device, SampleRelease.Create(), RejectionReason.ThresholdNotMet);
    }

    [Proves("M-16", "M-46")]
    [Test]
    public void A09_Board_born_with_a_hash_based_anchor_starts_nothing_without_that_signature()
    {
        using SimulatedDevice device = new(hashBasedKey: SoftwareKey.HashBased());
        device.Store.Replace(FileSlotReader.EnvelopeName(SlotName.A), device.Factory.SignedBy([.. device.Server.Repository.Pump.Keys]).Bytes.Span);

        Assert.That(device.Bootloader.Boot(), Is.Null);
        Assert.That(device.Log.All, Has.Some.Contains("slot A: refused: ThresholdNotMet"));
    }

    private static async Task RefusesAsync(SampleRelease release, RejectionReason reason)
    {
        using SimulatedDevice device = new();
        await RefusesAsync(device, release, reason);
    }

    private static async Task RefusesAsync(SimulatedDevice device, SampleRelease release, RejectionReason reason)
    {
        IReadOnlyDictionary<string, string> before = device.Picture();
        device.Server.Offer(release);

        AgentOutcome outcome = await device.StartUpdateAsync();

        Assert.That(((AgentOutcome.Refused)outcome).Rejection.Reason, Is.EqualTo(reason));
        Assert.That(Slots(device.Picture()), Is.EqualTo(Slots(before)));
        Assert.That(device.Server.Requests, Has.None.Contains("/tables/"));
    }

    private static IEnumerable<KeyValuePair<string, string>> Slots(IReadOnlyDictionary<string, string> picture) =>
        picture.Where(static file => file.Key.StartsWith("slots/", StringComparison.Ordinal)).OrderBy(static file => file.Key, StringComparer.Ordinal);

    private static byte[] ContentOf(SimulatedDevice device, SlotName slot, int length) => File.ReadAllBytes(device.Reader.PathOf(slot))[..length];
}
