using System.Net.Security;
using System.Security.Authentication;
using Fota.Shared;
using Fota.UpdateServer.Configuration;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Fota.UpdateServer;

/// <summary>
/// TLS of this server: 1.3 alone. A client certificate is asked of everyone and demanded by nobody: the endpoints say who has to show one, and judge it themselves, at each request.
/// </summary>
internal static class ServerTls
{
    /// <summary>How a connection is to be made.</summary>
    public static TlsHandshakeCallbackOptions Of(ServerCredential credential)
    {
        // Session tickets hold the client's certificate, some 1.2 KB in all, and save both sides a signature by a key that may be in a token. Clients that name no server keep none (.NET's
        // looks them up by that name), so that to these they would only be bytes on their links.
        SslServerAuthenticationOptions named = Create(credential, resume: true), unnamed = Create(credential, resume: false);
        return new TlsHandshakeCallbackOptions
        {
            HandshakeTimeout = ServerLimits.HandshakeTimeout,
            OnConnection = context => ValueTask.FromResult(context.ClientHelloInfo.ServerName.Length > 0 ? named : unnamed),
        };
    }

    private static SslServerAuthenticationOptions Create(ServerCredential credential, bool resume) => new()
    {
        EnabledSslProtocols = SslProtocols.Tls13,
        ServerCertificateContext = SslStreamCertificateContext.Create(credential.Certificate, credential.Intermediates, offline: true),
        ClientCertificateRequired = true,

        // Whatever is shown, and nothing shown: the endpoints judge it.
        RemoteCertificateValidationCallback = static (_, certificate, _, errors) => certificate is not null || errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable),
        CertificateChainPolicy = ClientChain.Unjudged,
        AllowTlsResume = resume,
    };
}
