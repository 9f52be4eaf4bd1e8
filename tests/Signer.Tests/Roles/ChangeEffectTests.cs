using System.Globalization;
using Fota.TestKit;

namespace Fota.Signer.Tests.Roles;

/// <summary>What signers are shown: all that is signed and theirs to judge.</summary>
[TestFixture]
public sealed class ChangeEffectTests
{
    private SignerWorld _world = null!;

    [SetUp]
    public async Task MakeHome() => _world = await SignerWorld.CreateAsync();

    [TearDown]
    public void RemoveHome() => _world.Dispose();

    [Test]
    [Proves("R-51")]
    public async Task Number_of_hash_bins_their_prefixes_and_keys_are_shown_to_who_proposes_and_to_who_signs()
    {
        await _world.ReleaseAsync("1.0.0");
        string proposed = (await _world.TryProposeAsync("--role infusion-pump --hash-bins 8")).Ok().Output;
        string signed = (await _world.SignChangeAsync(Change(proposed), "release")).Ok().Output;
        foreach (string shown in new[] { proposed, signed })
        {
            Assert.That(shown, Does.Contain("  + hash bins: 8\n").And.Contain("  + threshold of its hash bins: 2\n").And.Contain("  + key of its hash bins: approver ("));
            Assert.That(shown, Does.Contain("  + delegates paths whose SHA-256 begins with e, f to infusion-pump.e, terminating\n"));
        }

        Assert.That(proposed, Does.StartWith("  - policy of infusion-pump: 0 hash bins\n  + policy of infusion-pump: 8 hash bins\n"));
    }

    [Test]
    [Proves("R-51")]
    public async Task Lives_and_bins_are_shown_although_the_role_waits_for_its_envelopes()
    {
        await _world.ReleaseAsync("1.0.0");
        (await _world.MakeKeyAsync("approver-2")).Ok();
        string shown = (await _world.TryProposeAsync("--role infusion-pump --add-key approver-2 --remove-key approver --expires-days 90 --hash-bins 2")).Ok().Output;
        string expiry = _world.Clock.GetUtcNow().AddDays(90).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        Assert.That(shown, Does.Contain($"infusion-pump 2: lists the same releases, with these signatures\n  - expires ").And.Contain($"  + expires {expiry}\n").And.Contain("  + hash bins: 2\n"));
        Assert.That(shown, Does.Contain("  - policy of infusion-pump: what it signs is good for 180 days\n").And.Contain("  + policy of infusion-pump: what it signs is good for 90 days\n"));
        Assert.That(shown, Does.Not.Contain("lists infusion-pump/1.0.0"), "its digest is still to come");
    }

    [TestCase("--role timestamp --expires-days 3", "  + policy of timestamp: what it signs is good for 3 days\n")]
    [TestCase("--role infusion-pump --hash-bins 16", "  + policy of infusion-pump: 16 hash bins\n")]
    [Proves("R-51")]
    public async Task Change_of_policy_by_which_others_will_sign_is_shown(string options, string line) =>
        Assert.That((await _world.TryProposeAsync(options)).Ok().Output, Does.Contain(line));

    [Test]
    [Proves("R-51")]
    public async Task Policy_and_next_snapshot_are_shown_to_who_signs_whatever_the_key_signs()
    {
        await _world.ReleaseAsync("1.0.0");
        (await _world.MakeKeyAsync("online-2")).Ok();
        string change = await _world.ProposeAsync("--role snapshot --role timestamp --add-key online-2 --remove-key online --expires-days 3 --at-least 50");
        foreach ((string key, string signature) in new[] { ("root-1", "root-1 signs root 2\n"), ("online-2", "agrees to change ") })
        {
            string shown = (await _world.SignChangeAsync(change, key)).Ok().Output;
            Assert.That(shown, Does.Contain("  + policy of snapshot: what it signs is good for 3 days\n").And.Contain("the next snapshot: at least number 50\n").And.Contain("root 2: sha256 of the signed bytes "), key);
            Assert.That(shown.IndexOf(signature, StringComparison.Ordinal), Is.GreaterThan(shown.IndexOf("the next snapshot", StringComparison.Ordinal)), "before the first signature");
        }
    }

    private static string Change(string output) => output.Split('\n').Single(static line => line.StartsWith("change: ", StringComparison.Ordinal))["change: ".Length..];
}
