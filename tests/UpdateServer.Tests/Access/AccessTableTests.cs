using System.Net;
using Fota.TestKit;
using Fota.UpdateServer.Api;
using Fota.UpdateServer.Api.Access;
using Fota.UpdateServer.People;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Fota.UpdateServer.Tests.Access;

/// <summary>Walks the whole table of access: every endpoint by every role, over the right and the wrong products and sites, by devices and by nobody.</summary>
public sealed class AccessTableTests
{
    private static readonly string[] s_reasons = [.. ProblemCodes.Own.Select(static c => c.Code), .. Enum.GetNames<Manifest.RejectionReason>()];

    private AccessWorld _world = null!;

    private static IEnumerable<string> Endpoints => AccessTable.Rows.Select(static row => $"{row.Method} {row.Pattern}");

    [OneTimeSetUp]
    public async Task Start() => _world = await AccessWorld.StartAsync();

    [OneTimeTearDown]
    public async Task Stop() => await _world.DisposeAsync();

    [TestCaseSource(nameof(Endpoints))]
    [Proves("U-1", "U-2", "U-3", "U-10")]
    public async Task A45_Everybody_may_do_exactly_what_the_table_says(string endpoint)
    {
        AccessRow row = AccessTable.Find(endpoint.Split(' ')[0], endpoint.Split(' ')[1])!;
        AccessCase sample = _world.Cases[endpoint];
        foreach (AccessCaller caller in _world.Callers)
        {
            (HttpStatusCode status, string reason) = Wanted(row, caller);
            bool allowed = status == HttpStatusCode.OK;
            using HttpRequestMessage request = await sample.RequestAsync();
            using HttpResponseMessage response = await caller.Client.SendAsync(request);
            string body = await response.Content.ReadAsStringAsync(), who = $"{caller}: {body}";
            Assert.That(response.StatusCode, Is.EqualTo(allowed ? sample.Success : status), who);
            if (!allowed)
            {
                Assert.That(row.Method == "HEAD" || body.Contains($"\"reason\":\"{reason}\"", StringComparison.Ordinal), Is.True, who);
                Assert.That(s_reasons, Does.Contain(reason));
            }
            else if (sample.Mark is { } mark)
            {
                Assert.That(body.Contains(mark, StringComparison.Ordinal), Is.EqualTo(caller.Extent is Extent.Whole or Extent.OwnProduct or Extent.OwnSite || (caller.Extent == Extent.OtherSite && row.Scope == ScopeRule.ListOfProducts)), who);
            }

            sample.After(allowed);
        }
    }

    [Test]
    [Proves("U-1")]
    public void Every_endpoint_of_the_table_has_a_case_that_shows_it() => Assert.That(_world.Cases.Keys, Is.EquivalentTo(Endpoints));

    [Test]
    [Proves("U-1")]
    public async Task An_endpoint_that_the_table_does_not_have_stops_the_server()
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        builder.Services.AddRouting();
        await using WebApplication app = builder.Build();
        app.UseRouting();
        app.MapJudged().MapGet("/api/v1/secrets", static () => "everything");
        Assert.That(() => AccessConvention.RequireComplete(app), Throws.InvalidOperationException.With.Message.EqualTo("GET /api/v1/secrets is mapped, and the table of access does not say for whom"));
    }

    [Test]
    [Proves("U-1")]
    public async Task The_documents_show_the_table_as_it_is()
    {
        string[] lines = await File.ReadAllLinesAsync(RepositoryRoot.Path("docs", "spec", "access.md"));
        Assert.That(lines.SkipWhile(static l => !l.StartsWith("| endpoint |", StringComparison.Ordinal)).TakeWhile(static l => l.StartsWith('|')), Is.EqualTo(AccessTable.Markdown()));
    }

    /// <summary>What the table says, in words of its own: nothing of the server's decides here.</summary>
    private static (HttpStatusCode Status, string Reason) Wanted(AccessRow row, AccessCaller caller)
    {
        (HttpStatusCode, string) yes = (HttpStatusCode.OK, ""), unknown = (HttpStatusCode.Unauthorized, "Unauthorized");
        bool inside = caller.Extent is Extent.Whole or Extent.OwnProduct or Extent.OwnSite;
        return row.Audience switch
        {
            Audience.Anyone => yes,
            Audience.Device or Audience.RenewingDevice => caller.IsDevice ? yes : caller.IsExpiredDevice ? (HttpStatusCode.Unauthorized, "CertificateExpired") : unknown,
            Audience.Person when caller.Role is null => unknown,
            Audience.Person when row.Roles == Role.None => yes,
            Audience.Person when caller.Role == Role.None || !row.Roles.HasFlag(caller.Role!.Value) => (HttpStatusCode.Forbidden, "Forbidden"),
            Audience.Person => row.Scope switch
            {
                ScopeRule.Whole => caller.Extent == Extent.Whole ? yes : (HttpStatusCode.Forbidden, "OutOfScope"),
                ScopeRule.New => inside ? yes : (HttpStatusCode.Forbidden, "OutOfScope"),
                ScopeRule.One or ScopeRule.Touched => inside ? yes : (HttpStatusCode.NotFound, "NotFound"),
                _ => yes,
            },
            _ => throw new InvalidOperationException($"{row.Pattern} is for nobody"),
        };
    }
}
