using Fota.Manifest.Encoding;
using Fota.Manifest.Metadata;
using Fota.Manifest.Verification;
using Fota.TestKit;

namespace Fota.Manifest.Tests.Verification;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class HashBinTests
{
    private static readonly string s_path = RepositorySimulator.PathOf("1.0.0");

    private readonly RepositorySimulator _repository = new();

    private SimulatedBin Bin => _repository.Pump.Bins.Single(static bin => bin.Targets.ContainsKey(s_path));

    [SetUp]
    public void Publish_a_release_in_a_bin()
    {
        RepositorySimulator.AddBins(_repository.Pump);
        _repository.AddTarget(s_path, [1, 2, 3]);
        _repository.Publish();
    }

    [Test]
    [Proves("R-8")]
    public void Target_in_a_bin_speaks_with_the_voice_of_its_product()
    {
        VerifiedTarget target = _repository.ClientWithProducts().FindTarget(s_path).OrThrow();
        Assert.That((target.Product, target.Role), Is.EqualTo(("infusion-pump", Bin.Name)));
        Assert.That(target.Keys.Keys, Is.EquivalentTo(_repository.Pump.Keys.Select(static key => key.PublicKey)));
        Assert.That(target.Keys.Threshold, Is.EqualTo(2));
    }

    [Test]
    public void Only_the_bin_that_the_path_falls_into_is_asked_for()
    {
        TrustedMetadataSet client = _repository.ClientWithTargets();
        List<string> asked = [];
        while (client.NextDelegation(s_path) is { } next)
        {
            asked.Add(next.Name);
            byte[] file = next.Name == "infusion-pump" ? _repository.Current(_repository.Pump) : _repository.Current(Bin);
            client.UpdateDelegatedTargets(next, file).OrThrow();
        }

        Assert.That(asked, Is.EqualTo(["infusion-pump", Bin.Name]));
        Assert.That(client.FindTarget(s_path).Reason(), Is.EqualTo(RejectionReason.None));
    }

    [Test]
    public void A01_Target_in_a_bin_that_its_hash_does_not_fall_into_is_not_found()
    {
        SimulatedBin own = Bin, other = _repository.Pump.Bins.First(bin => bin != own);
        own.Targets.Remove(s_path);
        other.Targets[s_path] = new TargetFile(3, Sha256Digest.Of([9, 9, 9]));
        _repository.Publish();
        Assert.That(_repository.ClientWithProducts().FindTarget(s_path).Reason(), Is.EqualTo(RejectionReason.TargetNotFound));
    }

    [Test]
    [Proves("R-8")]
    public void A01_Bin_with_another_key_than_its_products_is_refused()
    {
        Bin.Keys = [_repository.Pump.Keys[0], SoftwareKey.EcdsaP256()];
        Assert.That(PublishedProduct(), Is.EqualTo(RejectionReason.ForeignBinKeys));
    }

    [Test]
    [Proves("R-8")]
    public void A09_Bin_with_a_lower_threshold_than_its_products_is_refused()
    {
        Bin.Threshold = 1;
        Assert.That(PublishedProduct(), Is.EqualTo(RejectionReason.ForeignBinKeys));
    }

    [Test]
    public void A09_Bin_signed_by_one_of_two_keys_is_refused()
    {
        Bin.Signers = [_repository.Pump.Keys[0]];
        _repository.Publish();
        TrustedMetadataSet client = _repository.ClientWithTargets();
        client.UpdateDelegatedTargets("infusion-pump", _repository.Current(_repository.Pump)).OrThrow();
        Assert.That(client.UpdateDelegatedTargets(client.NextDelegation(s_path)!, _repository.Current(Bin)).Reason(), Is.EqualTo(RejectionReason.ThresholdNotMet));
    }

    [Test]
    [Proves("R-7")]
    public void A01_Bin_of_another_product_is_refused()
    {
        _repository.Pump.Bins.Add(new SimulatedBin("ventilator.0", 2, _repository.Pump.Keys) { Expires = _repository.Pump.Expires });
        Assert.That(PublishedProduct(), Is.EqualTo(RejectionReason.Unsupported));
    }

    [Test]
    [Proves("R-7")]
    public void A01_Bin_that_the_top_level_targets_delegate_to_is_refused()
    {
        _repository.Edit(_repository.Targets, static text => text
            .Replace("\"name\":\"infusion-pump\"", "\"name\":\"infusion-pump.0\"", StringComparison.Ordinal)
            .Replace("\"paths\":[\"infusion-pump/*/manifest.suit\"]", "\"path_hash_prefixes\":[\"0\"]", StringComparison.Ordinal));
        _repository.PublishSnapshot();
        _repository.PublishTimestamp();
        Assert.That(_repository.ClientWithSnapshot().UpdateTargets(_repository.Current(_repository.Targets)).Reason(), Is.EqualTo(RejectionReason.Unsupported));
    }

    [Test]
    [Proves("R-7")]
    public void A01_Bin_that_delegates_further_is_refused()
    {
        string delegations = System.Text.Encoding.UTF8.GetString(SignedMetadata.Decode(_repository.Current(_repository.Pump), 1 << 20, MetadataProfile.Fota).OrThrow().SignedBytes.Span);
        delegations = delegations[delegations.IndexOf("\"delegations\"", StringComparison.Ordinal)..delegations.IndexOf(",\"expires\"", StringComparison.Ordinal)];
        _repository.Edit(Bin, text => text.Replace("\"expires\"", delegations + ",\"expires\"", StringComparison.Ordinal));
        _repository.PublishSnapshot();
        _repository.PublishTimestamp();
        TrustedMetadataSet client = _repository.ClientWithTargets();
        client.UpdateDelegatedTargets("infusion-pump", _repository.Current(_repository.Pump)).OrThrow();
        Assert.That(client.UpdateDelegatedTargets(client.NextDelegation(s_path)!, _repository.Current(Bin)).Reason(), Is.EqualTo(RejectionReason.Unsupported));
    }

    [TestCase("\"path_hash_prefixes\":[\"0\"]", "\"path_hash_prefixes\":[\"0\"],\"paths\":[\"*\"]", RejectionReason.UnknownField)]
    [TestCase("\"path_hash_prefixes\":[\"0\"]", "\"path_hash_prefixez\":[\"0\"]", RejectionReason.MissingField)]
    [TestCase("\"path_hash_prefixes\":[\"0\"]", "\"path_hash_prefixes\":[]", RejectionReason.ValueOutOfRange)]
    [TestCase("\"path_hash_prefixes\":[\"0\"]", "\"path_hash_prefixes\":[\"\"]", RejectionReason.ValueOutOfRange)]
    [TestCase("\"path_hash_prefixes\":[\"a\"]", "\"path_hash_prefixes\":[\"A\"]", RejectionReason.ValueOutOfRange)]
    [TestCase("\"path_hash_prefixes\":[\"0\"]", "\"paths\":[\"infusion-pump/*/manifest.suit\"]", RejectionReason.Unsupported)]
    [TestCase("\"name\":\"infusion-pump.0\"", "\"name\":\"infusion-pump.0A\"", RejectionReason.UnsafePath)]
    [TestCase("\"name\":\"infusion-pump.0\"", "\"name\":\"infusion-pump.\"", RejectionReason.UnsafePath)]
    [TestCase("\"name\":\"infusion-pump.0\"", "\"name\":\"infusion-pump.123456789\"", RejectionReason.UnsafePath)]
    [Proves("R-6")]
    public void A17_Delegation_to_a_bin_that_does_not_say_what_it_may_list_is_refused(string from, string to, RejectionReason reason)
    {
        _repository.Edit(_repository.Pump, text => text.Replace(from, to, StringComparison.Ordinal));
        _repository.PublishSnapshot();
        _repository.PublishTimestamp();
        Assert.That(_repository.ClientWithTargets().UpdateDelegatedTargets("infusion-pump", _repository.Current(_repository.Pump)).Reason(), Is.EqualTo(reason));
    }

    [Test]
    public void Search_ends_after_32_roles_and_says_so()
    {
        SimulatedBin target = Bin;
        for (int i = 0; i < DecodeLimits.VisitedRoles; i++)
        {
            string name = $"infusion-pump.f{i:x2}";
            _repository.Pump.Bins.Insert(0, new SimulatedBin(name, 2, _repository.Pump.Keys) { Expires = _repository.Pump.Expires, Prefixes = target.Prefixes });
        }

        _repository.Publish();
        Assert.That(_repository.ClientWithProducts().FindTarget(s_path).Reason(), Is.EqualTo(RejectionReason.LimitExceeded));

        // The product and 31 bins: the last one is asked.
        _repository.Pump.Bins.RemoveAt(0);
        _repository.Pump.Bins.RemoveAt(0);
        _repository.Publish();
        Assert.That(_repository.ClientWithProducts().FindTarget(s_path).Reason(), Is.EqualTo(RejectionReason.None));
    }

    private RejectionReason PublishedProduct()
    {
        _repository.Publish();
        return _repository.ClientWithTargets().UpdateDelegatedTargets("infusion-pump", _repository.Current(_repository.Pump)).Reason();
    }
}
