using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Fota.Benchmarks.Polling;

/// <summary>Bytes that went one way over a connection.</summary>
/// <param name="Connection">Number of the connection, from 0.</param>
/// <param name="At">When.</param>
/// <param name="ToServer">Which way.</param>
/// <param name="Bytes">How many.</param>
internal sealed record Passage(int Connection, TimeSpan At, bool ToServer, int Bytes);

/// <summary>Stands between client and server on the loopback address, passes on every byte, and counts: TLS records and all.</summary>
internal sealed class CountingRelay : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly long _began = Stopwatch.GetTimestamp();
    private readonly ConcurrentQueue<Passage> _passages = new();
    private readonly IPEndPoint _server;
    private readonly Task _accepting;
    private CancellationTokenSource _connections = new();
    private int _accepted;

    public CountingRelay(Uri server)
    {
        _server = new IPEndPoint(IPAddress.Parse(server.Host), server.Port);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>Where clients find the server.</summary>
    public Uri Address => new($"https://{_listener.LocalEndpoint}/");

    /// <summary>Everything that passed so far.</summary>
    public Passage[] Passages => [.. _passages];

    /// <summary>Closes every connection; new ones are taken.</summary>
    public async Task HangUpAsync()
    {
        CancellationTokenSource open = _connections;
        _connections = new CancellationTokenSource();
        await open.CancelAsync();
        open.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await HangUpAsync();
        _listener.Stop();
        await _accepting;
        _connections.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        List<Task> connections = [];
        try
        {
            while (true)
            {
                TcpClient client = await _listener.AcceptTcpClientAsync(_stop.Token);
                connections.Add(RelayAsync(client, _accepted++, _connections.Token));
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task RelayAsync(TcpClient client, int connection, CancellationToken cancellation)
    {
        using (client)
        using (TcpClient server = new() { NoDelay = true })
        {
            client.NoDelay = true;
            try
            {
                await server.ConnectAsync(_server, cancellation);
                await Task.WhenAny(
                    PumpAsync(client.GetStream(), server.GetStream(), connection, toServer: true, cancellation),
                    PumpAsync(server.GetStream(), client.GetStream(), connection, toServer: false, cancellation));
            }
            catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
            {
                // Either side ended, or the measurement did.
            }
        }
    }

    private async Task PumpAsync(NetworkStream from, NetworkStream to, int connection, bool toServer, CancellationToken cancellation)
    {
        byte[] buffer = new byte[64 * 1024];
        int read;
        while ((read = await from.ReadAsync(buffer, cancellation)) > 0)
        {
            _passages.Enqueue(new Passage(connection, Stopwatch.GetElapsedTime(_began), toServer, read));
            await to.WriteAsync(buffer.AsMemory(0, read), cancellation);
        }
    }
}
