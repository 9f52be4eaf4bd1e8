using System.Security.Cryptography.X509Certificates;

namespace Fota.DeviceAgent.Identity;

/// <summary>
/// Connections that show the device's certificate of now. Once it was renewed, the next request goes over a new connection; those that showed the old one
/// are closed. So nothing may be under way when a certificate is replaced.
/// </summary>
internal sealed class RenewableHandler : HttpMessageHandler
{
    private readonly DeviceCertificateStore _certificates;
    private readonly Func<X509Certificate2, HttpMessageHandler> _connect;
    private X509Certificate2 _shown;
    private HttpMessageInvoker _connections;

    // At once, so that a certificate for another key is found out at the start.
    public RenewableHandler(DeviceCertificateStore certificates, Func<X509Certificate2, HttpMessageHandler> connect)
    {
        _certificates = certificates;
        _connect = connect;
        _shown = certificates.Current;
        _connections = new HttpMessageInvoker(connect(_shown));
    }

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (!ReferenceEquals(_shown, _certificates.Current))
        {
            HttpMessageInvoker before = _connections;
            _connections = new HttpMessageInvoker(_connect(_certificates.Current));
            _shown = _certificates.Current;
            before.Dispose();
        }

        return _connections.SendAsync(request, cancellationToken);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _connections.Dispose();
        }

        base.Dispose(disposing);
    }
}
