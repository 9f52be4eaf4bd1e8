using Fota.Interop.Cryptoki;

namespace Fota.Signer.Keys;

/// <summary>What algorithms are called in plans and options.</summary>
internal static class KeyAlgorithmNames
{
    public const string Default = "ecdsa-p256";

    private static readonly Dictionary<string, KeyAlgorithm> s_names = new(StringComparer.Ordinal)
    {
        [Default] = KeyAlgorithm.EcdsaP256,
        ["ecdsa-p384"] = KeyAlgorithm.EcdsaP384,
        ["ed25519"] = KeyAlgorithm.Ed25519,
        ["rsa-pss-3072"] = KeyAlgorithm.RsaPss3072,
        ["rsa-pss-4096"] = KeyAlgorithm.RsaPss4096,
    };

    /// <summary>All names.</summary>
    public static IReadOnlyCollection<string> All => s_names.Keys;

    /// <summary>The algorithm of this name; null if there is none.</summary>
    public static KeyAlgorithm? Find(string? name) => name is not null && s_names.TryGetValue(name, out KeyAlgorithm algorithm) ? algorithm : null;
}
