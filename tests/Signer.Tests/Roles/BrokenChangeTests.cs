using System.Text.Json.Nodes;

namespace Fota.Signer.Tests.Roles;

/// <summary>A folder change/ that holds no change, or one that can no longer be: it stops nothing but changes, and goes by `role discard`.</summary>
[TestFixture]
public sealed class BrokenChangeTests
{
    private const string Unreadable = "proposal.json: wanted the proposal of the change that is on its way, got what cannot be read";

    private SignerWorld _world = null!;

    [SetUp]
    public async Task MakeHome() => _world = await SignerWorld.CreateAsync();

    [TearDown]
    public void RemoveHome() => _world.Dispose();

    [TestCase("{ \"request\": ")]
    [TestCase("null")]
    [TestCase(null)]
    public async Task Unreadable_proposal_is_named_stops_no_other_command_and_is_discarded(string? proposal)
    {
        string change = await _world.ProposeAsync("--role targets --renew");
        File.Delete(_world.HomeFolder.Proposal);
        if (proposal is not null)
        {
            await File.WriteAllTextAsync(_world.HomeFolder.Proposal, proposal);
        }

        (await _world.SignChangeAsync(change, "targets")).Refused(Unreadable);
        (await _world.OnlineAsync()).Ok();
        Assert.That((await DiscardAsync()).Ok().Output, Does.StartWith("discarded: change whose proposal cannot be read; "));
        await IsGoneAsync();
    }

    [Test]
    public async Task Outdated_change_stops_no_other_command_and_is_discarded_by_its_digest()
    {
        (await _world.MakeKeyAsync("root-4")).Ok();
        string change = await _world.ProposeAsync("--role root --add-key root-4");
        await EditAsync(static request => request["addKeys"] = new JsonArray("root-1"));
        (await _world.SignChangeAsync(change, "root-2")).Refused("key 'root-1' speaks for role root already");
        (await _world.OnlineAsync()).Ok();
        Assert.That((await DiscardAsync()).Ok().Output, Does.Match("^discarded: change [0-9a-f]{64}; "));
        await IsGoneAsync();
    }

    [Test]
    public async Task Proposal_from_before_there_was_a_number_of_the_next_snapshot_reads_and_keeps_its_digest()
    {
        string change = await _world.ProposeAsync("--role targets --renew");
        Assert.That(await File.ReadAllTextAsync(_world.HomeFolder.Proposal), Does.Not.Contain("atLeast"));
        (await _world.SignChangeAsync(change, "targets")).Ok();
    }

    private async Task EditAsync(Action<JsonNode> edit)
    {
        JsonNode proposal = JsonNode.Parse(await File.ReadAllTextAsync(_world.HomeFolder.Proposal))!;
        edit(proposal["request"]!);
        await File.WriteAllTextAsync(_world.HomeFolder.Proposal, proposal.ToJsonString());
    }

    private async Task IsGoneAsync()
    {
        (await DiscardAsync()).Refused("no change is on its way");
        await _world.ProposeAsync("--role targets --renew");
    }

    private Task<CommandResult> DiscardAsync() => _world.RunAsync("role", "discard", "--home", _world.Home);
}
