using Fota.Manifest.Envelope;
using Fota.Manifest.Metadata;
using Fota.Manifest.Verification;
using Fota.TestKit;

namespace Fota.Manifest.Tests.Vectors;

/// <summary>Gives a vector to the reader that its folder names (tests/vectors/README.md).</summary>
internal static class VectorReader
{
    public static RoleKeys Anchors { get; } = new([ValidDocuments.Release.PublicKey, ValidDocuments.Approver.PublicKey], 2);

    public static DeviceTraits Device { get; } = new(SampleRelease.Vendor, SampleRelease.DeviceClass, new Guid("00000000-0000-0000-0000-000000000001"), SlotCapacity: 1024 * 1024);

    /// <summary>Confirmed: sequence number 2 of another manifest.</summary>
    public static RollbackState State { get; } = new(new SecurityVersion(1), new SequenceNumber(2), Sha256Digest.FromBytes(new byte[Sha256Digest.Size]));

    public static Verdict<object> Read(string folder, byte[] document) => Verdict.Of<object>(() => folder switch
    {
        "envelope" => Verified(document),
        "manifest" => AdmittedManifest.Admit(Verified(document), Device, State).OrThrow(),
        _ => throw new InvalidOperationException($"no reader for {folder}"),
    });

    private static VerifiedManifest Verified(byte[] document) => VerifiedManifest.Verify(SignedEnvelope.Decode(document).OrThrow(), Anchors).OrThrow();
}
