using Fota.Manifest.Metadata;
using Fota.Manifest.Verification;
using Fota.TestKit;

namespace Fota.Manifest.Tests.Envelope;

public sealed class AdmissionTests
{
    private static readonly Guid s_device = NameBasedUuid.Device(SampleRelease.DeviceClass, "pump-0001");

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

        AdmittedManifest.Admit(manifest, _device, new RollbackState(default, new SequenceNumber(2), manifest.Digest)).IsAccepted();
    }

    [Test]
    public void A35_P4_Security_version_below_the_floor_is_refused() =>
        Admit(State(sequence: 1, floor: 2)).IsRefusedFor(RejectionReason.BelowSecurityFloor);

    [Test]
    public void P4_Re_issue_of_an_old_image_at_the_floor_is_admitted() =>
        Admit(State(sequence: 1, floor: 1), m => m with { ReleaseVersion = ReleaseVersion.Parse("0.9.0") }).IsAccepted();

    [Test]
    public void A32_Image_larger_than_the_slot_is_refused() =>
        Admit(RollbackState.Initial, m => m with { ImageSize = 10_001 }).IsRefusedFor(RejectionReason.ImageTooLarge);

    [Test]
    public void A35_P4_Boot_refuses_an_image_below_the_floor()
    {
        SampleRelease release = SampleRelease.Create(security: 1);

        VerifiedImage.VerifyForBoot(Verified(release), _device, new SecurityVersion(2), new MemoryStream(release.Image)).IsRefusedFor(RejectionReason.BelowSecurityFloor);
    }

    [Test]
    public void Boot_refuses_a_slot_with_one_bit_flipped()
    {
        SampleRelease release = SampleRelease.Create();
        byte[] slot = [.. release.Image];
        slot[^1] ^= 1;

        VerifiedImage.VerifyForBoot(Verified(release), _device, default, new MemoryStream(slot)).IsRefusedFor(RejectionReason.ImageMismatch);
    }

    [Test]
    public void A19_Boot_refuses_a_slot_that_ends_early()
    {
        SampleRelease release = SampleRelease.Create();

        VerifiedImage.VerifyForBoot(Verified(release), _device, default, new MemoryStream(release.Image[..^1])).IsRefusedFor(RejectionReason.ImageMismatch);
    }

    [Test]
    public void Boot_accepts_a_lower_sequence_number_for_the_slot_kept_to_go_back_to()
    {
        SampleRelease release = SampleRelease.Create(sequence: 1);
        byte[] slot = [.. release.Image, 1, 2, 3];

        VerifiedImage.VerifyForBoot(Verified(release), _device, new SecurityVersion(1), new MemoryStream(slot)).IsAccepted();
    }

    private static RollbackState State(ulong sequence, uint floor = 0) =>
        new(new SecurityVersion(floor), new SequenceNumber(sequence), Sha256Digest.Of("another manifest"u8));

    private Verdict<AdmittedManifest> Admit(RollbackState state, Func<UpdateManifest, UpdateManifest>? change = null) =>
        AdmittedManifest.Admit(Verified(SampleRelease.Create(sequence: 2, security: 1, change: change)), _device, state);

    private VerifiedManifest Verified(SampleRelease release) =>
        VerifiedManifest.Verify(release.SignedBy(_key), new RoleKeys([_key.PublicKey], 1)).IsAccepted();
}
