using System.Text.Json.Nodes;
using Fota.Manifest.Log;
using Fota.Signer.Ceremony;
using Fota.Signer.Home;
using Fota.Signer.Log;
using Fota.Signer.Roles;
using Fota.Signer.Tests.Log;
using Fota.TestKit;

namespace Fota.Signer.Tests.Ceremonies;

/// <summary>Somebody who can write into the signer's home, or into what is sent, alters a ceremony: it stops, and nothing changes.</summary>
[TestFixture]
public sealed class CeremonyTamperingTests
{
    private const string Renew = "version: 1\nkind: change\nreason: A test.\nroles: [root]\nrenew: true\n";
    private const string Raise = "version: 1\nkind: change\nreason: A test.\nroles: [root]\nthreshold: 3\n";

    private SignerWorld _world = null!;

    private HomeFolder Keyholder => new(_world.PathOf("keyholder"));

    private string Package => _world.PathOf("package");

    [SetUp]
    public async Task Make()
    {
        _world = await SignerWorld.CreateAsync();
        (await _world.RunAsync("approval", "home", "--home", Keyholder.Root, "--root", Path.Combine(_world.HomeFolder.Repository, "metadata/1.root.json"), "--settings", _world.HomeFolder.Settings)).Ok();
    }

    [TearDown]
    public void Remove() => _world.Dispose();

    [Test]
    [Proves("H-12")]
    public async Task A53_Label_that_leads_elsewhere_is_refused_and_writes_nothing()
    {
        string file = await ExportedAsync(Renew);
        await EditAsync(Path.Combine(Package, "signer.json"), root => root["keys"]!.AsArray().Add(new JsonObject { ["label"] = "../planted", ["token"] = "t", ["serial"] = "s", ["keyId"] = _world.HomeFolder.ReadSettings().Key("root-1").KeyId }));
        File.Copy(Path.Combine(Package, "keys/root-1.pem"), Path.Combine(Package, "planted.pem"));
        (await SignAsync(file, "root-3")).Refused("package: signer.json: a key's label: wanted 1 to 32 of a-z, 0-9 and '-', got \"../planted\"");
        Assert.That(File.Exists(Path.Combine(Keyholder.Root, "planted.pem")), Is.False);
    }

    [Test]
    [Proves("H-12")]
    public async Task P10_Package_that_was_refused_leaves_no_key_in_the_way_of_the_next_one()
    {
        (await _world.MakeKeyAsync("root-4")).Ok();
        string file = await ExportedAsync(CeremonyWorld.RotateRoot);
        string settings = Path.Combine(Package, "signer.json"), genuine = await File.ReadAllTextAsync(settings), pem = await File.ReadAllTextAsync(Path.Combine(Package, "keys/root-4.pem"));
        await EditAsync(settings, root => root["keys"]!.AsArray().Single(static key => (string)key!["label"]! == "root-4")!["keyId"] = _world.HomeFolder.ReadSettings().Key("root-1").KeyId);
        File.Copy(Path.Combine(Package, "keys/root-1.pem"), Path.Combine(Package, "keys/root-4.pem"), overwrite: true);
        Assert.That((await SignAsync(file, "root-3")).ExitCode, Is.EqualTo(1));
        await File.WriteAllTextAsync(settings, genuine);
        await File.WriteAllTextAsync(Path.Combine(Package, "keys/root-4.pem"), pem);
        (await SignAsync(file, "root-3")).Ok();
    }

    [Test]
    [Proves("H-12")]
    public async Task P6_Package_does_not_take_back_that_a_product_wants_an_sbom()
    {
        await EditAsync(Keyholder.Settings, static root => root["products"]![0]!["sbomRequired"] = true);
        string file = await ExportedAsync(Renew);
        (await SignAsync(file, "root-3")).Ok();
        Assert.That(Keyholder.ReadSettings().Products[0].SbomRequired, Is.True);
    }

    [Test]
    [Proves("H-12")]
    public async Task A45_Signers_home_does_not_lengthen_what_a_keyholder_signs()
    {
        await EditAsync(_world.HomeFolder.Settings, static root => root["roles"]!["root"]!["expiresDays"] = 3650);
        string file = await ExportedAsync(Renew);
        (await SignAsync(file, "root-3")).Refused("package: signer.json: role root: expiresDays: wanted 730, as this home knows it, got 3650; an earlier change may have set it: `fota-signer approval home --update`");
    }

    [Test]
    [Proves("H-12")]
    public async Task A45_Signers_home_does_not_lengthen_what_an_approver_will_sign()
    {
        await EditAsync(_world.HomeFolder.Settings, static root => root["products"]![0]!["expiresDays"] = 3650);
        string file = await ExportedAsync(Renew);
        (await SignAsync(file, "root-3")).Ok();
        Assert.That(Keyholder.ReadSettings().Products[0].ExpiresDays, Is.EqualTo(180));
    }

    [Test]
    [Proves("H-5", "H-12")]
    public async Task A45_Key_that_took_the_name_of_the_reviewed_one_is_not_signed_in()
    {
        (await _world.MakeKeyAsync("root-4")).Ok();
        (await _world.MakeKeyAsync("evil")).Ok();
        string file = _world.Ceremony(CeremonyWorld.RotateRoot);
        await EditAsync(_world.HomeFolder.Settings, static root =>
        {
            JsonNode good = root["keys"]!.AsArray().Single(static key => (string)key!["label"]! == "root-4")!, evil = root["keys"]!.AsArray().Single(static key => (string)key!["label"]! == "evil")!;
            (good["label"], evil["label"]) = ("evil", "root-4");
        });
        string pem = _world.HomeFolder.PublicKeyFile("root-4"), other = _world.HomeFolder.PublicKeyFile("evil"), aside = _world.PathOf("aside");
        File.Move(pem, aside);
        File.Move(other, pem);
        File.Move(aside, other);
        const string Reason = "ceremony: key 'root-4': wanted key id ";
        (await _world.RunCeremonyAsync(file)).Refused(Reason);
        (await _world.RunAsync("ceremony", "plan", file, "--home", _world.Home)).Refused(Reason);
        Assert.That(Directory.Exists(_world.HomeFolder.Change), Is.False);
    }

    [Test]
    [Proves("H-10")]
    public async Task A45_Change_with_a_signature_that_no_statement_tells_of_is_not_put_in_force()
    {
        string file = _world.Ceremony(Raise);
        (await _world.RunCeremonyAsync(file, "root-1")).Ok();
        Directory.Delete(_world.HomeFolder.Statements, recursive: true);
        CommandResult result = (await _world.RunCeremonyAsync(file, "root-2,root-3,online")).Ok();
        Assert.That(result.Output, Does.Contain("wanted: key root-1: wanted its statement that it takes part, as it signed in this change, got none\n"));
        Assert.That(Client.Update(_world).Root.Version, Is.EqualTo(1));
        Assert.That((await _world.RunCeremonyAsync(file, "root-1,online")).Ok().Output, Does.Contain("applied: "));
    }

    [Test]
    [Proves("H-5")]
    public async Task A45_Change_of_a_ceremony_that_lost_its_name_is_not_applied()
    {
        string file = _world.Ceremony(Raise);
        (await _world.RunCeremonyAsync(file, "root-1,root-2,root-3")).Ok();
        Proposal own = Proposal.Find(_world.HomeFolder)!;
        Proposal bare = new(own.Request with { Ceremony = null }, [.. own.Effects.Where(static line => !line.StartsWith("ceremony: ", StringComparison.Ordinal))]);
        await File.WriteAllBytesAsync(_world.HomeFolder.Proposal, bare.ToJson());
        (await _world.ApplyAsync(bare.Digest.ToString())).Refused("names no ceremony, and a ceremony's file or statements lie in it");
        Assert.That(Client.Update(_world).Root.Version, Is.EqualTo(1));
    }

    [TestCase("")]
    [TestCase("copied")]
    [Proves("H-5", "H-9")]
    public async Task A45_Transcript_that_somebody_put_there_stands_for_no_ceremony(string signature)
    {
        string file = _world.Ceremony(Raise), forged = Path.Combine(_world.HomeFolder.Transcript, "change-0.json");
        await File.WriteAllTextAsync(forged, $"{{\"ceremonySha256\": \"{CeremonyWorld.DigestOf(file)}\"}}");
        if (signature.Length > 0)
        {
            File.Copy(Path.Combine(_world.HomeFolder.Transcript, "ceremony.json.root-1.sig"), forged + ".online.sig");
        }

        string reason = $"{forged}: wanted the transcript of a ceremony that this home put in force, got one with no signature of a key that signed timestamps here";
        (await _world.RunCeremonyAsync(file)).Refused(reason);
        (await _world.RunAsync("ceremony", "plan", file, "--home", _world.Home)).Refused(reason);
    }

    [Test]
    [Proves("H-5")]
    public async Task A48_Signed_transcript_of_a_change_that_was_not_decided_stands_for_no_ceremony()
    {
        string file = _world.Ceremony(Raise);
        SignerWorld other = _world;
        (await other.RunCeremonyAsync(file)).Ok();
        string state = await File.ReadAllTextAsync(_world.Repository.FullPath("state.json"));
        await File.WriteAllTextAsync(_world.Repository.FullPath("state.json"), state.Replace("\"root\": 2", "\"root\": 1", StringComparison.Ordinal));
        Assert.That(() => HeldCeremony.Find(_world.HomeFolder, Fota.Manifest.Sha256Digest.Parse(CeremonyWorld.DigestOf(file))),
            Throws.TypeOf<SignerRefusalException>().With.Message.Contains("got one with root 2 where 1 is in force"));
    }

    [Test]
    [Proves("H-3")]
    public async Task Plan_of_a_ceremony_that_was_held_says_so_and_nothing_else()
    {
        string file = _world.Ceremony(Renew);
        (await _world.RunCeremonyAsync(file)).Ok();
        CommandResult plan = (await _world.RunAsync("ceremony", "plan", file, "--home", _world.Home)).Ok();
        Assert.That(plan.Output, Does.Match("^ceremony: [0-9a-f]{64}\nreason: A test.\nheld: on .*, change [0-9a-f]{64}; nothing is left to do\n$"));
    }

    [Test]
    [Proves("H-3")]
    public async Task Plan_and_run_refuse_a_key_that_its_policy_keeps_out_of_the_role_before_anybody_signs()
    {
        (await _world.MakeKeyAsync("root-4")).Ok();
        await File.WriteAllTextAsync(_world.HomeFolder.KeyPolicy, "version: 1\nkeys:\n  - label: root-4\n    role: product\n    formats: [suit, tuf, statement]\n    mechanisms: [ecdsa-p256-sha256]\n    usageLimit: none\n    notAfter: none\n");
        string file = _world.Ceremony(CeremonyWorld.RotateRoot);
        const string Reason = "policy of key 'root-4': wanted role product, got role root";
        (await _world.RunAsync("ceremony", "plan", file, "--home", _world.Home)).Refused(Reason);
        (await _world.RunCeremonyAsync(file)).Refused(Reason);
        Assert.That(Directory.Exists(_world.HomeFolder.Change), Is.False);
    }

    [Test]
    [Proves("H-3")]
    public async Task Plan_refuses_a_change_of_tomorrow_as_run_does()
    {
        string file = _world.Ceremony(Renew);
        (await _world.RunAsync("ceremony", "run", file, "--home", _world.Home)).Ok();
        _world.Clock.Step(TimeSpan.FromDays(-3));
        (await _world.RunAsync("ceremony", "plan", file, "--home", _world.Home)).Refused("change: wanted one that was proposed by now");
        (await _world.RunCeremonyAsync(file)).Refused("change: wanted one that was proposed by now");
    }

    [Test]
    [Proves("H-4")]
    public async Task Plan_says_of_a_key_that_an_earlier_change_took_where_it_may_still_count()
    {
        await _world.ReleaseAsync("1.0.0");
        (await _world.MakeKeyAsync("approver-2")).Ok();
        await _world.ChangeAsync("--role infusion-pump --add-key approver-2 --remove-key approver", "targets approver-2 release");
        string text = (await _world.RunAsync("ceremony", "plan", _world.Ceremony(Raise), "--home", _world.Home)).Ok().Output;
        Assert.That(text, Does.Match("  approver +signs nothing +nothing any more for infusion-pump, at devices that have seen the change; boot loaders")
            .And.Contain("warning: root: no key to spare: 3 of 3 have to sign"));
    }

    [Test]
    [Proves("H-11")]
    public async Task P7_Export_follows_no_link_out_of_the_home()
    {
        string file = _world.Ceremony(Renew);
        (await _world.RunAsync("ceremony", "run", file, "--home", _world.Home)).Ok();
        File.Delete(_world.HomeFolder.CeremonyFile);
        File.CreateSymbolicLink(_world.HomeFolder.CeremonyFile, _world.PinFile("root-1"));
        (await _world.RunAsync("ceremony", "export", "--home", _world.Home, "--out", Package)).Refused("ceremony.yaml: wanted a regular file, got a link");
        Assert.That(Directory.Exists(Package), Is.False);
    }

    [Test]
    [Proves("H-12")]
    public async Task A53_Pipe_in_a_package_is_refused_and_not_waited_for()
    {
        string file = await ExportedAsync(Renew), pipe = Path.Combine(Package, "change/ceremony.yaml");
        File.Delete(pipe);
        Assert.That(Programs.Run("mkfifo", pipe).ExitCode, Is.Zero);
        (await SignAsync(file, "root-3")).Refused("ceremony.yaml: wanted a regular file, got something else");
    }

    [Test]
    [Proves("H-12")]
    public async Task A53_Package_of_more_files_than_a_change_has_is_refused_before_one_is_copied()
    {
        string file = await ExportedAsync(Renew), statements = Path.Combine(Package, "change/statements");
        _ = Directory.CreateDirectory(statements);
        for (int i = 0; i <= 10_000; i++)
        {
            await File.WriteAllBytesAsync(Path.Combine(statements, $"{i}"), []);
        }

        (await SignAsync(file, "root-3")).Refused("wanted at most 10000 files of a change, got more");
        Assert.That(Directory.Exists(Keyholder.Change) || Directory.Exists(Keyholder.Change + ".staged"), Is.False);
    }

    [TestCase("2.snapshot.json", "snapshot.json: wanted version 2, got 1")]
    [TestCase("1.snapshot.json", "role snapshot")]
    [Proves("H-12")]
    public async Task A18_Snapshot_in_a_package_is_the_online_keys_and_of_the_number_that_it_bears(string sent, string reason)
    {
        string file = await ExportedAsync(Renew), genuine = Path.Combine(Package, "metadata/1.snapshot.json"), named = Path.Combine(Package, "metadata", sent);
        if (named != genuine)
        {
            File.Move(genuine, named);
        }
        else
        {
            string text = await File.ReadAllTextAsync(genuine);
            int year = text.IndexOf("\"expires\":\"", StringComparison.Ordinal) + "\"expires\":\"".Length;
            await File.WriteAllTextAsync(genuine, $"{text[..year]}2126{text[(year + 4)..]}");
        }

        (await SignAsync(file, "root-3")).Refused(reason);
        Assert.That(File.Exists(Path.Combine(Keyholder.Repository, "metadata", sent)), Is.False);
    }

    [Test]
    [Proves("L-21")]
    public async Task P8_Ceremony_that_was_killed_as_it_began_stands_in_the_log()
    {
        string file = _world.Ceremony(Renew);
        await File.WriteAllTextAsync(_world.HomeFolder.Change, "in the way: as if the process ended right before the rename");
        Assert.That((await _world.RunAsync("ceremony", "run", file, "--home", _world.Home)).ExitCode, Is.EqualTo(1));
        File.Delete(_world.HomeFolder.Change);
        (await _world.OnlineAsync()).Ok();
        List<LogEntry> entries = await _world.LogEntriesAsync();
        Assert.That(entries.Count(static entry => entry.Kind == LogKinds.CeremonyBegun), Is.EqualTo(1), "one too many, never one too few");
    }

    [Test]
    [Proves("H-7")]
    public async Task P6_Keys_of_targets_and_the_online_key_are_not_used_in_one_run()
    {
        string file = _world.Ceremony("version: 1\nkind: change\nreason: A test.\nroles: [targets]\nrenew: true\n");
        (await _world.RunCeremonyAsync(file)).Refused("this run would use targets, which make the role targets, and the online key 'online', and together they make releases");
        (await _world.RunCeremonyAsync(file, "targets")).Ok();
        Assert.That((await _world.RunCeremonyAsync(file, "online")).Ok().Output, Does.Contain("applied: "));
    }

    [Test]
    [Proves("H-5")]
    public async Task A45_Keys_sign_only_for_a_file_that_somebody_named()
    {
        string file = _world.Ceremony(Renew);
        (await _world.RunAsync("ceremony", "run", file, "--home", _world.Home, "--pin-dir", _world.Pins)).Refused("--ceremony: wanted the digest of the file as its reviewers wrote it down, as keys are to sign, got none");
    }

    [Test]
    [Proves("H-12")]
    public async Task Keyholder_sees_what_changes_before_anything_is_signed()
    {
        string file = await ExportedAsync(Raise);
        CommandResult seen = (await _world.RunAsync("ceremony", "sign", "--home", Keyholder.Root, "--package", Package, "--ceremony", CeremonyWorld.DigestOf(file))).Ok();
        Assert.That(seen.Output, Does.Contain("  + threshold of root: 3\n").And.Contain($"change: {CeremonyWorld.ChangeOf(Package)}\n"));
        Assert.That((await _world.RunAsync("journal", "--home", Keyholder.Root)).Ok().Output, Does.Not.Contain("root-3"));
        (await _world.RunAsync("ceremony", "sign", "--home", Keyholder.Root, "--package", Package, "--ceremony", CeremonyWorld.DigestOf(file), "--key", "root-3", "--pin-file", _world.PinFile("root-3"), "--out", _world.PathOf("s.json"), "--change", CeremonyWorld.NoKey))
            .Refused("(the one to be signed), got ");
        (await SignAsync(file, "root-3")).Ok();
    }

    private async Task<string> ExportedAsync(string yaml)
    {
        string file = _world.Ceremony(yaml);
        (await _world.RunAsync("ceremony", "run", file, "--home", _world.Home)).Ok();
        (await _world.RunAsync("ceremony", "export", "--home", _world.Home, "--out", Package)).Ok();
        return file;
    }

    private Task<CommandResult> SignAsync(string file, string key) =>
        _world.RunAsync("ceremony", "sign", "--home", Keyholder.Root, "--package", Package, "--ceremony", CeremonyWorld.DigestOf(file), "--key", key, "--pin-file", _world.PinFile(key), "--out", _world.PathOf("signatures.json"), "--change", CeremonyWorld.ChangeOf(Package));

    private static async Task EditAsync(string file, Action<JsonNode> edit)
    {
        JsonNode root = JsonNode.Parse(await File.ReadAllTextAsync(file))!;
        edit(root);
        await File.WriteAllTextAsync(file, root.ToJsonString(new System.Text.Json.JsonSerializerOptions { WriteIndented = true }));
    }
}
