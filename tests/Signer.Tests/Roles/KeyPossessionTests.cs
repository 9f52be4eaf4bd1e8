using Fota.TestKit;

namespace Fota.Signer.Tests.Roles;

/// <summary>A key that is new to a role proves that somebody holds it, before anything rests on it.</summary>
[TestFixture]
public sealed class KeyPossessionTests
{
    private SignerWorld _world = null!;

    [SetUp]
    public async Task MakeHome() => _world = await SignerWorld.CreateAsync();

    [TearDown]
    public void RemoveHome() => _world.Dispose();

    [TestCase("root", "root-4", "root-4", "root-1 root-2")]
    [TestCase("targets", "targets-2", "targets-2", "root-1 root-2 targets")]
    [TestCase("snapshot", "snapshot-2", "online", "root-1 root-2")]
    [TestCase("timestamp", "timestamp-2", "online", "root-1 root-2")]
    [TestCase("infusion-pump", "approver-2", "approver-2", "targets")]
    [Proves("R-52")]
    public async Task P6_Key_that_is_new_to_a_role_signs_the_change_or_the_change_is_not_applied(string role, string key, string token, string signers)
    {
        (await _world.MakeKeyAsync(key, token)).Ok();
        string change = await _world.ProposeAsync($"--role {role} --add-key {key}");
        foreach (string signer in signers.Split(' '))
        {
            (await _world.SignChangeAsync(change, signer)).Ok();
        }

        (await _world.ApplyAsync(change)).Refused($"the change is not complete: key {key}: wanted its own signature over this change, as it is new to role {role}, got none");
        (await _world.SignChangeAsync(change, key, token)).Ok();
        (await _world.ApplyAsync(change)).Ok();
        Assert.That(_world.HomeFolder.ReadSettings().Role(role).Keys, Does.Contain(key));
    }

    [Test]
    [Proves("R-52")]
    public async Task A45_Proof_of_another_change_or_by_another_key_proves_nothing()
    {
        (await _world.MakeKeyAsync("root-4")).Ok();
        (await _world.MakeKeyAsync("root-5")).Ok();
        string old = await _world.ProposeAsync("--role root --add-key root-4");
        (await _world.SignChangeAsync(old, "root-4")).Ok();
        string possession = Path.Combine(_world.HomeFolder.Change, "possession");
        byte[] stale = await File.ReadAllBytesAsync(Path.Combine(possession, "root-4.sig"));
        (await _world.RunAsync("role", "discard", "--home", _world.Home)).Ok();
        string change = await _world.ProposeAsync("--role root --add-key root-4 --add-key root-5");
        foreach (string signer in new[] { "root-1", "root-2", "root-5" })
        {
            (await _world.SignChangeAsync(change, signer)).Ok();
        }

        foreach (byte[] proof in new[] { stale, await File.ReadAllBytesAsync(Path.Combine(possession, "root-5.sig")), [] })
        {
            await File.WriteAllBytesAsync(Path.Combine(possession, "root-4.sig"), proof);
            (await _world.ApplyAsync(change)).Refused("the change is not complete: key root-4: wanted its own signature over this change");
        }

        (await _world.SignChangeAsync(change, "root-4")).Ok();
        (await _world.ApplyAsync(change)).Ok();
        Assert.That(Client.Update(_world).Root.Version, Is.EqualTo(2));
    }
}
