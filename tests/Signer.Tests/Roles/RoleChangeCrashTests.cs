using Fota.Manifest.Verification;
using Fota.TestKit;

namespace Fota.Signer.Tests.Roles;

/// <summary>
/// The process ends, as by kill -9, at every file that a change writes. A folder lies where the file should be written, so that the command ends there;
/// then it is taken away, as when the next one begins.
/// </summary>
[TestFixture]
public sealed class RoleChangeCrashTests
{
    private SignerWorld _world = null!;

    [SetUp]
    public async Task MakeHome()
    {
        _world = await SignerWorld.CreateAsync();
        await _world.ReleaseAsync("1.0.0");
    }

    [TearDown]
    public void RemoveHome() => _world.Dispose();

    [Test]
    [Proves("R-48")]
    public async Task A48_Change_that_breaks_off_before_it_is_decided_leaves_nothing_of_itself()
    {
        string change = await SignedAsync();
        await File.WriteAllTextAsync(Path.Combine(_world.HomeFolder.Change, "install"), "a file where a folder should be");
        string settings = await File.ReadAllTextAsync(_world.HomeFolder.Settings);
        Assert.That((await _world.ApplyAsync(change)).ExitCode, Is.EqualTo(1));

        TrustedMetadataSet trust = Client.Update(_world);
        Assert.That((trust.Root.Version, trust.Timestamp!.Version, await File.ReadAllTextAsync(_world.HomeFolder.Settings)), Is.EqualTo((1L, 2L, settings)));
        File.Delete(Path.Combine(_world.HomeFolder.Change, "install"));
        (await _world.ApplyAsync(change)).Ok();
        Assert.That(Client.Update(_world).Root.Version, Is.EqualTo(2));
    }

    [Test]
    [Proves("R-48")]
    public async Task A48_Change_that_was_decided_is_completed_by_the_next_command_wherever_the_last_one_ended()
    {
        string change = await SignedAsync();
        string[] files = ["signer.json", "repository/metadata/3.snapshot.json", "repository/metadata/2.root.json", "repository/state.json", "repository/metadata/timestamp.json"];
        string settings = Path.Combine(_world.Home, files[0]);
        for (int i = 0; i < files.Length; i++)
        {
            string obstacle = Path.Combine(_world.Home, files[i]) + ".new";
            Directory.CreateDirectory(obstacle);
            CommandResult result = i == 0 ? await _world.ApplyAsync(change) : await _world.RunAsync("role", "list", "--home", _world.Home);
            Assert.That((result.ExitCode, result.Error.Contains(".new", StringComparison.Ordinal)), Is.EqualTo((1, true)), $"{files[i]}: {result.Error}");
            Assert.That(Directory.Exists(_world.HomeFolder.Change), Is.False, "decided");
            Assert.That(_world.HomeFolder.ReadSettings().Roles.Timestamp.Keys, Is.EqualTo(["online-2"]), "what was decided counts, whatever is copied already");
            Directory.Delete(obstacle);
        }

        (await _world.RunAsync("role", "list", "--home", _world.Home)).Ok();
        TrustedMetadataSet trust = Client.Update(_world);
        Assert.That((trust.Root.Version, trust.Targets!.Version, trust.Timestamp!.Version), Is.EqualTo((2L, 1L, 3L)));
        Assert.That(await File.ReadAllTextAsync(settings), Does.Contain("online-2"));
        Assert.That(Directory.GetDirectories(_world.Home, "change*"), Is.Empty);
    }

    [Test]
    [Proves("R-48")]
    public async Task A48_Apply_that_is_run_again_completes_what_was_decided_and_says_so()
    {
        string change = await SignedAsync();
        await BreakOffAsync(change);
        Assert.That((await _world.ApplyAsync(change)).Ok().Output, Does.StartWith($"applied: change {change}; it was decided before, and is complete now\n"));
        Assert.That((Client.Update(_world).Root.Version, Directory.GetDirectories(_world.Home, "change*").Length), Is.EqualTo((2L, 0)));
        (await _world.ApplyAsync(change)).Refused("no change is on its way");
    }

    [Test]
    public async Task A45_Apply_of_another_change_than_was_decided_completes_that_and_refuses()
    {
        string change = await SignedAsync();
        await BreakOffAsync(change);
        (await _world.ApplyAsync(new string('0', 64))).Refused($"got change {change}, which was decided before, and is complete now");
    }

    [Test]
    public async Task A45_What_was_put_among_the_prepared_files_is_not_installed()
    {
        string change = await SignedAsync(), prepared = Path.Combine(_world.HomeFolder.Installing, "install"), outside = Directory.CreateDirectory(_world.PathOf("outside")).FullName;
        await BreakOffAsync(change);
        await File.WriteAllTextAsync(Path.Combine(outside, "secret"), "not for everybody");
        Directory.CreateDirectory(Path.Combine(prepared, "keys"));
        await File.WriteAllTextAsync(Path.Combine(prepared, "keys", "root-1.pem"), "another key");
        await File.WriteAllTextAsync(Path.Combine(prepared, "journal.db"), "another journal");
        File.CreateSymbolicLink(Path.Combine(prepared, "repository", "linked"), Path.Combine(outside, "secret"));
        Directory.CreateSymbolicLink(Path.Combine(prepared, "repository", "folder"), outside);
        string key = await File.ReadAllTextAsync(Path.Combine(_world.HomeFolder.Keys, "root-1.pem"));

        (await _world.ApplyAsync(change)).Ok();

        Assert.That(await File.ReadAllTextAsync(Path.Combine(_world.HomeFolder.Keys, "root-1.pem")), Is.EqualTo(key));
        Assert.That(Directory.GetFiles(_world.HomeFolder.Repository, "*", SearchOption.AllDirectories), Has.None.EndsWith("/linked").And.None.EndsWith("/secret"));
        Assert.That((await _world.RunAsync("journal", "--home", _world.Home)).Ok().Output, Does.Contain("root 2"));
        Assert.That(Client.Update(_world).Root.Version, Is.EqualTo(2));
    }

    [TestCase("change.staged")]
    [TestCase("change.installed")]
    public async Task A48_What_a_killed_process_left_of_a_change_is_removed(string folder)
    {
        Directory.CreateDirectory(Path.Combine(_world.Home, folder, "install"));
        (await _world.RunAsync("role", "list", "--home", _world.Home)).Ok();
        Assert.That(Directory.GetDirectories(_world.Home, "change*"), Is.Empty);
    }

    [Test]
    public async Task A48_Change_whose_proposal_broke_off_is_none()
    {
        Directory.CreateDirectory(_world.HomeFolder.Change + ".staged/roles/targets.json.new");
        (await _world.TryProposeAsync("--role targets --renew")).Ok();
        (await _world.RunAsync("role", "discard", "--home", _world.Home)).Ok();
        (await _world.ApplyAsync(new string('0', 64))).Refused("no change is on its way: `fota-signer role propose` begins one");
    }

    [Test]
    public async Task A48_Key_whose_making_broke_off_is_taken_up_by_the_same_command()
    {
        Directory.CreateDirectory(_world.HomeFolder.Settings + ".new");
        Assert.That((await _world.MakeKeyAsync("root-4")).ExitCode, Is.EqualTo(1));
        Assert.That(_world.HomeFolder.ReadSettings().Keys.Select(static key => key.Label), Does.Not.Contain("root-4"));
        Directory.Delete(_world.HomeFolder.Settings + ".new");
        (await _world.MakeKeyAsync("root-4")).Ok();
        await _world.ChangeAsync("--role root --add-key root-4", "root-1 root-2 root-4");
    }

    [Test]
    public async Task Every_signature_of_a_change_stands_in_the_journal()
    {
        string change = await SignedAsync();
        (await _world.ApplyAsync(change)).Ok();
        string journal = (await _world.RunAsync("journal", "--home", _world.Home)).Ok().Output;
        Assert.That(journal, Does.Match(@"online-2 +NewKey +Signed +online-2, EcdsaP256").And.Match("online-2 +KeyPossession +Signed +change [0-9a-f]{64}").And.Match("root-1 +Root +Signed +root 2").And.Match("root-2 +Root +Signed +root 2").And.Match("online-2 +Timestamp +Signed +version 3"));
    }

    /// <summary>The process that applies it ends after the decision, before its first copy.</summary>
    private async Task BreakOffAsync(string change)
    {
        string obstacle = _world.HomeFolder.Settings + ".new";
        Directory.CreateDirectory(obstacle);
        Assert.That((await _world.ApplyAsync(change)).ExitCode, Is.EqualTo(1));
        Directory.Delete(obstacle);
        Assert.That(Directory.Exists(_world.HomeFolder.Installing));
    }

    /// <summary>A change of the online key, complete, and not applied.</summary>
    private async Task<string> SignedAsync()
    {
        (await _world.MakeKeyAsync("online-2", "online")).Ok();
        string change = await _world.ProposeAsync("--role snapshot --role timestamp --add-key online-2 --remove-key online");
        (await _world.SignChangeAsync(change, "root-1")).Ok();
        (await _world.SignChangeAsync(change, "root-2")).Ok();
        (await _world.SignChangeAsync(change, "online-2", "online")).Ok();
        return change;
    }
}
