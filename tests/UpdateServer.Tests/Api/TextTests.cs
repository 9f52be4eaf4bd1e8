using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Fota.Manifest.Reports;
using Fota.TestKit;
using Fota.UpdateServer.Configuration;
using Fota.UpdateServer.People;
using Fota.UpdateServer.Tests.Access;
using Fota.UpdateServer.Tests.Support;

namespace Fota.UpdateServer.Tests.Api;

/// <summary>Text that a database may not be able to hold, in every place of the API that takes text, with either database.</summary>
[TestFixture(false)]
[TestFixture(true)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed partial class TextTests(bool isShared) : IAsyncDisposable
{
    private static readonly SampleRelease s_way = SampleRelease.Create("1.0.5", 1);

    /// <summary>U+0000, which PostgreSQL's text has not, and half of a surrogate pair, which no UTF-8 has; as JSON writes them.</summary>
    private static readonly string[] s_hostile = ["a\\u0000b", "a\\ud800b"];

    /// <summary>All that a request can say, where a case of <see cref="AccessWorld"/> says less: each body is one that is taken.</summary>
    private static readonly Dictionary<string, object> s_whole = new(StringComparer.Ordinal)
    {
        ["PUT /api/v1/devices/{device}/traits"] = new { site = "basel", hardware = "rev-a", time_zone = "Europe/Zurich", tags = new[] { "beta" } },
        ["PATCH /api/v1/devices/{device}/traits"] = new { site = "basel", hardware = "rev-a", time_zone = "Europe/Zurich", add_tags = new[] { "beta" }, remove_tags = new[] { "alpha" } },
        ["POST /api/v1/devices/{device}/revocation"] = new { reason = "known", key_id = new string('0', 64) },
        ["POST /api/v1/rollouts"] = Plan(),
        ["PUT /api/v1/rollouts/{id}"] = Plan(),
        ["POST /api/v1/rollout-simulations"] = new { plan = Plan(), devices = 5 },
        ["PUT /api/v1/operators/{name}"] = new
        {
            grants = new[] { new { role = "viewer", products = new[] { "infusion-pump" }, sites = new[] { "basel" } } },
            certificate_subjects = new[] { "CN=anna" },
            certificates = new[] { new { issuer = "CN=People", serial = "01" } },
            oauth_subjects = new[] { "anna" },
        },
        ["POST /api/v1/operators/{name}/tokens"] = new { name = "whole", roles = new[] { "viewer" } },
    };

    private readonly DirectoryInfo _content = Directory.CreateTempSubdirectory("fota-content-");
    private AccessWorld _world = null!;

    [SetUp]
    public async Task StartAsync()
    {
        _world = await AccessWorld.StartAsync(isShared ? new DatabaseSettings { Connection = await (await PostgresServer.SharedAsync).CreateDatabaseAsync(), ContentDirectory = _content.FullName } : null);
        _world.Server.Source.Add(s_way);
        using HttpResponseMessage published = await _world.Server.PublishAsync();
        await ServerUnderTest.ReadAsync(published, HttpStatusCode.OK);
    }

    public async ValueTask DisposeAsync()
    {
        await _world.DisposeAsync();
        _content.Delete(recursive: true);
    }

    [Test]
    public async Task Every_text_of_every_body_is_refused_where_it_has_a_character_that_a_database_cannot_hold()
    {
        HashSet<string> walked = new(StringComparer.Ordinal);
        foreach ((string endpoint, AccessCase made) in _world.Cases)
        {
            using HttpRequestMessage sample = await made.RequestAsync();
            if (await BodyOfAsync(endpoint, sample) is not { } body)
            {
                continue;
            }

            string path = sample.RequestUri!.OriginalString;
            foreach (string place in TextsOf(body, ""))
            {
                walked.Add($"{endpoint} {Indices().Replace(place, "[]")}");
                foreach (string hostile in s_hostile)
                {
                    using HttpResponseMessage response = await SendAsync(endpoint, path, With(body, place, hostile));
                    string answer = await response.Content.ReadAsStringAsync();
                    Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.BadRequest), $"{endpoint}: {place}: {hostile}: {answer}");
                    Assert.That(JsonSerializer.Deserialize<JsonElement>(answer).GetProperty("reason").GetString(), Is.AnyOf("ValueOutOfRange", "Malformed"), $"{endpoint}: {place}: {hostile}");
                }
            }

            using HttpResponseMessage whole = await SendAsync(endpoint, path, body.ToJsonString());
            Assert.That(whole.IsSuccessStatusCode, $"{endpoint}: without it, it is taken: {await whole.Content.ReadAsStringAsync()}");
        }

        Assert.That(walked, Is.EquivalentTo(DescribedTexts()), "as the description of the API has them");
    }

    [Test]
    public async Task No_text_of_an_address_is_a_defect()
    {
        foreach ((string endpoint, AccessCase made) in _world.Cases)
        {
            string[] parts = endpoint.Split(' ');
            using HttpRequestMessage sample = await made.RequestAsync();
            foreach (string path in (string[])[Parameter().Replace(parts[1], "a%00b"), Parameter().Replace(parts[1], "a%ED%A0%80b"), $"{sample.RequestUri!.OriginalString}?site=a%00b&from=%00&after=%00&tag=%ED%A0%80"])
            {
                using HttpRequestMessage request = new(sample.Method, path);
                using HttpResponseMessage response = await _world.Server.Operator.SendAsync(request);
                Assert.That((int)response.StatusCode, Is.LessThan(500), $"{endpoint}: {path}");
            }
        }
    }

    [Test]
    [Proves("C3")]
    public async Task Report_whose_text_a_database_cannot_hold_is_refused_as_malformed()
    {
        SimulatedDevice pump = new(_world.Server, "pump-0009");
        using HttpResponseMessage response = await pump.PostAsync(pump.Sign(pump.Report(ReportState.Failed, "r1-\0")));
        await ServerUnderTest.IsRefusedAsync(response, HttpStatusCode.BadRequest, "Malformed");
    }

    private static object Plan() => new
    {
        product = "infusion-pump",
        version = "1.1.0",
        manifest_digest = PublicationSource.DigestOf(SampleRelease.Create()).ToString(),
        pass_through = new[] { new { version = "1.0.5", manifest_digest = PublicationSource.DigestOf(s_way).ToString() } },
        newcomers = "join",
        filter = new { sites = new[] { "basel" }, tags = new[] { "beta" }, hardware = new[] { "rev-a" }, version_from = "0.1.0", version_below = "9.0.0" },
        windows = new { time_zone = "Europe/Zurich", times = new[] { new { from = "01:00", to = "05:00", days = new[] { "mon" } } } },
        stages = new object[] { new { name = "all", strata = new[] { "site" }, filter = new { sites = new[] { "basel" }, tags = new[] { "beta" }, hardware = new[] { "rev-a" }, version_from = "0.1.0", version_below = "9.0.0" } } },
        abort_after_failures = 1,
    };

    /// <summary>The JSON of a request; null for another body, or none.</summary>
    private static async Task<JsonNode?> BodyOfAsync(string endpoint, HttpRequestMessage sample) =>
        s_whole.TryGetValue(endpoint, out object? whole) ? JsonSerializer.SerializeToNode(whole)
        : sample.Content?.Headers.ContentType?.MediaType == "application/json" ? JsonNode.Parse(await sample.Content.ReadAsStringAsync()) : null;

    /// <summary>Where a body has texts, as paths of System.Text.Json without the beginning.</summary>
    private static IEnumerable<string> TextsOf(JsonNode? node, string path) => node switch
    {
        JsonObject members => members.SelectMany(m => TextsOf(m.Value, $"{path}.{m.Key}")),
        JsonArray items => items.SelectMany((item, i) => TextsOf(item, $"{path}[{i}]")),
        JsonValue value when value.GetValueKind() == JsonValueKind.String => [path],
        _ => [],
    };

    private static string With(JsonNode body, string place, string hostile)
    {
        const string mark = "the-text-in-question";
        JsonNode changed = body.DeepClone(), at = changed;
        string[] steps = [.. Step().Matches(place).Select(static m => m.Value.Trim('.', '[', ']'))];
        foreach (string step in steps[..^1])
        {
            at = at is JsonArray ? at[int.Parse(step)]! : at[step]!;
        }

        _ = at is JsonArray ? at[int.Parse(steps[^1])] = mark : at[steps[^1]] = mark;
        return changed.ToJsonString().Replace(mark, hostile, StringComparison.Ordinal);
    }

    /// <summary>The texts of all bodies, as the description of the API has them.</summary>
    private static IEnumerable<string> DescribedTexts()
    {
        JsonNode description = JsonNode.Parse(File.ReadAllText(RepositoryRoot.Path("docs", "spec", "server-api.json")))!;
        return description["paths"]!.AsObject().SelectMany(path => path.Value!.AsObject()
            .Where(static operation => operation.Value!["requestBody"]?["content"]?["application/json"] is not null)
            .SelectMany(operation => Described(operation.Value!["requestBody"]!["content"]!["application/json"]!["schema"]!, "").Select(place => $"{operation.Key.ToUpperInvariant()} {path.Key} {place}")));

        IEnumerable<string> Described(JsonNode schema, string place)
        {
            if (schema["$ref"] is { } reference)
            {
                return Described(description["components"]!["schemas"]![((string)reference!).Split('/')[^1]]!, place);
            }

            if (schema["oneOf"] is JsonArray either)
            {
                return either.SelectMany(s => Described(s!, place));
            }

            string[] types = schema["type"] is JsonArray several ? [.. several.Select(static t => (string)t!)] : schema["type"] is { } one ? [(string)one!] : [];
            return types.Contains("string") ? [place]
                : types.Contains("array") ? Described(schema["items"]!, $"{place}[]")
                : schema["properties"] is JsonObject members ? members.SelectMany(m => Described(m.Value!, $"{place}.{m.Key}")) : [];
        }
    }

    private async Task<HttpResponseMessage> SendAsync(string endpoint, string path, string body)
    {
        using HttpRequestMessage request = new(HttpMethod.Parse(endpoint.Split(' ')[0]), path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        HttpClient client = endpoint.EndsWith("/approve", StringComparison.Ordinal) ? _world.Callers.Single(static c => c is { Role: Role.Approver, Extent: Extent.Whole }).Client : _world.Server.Operator;
        return await client.SendAsync(request);
    }

    [GeneratedRegex(@"\[\d+\]", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Indices();

    [GeneratedRegex(@"\.[^.\[]+|\[\d+\]", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Step();

    [GeneratedRegex(@"\{[^}]*\}", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Parameter();
}
