using System.Text.Json;
using System.Text.Json.Nodes;
using Fota.TestKit;

namespace Fota.Signer.Tests.Ceremonies;

/// <summary>What a signer's home refuses of what comes back from keyholders' machines. One ceremony is on its way, which root-2 and root-3 signed elsewhere.</summary>
[TestFixture]
public sealed class SignatureIntakeTests
{
    private SignerWorld _world = null!;

    [OneTimeSetUp]
    public async Task SignElsewhere()
    {
        _world = await SignerWorld.CreateAsync();
        string file = _world.Ceremony("version: 1\nkind: change\nreason: A test.\nroles: [root]\nthreshold: 3\n"), keyholder = _world.PathOf("keyholder"), package = _world.PathOf("package");
        (await _world.RunCeremonyAsync(file, "root-1")).Ok();
        (await _world.RunAsync("approval", "home", "--home", keyholder, "--root", Path.Combine(_world.HomeFolder.Repository, "metadata/1.root.json"), "--settings", _world.HomeFolder.Settings)).Ok();
        (await _world.RunAsync("ceremony", "export", "--home", _world.Home, "--out", package)).Ok();
        foreach (string key in new[] { "root-2", "root-3" })
        {
            (await _world.RunAsync("ceremony", "sign", "--home", keyholder, "--package", package, "--ceremony", CeremonyWorld.DigestOf(file), "--key", key, "--pin-file", _world.PinFile(key), "--out", Of(key), "--change", CeremonyWorld.ChangeOf(package))).Ok();
        }
    }

    [OneTimeTearDown]
    public void RemoveHomes() => _world.Dispose();

    [TestCase("change", "signatures: change: wanted ")]
    [TestCase("ceremony", "signatures: ceremony: wanted ")]
    [TestCase("key_id", "has nothing to sign in change ")]
    [TestCase("statement", "signatures: its statement: wanted a signature of key 'root-3' over what is to be signed here, got another")]
    [TestCase("roles/root", "signatures: role root 2: wanted a signature of key 'root-3' over what is to be signed here, got another")]
    [Proves("H-13")]
    public async Task A45_Signatures_with_one_value_of_another_are_refused_and_none_is_kept(string path, string reason)
    {
        JsonNode other = JsonNode.Parse(await File.ReadAllTextAsync(Of("root-2")))!, own = JsonNode.Parse(await File.ReadAllTextAsync(Of("root-3")))!;
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
        JsonNode carried = JsonNode.Parse(await File.ReadAllTextAsync(Of("root-3")))!;
        carried["roles"]!["targets"] = carried["roles"]!["root"]!.GetValue<string>();
        await IsNotImportedAsync(carried, "signatures: role targets: wanted a role that key 'root-3' signs now in this change, got another");
    }

    [TestCase("{}")]
    [TestCase("null")]
    [TestCase("{\"version\":2")]
    [Proves("H-13")]
    public async Task P10_What_is_no_document_of_signatures_is_refused(string text)
    {
        await File.WriteAllTextAsync(Of("nobody"), text);
        (await ImportAsync("nobody")).Refused("signatures: ");
    }

    private string Of(string key) => _world.PathOf($"{key}.json");

    private Task<CommandResult> ImportAsync(string key) => _world.RunAsync("ceremony", "import", Of(key), "--home", _world.Home);

    private async Task IsNotImportedAsync(JsonNode carried, string reason)
    {
        string[] before = _world.Files();
        await File.WriteAllTextAsync(Of("altered"), carried.ToJsonString(new JsonSerializerOptions()));
        (await ImportAsync("altered")).Refused(reason);
        Assert.That(_world.Files(), Is.EqualTo(before));
    }
}
