using System.Text.Json;
using Fota.TestKit;
using Fota.UpdateServer.Api.Access;
using Fota.UpdateServer.Tests.Support;

namespace Fota.UpdateServer.Tests.Outside;

public sealed class ApiDescriptionTests
{
    private static readonly JsonSerializerOptions s_options = new() { WriteIndented = true };

    private JsonElement _served;

    [OneTimeSetUp]
    public async Task Read()
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync();
        _served = await server.GetAsync("/api/v1/openapi.json");
    }

    /// <summary>After a change that is meant: copy what the test wrote beside its assembly to docs/spec/server-api.json, and read the difference.</summary>
    [Test]
    public async Task Description_of_the_api_is_the_one_in_the_specification()
    {
        string served = JsonSerializer.Serialize(_served, s_options) + "\n";
        await File.WriteAllTextAsync(Path.Combine(AppContext.BaseDirectory, "server-api.json"), served);
        Assert.That(served, Is.EqualTo(await File.ReadAllTextAsync(RepositoryRoot.Path("docs", "spec", "server-api.json"))));
    }

    [Test]
    public void Every_endpoint_of_the_table_is_described_but_the_description_itself()
    {
        string[] described = [.. _served.GetProperty("paths").EnumerateObject().SelectMany(static path => path.Value.EnumerateObject().Select(method => $"{method.Name.ToUpperInvariant()} {path.Name}"))];
        Assert.That(described, Is.EquivalentTo(AccessTable.Rows.Select(static r => $"{r.Method} {r.Pattern.Replace("{**path}", "{path}", StringComparison.Ordinal)}").Except(["GET /api/v1/openapi.json"], StringComparer.Ordinal)));
    }
}
