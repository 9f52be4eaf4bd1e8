using System.Security.Cryptography;

namespace Fota.Interop.Cryptoki;

/// <summary>A key pair on a token. It signs for as long as its <see cref="Token"/> is open, from any thread.</summary>
public sealed class TokenKey
{
    private readonly Token _token;
    private readonly KeyScheme _scheme;
    private readonly byte[] _id;
    private CachedHandle? _handle;

    internal TokenKey(Token token, KeyScheme scheme, byte[] subjectPublicKeyInfo, byte[] id)
    {
        _token = token;
        _scheme = scheme;
        _id = id;
        SubjectPublicKeyInfo = subjectPublicKeyInfo;
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

    /// <summary>Length of its signatures in bytes: 64 for P-256 (r||s) and Ed25519, 96 for P-384 (r||s), the modulus's for RSA.</summary>
    public int SignatureLength => _scheme.SignatureLength;

    /// <summary>Signs a message: ECDSA and RSA over the hash that goes with the algorithm, Ed25519 over the message itself.</summary>
    /// <exception cref="CryptokiException">The token refuses.</exception>
    /// <exception cref="CryptokiRefusalException">The token is away, or the key is gone from it.</exception>
    public byte[] Sign(ReadOnlySpan<byte> message) =>
        SignContent(_scheme.Hash is { } hash ? CryptographicOperations.HashData(hash, message) : message.ToArray());

    /// <summary>Signs a digest by the hash that goes with the algorithm: SHA-384 for P-384, SHA-256 else.</summary>
    /// <exception cref="InvalidOperationException">The key is an Ed25519 key, which signs messages only.</exception>
    /// <exception cref="ArgumentException">The digest is not as long as that hash's.</exception>
    /// <exception cref="CryptokiException">The token refuses.</exception>
    public byte[] SignHash(ReadOnlySpan<byte> digest)
    {
        int wanted = _scheme.Hash switch
        {
            null => throw new InvalidOperationException($"key '{Label}' is an {Algorithm} key, which signs messages, not digests"),
            { } hash when hash == HashAlgorithmName.SHA384 => SHA384.HashSizeInBytes,
            _ => SHA256.HashSizeInBytes,
        };
        return digest.Length == wanted
            ? SignContent(digest.ToArray())
            : throw new ArgumentException($"wanted a digest of {wanted} bytes, got {digest.Length}", nameof(digest));
    }

    /// <summary>The key as the runtime's ECDSA type, for certificates and CMS; disposing of it leaves key and token as they are.</summary>
    /// <exception cref="InvalidOperationException">The key is no ECDSA key.</exception>
    public ECDsa AsECDsa()
    {
        if (Algorithm is not (KeyAlgorithm.EcdsaP256 or KeyAlgorithm.EcdsaP384))
        {
            throw new InvalidOperationException($"key '{Label}' is an {Algorithm} key, wanted {KeyAlgorithm.EcdsaP256} or {KeyAlgorithm.EcdsaP384}");
        }

        using var publicKey = ECDsa.Create();
        publicKey.ImportSubjectPublicKeyInfo(SubjectPublicKeyInfo.Span, out _);
        return new TokenEcdsa(this, publicKey.ExportParameters(includePrivateParameters: false));
    }

    /// <summary>Reads an attribute of the private key, or fails with what the token says, e.g. CKR_ATTRIBUTE_SENSITIVE.</summary>
    internal byte[] ReadPrivateAttribute(nuint attribute) => _token.Use(session => session.Read(Find(session), attribute));

    private byte[] SignContent(byte[] content) => _token.Use(session =>
    {
        byte[] signature = new byte[_scheme.SignatureLength];
        int length = session.Sign(Find(session), _scheme.Signing, content, signature);
        return length == signature.Length
            ? signature
            : throw new CryptographicException($"wanted a signature of {signature.Length} bytes from token key '{Label}', got {length}");
    });

    /// <summary>The private key's handle, found anew in each generation: object handles do not outlive the one they were found in.</summary>
    private nuint Find(SessionHandle session)
    {
        CachedHandle? cached = Volatile.Read(ref _handle);
        if (cached is not null && ReferenceEquals(cached.Generation, session.Generation))
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

        Volatile.Write(ref _handle, new CachedHandle(found[0], session.Generation));
        return found[0];
    }

    private sealed record CachedHandle(nuint Handle, TokenGeneration Generation);
}
