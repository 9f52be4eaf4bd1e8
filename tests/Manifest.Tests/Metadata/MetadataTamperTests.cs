using Fota.Manifest.Metadata;
using Fota.Manifest.Verification;
using Fota.TestKit;

namespace Fota.Manifest.Tests.Metadata;

/// <summary>Every document is signed by exactly its threshold, so that no change can hide behind a signature too many.</summary>
public sealed class MetadataTamperTests
{
    private static readonly RepositorySimulator s_repository = new();

    private static readonly SimulatedRole[] s_roles = [s_repository.Root, s_repository.Timestamp, s_repository.Snapshot, s_repository.Targets, s_repository.Pump];

    // What a flipped bit or a lost end can be told as; anything else, and most of all acceptance, fails.
    private static readonly RejectionReason[] s_reasons =
    [
        RejectionReason.Malformed, RejectionReason.TrailingData, RejectionReason.DuplicateField, RejectionReason.WrongType, RejectionReason.MissingField,
        RejectionReason.UnknownField, RejectionReason.ValueOutOfRange, RejectionReason.NotCanonical, RejectionReason.WrongDocument, RejectionReason.ThresholdNotMet,
    ];

    public static IEnumerable<string> Names => s_roles.Select(static role => role.Name);

    [TestCaseSource(nameof(Names))]
    public void The_document_itself_is_accepted(string name) => Assert.That(ReasonFor(Role(name), s_repository.Current(Role(name))), Is.EqualTo(RejectionReason.None));

    [TestCaseSource(nameof(Names))]
    [Proves("R-1")]
    public void A23_Every_truncation_is_refused(string name)
    {
        SimulatedRole role = Role(name);
        byte[] file = s_repository.Current(role);
        for (int length = 0; length < file.Length; length++)
        {
            Assert.That(ReasonFor(role, file.AsMemory(0, length)), Is.EqualTo(RejectionReason.Malformed), $"{length} bytes");
        }
    }

    [TestCaseSource(nameof(Names))]
    [Proves("R-1")]
    public void A23_Every_flip_of_one_bit_is_refused(string name)
    {
        SimulatedRole role = Role(name);
        byte[] file = [.. s_repository.Current(role)];
        for (int bit = 0; bit < 8 * file.Length; bit++)
        {
            file[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.That(s_reasons, Does.Contain(ReasonFor(role, file)), $"bit {bit}");
            file[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    [Test]
    public void A23_Every_flip_of_one_bit_of_a_timestamp_is_refused_by_the_workflow()
    {
        TrustedMetadataSet client = s_repository.Client();
        byte[] file = [.. s_repository.Current(s_repository.Timestamp)];
        for (int bit = 0; bit < 8 * file.Length; bit++)
        {
            file[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.That(client.UpdateTimestamp(file).Reason(), Is.Not.EqualTo(RejectionReason.None), $"bit {bit}");
            file[bit / 8] ^= (byte)(1 << (bit % 8));
        }

        Assert.That(client.Timestamp, Is.Null);
    }

    private static SimulatedRole Role(string name) => s_roles.Single(role => string.Equals(role.Name, name, StringComparison.Ordinal));

    /// <summary>Decoding and signatures alone, without the digests in snapshot and timestamp, which would catch all of it too.</summary>
    private static RejectionReason ReasonFor(SimulatedRole role, ReadOnlyMemory<byte> file) =>
        SignedMetadata.Decode(file, 64 * 1024, MetadataProfile.Fota).IsAccepted(out SignedMetadata? metadata, out Rejection? rejection)
            ? role.PublicKeys.Check(metadata, role.Name)?.Reason ?? RejectionReason.None
            : rejection.Reason;
}
