using System.Diagnostics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Azure.Storage.Blobs;
using Fota.TestKit;
using Fota.UpdateServer.Artifacts.Azure;
using Fota.UpdateServer.Configuration;

namespace Fota.UpdateServer.Tests.Support;

/// <summary>A real azurite (tests/azurite) with a certificate of the tests' service CA, on loopback, and its data in a folder of its own. It ends with whoever started it, however that ends.</summary>
internal sealed class AzuriteServer : IAsyncDisposable
{
    private const string Account = "fota";
    private const string Listens = "successfully listens on ";
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private static readonly Lazy<Task<AzuriteServer>> s_shared = new(StartAsync);
    private static int s_containers;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fota-azurite-");
    private readonly string _key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
    private Process? _process;
    private int _port;

    private AzuriteServer()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 certificate = ServerUnderTest.ServiceCa.Issue("CN=127.0.0.1", key, TestCa.ServerAuthentication);
        File.WriteAllText(PathOf("storage.pem"), certificate.ExportCertificatePem());
        File.WriteAllText(PathOf("storage.key"), key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(PathOf("ca.pem"), ServerUnderTest.ServiceCa.Certificate.ExportCertificatePem());
        Directory.CreateDirectory(PathOf("data"));
    }

    /// <summary>One for all fixtures that do not stop it.</summary>
    public static Task<AzuriteServer> SharedAsync => s_shared.Value;

    public static bool IsSharedStarted => s_shared.IsValueCreated;

    /// <summary>The account's address.</summary>
    public Uri Address => new($"https://127.0.0.1:{_port}/{Account}");

    public static async Task<AzuriteServer> StartAsync()
    {
        AzuriteServer server = new();
        await server.RunAgainAsync();
        return server;
    }

    /// <summary>A new container, which nobody else uses, reached with the account's key.</summary>
    public async Task<BlobSettings> CreateContainerAsync()
    {
        BlobSettings settings = ByKey($"content-{Interlocked.Increment(ref s_containers)}");
        await Open(settings).Client.CreateAsync();
        return settings;
    }

    /// <summary>How a container is reached with the account's key.</summary>
    public BlobSettings ByKey(string container)
    {
        string file = PathOf($"connection-{_port}");
        if (!File.Exists(file))
        {
            File.WriteAllText(file, $"DefaultEndpointsProtocol=https;AccountName={Account};AccountKey={_key};BlobEndpoint={Address};");
            File.SetUnixFileMode(file, OwnerOnly);
        }

        return new BlobSettings { Container = container, ConnectionStringFile = file, AuthoritiesFile = PathOf("ca.pem") };
    }

    /// <summary>How it is reached with an identity.</summary>
    public BlobSettings ByIdentity(string container) => new() { Container = container, Account = Address, AuthoritiesFile = PathOf("ca.pem") };

    public static AzureContainer Open(BlobSettings settings) => AzureContainer.Open(settings, DeploymentLayout.Development, new StorageResilience(TimeProvider.System));

    /// <summary>For a test that looks at the container itself.</summary>
    public static BlobContainerClient Look(BlobSettings settings) => Open(settings).Client;

    /// <summary>Starts it, after <see cref="StopAsync"/> with the data and the address of before.</summary>
    public async Task RunAgainAsync()
    {
        string main = RepositoryRoot.Path("tests", "azurite", "node_modules", "azurite", "dist", "src", "blob", "main.js");
        Assert.That(main, Does.Exist, "npm's azurite is not there: ./test installs it");

        // The shell waits for the end of its input, which comes with the end of this process, whatever ended it.
        string script = $"node '{main}' --blobHost 127.0.0.1 --blobPort {_port} --location '{PathOf("data")}' --cert '{PathOf("storage.pem")}' --key '{PathOf("storage.key")}' --oauth basic"
            + " --silent --disableTelemetry --skipApiVersionCheck & pid=$!; read _; kill -KILL $pid; wait $pid";
        _process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", script])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            Environment = { ["AZURITE_ACCOUNTS"] = $"{Account}:{_key}" },
        })!;
        StringBuilder said = new();
        _process.ErrorDataReceived += (_, line) => said.AppendLine(line.Data);
        _process.BeginErrorReadLine();
        string? line;
        do
        {
            line = await _process.StandardOutput.ReadLineAsync();
        }
        while (line?.Contains(Listens, StringComparison.Ordinal) == false);
        Assert.That(line, Is.Not.Null, $"azurite ended: {said}");
        _port = new Uri(line![(line.IndexOf(Listens, StringComparison.Ordinal) + Listens.Length)..]).Port;
        _ = _process.StandardOutput.ReadToEndAsync(); // read, so that it never waits for that
    }

    /// <summary>Kills it once it has written down what it was given, which it does every few seconds. (Told to stop it would wait for connections, for minutes.)</summary>
    public async Task StopAsync()
    {
        string last = $"last-{Interlocked.Increment(ref s_containers)}", written = Path.Combine(PathOf("data"), "__azurite_db_blob__.json");
        await Look(ByKey(last)).CreateAsync();
        while (!File.Exists(written) || !(await File.ReadAllTextAsync(written)).Contains(last, StringComparison.Ordinal))
        {
            await Task.Delay(50);
        }

        await KillAsync();
    }

    private async Task KillAsync()
    {
        if (_process is { } process)
        {
            _process = null;
            process.StandardInput.Close();
            await process.WaitForExitAsync();
            process.Dispose();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _folder.Delete(recursive: true);
    }

    private string PathOf(string relative) => Path.Combine(_folder.FullName, relative);
}
