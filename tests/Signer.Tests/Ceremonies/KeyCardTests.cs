using System.Text.Json.Nodes;
using Fota.Manifest.Log;
using Fota.Signer.Home;
using Fota.Signer.Log;
using Fota.Signer.Tests.Log;
using Fota.TestKit;

namespace Fota.Signer.Tests.Ceremonies;

/// <summary>A key that is made where its keeper is, whose token the signer's machine never sees.</summary>
[TestFixture]
public sealed class KeyCardTests
{
    private SignerWorld _world = null!;

    private HomeFolder Keyholder => new(_world.PathOf("keyholder"));

    private string Card => _world.PathOf("root-4.json");

    [SetUp]
    public async Task MakeKeyElsewhere()
    {
        _world = await SignerWorld.CreateAsync();
        (await _world.RunAsync("approval", "home", "--home", Keyholder.Root, "--root", Path.Combine(_world.HomeFolder.Repository, "metadata/1.root.json"), "--settings", _world.HomeFolder.Settings)).Ok();
        (await _world.MakeKeyInAsync(Keyholder.Root, "root-4", null, "--card", Card)).Ok();
    }

    [TearDown]
    public void RemoveHomes() => _world.Dispose();

    [Test]
    [Proves("H-15")]
    public async Task Key_that_was_made_elsewhere_comes_into_the_root_and_signs_from_there_alone()
    {
        CommandResult taken = (await TakeAsync()).Ok();
        Assert.That(taken.Output, Does.StartWith($"taken: key root-4 on token {_world.Token("root-4")} ("));
        Assert.That((await TakeAsync()).Ok().Output, Does.StartWith("known already: key root-4 "));

        // Its token is out of reach of the signer's machine.
        File.Move(_world.PinFile("root-4"), _world.PathOf("keepers.pin"));
        string file = _world.Ceremony(CeremonyWorld.RotateRoot), package = _world.PathOf("package"), signatures = _world.PathOf("signatures.json");
        (await _world.RunCeremonyAsync(file, "root-2,root-3")).Ok();
        (await _world.RunAsync("ceremony", "export", "--home", _world.Home, "--out", package)).Ok();
        (await _world.RunAsync(
            "ceremony", "sign", "--home", Keyholder.Root, "--package", package, "--ceremony", CeremonyWorld.DigestOf(file), "--key", "root-4", "--pin-file", _world.PathOf("keepers.pin"), "--out", signatures,
            "--change", CeremonyWorld.ChangeOf(package))).Ok();
        (await _world.RunAsync("ceremony", "import", signatures, "--home", _world.Home)).Ok();
        (await _world.RunCeremonyAsync(file, "online")).Ok();
        Assert.That(Client.Update(_world).Root.Root.Keys.Select(static key => key.Id.ToString()), Does.Contain(KeyId));
        (await _world.OnlineAsync()).Ok();
        LogEntry entry = (await _world.LogEntriesAsync()).Single(static entry => entry.Kind == LogKinds.KeyTaken);
        Assert.That((entry.Actor, entry.Facts["key_id"]), Is.EqualTo(("root-4", KeyId)));
    }

    [TestCase("label", "root-5", "card: signature: wanted the key's own")]
    [TestCase("label", "../root-5", "card: label: wanted 1 to 32 of a-z, 0-9 and '-'")]
    [TestCase("token", "other", "card: signature: wanted the key's own")]
    [TestCase("token", "", "card: token: wanted 1 to 32 of a-z, 0-9 and '-'")]
    [TestCase("serial", "0", "card: signature: wanted the key's own")]
    [TestCase("serial", "", "card: serial: wanted 1 to 16 printable characters of ASCII")]
    [TestCase("public_key", "none", "card: public_key: UnsupportedKey: a public key: wanted a PEM block")]
    [TestCase("signature", "AAAA", "card: signature: wanted the key's own")]
    [TestCase("version", "2", "card: ")]
    [Proves("H-15")]
    public async Task A45_Card_with_one_value_altered_is_refused_and_no_key_is_taken(string member, string value, string reason)
    {
        JsonNode card = JsonNode.Parse(await File.ReadAllTextAsync(Card))!;
        card[member] = member == "version" ? JsonValue.Create(2) : JsonValue.Create(value);
        await IsNotTakenAsync(card.ToJsonString(), KeyId, reason);
    }

    [Test]
    [Proves("H-15")]
    public async Task A45_Card_of_another_key_than_its_keeper_said_is_refused() =>
        await IsNotTakenAsync(await File.ReadAllTextAsync(Card), CeremonyWorld.NoKey, $"card: wanted key {CeremonyWorld.NoKey}, got {KeyId}");

    [Test]
    [Proves("H-15")]
    public async Task P10_Card_that_is_no_card_is_refused() => await IsNotTakenAsync("{\"version\":1}", KeyId, "card: ");

    [Test]
    [Proves("H-15")]
    public async Task A45_Card_under_the_name_of_a_key_of_this_home_is_refused()
    {
        string mine = KeyId;
        (await _world.MakeKeyInAsync(_world.Home, "root-4", "another")).Ok();
        await IsNotTakenAsync(await File.ReadAllTextAsync(Card), mine, "this home has a key 'root-4' already");
    }

    [Test]
    [Proves("H-15")]
    public async Task P6_Card_that_gives_a_known_token_another_serial_number_is_refused()
    {
        string mine = KeyId;
        JsonNode settings = JsonNode.Parse(await File.ReadAllTextAsync(_world.HomeFolder.Settings))!;
        settings["keys"]!.AsArray().Single(static key => (string)key!["label"]! == "root-1")!["token"] = _world.Token("root-4");
        await File.WriteAllTextAsync(_world.HomeFolder.Settings, settings.ToJsonString());
        await IsNotTakenAsync(await File.ReadAllTextAsync(Card), mine, $"token '{_world.Token("root-4")}': wanted serial number ");
    }

    private string KeyId => Keyholder.ReadSettings().Key("root-4").KeyId;

    private Task<CommandResult> TakeAsync(string? keyId = null) => _world.RunAsync("key", "take", Card, "--home", _world.Home, "--key-id", keyId ?? KeyId);

    private async Task IsNotTakenAsync(string card, string keyId, string reason)
    {
        string[] before = _world.Files();
        await File.WriteAllTextAsync(Card, card);
        (await TakeAsync(keyId)).Refused(reason);
        Assert.That(_world.Files(), Is.EqualTo(before));
    }
}
