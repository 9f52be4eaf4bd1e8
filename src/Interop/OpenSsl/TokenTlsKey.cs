using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Fota.Interop.Cryptoki;

namespace Fota.Interop.OpenSsl;

/// <summary>Where a TLS key is.</summary>
/// <param name="Module">Path of the PKCS#11 module.</param>
/// <param name="TokenLabel">Label of the token.</param>
/// <param name="KeyLabel">Label of the key on it.</param>
/// <param name="PinFile">File with the token's PIN, mode 0600.</param>
public sealed record TokenKeyLocation(string Module, string TokenLabel, string KeyLabel, string PinFile);

/// <summary>A P-256 key for TLS that stays in its token (promise P7): for a server's certificate or a client's, and for the request for one.</summary>
public sealed class TokenTlsKey : IDisposable
{
    private readonly CryptokiLibrary _library;
    private readonly Token _token;
    private readonly ECDsa _key;

    private TokenTlsKey(CryptokiLibrary library, Token token, ECDsa key)
    {
        _library = library;
        _token = token;
        _key = key;
    }

    /// <summary>The key: it signs, and it is never exported.</summary>
    public ECDsa Key => _key;

    /// <summary>How many private keys this process can use because it opened the token.</summary>
    public int PrivateKeysOnToken => _token.CountPrivateKeys();

    /// <summary>Opens a key that is there.</summary>
    /// <exception cref="CryptokiException">The module, the token, the PIN or the key is not right.</exception>
    /// <exception cref="CryptokiRefusalException">There is no such token or key, or its PIN is not to be tried.</exception>
    public static TokenTlsKey Open(TokenKeyLocation location)
    {
        ArgumentNullException.ThrowIfNull(location);
        return Open(location, static (_, _) => { }, static (token, label) => token.FindKey(label));
    }

    /// <summary>Opens a key, and makes what is missing of it: the token, if a security officer's PIN is given, and the key on it.</summary>
    /// <param name="location">Where it is, or will be.</param>
    /// <param name="securityOfficerPinFile">File with the PIN of the security officer, mode 0600; asked for only when the token is missing.</param>
    /// <exception cref="InvalidOperationException">The token is missing, and no PIN was given to make it with.</exception>
    public static TokenTlsKey OpenOrMake(TokenKeyLocation location, string? securityOfficerPinFile)
    {
        ArgumentNullException.ThrowIfNull(location);
        return Open(
            location,
            (library, pin) =>
            {
                if (!library.GetTokens().Any(token => string.Equals(token.Label, location.TokenLabel, StringComparison.Ordinal)))
                {
                    using Pin officer = Pin.FromFile(securityOfficerPinFile ?? throw new InvalidOperationException($"wanted the security officer's PIN, to make the token {location.TokenLabel}, got none"));
                    library.InitializeToken(location.TokenLabel, officer, pin);
                }
            },
            static (token, label) => token.FindKeys().FirstOrDefault(key => string.Equals(key.Label, label, StringComparison.Ordinal)) ?? token.GenerateKey(KeyAlgorithm.EcdsaP256, label));
    }

    /// <summary>The certificate with this key, for use in TLS.</summary>
    /// <exception cref="ArgumentException">It is a certificate of another key.</exception>
    public X509Certificate2 Attach(X509Certificate2 certificate) => TlsKeyBridge.Attach(certificate, _key);

    /// <inheritdoc/>
    public void Dispose()
    {
        _key.Dispose();
        _token.Dispose();
        _library.Dispose();
    }

    private static TokenTlsKey Open(TokenKeyLocation location, Action<CryptokiLibrary, Pin> prepare, Func<Token, string, TokenKey> find)
    {
        CryptokiLibrary library = CryptokiLibrary.Load(location.Module);
        Token? token = null;
        try
        {
            using Pin pin = Pin.FromFile(location.PinFile);
            prepare(library, pin);
            token = Token.Open(library, location.TokenLabel, pin);
            return new TokenTlsKey(library, token, find(token, location.KeyLabel).AsECDsa());
        }
        catch
        {
            token?.Dispose();
            library.Dispose();
            throw;
        }
    }
}
