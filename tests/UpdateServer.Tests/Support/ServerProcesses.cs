namespace Fota.UpdateServer.Tests.Support;

/// <summary>The two servers of a <see cref="ServerPair"/> that was stopped, as processes that can be killed and started again.</summary>
internal sealed class ServerProcesses : IAsyncDisposable
{
    private readonly ServerPair _pair;
    private readonly ServerProcess[] _running = new ServerProcess[2];

    private ServerProcesses(ServerPair pair) => _pair = pair;

    public static async Task<ServerProcesses> StartAsync(ServerPair pair)
    {
        ServerProcesses servers = new(pair);
        await servers.RunAgainAsync(0);
        await servers.RunAgainAsync(1);
        return servers;
    }

    /// <summary>Where one of them listens, or listened until it was killed; another address each time.</summary>
    public Uri AddressOf(int server) => _running[server].Address;

    /// <summary>A client of one of them, with a certificate.</summary>
    public HttpClient Client(SimulatedDevice device, Uri address) => _pair.One.Client(device.Certificate, address);

    /// <summary>A client that is nobody.</summary>
    public HttpClient Client(Uri address) => _pair.One.Client(null, address);

    /// <summary>A client of one of them, by the token that may do everything.</summary>
    public HttpClient Operator(int server)
    {
        HttpClient client = Client(AddressOf(server));
        client.DefaultRequestHeaders.Authorization = new("Bearer", _pair.One.Token);
        return client;
    }

    /// <summary>Kills one (SIGKILL).</summary>
    public Task KillAsync(int server) => _running[server].KillAsync();

    /// <summary>Starts one, in the folder that it had.</summary>
    public async Task RunAgainAsync(int server)
    {
        ServerProcess? before = _running[server];
        _running[server] = await ServerProcess.StartAsync(server == 0 ? _pair.One : _pair.Two, _pair.Json, _pair.BlobsJson);
        if (before is not null)
        {
            await before.DisposeAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (ServerProcess server in _running)
        {
            await server.DisposeAsync();
        }
    }
}
