using System.Security.Cryptography;

namespace Fota.Interop.Cryptoki;

/// <summary>A key pair on a token. It signs for as long as its <see cref="Token"/> is open, from any thread.</summary>
public sealed class TokenKey
{
    private readonly Token _token;
    private readonly KeyScheme _scheme;
    private readonly byte[] _point;
    private readonly byte[] _id;
    private CachedHandle? _handle;

    internal TokenKey(Token token, KeyScheme scheme, byte[] point, byte[] id)
    {
        _token = token;
        _scheme = scheme;
        _point = point;
        _id = id;
        SubjectPublicKeyInfo = scheme.SubjectPublicKeyInfo(point);
    }

    /// <summary>The label of the private key.</summary>
    public required string Label { get; init; }

    /// <summary>CKA_ID, which ties the two halves together.</summary>
    public ReadOnlyMemory<byte> Id => _id;

    /// <summary>What it signs with.</summary>
    public KeyAlgorithm Algorithm => _scheme.Algorithm;

    /// <summary>The public key as a DER SubjectPublicKeyInfo.</summary>
    public ReadOnlyMemory<byte> SubjectPublicKeyInfo { get; }

    /// <summary>Whether the token says that the private key's value cannot be read.</summary>
    public required bool IsSensitive { get; init; }

    /// <summary>Whether the token says that the private key could not be extracted at any time since it was made.</summary>
    public required bool IsNeverExtractable { get; init; }

    /// <summary>Signs a message: P-256 over its SHA-256 as r||s, Ed25519 over the message itself. 64 bytes either way.</summary>
    /// <exception cref="CryptokiException">The token refuses.</exception>
    public byte[] Sign(ReadOnlySpan<byte> message) =>
        Algorithm == KeyAlgorithm.EcdsaP256 ? SignContent(SHA256.HashData(message)) : SignContent(message.ToArray());

    /// <summary>Signs a SHA-256 digest with a P-256 key; r||s, 64 bytes.</summary>
    /// <exception cref="InvalidOperationException">The key is an Ed25519 key, which signs messages only.</exception>
    /// <exception cref="ArgumentException">The digest is not 32 bytes long.</exception>
    /// <exception cref="CryptokiException">The token refuses.</exception>
    public byte[] SignHash(ReadOnlySpan<byte> digest)
    {
        RequireP256();
        return digest.Length == SHA256.HashSizeInBytes
            ? SignContent(digest.ToArray())
            : throw new ArgumentException($"wanted a digest of {SHA256.HashSizeInBytes} bytes, got {digest.Length}", nameof(digest));
    }

    /// <summary>The key as the runtime's ECDSA type, for certificates and CMS; disposing of it leaves key and token as they are.</summary>
    /// <exception cref="InvalidOperationException">The key is an Ed25519 key.</exception>
    public ECDsa AsECDsa()
    {
        RequireP256();
        return new TokenEcdsa(this, new ECParameters
        {
            Curve = ECCurve.NamedCurves.nistP256,
            Q = new ECPoint { X = _point[1..33], Y = _point[33..65] },
        });
    }

    /// <summary>Reads an attribute of the private key, or fails with what the token says, e.g. CKR_ATTRIBUTE_SENSITIVE.</summary>
    internal byte[] ReadPrivateAttribute(nuint attribute) => _token.Use(session => session.Read(Find(session), attribute));

    private byte[] SignContent(byte[] content) => _token.Use(session =>
    {
        byte[] signature = new byte[KeyScheme.SignatureLength];
        int length = session.Sign(Find(session), _scheme.SigningMechanism, content, signature);
        return length == signature.Length
            ? signature
            : throw new CryptographicException($"wanted a signature of {signature.Length} bytes from token key '{Label}', got {length}");
    });

    /// <summary>The private key's handle, found anew after a login: object handles do not outlive the one they were found in.</summary>
    private nuint Find(SessionHandle session)
    {
        int generation = _token.Generation;
        CachedHandle? cached = Volatile.Read(ref _handle);
        if (cached is not null && cached.Generation == generation)
        {
            return cached.Handle;
        }

        List<nuint> found = session.FindPrivate(new AttributeTemplate(3)
            .Add(Pkcs11.CKA_CLASS, Pkcs11.CKO_PRIVATE_KEY)
            .Add(Pkcs11.CKA_KEY_TYPE, _scheme.KeyType)
            .Add(Pkcs11.CKA_ID, _id));
        if (found.Count != 1)
        {
            throw new CryptokiRefusalException(
                found.Count == 0 ? CryptokiRefusal.KeyNotFound : CryptokiRefusal.KeyAmbiguous,
                $"wanted one private key with the id of '{Label}', got {found.Count}");
        }

        Volatile.Write(ref _handle, new CachedHandle(found[0], generation));
        return found[0];
    }

    private void RequireP256()
    {
        if (Algorithm != KeyAlgorithm.EcdsaP256)
        {
            throw new InvalidOperationException($"key '{Label}' is an {Algorithm} key, wanted {KeyAlgorithm.EcdsaP256}");
        }
    }

    private sealed record CachedHandle(nuint Handle, int Generation);
}
