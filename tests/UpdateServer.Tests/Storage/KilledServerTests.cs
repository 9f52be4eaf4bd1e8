using Fota.Manifest.Log;
using Fota.TestKit;
using Fota.UpdateServer.Artifacts;
using Fota.UpdateServer.Configuration;
using Fota.UpdateServer.Tests.Support;

namespace Fota.UpdateServer.Tests.Storage;

/// <summary>
/// Two servers, as processes, over one PostgreSQL and one azurite, in the middle of a rollout to a fleet that really fetches: each server is killed (SIGKILL) twice, PostgreSQL restarts once,
/// and azurite is away until 50 reads have failed.
/// </summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class KilledServerTests
{
    private const int Cap = 40;
    private const int FailedReads = 50;

    /// <summary>How often the test looks: nothing depends on it but what the wait costs.</summary>
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(50);

    // A pack that no server keeps in memory, and bytes that no compression makes small.
    private readonly SampleRelease _release = SampleRelease.Create(image: SampleRelease.ImageOf("1.1.0", (int)CachedBlobs.LargestKept + 150_000));

    [TestCase(500)]
    [TestCase(2000, Category = "Full")]
    public async Task A48_A_rollout_over_which_servers_database_and_storage_die_completes_with_its_cap_held_and_every_report_once(int devices)
    {
        await using PostgresServer postgres = await PostgresServer.StartAsync();
        await using AzuriteServer azurite = await AzuriteServer.StartAsync();
        BlobSettings blobs = await azurite.CreateContainerAsync();
        await using ServerPair pair = await ServerPair.StartAsync(await postgres.CreateDatabaseAsync(), source: PublicationSource.ForRealTime(), blobs: blobs, release: _release);
        SimulatedDevice[] pumps = await pair.RegisterAsync(devices);
        await pair.RollOutAsync(new { name = "all", cap = Cap });
        AuditSigner signer = new();
        VerifiedCheckpoint before = await signer.SignAsync(pair.One);
        await pair.One.StopAsync();
        await pair.Two.StopAsync();
        await using ServerProcesses servers = await ServerProcesses.StartAsync(pair);
        FetchingFleet fleet = new(servers, _release, pair.One.Source);

        using CancellationTokenSource watching = new();
        Task<long> most = pair.MostAsync("SELECT count(*) FROM rollout_members WHERE status IN ('Granted', 'Begun')", s_look, watching.Token);
        await fleet.RolloutAsync(pumps, [
            () => servers.KillAsync(0),
            async () => await postgres.StopAsync(),
            () => servers.KillAsync(1),
            async () => await azurite.StopAsync(),
            () => servers.KillAsync(0),
            () => servers.KillAsync(1),
        ], [
            () => servers.RunAgainAsync(0),
            postgres.RunAgainAsync,
            () => servers.RunAgainAsync(1),
            async () =>
            {
                await fleet.HasFailedAsync(FailedReads);
                await azurite.RunAgainAsync();
            },
            () => servers.RunAgainAsync(0),
            () => servers.RunAgainAsync(1),
        ]);
        await watching.CancelAsync();

        TestContext.Out.WriteLine(fleet.Figures);
        Assert.That(await most, Is.InRange(1, Cap));
        Assert.That(await pair.AskAsync("SELECT count(*) FROM rollouts WHERE status = 'Completed'"), Is.EqualTo(1));
        Assert.That(await pair.AskAsync("SELECT count(*) FROM rollout_decisions WHERE kind = 'Completed'"), Is.EqualTo(1));
        Assert.That(await pair.AskAsync("SELECT count(*) FROM rollout_members WHERE status = 'Confirmed' AND serial = 0"), Is.EqualTo(devices), "nothing was granted twice");
        Assert.That(fleet.ReadsFromStorage + fleet.ReadsFromServers, Is.EqualTo(devices), "each read its part of the pack");
        Assert.That(fleet.ReadsFromStorage, Is.GreaterThan(fleet.ReadsFromServers), "most without a server");
        Assert.That(fleet.ReadsFailed, Is.GreaterThanOrEqualTo(FailedReads));
        await EveryReportIsKeptOnceAsync(pair, devices);
        await TheLogVerifiesAsync(servers, signer, before, devices);
    }

    /// <summary>Both servers serve one log that grew from what was signed for before the first of them died, with every report in it once.</summary>
    private static async Task TheLogVerifiesAsync(ServerProcesses servers, AuditSigner signer, VerifiedCheckpoint before, int devices)
    {
        await signer.SignAsync(servers.Operator(0));
        IReadOnlyList<LogEntry> one = await signer.ReadAsync(servers.Operator(0), before), two = await signer.ReadAsync(servers.Operator(1), before);
        Assert.That(two.Select(static e => e.Encode()), Is.EqualTo(one.Select(static e => e.Encode())));
        LogEntry[] reports = [.. one.Where(static e => e.Kind == "device.reported")];
        Assert.That(reports.Select(static e => e.Facts["report_sha256"]), Is.Unique);
        Assert.That(reports.CountBy(static e => e.Facts["state"]).Where(static s => s.Key != "idle"), Is.EquivalentTo(new KeyValuePair<string, int>[] { new("installing", devices), new("confirmed", devices) }));
    }

    /// <summary>What the servers keep of what devices said.</summary>
    private static async Task EveryReportIsKeptOnceAsync(ServerPair pair, int devices)
    {
        Assert.That(await pair.AskAsync("SELECT count(*) FROM reports"), Is.EqualTo(2 * devices), "installing and confirmed");
        Assert.That(await pair.AskAsync("SELECT count(DISTINCT (device, state)) FROM reports"), Is.EqualTo(2 * devices), "each once");
        Assert.That(
            await pair.AskAsync(
                """
                SELECT count(*) FROM reports r JOIN
                  (SELECT convert_from(entry, 'UTF8')::jsonb AS e FROM audit_entries) a ON a.e ->> 'kind' = 'device.reported' AND a.e -> 'facts' ->> 'report_sha256' = encode(sha256(r.signed), 'hex')
                """),
            Is.EqualTo(2 * devices),
            "and each once in the log");
        Assert.That(await pair.AskAsync("SELECT max(number) + 1 - count(*) FROM audit_entries"), Is.Zero, "whose numbers have no gap");
        Assert.That(await pair.AskAsync("SELECT count(*) FROM audit_entries WHERE convert_from(entry, 'UTF8')::jsonb ->> 'kind' = 'rollout.completed'"), Is.EqualTo(1));
    }
}
