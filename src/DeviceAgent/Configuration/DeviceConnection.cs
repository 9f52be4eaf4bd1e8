using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Fota.DeviceAgent.Keys;

namespace Fota.DeviceAgent.Configuration;

/// <summary>The mutual TLS 1.3 connection to the server.</summary>
public static class DeviceConnection
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    /// <summary>A client that shows the device's certificate, and trusts servers of the one configured authority.</summary>
    public static HttpClient Open(AgentSettings settings, IDeviceKey key)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(key);
        using X509Certificate2 certificate = X509CertificateLoader.LoadCertificateFromFile(settings.Certificate);
        X509Certificate2 identity = key.AttachTo(certificate);
        SocketsHttpHandler handler = new()
        {
            AllowAutoRedirect = false, // a redirect would lead the device elsewhere
            UseProxy = false,
            UseCookies = false,
            SslOptions = new SslClientAuthenticationOptions
            {
                EnabledSslProtocols = SslProtocols.Tls13,
                ClientCertificateContext = SslStreamCertificateContext.Create(identity, additionalCertificates: null, offline: true),
                CertificateChainPolicy = TrustOnly(settings.ServerCa),
            },
        };
        return new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
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
