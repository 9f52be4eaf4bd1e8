using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Fota.Interop.Cryptoki;
using Fota.Interop.OpenSsl;
using Fota.Manifest.Keys;

namespace Fota.DeviceAgent.Keys;

/// <summary>A device key that never leaves its token (PKCS#11).</summary>
internal sealed class TokenDeviceKey : IDeviceKey
{
    private readonly CryptokiLibrary _library;
    private readonly Token _token;
    private readonly TokenKey _key;
    private readonly ECDsa _ecdsa;

    private TokenDeviceKey(CryptokiLibrary library, Token token, TokenKey key)
    {
        _library = library;
        _token = token;
        _key = key;
        _ecdsa = key.AsECDsa();
        PublicKey = VerificationKey.FromSubjectPublicKeyInfo(key.SubjectPublicKeyInfo);
    }

    /// <inheritdoc/>
    public VerificationKey PublicKey { get; }

    /// <summary>Opens the key <paramref name="keyLabel"/> on the token <paramref name="tokenLabel"/>.</summary>
    public static TokenDeviceKey Open(string module, string tokenLabel, string keyLabel, Pin pin) =>
        With(module, tokenLabel, pin, token => token.FindKey(keyLabel), null);

    /// <summary>As <see cref="Open"/>; initialises the token and generates the key where they are missing.</summary>
    public static TokenDeviceKey Enrol(string module, string tokenLabel, string keyLabel, Pin pin, Pin securityOfficerPin) => With(
        module,
        tokenLabel,
        pin,
        token => token.FindKeys().Any(key => key.Label == keyLabel) ? token.FindKey(keyLabel) : token.GenerateKey(KeyAlgorithm.EcdsaP256, keyLabel),
        securityOfficerPin);

    /// <inheritdoc/>
    public byte[] Sign(byte[] message) => _key.Sign(message);

    /// <inheritdoc/>
    public X509Certificate2 AttachTo(X509Certificate2 certificate) => TlsKeyBridge.Attach(certificate, _ecdsa);

    /// <inheritdoc/>
    public ECDsa AsECDsa() => _ecdsa;

    /// <inheritdoc/>
    public void Dispose()
    {
        _ecdsa.Dispose();
        _token.Dispose();
        _library.Dispose();
    }

    // Both at enrolment and at every start: a key that could be read once may have been copied (P7).
    private static TokenKey Demand(TokenKey key) => key is { IsSensitive: true, IsNeverExtractable: true }
        ? key
        : throw new CryptographicException($"token key '{key.Label}': wanted one that is sensitive and never was extractable, got sensitive {key.IsSensitive}, never extractable {key.IsNeverExtractable}");

    private static TokenDeviceKey With(string module, string tokenLabel, Pin pin, Func<Token, TokenKey> find, Pin? securityOfficerPin)
    {
        CryptokiLibrary library = CryptokiLibrary.Load(module);
        Token? token = null;
        try
        {
            if (securityOfficerPin is not null && !library.GetTokens().Any(present => present.IsInitialized && present.Label == tokenLabel))
            {
                library.InitializeToken(tokenLabel, securityOfficerPin, pin);
            }

            token = Token.Open(library, tokenLabel, pin);
            return new TokenDeviceKey(library, token, Demand(find(token)));
        }
        catch
        {
            token?.Dispose();
            library.Dispose();
            throw;
        }
    }
}
