using Fota.Manifest.Metadata;
using Fota.Manifest.Verification;
using Fota.TestKit;

namespace Fota.Manifest.Tests.Envelope;

public sealed class AdmissionTests
{
    private static readonly Guid s_device = NameBasedUuid.Device(SampleRelease.DeviceClass, "pump-0001");

    private static readonly InstallTarget s_target = new(ImageSlot.B, ReleaseVersion.Parse("1.0.0"), Sha256Digest.Of("running"u8));

    private readonly SoftwareKey _key = SoftwareKey.EcdsaP256();
    private readonly DeviceTraits _device = new(SampleRelease.Vendor, SampleRelease.DeviceClass, s_device, SlotCapacity: 10_000);

    [Test]
    public void A_release_for_this_device_above_floor_and_sequence_is_admitted() => Admit(State(sequence: 1)).IsAccepted();

    [Test]
    public void A08_Release_for_another_vendor_is_refused() =>
        Admit(RollbackState.Initial, m => m with { VendorId = NameBasedUuid.Vendor("other.example") }).IsRefusedFor(RejectionReason.WrongVendor);

    [Test]
    public void A08_Release_for_another_class_is_refused() =>
        Admit(RollbackState.Initial, m => m with { ClassId = NameBasedUuid.DeviceClass(SampleRelease.Vendor, "rev A") }).IsRefusedFor(RejectionReason.WrongClass);

    [Test]
    public void A08_Release_for_another_device_is_refused() =>
        Admit(RollbackState.Initial, m => m with { DeviceId = NameBasedUuid.Device(SampleRelease.DeviceClass, "pump-0002") }).IsRefusedFor(RejectionReason.WrongDevice);

    [Test]
    public void Release_for_exactly_this_device_is_admitted() => Admit(RollbackState.Initial, m => m with { DeviceId = s_device }).IsAccepted();

    [Test]
    public void A02_Lower_sequence_number_is_refused() => Admit(State(sequence: 3)).IsRefusedFor(RejectionReason.SequenceRollback);

    [Test]
    public void Equal_sequence_number_with_another_manifest_is_refused() => Admit(State(sequence: 2)).IsRefusedFor(RejectionReason.SequenceReused);

    [Test]
    public void Equal_sequence_number_with_the_same_manifest_is_admitted()
    {
        VerifiedManifest manifest = Verified(SampleRelease.Create());

        AdmittedManifest.Admit(manifest, _device, new RollbackState(default, new SequenceNumber(2), manifest.Digest), s_target).IsAccepted();
    }

    [Test]
    public void A35_P4_Security_version_below_the_floor_is_refused() =>
        Admit(State(sequence: 1, floor: 2)).IsRefusedFor(RejectionReason.BelowSecurityFloor);

    [Test]
    public void P4_Re_issue_of_an_old_image_at_the_floor_is_admitted() =>
        Admit(State(sequence: 1, floor: 1), m => m with { ReleaseVersion = ReleaseVersion.Parse("0.9.0") }).IsAccepted();

    [Test]
    public void A32_Image_larger_than_the_slot_is_refused() =>
        Admit(RollbackState.Initial, m => m.WithImage(i => i with { ImageSize = 10_001 })).IsRefusedFor(RejectionReason.ImageTooLarge);

    [Test]
    public void A35_P4_Boot_refuses_an_image_below_the_floor()
    {
        SampleRelease release = SampleRelease.Create(security: 1);

        VerifiedImage.VerifyForBoot(Verified(release), _device, new SecurityVersion(2), ImageSlot.A, new MemoryStream(release.Image)).IsRefusedFor(RejectionReason.BelowSecurityFloor);
    }

    [Test]
    public void Boot_refuses_a_slot_with_one_bit_flipped()
    {
        SampleRelease release = SampleRelease.Create();
        byte[] slot = [.. release.Image];
        slot[^1] ^= 1;

        VerifiedImage.VerifyForBoot(Verified(release), _device, default, ImageSlot.A, new MemoryStream(slot)).IsRefusedFor(RejectionReason.ImageMismatch);
    }

    [Test]
    public void A19_Boot_refuses_a_slot_that_ends_early()
    {
        SampleRelease release = SampleRelease.Create();

        VerifiedImage.VerifyForBoot(Verified(release), _device, default, ImageSlot.A, new MemoryStream(release.Image[..^1])).IsRefusedFor(RejectionReason.ImageMismatch);
    }

    [Test]
    public void Boot_accepts_a_lower_sequence_number_for_the_slot_kept_to_go_back_to()
    {
        SampleRelease release = SampleRelease.Create(sequence: 1);
        byte[] slot = [.. release.Image, 1, 2, 3];

        VerifiedImage.VerifyForBoot(Verified(release), _device, new SecurityVersion(1), ImageSlot.A, new MemoryStream(slot)).IsAccepted();
    }

    [Proves("M-44")]
    [TestCase("<1.0.0")]
    [TestCase(">1.0.0 <2.0.0")]
    [TestCase(">=1.0.0 <1.0.0")]
    public void Release_that_may_not_be_installed_from_the_one_that_runs_is_refused(string range) =>
        Admit(RollbackState.Initial, m => m with { InstallableFrom = VersionRange.Parse(range) }).IsRefusedFor(RejectionReason.WrongInstalledVersion);

    [Proves("M-44")]
    [Test]
    public void Release_that_may_be_installed_from_the_one_that_runs_is_admitted() =>
        Admit(RollbackState.Initial, m => m with { InstallableFrom = VersionRange.Parse(">=1.0.0 <2.0.0") }).IsAccepted();

    [Proves("M-44")]
    [Test]
    public void Release_that_runs_already_needs_no_way_there()
    {
        VerifiedManifest manifest = Verified(SampleRelease.Create(change: m => m with { InstallableFrom = VersionRange.Parse("<0.5") }));

        AdmittedManifest.Admit(manifest, _device, RollbackState.Initial, s_target with { RunningManifest = manifest.Digest }).IsAccepted();
    }

    [Proves("M-45")]
    [Test]
    public void A08_Release_for_a_component_that_the_device_lacks_is_refused() =>
        Admit(RollbackState.Initial, m => m with { Components = [.. m.Components, m.Components[0] with { Id = ComponentId.Parse("07") }] }).IsRefusedFor(RejectionReason.WrongComponent);

    [Proves("M-45", "M-48")]
    [Test]
    public void Release_for_several_components_is_admitted_by_a_device_that_has_them_and_has_no_sole_image()
    {
        VerifiedManifest manifest = Verified(SampleRelease.Create(change: m => m with { Components = [m.Components[0] with { Id = ComponentId.Parse("07") }, .. m.Components] }));
        DeviceTraits device = _device with { Components = [ComponentId.Main, ComponentId.Parse("07")] };

        AdmittedManifest admitted = AdmittedManifest.Admit(manifest, device, RollbackState.Initial, s_target).IsAccepted();

        Assert.That(admitted.Images.Select(static image => image.Component.ToString()), Is.EqualTo(new[] { "07", "00" }));
        Assert.That(() => admitted.SoleImage, Throws.TypeOf<RejectedException>().With.Property("Rejection").Property("Reason").EqualTo(RejectionReason.Unsupported));
    }

    [Proves("M-47")]
    [Test]
    public void The_image_for_the_target_slot_is_what_is_installed_and_booted([Values] ImageSlot slot)
    {
        byte[] a = SampleRelease.ImageOf("1.1.0", 9_000), b = SampleRelease.ImageOf("1.1.0-rc.1", 9_500), own = slot == ImageSlot.A ? a : b, foreign = slot == ImageSlot.A ? b : a;
        VerifiedManifest manifest = Verified(SampleRelease.CreatePerSlot(a, b));

        AdmittedManifest admitted = AdmittedManifest.Admit(manifest, _device, RollbackState.Initial, s_target with { Slot = slot }).IsAccepted();

        Assert.That(admitted.SoleImage.Content.ImageDigest, Is.EqualTo(Sha256Digest.Of(own)));
        VerifiedImage.ReadBack(admitted, new MemoryStream(own)).IsAccepted();
        VerifiedImage.ReadBack(admitted, new MemoryStream([.. foreign, .. new byte[1000]])).IsRefusedFor(RejectionReason.ImageMismatch);
        VerifiedImage.VerifyForBoot(manifest, _device, default, slot, new MemoryStream(own)).IsAccepted();
        VerifiedImage.VerifyForBoot(manifest, _device, default, slot, new MemoryStream([.. foreign, .. new byte[1000]])).IsRefusedFor(RejectionReason.ImageMismatch);
    }

    [Proves("M-43")]
    [Test]
    public void A32_Of_two_images_the_one_for_the_target_slot_has_to_fit()
    {
        VerifiedManifest manifest = Verified(SampleRelease.CreatePerSlot(new byte[9_000], new byte[10_001]));

        AdmittedManifest.Admit(manifest, _device, RollbackState.Initial, s_target with { Slot = ImageSlot.A }).IsAccepted();
        AdmittedManifest.Admit(manifest, _device, RollbackState.Initial, s_target with { Slot = ImageSlot.B }).IsRefusedFor(RejectionReason.ImageTooLarge);
    }

    private static RollbackState State(ulong sequence, uint floor = 0) =>
        new(new SecurityVersion(floor), new SequenceNumber(sequence), Sha256Digest.Of("another manifest"u8));

    private Verdict<AdmittedManifest> Admit(RollbackState state, Func<UpdateManifest, UpdateManifest>? change = null) =>
        AdmittedManifest.Admit(Verified(SampleRelease.Create(sequence: 2, security: 1, change: change)), _device, state, s_target);

    private VerifiedManifest Verified(SampleRelease release) =>
        VerifiedManifest.Verify(release.SignedBy(_key), ReleaseAnchors.Classical(new RoleKeys([_key.PublicKey], 1))).IsAccepted();
}
