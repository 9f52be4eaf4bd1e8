using System.Text.Json;
using System.Text.Json.Nodes;
using Fota.Manifest.Log;
using Fota.Signer.Home;
using Fota.Signer.Log;
using Fota.Signer.Tests.Log;
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
    [Proves("H-11", "H-13", "L-20")]
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

        (await _world.OnlineAsync()).Ok();
        List<LogEntry> entries = [.. (await _world.LogEntriesAsync()).Where(entry => entry.Facts.GetValueOrDefault("ceremony") == CeremonyWorld.DigestOf(file))];
        Assert.That(entries.Select(static entry => (entry.Kind, entry.Actor, entry.Subject)), Is.EqualTo([(LogKinds.CeremonyBegun, "-", "root"), (LogKinds.CeremonySigned, "root-3", "root"), (LogKinds.CeremonyHeld, "-", "root")]));
        Assert.That(entries[^1].Facts["transcript"], Is.EqualTo(CeremonyWorld.DigestOf(_world.Transcripts().Single())));
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

    [TestCase("possession", "signatures: its agreement: wanted a signature of key 'approver-2' over what is to be signed here, got another")]
    [TestCase("envelopes", "signatures: infusion-pump/1.0.0/manifest.suit: wanted a signature of key 'approver-2' over what is to be signed here, got another")]
    [Proves("H-13")]
    public async Task A45_New_key_whose_agreement_or_release_bears_no_signature_of_its_own_is_refused(string member, string reason)
    {
        await _world.ReleaseAsync("1.0.0");
        (await _world.MakeKeyAsync("approver-2")).Ok();
        string file = await BegunAsync(ReplaceApprover);
        await ExportAsync();
        (await SignAsync(file, "approver-2")).Ok();
        JsonNode carried = JsonNode.Parse(await File.ReadAllTextAsync(Signatures))!;
        string envelope = Directory.GetFiles(Path.Combine(_world.HomeFolder.Repository, "targets/infusion-pump/1.0.0"), "*.suit").Single();
        JsonNode unsigned = member == "possession" ? carried["statement"]!.DeepClone() : new JsonObject { ["infusion-pump/1.0.0/manifest.suit"] = Convert.ToBase64String(await File.ReadAllBytesAsync(envelope)) };
        carried[member] = unsigned;
        await File.WriteAllTextAsync(Signatures, carried.ToJsonString(new JsonSerializerOptions()));
        string[] before = _world.Files();
        (await ImportAsync()).Refused(reason);
        Assert.That(_world.Files(), Is.EqualTo(before));
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
        (await SignAsync(first, "root-3")).Refused("package: role root: wanted version 2 or later, which this home has seen, got 1");
        Assert.That((await _world.RunAsync("journal", "--home", Keyholder.Root)).Ok().Output, Does.Not.Contain(" root-3 "));
    }

    [Test]
    public async Task Nothing_is_exported_where_no_ceremony_is_on_its_way()
    {
        (await _world.RunAsync("ceremony", "export", "--home", _world.Home, "--out", Package)).Refused("no change is on its way");
        await _world.ProposeAsync("--role root --renew");
        (await _world.RunAsync("ceremony", "export", "--home", _world.Home, "--out", Package)).Refused("is no ceremony's: `fota-signer role sign` signs it");
        Assert.That(Directory.Exists(Package), Is.False);
    }

    /// <summary>A ceremony on its way, signed by these keys.</summary>
    private async Task<string> BegunAsync(string yaml, string? keys = null)
    {
        string file = _world.Ceremony(yaml, File.Exists(_world.PathOf("first.yaml")) ? "second.yaml" : "first.yaml");
        (keys is null ? await _world.RunAsync("ceremony", "run", file, "--home", _world.Home) : await _world.RunCeremonyAsync(file, keys)).Ok();
        return file;
    }

    private async Task ExportAsync() => (await _world.RunAsync("ceremony", "export", "--home", _world.Home, "--out", Package)).Ok();

    private Task<CommandResult> SignAsync(string file, string key) =>
        _world.RunAsync("ceremony", "sign", "--home", Keyholder.Root, "--package", Package, "--ceremony", CeremonyWorld.DigestOf(file), "--key", key, "--pin-file", _world.PinFile(key), "--out", Signatures, "--change", CeremonyWorld.ChangeOf(Package));

    private Task<CommandResult> ImportAsync() => _world.RunAsync("ceremony", "import", Signatures, "--home", _world.Home);
}
