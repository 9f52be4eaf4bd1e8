using Fota.Manifest.Metadata;
using Fota.TestKit;

namespace Fota.Manifest.Tests.Metadata;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class MetadataContentTests
{
    private readonly RepositorySimulator _repository = new();

    [Test]
    public void Every_document_is_written_as_it_was_read()
    {
        _repository.AddTarget(RepositorySimulator.PathOf("1.0.0"), [1, 2, 3]);
        _repository.Publish();
        Assert.Multiple(() =>
        {
            AssertRoundTrip(Decode(_repository.Root), static file => file.UnverifiedRoot().OrThrow());
            AssertRoundTrip(Decode(_repository.Timestamp), static file => file.UnverifiedTimestamp().OrThrow());
            AssertRoundTrip(Decode(_repository.Snapshot), static file => file.UnverifiedSnapshot().OrThrow());
            AssertRoundTrip(Decode(_repository.Targets), static file => file.UnverifiedTargets().OrThrow());
            AssertRoundTrip(Decode(_repository.Pump), static file => file.UnverifiedTargets().OrThrow());
        });
    }

    [Test]
    public void A_timestamp_looks_as_the_specification_shows_it()
    {
        MetaFile snapshot = new(4, 1007, Sha256Digest.Parse("c14aeb4ac9f4a8fc0d83d12482b9197452f6adf3eb710e3b1e2b79e8d14cb681"));
        TimestampMetadata timestamp = new(3, new DateTimeOffset(2030, 1, 1, 2, 0, 0, 7, TimeSpan.FromHours(2)), snapshot);
        Assert.That(System.Text.Encoding.UTF8.GetString(timestamp.ToSignedBytes()), Is.EqualTo(
            """{"_type":"timestamp","expires":"2030-01-01T00:00:00Z","meta":{"snapshot.json":{"hashes":{"sha256":"c14aeb4ac9f4a8fc0d83d12482b9197452f6adf3eb710e3b1e2b79e8d14cb681"},"length":1007,"version":4}},"spec_version":"1.0.34","version":3}"""));
    }

    [Test]
    public void Line_feeds_of_a_PEM_key_are_signed_as_they_are() =>
        Assert.That(System.Text.Encoding.UTF8.GetString(Decode(_repository.Root).SignedBytes.Span), Does.Contain("-----BEGIN PUBLIC KEY-----\nM"));

    [Test]
    public void Reading_a_document_as_another_type_is_refused() =>
        Assert.That(Decode(_repository.Root).UnverifiedTargets().Reason(), Is.EqualTo(RejectionReason.WrongDocument));

    [Test]
    public void A15_Content_with_an_unsafe_path_cannot_be_made() =>
        Assert.That(
            Verdict.Of(() => new TargetsMetadata(1, _repository.Now, new Dictionary<string, TargetFile>(StringComparer.Ordinal) { ["/etc/passwd"] = new(1, Sha256Digest.Of([])) }, [])).Reason(),
            Is.EqualTo(RejectionReason.UnsafePath));

    private SignedMetadata Decode(SimulatedRole role) => SignedMetadata.Decode(_repository.Current(role), 64 * 1024, MetadataProfile.Fota).OrThrow();

    private static void AssertRoundTrip(SignedMetadata file, Func<SignedMetadata, MetadataContent> read) =>
        Assert.That(read(file).ToSignedBytes(), Is.EqualTo(file.SignedBytes.ToArray()));
}
