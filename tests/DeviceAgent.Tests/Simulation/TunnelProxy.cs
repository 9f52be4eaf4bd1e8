using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Fota.DeviceAgent.Tests.Simulation;

/// <summary>An HTTP proxy on the loopback address that does nothing but CONNECT (RFC 9110, section 9.3.6).</summary>
internal sealed class TunnelProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _accepting;

    public TunnelProxy()
    {
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public string Address => $"http://{_listener.LocalEndpoint}";

    /// <summary>The first line of every request.</summary>
    public IList<string> Requests { get; } = [];

    /// <summary>The first byte that each tunnel's client sent: 22 begins a TLS handshake.</summary>
    public IList<byte> FirstBytes { get; } = [];

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        List<Task> tunnels = [];
        try
        {
            while (true)
            {
                tunnels.Add(TunnelAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(tunnels);
        }
    }

    private async Task TunnelAsync(TcpClient client)
    {
        try
        {
            using (client)
            {
                NetworkStream near = client.GetStream();
                StringBuilder head = new();
                byte[] one = new byte[1];
                while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
                {
                    await near.ReadExactlyAsync(one, _stop.Token);
                    head.Append((char)one[0]);
                }

                string request = head.ToString().Split("\r\n")[0];
                Requests.Add(request);
                string[] target = request.Split(' ')[1].Split(':');
                using TcpClient server = new();
                await server.ConnectAsync(IPAddress.Parse(target[0]), int.Parse(target[1]), _stop.Token);
                await near.WriteAsync("HTTP/1.1 200 OK\r\n\r\n"u8.ToArray(), _stop.Token);
                await near.ReadExactlyAsync(one, _stop.Token);
                FirstBytes.Add(one[0]);
                NetworkStream far = server.GetStream();
                await far.WriteAsync(one, _stop.Token);
                await Task.WhenAny(near.CopyToAsync(far, _stop.Token), far.CopyToAsync(near, _stop.Token));
            }
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
        {
            // Either side ended.
        }
    }
}
