using Fota.Signer.Keys;
using Fota.TestKit;

namespace Fota.Signer.Tests.Ceremonies;

/// <summary>Runs that are refused: nothing is in force after any of them, so that they share a home.</summary>
[TestFixture]
public sealed class CeremonyRefusalTests
{
    private const string RaiseRoot = "version: 1\nkind: change\nreason: A test.\nroles: [root]\nthreshold: 3\n";

    private SignerWorld _world = null!;

    [OneTimeSetUp]
    public async Task MakeHome() => _world = await SignerWorld.CreateAsync();

    [OneTimeTearDown]
    public void RemoveHome() => _world.Dispose();

    [TearDown]
    public void DropWhatWasBegun()
    {
        _world.Environment.Clear();
        Assert.That(_world.Transcripts(), Is.Empty);
        if (Directory.Exists(_world.HomeFolder.Change))
        {
            Directory.Delete(_world.HomeFolder.Change, recursive: true);
        }
    }

    [Test]
    [Proves("H-7")]
    public async Task P6_Run_with_another_root_PIN_in_the_environment_is_refused()
    {
        _world.Environment[PinSource.VariableOf(_world.Token("root-1"))] = "pin of root-1";
        (await _world.RunCeremonyAsync(_world.Ceremony(RaiseRoot), "root-2")).Refused("this process can reach 2 keys of role root (root-1, root-2)");
    }

    [TestCase("root-2,targets", "key 'targets' has nothing to sign in change ")]
    [TestCase("root-9", "no key 'root-9' in this home")]
    public async Task Key_that_is_named_and_of_no_use_is_refused(string keys, string reason) => (await _world.RunCeremonyAsync(_world.Ceremony(RaiseRoot), keys)).Refused(reason);

    [Test]
    public async Task Key_that_is_named_without_its_PIN_is_refused()
    {
        File.Move(_world.PinFile("root-2"), _world.PinFile("root-2") + ".away");
        (await _world.RunCeremonyAsync(_world.Ceremony(RaiseRoot), "root-2")).Refused($"key 'root-2': wanted the PIN of token '{_world.Token("root-2")}' in {_world.PinFile("root-2")}, got none");
        File.Move(_world.PinFile("root-2") + ".away", _world.PinFile("root-2"));
    }

    [Test]
    [Proves("H-5")]
    public async Task A45_File_that_is_another_than_was_reviewed_is_not_run()
    {
        string file = _world.Ceremony(RaiseRoot), reviewed = CeremonyWorld.DigestOf(file);
        await File.AppendAllTextAsync(file, "removeKeys: [root-1]\n");
        (await _world.RunCeremonyAsync(file, null, "--ceremony", reviewed)).Refused($"ceremony: wanted the file {reviewed} (the one that was reviewed), got ");
        Assert.That(Directory.Exists(_world.HomeFolder.Change), Is.False);
    }

    [Test]
    [Proves("H-5")]
    public async Task A45_Change_of_another_file_or_of_none_is_not_taken_for_the_ceremonys()
    {
        (await _world.RunAsync("ceremony", "run", _world.Ceremony(RaiseRoot), "--home", _world.Home)).Ok();
        string other = _world.Ceremony("version: 1\nkind: change\nreason: A test.\nroles: [root]\nrenew: true\n", "other.yaml");
        (await _world.RunCeremonyAsync(other)).Refused($"ceremony: wanted the change of file {CeremonyWorld.DigestOf(other)}, got change ");
        (await _world.RunAsync("role", "discard", "--home", _world.Home)).Ok();
        await _world.ProposeAsync("--role root --renew");
        (await _world.RunCeremonyAsync(other)).Refused("of no ceremony on its way");
    }

    [Test]
    [Proves("H-5")]
    public async Task A45_Proposal_that_claims_the_file_and_asks_for_something_else_is_refused()
    {
        string file = _world.Ceremony("version: 1\nkind: change\nreason: A test.\nroles: [targets]\nexpiresDays: 100\n");
        (await _world.RunAsync("ceremony", "run", file, "--home", _world.Home)).Ok();
        string proposal = await File.ReadAllTextAsync(_world.HomeFolder.Proposal);
        (await _world.RunAsync("role", "discard", "--home", _world.Home)).Ok();
        string claims = _world.Ceremony("version: 1\nkind: change\nreason: A test.\nroles: [targets]\nexpiresDays: 200\n", "claims.yaml");
        Directory.CreateDirectory(_world.HomeFolder.Change);
        await File.WriteAllTextAsync(_world.HomeFolder.Proposal, proposal.Replace(CeremonyWorld.DigestOf(file), CeremonyWorld.DigestOf(claims), StringComparison.Ordinal));
        (await _world.RunCeremonyAsync(claims)).Refused($"ceremony: wanted the change of file {CeremonyWorld.DigestOf(claims)}, got change ");
    }

    [Test]
    [Proves("H-5")]
    public async Task Change_of_a_ceremony_is_neither_signed_nor_applied_without_it()
    {
        string change = (await _world.RunAsync("ceremony", "run", _world.Ceremony(RaiseRoot), "--home", _world.Home)).Ok().Value("change");
        (await _world.SignChangeAsync(change, "root-1")).Refused("the change is that of a ceremony: `fota-signer ceremony run` with the file ");
        (await _world.ApplyAsync(change)).Refused("the change is that of a ceremony");
    }
}
