using System.Text.Json;
using System.Text.Json.Nodes;
using Fota.Manifest;
using Fota.Signer.Home;
using Fota.Signer.Journal;
using Fota.TestKit;

namespace Fota.Signer.Tests.Ceremonies;

/// <summary>A keyholder on another machine: a home of their own, a package that comes, signatures that go back.</summary>
[TestFixture]
public sealed class CeremonyTravelTests
{
    private const string RaiseRoot = "version: 1\nkind: change\nreason: A test.\nroles: [root]\nthreshold: 3\n";
    private const string ReplaceApprover = "version: 1\nkind: change\nreason: A test.\nroles: [infusion-pump]\naddKeys: [approver-2]\nremoveKeys: [approver]\n";

    private SignerWorld _world = null!;

    private HomeFolder Keyholder => new(_world.PathOf("keyholder"));

    private string Package => _world.PathOf("package");

    private string Signatures => _world.PathOf("signatures.json");

    [SetUp]
    public async Task MakeHomes()
    {
        _world = await SignerWorld.CreateAsync();
        (await _world.RunAsync("approval", "home", "--home", Keyholder.Root, "--root", Path.Combine(_world.HomeFolder.Repository, "metadata/1.root.json"), "--settings", _world.HomeFolder.Settings)).Ok();
    }

    [TearDown]
    public void RemoveHomes() => _world.Dispose();

    [Test]
    [Proves("H-11", "H-13")]
    public async Task Signature_from_another_machine_completes_the_ceremony_and_its_transcript()
    {
        string file = await BegunAsync(RaiseRoot, "root-1,root-2");
        await ExportAsync();
        CommandResult signed = (await SignAsync(file, "root-3")).Ok();
        Assert.That(signed.Output, Does.StartWith($"ceremony: {CeremonyWorld.DigestOf(file)}\n").And.Contain("  + threshold of root: 3\n").And.Contain("root-3 signs root 2\n").And.Contain("signed: 2 with root-3, change "));
        Assert.That((await _world.RunAsync("journal", "--home", Keyholder.Root)).Ok().Output, Does.Match("root-3 +Ceremony +Signed").And.Match("root-3 +Root +Signed"), "its own journal");
        Assert.That(Directory.Exists(Keyholder.Change), Is.False, "free for the next one");

        Assert.That((await ImportAsync()).Ok().Output, Does.StartWith("imported: the signatures of root-3\n").And.Contain("next: with the PIN of token "));
        (await _world.RunCeremonyAsync(file, "online")).Ok();
        Assert.That(Client.Update(_world).Root.Root.Threshold, Is.EqualTo(3));
        string statement = $"{_world.Transcripts().Single()[..^".json".Length]}.root-3.txt";
        Assert.That(_world.Verify("root-3", statement, statement + ".sig"), Is.Zero);
    }

    [Test]
    [Proves("H-11", "H-13")]
    public async Task New_key_of_a_product_signs_releases_and_role_on_another_machine()
    {
        await _world.ReleaseAsync("1.0.0");
        (await _world.MakeKeyAsync("approver-2")).Ok();
        string file = await BegunAsync(ReplaceApprover, "targets,release");
        await ExportAsync();
        (await SignAsync(file, "approver-2")).Ok();
        (await ImportAsync()).Ok();
        Assert.That((await _world.RunCeremonyAsync(file, "release,online")).Ok().Output, Does.Contain("applied: "));
        Assert.That(Client.Manifest(_world, "1.0.0").Content.ReleaseVersion.ToString(), Is.EqualTo("1.0.0"));
        Assert.That(Keyholder.ReadSettings().Key("approver-2"), Is.EqualTo(_world.HomeFolder.ReadSettings().Key("approver-2")));
    }

    [Test]
    [Proves("H-13")]
    public async Task Signatures_that_come_twice_are_as_good_as_once()
    {
        string file = await BegunAsync(RaiseRoot, "root-1");
        await ExportAsync();
        (await SignAsync(file, "root-3")).Ok();
        string once = (await ImportAsync()).Ok().Output;
        string[] before = _world.Files();
        Assert.That((await ImportAsync()).Ok().Output, Is.EqualTo(once));
        Assert.That(_world.Files(), Is.EqualTo(before));
    }

    [Test]
    [Proves("H-12")]
    public async Task A45_Keyholder_who_was_told_another_ceremony_signs_nothing()
    {
        await BegunAsync(RaiseRoot);
        await ExportAsync();
        await IsNotSignedAsync("root-3", $"ceremony: wanted the file {new string('a', 64)} (the one that was reviewed), got ", new string('a', 64));
    }

    [Test]
    [Proves("H-12")]
    public async Task A45_Package_whose_change_is_not_what_the_file_asks_for_is_not_signed()
    {
        string file = await BegunAsync("version: 1\nkind: change\nreason: A test.\nroles: [root]\nrenew: true\n");
        await ExportAsync();
        string proposal = Path.Combine(Package, "change/proposal.json");
        await File.WriteAllTextAsync(proposal, (await File.ReadAllTextAsync(proposal)).Replace("\"removeKeys\": []", "\"removeKeys\": [\"root-1\"]", StringComparison.Ordinal));
        await IsNotSignedAsync("root-3", "ceremony: wanted the change of file ", CeremonyWorld.DigestOf(file));
    }

    [Test]
    [Proves("H-12")]
    public async Task A45_Package_whose_effects_do_not_follow_is_not_signed()
    {
        string file = await BegunAsync("version: 1\nkind: change\nreason: A test.\nroles: [root]\nrenew: true\n");
        await ExportAsync();
        string proposal = Path.Combine(Package, "change/proposal.json");
        await File.WriteAllTextAsync(proposal, (await File.ReadAllTextAsync(proposal)).Replace("sha256 of the signed bytes", "sha256 of other bytes", StringComparison.Ordinal));
        await IsNotSignedAsync("root-3", "wanted the effects that follow from the repository and the ceremony's file, got others", CeremonyWorld.DigestOf(file));
    }

    [Test]
    [Proves("H-12")]
    public async Task A02_Keyholder_who_is_shown_an_old_repository_signs_nothing()
    {
        string first = await BegunAsync(RaiseRoot);
        await ExportAsync();
        string old = _world.PathOf("old-package");
        Directory.Move(Package, old);
        (await _world.RunCeremonyAsync(first)).Ok();
        string second = await BegunAsync("version: 1\nkind: change\nreason: A test.\nroles: [targets]\nrenew: true\n");
        await ExportAsync();
        (await SignAsync(second, "targets")).Ok();
        Directory.Delete(Package, recursive: true);
        Directory.Move(old, Package);
        await IsNotSignedAsync("root-3", "package: role root: wanted version 2 or later, which this home has seen, got 1", CeremonyWorld.DigestOf(_world.PathOf("first.yaml")));
    }

    [Test]
    [Proves("H-12")]
    public async Task A13_Package_with_a_root_that_does_not_follow_is_not_signed()
    {
        using SignerWorld other = await SignerWorld.CreateAsync();
        string file = await BegunAsync(RaiseRoot);
        await ExportAsync();
        File.Copy(Path.Combine(other.HomeFolder.Repository, "metadata/1.root.json"), Path.Combine(Package, "metadata/2.root.json"));
        string state = Path.Combine(Package, "state.json");
        await File.WriteAllTextAsync(state, (await File.ReadAllTextAsync(state)).Replace("\"root\": 1", "\"root\": 2", StringComparison.Ordinal));
        await IsNotSignedAsync("root-3", nameof(RejectionReason.ThresholdNotMet), CeremonyWorld.DigestOf(file));
    }

    [TestCase("keys/0/keyId", "0000000000000000000000000000000000000000000000000000000000000000", "package: signer.json: key 'root-1': wanted key id ")]
    [TestCase("keys/0/token", "other", "package: signer.json: key 'root-1': wanted key id ")]
    [TestCase("products/0/className", "another pump", "package: signer.json: product infusion-pump: wanted (pumps.example, infusion-pump rev B, 65536), as this home knows it, got (pumps.example, another pump, 65536)")]
    [TestCase("roles/root/threshold", "3", "role root: wanted 2 of root-1, root-2, root-3, as signed metadata says, got 3 of root-1, root-2, root-3")]
    [Proves("H-12")]
    public async Task A45_Package_that_says_otherwise_than_the_home_knows_is_not_signed(string path, string value, string reason)
    {
        string file = await BegunAsync("version: 1\nkind: change\nreason: A test.\nroles: [targets]\nrenew: true\n");
        await ExportAsync();
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
        await IsNotSignedAsync("root-3", reason, CeremonyWorld.DigestOf(file));
        Assert.That(await File.ReadAllTextAsync(Keyholder.Settings), Is.EqualTo(own));
    }

    [Test]
    [Proves("H-12")]
    public async Task Key_that_has_no_part_in_the_ceremony_signs_nothing()
    {
        string file = await BegunAsync(RaiseRoot);
        await ExportAsync();
        await IsNotSignedAsync("approver", "key 'approver' has nothing to sign in change ", CeremonyWorld.DigestOf(file));
    }

    [Test]
    [Proves("H-12")]
    public async Task Keyholder_does_not_lose_another_change_that_is_on_its_way()
    {
        string file = await BegunAsync(RaiseRoot);
        await ExportAsync();
        Directory.CreateDirectory(Keyholder.Change);
        await File.WriteAllTextAsync(Keyholder.Proposal, (await File.ReadAllTextAsync(_world.HomeFolder.Proposal)).Replace("\"renew\": false", "\"renew\": true", StringComparison.Ordinal));
        (await SignAsync(file, "root-3")).Refused("`fota-signer role discard` drops the former");
        (await _world.RunAsync("role", "discard", "--home", Keyholder.Root)).Ok();
        (await SignAsync(file, "root-3")).Ok();
    }

    [TestCase("change", "signatures: change: wanted ")]
    [TestCase("ceremony", "signatures: ceremony: wanted ")]
    [TestCase("key_id", "has nothing to sign in change ")]
    [TestCase("statement", "signatures: its statement: wanted a signature of key 'root-3' over what is to be signed here, got another")]
    [TestCase("roles/root", "signatures: role root 2: wanted a signature of key 'root-3' over what is to be signed here, got another")]
    [Proves("H-13")]
    public async Task A45_Signatures_with_one_value_of_another_are_refused_and_none_is_kept(string path, string reason)
    {
        string file = await BegunAsync(RaiseRoot);
        await ExportAsync();
        (await SignAsync(file, "root-2")).Ok();
        JsonNode other = JsonNode.Parse(await File.ReadAllTextAsync(Signatures))!;
        (await SignAsync(file, "root-3")).Ok();
        JsonNode own = JsonNode.Parse(await File.ReadAllTextAsync(Signatures))!;
        string[] parts = path.Split('/');
        if (parts.Length == 2)
        {
            own[parts[0]]![parts[1]] = other[parts[0]]![parts[1]]!.GetValue<string>();
        }
        else
        {
            own[path] = path == "statement" ? other[path]!.GetValue<string>() : new string('c', 64);
        }

        await IsNotImportedAsync(own, reason);
    }

    [Test]
    [Proves("H-13")]
    public async Task A45_Signatures_over_a_role_that_is_not_the_keys_are_refused()
    {
        string file = await BegunAsync(RaiseRoot);
        await ExportAsync();
        (await SignAsync(file, "root-3")).Ok();
        JsonNode carried = JsonNode.Parse(await File.ReadAllTextAsync(Signatures))!;
        carried["roles"]!["targets"] = carried["roles"]!["root"]!.GetValue<string>();
        await IsNotImportedAsync(carried, "signatures: role targets: wanted a role that key 'root-3' signs now in this change, got another");
    }

    [TestCase("{}")]
    [TestCase("null")]
    [TestCase("{\"version\":2")]
    [Proves("H-13")]
    public async Task P10_What_is_no_document_of_signatures_is_refused(string text)
    {
        await BegunAsync(RaiseRoot);
        await File.WriteAllTextAsync(Signatures, text);
        (await ImportAsync()).Refused("signatures: ");
    }

    [Test]
    public async Task Nothing_is_exported_where_no_ceremony_is_on_its_way()
    {
        (await _world.RunAsync("ceremony", "export", "--home", _world.Home, "--out", Package)).Refused("no change is on its way");
        await _world.ProposeAsync("--role root --renew");
        (await _world.RunAsync("ceremony", "export", "--home", _world.Home, "--out", Package)).Refused("is no ceremony's: `fota-signer role sign` signs it");
        Assert.That(Directory.Exists(Package), Is.False);
    }

    [Test]
    [Proves("H-11")]
    public async Task P7_Package_holds_no_private_key_and_is_not_written_over_another()
    {
        await BegunAsync(RaiseRoot, "root-1");
        await ExportAsync();
        string[] files = Directory.GetFiles(Package, "*", SearchOption.AllDirectories);
        Assert.That(files.Where(file => PrivateKeyScan.Finds(File.ReadAllBytes(file))), Is.Empty);
        Assert.That(files.Select(file => Path.GetRelativePath(Package, file)), Does.Contain("metadata/1.root.json").And.Contain("change/ceremony.yaml").And.Contain("change/statements/root-1.sig").And.No.Member("journal.db"));
        (await _world.RunAsync("ceremony", "export", "--home", _world.Home, "--out", Package)).Refused("exists: wanted a folder to be made");
    }

    [Test]
    [Proves("H-12")]
    public async Task A48_Keyholder_whose_machine_died_signs_in_the_next_run_and_nothing_twice()
    {
        string file = await BegunAsync(RaiseRoot);
        await ExportAsync();
        int left = 1;
        _world.Module = module => new FaultyModule(module, sign => left-- > 0 ? sign() : throw new IOException("killed"));
        Assert.That((await SignAsync(file, "root-3")).Error, Does.Contain("killed"));
        _world.Module = static module => module;
        Assert.That((await SignAsync(file, "root-3")).Ok().Output, Does.Contain("signed: 1 with root-3"));
        string journal = (await _world.RunAsync("journal", "--home", Keyholder.Root)).Ok().Output;
        Assert.That(journal.Split('\n').Count(static line => line.Contains($" {nameof(SigningPurpose.Ceremony)} ", StringComparison.Ordinal)), Is.EqualTo(1), journal);
        (await ImportAsync()).Ok();
    }

    /// <summary>A ceremony on its way, signed by these keys.</summary>
    private async Task<string> BegunAsync(string yaml, string? keys = null)
    {
        string file = _world.Ceremony(yaml, File.Exists(_world.PathOf("first.yaml")) ? "second.yaml" : "first.yaml");
        (keys is null ? await _world.RunAsync("ceremony", "run", file, "--home", _world.Home) : await _world.RunCeremonyAsync(file, keys)).Ok();
        return file;
    }

    private async Task ExportAsync() => (await _world.RunAsync("ceremony", "export", "--home", _world.Home, "--out", Package)).Ok();

    private Task<CommandResult> SignAsync(string file, string key) => SignAsAsync(key, CeremonyWorld.DigestOf(file));

    private Task<CommandResult> SignAsAsync(string key, string ceremony) =>
        _world.RunAsync("ceremony", "sign", "--home", Keyholder.Root, "--package", Package, "--ceremony", ceremony, "--key", key, "--pin-file", _world.PinFile(key), "--out", Signatures);

    private Task<CommandResult> ImportAsync() => _world.RunAsync("ceremony", "import", Signatures, "--home", _world.Home);

    private async Task IsNotSignedAsync(string key, string reason, string ceremony)
    {
        File.Delete(Signatures);
        (await SignAsAsync(key, ceremony)).Refused(reason);
        Assert.That(File.Exists(Signatures), Is.False);
        Assert.That((await _world.RunAsync("journal", "--home", Keyholder.Root)).Ok().Output, Does.Not.Contain($" {key} "));
    }

    private async Task IsNotImportedAsync(JsonNode carried, string reason)
    {
        string[] before = _world.Files();
        await File.WriteAllTextAsync(Signatures, carried.ToJsonString(new JsonSerializerOptions()));
        (await ImportAsync()).Refused(reason);
        Assert.That(_world.Files(), Is.EqualTo(before));
    }
}
