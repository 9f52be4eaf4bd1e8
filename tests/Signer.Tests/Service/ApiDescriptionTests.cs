using System.Text.Json;

namespace Fota.Signer.Tests.Service;

[TestFixture]
public sealed class ApiDescriptionTests
{
    private static readonly JsonSerializerOptions s_options = new() { WriteIndented = true };

    /// <summary>After a change that is meant: copy what the test wrote beside its assembly to docs/spec/signer-api.json, and read the difference.</summary>
    [Test]
    public async Task Description_of_the_api_is_the_one_in_the_specification()
    {
        await using ServiceWorld world = await ServiceWorld.CreateAsync();
        string served = await world.As("").GetStringAsync("/openapi/v1.json");
        served = JsonSerializer.Serialize(JsonSerializer.Deserialize<JsonElement>(served), s_options) + "\n";
        await File.WriteAllTextAsync(Path.Combine(AppContext.BaseDirectory, "signer-api.json"), served);
        Assert.That(served, Is.EqualTo(await File.ReadAllTextAsync(Path.Combine(SignerWorld.RepositoryRoot(), "docs", "spec", "signer-api.json"))));
    }
}
