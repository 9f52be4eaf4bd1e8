using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Fota.UpdateServer.Configuration;
using Fota.UpdateServer.Storage.Postgres;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Fota.UpdateServer.Tests.Support;

/// <summary>A real server on loopback with TLS, SQLite and files, and clients for it. Its folder goes with it.</summary>
internal sealed class ServerUnderTest : IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fota-server-");
    private readonly List<IDisposable> _clients = [];
    private FotaServer? _server;
    private SemaphoreSlim _deltaRuns = new(0);
    private SemaphoreSlim _news = new(0);
    private readonly ManualResetEventSlim _hearing = new(initialState: true);
    private TaskCompletionSource? _deaf;
    private string? _token;

    private ServerUnderTest(PublicationSource source)
    {
        Source = source;
        Clock = new ManualClock(source.Repository.Now);
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 certificate = ServiceCa.Issue("CN=127.0.0.1", key, TestCa.ServerAuthentication);
        File.WriteAllText(PathOf("server.pem"), certificate.ExportCertificatePem());
        File.WriteAllText(PathOf("server.key"), key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(PathOf("device-ca.pem"), DeviceCa.Certificate.ExportCertificatePem());
        File.WriteAllBytes(PathOf("root.json"), source.Repository.TrustedRoot);
    }

    public static TestCa ServiceCa { get; } = new("Service CA");

    public static TestCa DeviceCa { get; } = new("Device CA");

    public PublicationSource Source { get; }

    public ManualClock Clock { get; }

    public string Token => _token ?? File.ReadAllText(PathOf("data/bootstrap-token"));

    public HttpClient Operator { get; private set; } = null!;

    public HttpClient Anonymous { get; private set; } = null!;

    public IReadOnlyList<Endpoint> Endpoints => _server!.Endpoints;

    public Uri Address => _server!.Address;

    public ServerSettings Settings => new()
    {
        Layout = DeploymentLayout.Development,
        Listen = new IPEndPoint(IPAddress.Loopback, 0),
        DataDirectory = PathOf("data"),
        TrustedRootFile = PathOf("root.json"),
        DeviceCaFile = PathOf("device-ca.pem"),
        CheckIn = TimeSpan.FromSeconds(5),
        Tls = new TlsSettings { CertificateFile = PathOf("server.pem"), UnsafeKeyFile = PathOf("server.key") },
    };

    /// <summary>Told of every delta pack that was written and not looked at yet.</summary>
    public Action<FileStream, CancellationToken>? DeltaPackWritten { get; set; }

    /// <summary>Bytes that the data folder has room for; null for what there is.</summary>
    public long? FreeSpace { get; set; }

    /// <summary>Longest time of a request, from the next start on; null for what it is.</summary>
    public TimeSpan? RequestTimeout { get; set; }

    /// <summary>How long the server waits for others, from the next start on.</summary>
    internal LockTimes Locks { get; set; } = LockTimes.Default;

    /// <summary>Lines that the server logged.</summary>
    public StringBuilder LogText { get; } = new();

    public static async Task<ServerUnderTest> StartAsync(PublicationSource? source = null, Action? beforeCommit = null)
    {
        ServerUnderTest server = new(source ?? new PublicationSource());
        await server.RestartAsync(beforeCommit);
        return server;
    }

    /// <summary>One of several servers over one database. Only the first one to start has the token.</summary>
    public static async Task<ServerUnderTest> StartAsync(PublicationSource source, DatabaseSettings database, string? token = null, BlobSettings? blobs = null)
    {
        ServerUnderTest server = new(source) { _token = token };
        await server.RestartAsync(change: s => s with { Database = database, Blobs = blobs });
        return server;
    }

    public string PathOf(string relative) => Path.Combine(_folder.FullName, relative);

    public async Task RestartAsync(Action? beforeCommit = null, string data = "data", Func<ServerSettings, ServerSettings>? change = null)
    {
        await StopAsync();
        ServerSettings settings = Settings with { DataDirectory = PathOf(data) };
        SemaphoreSlim runs = _deltaRuns = new SemaphoreSlim(0), news = _news = new SemaphoreSlim(0);
        Func<string, long> measured = new ServerSeams().FreeSpace;
        ServerSeams seams = new()
        {
            BeforePublicationCommit = beforeCommit,
            DeltaPackWritten = (pack, stop) => DeltaPackWritten?.Invoke(pack, stop),
            DeltaRunEnded = () => runs.Release(),
            NewsRead = () =>
            {
                news.Release();
                if (!_hearing.IsSet)
                {
                    _deaf?.TrySetResult();
                    _hearing.Wait();
                }
            },
            FreeSpace = directory => FreeSpace ?? measured(directory),
            Locks = Locks,
            RequestTimeout = RequestTimeout ?? ServerLimits.RequestTimeout,
        };
        _server = await FotaServer.StartAsync(change is null ? settings : change(settings), Clock, l => l.AddProvider(new TextLogger(LogText)), seams, default);
        Anonymous = Client(null);
        Operator = Client(null);
        Operator.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", _token ?? File.ReadAllText(PathOf($"{data}/bootstrap-token")));
    }

    /// <summary>A client that trusts the service CA, with or without a certificate of its own.</summary>
    public HttpClient Client(X509Certificate2? certificate, Uri? address = null)
    {
        SocketsHttpHandler handler = new()
        {
            SslOptions = new SslClientAuthenticationOptions
            {
                EnabledSslProtocols = SslProtocols.Tls13,
                ClientCertificates = certificate is null ? null : [certificate],
                CertificateChainPolicy = new X509ChainPolicy
                {
                    TrustMode = X509ChainTrustMode.CustomRootTrust,
                    RevocationMode = X509RevocationMode.NoCheck,
                    CustomTrustStore = { ServiceCa.Certificate },
                },
            },
        };
        HttpClient client = new(handler) { BaseAddress = address ?? Address };
        lock (_clients)
        {
            _clients.Add(client);
        }

        return client;
    }

    /// <summary>Posts a bundle: everything of <see cref="Source"/> unless given.</summary>
    public async Task<HttpResponseMessage> PublishAsync(IEnumerable<KeyValuePair<string, byte[]>>? files = null) => await PublishAsync(PublicationSource.Tar(files ?? Source.Bundle()));

    public async Task<HttpResponseMessage> PublishAsync(byte[] tar)
    {
        using ByteArrayContent content = new(tar);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/x-tar");
        return await Operator.PostAsync("/api/v1/publications", content);
    }

    public async Task<JsonElement> GetAsync(string path)
    {
        using HttpResponseMessage response = await Operator.GetAsync(path);
        return await ReadAsync(response, HttpStatusCode.OK);
    }

    public async Task<JsonElement> PostAsync(string path, object? body = null, HttpStatusCode wanted = HttpStatusCode.OK)
    {
        using HttpContent content = body is null ? new ByteArrayContent([]) : JsonContent.Create(body);
        using HttpResponseMessage response = await Operator.PostAsync(path, content);
        return await ReadAsync(response, wanted);
    }

    /// <summary>Asserts the status and gives the body.</summary>
    public static async Task<JsonElement> ReadAsync(HttpResponseMessage response, HttpStatusCode wanted)
    {
        string body = await response.Content.ReadAsStringAsync();
        Assert.That(response.StatusCode, Is.EqualTo(wanted), body);
        return JsonSerializer.Deserialize<JsonElement>(body);
    }

    /// <summary>Asserts that a request was refused with this reason, as a problem without a trace of the inside.</summary>
    public static async Task IsRefusedAsync(HttpResponseMessage response, HttpStatusCode status, string reason)
    {
        string body = await response.Content.ReadAsStringAsync();
        Assert.That(response.StatusCode, Is.EqualTo(status), body);
        Assert.That(response.Content.Headers.ContentType?.MediaType, Is.EqualTo("application/problem+json"));
        Assert.That(JsonSerializer.Deserialize<JsonElement>(body).GetProperty("reason").GetString(), Is.EqualTo(reason), body);
        Assert.That(body, Does.Not.Contain("   at ").And.Not.Contain("Exception"));
    }

    /// <summary>What the server says of delta packs, once it is so; it is asked again after every run of the job.</summary>
    public async Task<JsonElement[]> PacksAsync(Func<JsonElement[], bool> until)
    {
        while (true)
        {
            JsonElement answer = await GetAsync("/api/v1/packs");
            JsonElement[] packs = [.. answer.EnumerateArray()];
            if (until(packs))
            {
                return packs;
            }

            Assert.That(await _deltaRuns.WaitAsync(TimeSpan.FromMinutes(1)), $"nothing more happens, and the packs are {answer}");
        }
    }

    /// <summary>Done when something is so; it is looked at again whenever the server has read what others changed.</summary>
    public async Task HearsAsync(Func<Task<bool>> isSo)
    {
        while (!await isSo())
        {
            Assert.That(await _news.WaitAsync(TimeSpan.FromMinutes(1)), "nothing is heard any more");
        }
    }

    /// <summary>Done when the server has asked the database which changes are its newest, after the clock was set.</summary>
    public async Task PulseAsync()
    {
        while (_news.Wait(0))
        {
        }

        for (int i = 0; i < 2; i++)
        {
            Assert.That(await _news.WaitAsync(TimeSpan.FromMinutes(1)), "nothing is heard any more"); // the first may be of a question from before
        }
    }

    /// <summary>From then on the server hears nothing of what others change, as one that hangs or whose connection is half dead; it serves all the same.</summary>
    public async Task GoDeafAsync()
    {
        _deaf = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _hearing.Reset();
        await _deaf.Task.WaitAsync(TimeSpan.FromMinutes(1));
    }

    /// <summary>Done when the job that makes delta packs has run once more.</summary>
    public async Task DeltaRunAsync() => Assert.That(await _deltaRuns.WaitAsync(TimeSpan.FromMinutes(1)), "the job does not run");

    /// <summary>Lets <see cref="DeltaRunAsync"/> wait for the run that is under way: for a seam, which is called in the middle of one.</summary>
    public void ForgetDeltaRuns()
    {
        while (_deltaRuns.Wait(0))
        {
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _folder.Delete(recursive: true);
    }

    /// <summary>Done when the server ends by itself.</summary>
    public Task EndsAsync() => _server!.WaitAsync().WaitAsync(TimeSpan.FromMinutes(1));

    public async Task StopAsync()
    {
        _hearing.Set();
        _clients.ForEach(static c => c.Dispose());
        _clients.Clear();
        if (_server is not null)
        {
            await _server.DisposeAsync();
            _server = null;
        }

        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
    }
}
