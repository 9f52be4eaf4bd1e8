using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Fota.DeviceAgent.Fetching;
using Fota.DeviceAgent.Identity;
using Fota.DeviceAgent.Keys;
using Fota.DeviceAgent.State;

namespace Fota.DeviceAgent.Configuration;

/// <summary>The mutual TLS 1.3 connection to the server.</summary>
internal static class DeviceConnection
{
    // Longer than the server keeps a connection: a device that polls every minute or two does not pay for a handshake each time.
    private static readonly TimeSpan s_idleTimeout = TimeSpan.FromMinutes(5);

    /// <summary>A client that shows the device's certificate, also after it was renewed, and trusts servers of the configured authorities.</summary>
    /// <param name="settings">Who the device is, and whose servers it trusts.</param>
    /// <param name="key">The device's key.</param>
    /// <param name="certificates">The device's certificate.</param>
    /// <param name="clock">What the servers' certificates are judged by.</param>
    public static HttpClient Open(AgentSettings settings, IDeviceKey key, DeviceCertificateStore certificates, DeviceClock clock)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return OpenAs(settings, settings.ServerCa, key, certificates, clock);
    }

    /// <summary>The configured mirrors, in their order. Who the device is they learn only where the configuration says so.</summary>
    /// <param name="settings">Who the device is, and whose servers it trusts.</param>
    /// <param name="key">The device's key.</param>
    /// <param name="certificates">The device's certificate.</param>
    /// <param name="clock">What the mirrors' certificates are judged by.</param>
    public static IReadOnlyList<RepositorySource> OpenMirrors(AgentSettings settings, IDeviceKey key, DeviceCertificateStore certificates, DeviceClock clock)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(clock);
        return
        [
            .. settings.Network.Repositories.Select(mirror => new RepositorySource(
                mirror.Address,
                mirror.ShowsCertificate
                    ? OpenAs(settings, mirror.Authority ?? settings.ServerCa, key, certificates, clock)
                    : Client(Connect(settings, mirror.Authority ?? settings.ServerCa, null, clock)))),
        ];
    }

    /// <summary>The storage that the server may name for content. It is not shown who the device is. Null where the device is to go nowhere that it was not configured to go.</summary>
    /// <param name="settings">Whose storage it trusts to be there.</param>
    /// <param name="clock">What its certificates are judged by.</param>
    public static ContentStorage? OpenStorage(AgentSettings settings, DeviceClock clock)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(clock);
        return settings.Network.StorageAuthority is { } authority ? new ContentStorage(Client(Connect(settings, authority, null, clock)), settings.Network.StorageAddresses) : null;
    }

    private static HttpClient OpenAs(AgentSettings settings, string authority, IDeviceKey key, DeviceCertificateStore certificates, DeviceClock clock)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(certificates);
        ArgumentNullException.ThrowIfNull(clock);
        return Client(new RenewableHandler(certificates, certificate => Connect(settings, authority, key.AttachTo(certificate), clock)));
    }

    private static HttpClient Client(HttpMessageHandler handler) => new(handler) { Timeout = Timeout.InfiniteTimeSpan };

    private static SocketsHttpHandler Connect(AgentSettings settings, string authority, X509Certificate2? identity, DeviceClock clock)
    {
        ServerCertificateValidation validation = new(authority, () => clock.Vouched);
        return new SocketsHttpHandler
        {
            AllowAutoRedirect = false, // a redirect would lead the device elsewhere
            UseProxy = settings.Network.Proxy is not null,
            Proxy = settings.Network.Proxy is { } proxy ? new WebProxy(proxy) : null,
            UseCookies = false,
            PooledConnectionIdleTimeout = s_idleTimeout,
            SslOptions = new SslClientAuthenticationOptions
            {
                EnabledSslProtocols = SslProtocols.Tls13,
                ClientCertificateContext = identity is null ? null : SslStreamCertificateContext.Create(identity, additionalCertificates: null, offline: true),
                CertificateChainPolicy = validation.ChainPolicy,
                RemoteCertificateValidationCallback = (sender, certificate, chain, errors) =>
                    validation.Validate(sender, certificate, chain, errors) ? true : throw ServerAuthority.Refusal(certificate, chain, errors),
            },
        };
    }
}
