using System.Net;
using System.Net.Http.Json;
using System.Text;
using Fota.TestKit;
using Fota.UpdateServer.Tests.Support;

namespace Fota.UpdateServer.Tests.Access;

/// <summary>People and tokens that cannot be: refused, and nothing changes.</summary>
public sealed class PeopleRefusalTests
{
    private const string Operators = "/api/v1/operators";

    private ServerUnderTest _server = null!;

    [OneTimeSetUp]
    public async Task Start() => _server = await ServerUnderTest.StartAsync();

    [OneTimeTearDown]
    public async Task Stop() => await _server.DisposeAsync();

    [TestCase("Anna")]
    [TestCase("plan")]
    [TestCase("server")]
    [TestCase("anna%20b")]
    [TestCase("-anna")]
    [Proves("U-4")]
    public async Task A_name_that_could_be_taken_for_another_is_none(string name)
    {
        using HttpResponseMessage response = await _server.Operator.PutAsJsonAsync($"{Operators}/{name}", new { grants = Array.Empty<object>() });
        await ServerUnderTest.IsRefusedAsync(response, HttpStatusCode.BadRequest, "ValueOutOfRange");
    }

    [TestCase("""{"grants":[{"role":"root"}]}""", "ValueOutOfRange")]
    [TestCase("""{"grants":[{"role":"viewer","products":[]}]}""", "ValueOutOfRange")]
    [TestCase("""{"grants":[{"role":"viewer","sites":[]}]}""", "ValueOutOfRange")]
    [TestCase("""{"grants":[{"role":"viewer","products":["Pump"]}]}""", "ValueOutOfRange")]
    [TestCase("""{"grants":[{"role":"viewer","product":["infusion-pump"]}]}""", "Malformed")]
    [TestCase("""{"grants":[null]}""", "ValueOutOfRange")]
    [TestCase("""{}""", "Malformed")]
    [TestCase("""{"grants":[],"certificate_subjects":["no name"]}""", "ValueOutOfRange")]
    [TestCase("""{"grants":[],"certificates":[{"issuer":"CN=People","serial":"xyz"}]}""", "ValueOutOfRange")]
    [Proves("U-5")]
    public async Task Somebody_who_is_not_said_rightly_is_refused_and_nothing_changes(string body, string reason)
    {
        using StringContent content = new(body, Encoding.UTF8, "application/json");
        using HttpResponseMessage response = await _server.Operator.PutAsync($"{Operators}/anna", content);
        await ServerUnderTest.IsRefusedAsync(response, HttpStatusCode.BadRequest, reason);
        Assert.That((await _server.GetAsync(Operators)).GetArrayLength(), Is.EqualTo(1));
    }

    [TestCase("""{"name":"x","days":0}""")]
    [TestCase("""{"name":"x","days":367}""")]
    [TestCase("""{"name":"x","roles":[]}""")]
    [TestCase("""{"name":"x","roles":["root"]}""")]
    [TestCase("""{"name":""}""")]
    [Proves("U-21", "U-23")]
    public async Task A_token_that_would_not_end_or_has_no_roles_is_refused(string body)
    {
        using StringContent content = new(body, Encoding.UTF8, "application/json");
        using HttpResponseMessage response = await _server.Operator.PostAsync($"{Operators}/bootstrap/tokens", content);
        await ServerUnderTest.IsRefusedAsync(response, HttpStatusCode.BadRequest, "ValueOutOfRange");
        Assert.That((await _server.GetAsync($"{Operators}/bootstrap/tokens")).GetArrayLength(), Is.EqualTo(1));
    }
}
