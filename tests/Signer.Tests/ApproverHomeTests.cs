using Fota.Signer.Home;

namespace Fota.Signer.Tests;

/// <summary>An approver's own home, and what a change of roles brings into it.</summary>
[TestFixture]
public sealed class ApproverHomeTests
{
    private SignerWorld _world = null!;

    private HomeFolder Own => new(_world.PathOf("own"));

    [SetUp]
    public async Task MakeHomes()
    {
        _world = await SignerWorld.CreateAsync();
        File.Copy(_world.HomeFolder.Settings, _world.PathOf("handed.json"));
        (await RunAsync("--root", Path.Combine(_world.HomeFolder.Repository, "metadata", "1.root.json"), "--module", "/usr/lib/own.so")).Ok();
    }

    [TearDown]
    public void RemoveHomes() => _world.Dispose();

    [Test]
    public async Task Update_brings_keys_and_keeps_what_this_machine_calls_its_module()
    {
        (await _world.MakeKeyAsync("second")).Ok();
        File.Copy(_world.HomeFolder.Settings, _world.PathOf("handed.json"), overwrite: true);
        (await RunAsync("--update")).Ok();
        SignerSettings settings = Own.ReadSettings();
        Assert.That((settings.Key("second").Label, settings.Module), Is.EqualTo(("second", "/usr/lib/own.so")));
    }

    [Test]
    public async Task Update_changes_nothing_of_what_the_home_trusts()
    {
        string[] before = Trusted();
        (await RunAsync("--update")).Ok();
        Assert.That(Trusted(), Is.EqualTo(before));
    }

    [Test]
    public async Task A45_Policy_of_the_keys_lies_in_the_approvers_home_too()
    {
        string policy = _world.PathOf("key-policy.yaml"), text = await File.ReadAllTextAsync(Path.Combine(SignerWorld.RepositoryRoot(), "hsm-config", "key-policy.yaml"));
        await File.WriteAllTextAsync(policy, text);
        (await RunAsync("--update")).Ok();
        Assert.That(await File.ReadAllTextAsync(Own.KeyPolicy), Is.EqualTo(text));
        await File.WriteAllTextAsync(policy, text.Replace("label: approver,", "label: somebody,", StringComparison.Ordinal));
        (await RunAsync("--update")).Refused("somebody");
        Assert.That(await File.ReadAllTextAsync(Own.KeyPolicy), Is.EqualTo(text));
    }

    [Test]
    public async Task P10_Home_is_made_once()
    {
        (await RunAsync("--root", Path.Combine(_world.HomeFolder.Repository, "metadata", "1.root.json"))).Refused("wanted no signer's home, got one");
    }

    private Task<CommandResult> RunAsync(params string[] further) => _world.RunAsync(["approval", "home", "--home", Own.Root, "--settings", _world.PathOf("handed.json"), .. further]);

    private string[] Trusted() => [.. Directory.EnumerateFiles(Own.Repository, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(static file => $"{file} {Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(file)))}")];
}
