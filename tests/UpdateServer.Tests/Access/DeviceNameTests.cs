using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Fota.Manifest;
using Fota.Manifest.Log;
using Fota.Manifest.Reports;
using Fota.TestKit;
using Fota.UpdateServer.Tests.Support;

namespace Fota.UpdateServer.Tests.Access;

/// <summary>A name that devices of two products bear: the authority of one certifies what the other calls its own.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class DeviceNameTests : IAsyncDisposable
{
    private const string Name = "pump-0001", Pump = "infusion-pump", Ventilator = "ventilator";

    private ServerUnderTest _server = null!;

    [SetUp]
    public async Task Start() => _server = await ServerUnderTest.StartAsync();

    public async ValueTask DisposeAsync() => await _server.DisposeAsync();

    [Test]
    [Proves("I-12")]
    public async Task A44_A_device_of_another_product_with_the_same_name_neither_replaces_a_request_nor_reads_it_nor_makes_it_wait()
    {
        DateTimeOffset end = _server.Clock.Now.AddDays(30);
        RenewingDevice pump = new(_server, Name, end), other = new(_server, Name, end, Ventilator);
        await pump.WaitsAsync();
        await other.WaitsAsync();
        await pump.WaitsAsync();
        Assert.That((await _server.GetAsync("/api/v1/enrolments")).EnumerateArray().Select(static e => e.GetProperty("product").GetString()), Is.EquivalentTo([Pump, Ventilator]));
        using HttpResponseMessage issued = await pump.IssueAsync(pump.Renewed().RawData);
        Assert.That(issued.StatusCode, Is.EqualTo(HttpStatusCode.NoContent));
        await other.WaitsAsync();
        using HttpResponseMessage mine = await pump.AskAsync();
        Assert.That(mine.StatusCode, Is.EqualTo(HttpStatusCode.OK));
    }

    [Test]
    [Proves("U-48")]
    public async Task A44_A_name_that_a_device_of_another_product_took_is_given_to_the_right_one_for_good()
    {
        SimulatedDevice squatter = Device(Ventilator), pump = Device(Pump);
        await CheckInAsync(squatter, Ventilator);
        await IsForeignAsync(pump, Pump);
        await AssignAsync(_server.Operator, Pump);
        Assert.That((await _server.GetAsync("/api/v1/devices")).GetArrayLength(), Is.Zero, "what it left is nobody's");
        await IsForeignAsync(squatter, Ventilator);
        await CheckInAsync(pump, Pump);
        await IsForeignAsync(squatter, Ventilator);
        await _server.RestartAsync();
        squatter.Reconnect();
        pump.Reconnect();
        await IsForeignAsync(squatter, Ventilator);
        await CheckInAsync(pump, Pump);
        Assert.That((await _server.GetAsync($"/api/v1/devices/{Name}")).GetProperty("product").GetString(), Is.EqualTo(Pump));
    }

    [Test]
    [Proves("U-48")]
    public async Task A44_A_name_is_kept_for_its_product_before_any_device_comes_and_whatever_else_is_said_of_it()
    {
        await AssignAsync(_server.Operator, Pump);
        using HttpResponseMessage put = await _server.Operator.PutAsJsonAsync($"/api/v1/devices/{Name}/traits", new { site = "basel" });
        using HttpResponseMessage patched = await _server.Operator.PatchAsJsonAsync($"/api/v1/devices/{Name}/traits", new { hardware = "rev-a" });
        Assert.That((put.StatusCode, patched.StatusCode), Is.EqualTo((HttpStatusCode.OK, HttpStatusCode.OK)));
        await IsForeignAsync(Device(Ventilator), Ventilator);
        await _server.RestartAsync();
        await IsForeignAsync(Device(Ventilator), Ventilator);
        await CheckInAsync(Device(Pump), Pump);
        Assert.That((await _server.GetAsync($"/api/v1/devices/{Name}")).GetProperty("site").GetString(), Is.EqualTo("basel"));
    }

    [Test]
    [Proves("U-48", "O-29")]
    public async Task A44_Who_had_the_name_holds_no_grant_any_more_and_no_rollout_counts_it()
    {
        _server.Source.Add(SampleRelease.Create());
        using HttpResponseMessage published = await _server.PublishAsync();
        await ServerUnderTest.ReadAsync(published, HttpStatusCode.OK);
        SimulatedDevice squatter = Device(Pump), other = new(_server, "pump-0002");
        await squatter.CheckInAsync();
        await other.CheckInAsync();
        JsonElement draft = await _server.PostAsync("/api/v1/rollouts", new { product = Pump, version = "1.1.0", stages = new[] { new { name = "all" } }, abort_after_failures = 2 }, HttpStatusCode.Created);
        string id = draft.GetProperty("id").GetString()!;
        await _server.PostAsync($"/api/v1/rollouts/{id}/start");
        Assert.That(await squatter.CheckInAsync(), Is.Not.Null);
        Assert.That(await other.CheckInAsync(), Is.Not.Null);
        await AssignAsync(_server.Operator, Ventilator);
        await IsForeignAsync(squatter, Pump);
        JsonElement stage = (await _server.GetAsync($"/api/v1/rollouts/{id}")).GetProperty("stages")[0];
        Assert.That((stage.GetProperty("members").GetInt32(), stage.GetProperty("granted").GetInt32(), stage.GetProperty("failed").GetInt32()), Is.EqualTo((1, 1, 0)));
        JsonElement left = (await _server.GetAsync($"/api/v1/rollouts/{id}/decisions")).EnumerateArray().Single(static d => d.GetProperty("decision").GetString() == "devices_left");
        Assert.That((left.GetProperty("by").GetString(), left.GetProperty("why").GetString()), Is.EqualTo(("bootstrap", "1 devices were let go, 1 of them with a grant, as neither success nor failure: its name is another product's now")));
        await other.CheckInAsync(ReportState.Confirmed, $"{id}-pump-0002", PublicationSource.DigestOf(SampleRelease.Create()));
        Assert.That((await _server.GetAsync($"/api/v1/rollouts/{id}")).GetProperty("state").GetString(), Is.EqualTo("completed"));
    }

    [Test]
    [Proves("U-48", "O-51")]
    public async Task A43_Who_had_the_name_is_not_silent_where_it_came_and_waited_for_a_gate_until_then()
    {
        SampleRelease release = SampleRelease.Create();
        _server.Source.Add(release);
        using HttpResponseMessage published = await _server.PublishAsync();
        await ServerUnderTest.ReadAsync(published, HttpStatusCode.OK);
        SimulatedDevice gated = Device(Pump), other = new(_server, "pump-0002");
        await gated.CheckInAsync();
        await other.CheckInAsync();
        JsonElement draft = await _server.PostAsync("/api/v1/rollouts", new { product = Pump, version = "1.1.0", stages = new[] { new { name = "all" } }, abort_after_failures = 1, timeout_minutes = 3 }, HttpStatusCode.Created);
        string id = draft.GetProperty("id").GetString()!;
        await _server.PostAsync($"/api/v1/rollouts/{id}/start");
        await gated.CheckInAsync();
        await gated.CheckInAsync(gated.Report(ReportState.Deferred, $"{id}-{Name}", PublicationSource.DigestOf(release)) with { Reason = RejectionReason.GateClosed, Detail = "in use" });
        await other.CheckInAsync();
        _server.Clock.Now += TimeSpan.FromMinutes(2);
        await gated.CheckInAsync();
        await other.CheckInAsync(ReportState.Installing, $"{id}-pump-0002", PublicationSource.DigestOf(release));
        _server.Clock.Now += TimeSpan.FromMinutes(2);
        await AssignAsync(_server.Operator, Ventilator);
        JsonElement rollout = await _server.GetAsync($"/api/v1/rollouts/{id}"), stage = rollout.GetProperty("stages")[0];
        Assert.That((rollout.GetProperty("state").GetString(), stage.GetProperty("members").GetInt32(), stage.GetProperty("silent").GetInt32()), Is.EqualTo(("running", 1, 0)));
    }

    [Test]
    [Proves("U-48")]
    public async Task A45_A_name_is_moved_neither_out_of_ones_products_and_sites_nor_into_others()
    {
        await CheckInAsync(Device(Pump), Pump);
        using HttpResponseMessage sited = await _server.Operator.PutAsJsonAsync($"/api/v1/devices/{Name}/traits", new { site = "basel" });
        foreach ((string who, object grant, HttpStatusCode status, string? reason) in ((string, object, HttpStatusCode, string?)[])[
            ("old", new { role = "administrator", products = new[] { Pump } }, HttpStatusCode.Forbidden, "OutOfScope"),
            ("new", new { role = "administrator", products = new[] { Ventilator } }, HttpStatusCode.NotFound, "NotFound"),
            ("elsewhere", new { role = "administrator", products = new[] { Pump, Ventilator }, sites = new[] { "bern" } }, HttpStatusCode.NotFound, "NotFound"),
            ("operator", new { role = "operator" }, HttpStatusCode.Forbidden, "Forbidden"),
            ("both", new { role = "administrator", products = new[] { Pump, Ventilator }, sites = new[] { "basel" } }, HttpStatusCode.OK, null)])
        {
            HttpClient client = await _server.JoinAsync(who, grant);
            using HttpResponseMessage response = await client.PutAsJsonAsync($"/api/v1/devices/{Name}/product", new { product = Ventilator });
            Assert.That(response.StatusCode, Is.EqualTo(status), who);
            if (reason is not null)
            {
                await ServerUnderTest.IsRefusedAsync(response, status, reason);
                Assert.That((await _server.GetAsync("/api/v1/devices")).GetArrayLength(), Is.EqualTo(1), who);
            }
        }

        HttpClient bounded = await _server.JoinAsync("bounded", new { role = "administrator", products = new[] { Pump, Ventilator } });
        using HttpResponseMessage unknown = await bounded.PutAsJsonAsync("/api/v1/devices/pump-0009/product", new { product = Pump });
        await ServerUnderTest.IsRefusedAsync(unknown, HttpStatusCode.NotFound, "NotFound");
    }

    [Test]
    [Proves("U-48")]
    public async Task P8_Whose_a_name_is_said_to_be_is_in_the_log_once_with_whose_it_was_said_to_be_before()
    {
        await AssignAsync(_server.Operator, Pump);
        await AssignAsync(_server.Operator, Ventilator);
        await AssignAsync(_server.Operator, Ventilator);
        AuditSigner signer = new();
        await signer.SignAsync(_server);
        IReadOnlyList<LogEntry> log = await signer.ReadAsync(_server);
        Assert.That(log.Where(static e => e.Kind == "device.described").Select(static e => (e.Actor, e.Subject, e.Facts.GetValueOrDefault("product_before"), e.Facts["product"])), Is.EqualTo([
            ("bootstrap", Name, null, Pump), ("bootstrap", Name, (string?)Pump, Ventilator)]));
    }

    [Test]
    [Proves("U-49")]
    public async Task A44_A_name_that_is_shut_out_is_so_for_every_product_and_a_key_for_its_device_alone()
    {
        SimulatedDevice pump = Device(Pump), ventilator = Device(Ventilator);
        await _server.PostAsync($"/api/v1/devices/{Name}/revocation", new { reason = "stolen", key_id = ventilator.PublicKey.Id.ToString() });
        await IsNobodyAsync(ventilator, Ventilator);
        await CheckInAsync(pump, Pump);
        await _server.PostAsync($"/api/v1/devices/{Name}/revocation", new { reason = "stolen" });
        await IsNobodyAsync(pump, Pump);
        await IsNobodyAsync(Device(Ventilator), Ventilator);
    }

    private SimulatedDevice Device(string product) => new(_server, Name, key => ServerUnderTest.DeviceCa.IssueDevice(Name, key, product));

    private static async Task AssignAsync(HttpClient client, string product)
    {
        using HttpResponseMessage response = await client.PutAsJsonAsync($"/api/v1/devices/{Name}/product", new { product });
        JsonElement answer = await ServerUnderTest.ReadAsync(response, HttpStatusCode.OK);
        Assert.That((answer.GetProperty("device").GetString(), answer.GetProperty("product").GetString()), Is.EqualTo((Name, product)));
    }

    private static Task<Assignment?> CheckInAsync(SimulatedDevice device, string product) => device.CheckInAsync(device.Report() with { Product = ProductName.Parse(product) });

    private static async Task IsForeignAsync(SimulatedDevice device, string product)
    {
        using HttpResponseMessage response = await device.PostAsync(device.Sign(device.Report() with { Product = ProductName.Parse(product) }));
        await ServerUnderTest.IsRefusedAsync(response, HttpStatusCode.Forbidden, "ForeignReport");
    }

    private static async Task IsNobodyAsync(SimulatedDevice device, string product)
    {
        using HttpResponseMessage response = await device.PostAsync(device.Sign(device.Report() with { Product = ProductName.Parse(product) }));
        await ServerUnderTest.IsRefusedAsync(response, HttpStatusCode.Unauthorized, "Unauthorized");
    }
}
