using Fota.TestKit;

namespace Fota.Signer.Tests.Roles;

/// <summary>Changes that must not be. None of them changes the home, so they share one.</summary>
[TestFixture]
public sealed class RoleChangeRuleTests
{
    private SignerWorld _world = null!;

    [OneTimeSetUp]
    public async Task MakeHome()
    {
        _world = await SignerWorld.CreateAsync();
        (await _world.MakeKeyAsync("approver-2", "release")).Ok();
        (await _world.MakeKeyAsync("timestamp-2")).Ok();
    }

    [OneTimeTearDown]
    public void RemoveHome() => _world.Dispose();

    [TestCase("--role root --threshold 4", "role root: wanted a threshold of 1 to 3, the number of its keys, got 4")]
    [TestCase("--role root --threshold 1", "roles.root: wanted a threshold of at least 2 of at least 3 keys, got 1 of 3")]
    [TestCase("--role root --remove-key root-1", "roles.root: wanted a threshold of at least 2 of at least 3 keys, got 2 of 2")]
    [TestCase("--role targets --threshold 0", "role targets: wanted a threshold of 1 to 1")]
    [TestCase("--role targets --remove-key targets", "role targets would have no key left: add one in the same change")]
    [TestCase("--role targets --remove-key online", "key 'online' does not speak for role targets; its keys are targets")]
    [TestCase("--role targets --add-key targets", "key 'targets' speaks for role targets already, and a key counts once")]
    [TestCase("--role root --add-key root-1 --remove-key root-1", "key 'root-1' speaks for role root already, and a key counts once")]
    [TestCase("--role targets --add-key nobody", "no key 'nobody' in this home")]
    [TestCase("--role targets --add-key root-1", "wanted keys of one purpose (root, targets, online, products or authorities), got several")]
    [TestCase("--role infusion-pump --add-key online", "wanted keys of one purpose")]
    [TestCase("--role infusion-pump --add-key device-ca", "wanted keys of one purpose")]
    [TestCase("--role infusion-pump --threshold 1", "products.infusion-pump.threshold: wanted 2 to 2, got 1")]
    [TestCase("--role infusion-pump --remove-key approver", "role infusion-pump: wanted a threshold of 1 to 1, the number of its keys, got 2")]
    [TestCase("--role timestamp --threshold 2", "role timestamp: wanted a threshold of 1 to 1")]
    [TestCase("--role timestamp --renew", "snapshot and timestamp are renewed by `fota-signer online`")]
    [TestCase("--role root --hash-bins 16", "role root: wanted a product for hash bins")]
    [TestCase("--role infusion-pump --hash-bins 12", "--hash-bins: wanted 0 (none) or a power of two up to 4096, got 12")]
    [TestCase("--role infusion-pump --renew", "role infusion-pump begins with its first release: there is nothing to renew")]
    [TestCase("--role root", "a change: wanted at least one of --add-key")]
    [TestCase("--role root --threshold 2", "the change changes nothing: role root has these keys, threshold, days and bins already")]
    [TestCase("--role targets --expires-days 365", "the change changes nothing: role targets has")]
    [TestCase("--role infusion-pump --hash-bins 0 --threshold 2 --expires-days 180", "the change changes nothing: role infusion-pump has")]
    [TestCase("--role snapshot --role timestamp --threshold 1", "the change changes nothing: role snapshot and timestamp has")]
    [TestCase("--role timestamp --at-least 9", "--at-least: wanted role snapshot for it, got timestamp")]
    [TestCase("--role snapshot --at-least 0", "--at-least: wanted 1 to 1000002, 1000000 more than the next number, got 0")]
    [TestCase("--role snapshot --at-least 1000003", "--at-least: wanted 1 to 1000002, 1000000 more than the next number, got 1000003")]
    [TestCase("--role root --role targets --renew", "a change: wanted one role, or snapshot and timestamp together")]
    [TestCase("--role nobody --renew", "no role 'nobody' in this home; it has root, targets, snapshot, timestamp, infusion-pump")]
    [Proves("R-45")]
    public async Task A12_Change_that_must_not_be_is_refused_before_anything_is_signed(string options, string sentence)
    {
        (await _world.TryProposeAsync(options)).Refused(sentence);
        Assert.That(Directory.Exists(_world.HomeFolder.Change), Is.False);
    }

    [Test]
    [Proves("R-45")]
    public async Task P6_Two_keys_of_a_product_on_one_token_are_refused()
    {
        (await _world.TryProposeAsync("--role infusion-pump --add-key approver-2 --remove-key approver")).Refused("products.infusion-pump.keys: wanted each key on a token of its own, got two on one");
    }

    [Test]
    [Proves("R-45")]
    public async Task P6_Timestamp_key_on_a_token_of_its_own_is_refused_as_the_online_process_has_one_pin()
    {
        (await _world.TryProposeAsync("--role timestamp --add-key timestamp-2 --remove-key online")).Refused("wanted a threshold of 1 and all their keys on one token, the online one");
    }
}
