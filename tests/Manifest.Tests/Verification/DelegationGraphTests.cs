using Fota.Manifest.Encoding;
using Fota.Manifest.Verification;
using Fota.TestKit;

namespace Fota.Manifest.Tests.Verification;

/// <summary>The search over several levels of delegations (TUF 1.0.34 section 5.6.7), which only other writers' repositories have.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class DelegationGraphTests
{
    private readonly TufRepository _repository = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    private readonly Dictionary<string, TufRole> _roles = new(StringComparer.Ordinal);

    [TestCase("t>A t>B", "A B")]
    [TestCase("t>A t>B B>C", "A B C")]
    [TestCase("t>A t>B A>C A>D", "A C D B")]
    [TestCase("t>A t>B A>C C>D", "A C D B")]
    [TestCase("t>A t>B A>C! A>D", "A C")]
    [TestCase("t>A t>B A>C! C>D", "A C D")]
    [TestCase("t>A! t>B", "A")]
    [TestCase("t>A t>B B>C C>D D>B", "A B C D")]
    [TestCase("t>A A>A", "A")]
    [TestCase("t>A t>B A>C B>C", "A C B")]
    [Proves("W-24")]
    public void Roles_are_asked_depth_first_in_order_of_appearance(string graph, string order)
    {
        Build(graph);
        _repository.Publish();
        Assert.That(Walk("missing", out TrustedMetadataSet client), Is.EqualTo(order.Split(' ')));
        Assert.That(client.FindTarget("missing").Reason(), Is.EqualTo(RejectionReason.TargetNotFound));
    }

    [Test]
    public void First_role_that_lists_a_target_speaks_for_it()
    {
        Build("t>A A>C t>B");
        _repository.AddTarget(_roles["C"], "x", [1]);
        _repository.AddTarget(_roles["B"], "x", [2]);
        _repository.Publish();
        Assert.That(Walk("x", out TrustedMetadataSet client), Is.EqualTo(["A", "C"]));
        VerifiedTarget target = client.FindTarget("x").OrThrow();
        Assert.That((target.Role, target.Product), Is.EqualTo(("C", "A")));
        Assert.That(target.Verify((byte[])[1]).Reason(), Is.EqualTo(RejectionReason.None));
    }

    [Test]
    public void A01_Path_that_one_role_on_the_way_may_not_list_is_not_found()
    {
        TufRole above = _repository.Targets.Delegate("above", "a/*"), below = above.Delegate("below", "*/*");
        _repository.AddTarget(below, "b/x", [1]);
        _repository.Publish();
        _roles["above"] = above;
        Assert.That(Walk("b/x", out TrustedMetadataSet client), Is.Empty);
        Assert.That(client.FindTarget("b/x").Reason(), Is.EqualTo(RejectionReason.TargetNotFound));
    }

    [Test]
    [Proves("W-25")]
    public void A01_Role_is_verified_against_each_of_its_delegators()
    {
        TufRole a = _repository.Targets.Delegate("a", "a/*"), b = _repository.Targets.Delegate("b", "b/*"), release = a.Delegate("release", "a/*");
        b.Delegations.Add(new TufDelegation(release, ["b/*"]));
        release.SetKeysBy(b, TufKey.Ed25519());
        _repository.AddTarget(release, "a/x", [1]);
        _repository.AddTarget(release, "b/x", [2]);
        _repository.Publish();

        TrustedMetadataSet client = _repository.Client(_repository.Targets);
        foreach (TufRole role in (TufRole[])[a, release])
        {
            client.UpdateDelegatedTargets(client.NextDelegation("a/x")!, _repository.Current(role)).OrThrow();
        }

        Assert.That(client.FindTarget("a/x").Reason(), Is.EqualTo(RejectionReason.None));
        client.UpdateDelegatedTargets(client.NextDelegation("b/x")!, _repository.Current(b)).OrThrow();
        Delegation again = client.NextDelegation("b/x")!;
        Assert.That(again.Name, Is.EqualTo("release"));
        Assert.That(client.UpdateDelegatedTargets(again, _repository.Current(release)).Reason(), Is.EqualTo(RejectionReason.ThresholdNotMet));
        Assert.That(client.FindTarget("b/x").Reason(), Is.EqualTo(RejectionReason.TargetNotFound));
    }

    [Test]
    [Proves("W-24")]
    public void Search_ends_after_32_roles_before_a_further_one_is_fetched()
    {
        TufRole last = _repository.Targets;
        for (int i = 0; i <= DecodeLimits.VisitedRoles; i++)
        {
            _roles[$"r{i}"] = last = last.Delegate($"r{i}", "*");
        }

        _repository.AddTarget(last, "x", [1]);
        _repository.Publish();
        Assert.That(Walk("x", out TrustedMetadataSet client), Has.Count.EqualTo(DecodeLimits.VisitedRoles));
        Assert.That(client.FindTarget("x").Reason(), Is.EqualTo(RejectionReason.LimitExceeded));
    }

    [Test]
    public void Target_of_the_thirty_second_role_is_found()
    {
        TufRole last = _repository.Targets;
        for (int i = 0; i < DecodeLimits.VisitedRoles; i++)
        {
            _roles[$"r{i}"] = last = last.Delegate($"r{i}", "*");
        }

        _repository.AddTarget(last, "x", [1]);
        _repository.Publish();
        _ = Walk("x", out TrustedMetadataSet client);
        Assert.That(client.FindTarget("x").OrThrow().Role, Is.EqualTo("r31"));
    }

    [Test]
    public void Hash_bins_of_any_name_are_searched()
    {
        string hash = Sha256Digest.Of("x"u8).ToString();
        TufRole bin = new("bin") { Keys = [TufKey.Ecdsa()], Expires = _repository.Targets.Expires }, other = new("other") { Keys = bin.Keys, Expires = bin.Expires };
        _repository.Targets.Delegations.Add(new TufDelegation(other, null, [hash[..1] == "0" ? "1" : "0"]));
        _repository.Targets.Delegations.Add(new TufDelegation(bin, null, [hash[..3]]));
        _repository.AddTarget(bin, "x", [1]);
        _repository.Publish();
        _roles["bin"] = bin;
        Assert.That(Walk("x", out TrustedMetadataSet client), Is.EqualTo(["bin"]));
        Assert.That(client.FindTarget("x").OrThrow().Role, Is.EqualTo("bin"));
    }

    [Test]
    public void Delegations_are_read_after_the_role_was_updated()
    {
        Build("t>A A>B");
        _repository.Publish();
        TrustedMetadataSet client = _repository.Client(_repository.Targets);
        Assert.That(() => client.Delegations(client.Delegations().Single()), Throws.InvalidOperationException);
    }

    // "A>B!" is a terminating delegation of every path from A to B; t is the top-level role.
    private void Build(string graph)
    {
        _roles["t"] = _repository.Targets;
        foreach (string edge in graph.Split(' '))
        {
            string[] ends = edge.TrimEnd('!').Split('>');
            _roles.TryAdd(ends[1], new TufRole(ends[1]) { Keys = [TufKey.Ed25519()], Expires = _repository.Targets.Expires });
            _roles[ends[0]].Delegations.Add(new TufDelegation(_roles[ends[1]], ["*"], Terminating: edge.EndsWith('!')));
        }
    }

    private List<string> Walk(string path, out TrustedMetadataSet client)
    {
        client = _repository.Client(_repository.Targets);
        List<string> asked = [];
        while (client.NextDelegation(path) is { } next)
        {
            asked.Add(next.Name);
            client.UpdateDelegatedTargets(next, _repository.Current(_roles[next.Name])).OrThrow();
        }

        return asked;
    }
}
