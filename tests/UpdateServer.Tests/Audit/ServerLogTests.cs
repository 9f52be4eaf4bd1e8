using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Dapper;
using Fota.Manifest;
using Fota.Manifest.Log;
using Fota.Manifest.Reports;
using Fota.TestKit;
using Fota.UpdateServer.Tests.Access;
using Fota.UpdateServer.Tests.Support;
using Microsoft.Data.Sqlite;

namespace Fota.UpdateServer.Tests.Audit;

/// <summary>The server's log, from the change to the auditor (docs/spec/server-log.md).</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class ServerLogTests
{
    private const string Head = "/api/v1/audit/tree-head", Checkpoints = "/api/v1/audit/checkpoints", LogPath = "/api/v1/audit/log/";

    private readonly AuditSigner _signer = new();
    private ServerUnderTest _server = null!;

    [SetUp]
    public async Task Start() => _server = await ServerUnderTest.StartAsync();

    [TearDown]
    public async Task Stop() => await _server.DisposeAsync();

    [Test]
    [Proves("J-1", "J-5")]
    public async Task P8_Who_did_what_is_in_the_log_and_not_by_what_people_are_known_elsewhere()
    {
        _server.Source.Add(SampleRelease.Create());
        using HttpResponseMessage published = await _server.PublishAsync();
        await ServerUnderTest.ReadAsync(published, HttpStatusCode.OK);
        await _server.PutPersonAsync("ben", new { grants = new[] { new { role = "approver" }, new { role = "operator" } }, certificate_subjects = new[] { "CN=Benjamin Meier" }, oauth_subjects = new[] { "bm-77" } });
        JsonElement token = await _server.CreateTokenAsync("ben");
        HttpClient ben = _server.Bearer(token.GetProperty("token").GetString()!);
        SimulatedDevice pump = new(_server, "pump-0001");
        await pump.CheckInAsync();
        await DescribeAsync(ben, "basel");
        await DescribeAsync(ben, "bern");
        JsonElement draft = await _server.PostAsync("/api/v1/rollouts", new { product = "infusion-pump", version = "1.1.0", stages = new[] { new { name = "all" } }, abort_after_failures = 1 }, HttpStatusCode.Created);
        string id = draft.GetProperty("id").GetString()!, plan = draft.GetProperty("plan_digest").GetString()!, manifest = draft.GetProperty("manifest_digest").GetString()!;
        using HttpResponseMessage approved = await ben.PostAsync($"/api/v1/rollouts/{id}/approve", JsonContent.Create(new { manifest_digest = manifest, plan_digest = plan }));
        await ServerUnderTest.ReadAsync(approved, HttpStatusCode.OK);
        await _server.PostAsync($"/api/v1/rollouts/{id}/start");
        Assert.That(await pump.CheckInAsync(), Is.Not.Null);
        await pump.CheckInAsync(ReportState.Confirmed, $"{id}-pump-0001", Sha256Digest.Parse(manifest));
        await _server.PostAsync("/api/v1/devices/pump-0001/revocation", new { reason = "lost" });

        IReadOnlyList<LogEntry> log = await SignedAsync();
        Assert.That(log.Select(static e => $"{e.Kind} {e.Actor} {e.Subject}"), Is.EqualTo(new[]
        {
            "person.set server bootstrap", "publication.taken bootstrap publication 1", "release.listed bootstrap infusion-pump 1.1.0", "person.set bootstrap ben", "token.created bootstrap ben",
            "device.reported pump-0001 pump-0001", "device.described ben pump-0001", "device.described ben pump-0001", $"rollout.created bootstrap {id} infusion-pump 1.1.0", $"rollout.approved ben {id} infusion-pump 1.1.0",
            $"rollout.started bootstrap {id} infusion-pump 1.1.0", $"rollout.stage_begun bootstrap {id} infusion-pump 1.1.0", "device.reported pump-0001 pump-0001", "device.reported pump-0001 pump-0001", $"rollout.completed plan {id} infusion-pump 1.1.0",
            "device.revoked bootstrap pump-0001",
        }));
        Assert.That((log[7].Facts["site_before"], log[7].Facts["site"]), Is.EqualTo(("basel", "bern")));
        Assert.That((log[9].Facts["plan_sha256"], log[9].Facts["manifest"]), Is.EqualTo((plan, manifest)));
        Assert.That(log[12].Facts["granted"], Is.EqualTo($"{id}-pump-0001"));
        Assert.That(JsonDocument.Parse(log[14].Facts["figures"]).RootElement.GetProperty("stage").GetProperty("signed").GetProperty("confirmed").GetInt32(), Is.EqualTo(1));
        string text = string.Concat((await AuditSigner.MirrorAsync(_server)).Values.Select(static f => Encoding.UTF8.GetString(f)));
        Assert.That(text, Does.Not.Contain("Benjamin").And.Not.Contain("bm-77").And.Not.Contain(token.GetProperty("token").GetString()!));

        static async Task DescribeAsync(HttpClient by, string site)
        {
            using HttpResponseMessage said = await by.PutAsync("/api/v1/devices/pump-0001/traits", JsonContent.Create(new { site }));
            await ServerUnderTest.ReadAsync(said, HttpStatusCode.OK);
        }
    }

    [Test]
    [Proves("J-2")]
    public async Task A46_A_report_has_one_entry_however_often_it_comes_and_a_sign_of_life_none()
    {
        SimulatedDevice pump = new(_server, "pump-0001");
        byte[] first = pump.Sign(pump.Report()), same = pump.Sign(pump.Report()), failed = pump.Sign(pump.Report(ReportState.Failed, "r9-pump-0001"));
        foreach (byte[] report in (byte[][])[first, first, same, failed, failed, first])
        {
            using HttpResponseMessage answer = await pump.PostAsync(report);
            Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        }

        LogEntry[] reports = [.. (await SignedAsync()).Where(static e => e.Kind == "device.reported")];
        Assert.That(reports.Select(static e => e.Facts["report_sha256"]), Is.EqualTo(new[] { Sha256Digest.Of(first).ToString(), Sha256Digest.Of(failed).ToString() }));
        Assert.That((reports[0].Facts["first"], reports[0].Facts["state"], reports[1].Facts["state"], reports[1].Facts.ContainsKey("first")), Is.EqualTo(("yes", "idle", "failed", false)));
    }

    [Test]
    [Proves("J-20")]
    public async Task What_is_not_signed_for_is_not_served_and_what_is_may_be_kept_for_ever()
    {
        Assert.That(await StatusAsync("checkpoint"), Is.EqualTo(HttpStatusCode.NotFound));
        await _signer.SignAsync(_server);
        await new SimulatedDevice(_server, "pump-0001").CheckInAsync();
        Assert.That(await StatusAsync("tile/entries/000.p/1"), Is.EqualTo(HttpStatusCode.OK));
        Assert.That(await StatusAsync("tile/entries/000.p/2"), Is.EqualTo(HttpStatusCode.NotFound), "nobody signed for it");
        Assert.That(await StatusAsync("tile/0/x999/x999/x999/x999/x999/x999/999"), Is.EqualTo(HttpStatusCode.NotFound));
        using HttpResponseMessage tile = await _server.Operator.GetAsync(LogPath + "tile/0/000.p/1"), checkpoint = await _server.Operator.GetAsync(LogPath + "checkpoint");
        Assert.That(tile.Headers.CacheControl!.ToString(), Does.Contain("immutable").And.Contain("private"));
        Assert.That(checkpoint.Headers.CacheControl!.NoCache);
    }

    [Test]
    [Proves("J-10")]
    public async Task A_head_comes_with_the_proof_that_it_began_as_each_earlier_one()
    {
        List<(long Size, Sha256Digest Root)> before = [];
        for (int device = 0; device < 5; device++)
        {
            JsonElement head = await _server.GetAsync(Head);
            before.Add((head.GetProperty("size").GetInt64(), Sha256Digest.Parse(head.GetProperty("root").GetString()!)));
            await new SimulatedDevice(_server, $"pump-000{device}").CheckInAsync();
        }

        foreach ((long size, Sha256Digest root) in before)
        {
            JsonElement now = await _server.GetAsync($"{Head}?from={size}");
            Sha256Digest[] proof = [.. now.GetProperty("proof").EnumerateArray().Select(static h => Sha256Digest.Parse(h.GetString()!))];
            Assert.That(MerkleProof.CheckConsistency(size, root, now.GetProperty("size").GetInt64(), Sha256Digest.Parse(now.GetProperty("root").GetString()!), proof), Is.Null);
        }

        using HttpResponseMessage beyond = await _server.Operator.GetAsync($"{Head}?from=99");
        await ServerUnderTest.IsRefusedAsync(beyond, HttpStatusCode.Conflict, nameof(RejectionReason.LogTruncated));
    }

    [TestCase("another root", HttpStatusCode.Conflict, nameof(RejectionReason.LogSplitView))]
    [TestCase("more entries than there are", HttpStatusCode.Conflict, nameof(RejectionReason.LogTruncated))]
    [TestCase("another key's signature", HttpStatusCode.BadRequest, nameof(RejectionReason.NoSignatures))]
    [TestCase("no key", HttpStatusCode.BadRequest, nameof(RejectionReason.Malformed))]
    [Proves("J-13")]
    public async Task P8_A_checkpoint_that_is_not_one_of_this_log_is_refused(string wrong, HttpStatusCode status, string reason)
    {
        JsonElement head = await _server.GetAsync(Head);
        Sha256Digest root = Sha256Digest.Parse(head.GetProperty("root").GetString()!);
        object request = wrong switch
        {
            "another root" => _signer.Checkpoint(1, Sha256Digest.Of("another"u8)),
            "more entries than there are" => _signer.Checkpoint(2, root),
            "no key" => new { vkey = "x", checkpoint = "y" },
            _ => new { vkey = new AuditSigner().Key.Text, checkpoint = JsonSerializer.SerializeToElement(_signer.Checkpoint(1, root)).GetProperty("checkpoint").GetString() },
        };
        using HttpResponseMessage response = await _server.Operator.PostAsync(Checkpoints, JsonContent.Create(request));
        await ServerUnderTest.IsRefusedAsync(response, status, reason);
        Assert.That(await StatusAsync("checkpoint"), Is.EqualTo(HttpStatusCode.NotFound), "nothing changed");
    }

    [TestCase("updates.example/audit")]
    [TestCase("another.example/audit")]
    [Proves("J-15")]
    public async Task P8_A51_Whose_checkpoint_came_first_signs_for_the_log_and_nobody_else_who_may_publish(string name)
    {
        await _signer.SignAsync(_server);
        await new SimulatedDevice(_server, "pump-0001").CheckInAsync();
        using HttpResponseMessage other = await _server.Operator.PostAsync(Checkpoints, JsonContent.Create(await new AuditSigner(name).CheckpointAsync(_server)));
        await ServerUnderTest.IsRefusedAsync(other, HttpStatusCode.Conflict, "UnknownSigner");
        Assert.That((await _signer.ReadAsync(_server)).Count, Is.EqualTo(1), "what is served is what the first one signed");
        await _signer.SignAsync(_server);
    }

    [Test]
    [Proves("J-15")]
    public async Task P8_A51_Whom_the_published_timestamp_names_signs_for_the_log_whoever_came_first()
    {
        AuditSigner thief = new();
        await thief.SignAsync(_server);
        await new SimulatedDevice(_server, "pump-0001").CheckInAsync();
        JsonElement request = JsonSerializer.SerializeToElement(await _signer.CheckpointAsync(_server));
        _server.Source.Repository.ServerLogs.Add(VerifiedCheckpoint.Verify(Encoding.UTF8.GetBytes(request.GetProperty("checkpoint").GetString()!), _signer.Key).OrThrow());
        _server.Source.Add(SampleRelease.Create());
        using HttpResponseMessage published = await _server.PublishAsync();
        await ServerUnderTest.ReadAsync(published, HttpStatusCode.OK);
        Assert.That(await StatusAsync("checkpoint"), Is.EqualTo(HttpStatusCode.NotFound), "what the thief signed is not served any more");
        using HttpResponseMessage refused = await _server.Operator.PostAsync(Checkpoints, JsonContent.Create(await thief.CheckpointAsync(_server)));
        await ServerUnderTest.IsRefusedAsync(refused, HttpStatusCode.Conflict, "UnknownSigner");
        Assert.That((await SignedAsync()).Select(static e => e.Kind), Does.Contain("publication.taken"));
    }

    [TestCase(3, nameof(RejectionReason.LogMismatch))]
    [TestCase(261, nameof(RejectionReason.LogMismatch))]
    [Proves("J-4", "J-20")]
    public async Task P8_A51_An_entry_that_was_changed_in_the_database_is_found(long number, string reason)
    {
        await FillAsync(264);
        await SignedAsync();
        Spoil("audit_entries_stay", $"UPDATE audit_entries SET entry = CAST(replace(CAST(entry AS TEXT), 'bootstrap', 'somebody!') AS BLOB) WHERE number = {number}");
        Dictionary<string, byte[]> files = await AuditSigner.MirrorAsync(_server);
        Assert.That(_signer.Audit(files).Reason().ToString(), Is.EqualTo(reason));
    }

    [Test]
    [Proves("J-20")]
    public async Task P8_A51_An_entry_that_was_removed_from_the_database_is_found()
    {
        await FillAsync(5);
        await SignedAsync();
        Spoil("audit_entries_are_kept", "DELETE FROM audit_entries WHERE number = 4");
        using HttpResponseMessage response = await _server.Operator.GetAsync(LogPath + "tile/entries/000.p/5");
        await ServerUnderTest.IsRefusedAsync(response, HttpStatusCode.InternalServerError, nameof(RejectionReason.LogIncomplete));
    }

    [Test]
    [Proves("J-3")]
    public async Task P8_Two_servers_write_one_log()
    {
        await using ServerPair pair = await ServerPair.StartAsync();
        await pair.RegisterAsync(10);
        await _signer.SignAsync(pair.One);
        await pair.RegisterAsync(4);
        await _signer.SignAsync(pair.Two);
        IReadOnlyList<LogEntry> one = await _signer.ReadAsync(pair.One), two = await _signer.ReadAsync(pair.Two);
        Assert.That(one.Select(static e => e.Encode()), Is.EqualTo(two.Select(static e => e.Encode())));
        Assert.That(one.Where(static e => e.Kind == "device.reported").Select(static e => e.Actor).Distinct(StringComparer.Ordinal).Count(), Is.EqualTo(10));
    }

    private async Task<IReadOnlyList<LogEntry>> SignedAsync()
    {
        await _signer.SignAsync(_server);
        return await _signer.ReadAsync(_server);
    }

    /// <summary>Has the log grow to so many entries, each by a change.</summary>
    private async Task FillAsync(int count)
    {
        for (int i = 1; i < count; i++)
        {
            await _server.PutPersonAsync("ann", new { grants = Array.Empty<object>() });
        }
    }

    private async Task<HttpStatusCode> StatusAsync(string path)
    {
        using HttpResponseMessage response = await _server.Operator.GetAsync(LogPath + path);
        return response.StatusCode;
    }

    /// <summary>Who holds the database does what he likes.</summary>
    private void Spoil(string trigger, string sql)
    {
        using SqliteConnection database = new($"Data Source={_server.PathOf("data/server.db")};Pooling=False");
        Assert.That(database.Execute($"DROP TRIGGER {trigger}; {sql}"), Is.EqualTo(1));
    }
}
