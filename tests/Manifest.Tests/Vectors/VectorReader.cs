using Fota.Manifest.Envelope;
using Fota.Manifest.Metadata;
using Fota.Manifest.Verification;
using Fota.TestKit;

namespace Fota.Manifest.Tests.Vectors;

/// <summary>Gives a vector to the reader that its folder names (tests/vectors/README.md).</summary>
internal static class VectorReader
{
    private const string Reference = "refused ";

    public static ReleaseAnchors Anchors { get; } = ReleaseAnchors.Classical(new RoleKeys([ValidDocuments.Release.PublicKey, ValidDocuments.Approver.PublicKey], 2));

    /// <summary>Slot B; release 1.0.0 runs.</summary>
    public static InstallTarget Target { get; } = new(ImageSlot.B, ReleaseVersion.Parse("1.0.0"), Sha256Digest.FromBytes(new byte[Sha256Digest.Size]));

    public static DeviceTraits Device { get; } = new(SampleRelease.Vendor, SampleRelease.DeviceClass, new Guid("00000000-0000-0000-0000-000000000001"), SlotCapacity: 1024 * 1024);

    /// <summary>Confirmed: sequence number 2 of another manifest.</summary>
    public static RollbackState State { get; } = new(new SecurityVersion(1), new SequenceNumber(2), Sha256Digest.FromBytes(new byte[Sha256Digest.Size]));

    public static DateTimeOffset Now { get; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static Verdict<object> Read(VectorCase vector) => Verdict.Of<object>(() => vector.Folder switch
    {
        "envelope" => Verified(vector.Document()),
        "manifest" => AdmittedManifest.Admit(Verified(vector.Document()), Device, State, Target).OrThrow(),
        "metadata" => Metadata(vector.Name.Split('-')[0], System.Text.Encoding.UTF8.GetBytes(vector.Body[0])),
        "workflow" => Walk(vector.Body),
        _ => throw new InvalidOperationException($"no reader for {vector.Folder}"),
    });

    private static object Metadata(string type, byte[] file)
    {
        SignedMetadata read = SignedMetadata.Decode(file, file.Length, MetadataProfile.Fota).OrThrow();
        return type switch
        {
            "root" => read.UnverifiedRoot().OrThrow(),
            "timestamp" => read.UnverifiedTimestamp().OrThrow(),
            "snapshot" => read.UnverifiedSnapshot().OrThrow(),
            _ => read.UnverifiedTargets().OrThrow(),
        };
    }

    // Every step but the last has to be accepted, unless it says itself that it is refused: then it serves as a reference only.
    private static object Walk(IReadOnlyList<string> lines)
    {
        TrustedMetadataSet? trust = null;
        foreach (string line in lines.SkipLast(1))
        {
            bool isReference = line.StartsWith(Reference, StringComparison.Ordinal);
            if (Verdict.Of(() => Take(ref trust, isReference ? line[Reference.Length..] : line)).IsAccepted(out _, out Rejection? rejection) == isReference)
            {
                throw new InvalidOperationException($"{line[..40]}: {rejection?.ToString() ?? "accepted"}");
            }
        }

        return Take(ref trust, lines[^1]);
    }

    private static object Take(ref TrustedMetadataSet? trust, string line)
    {
        int json = line.IndexOf('{', StringComparison.Ordinal);
        string[] step = (json < 0 ? line : line[..json]).Trim().Split(' ');
        byte[] file = json < 0 ? [] : System.Text.Encoding.UTF8.GetBytes(line[json..]);
        return step[0] switch
        {
            "start" => trust = TrustedMetadataSet.Start(file, Now, MetadataProfile.Fota).OrThrow(),
            "root" => trust!.UpdateRoot(file).OrThrow(),
            "timestamp" => trust!.UpdateTimestamp(file).OrThrow(),
            "stored-snapshot" => trust!.LoadStoredSnapshot(file).OrThrow(),
            "snapshot" => trust!.UpdateSnapshot(file).OrThrow(),
            "targets" => trust!.UpdateTargets(file).OrThrow(),
            "delegated" => trust!.UpdateDelegatedTargets(step[1], file).OrThrow(),
            "target" => trust!.FindTarget(step[1]).OrThrow(),
            _ => throw new InvalidOperationException($"no step {step[0]}"),
        };
    }

    private static VerifiedManifest Verified(byte[] document) => VerifiedManifest.Verify(SignedEnvelope.Decode(document).OrThrow(), Anchors).OrThrow();
}
