using System.Net;
using System.Net.Http.Headers;
using Fota.Manifest;
using Fota.Manifest.Reports;
using Fota.TestKit;
using Fota.UpdateServer.Tests.Support;
using Npgsql;

namespace Fota.UpdateServer.Tests.Storage;

/// <summary>Two servers over one PostgreSQL, as processes, which are killed (SIGKILL) by turns in the middle of a rollout; and so is PostgreSQL.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class KilledServerTests
{
    private const int Cap = 3;

    private static readonly Sha256Digest s_release = PublicationSource.DigestOf(SampleRelease.Create());

    /// <summary>How often devices come, and how often the test looks: nothing depends on it but what the wait costs.</summary>
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(25);

    private readonly ServerProcess?[] _servers = new ServerProcess?[2];
    private int _answers;

    [TestCase(8, 1)]
    [TestCase(60, 2, Category = "Full")]
    public async Task A48_A_rollout_over_which_each_server_and_the_database_are_killed_completes_with_its_cap_held_and_every_report_once(int devices, int kills)
    {
        await using PostgresServer postgres = await PostgresServer.StartAsync();
        await using ServerPair pair = await ServerPair.StartAsync(await postgres.CreateDatabaseAsync(), source: PublicationSource.ForRealTime());
        SimulatedDevice[] pumps = await pair.RegisterAsync(devices);
        await pair.RollOutAsync(new { name = "all", cap = Cap });
        await pair.One.StopAsync();
        await pair.Two.StopAsync();
        ServerUnderTest[] prepared = [pair.One, pair.Two];
        for (int i = 0; i < 2; i++)
        {
            _servers[i] = await ServerProcess.StartAsync(prepared[i], pair.Json);
        }

        using CancellationTokenSource watching = new();
        Task<long> most = WatchAsync(pair, watching.Token);
        Task rollout = Task.WhenAll(pumps.Select((pump, i) => UpdateAsync(pair, pump, i)));
        for (int kill = 0; kill < 2 * kills; kill++)
        {
            int answered = Volatile.Read(ref _answers);
            while (Volatile.Read(ref _answers) < answered + (devices / 2) && !rollout.IsCompleted)
            {
                await Task.Delay(s_look);
            }

            ServerProcess killed = _servers[kill % 2]!;
            await killed.KillAsync();
            _servers[kill % 2] = await ServerProcess.StartAsync(prepared[kill % 2], pair.Json);
            await killed.DisposeAsync();
            if (kill == 0)
            {
                await postgres.StopAsync();
                await postgres.RunAgainAsync();
            }
        }

        await rollout;
        await watching.CancelAsync();
        Assert.That(await most, Is.LessThanOrEqualTo(Cap));
        Assert.That(await pair.AskAsync("SELECT count(*) FROM rollouts WHERE status = 'Completed'"), Is.EqualTo(1));
        Assert.That(await pair.AskAsync("SELECT count(*) FROM rollout_decisions WHERE kind = 'Completed'"), Is.EqualTo(1));
        Assert.That(await pair.AskAsync("SELECT count(*) FROM rollout_members WHERE status = 'Confirmed' AND serial = 0"), Is.EqualTo(devices), "nothing was granted twice");
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
        foreach (ServerProcess? server in _servers)
        {
            await server!.DisposeAsync();
        }
    }

    /// <summary>What a device does until it runs the release. It never gives up, and sends what was not answered again, to whichever server.</summary>
    private async Task UpdateAsync(ServerPair pair, SimulatedDevice pump, int start)
    {
        int turn = start;
        Assignment? assigned;
        while ((assigned = await SayAsync(pump.Report())) is null)
        {
            await Task.Delay(s_look);
        }

        Assignment? again = await SayAsync(pump.Report(ReportState.Installing, assigned.Deployment, s_release));
        Assert.That(again, Is.EqualTo(assigned), "a grant stays as it was answered");
        await SayAsync(pump.Report(ReportState.Confirmed, assigned.Deployment, s_release));

        async Task<Assignment?> SayAsync(DeviceReport report)
        {
            byte[] signed = pump.Sign(report);
            while (true)
            {
                try
                {
                    using HttpClient client = pair.One.Client(pump.Certificate, _servers[turn++ % 2]!.Address);
                    using ByteArrayContent content = new(signed);
                    content.Headers.ContentType = new MediaTypeHeaderValue("application/cose");
                    using HttpResponseMessage response = await client.PostAsync("/api/v1/check-in", content);
                    byte[] body = await response.Content.ReadAsByteArrayAsync();
                    if (response.StatusCode != HttpStatusCode.ServiceUnavailable)
                    {
                        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK), System.Text.Encoding.UTF8.GetString(body));
                        Interlocked.Increment(ref _answers);
                        return CheckInAnswer.Decode(body).OrThrow().Assignment;
                    }
                }
                catch (HttpRequestException)
                {
                    // Killed. The other one lives, or this one is there again in a moment.
                }

                await Task.Delay(s_look);
            }
        }
    }

    /// <summary>How many devices were at it at once, at most.</summary>
    private static async Task<long> WatchAsync(ServerPair pair, CancellationToken cancellation)
    {
        long most = 0;
        while (!cancellation.IsCancellationRequested)
        {
            try
            {
                most = Math.Max(most, await pair.AskAsync("SELECT count(*) FROM rollout_members WHERE status IN ('Granted', 'Begun')"));
            }
            catch (NpgsqlException)
            {
                // The database is away for a moment.
            }

            await Task.Delay(s_look, CancellationToken.None);
        }

        return most;
    }
}
