using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Fota.TestKit;
using Fota.UpdateServer.Tests.Support;

namespace Fota.Load;

/// <summary>Authorities, a server's certificate and settings, and the servers that are measured: fota-server of dist/, and a bare Kestrel, each a process of its own.</summary>
internal sealed class LoadSite : IDisposable
{
    public const string Host = "localhost";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fota-load-");

    public LoadSite()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new($"CN={Host}", key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        names.AddDnsName(Host);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(TestCa.ServerAuthentication)], false));
        using X509Certificate2 certificate = Services.Issue(request);
        File.WriteAllText(PathOf("server.pem"), certificate.ExportCertificatePem());
        File.WriteAllText(PathOf("server.key"), key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(PathOf("device-ca.pem"), Devices.Certificate.ExportCertificatePem());
        File.WriteAllBytes(PathOf("root.json"), Source.Repository.TrustedRoot);
    }

    public TestCa Services { get; } = new("Service CA");

    public TestCa Devices { get; } = new("Device CA");

    public PublicationSource Source { get; } = PublicationSource.ForRealTime();

    public string Token => File.ReadAllText(PathOf("data/bootstrap-token"));

    public string PathOf(string name) => Path.Combine(_folder.FullName, name);

    /// <summary>Starts fota-server.</summary>
    /// <param name="database">The member of its settings.</param>
    public Task<MeasuredServer> StartFotaAsync(string database = """{"kind":"sqlite"}""")
    {
        string config = PathOf("server.json");

        // Rates would be what is measured: every device has one address here.
        File.WriteAllText(config, $$$"""
            {"layout":"development","listen":"127.0.0.1:0","data":"data","trustedRoot":"root.json","deviceCa":"device-ca.pem","database":{{{database}}},
             "rates":{"addressPerMinute":0,"devicePerMinute":0,"newsPerMinute":0,"personPerMinute":0},"tls":{"certificate":"server.pem","unsafeKeyFile":"server.key"}}
            """);
        return MeasuredServer.StartAsync(RepositoryRoot.Path("dist", "fota-server"), "run", "--config", config);
    }

    /// <summary>Starts a Kestrel that does nothing.</summary>
    public Task<MeasuredServer> StartBareAsync() => MeasuredServer.StartAsync(Environment.ProcessPath!, "bare", _folder.FullName);

    /// <summary>Speaks to fota-server as the first administrator.</summary>
    public HttpClient Operator(IPEndPoint server)
    {
        X509ChainPolicy trust = new() { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, CustomTrustStore = { Services.Certificate } };
        HttpClient client = new(new SocketsHttpHandler { SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = trust } }) { BaseAddress = new Uri($"https://{Host}:{server.Port}") };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token);
        return client;
    }

    /// <summary>Publishes what <see cref="Source"/> has.</summary>
    public async Task PublishAsync(IPEndPoint server)
    {
        using HttpClient client = Operator(server);
        using ByteArrayContent content = new(PublicationSource.Tar(Source.Bundle()));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/x-tar");
        await AnsweredAsync(client.PostAsync("/api/v1/publications", content));
    }

    /// <summary>Has a rollout under way for which no device is asked to do anything: it is paused.</summary>
    public async Task BeginRolloutAsync(IPEndPoint server)
    {
        using HttpClient client = Operator(server);
        JsonElement draft = await AnsweredAsync(client.PostAsJsonAsync("/api/v1/rollouts", new { product = RepositorySimulator.ProductName, version = "1.1.0", stages = new[] { new { name = "canary", count = 1 } }, abort_after_failures = 1 }));
        foreach (string step in (string[])["start", "pause"])
        {
            await AnsweredAsync(client.PostAsync($"/api/v1/rollouts/{draft.GetProperty("id").GetString()}/{step}", null));
        }
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static async Task<JsonElement> AnsweredAsync(Task<HttpResponseMessage> asked)
    {
        using HttpResponseMessage response = await asked;
        string answer = await response.Content.ReadAsStringAsync();
        return response.IsSuccessStatusCode ? JsonSerializer.Deserialize<JsonElement>(answer) : throw new InvalidOperationException(answer);
    }
}

/// <summary>A server as a process.</summary>
internal sealed class MeasuredServer : IAsyncDisposable
{
    private const string Listening = "listening on ";

    private readonly Process _process;

    private MeasuredServer(Process process, IPEndPoint address)
    {
        _process = process;
        Address = address;
    }

    public IPEndPoint Address { get; }

    /// <summary>Bytes of memory that are its own now (VmRSS).</summary>
    public long Resident => 1024 * long.Parse(
        File.ReadLines($"/proc/{_process.Id}/status").Single(static l => l.StartsWith("VmRSS:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
        System.Globalization.CultureInfo.InvariantCulture);

    public static async Task<MeasuredServer> StartAsync(string program, params string[] arguments)
    {
        Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false })!;
        System.Text.StringBuilder log = new();
        process.ErrorDataReceived += (_, line) => log.AppendLine(line.Data);
        process.BeginErrorReadLine();
        string? line = await process.StandardOutput.ReadLineAsync();
        if (line?.StartsWith(Listening, StringComparison.Ordinal) != true)
        {
            await process.WaitForExitAsync();
            throw new InvalidOperationException($"{program} did not start: {log}");
        }

        return new MeasuredServer(process, new IPEndPoint(IPAddress.Loopback, new Uri(line[Listening.Length..]).Port));
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
