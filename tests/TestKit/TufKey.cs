using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Fota.Manifest.Keys;

namespace Fota.TestKit;

/// <summary>A key as a TUF writer writes it: under any id, type and scheme.</summary>
public sealed class TufKey
{
    private TufKey(SoftwareKey key, string type, string scheme, JsonNode keyValue)
    {
        Key = key;
        Json = new JsonObject { ["keytype"] = type, ["scheme"] = scheme, ["keyval"] = keyValue };
        Id = Convert.ToHexStringLower(SHA256.HashData(TufRepository.Canonical(Json)));
    }

    /// <summary>The field's way: the digest of the key's canonical JSON. Any other will do as well.</summary>
    public string Id { get; init; }

    public SoftwareKey Key { get; }

    public JsonObject Json { get; }

    public static TufKey Ed25519()
    {
        SoftwareKey key = SoftwareKey.Ed25519();
        return new TufKey(key, "ed25519", "ed25519", new JsonObject { ["public"] = Convert.ToHexStringLower(key.PublicKey.SubjectPublicKeyInfo.Span[^32..]) });
    }

    public static TufKey Ecdsa(string type = "ecdsa") => Pem(SoftwareKey.EcdsaP256(), type, "ecdsa-sha2-nistp256");

    public static TufKey EcdsaP384(string type = "ecdsa") => Pem(SoftwareKey.EcdsaP384(), type, "ecdsa-sha2-nistp384");

    public static TufKey Rsa() => Pem(SoftwareKey.RsaPss(), "rsa", "rsassa-pss-sha256");

    /// <summary>A key of a type that nobody knows.</summary>
    public static TufKey Unknown() => new(SoftwareKey.Ed25519(), "sigstore-oidc", "Fulcio", new JsonObject { ["identity"] = "a@b.example", ["issuer"] = "https://c.example" });

    /// <summary>A key whose scheme its type does not have.</summary>
    public static TufKey UnknownScheme() => Pem(SoftwareKey.RsaPss(), "rsa", "rsa-pkcs1v15-sha256");

    /// <summary>The same public key under another id.</summary>
    public TufKey Named(string id) => new(Key, (string)Json["keytype"]!, (string)Json["scheme"]!, Json["keyval"]!.DeepClone()) { Id = id };

    /// <summary>In hexadecimal digits, as TUF writes it: DER for ECDSA.</summary>
    public string Sign(byte[] message)
    {
        byte[] signature = Key.Sign(message);
        return Convert.ToHexStringLower(EcdsaSignatureFormat.FixedSizeOf(Key.PublicKey.Algorithm) > 0 ? EcdsaSignatureFormat.ToDer(signature) : signature);
    }

    private static TufKey Pem(SoftwareKey key, string type, string scheme) => new(key, type, scheme, new JsonObject { ["public"] = key.PublicKey.ToPem() });
}
