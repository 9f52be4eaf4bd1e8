using System.Net;
using Fota.Manifest.Reports;
using Fota.UpdateServer.Tests.Support;

namespace Fota.UpdateServer.Tests.Storage;

/// <summary>The connection to PostgreSQL is lost over a commit, so that the server cannot know what came of it.</summary>
public sealed class LostCommitTests
{
    [TestCase(CuttingProxy.Cut.BeforeTheCommit, 0)]
    [TestCase(CuttingProxy.Cut.BeforeTheAnswer, 1)]
    public async Task A48_A_server_that_does_not_know_whether_a_grant_was_stored_looks_and_grants_it_once(object cut, int stored)
    {
        await using PostgresServer postgres = await PostgresServer.StartAsync();
        string direct = await postgres.CreateDatabaseAsync();
        await using CuttingProxy proxy = new(postgres);
        await using ServerPair pair = await ServerPair.StartAsync(direct, $"{direct};Port={CuttingProxy.Port}");
        SimulatedDevice[] pumps = await pair.RegisterAsync(2);
        string id = await pair.RollOutAsync(new { name = "all", cap = 1 });
        await pair.Two.HearsAsync(async () => (await pair.Two.GetAsync("/api/v1/rollouts")).EnumerateArray().Any(static r => r.GetProperty("state").GetString() == "running"));
        proxy.CutNext((CuttingProxy.Cut)cut);
        DeviceReport report = pumps[0].Report();
        using (HttpResponseMessage lost = await pumps[0].At(pair.Two).PostAsync(pumps[0].Sign(report)))
        {
            await ServerUnderTest.IsRefusedAsync(lost, HttpStatusCode.ServiceUnavailable, "StoreUnavailable");
        }

        Assert.That((proxy.Cuts, await pair.AskAsync("SELECT count(*) FROM rollout_members WHERE status = 'Granted'")), Is.EqualTo((1, stored)));
        Assert.That((await pumps[0].At(pair.Two).CheckInAsync(report))?.Deployment, Is.EqualTo($"{id}-{pumps[0].Name}"), "the same report, sent again");
        Assert.That(await pumps[1].At(pair.Two).CheckInAsync(), Is.Null, "the cap is 1");
        Assert.That(await pumps[1].At(pair.One).CheckInAsync(), Is.Null, "for both");
    }
}
