using System.Text.Json;
using Fota.Manifest.Metadata;
using Fota.Manifest.Verification;
using Fota.TestKit;

namespace Fota.Signer.Tests.Roles;

/// <summary>Keys of every role added, rotated and revoked, thresholds and lives changed; the client is a device with root 1 and nothing else.</summary>
[TestFixture]
public sealed class RoleChangeTests
{
    private SignerWorld _world = null!;

    [SetUp]
    public async Task MakeHome() => _world = await SignerWorld.CreateAsync();

    [TearDown]
    public void RemoveHome() => _world.Dispose();

    [Test]
    [Proves("R-40")]
    public async Task A13_Root_key_is_replaced_by_a_threshold_of_old_and_of_new_root_keys()
    {
        (await _world.MakeKeyAsync("root-4")).Ok();
        string change = await _world.ProposeAsync("--role root --add-key root-4 --remove-key root-1");
        (await _world.SignChangeAsync(change, "root-2")).Ok();
        (await _world.ApplyAsync(change)).Refused("root 2: wanted 2 signatures by the keys of root 1, got 1; can sign: ");
        (await _world.SignChangeAsync(change, "root-3")).Ok();
        (await _world.SignChangeAsync(change, "root-4")).Ok();
        (await _world.ApplyAsync(change)).Ok();
        RootMetadata root = Client.Update(_world).Root;
        Assert.That((root.Version, root.Root.Threshold), Is.EqualTo((2L, 2)));
        Assert.That(Labels(root.Root), Is.EquivalentTo(["root-2", "root-3", "root-4"]));
    }

    [Test]
    [Proves("R-40")]
    public async Task A13_New_root_keys_alone_do_not_make_a_root_and_neither_do_old_ones()
    {
        (await _world.MakeKeyAsync("root-4")).Ok();
        (await _world.MakeKeyAsync("root-5")).Ok();
        (await _world.MakeKeyAsync("root-6")).Ok();
        string change = await _world.ProposeAsync("--role root --add-key root-4 --add-key root-5 --add-key root-6 --remove-key root-1 --remove-key root-2 --remove-key root-3");
        (await _world.SignChangeAsync(change, "root-4")).Ok();
        (await _world.SignChangeAsync(change, "root-5")).Ok();
        (await _world.ApplyAsync(change)).Refused("root 2: wanted 2 signatures by the keys of root 1, got 0; can sign: ");
        (await _world.SignChangeAsync(change, "root-1")).Ok();
        (await _world.SignChangeAsync(change, "root-2")).Ok();
        File.Delete(Path.Combine(_world.HomeFolder.Change, "roles", "root.json"));
        (await _world.SignChangeAsync(change, "root-1")).Ok();
        (await _world.SignChangeAsync(change, "root-2")).Ok();
        (await _world.ApplyAsync(change)).Refused("root 2: wanted 2 signatures by the keys of root 2, got 0; can sign: ");
        Assert.That(Client.Update(_world).Root.Version, Is.EqualTo(1));
    }

    [Test]
    [Proves("R-41")]
    public async Task Targets_key_is_replaced_and_the_new_one_signs_the_delegations()
    {
        await _world.ReleaseAsync("1.0.0");
        (await _world.MakeKeyAsync("targets-2")).Ok();
        await _world.ChangeAsync("--role targets --add-key targets-2 --remove-key targets", "root-1 root-2 targets-2");
        TrustedMetadataSet trust = Client.Update(_world);
        Assert.That((trust.Root.Version, trust.Targets!.Version, Labels(trust.Root.Targets).Single()), Is.EqualTo((2L, 2L, "targets-2")));
        Assert.That(Client.Image(_world, "1.0.0"), Has.Length.EqualTo(150_000));
    }

    [TestCase("timestamp", "timestamp-2")]
    [TestCase("snapshot", "snapshot-2")]
    [Proves("R-42")]
    public async Task Online_role_is_given_another_key_of_the_online_token(string role, string key)
    {
        await _world.ReleaseAsync("1.0.0");
        (await _world.MakeKeyAsync(key, "online")).Ok();
        await _world.ChangeAsync($"--role {role} --add-key {key} --remove-key online", $"root-1 root-3 {key}@online");
        TrustedMetadataSet trust = Client.Update(_world);
        Assert.That(Labels(role == "timestamp" ? trust.Root.Timestamp : trust.Root.Snapshot).Single(), Is.EqualTo(key));
        _world.Clock.Step(TimeSpan.FromDays(6));
        (await _world.OnlineAsync()).Ok();
        Assert.That(Client.Manifest(_world, "1.0.0").Content.Sequence.Value, Is.EqualTo(1));
    }

    [Test]
    [Proves("R-42")]
    public async Task Online_token_is_replaced_by_another_and_the_old_one_signs_no_more()
    {
        await _world.ReleaseAsync("1.0.0");
        (await _world.MakeKeyAsync("online-2")).Ok();
        await _world.ChangeAsync("--role snapshot --role timestamp --add-key online-2 --remove-key online", "root-1 online-2 root-2", "online-2");
        Assert.That(Client.Manifest(_world, "1.0.0").Signers, Has.Count.EqualTo(2));
        (await _world.OnlineAsync()).Refused("CKR_PIN_INCORRECT");
        _world.Clock.Step(TimeSpan.FromDays(6));
        (await OnlineAsync()).Refused("`fota-signer log succeed`");
        Assert.That(Client.Update(_world).Timestamp!.Version, Is.EqualTo(4), "devices do not go without for want of the log's key");
        (await _world.MakeKeyAsync("log-2", "online-2", "--algorithm", "ed25519")).Ok();
        (await _world.RunAsync("log", "succeed", "--home", _world.Home, "--key", "log-2", "--origin", "signer.pumps.example/log-2")).Ok();
        (await OnlineAsync()).Ok();

        Task<CommandResult> OnlineAsync() => _world.RunAsync("online", "--home", _world.Home, "--once", "--pin-file", _world.PinFile("online-2"));
    }

    [Test]
    [Proves("R-53")]
    public async Task A04_Snapshots_go_on_from_the_number_that_was_agreed_upon_and_clients_follow()
    {
        await _world.ReleaseAsync("1.0.0");
        CommandResult proposed = (await _world.TryProposeAsync("--role snapshot --at-least 5000")).Ok();
        string change = proposed.Value("change");
        Assert.That(proposed.Output, Does.StartWith("the next snapshot: at least number 5000\n"));
        (await _world.ApplyAsync(change)).Ok();
        Assert.That(Client.Update(_world).Snapshot!.Version, Is.EqualTo(5000));
        await _world.ReleaseAsync("1.1.0");
        Assert.That(Client.Update(_world).Snapshot!.Version, Is.EqualTo(5001));
    }

    [Test]
    [Proves("R-43")]
    public async Task Product_key_is_replaced_and_every_listed_envelope_bears_a_threshold_of_the_new_keys()
    {
        string first = await _world.ReleaseAsync("1.0.0"), second = await _world.ReleaseAsync("1.1.0");
        (await _world.MakeKeyAsync("approver-2")).Ok();
        await _world.ChangeAsync("--role infusion-pump --add-key approver-2 --remove-key approver", "targets release approver-2 release");
        VerifiedManifest manifest = Client.Manifest(_world, "1.0.0");
        Assert.That((manifest.Digest.ToString(), Client.Manifest(_world, "1.1.0").Digest.ToString()), Is.EqualTo((first, second)));
        Assert.That(manifest.Signers.Select(Label), Is.EquivalentTo(["approver-2", "release"]));
        Assert.That(manifest.Envelope.Signatures, Has.Count.EqualTo(3), "what a revoked key signed stays, and counts for nobody who knows");
        Assert.That(Client.Image(_world, "1.1.0"), Is.EqualTo(await File.ReadAllBytesAsync(_world.Image("1.1.0"))));
    }

    [Test]
    [Proves("R-43")]
    public async Task Both_keys_of_a_product_are_replaced_and_the_new_ones_release()
    {
        string old = await _world.ReleaseAsync("1.0.0");
        (await _world.MakeKeyAsync("release-2")).Ok();
        (await _world.MakeKeyAsync("approver-2")).Ok();
        await _world.ChangeAsync("--role infusion-pump --add-key release-2 --add-key approver-2 --remove-key release --remove-key approver", "release-2 approver-2 release-2 targets");
        Assert.That(Client.Manifest(_world, "1.0.0").Digest.ToString(), Is.EqualTo(old));
        (await _world.CreateAsync("1.1.0")).Refused("is no key of product infusion-pump");
        string digest = (await _world.ReleaseAsync("create", "1.1.0", "release-2", "--as", "release-2", "--security-version", "1", "--image", _world.Image("1.1.0"))).Ok().Value("manifest digest");
        (await _world.ReleaseAsync("approve", "1.1.0", "approver-2", "--as", "approver-2", "--manifest-digest", digest)).Ok();
        (await _world.ReleaseAsync("publish", "1.1.0", "release-2", "--as", "release-2")).Ok();
        (await _world.OnlineAsync()).Ok();
        Assert.That(Client.Manifest(_world, "1.1.0").Digest.ToString(), Is.EqualTo(digest));
    }

    [Test]
    [Proves("R-43")]
    public async Task Product_without_a_release_changes_its_keys_by_the_targets_role_alone()
    {
        (await _world.MakeKeyAsync("approver-2")).Ok();
        await _world.ChangeAsync("--role infusion-pump --add-key approver-2", "targets approver-2");
        Assert.That(Labels(Client.Update(_world).Targets!.Delegations.Single().Keys), Is.EquivalentTo(["release", "approver", "approver-2"]));
    }

    [Test]
    public async Task Product_role_is_not_signed_before_every_envelope_is_complete()
    {
        await _world.ReleaseAsync("1.0.0");
        (await _world.MakeKeyAsync("release-2")).Ok();
        (await _world.MakeKeyAsync("approver-2")).Ok();
        string change = await _world.ProposeAsync("--role infusion-pump --add-key release-2 --add-key approver-2 --remove-key release --remove-key approver");
        CommandResult signed = (await _world.SignChangeAsync(change, "release-2")).Ok();
        Assert.That(signed.Output, Does.Contain("infusion-pump/1.0.0/manifest.suit: manifest ").And.Contain("signed: 2 with release-2\n").And.Contain("wanted: role infusion-pump itself: it is signed when the envelopes are"));
        Assert.That((await _world.SignChangeAsync(change, "approver-2")).Ok().Output, Does.Contain("signed: 3 with approver-2\n"));
        (await _world.ApplyAsync(change)).Refused("infusion-pump 2: wanted 2 signatures by the keys of infusion-pump, got 1; can sign: release-2");
    }

    [TestCase("root", "root-1 root-2")]
    [TestCase("targets", "targets")]
    [TestCase("infusion-pump", "release approver")]
    [Proves("R-44")]
    public async Task A03_Role_is_renewed_before_it_expires_without_a_release(string role, string signers)
    {
        await _world.ReleaseAsync("1.0.0");
        _world.Clock.Step(TimeSpan.FromDays(170));
        await _world.ChangeAsync($"--role {role} --renew", signers);
        TrustedMetadataSet trust = Client.Update(_world);
        MetadataContent content = role switch { "root" => trust.Root, "targets" => trust.Targets!, _ => trust.Delegated(role)! };
        Assert.That((content.Version, content.Expires), Is.EqualTo((2L, _world.Clock.GetUtcNow().AddDays(role switch { "root" => 730, "targets" => 365, _ => 180 }))));
    }

    [Test]
    [Proves("R-44")]
    public async Task Expiry_policy_is_kept_by_what_is_signed_afterwards()
    {
        await _world.ReleaseAsync("1.0.0");
        await _world.ChangeAsync("--role infusion-pump --expires-days 30", "release approver");
        await _world.ChangeAsync("--role timestamp --expires-days 2", "");
        await _world.ReleaseAsync("1.1.0");
        TrustedMetadataSet trust = Client.Update(_world);
        Assert.That((trust.Delegated(SignerWorld.Product)!.Expires, trust.Timestamp!.Expires), Is.EqualTo((_world.Clock.GetUtcNow().AddDays(30), _world.Clock.GetUtcNow().AddDays(2))));
        (await _world.TryProposeAsync("--role root --expires-days 3651")).Refused("--expires-days: wanted 1 to 3650, got 3651");
    }

    [Test]
    [Proves("R-40")]
    public async Task Root_threshold_is_raised_and_the_next_root_demands_it()
    {
        await _world.ChangeAsync("--role root --threshold 3", "root-1 root-2 root-3");
        string change = await _world.ProposeAsync("--role root --renew");
        (await _world.SignChangeAsync(change, "root-1")).Ok();
        (await _world.SignChangeAsync(change, "root-2")).Ok();
        (await _world.ApplyAsync(change)).Refused("root 3: wanted 3 signatures by the keys of root 2, got 2; can sign: root-3");
        (await _world.SignChangeAsync(change, "root-3")).Ok();
        (await _world.ApplyAsync(change)).Ok();
        Assert.That(Client.Update(_world).Root.Version, Is.EqualTo(3));
    }

    [Test]
    public async Task List_shows_roles_keys_thresholds_and_days_left_and_the_change_on_its_way()
    {
        await _world.ReleaseAsync("1.0.0");
        _world.Clock.Step(TimeSpan.FromDays(10));
        string change = await _world.ProposeAsync("--role root --renew");
        string text = (await _world.RunAsync("role", "list", "--home", _world.Home)).Ok().Output;
        Assert.That(text, Does.Contain("infusion-pump").And.Contain("(170 days)").And.Contain("EXPIRED").And.Contain($"change on its way: {change}").And.Contain("wanted: root 2: wanted 2 signatures by the keys of root 1, got 0"));
        using JsonDocument json = JsonDocument.Parse((await _world.RunAsync("role", "list", "--home", _world.Home, "--json")).Ok().Output);
        Assert.That(
            json.RootElement.EnumerateArray().Select(static role => (role.GetProperty("role").GetString(), role.GetProperty("version").GetInt32(), role.GetProperty("threshold").GetInt32(), role.GetProperty("keys").GetArrayLength(), role.GetProperty("days_left").GetInt32())),
            Is.EqualTo([("root", 1, 2, 3, 720), ("targets", 1, 1, 1, 355), ("snapshot", 2, 1, 1, -3), ("timestamp", 2, 1, 1, -9), ("infusion-pump", 1, 2, 2, 170)]));
    }

    private IEnumerable<string> Labels(RoleKeys keys) => keys.Keys.Select(key => Label(key.Id));

    private string Label(Manifest.Keys.KeyId id) => _world.HomeFolder.ReadSettings().LabelOf(id);
}
