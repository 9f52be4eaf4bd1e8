using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Fota.DeviceAgent.Identity;
using Fota.DeviceAgent.Keys;

namespace Fota.DeviceAgent.Configuration;

/// <summary>The mutual TLS 1.3 connection to the server.</summary>
public static class DeviceConnection
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    /// <summary>A client that shows the device's certificate, also after it was renewed, and trusts servers of the configured authorities.</summary>
    public static HttpClient Open(AgentSettings settings, IDeviceKey key, DeviceCertificateStore certificates)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(certificates);
        return new HttpClient(new RenewableHandler(certificates, certificate => Connect(settings, key.AttachTo(certificate)))) { Timeout = Timeout.InfiniteTimeSpan };
    }

    private static SocketsHttpHandler Connect(AgentSettings settings, X509Certificate2 identity)
    {
        return new SocketsHttpHandler
        {
            AllowAutoRedirect = false, // a redirect would lead the device elsewhere
            UseProxy = false,
            UseCookies = false,
            SslOptions = new SslClientAuthenticationOptions
            {
                EnabledSslProtocols = SslProtocols.Tls13,
                ClientCertificateContext = SslStreamCertificateContext.Create(identity, additionalCertificates: null, offline: true),
                CertificateChainPolicy = TrustOnly(settings.ServerCa),
                RemoteCertificateValidationCallback = ServerAuthority.Demand,
            },
        };
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
