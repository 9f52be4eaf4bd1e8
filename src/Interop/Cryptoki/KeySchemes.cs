namespace Fota.Interop.Cryptoki;

/// <summary>Every algorithm that this library makes, finds and uses keys of.</summary>
internal static class KeySchemes
{
    private static readonly CurveScheme[] Curves = [CurveScheme.P256, CurveScheme.P384, CurveScheme.Edwards];

    private static readonly RsaScheme[] Rsa = [new(KeyAlgorithm.RsaPss3072, 3072), new(KeyAlgorithm.RsaPss4096, 4096)];

    public static KeyScheme Of(KeyAlgorithm algorithm) => All.FirstOrDefault(scheme => scheme.Algorithm == algorithm)
        ?? throw new ArgumentOutOfRangeException(nameof(algorithm), algorithm, "not a key algorithm");

    /// <summary>Whether keys of this type are supported at all.</summary>
    public static bool Supports(nuint keyType) => All.Any(scheme => scheme.KeyType == keyType);

    /// <summary>The scheme of a public key on the token, and the key as a DER SubjectPublicKeyInfo; null when there is none for it.</summary>
    public static (KeyScheme Scheme, byte[] PublicKey)? Read(SessionHandle session, nuint publicKey, nuint keyType) =>
        keyType == Pkcs11.CKK_RSA ? RsaScheme.Read(session, publicKey, Rsa) : CurveScheme.Read(session, publicKey, keyType, Curves);

    private static IEnumerable<KeyScheme> All => [.. Curves, .. Rsa];
}
