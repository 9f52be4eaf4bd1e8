using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Fota.Manifest;
using Fota.Manifest.Reports;
using Fota.TestKit;
using Fota.UpdateServer.Tests.Support;

namespace Fota.UpdateServer.Tests;

/// <summary>A48. fota-server is killed in the middle of something, and started again in the same folder.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class KillTests : IAsyncDisposable
{
    private static readonly object[] s_canary = [new { name = "canary", count = 1 }, new { name = "rest" }];

    private ServerUnderTest _prepared = null!;

    [SetUp]
    public async Task PublishFirst()
    {
        PublicationSource source = PublicationSource.ForRealTime();
        source.Add(SampleRelease.Create());
        _prepared = await ServerUnderTest.StartAsync(source);
        using HttpResponseMessage response = await _prepared.PublishAsync();
        await ServerUnderTest.ReadAsync(response, HttpStatusCode.OK);
    }

    public async ValueTask DisposeAsync() => await _prepared.DisposeAsync();

    [TestCase("staging/")]
    [TestCase("content/")]
    [TestCase("server.db-wal")]
    public async Task A48_A_server_killed_during_a_publication_has_the_old_one_or_the_new_one_whole(string moment)
    {
        await _prepared.StopAsync();
        (string, Dictionary<string, byte[]>) before = ("1.1.0", _prepared.Source.Bundle());
        _prepared.Source.Add(SampleRelease.Create("1.2.0", 3, image: SampleRelease.ImageOf("1.2.0", 4 * 1024 * 1024)));
        (string, Dictionary<string, byte[]>) after = ("1.1.0, 1.2.0", _prepared.Source.Bundle());
        bool answered = false;
        await using (ServerProcess server = await ServerProcess.StartAsync(_prepared))
        {
            await server.KillAtAsync(moment, async () => answered = await PublishAsync(server));
        }

        await using ServerProcess again = await ServerProcess.StartAsync(_prepared);
        bool isNew = await VersionsAsync(again) == after.Item1;
        Assert.That(isNew || !answered, "what was answered is in force");
        await IsWholeAsync(again, isNew ? after : before);
        Assert.That(Directory.EnumerateFileSystemEntries(_prepared.PathOf("data/staging")), Is.Empty);
        Assert.That(await PublishAsync(again), "the signer can simply send it again");
        await IsWholeAsync(again, after);
    }

    [Test]
    public async Task A48_A_server_killed_during_a_check_in_keeps_the_fleet_and_every_answer()
    {
        SimulatedDevice[] pumps = [.. Enumerable.Range(1, 3).Select(i => new SimulatedDevice(_prepared, $"pump-{i}"))];
        foreach (SimulatedDevice pump in pumps)
        {
            await pump.CheckInAsync();
        }

        JsonElement rollout = await _prepared.PostAsync("/api/v1/rollouts", new { product = "infusion-pump", version = "1.1.0", stages = s_canary, abort_after_failures = 1 }, HttpStatusCode.Created);
        await _prepared.PostAsync($"/api/v1/rollouts/{rollout.GetProperty("id").GetString()}/start");
        await _prepared.StopAsync();
        Dictionary<string, Assignment?> assigned = new(StringComparer.Ordinal);
        foreach (SimulatedDevice killed in pumps)
        {
            string? answered = null;
            await using (ServerProcess server = await ServerProcess.StartAsync(_prepared))
            {
                foreach (SimulatedDevice pump in pumps)
                {
                    Assignment? assignment = (await CheckInAsync(server, pump))!.Assignment;
                    Assert.That(assigned.TryAdd(pump.Name, assignment) || assigned[pump.Name] == assignment, $"{pump.Name}: a grant stays as it was answered");
                }

                await server.KillAtAsync("server.db-wal", async () => answered = await CheckInAsync(server, killed) is null ? null : $"1.0.{killed.Ordinal}");
            }

            await using ServerProcess again = await ServerProcess.StartAsync(_prepared);
            Dictionary<string, string> versions = (await GetAsync(again, "/api/v1/devices")).EnumerateArray()
                .ToDictionary(static d => d.GetProperty("device").GetString()!, static d => d.GetProperty("version").GetString()!, StringComparer.Ordinal);
            foreach (SimulatedDevice pump in pumps)
            {
                string[] possible = pump != killed ? [$"1.0.{pump.Ordinal}"] : answered is not null ? [answered] : [$"1.0.{pump.Ordinal - 1}", $"1.0.{pump.Ordinal}"];
                Assert.That(possible, Does.Contain(versions[pump.Name]), pump.Name);
            }

            JsonElement kept = (await GetAsync(again, "/api/v1/rollouts")).EnumerateArray().Single();
            Assert.That((kept.GetProperty("state").GetString(), kept.GetProperty("stages")[0].GetProperty("granted").GetInt32()), Is.EqualTo(("running", 1)));
        }

        Assert.That(assigned.Values.Count(static a => a is not null), Is.EqualTo(1));
    }

    /// <summary>Whether it was answered, with success.</summary>
    private async Task<bool> PublishAsync(ServerProcess server)
    {
        using ByteArrayContent content = new(PublicationSource.Tar(_prepared.Source.Bundle()));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/x-tar");
        return await SendAsync(Operator(server), "/api/v1/publications", content) is not null;
    }

    private async Task<CheckInAnswer?> CheckInAsync(ServerProcess server, SimulatedDevice pump)
    {
        DeviceReport report = pump.Report();
        using ByteArrayContent content = new(pump.Sign(report with { RunningVersion = ReleaseVersion.Parse($"1.0.{report.Ordinal}") }));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/cose");
        byte[]? answer = await SendAsync(_prepared.Client(pump.Certificate, server.Address), "/api/v1/check-in", content);
        return answer is null ? null : CheckInAnswer.Decode(answer).OrThrow();
    }

    /// <summary>The answer; null if the server died over it.</summary>
    private static async Task<byte[]?> SendAsync(HttpClient client, string path, HttpContent content)
    {
        try
        {
            using HttpResponseMessage response = await client.PostAsync(path, content);
            byte[] body = await response.Content.ReadAsByteArrayAsync();
            Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK), System.Text.Encoding.UTF8.GetString(body));
            return body;
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    private async Task IsWholeAsync(ServerProcess server, (string Versions, Dictionary<string, byte[]> Files) publication)
    {
        Assert.That(await VersionsAsync(server), Is.EqualTo(publication.Versions));
        using HttpClient client = _prepared.Client(null, server.Address);
        foreach ((string path, byte[] bytes) in publication.Files.Where(f => !IsHistory(f.Key, publication.Files.Keys)))
        {
            Assert.That(await client.GetByteArrayAsync($"/repo/{path}"), Is.EqualTo(bytes), path);
        }
    }

    /// <summary>Versions of snapshot and targets that were superseded before anything was published: nothing vouches for them.</summary>
    private static bool IsHistory(string path, IEnumerable<string> all)
    {
        string[] parts = path.Split('/')[^1].Split('.');
        return path.StartsWith("metadata/", StringComparison.Ordinal) && parts is [var version, not "root", "json"]
            && all.Any(p => p.EndsWith($".{parts[1]}.json", StringComparison.Ordinal) && int.Parse(p.Split('/')[^1].Split('.')[0]) > int.Parse(version));
    }

    private async Task<string> VersionsAsync(ServerProcess server) =>
        string.Join(", ", (await GetAsync(server, "/api/v1/releases")).EnumerateArray().Select(static r => r.GetProperty("version").GetString()!).Order(StringComparer.Ordinal));

    private async Task<JsonElement> GetAsync(ServerProcess server, string path)
    {
        using HttpResponseMessage response = await Operator(server).GetAsync(path);
        return await ServerUnderTest.ReadAsync(response, HttpStatusCode.OK);
    }

    private HttpClient Operator(ServerProcess server)
    {
        HttpClient client = _prepared.Client(null, server.Address);
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", _prepared.Token);
        return client;
    }
}
