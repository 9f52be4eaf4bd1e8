using System.Text.Json;

namespace Fota.Samples.Demo;

/// <summary>The update server: its TLS key in a token, no key that signs anything.</summary>
public sealed class ServerSite : IAsyncDisposable
{
    private readonly string _programs;
    private Service? _service;

    /// <summary>Prepares the folder.</summary>
    public ServerSite(string programs, string directory)
    {
        _programs = programs;
        Site = new Site(directory);
    }

    /// <summary>Token and folder.</summary>
    public Site Site { get; }

    /// <summary>Where it listens.</summary>
    public Uri Address { get; private set; } = new("https://127.0.0.1/");

    /// <summary>File with the operator's token, written by the server at its first start.</summary>
    public string OperatorToken => Site.Path("data", "bootstrap-token");

    /// <summary>What `fota` needs in its environment to speak to this server.</summary>
    public IReadOnlyDictionary<string, string> OperatorEnvironment(string serverAuthority) => new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["FOTA_SERVER"] = Address.ToString(),
        ["FOTA_SERVER_CA"] = serverAuthority,
        ["FOTA_TOKEN_FILE"] = OperatorToken,
    };

    /// <summary>Makes key and certificate, and starts.</summary>
    public async Task StartAsync(SignerSite signer, CancellationToken cancellation)
    {
        Site.MakePin("tls.pin");
        Site.MakePin("tls.so-pin");
        File.Copy(Directory.GetFiles(Path.Combine(signer.Home, "repository", "metadata"), "1.root.json").Single(), Site.Path("root.json"));
        File.Copy(Path.Combine(signer.Home, "ca", "device-ca.pem"), Site.Path("device-ca.pem"));
        await WriteSettingsAsync(port: 0, cancellation);
        await Program.RunAsync(cancellation, "tls-request", "--config", Site.Path("server.json"), "--out", Site.Path("server.csr"));
        await signer.IssueAsync("service", Site.Path("server.csr"), Site.Path("server.pem"), cancellation);
        await RestartAsync(cancellation);

        // The port is kept from now on, so that devices find the server again after a restart.
        await WriteSettingsAsync(Address.Port, cancellation);
    }

    /// <summary>Starts again after <see cref="StopAsync"/>, on the same port.</summary>
    public async Task RestartAsync(CancellationToken cancellation)
    {
        Service service = _service = Program.StartService(Site.Path("server.log"), "run", "--config", Site.Path("server.json"));
        string line = await Waiting.ForAsync("the server to listen", TimeSpan.FromSeconds(30), () => service.HasEnded
            ? throw new DemoFailedException($"the server ended: {string.Join(' ', service.Lines.TakeLast(3))}")
            : Task.FromResult(service.Lines.FirstOrDefault(static l => l.Contains("listening on https://", StringComparison.Ordinal))), cancellation);
        Address = new Uri(line[line.IndexOf("https://", StringComparison.Ordinal)..].Trim() + "/");
    }

    /// <summary>Its process id while it runs.</summary>
    public int ProcessId => _service!.ProcessId;

    /// <summary>Takes the server away.</summary>
    public async Task StopAsync()
    {
        if (_service is not null)
        {
            await _service.DisposeAsync();
            _service = null;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await StopAsync();

    private Tool Program => new(Path.Combine(_programs, "fota-server"), Site.Environment);

    private Task WriteSettingsAsync(int port, CancellationToken cancellation)
    {
        string json = JsonSerializer.Serialize(new
        {
            layout = "production",
            rolloutApproval = "none", // one person does everything here
            listen = $"127.0.0.1:{port}",
            data = "data",
            trustedRoot = "root.json",
            deviceCa = "device-ca.pem",
            checkInSeconds = 1,
            tls = new { certificate = "server.pem", pkcs11Module = Site.Module, tokenLabel = "server", keyLabel = "server-tls", pinFile = "tls.pin", soPinFile = "tls.so-pin", subjectAltNames = new[] { "IP:127.0.0.1", "DNS:localhost" } },
        });
        return File.WriteAllTextAsync(Site.Path("server.json"), json, cancellation);
    }
}
