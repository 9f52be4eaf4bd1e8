using System.Text.Json;
using Fota.TestKit;

namespace Fota.Signer.Tests.Ceremonies;

[TestFixture]
public sealed class CeremonyPlanTests
{
    private SignerWorld _world = null!;

    // One home for all: a plan changes nothing.
    [OneTimeSetUp]
    public async Task MakeHome()
    {
        _world = await SignerWorld.CreateAsync();
        (await _world.MakeKeyAsync("root-4")).Ok();
        (await _world.MakeKeyAsync("approver-2")).Ok();
    }

    [OneTimeTearDown]
    public void RemoveHome() => _world.Dispose();

    [Test]
    [Proves("H-3", "H-4")]
    public async Task Plan_of_a_first_ceremony_shows_what_is_made_and_what_each_key_can_do()
    {
        using SignerWorld world = new();
        string file = world.Ceremony(SignerWorld.ShippedPlan);
        string text = (await world.RunAsync("ceremony", "plan", file)).Ok().Output;
        Assert.That(text, Does.StartWith($"ceremony: {CeremonyWorld.DigestOf(file)}\n")
            .And.Contain("token ca: device-ca (EcdsaP256), service-ca (EcdsaP256), people-ca (EcdsaP256)\n")
            .And.Contain("role root: 2 of root-1, root-2, root-3, good for 730 days\n")
            .And.Match("  root-1 +signs root with 1 more +nothing alone; with 1 other key of root, new keys for every role\n")
            .And.Match("  targets +signs targets +nothing alone; with the online key, other keys for every product, and so releases of their own\n")
            .And.Match("  approver +signs infusion-pump with 1 more +nothing alone; with 1 other key of the product, releases of infusion-pump\n")
            .And.Match("  online +signs snapshot, timestamp +withhold releases until what the other roles signed expires, show one that was withdrawn to devices that have not seen it go, and use up version numbers; make no release\n")
            .And.Match("  service-ca +signs service certificates +pose as the update server; make no release\n"));
        Assert.That(Directory.EnumerateFileSystemEntries(world.Folder).Select(Path.GetFileName), Is.EquivalentTo(["pins", "change.yaml"]));
    }

    [Test]
    [Proves("H-3", "H-4")]
    public async Task Plan_of_a_change_shows_its_effects_and_powers_and_changes_nothing()
    {
        string file = _world.Ceremony(CeremonyWorld.RotateRoot);
        string[] before = _world.Files();
        string text = (await _world.RunAsync("ceremony", "plan", file, "--home", _world.Home)).Ok().Output;
        Assert.That(text, Does.StartWith($"ceremony: {CeremonyWorld.DigestOf(file)}\nreason: The keeper of root-1 leaves.\nroot 2: sha256 of the signed bytes ")
            .And.Contain("  + key of root: root-4 (")
            .And.Match("  root-4 +signs root with 1 more +nothing alone; with 1 other key of root, new keys for every role\n")
            .And.Match("  root-1 +signs nothing +nothing any more for root, at devices that have seen the change\n"));
        Assert.That(_world.Files(), Is.EqualTo(before));

        (await _world.RunAsync("ceremony", "run", file, "--home", _world.Home)).Ok();
        Assert.That((await _world.RunAsync("ceremony", "plan", file, "--home", _world.Home)).Ok().Output, Does.Contain("wanted: root 2: wanted 2 signatures by the keys of root 1, got 0").And.Match("change: [0-9a-f]{64}\n"));
        (await _world.RunAsync("role", "discard", "--home", _world.Home)).Ok();
    }

    [Test]
    [Proves("H-4")]
    public async Task Plan_as_JSON_says_for_each_key_its_roles_and_how_many_others_each_needs()
    {
        string file = _world.Ceremony("version: 1\nkind: change\nreason: A test.\nroles: [root]\nthreshold: 3\n");
        using JsonDocument json = JsonDocument.Parse((await _world.RunAsync("ceremony", "plan", file, "--home", _world.Home, "--json")).Ok().Output);
        JsonElement root = json.RootElement;
        Assert.That((root.GetProperty("ceremony").GetString(), root.GetProperty("kind").GetString(), root.GetProperty("reason").GetString()), Is.EqualTo((CeremonyWorld.DigestOf(file), "change", "A test.")));
        Assert.That(
            root.GetProperty("keys").EnumerateArray().SelectMany(static key => key.GetProperty("roles").EnumerateArray().Select(role => $"{key.GetProperty("label")} {role.GetProperty("role")} {role.GetProperty("others_needed")}")),
            Is.EqualTo(["root-1 root 2", "root-2 root 2", "root-3 root 2", "targets targets 0", "online snapshot 0", "online timestamp 0", "release infusion-pump 1", "approver infusion-pump 1"]));
    }

    [Test]
    [Proves("H-4")]
    public async Task Plan_that_takes_a_products_key_says_that_boot_loaders_may_still_count_it()
    {
        string file = _world.Ceremony("version: 1\nkind: change\nreason: A test.\nroles: [infusion-pump]\naddKeys: [approver-2]\nremoveKeys: [approver]\n");
        using JsonDocument json = JsonDocument.Parse((await _world.RunAsync("ceremony", "plan", file, "--home", _world.Home, "--json")).Ok().Output);
        JsonElement revoked = json.RootElement.GetProperty("keys").EnumerateArray().Single(static key => key.GetProperty("is_revoked").GetBoolean());
        Assert.That((revoked.GetProperty("label").GetString(), revoked.GetProperty("alone").GetString()),
            Is.EqualTo(("approver", "nothing any more for infusion-pump, at devices that have seen the change; boot loaders that hold it as an anchor count it until a release brings them others")));
    }

    [TestCase("roles: [root]", "roles: [pump-2]", "no role 'pump-2' in this home")]
    [TestCase("addKeys: [root-4]", "addKeys: [root-5]", "no key 'root-5' in this home")]
    [TestCase("addKeys: [root-4]\n", "", "roles.root: wanted a threshold of at least 2 of at least 3 keys, got 2 of 2")]
    [TestCase("roles: [root]\n", "roles: [root, targets]\n", "wanted one role, or snapshot and timestamp together")]
    [Proves("H-3")]
    public async Task Plan_of_what_the_rules_forbid_is_refused(string sound, string faulty, string reason)
    {
        string file = _world.Ceremony(CeremonyWorld.RotateRoot.Replace(sound, faulty, StringComparison.Ordinal));
        (await _world.RunAsync("ceremony", "plan", file, "--home", _world.Home)).Refused(reason);
    }

    [Test]
    [Proves("H-8")]
    public async Task Threshold_of_a_product_stays_two()
    {
        string file = _world.Ceremony("version: 1\nkind: change\nreason: A test.\nroles: [infusion-pump]\naddKeys: [approver-2]\nthreshold: 3\n");
        (await _world.RunAsync("ceremony", "plan", file, "--home", _world.Home)).Refused("products.infusion-pump.threshold: wanted 2 to 2, got 3");
    }

    [Test]
    public async Task Plan_of_a_change_without_a_home_is_refused()
    {
        (await _world.RunAsync("ceremony", "plan", _world.Ceremony(CeremonyWorld.RotateRoot))).Refused("--home: wanted the home that the ceremony changes, got none");
    }
}
