using Fota.Manifest.Verification;
using Fota.TestKit;

namespace Fota.Manifest.Tests.Verification;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class TargetsUpdateTests
{
    private readonly RepositorySimulator _repository = new();

    private byte[] Targets => _repository.Current(_repository.Targets);

    private byte[] Pump => _repository.Current(_repository.Pump);

    [Test]
    public void The_whole_walk_ends_with_trusted_targets()
    {
        TrustedMetadataSet client = _repository.ClientWithProducts();
        Assert.That(client.Targets!.Version, Is.EqualTo(1));
        Assert.That(client.Delegated("infusion-pump")!.Version, Is.EqualTo(1));
    }

    [Test]
    [Proves("W-16")]
    public void A01_Targets_signed_by_a_key_of_another_role_are_refused()
    {
        _repository.Targets.Signers = [.. _repository.Pump.Keys, _repository.Snapshot.Keys[0]];
        _repository.PublishTargets();
        _repository.Publish();
        Assert.That(_repository.ClientWithSnapshot().UpdateTargets(Targets).Reason(), Is.EqualTo(RejectionReason.ThresholdNotMet));
    }

    [Test]
    [Proves("W-23")]
    public void A01_Delegated_targets_signed_by_the_keys_of_another_product_are_refused()
    {
        SimulatedProduct other = _repository.AddProduct("ventilator");
        _repository.Pump.Signers = [.. other.Keys, _repository.Targets.Keys[0]];
        _repository.Publish();
        Assert.That(_repository.ClientWithTargets().UpdateDelegatedTargets("infusion-pump", Pump).Reason(), Is.EqualTo(RejectionReason.ThresholdNotMet));
    }

    [Test]
    public void A01_Metadata_of_another_product_is_refused()
    {
        SimulatedProduct other = _repository.AddProduct("ventilator");
        Assert.That(_repository.ClientWithTargets().UpdateDelegatedTargets("infusion-pump", _repository.Current(other)).Reason(), Is.AnyOf(RejectionReason.LengthMismatch, RejectionReason.DigestMismatch));
    }

    [Test]
    public void A09_Delegated_targets_signed_by_one_of_two_keys_are_refused()
    {
        _repository.Pump.Signers = [_repository.Pump.Keys[0]];
        _repository.Publish();
        Assert.That(_repository.ClientWithTargets().UpdateDelegatedTargets("infusion-pump", Pump).Reason(), Is.EqualTo(RejectionReason.ThresholdNotMet));
    }

    [Test]
    [Proves("W-17")]
    public void A02_Targets_of_an_older_version_than_the_snapshot_says_are_refused()
    {
        _repository.SnapshotMeta["targets.json"] = _repository.SnapshotMeta["targets.json"] with { Version = 2 };
        _repository.PublishSnapshot();
        _repository.PublishTimestamp();
        Assert.That(_repository.ClientWithSnapshot().UpdateTargets(Targets).Reason(), Is.EqualTo(RejectionReason.MetadataVersionMismatch));
    }

    [Test]
    public void A02_Delegated_targets_of_an_older_version_than_the_snapshot_says_are_refused()
    {
        _repository.SnapshotMeta["infusion-pump.json"] = _repository.SnapshotMeta["infusion-pump.json"] with { Version = 2 };
        _repository.PublishSnapshot();
        _repository.PublishTimestamp();
        Assert.That(_repository.ClientWithTargets().UpdateDelegatedTargets("infusion-pump", Pump).Reason(), Is.EqualTo(RejectionReason.MetadataVersionMismatch));
    }

    [Test]
    [Proves("W-19")]
    public void A03_Expired_targets_are_refused()
    {
        _repository.Targets.Expires = _repository.Now;
        _repository.PublishTargets();
        _repository.Publish();
        TrustedMetadataSet client = _repository.ClientWithSnapshot();
        Assert.That(client.UpdateTargets(Targets).Reason(), Is.EqualTo(RejectionReason.MetadataExpired));
        Assert.That(client.Targets, Is.Null);
    }

    [Test]
    public void A03_Expired_delegated_targets_are_refused()
    {
        _repository.Pump.Expires = _repository.Now;
        _repository.Publish();
        TrustedMetadataSet client = _repository.ClientWithTargets();
        Assert.That(client.UpdateDelegatedTargets("infusion-pump", Pump).Reason(), Is.EqualTo(RejectionReason.MetadataExpired));
        Assert.That(client.Delegated("infusion-pump"), Is.Null);
    }

    [Test]
    [Proves("W-16")]
    public void A05_Targets_of_another_publication_are_refused()
    {
        byte[] old = Targets;
        _repository.PublishTargets();
        _repository.Publish();
        Assert.That(_repository.ClientWithSnapshot().UpdateTargets(old).Reason(), Is.EqualTo(RejectionReason.DigestMismatch));
    }

    [Test]
    public void A05_Delegated_targets_of_another_publication_are_refused()
    {
        byte[] old = Pump;
        _repository.AddTarget(RepositorySimulator.PathOf("1.0.0"), [1, 2, 3]);
        _repository.Publish();
        Assert.That(_repository.ClientWithTargets().UpdateDelegatedTargets("infusion-pump", old).Reason(), Is.EqualTo(RejectionReason.LengthMismatch));
    }

    [Test]
    [Proves("W-23")]
    public void A10_Role_that_the_snapshot_does_not_name_is_refused()
    {
        _repository.SnapshotMeta.Remove("infusion-pump.json");
        _repository.PublishSnapshot();
        _repository.PublishTimestamp();
        Assert.That(_repository.ClientWithTargets().UpdateDelegatedTargets("infusion-pump", Pump).Reason(), Is.EqualTo(RejectionReason.UnknownRole));
    }

    [Test]
    [Proves("W-23")]
    public void A01_Role_that_the_targets_do_not_delegate_to_is_refused()
    {
        SimulatedProduct other = _repository.AddProduct("ventilator");
        _repository.Products.Remove(other);
        _repository.PublishTargets();
        _repository.PublishSnapshot();
        _repository.PublishTimestamp();
        Assert.That(_repository.ClientWithTargets().UpdateDelegatedTargets("ventilator", _repository.Current(other)).Reason(), Is.EqualTo(RejectionReason.UnknownRole));
    }

    [Test]
    [Proves("R-11")]
    public void A12_Delegation_with_a_threshold_of_zero_is_refused() =>
        Assert.That(Edited(static text => text.Replace("\"threshold\":2", "\"threshold\":0", StringComparison.Ordinal)), Is.EqualTo(RejectionReason.InvalidThreshold));

    [TestCase("../targets")]
    [TestCase("root")]
    [TestCase("snapshot")]
    [Proves("R-7")]
    public void A15_Delegation_to_a_role_whose_name_is_unsafe_is_refused(string name) =>
        Assert.That(Edited(text => text.Replace("\"name\":\"infusion-pump\"", $"\"name\":\"{name}\"", StringComparison.Ordinal)), Is.EqualTo(RejectionReason.UnsafePath));

    [Test]
    [Proves("R-5")]
    public void A15_Delegation_with_an_unsafe_pattern_is_refused() =>
        Assert.That(Edited(static text => text.Replace("infusion-pump/*/manifest.suit", "/infusion-pump/*", StringComparison.Ordinal)), Is.EqualTo(RejectionReason.UnsafePath));

    [Test]
    [Proves("R-6")]
    public void A17_Delegation_without_paths_is_refused() =>
        Assert.That(Edited(static text => text.Replace("[\"infusion-pump/*/manifest.suit\"]", "[]", StringComparison.Ordinal)), Is.EqualTo(RejectionReason.ValueOutOfRange));

    [Test]
    [Proves("R-7")]
    public void A11_Two_delegations_of_one_name_are_refused()
    {
        _repository.AddProduct("infusion-pumq");
        Assert.That(Edited(static text => text.Replace("\"infusion-pumq\"", "\"infusion-pump\"", StringComparison.Ordinal)), Is.EqualTo(RejectionReason.DuplicateField));
    }

    [Test]
    [Proves("R-7")]
    public void Delegated_role_that_delegates_further_is_refused()
    {
        _repository.Edit(_repository.Pump, static text => text.Replace("\"expires\"", "\"delegations\":{\"keys\":{},\"roles\":[]},\"expires\"", StringComparison.Ordinal));
        _repository.PublishSnapshot();
        _repository.PublishTimestamp();
        Assert.That(_repository.ClientWithTargets().UpdateDelegatedTargets("infusion-pump", Pump).Reason(), Is.EqualTo(RejectionReason.None), "an empty delegation delegates nothing");

        string delegation = System.Text.Encoding.UTF8.GetString(Targets);
        int from = delegation.IndexOf("\"delegations\"", StringComparison.Ordinal);
        int to = delegation.IndexOf(",\"expires\"", StringComparison.Ordinal);
        string nested = delegation[from..to].Replace("\\n", "\n", StringComparison.Ordinal);
        _repository.Edit(_repository.Pump, text => text.Replace("\"delegations\":{\"keys\":{},\"roles\":[]}", nested, StringComparison.Ordinal));
        _repository.PublishSnapshot();
        _repository.PublishTimestamp();
        Assert.That(_repository.ClientWithTargets().UpdateDelegatedTargets("infusion-pump", Pump).Reason(), Is.EqualTo(RejectionReason.Unsupported));
    }

    [Test]
    public void Targets_before_the_snapshot_are_a_defect_of_the_caller() =>
        Assert.That(() => _repository.ClientWithTimestamp().UpdateTargets(Targets), Throws.InvalidOperationException);

    [Test]
    public void Delegated_targets_before_the_targets_are_a_defect_of_the_caller() =>
        Assert.That(() => _repository.ClientWithSnapshot().UpdateDelegatedTargets("infusion-pump", Pump), Throws.InvalidOperationException);

    private RejectionReason Edited(Func<string, string> edit)
    {
        _repository.Edit(_repository.Targets, edit);
        _repository.PublishSnapshot();
        _repository.PublishTimestamp();
        return _repository.ClientWithSnapshot().UpdateTargets(Targets).Reason();
    }
}
