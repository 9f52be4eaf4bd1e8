using System.Text.Json.Nodes;
using Fota.Manifest;
using Fota.Manifest.Keys;
using Fota.Signer.Approval;
using Fota.Signer.Home;
using Fota.Signer.Keys;
using Fota.TestKit;

namespace Fota.Signer.Tests.Service;

/// <summary>Settings that were altered call a key something else: what is on the tokens counts, against the roles as they are signed.</summary>
[TestFixture]
public sealed class ReachableKeysTests
{
    [TestCase("approver", "release", "root-1", "root-1 root-2 root-3", "product infusion-pump")]
    [TestCase("root-1", "root-2", "approver", "online targets root-3", "root")]
    [Proves("S-1")]
    public async Task P6_Service_whose_tokens_hold_a_threshold_does_not_start_whatever_the_settings_call_them(string online, string author, string approver, string root, string reached)
    {
        await using ServiceWorld world = await ServiceWorld.CreateAsync(start: false);
        Alter(world, online, [author, approver], root.Split(' '));
        world.Settings["pins"] = new[] { online, author }.ToDictionary(world.Signer.Token, world.Signer.PinFile, StringComparer.Ordinal);
        Assert.That(world.StartAsync, Throws.TypeOf<SignerRefusalException>().With.Message.Contains($"this process can reach 2 keys of {reached} on the tokens that it opened, and 2 make a threshold"));
    }

    [Test]
    [Proves("S-2")]
    public async Task A45_Approval_by_another_key_on_the_authors_token_is_refused()
    {
        using SignerWorld world = await SignerWorld.CreateAsync();
        SignerSettings before = world.HomeFolder.ReadSettings();
        KeySettings moved = before.Key("approver") with { Serial = before.Key("release").Serial };
        await File.WriteAllBytesAsync(world.HomeFolder.Settings, (before with { Keys = [.. before.Keys.Where(static key => key.Label != "approver"), moved] }).ToJson());
        SignerHost host = world.Host(new StringWriter(), new StringWriter());
        using SignerHome home = await SignerHome.OpenAsync(world.HomeFolder, host, CancellationToken.None);
        using OpenedKey author = OpenedKey.Open(host, world.HomeFolder, "release", world.PinFile("release"));
        ReleaseWorkshop workshop = new(home, author, ProductName.Parse(SignerWorld.Product), world.Clock.GetUtcNow());
        VerificationKey approver = world.HomeFolder.PublicKey(moved);
        Assert.That(() => ApprovalIntake.ApproverOf(workshop, ["approver"], approver.Equals), Throws.TypeOf<SignerRefusalException>().With.Message.EqualTo("approval: key 'approver' is on the token of this release's author, and the author never approves"));
    }

    private static void Alter(ServiceWorld world, string online, string[] product, string[] root)
    {
        string file = world.Signer.HomeFolder.Settings;
        JsonNode settings = JsonNode.Parse(File.ReadAllText(file))!;
        settings["roles"]!["timestamp"]!["keys"] = new JsonArray(online);
        settings["roles"]!["snapshot"]!["keys"] = new JsonArray(online);
        settings["roles"]!["root"]!["keys"] = new JsonArray([.. root.Select(static label => (JsonNode)label)]);
        settings["products"]![0]!["keys"] = new JsonArray([.. product.Select(static label => (JsonNode)label)]);
        File.WriteAllText(file, settings.ToJsonString());
    }
}
