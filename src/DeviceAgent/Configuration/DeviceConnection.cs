using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Fota.DeviceAgent.Fetching;
using Fota.DeviceAgent.Keys;
using Fota.DeviceAgent.State;

namespace Fota.DeviceAgent.Configuration;

/// <summary>The mutual TLS 1.3 connection to the server.</summary>
public static class DeviceConnection
{
    // Longer than the server keeps a connection: a device that polls every minute or two does not pay for a handshake each time.
    private static readonly TimeSpan s_idleTimeout = TimeSpan.FromMinutes(5);

    /// <summary>A client that shows the device's certificate, and trusts servers of the one configured authority.</summary>
    /// <param name="settings">Who the device is, and whose servers it trusts.</param>
    /// <param name="key">The device's key.</param>
    /// <param name="clock">What the servers' certificates are judged by.</param>
    public static HttpClient Open(AgentSettings settings, IDeviceKey key, DeviceClock clock)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(clock);
        return Open(settings, settings.ServerCa, Identity(settings, key), clock);
    }

    /// <summary>The configured mirrors, in their order. Who the device is they learn only where the configuration says so.</summary>
    public static IReadOnlyList<RepositorySource> OpenMirrors(AgentSettings settings, IDeviceKey key, DeviceClock clock)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(clock);
        return
        [
            .. settings.Network.Repositories.Select(mirror =>
                new RepositorySource(mirror.Address, Open(settings, mirror.Authority ?? settings.ServerCa, mirror.ShowsCertificate ? Identity(settings, key) : null, clock))),
        ];
    }

    private static HttpClient Open(AgentSettings settings, string authority, SslStreamCertificateContext? identity, DeviceClock clock)
    {
        ServerCertificateValidation validation = new(authority, () => clock.Vouched);
        SocketsHttpHandler handler = new()
        {
            AllowAutoRedirect = false, // a redirect would lead the device elsewhere
            UseProxy = settings.Network.Proxy is not null,
            Proxy = settings.Network.Proxy is { } proxy ? new WebProxy(proxy) : null,
            UseCookies = false,
            PooledConnectionIdleTimeout = s_idleTimeout,
            SslOptions = new SslClientAuthenticationOptions
            {
                EnabledSslProtocols = SslProtocols.Tls13,
                ClientCertificateContext = identity,
                CertificateChainPolicy = validation.ChainPolicy,
                RemoteCertificateValidationCallback = validation.Validate,
            },
        };
        return new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }

    private static SslStreamCertificateContext Identity(AgentSettings settings, IDeviceKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        using X509Certificate2 certificate = X509CertificateLoader.LoadCertificateFromFile(settings.Certificate);
        return SslStreamCertificateContext.Create(key.AttachTo(certificate), additionalCertificates: null, offline: true);
    }
}
