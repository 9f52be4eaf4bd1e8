using System.Text.Json.Nodes;
using Fota.Manifest;
using Fota.Signer.Home;
using Fota.Signer.Journal;
using Fota.TestKit;

namespace Fota.Signer.Tests.Ceremonies;

/// <summary>What a keyholder's machine refuses of a package. One ceremony is on its way, signed by root-1; each test alters a copy of its package, for a new home.</summary>
[TestFixture]
public sealed class CeremonyPackageTests
{
    private SignerWorld _world = null!;
    private int _tests;

    private HomeFolder Keyholder => new(_world.PathOf($"keyholder-{_tests}"));

    private string Package => _world.PathOf($"package-{_tests}");

    private string Signatures => _world.PathOf($"signatures-{_tests}.json");

    private string Ceremony => CeremonyWorld.DigestOf(_world.PathOf("change.yaml"));

    [OneTimeSetUp]
    public async Task ExportACeremony()
    {
        _world = await SignerWorld.CreateAsync();
        (await _world.RunCeremonyAsync(_world.Ceremony("version: 1\nkind: change\nreason: A test.\nroles: [root]\nthreshold: 3\nrenew: true\n"), "root-1")).Ok();
    }

    [OneTimeTearDown]
    public void RemoveHomes() => _world.Dispose();

    [SetUp]
    public async Task MakeAnotherHome()
    {
        _tests++;
        _world.Module = static module => module;
        (await _world.RunAsync("approval", "home", "--home", Keyholder.Root, "--root", Path.Combine(_world.HomeFolder.Repository, "metadata/1.root.json"), "--settings", _world.HomeFolder.Settings)).Ok();
        (await _world.RunAsync("ceremony", "export", "--home", _world.Home, "--out", Package)).Ok();
    }

    [Test]
    [Proves("H-12")]
    public async Task A45_Keyholder_who_was_told_another_ceremony_signs_nothing()
    {
        await IsNotSignedAsync("root-3", $"ceremony: wanted the file {new string('a', 64)} (the one that was reviewed), got ", new string('a', 64));
    }

    [Test]
    [Proves("H-12")]
    public async Task A45_Package_whose_change_is_not_what_the_file_asks_for_is_not_signed()
    {
        string proposal = Path.Combine(Package, "change/proposal.json");
        await File.WriteAllTextAsync(proposal, (await File.ReadAllTextAsync(proposal)).Replace("\"removeKeys\": []", "\"removeKeys\": [\"root-1\"]", StringComparison.Ordinal));
        await IsNotSignedAsync("root-3", "ceremony: wanted the change of file ", Ceremony);
    }

    [Test]
    [Proves("H-12")]
    public async Task A45_Package_whose_effects_do_not_follow_is_not_signed()
    {
        string proposal = Path.Combine(Package, "change/proposal.json");
        await File.WriteAllTextAsync(proposal, (await File.ReadAllTextAsync(proposal)).Replace("sha256 of the signed bytes", "sha256 of other bytes", StringComparison.Ordinal));
        await IsNotSignedAsync("root-3", "wanted the effects that follow from the repository and the ceremony's file, got others", Ceremony);
    }

    [Test]
    [Proves("H-12")]
    public async Task A13_Package_with_a_root_that_one_key_signed_is_not_signed()
    {
        File.Copy(Path.Combine(Package, "change/roles/root.json"), Path.Combine(Package, "metadata/2.root.json"));
        string state = Path.Combine(Package, "state.json");
        await File.WriteAllTextAsync(state, (await File.ReadAllTextAsync(state)).Replace("\"root\": 1", "\"root\": 2", StringComparison.Ordinal));
        await IsNotSignedAsync("root-3", nameof(RejectionReason.ThresholdNotMet), Ceremony);
    }

    [TestCase("keys/0/keyId", "0000000000000000000000000000000000000000000000000000000000000000", "package: signer.json: key 'root-1': wanted key id ")]
    [TestCase("keys/0/token", "other", "package: signer.json: key 'root-1': wanted key id ")]
    [TestCase("products/0/className", "another pump", "package: signer.json: product infusion-pump: wanted (pumps.example, infusion-pump rev B, 65536), as this home knows it, got (pumps.example, another pump, 65536)")]
    [TestCase("roles/root/threshold", "3", "role root: wanted 2 of root-1, root-2, root-3, as signed metadata says, got 3 of root-1, root-2, root-3")]
    [Proves("H-12")]
    public async Task A45_Package_that_says_otherwise_than_the_home_knows_is_not_signed(string path, string value, string reason)
    {
        string settings = Path.Combine(Package, "signer.json");
        JsonNode root = JsonNode.Parse(await File.ReadAllTextAsync(settings))!, node = root;
        string[] parts = path.Split('/');
        foreach (string part in parts[..^1])
        {
            node = int.TryParse(part, out int index) ? node[index]! : node[part]!;
        }

        node[parts[^1]] = int.TryParse(value, out int number) && value.Length < 9 ? number : value;
        await File.WriteAllTextAsync(settings, root.ToJsonString());
        string own = await File.ReadAllTextAsync(Keyholder.Settings);
        await IsNotSignedAsync("root-3", reason, Ceremony);
        Assert.That(await File.ReadAllTextAsync(Keyholder.Settings), Is.EqualTo(own));
    }

    [Test]
    [Proves("H-12")]
    public async Task Key_that_has_no_part_in_the_ceremony_signs_nothing()
    {
        await IsNotSignedAsync("approver", "key 'approver' has nothing to sign in change ", Ceremony);
    }

    [Test]
    [Proves("H-12")]
    public async Task Keyholder_does_not_lose_another_change_that_is_on_its_way()
    {
        Directory.CreateDirectory(Keyholder.Change);
        await File.WriteAllTextAsync(Keyholder.Proposal, (await File.ReadAllTextAsync(_world.HomeFolder.Proposal)).Replace("\"renew\": true", "\"renew\": false", StringComparison.Ordinal));
        (await SignAsync("root-3", Ceremony)).Refused("`fota-signer role discard` drops the former");
        (await _world.RunAsync("role", "discard", "--home", Keyholder.Root)).Ok();
        (await SignAsync("root-3", Ceremony)).Ok();
    }

    [Test]
    [Proves("H-12")]
    public async Task A48_Keyholder_whose_machine_died_signs_in_the_next_run_and_nothing_twice()
    {
        int left = 1;
        _world.Module = module => new FaultyModule(module, sign => left-- > 0 ? sign() : throw new IOException("killed"));
        Assert.That((await SignAsync("root-3", Ceremony)).Error, Does.Contain("killed"));
        _world.Module = static module => module;
        Assert.That((await SignAsync("root-3", Ceremony)).Ok().Output, Does.Contain("signed: 1 with root-3"));
        string journal = (await _world.RunAsync("journal", "--home", Keyholder.Root)).Ok().Output;
        Assert.That(journal.Split('\n').Count(static line => line.Contains($" {nameof(SigningPurpose.Ceremony)} ", StringComparison.Ordinal)), Is.EqualTo(1), journal);
        Assert.That(File.Exists(Signatures), Is.True);
    }

    [Test]
    [Proves("H-11")]
    public async Task P7_Package_holds_no_private_key_and_is_not_written_over_another()
    {
        string[] files = Directory.GetFiles(Package, "*", SearchOption.AllDirectories);
        Assert.That(files.Where(file => PrivateKeyScan.Finds(File.ReadAllBytes(file))), Is.Empty);
        Assert.That(files.Select(file => Path.GetRelativePath(Package, file)), Does.Contain("metadata/1.root.json").And.Contain("change/ceremony.yaml").And.Contain("change/statements/root-1.sig").And.No.Member("journal.db"));
        (await _world.RunAsync("ceremony", "export", "--home", _world.Home, "--out", Package)).Refused("exists: wanted a folder to be made");
    }

    [Test]
    [Proves("H-12")]
    public async Task Signers_own_home_is_no_keyholders_and_keeps_its_ceremony()
    {
        string[] before = _world.Files();
        (await _world.RunAsync("ceremony", "sign", "--home", _world.Home, "--package", Package, "--ceremony", Ceremony, "--key", "root-3", "--pin-file", _world.PinFile("root-3"), "--out", Signatures, "--change", CeremonyWorld.ChangeOf(Package)))
            .Refused("wanted a keyholder's own home, as `fota-signer approval home` makes it, got a signer's");
        Assert.That(_world.Files(), Is.EqualTo(before));
    }

    private Task<CommandResult> SignAsync(string key, string ceremony) =>
        _world.RunAsync("ceremony", "sign", "--home", Keyholder.Root, "--package", Package, "--ceremony", ceremony, "--key", key, "--pin-file", _world.PinFile(key), "--out", Signatures, "--change", CeremonyWorld.ChangeOf(Package));

    private async Task IsNotSignedAsync(string key, string reason, string ceremony)
    {
        (await SignAsync(key, ceremony)).Refused(reason);
        Assert.That(File.Exists(Signatures), Is.False);
        Assert.That((await _world.RunAsync("journal", "--home", Keyholder.Root)).Ok().Output, Does.Not.Contain($" {key} "));
    }
}
