using Fota.Manifest.Metadata;
using Fota.Manifest.Verification;
using Fota.TestKit;

namespace Fota.Manifest.Tests.Verification;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class FindTargetTests
{
    private static readonly string s_path = RepositorySimulator.PathOf("1.0.0");

    private static readonly byte[] s_content = [1, 2, 3, 4];

    private readonly RepositorySimulator _repository = new();

    [SetUp]
    public void Publish_a_release()
    {
        _repository.AddTarget(s_path, s_content);
        _repository.Publish();
    }

    [Test]
    public void A_listed_target_is_found_with_the_keys_of_its_role()
    {
        VerifiedTarget target = _repository.ClientWithProducts().FindTarget(s_path).OrThrow();
        Assert.That(target.Role, Is.EqualTo("infusion-pump"));
        Assert.That(target.Keys.Keys, Is.EquivalentTo(_repository.Pump.Keys.Select(static key => key.PublicKey)));
        Assert.That(target.Keys.Threshold, Is.EqualTo(2));
        Assert.That(_repository.TargetFiles[MetadataFileName.OfTarget(target.Path, target.Sha256)], Is.EqualTo(s_content));
    }

    [Test]
    public void The_bytes_of_a_target_are_verified_and_owned()
    {
        byte[] bytes = [.. s_content];
        VerifiedTargetBytes verified = _repository.ClientWithProducts().FindTarget(s_path).OrThrow().Verify(bytes).OrThrow();
        bytes[0] ^= 1;
        Assert.That(verified.Bytes.ToArray(), Is.EqualTo(s_content));
    }

    [Test]
    [Proves("W-26")]
    public void A05_Target_with_a_flipped_bit_is_refused() =>
        Assert.That(_repository.ClientWithProducts().FindTarget(s_path).OrThrow().Verify((byte[])[1, 2, 3, 5]).Reason(), Is.EqualTo(RejectionReason.DigestMismatch));

    [Test]
    [Proves("W-26")]
    public void A06_Longer_target_is_refused() =>
        Assert.That(_repository.ClientWithProducts().FindTarget(s_path).OrThrow().Verify((byte[])[.. s_content, 5]).Reason(), Is.EqualTo(RejectionReason.LengthMismatch));

    [Test]
    public void Target_that_nobody_lists_is_not_found() =>
        Assert.That(_repository.ClientWithProducts().FindTarget(RepositorySimulator.PathOf("2.0.0")).Reason(), Is.EqualTo(RejectionReason.TargetNotFound));

    [Test]
    [Proves("W-24")]
    public void A01_Target_listed_by_a_role_outside_its_paths_is_not_found()
    {
        string path = RepositorySimulator.PathOf("1.0.0", "ventilator");
        _repository.AddTarget(path, s_content);
        _repository.Publish();
        TrustedMetadataSet client = _repository.ClientWithProducts();
        Assert.That(client.Delegated("infusion-pump")!.Targets.Keys, Does.Contain(path));
        Assert.That(client.FindTarget(path).Reason(), Is.EqualTo(RejectionReason.TargetNotFound));
    }

    [Test]
    [Proves("W-24")]
    public void Role_that_could_not_be_had_ends_the_search()
    {
        SimulatedProduct second = _repository.AddProduct("ventilator");
        second.Paths = _repository.Pump.Paths;
        _repository.AddTarget(s_path, s_content, second);
        _repository.PublishTargets();
        _repository.Publish();
        TrustedMetadataSet client = _repository.ClientWithTargets();
        client.UpdateDelegatedTargets("ventilator", _repository.Current(second)).OrThrow();
        Assert.That(client.FindTarget(s_path).Reason(), Is.EqualTo(RejectionReason.TargetNotFound));
    }

    [Test]
    public void First_delegation_speaks_before_the_second()
    {
        SimulatedProduct second = _repository.AddProduct("ventilator");
        second.Paths = _repository.Pump.Paths;
        _repository.AddTarget(s_path, [9], second);
        _repository.PublishTargets();
        _repository.Publish();
        Assert.That(_repository.ClientWithProducts().FindTarget(s_path).OrThrow().Role, Is.EqualTo("infusion-pump"));
    }

    [TestCase(false, RejectionReason.None)]
    [TestCase(true, RejectionReason.TargetNotFound)]
    [Proves("W-24")]
    public void Terminating_delegation_ends_the_search(bool terminating, RejectionReason reason)
    {
        string path = RepositorySimulator.PathOf("3.0.0");
        SimulatedProduct second = _repository.AddProduct("ventilator");
        second.Paths = _repository.Pump.Paths;
        _repository.Pump.Terminating = terminating;
        _repository.AddTarget(path, s_content, second);
        _repository.PublishTargets();
        _repository.Publish();
        Assert.That(_repository.ClientWithProducts().FindTarget(path).Reason(), Is.EqualTo(reason));
    }

    [Test]
    public void Top_level_targets_speak_first()
    {
        _repository.TopLevelTargets[s_path] = new TargetFile(1, Sha256Digest.Of([9]));
        _repository.PublishTargets();
        _repository.Publish();
        VerifiedTarget target = _repository.ClientWithProducts().FindTarget(s_path).OrThrow();
        Assert.That(target.Role, Is.EqualTo("targets"));
        Assert.That(target.Keys.Keys, Is.EqualTo(new[] { _repository.Targets.Keys[0].PublicKey }));
    }

    [Test]
    public void A15_Unsafe_path_is_refused_before_it_is_looked_for() =>
        Assert.That(_repository.ClientWithProducts().FindTarget("infusion-pump/../manifest.suit").Reason(), Is.EqualTo(RejectionReason.UnsafePath));

    [Test]
    [Proves("R-5")]
    public void A15_Metadata_that_lists_an_unsafe_path_is_refused()
    {
        _repository.Edit(_repository.Pump, static text => text.Replace("infusion-pump/1.0.0/", "infusion-pump/../", StringComparison.Ordinal));
        _repository.PublishSnapshot();
        _repository.PublishTimestamp();
        Assert.That(_repository.ClientWithTargets().UpdateDelegatedTargets("infusion-pump", _repository.Current(_repository.Pump)).Reason(), Is.EqualTo(RejectionReason.UnsafePath));
    }

    [TestCase("\"length\":4}", "\"lengthy\":4}", RejectionReason.MissingField)]
    [TestCase("\"length\":4}", "\"length\":-4}", RejectionReason.ValueOutOfRange)]
    [TestCase("\"hashes\":{", "\"hashez\":{", RejectionReason.MissingField)]
    [TestCase("\"sha256\":", "\"md5\":", RejectionReason.UnsupportedDigest)]
    [Proves("R-4")]
    public void A17_Target_without_length_or_digest_is_refused(string from, string to, RejectionReason reason)
    {
        _repository.Edit(_repository.Pump, text => text.Replace(from, to, StringComparison.Ordinal));
        _repository.PublishSnapshot();
        _repository.PublishTimestamp();
        Assert.That(_repository.ClientWithTargets().UpdateDelegatedTargets("infusion-pump", _repository.Current(_repository.Pump)).Reason(), Is.EqualTo(reason));
    }

    [Test]
    public void Finding_before_the_targets_is_a_defect_of_the_caller() =>
        Assert.That(() => _repository.ClientWithSnapshot().FindTarget(s_path), Throws.InvalidOperationException);
}
