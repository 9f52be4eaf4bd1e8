using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using Fota.EndToEnd.Tests.Roles;

namespace Fota.EndToEnd.Tests.Identity;

/// <summary>fota-server in a folder of its own, with its TLS key on a token; it is stopped and started with other settings, and at other times.</summary>
internal sealed class FieldServer : IAsyncDisposable
{
    private readonly SignerSite _signer;
    private readonly StringBuilder _log = new();
    private Process? _process;

    private FieldServer(SignerSite signer) => _signer = signer;

    public string Folder => _signer.Path("server");

    public Uri Address { get; private set; } = new("https://127.0.0.1/");

    public string Token => Path.Combine(Folder, "data", "bootstrap-token");

    /// <summary>What it logged.</summary>
    public string LogText
    {
        get
        {
            lock (_log)
            {
                return _log.ToString();
            }
        }
    }

    public static string Program => Path.Combine(AppContext.BaseDirectory, "Fota.UpdateServer");

    /// <summary>Makes its key, and has it certified.</summary>
    public static async Task<FieldServer> InstallAsync(SignerSite signer)
    {
        FieldServer server = new(signer);
        Directory.CreateDirectory(server.Folder);
        signer.WritePins("server");
        File.Copy(Path.Combine(signer.Repository, "metadata", "1.root.json"), Path.Combine(server.Folder, "root.json"));
        File.Copy(signer.Path("home/ca/device-ca.pem"), Path.Combine(server.Folder, "device-ca.pem"));
        server.Configure(null);
        TestKit.ProgramRun request = await TestKit.ProgramRun.OfFileAsync(Program, signer.Environment, "tls-request", "--config", Path.Combine(server.Folder, "server.json"), "--out", Path.Combine(server.Folder, "server.csr"));
        Assert.That(request.ExitCode, Is.Zero, request.Error);
        await signer.RunAsync("ca", "issue", "--home", signer.Home, "--profile", "service", "--csr", Path.Combine(server.Folder, "server.csr"), "--out", Path.Combine(server.Folder, "server.pem"), "--pin-file", signer.Pin("ca"));
        return server;
    }

    /// <summary>Writes its settings; what devices may do with expired certificates is JSON, or nothing.</summary>
    public void Configure(string? expiredDeviceCertificates)
    {
        JsonObject settings = new()
        {
            ["layout"] = "production",
            ["listen"] = "127.0.0.1:0",
            ["data"] = "data",
            ["trustedRoot"] = "root.json",
            ["deviceCa"] = "device-ca.pem",
            ["checkInSeconds"] = 1,
            ["enrolmentRetrySeconds"] = 1,
            ["tls"] = new JsonObject
            {
                ["certificate"] = "server.pem",
                ["pkcs11Module"] = TestKit.SoftHsm.ModulePath,
                ["tokenLabel"] = "server",
                ["keyLabel"] = "server-tls",
                ["pinFile"] = _signer.Pin("server"),
                ["soPinFile"] = _signer.Path("pins/server.so-pin"),
            },
        };
        if (expiredDeviceCertificates is not null)
        {
            settings["expiredDeviceCertificates"] = JsonNode.Parse(expiredDeviceCertificates);
        }

        File.WriteAllText(Path.Combine(Folder, "server.json"), settings.ToJsonString());
    }

    public async Task RestartAsync(TimeSpan ahead)
    {
        await StopAsync();
        _process = At.Start(ahead, _signer.Environment, Program, "run", "--config", Path.Combine(Folder, "server.json"));
        _process.ErrorDataReceived += (_, line) =>
        {
            lock (_log)
            {
                _log.AppendLine(line.Data);
            }
        };
        _process.BeginErrorReadLine();
        string? said = await _process.StandardOutput.ReadLineAsync();
        Assert.That(said, Does.StartWith("listening on "), LogText);
        Address = new Uri(said!["listening on ".Length..] + "/");
    }

    public async Task StopAsync()
    {
        if (_process is not null)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
            _process.Dispose();
            _process = null;
        }
    }

    public async ValueTask DisposeAsync() => await StopAsync();
}
