using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Fota.Cli.Server;
using Fota.Interop.OpenSsl;

namespace Fota.Cli.Signing;

/// <summary>How somebody reaches a signing service: its address, the CA that vouches for it, and their own certificate with its key. One strict JSON file.</summary>
internal sealed record ServiceIdentity
{
    private const string Sha256 = "2.16.840.1.101.3.4.2.1";

    private static readonly JsonSerializerOptions s_options = new(JsonSerializerDefaults.Strict) { PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    /// <summary>The service, https.</summary>
    public required Uri Service { get; init; }

    /// <summary>PEM file of the CAs of its certificate.</summary>
    public required string Authority { get; init; }

    /// <summary>PEM file of one's own certificate.</summary>
    public required string Certificate { get; init; }

    /// <summary>Path of the PKCS#11 module of one's own key.</summary>
    public string? Pkcs11Module { get; init; }

    /// <summary>Label of its token.</summary>
    public string? TokenLabel { get; init; }

    /// <summary>Label of the key on it.</summary>
    public string? KeyLabel { get; init; }

    /// <summary>File with the token's PIN, mode 0600.</summary>
    public string? PinFile { get; init; }

    /// <summary>File with the security officer's PIN, mode 0600; needed only to make the token.</summary>
    public string? SoPinFile { get; init; }

    /// <summary>PEM file of the key, for machines without a token: anyone who reads the file can ask in this name (P7).</summary>
    public string? UnsafeKeyFile { get; init; }

    private TokenKeyLocation InToken => new(Pkcs11Module!, TokenLabel!, KeyLabel!, PinFile!);

    /// <summary>Reads a file; its paths are relative to itself.</summary>
    public static ServiceIdentity Read(string file)
    {
        try
        {
            ServiceIdentity read = JsonSerializer.Deserialize<ServiceIdentity>(File.ReadAllBytes(file), s_options) ?? throw new JsonException("wanted an object, got null");
            string directory = Path.GetDirectoryName(Path.GetFullPath(file))!;
            return read.Checked(file) with
            {
                Authority = Path.GetFullPath(read.Authority, directory),
                Certificate = Path.GetFullPath(read.Certificate, directory),
                PinFile = read.PinFile is null ? null : Path.GetFullPath(read.PinFile, directory),
                SoPinFile = read.SoPinFile is null ? null : Path.GetFullPath(read.SoPinFile, directory),
                UnsafeKeyFile = read.UnsafeKeyFile is null ? null : Path.GetFullPath(read.UnsafeKeyFile, directory),
            };
        }
        catch (JsonException e)
        {
            throw new CommandFailedException($"{file}: {e.Message.ReplaceLineEndings(" ")}");
        }
    }

    /// <summary>A client of the service, which shows the certificate.</summary>
    public ServiceClient Connect()
    {
        Stack<IDisposable> owned = new();
        try
        {
            X509Certificate2 own = Open(owned);
            SocketsHttpHandler handler = new()
            {
                UseProxy = false,
                AllowAutoRedirect = false,
                SslOptions = new SslClientAuthenticationOptions
                {
                    CertificateChainPolicy = ServerConnection.TrustOnly(Authority),
                    ClientCertificateContext = SslStreamCertificateContext.Create(own, additionalCertificates: null, offline: true),
                },
            };
            owned.Push(handler);
            return new ServiceClient(new HttpClient(handler, disposeHandler: false) { BaseAddress = Service, Timeout = Timeout.InfiniteTimeSpan }, owned);
        }
        catch
        {
            while (owned.TryPop(out IDisposable? last))
            {
                last.Dispose();
            }

            throw;
        }
    }

    /// <summary>One's own certificate with its key; what is opened for that goes to <paramref name="owned"/>.</summary>
    public X509Certificate2 Open(Stack<IDisposable> owned)
    {
        using X509Certificate2 bare = X509Certificate2.CreateFromPem(File.ReadAllText(Certificate));
        X509Certificate2 own = UnsafeKeyFile is { } file ? WithFile(bare, file) : WithToken(bare, owned);
        owned.Push(own);
        return own;
    }

    /// <summary>Makes the key, if it is not there, and a request for its certificate.</summary>
    public string Request(string name)
    {
        X500DistinguishedNameBuilder subject = new();
        subject.AddCommonName(name);
        if (UnsafeKeyFile is { } file)
        {
            using ECDsa key = MakeFile(file);
            return new CertificateRequest(subject.Build(), key, HashAlgorithmName.SHA256).CreateSigningRequestPem() + "\n";
        }

        using TokenTlsKey inToken = TokenTlsKey.OpenOrMake(InToken, SoPinFile);
        return new CertificateRequest(subject.Build(), inToken.Key, HashAlgorithmName.SHA256).CreateSigningRequestPem() + "\n";
    }

    /// <summary>A detached CMS signature (RFC 5652) over some bytes with one's own key and certificate, DER.</summary>
    public byte[] Sign(byte[] content)
    {
        using X509Certificate2 bare = X509Certificate2.CreateFromPem(File.ReadAllText(Certificate));
        SignedCms cms = new(new ContentInfo(content), detached: true);
        if (UnsafeKeyFile is { } file)
        {
            using X509Certificate2 own = WithFile(bare, file);
            cms.ComputeSignature(new CmsSigner(SubjectIdentifierType.IssuerAndSerialNumber, own) { DigestAlgorithm = new Oid(Sha256), IncludeOption = X509IncludeOption.EndCertOnly });
        }
        else
        {
            using TokenTlsKey key = TokenTlsKey.Open(InToken);
            cms.ComputeSignature(new CmsSigner(SubjectIdentifierType.IssuerAndSerialNumber, bare, key.Key) { DigestAlgorithm = new Oid(Sha256), IncludeOption = X509IncludeOption.EndCertOnly });
        }

        return cms.Encode();
    }

    private static X509Certificate2 WithFile(X509Certificate2 bare, string file)
    {
        using ECDsa key = ECDsa.Create();
        key.ImportFromPem(File.ReadAllText(file));
        return bare.CopyWithPrivateKey(key);
    }

    private static ECDsa MakeFile(string file)
    {
        ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        if (File.Exists(file))
        {
            key.ImportFromPem(File.ReadAllText(file));
        }
        else
        {
            Interop.Posix.DurableFile.ReplacePrivate(file, System.Text.Encoding.ASCII.GetBytes(key.ExportPkcs8PrivateKeyPem() + "\n"));
        }

        return key;
    }

    private X509Certificate2 WithToken(X509Certificate2 bare, Stack<IDisposable> owned)
    {
        TokenTlsKey key = TokenTlsKey.Open(InToken);
        owned.Push(key);
        return key.Attach(bare);
    }

    private ServiceIdentity Checked(string file)
    {
        bool all = Pkcs11Module is not null && TokenLabel is not null && KeyLabel is not null && PinFile is not null;
        bool any = Pkcs11Module is not null || TokenLabel is not null || KeyLabel is not null || PinFile is not null || SoPinFile is not null;
        return Service.Scheme != Uri.UriSchemeHttps ? throw new CommandFailedException($"{file}: service: wanted an https address, got {Service}")
            : (UnsafeKeyFile is null ? all : !any) ? this
            : throw new CommandFailedException($"{file}: wanted pkcs11Module, tokenLabel, keyLabel and pinFile, or unsafeKeyFile alone, got something in between");
    }
}
