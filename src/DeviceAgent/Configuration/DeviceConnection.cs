using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Fota.DeviceAgent.Fetching;
using Fota.DeviceAgent.Keys;

namespace Fota.DeviceAgent.Configuration;

/// <summary>The mutual TLS 1.3 connection to the server.</summary>
public static class DeviceConnection
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    // Longer than the server keeps a connection: a device that polls every minute or two does not pay for a handshake each time.
    private static readonly TimeSpan s_idleTimeout = TimeSpan.FromMinutes(5);

    /// <summary>A client that shows the device's certificate, and trusts servers of the one configured authority.</summary>
    public static HttpClient Open(AgentSettings settings, IDeviceKey key)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return Open(settings, settings.ServerCa, Identity(settings, key));
    }

    /// <summary>The configured mirrors, in their order. Who the device is they learn only where the configuration says so.</summary>
    public static IReadOnlyList<RepositorySource> OpenMirrors(AgentSettings settings, IDeviceKey key)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return
        [
            .. settings.Network.Repositories.Select(mirror =>
                new RepositorySource(mirror.Address, Open(settings, mirror.Authority ?? settings.ServerCa, mirror.ShowsCertificate ? Identity(settings, key) : null))),
        ];
    }

    private static HttpClient Open(AgentSettings settings, string authority, SslStreamCertificateContext? identity)
    {
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
                CertificateChainPolicy = TrustOnly(authority),
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

    private static X509ChainPolicy TrustOnly(string authority)
    {
        X509ChainPolicy policy = new()
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck, // the authority is the fleet's own; it has no responder
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.ImportFromPemFile(authority);
        policy.ApplicationPolicy.Add(new System.Security.Cryptography.Oid(ServerAuthentication));
        return policy.CustomTrustStore.Count > 0 ? policy : throw new SettingsException($"{authority}: wanted a certificate, got none");
    }
}
