using System.Net;
using System.Text.Json;
using Fota.Manifest;
using Fota.Manifest.Reports;
using Fota.TestKit;
using Fota.UpdateServer.Tests.Support;

namespace Fota.UpdateServer.Tests.Rollouts;

/// <summary>Rollouts as operators and devices see them, over HTTP. Releases 1.1.0 and 1.2.0 are published; three pumps have checked in.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class RolloutTests : IAsyncDisposable
{
    private static readonly object[] s_twoStages = [new { name = "canary", count = 1 }, new { name = "rest" }];

    private ServerUnderTest _server = null!;
    private SimulatedDevice[] _pumps = null!;
    private SampleRelease _release = null!;

    [SetUp]
    public async Task PublishAndRegister()
    {
        _server = await ServerUnderTest.StartAsync();
        _release = _server.Source.Add(SampleRelease.Create(security: 2));
        _server.Source.Add(SampleRelease.Create("1.2.0", 3));
        await PublishAsync();
        _pumps = [.. Enumerable.Range(1, 3).Select(i => new SimulatedDevice(_server, $"pump-{i}"))];
        foreach (SimulatedDevice pump in _pumps)
        {
            await pump.CheckInAsync();
        }
    }

    public async ValueTask DisposeAsync() => await _server.DisposeAsync();

    [Test]
    public async Task A_draft_says_what_it_will_do_and_does_nothing()
    {
        JsonElement rollout = await CreateAsync();
        Assert.That(rollout.GetProperty("state").GetString(), Is.EqualTo("draft"));
        Assert.That(rollout.GetProperty("target").GetString(), Is.EqualTo(_release.TargetPath));
        Assert.That(rollout.GetProperty("manifest_digest").GetString(), Is.EqualTo(PublicationSource.DigestOf(_release).ToString()));
        Assert.That(await _pumps[0].CheckInAsync(), Is.Null);
        Assert.That((await _server.GetAsync("/api/v1/rollouts")).GetArrayLength(), Is.EqualTo(1));
    }

    [Test]
    public async Task P9_A_rollout_goes_from_canary_to_completed_on_confirmed_boots()
    {
        string id = await StartAsync();
        SimulatedDevice canary = (await GrantedAsync()).Single();
        await InstallAsync(canary, id);
        SimulatedDevice[] rest = await GrantedAsync();
        Assert.That(rest, Is.EquivalentTo(_pumps.Except([canary])));
        foreach (SimulatedDevice pump in rest)
        {
            await InstallAsync(pump, id);
        }

        JsonElement rollout = await _server.GetAsync($"/api/v1/rollouts/{id}");
        Assert.That(rollout.GetProperty("state").GetString(), Is.EqualTo("completed"));
        Assert.That(rollout.GetProperty("stages").EnumerateArray().Select(static s => (s.GetProperty("members").GetInt32(), s.GetProperty("granted").GetInt32(), s.GetProperty("confirmed").GetInt32(), s.GetProperty("failed").GetInt32())), Is.EqualTo(new[] { (1, 1, 1, 0), (2, 2, 2, 0) }));
        Assert.That(await GrantedAsync(), Is.Empty);
    }

    [TestCase(ReportState.Installing)]
    [TestCase(ReportState.Activated)]
    public async Task P9_Installed_but_unconfirmed_does_not_advance(ReportState said)
    {
        string id = await StartAsync();
        SimulatedDevice canary = (await GrantedAsync()).Single();
        await canary.CheckInAsync(said, $"{id}-{canary.Name}", Release());
        Assert.That(await StageAsync(id), Is.EqualTo(("running", "canary")));
        Assert.That(await GrantedAsync(), Is.EqualTo(new[] { canary }));
    }

    [Test]
    public async Task P9_A_confirmation_of_another_manifest_does_not_advance()
    {
        string id = await StartAsync();
        SimulatedDevice canary = (await GrantedAsync()).Single();
        await canary.CheckInAsync(ReportState.Confirmed, $"{id}-{canary.Name}", canary.Running);
        Assert.That(await StageAsync(id), Is.EqualTo(("aborted", "canary")));
    }

    [Test]
    public async Task A_grant_is_answered_the_same_again_also_after_a_restart()
    {
        string id = await StartAsync();
        SimulatedDevice canary = (await GrantedAsync()).Single();
        Assignment wanted = new($"{id}-{canary.Name}", _release.TargetPath);
        Assert.That(await canary.CheckInAsync(), Is.EqualTo(wanted));
        Assert.That(await canary.CheckInAsync(ReportState.Installing, wanted.Deployment, Release()), Is.EqualTo(wanted));
        await RestartAsync();
        Assert.That(await canary.CheckInAsync(), Is.EqualTo(wanted));
        Assert.That(await GrantedAsync(), Is.EqualTo(new[] { canary }));
    }

    [Test]
    public async Task A_canary_that_goes_back_aborts_and_the_others_get_nothing()
    {
        string id = await StartAsync();
        SimulatedDevice canary = (await GrantedAsync()).Single();
        await canary.CheckInAsync(ReportState.Installing, $"{id}-{canary.Name}", Release());
        Assert.That(await canary.CheckInAsync(ReportState.RolledBack, $"{id}-{canary.Name}", Release()), Is.Null);
        JsonElement rollout = await _server.GetAsync($"/api/v1/rollouts/{id}");
        Assert.That(rollout.GetProperty("state").GetString(), Is.EqualTo("aborted"));
        Assert.That(rollout.GetProperty("reason").GetString(), Does.Contain("1 of 1"));
        Assert.That(rollout.GetProperty("stages")[1].GetProperty("members").GetInt32(), Is.Zero);
        await RestartAsync();
        Assert.That(await GrantedAsync(), Is.Empty);
        rollout = await _server.GetAsync($"/api/v1/rollouts/{id}");
        Assert.That(rollout.GetProperty("stages")[0].GetProperty("failed_devices").EnumerateArray().Select(static d => d.GetString()), Is.EqualTo(new[] { canary.Name }), "named though it said other things since");
    }

    [Test]
    public async Task A43_A_device_that_waits_for_a_gate_is_shown_keeps_its_assignment_and_counts_for_nothing()
    {
        string id = await StartAsync();
        SimulatedDevice canary = (await GrantedAsync()).Single();
        string deployment = $"{id}-{canary.Name}", why = "gate clinical-use closed before writing: the device is in use";
        Assert.That(
            await canary.CheckInAsync(canary.Report(ReportState.Deferred, deployment, Release()) with { Reason = RejectionReason.GateClosed, Detail = why }),
            Is.EqualTo(new Assignment(deployment, _release.TargetPath)));
        Assert.That(await canary.CheckInAsync(), Is.Not.Null, "polls go on");
        await RestartAsync();

        JsonElement rollout = await _server.GetAsync($"/api/v1/rollouts/{id}"), stage = rollout.GetProperty("stages")[0];
        Assert.That(rollout.GetProperty("state").GetString(), Is.EqualTo("running"));
        Assert.That(
            (stage.GetProperty("granted").GetInt32(), stage.GetProperty("confirmed").GetInt32(), stage.GetProperty("failed").GetInt32(), stage.GetProperty("deferred").GetInt32()),
            Is.EqualTo((1, 0, 0, 1)));
        Assert.That(stage.GetProperty("deferred_devices")[0].GetString(), Is.EqualTo($"{canary.Name}: {why}"));
        Assert.That(await DeferralAsync(canary), Is.EqualTo(why));

        await canary.CheckInAsync(ReportState.Installing, deployment, Release());
        Assert.That(await DeferralAsync(canary), Is.Null);
        Assert.That((await _server.GetAsync($"/api/v1/rollouts/{id}")).GetProperty("stages")[0].GetProperty("deferred").GetInt32(), Is.Zero);
    }

    [Test]
    public async Task A46_Repeated_and_late_reports_count_once()
    {
        string id = await StartAsync(new { product = "infusion-pump", version = "1.1.0", stages = new object[] { new { name = "all" } }, abort_after_failures = 2 });
        await GrantedAsync();
        SimulatedDevice pump = _pumps[0];
        DeviceReport installing = pump.Report(ReportState.Installing, $"{id}-{pump.Name}", Release());
        byte[] failed = pump.Sign(pump.Report(ReportState.Failed, $"{id}-{pump.Name}", Release()));
        for (int i = 0; i < 3; i++)
        {
            await ServerUnderTest.ReadAsync(await pump.PostAsync(failed), HttpStatusCode.OK);
        }

        Assert.That(await pump.CheckInAsync(installing), Is.Null);
        JsonElement rollout = await _server.GetAsync($"/api/v1/rollouts/{id}");
        Assert.That(rollout.GetProperty("state").GetString(), Is.EqualTo("running"));
        Assert.That(rollout.GetProperty("stages")[0].GetProperty("failed").GetInt32(), Is.EqualTo(1));
    }

    [Test]
    public async Task A46_A_device_that_was_remade_under_its_name_is_heard_from_its_first_report_on()
    {
        string id = await StartAsync();
        SimulatedDevice canary = (await GrantedAsync()).Single();
        canary.Ordinal = 41;
        await canary.CheckInAsync(ReportState.Installing, $"{id}-{canary.Name}", Release());
        SimulatedDevice remade = new(_server, canary.Name);
        Assert.That(await remade.CheckInAsync(), Is.EqualTo(new Assignment($"{id}-{canary.Name}", _release.TargetPath)));
        Assert.That((await _server.GetAsync("/api/v1/devices")).EnumerateArray().Single(d => d.GetProperty("device").GetString() == remade.Name).GetProperty("state").GetString(), Is.EqualTo("idle"));
        await RestartAsync();
        remade.Reconnect();
        remade.Ordinal = 41; // the same place in the order of another key
        await remade.CheckInAsync(ReportState.Installing, $"{id}-{canary.Name}", Release());
        remade.Ordinal--;
        await remade.CheckInAsync(ReportState.Failed, $"{id}-{canary.Name}", Release()); // its own order stands
        await InstallAsync(remade, id);
        Assert.That(await StageAsync(id), Is.EqualTo(("running", "rest")));
        Assert.That(_server.LogText.ToString().Split($"{canary.Name} reports with another certified key"), Has.Length.EqualTo(2), "said once");
    }

    [Test]
    public async Task Pause_stops_grants_and_resume_goes_on()
    {
        string id = await StartAsync();
        await _server.PostAsync($"/api/v1/rollouts/{id}/pause");
        Assert.That(await GrantedAsync(), Is.Empty);
        await _server.PostAsync($"/api/v1/rollouts/{id}/resume");
        Assert.That(await GrantedAsync(), Has.Length.EqualTo(1));
    }

    [Test]
    public async Task Abort_takes_the_grant_back()
    {
        string id = await StartAsync();
        Assert.That(await GrantedAsync(), Has.Length.EqualTo(1));
        JsonElement rollout = await _server.PostAsync($"/api/v1/rollouts/{id}/abort");
        Assert.That(rollout.GetProperty("stages")[0].GetProperty("granted").GetInt32(), Is.Zero);
        Assert.That(await GrantedAsync(), Is.Empty);
        using HttpResponseMessage again = await _server.Operator.PostAsync($"/api/v1/rollouts/{id}/start", null);
        await ServerUnderTest.IsRefusedAsync(again, HttpStatusCode.Conflict, "IllegalTransition");
    }

    [TestCase(ReportState.Installing)]
    [TestCase(ReportState.Activated)]
    public async Task P9_An_aborted_release_is_not_handed_out_again_and_the_next_one_is(ReportState said)
    {
        string first = await StartAsync();
        SimulatedDevice canary = (await GrantedAsync()).Single();
        await canary.CheckInAsync(said, $"{first}-{canary.Name}", Release());
        await _server.PostAsync($"/api/v1/rollouts/{first}/abort");
        Assert.That(await canary.CheckInAsync(), Is.Null);

        string second = await StartAsync(new { product = "infusion-pump", version = "1.2.0", stages = new object[] { new { name = "all" } }, abort_after_failures = 1 });
        Assert.That(await canary.CheckInAsync(), Is.EqualTo(new Assignment($"{second}-{canary.Name}", RepositorySimulator.PathOf("1.2.0"))));

        // What it had begun is its first rollout's all the same.
        await canary.CheckInAsync(ReportState.Failed, $"{first}-{canary.Name}", Release());
        Assert.That((await _server.GetAsync($"/api/v1/rollouts/{first}")).GetProperty("stages")[0].GetProperty("failed").GetInt32(), Is.EqualTo(1));
        Assert.That((await _server.GetAsync($"/api/v1/rollouts/{second}")).GetProperty("stages")[0].GetProperty("failed").GetInt32(), Is.Zero);
    }

    [Test]
    public async Task P9_A_second_canary_that_had_begun_is_free_when_the_first_one_aborts_the_rollout()
    {
        string id = await StartAsync(new { product = "infusion-pump", version = "1.1.0", stages = new object[] { new { name = "canary", count = 2 } }, abort_after_failures = 1 });
        SimulatedDevice[] canaries = await GrantedAsync();
        await canaries[1].CheckInAsync(ReportState.Installing, $"{id}-{canaries[1].Name}", Release());
        await canaries[0].CheckInAsync(ReportState.Failed, $"{id}-{canaries[0].Name}", Release());
        Assert.That((await StageAsync(id)).State, Is.EqualTo("aborted"));
        Assert.That(await GrantedAsync(), Is.Empty);
    }

    [Test]
    public async Task P5_Only_a_listed_release_can_be_rolled_out()
    {
        using HttpResponseMessage response = await _server.Operator.PostAsync("/api/v1/rollouts", System.Net.Http.Json.JsonContent.Create(Plan("6.6.6")));
        await ServerUnderTest.IsRefusedAsync(response, HttpStatusCode.UnprocessableEntity, "TargetNotFound");
    }

    [Test]
    public async Task P5_A_withdrawn_release_is_not_assigned_any_more()
    {
        string id = await StartAsync();
        SimulatedDevice canary = (await GrantedAsync()).Single();
        await canary.CheckInAsync(ReportState.Installing, $"{id}-{canary.Name}", Release());
        _server.Source.Repository.Pump.Targets.Remove(_release.TargetPath);
        _server.Source.Repository.Publish();
        await PublishAsync();
        Assert.That(await GrantedAsync(), Is.Empty);
        JsonElement rollout = await _server.GetAsync($"/api/v1/rollouts/{id}");
        Assert.That(rollout.GetProperty("state").GetString(), Is.EqualTo("aborted"));
        Assert.That(rollout.GetProperty("reason").GetString(), Is.EqualTo("the release is not listed any more"));
    }

    [Test]
    public async Task P4_A_release_below_what_a_completed_rollout_brought_is_refused()
    {
        JsonElement draft = await CreateAsync("1.2.0"); // security version 1
        string id = await StartAsync(new { product = "infusion-pump", version = "1.1.0", stages = new object[] { new { name = "all" } }, abort_after_failures = 1 });
        foreach (SimulatedDevice pump in await GrantedAsync())
        {
            await InstallAsync(pump, id);
        }

        Assert.That((await StageAsync(id)).State, Is.EqualTo("completed"));
        using HttpResponseMessage create = await _server.Operator.PostAsync("/api/v1/rollouts", System.Net.Http.Json.JsonContent.Create(Plan("1.2.0")));
        await ServerUnderTest.IsRefusedAsync(create, HttpStatusCode.UnprocessableEntity, "BelowSecurityFloor");
        using HttpResponseMessage start = await _server.Operator.PostAsync($"/api/v1/rollouts/{draft.GetProperty("id").GetString()}/start", null);
        await ServerUnderTest.IsRefusedAsync(start, HttpStatusCode.Conflict, "BelowSecurityFloor");
    }

    [Test]
    public async Task P4_A_plan_whose_way_leads_below_what_a_completed_rollout_brought_is_refused()
    {
        _server.Source.Add(SampleRelease.Create("1.3.0", 4, security: 2));
        await PublishAsync();
        string id = await StartAsync(new { product = "infusion-pump", version = "1.1.0", stages = new object[] { new { name = "all" } }, abort_after_failures = 1 });
        foreach (SimulatedDevice pump in await GrantedAsync())
        {
            await InstallAsync(pump, id);
        }

        object plan = new { product = "infusion-pump", version = "1.3.0", stages = new object[] { new { name = "all" } }, abort_after_failures = 1, pass_through = new[] { new { version = "1.2.0" } } };
        using HttpResponseMessage create = await _server.Operator.PostAsync("/api/v1/rollouts", System.Net.Http.Json.JsonContent.Create(plan));
        await ServerUnderTest.IsRefusedAsync(create, HttpStatusCode.UnprocessableEntity, "BelowSecurityFloor");
    }

    [Test]
    public async Task One_rollout_of_a_product_runs_at_a_time()
    {
        await StartAsync();
        JsonElement second = await CreateAsync("1.2.0");
        using HttpResponseMessage start = await _server.Operator.PostAsync($"/api/v1/rollouts/{second.GetProperty("id").GetString()}/start", null);
        await ServerUnderTest.IsRefusedAsync(start, HttpStatusCode.Conflict, "IllegalTransition");
    }

    [Test]
    public async Task A_device_that_registers_while_the_rest_runs_joins_it()
    {
        string id = await StartAsync();
        await InstallAsync((await GrantedAsync()).Single(), id);
        SimulatedDevice late = new(_server, "pump-late");
        Assert.That(await late.CheckInAsync(), Is.EqualTo(new Assignment($"{id}-pump-late", _release.TargetPath)));
    }

    [Test]
    [Proves("U-53")]
    public async Task A53_A_report_about_a_deployment_that_nobody_made_for_the_device_is_taken_and_is_no_evidence()
    {
        string id = await StartAsync();
        SimulatedDevice canary = (await GrantedAsync()).Single(), stranger = new(_server, "pump-late");
        foreach (string deployment in (string[])["x", $"{id}-{canary.Name}~2", $"{id}-{stranger.Name}", $"{id}-{canary.Name}"])
        {
            await canary.CheckInAsync(ReportState.Installing, deployment, Release());
        }

        await stranger.CheckInAsync(ReportState.Installing, $"{id}-{stranger.Name}", Release());
        await stranger.CheckInAsync(ReportState.Installing, $"{id}-{canary.Name}", Release());
        await _server.StopAsync();
        await using Microsoft.Data.Sqlite.SqliteConnection connection = new($"Data Source={_server.PathOf("data/server.db")};Mode=ReadOnly");
        Assert.That(Dapper.SqlMapper.Query<string>(connection, "SELECT device || ' ' || deployment FROM reports"), Is.EqualTo(new[] { $"{canary.Name} {id}-{canary.Name}" }));
    }

    [Test]
    public async Task The_report_that_counted_is_kept_as_it_was_signed()
    {
        string id = await StartAsync();
        SimulatedDevice canary = (await GrantedAsync()).Single();
        byte[] signed = canary.Sign(canary.Report(ReportState.Confirmed, $"{id}-{canary.Name}", Release()));
        await ServerUnderTest.ReadAsync(await canary.PostAsync(signed), HttpStatusCode.OK);
        await _server.StopAsync();
        await using Microsoft.Data.Sqlite.SqliteConnection connection = new($"Data Source={_server.PathOf("data/server.db")};Mode=ReadOnly");
        connection.Open();
        using Microsoft.Data.Sqlite.SqliteCommand command = connection.CreateCommand();
        command.CommandText = "SELECT signed FROM reports";
        byte[] kept = (byte[])command.ExecuteScalar()!;
        Assert.That(VerifiedReport.Verify(kept, canary.PublicKey, canary.Name).IsAccepted().Content.State, Is.EqualTo(ReportState.Confirmed));
    }

    [TestCase("""{"product":"infusion-pump","version":"1.1.0","stages":[],"abort_after_failures":1}""", "ValueOutOfRange")]
    [TestCase("""{"product":"infusion-pump","version":"1.1.0","stages":[{"name":"a"},{"name":"b"}],"abort_after_failures":1}""", "ValueOutOfRange")]
    [TestCase("""{"product":"infusion-pump","version":"1.1.0","stages":[{"name":"a","count":0}],"abort_after_failures":1}""", "ValueOutOfRange")]
    [TestCase("""{"product":"infusion-pump","version":"1.1.0","stages":[null],"abort_after_failures":1}""", "ValueOutOfRange")]
    [TestCase("""{"product":"infusion-pump","version":"1.1.0","stages":[{"name":"a"}],"abort_after_failures":0}""", "ValueOutOfRange")]
    [TestCase("""{"product":"../x","version":"1.1.0","stages":[{"name":"a"}],"abort_after_failures":1}""", "ValueOutOfRange")]
    [TestCase("""{"product":"infusion-pump","version":"1.1.0","stages":[{"name":"a"}]}""", "Malformed")]
    [TestCase("""{"product":"infusion-pump","version":"1.1.0","stages":[{"name":"a"}],"abort_after_failures":1,"skip_checks":true}""", "Malformed")]
    [TestCase("""{"product":null,"version":"1.1.0","stages":[{"name":"a"}],"abort_after_failures":1}""", "Malformed")]
    [TestCase("""{"product":""", "Malformed")]
    [TestCase("null", "Malformed")]
    public async Task A53_A_plan_that_is_none_is_refused(string json, string reason)
    {
        using StringContent content = new(json, System.Text.Encoding.UTF8, "application/json");
        using HttpResponseMessage response = await _server.Operator.PostAsync("/api/v1/rollouts", content);
        await ServerUnderTest.IsRefusedAsync(response, HttpStatusCode.BadRequest, reason);
        Assert.That((await _server.GetAsync("/api/v1/rollouts")).GetArrayLength(), Is.Zero);
    }

    [Test]
    public async Task An_unknown_rollout_is_not_found()
    {
        using HttpResponseMessage show = await _server.Operator.GetAsync("/api/v1/rollouts/r99");
        await ServerUnderTest.IsRefusedAsync(show, HttpStatusCode.NotFound, "NotFound");
        using HttpResponseMessage start = await _server.Operator.PostAsync("/api/v1/rollouts/r99/start", null);
        await ServerUnderTest.IsRefusedAsync(start, HttpStatusCode.NotFound, "NotFound");
    }

    private static object Plan(string version) => new { product = "infusion-pump", version, stages = s_twoStages, abort_after_failures = 1 };

    private Sha256Digest Release() => PublicationSource.DigestOf(_release);

    private async Task PublishAsync()
    {
        using HttpResponseMessage response = await _server.PublishAsync();
        await ServerUnderTest.ReadAsync(response, HttpStatusCode.OK);
    }

    private Task<JsonElement> CreateAsync(string version = "1.1.0") => _server.PostAsync("/api/v1/rollouts", Plan(version), HttpStatusCode.Created);

    private async Task<string?> DeferralAsync(SimulatedDevice device) =>
        (await _server.GetAsync("/api/v1/devices")).EnumerateArray().Single(d => d.GetProperty("device").GetString() == device.Name).GetProperty("deferral").GetString();

    private async Task<string> StartAsync(object? plan = null)
    {
        JsonElement rollout = await _server.PostAsync("/api/v1/rollouts", plan ?? Plan("1.1.0"), HttpStatusCode.Created);
        string id = rollout.GetProperty("id").GetString()!;
        Assert.That((await _server.PostAsync($"/api/v1/rollouts/{id}/start")).GetProperty("state").GetString(), Is.EqualTo("running"));
        return id;
    }

    private async Task<(string State, string? Stage)> StageAsync(string id)
    {
        JsonElement rollout = await _server.GetAsync($"/api/v1/rollouts/{id}");
        return (rollout.GetProperty("state").GetString()!, rollout.GetProperty("stage").GetString());
    }

    /// <summary>All pumps check in; gives those that got an assignment.</summary>
    private async Task<SimulatedDevice[]> GrantedAsync()
    {
        List<SimulatedDevice> granted = [];
        foreach (SimulatedDevice pump in _pumps)
        {
            if (await pump.CheckInAsync() is { } assignment)
            {
                Assert.That(assignment.TargetPath, Is.EqualTo(_release.TargetPath));
                granted.Add(pump);
            }
        }

        return [.. granted];
    }

    private async Task InstallAsync(SimulatedDevice pump, string id)
    {
        string deployment = $"{id}-{pump.Name}";
        await pump.CheckInAsync(ReportState.Installing, deployment, Release());
        await pump.CheckInAsync(ReportState.Activated, deployment, Release());
        pump.Running = Release();
        await pump.CheckInAsync(ReportState.Confirmed, deployment, Release());
    }

    private async Task RestartAsync()
    {
        await _server.RestartAsync();
        foreach (SimulatedDevice pump in _pumps)
        {
            pump.Reconnect();
        }
    }
}
