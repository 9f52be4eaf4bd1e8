using Fota.Interop.OpenSsl;

namespace Fota.UpdateServer.Configuration;

/// <summary>Prepares a server for its certificate: makes the token and the key in it, if they are not there, and a PKCS#10 request.</summary>
internal static class TlsRequest
{
    /// <summary>The request as PEM.</summary>
    public static string Create(TlsSettings settings)
    {
        if (settings.UnsafeKeyFile is not null)
        {
            throw new ConfigurationException("tls.unsafeKeyFile: wanted a token for tls-request, got a key file");
        }

        using TokenTlsKey key = OpenOrMake(settings);
        return ServerCertificateRequest.Create(key.Key, settings.SubjectAltNames);
    }

    private static TokenTlsKey OpenOrMake(TlsSettings settings)
    {
        try
        {
            return TokenTlsKey.OpenOrMake(settings.InToken, settings.SoPinFile);
        }
        catch (InvalidOperationException e)
        {
            throw new ConfigurationException($"tls.soPinFile: {e.Message}");
        }
    }
}
