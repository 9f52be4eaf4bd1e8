using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Fota.DeviceAgent.Daemon;

/// <summary>Tells systemd how the agent is (sd_notify(3)): a datagram to the socket that it names. Without such a socket nobody is told.</summary>
internal sealed class ServiceManager : IDisposable
{
    private readonly Socket? _socket;

    private ServiceManager(Socket? socket, TimeSpan? watchdog)
    {
        _socket = socket;
        Watchdog = watchdog;
    }

    /// <summary>How long systemd waits for a sign of life; null when it does not.</summary>
    public TimeSpan? Watchdog { get; }

    /// <summary>Connects to the service manager that started this process, if there is one.</summary>
    public static ServiceManager Connect(Func<string, string?> environment)
    {
        // "@" stands for the zero byte of an abstract address.
        if (environment("NOTIFY_SOCKET") is not [('/' or '@') and { } first, ..] address)
        {
            return new ServiceManager(null, null);
        }

        Socket socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(first == '@' ? "\0" + address[1..] : address));
            bool isWatched = long.TryParse(environment("WATCHDOG_USEC"), NumberStyles.None, CultureInfo.InvariantCulture, out long microseconds) && microseconds > 0;
            return new ServiceManager(socket, isWatched ? TimeSpan.FromMicroseconds(microseconds) : null);
        }
        catch (SocketException)
        {
            socket.Dispose(); // the update does not depend on who watches it
            return new ServiceManager(null, null);
        }
    }

    public void Ready() => Send("READY=1");

    public void SignOfLife() => Send("WATCHDOG=1");

    public void Dispose() => _socket?.Dispose();

    private void Send(string message)
    {
        try
        {
            _socket?.Send(Encoding.UTF8.GetBytes(message));
        }
        catch (SocketException)
        {
            // As above.
        }
    }
}
