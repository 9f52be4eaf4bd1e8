using System.Text.Json;
using Dapper;
using Fota.TestKit;
using Fota.UpdateServer.Tests.Access;
using Fota.UpdateServer.Tests.Support;
using Microsoft.Data.Sqlite;

namespace Fota.UpdateServer.Tests.Api;

/// <summary>Alarms by pages, for somebody who may see few of very many.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class AlarmPageTests : IAsyncDisposable
{
    private ServerUnderTest _server = null!;

    [SetUp]
    public async Task Start() => _server = await ServerUnderTest.StartAsync();

    public async ValueTask DisposeAsync() => await _server.DisposeAsync();

    [Test]
    [Proves("V-4")]
    public async Task A53_Alarms_that_others_alone_may_see_are_passed_ten_thousand_at_a_request_and_those_behind_them_are_found_by_going_on()
    {
        Raise(1, 2, "infusion-pump");
        Raise(3, 10_002, "ventilator");
        HttpClient bounded = await _server.JoinAsync("ben", new { role = "viewer", products = new[] { "infusion-pump" } });
        Assert.That(await PageAsync(bounded, "?limit=1"), Is.EqualTo(("", (long?)3)), "as many as one request reads were others'");
        Assert.That(await PageAsync(bounded, "?limit=1&before=3"), Is.EqualTo(("2", (long?)2)));
        Assert.That(await PageAsync(bounded, "?limit=1&before=2"), Is.EqualTo(("1", (long?)null)));
        Assert.That(await PageAsync(bounded, "?before=10000"), Is.EqualTo(("2 1", (long?)null)), "fewer than that are passed at once");
    }

    private static async Task<(string Numbers, long? Next)> PageAsync(HttpClient by, string query)
    {
        using HttpResponseMessage response = await by.GetAsync($"/api/v1/alarms{query}");
        JsonElement page = await ServerUnderTest.ReadAsync(response, System.Net.HttpStatusCode.OK), next = page.GetProperty("next");
        return (string.Join(' ', page.GetProperty("alarms").EnumerateArray().Select(static a => a.GetProperty("number").GetInt64())), next.ValueKind == JsonValueKind.Null ? null : next.GetInt64());
    }

    private void Raise(int first, int last, string product)
    {
        using SqliteConnection connection = new($"Data Source={_server.PathOf("data/server.db")}");
        connection.Execute(
            """
            WITH RECURSIVE n (i) AS (SELECT @first UNION ALL SELECT i + 1 FROM n WHERE i < @last)
            INSERT INTO alarms (number, kind, subject, product, level, raised, detail, seen)
            SELECT i, 'MetadataStale', 'device-' || i, @product, 0, @now, 'its metadata is stale', @now FROM n
            """,
            new { first, last, product, now = _server.Clock.Now.ToUnixTimeMilliseconds() });
    }
}
