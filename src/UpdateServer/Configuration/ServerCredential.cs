using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Fota.Interop.OpenSsl;

namespace Fota.UpdateServer.Configuration;

/// <summary>The server's TLS certificate with its key, which stays in its token.</summary>
internal sealed class ServerCredential : IDisposable
{
    private readonly Stack<IDisposable> _owned;

    private ServerCredential(X509Certificate2 certificate, X509Certificate2Collection intermediates, Stack<IDisposable> owned)
    {
        Certificate = certificate;
        Intermediates = intermediates;
        _owned = owned;
    }

    public X509Certificate2 Certificate { get; }

    /// <summary>What the file holds besides: sent along in the handshake.</summary>
    public X509Certificate2Collection Intermediates { get; }

    /// <exception cref="ConfigurationException">The certificate or its key cannot be had.</exception>
    public static ServerCredential Open(TlsSettings settings)
    {
        X509Certificate2Collection chain = PemCertificates.Read(settings.CertificateFile, "tls.certificate");
        Stack<IDisposable> owned = new();
        try
        {
            using X509Certificate2 bare = chain[0];
            chain.RemoveAt(0);
            return new ServerCredential(settings.UnsafeKeyFile is { } file ? WithFile(bare, file) : WithToken(bare, settings, owned), chain, owned);
        }
        catch (Exception e)
        {
            Release(owned);
            if (e is ArgumentException or InvalidOperationException)
            {
                throw new ConfigurationException($"tls: wanted the P-256 key of {settings.CertificateFile}, got another ({e.Message})");
            }

            throw;
        }
    }

    public void Dispose()
    {
        Certificate.Dispose();
        Release(_owned);
    }

    private static X509Certificate2 WithFile(X509Certificate2 bare, string file)
    {
        using ECDsa key = ECDsa.Create();
        key.ImportFromPem(File.ReadAllText(file));
        return bare.CopyWithPrivateKey(key);
    }

    private static X509Certificate2 WithToken(X509Certificate2 bare, TlsSettings settings, Stack<IDisposable> owned)
    {
        TokenTlsKey key = TokenTlsKey.Open(settings.InToken);
        owned.Push(key);

        // Promise P5: what this process is logged in to must have nothing in it that could sign a release.
        int keys = key.PrivateKeysOnToken;
        return keys != 1
            ? throw new ConfigurationException($"tls.tokenLabel: wanted a token with the TLS key '{settings.KeyLabel}' alone, got {keys} private keys on '{settings.TokenLabel}'")
            : key.Attach(bare);
    }

    private static void Release(Stack<IDisposable> owned)
    {
        while (owned.TryPop(out IDisposable? last))
        {
            last.Dispose();
        }
    }
}
