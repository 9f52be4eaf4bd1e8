using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Fota.TestKit;
using Fota.UpdateServer;
using Fota.UpdateServer.Configuration;

namespace Fota.EndToEnd.Tests.Login;

/// <summary>An update server and npm's oidc-provider (tests/oidc), both with one certificate on loopback, and `fota` with a configuration folder of its own.</summary>
internal sealed class LoginSite : IAsyncDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fota-login-");
    private readonly X509Certificate2 _people;
    private Process? _authorization;
    private FotaServer? _server;

    private LoginSite()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256), peopleKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=127.0.0.1", key, HashAlgorithmName.SHA256), people = new("CN=People CA", peopleKey, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        people.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        Certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        _people = people.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        File.WriteAllText(PathOf("server.pem"), Certificate.ExportCertificatePem());
        File.WriteAllText(PathOf("server.key"), key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(PathOf("people.pem"), _people.ExportCertificatePem());
        File.WriteAllBytes(PathOf("root.json"), new RepositorySimulator().TrustedRoot);
        File.WriteAllText(PathOf("secret"), "a secret: with a colon");
        File.SetUnixFileMode(PathOf("secret"), OwnerOnly);
    }

    /// <summary>Of both servers.</summary>
    public X509Certificate2 Certificate { get; }

    public Uri Server => _server!.Address;

    public string BootstrapToken => PathOf("data/bootstrap-token");

    /// <summary>Where `fota` keeps logins.</summary>
    public string Logins => PathOf("config/fota/logins.json");

    private Dictionary<string, string> Environment => new(StringComparer.Ordinal) { ["FOTA_SERVER"] = Server.ToString(), ["FOTA_SERVER_CA"] = PathOf("server.pem"), ["XDG_CONFIG_HOME"] = PathOf("config") };

    /// <param name="audience">What tokens have to be for; null for whatever they are for.</param>
    public static async Task<LoginSite> StartAsync(string? audience = null)
    {
        LoginSite site = new();
        Uri issuer = await site.StartAuthorizationAsync();
        site._server = await FotaServer.StartAsync(
            new ServerSettings
            {
                Layout = DeploymentLayout.Development,
                Listen = new IPEndPoint(IPAddress.Loopback, 0),
                DataDirectory = site.PathOf("data"),
                TrustedRootFile = site.PathOf("root.json"),
                DeviceCaFile = site.PathOf("server.pem"),
                OperatorCa = new AuthoritySettings { CertificatesFile = site.PathOf("people.pem") },
                CheckIn = TimeSpan.FromSeconds(5),
                OAuth = new OAuthSettings
                {
                    Issuer = issuer,
                    IntrospectionEndpoint = new Uri(issuer, "/token/introspection"),
                    ClientId = "fota-server",
                    ClientSecretFile = site.PathOf("secret"),
                    AuthorityFile = site.PathOf("server.pem"),
                    LoginClientId = "fota-cli",
                    PersonClaim = "sub",
                    Audience = audience,
                    Roles = [new OAuthRole("scope", "fota.view", "viewer"), new OAuthRole("scope", "fota.operate", "operator")],
                    Cache = TimeSpan.Zero,
                },
                Tls = new TlsSettings { CertificateFile = site.PathOf("server.pem"), UnsafeKeyFile = site.PathOf("server.key") },
            },
            TimeProvider.System);
        return site;
    }

    public string PathOf(string name) => Path.Combine(_folder.FullName, name);

    /// <summary>Runs `fota` to its end.</summary>
    public Task<ProgramRun> RunAsync(params string[] arguments) => ProgramRun.OfFileAsync(Path.Combine(AppContext.BaseDirectory, "Fota.Cli"), Environment, arguments);

    /// <summary>Runs `fota` as the first administrator, with success, and gives what it printed.</summary>
    public async Task<string> AdministerAsync(params string[] arguments)
    {
        ProgramRun run = await RunAsync([.. arguments, "--token-file", BootstrapToken]);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        return run.Output;
    }

    /// <summary>Starts `fota`; gives it, and the first line that it says to people.</summary>
    public async Task<(Process Fota, string Line)> BeginAsync(params string[] arguments)
    {
        ProcessStartInfo start = new(Path.Combine(AppContext.BaseDirectory, "Fota.Cli"), arguments) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        foreach ((string name, string value) in Environment)
        {
            start.Environment[name] = value;
        }

        Process fota = Process.Start(start)!;
        string line = await fota.StandardError.ReadLineAsync() ?? "";
        Assert.That(line, Does.StartWith("Open "), line.Length == 0 ? await EndAsync(fota) : "");
        return (fota, line);
    }

    /// <summary>Waits for its end; gives what else it said.</summary>
    public static async Task<string> EndAsync(Process fota)
    {
        Task<string> output = fota.StandardOutput.ReadToEndAsync(), error = fota.StandardError.ReadToEndAsync();
        await fota.WaitForExitAsync();
        return await output + await error;
    }

    /// <summary>Writes an identity file (the key in a file) for a certificate of the people's CA.</summary>
    public string Identity(string name)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(ClientAuthentication)], true));
        using X509Certificate2 certificate = request.Create(_people, TimeProvider.System.GetUtcNow().AddHours(-1), TimeProvider.System.GetUtcNow().AddHours(1), RandomNumberGenerator.GetBytes(8));
        File.WriteAllText(PathOf($"{name}.pem"), certificate.ExportCertificatePem());
        File.WriteAllText(PathOf($"{name}.key"), key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(PathOf($"{name}.json"), $$"""{"service": "{{Server}}", "authority": "server.pem", "certificate": "{{name}}.pem", "unsafeKeyFile": "{{PathOf($"{name}.key")}}"}""");
        return PathOf($"{name}.json");
    }

    public async ValueTask DisposeAsync()
    {
        if (_authorization is not null)
        {
            _authorization.Kill(entireProcessTree: true);
            await _authorization.WaitForExitAsync();
            _authorization.Dispose();
        }

        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        Certificate.Dispose();
        _people.Dispose();
        _folder.Delete(recursive: true);
    }

    private async Task<Uri> StartAuthorizationAsync()
    {
        const string Issuer = "issuer ";
        _authorization = Process.Start(new ProcessStartInfo("/usr/bin/env", ["node", RepositoryRoot.Path("tests", "oidc", "server.js"), "--certificate", PathOf("server.pem"), "--key", PathOf("server.key")])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        })!;
        _authorization.BeginErrorReadLine();
        string? line;
        do
        {
            line = await _authorization.StandardOutput.ReadLineAsync();
        }
        while (line?.StartsWith(Issuer, StringComparison.Ordinal) == false);
        Assert.That(line, Does.StartWith(Issuer), "the authorisation server ended");
        return new Uri(line![Issuer.Length..]);
    }
}
