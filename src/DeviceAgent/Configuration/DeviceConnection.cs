using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Fota.DeviceAgent.Keys;
using Fota.DeviceAgent.State;

namespace Fota.DeviceAgent.Configuration;

/// <summary>The mutual TLS 1.3 connection to the server.</summary>
public static class DeviceConnection
{
    /// <summary>A client that shows the device's certificate, and trusts servers of the one configured authority.</summary>
    /// <param name="settings">Who the device is, and whose servers it trusts.</param>
    /// <param name="key">The device's key.</param>
    /// <param name="clock">What the servers' certificates are judged by.</param>
    public static HttpClient Open(AgentSettings settings, IDeviceKey key, DeviceClock clock)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(clock);
        ServerCertificateValidation validation = new(settings.ServerCa, () => clock.Vouched);
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
                CertificateChainPolicy = validation.ChainPolicy,
                RemoteCertificateValidationCallback = validation.Validate,
            },
        };
        return new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }
}
