using System.Net;
using Fota.TestKit;
using Fota.UpdateServer.Configuration;
using Fota.UpdateServer.Tests.Support;

namespace Fota.UpdateServer.Tests.Access;

/// <summary>Whose identity elsewhere makes an administrator here: whoever cannot come as one is not the one who is left.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class LastAdministratorTests : IAsyncDisposable
{
    private static readonly TestCa s_people = new("People CA");

    private static readonly OAuthRole s_view = new("scope", "fota.view", "viewer"), s_administer = new("groups", "fota-admins", "administrator");

    private ServerUnderTest _server = null!;
    private ScriptedAuthorizationServer _login = null!;

    [SetUp]
    public async Task Start()
    {
        _login = await ScriptedAuthorizationServer.StartAsync();
        _server = await ServerUnderTest.StartAsync();
        await File.WriteAllTextAsync(_server.PathOf("secret"), "secret");
        File.SetUnixFileMode(_server.PathOf("secret"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await File.WriteAllTextAsync(_server.PathOf("login-ca.pem"), ServerUnderTest.ServiceCa.Certificate.ExportCertificatePem());
        await File.WriteAllTextAsync(_server.PathOf("people-ca.pem"), s_people.Certificate.ExportCertificatePem());
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        await _login.DisposeAsync();
    }

    [Test]
    [Proves("U-8")]
    public async Task A_login_that_no_mapping_makes_an_administrator_does_not_let_the_last_one_go()
    {
        await RestartAsync(s => s with { OAuth = OAuth() });
        await IsLastBesideAsync(new { grants = new[] { new { role = "administrator" } }, oauth_subjects = new[] { "subject-1" } });
        await RestartAsync(s => s with { OAuth = OAuth(s_view) });
        await IsRefusedAsync();
        await RestartAsync(s => s with { OAuth = OAuth(s_view, s_administer) });
        await IsLetGoAsync();
    }

    [Test]
    [Proves("U-8")]
    public async Task A_certificate_of_which_there_is_no_authority_does_not_let_the_last_administrator_go()
    {
        await IsLastBesideAsync(new { grants = new[] { new { role = "administrator" } }, certificate_subjects = new[] { "CN=anna" } });
        await RestartAsync(s => s with { OperatorCa = new AuthoritySettings { CertificatesFile = _server.PathOf("people-ca.pem") } });
        await IsLetGoAsync();
    }

    [Test]
    [Proves("U-9")]
    public async Task A_server_whose_mapping_makes_nobody_an_administrator_any_more_makes_one_at_its_start()
    {
        await RestartAsync(s => s with { OAuth = OAuth(s_administer) });
        await _server.PutPersonAsync("anna", new { grants = new[] { new { role = "administrator" } }, oauth_subjects = new[] { "subject-1" } });
        await IsLetGoAsync();
        string before = _server.Token;
        await RestartAsync(s => s with { OAuth = OAuth(s_administer) });
        Assert.That(_server.Token, Is.EqualTo(before), "anna can come as one");
        await RestartAsync(s => s with { OAuth = OAuth(s_view) });
        Assert.That(_server.Token, Is.Not.EqualTo(before));
        await _server.GetAsync("/api/v1/operators");
    }

    private OAuthSettings OAuth(params OAuthRole[] roles) => OAuthTests.Settings(_login.Address, _server) with { Roles = roles };

    private Task RestartAsync(Func<ServerSettings, ServerSettings> change) => _server.RestartAsync(change: change);

    private async Task IsLastBesideAsync(object anna)
    {
        await _server.PutPersonAsync("anna", anna);
        await IsRefusedAsync();
    }

    private async Task IsRefusedAsync()
    {
        using HttpResponseMessage response = await _server.Operator.DeleteAsync("/api/v1/operators/bootstrap");
        await ServerUnderTest.IsRefusedAsync(response, HttpStatusCode.Conflict, "LastAdministrator");
    }

    private async Task IsLetGoAsync()
    {
        using HttpResponseMessage response = await _server.Operator.DeleteAsync("/api/v1/operators/bootstrap");
        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.NoContent));
    }
}
