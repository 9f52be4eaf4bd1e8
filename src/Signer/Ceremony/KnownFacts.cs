using Fota.Signer.Home;

namespace Fota.Signer.Ceremony;

/// <summary>
/// What a keyholder's home takes of the settings that the signer's home sends. Who signs for a role has to agree with signed metadata, which is checked when the change is computed; what
/// nobody signed, and releases are judged by, stays what the first ceremony handed over.
/// </summary>
internal static class KnownFacts
{
    /// <summary>The settings sent, with this machine's module.</summary>
    /// <exception cref="SignerRefusalException">They say something else of a key or a product than this home knows.</exception>
    public static SignerSettings Merge(SignerSettings own, SignerSettings sent)
    {
        foreach (KeySettings key in own.Keys)
        {
            KeySettings? other = sent.Keys.FirstOrDefault(other => string.Equals(other.Label, key.Label, StringComparison.Ordinal));
            if (other != key)
            {
                throw new SignerRefusalException($"package: signer.json: key '{key.Label}': wanted {Describe(key)}, as this home knows it, got {(other is null ? "none" : Describe(other))}");
            }
        }

        foreach (ProductSettings product in own.Products)
        {
            ProductSettings? other = sent.Products.FirstOrDefault(other => string.Equals(other.Name, product.Name, StringComparison.Ordinal));
            if (other is null || Facts(other) != Facts(product))
            {
                throw new SignerRefusalException($"package: signer.json: product {product.Name}: wanted {Facts(product)}, as this home knows it, got {(other is null ? "none" : Facts(other))}");
            }
        }

        return sent with { Module = own.Module };
    }

    private static string Describe(KeySettings key) => $"key id {key.KeyId} on token '{key.Token}' ({key.Serial})";

    private static (string VendorDomain, string ClassName, int ChunkSize) Facts(ProductSettings product) => (product.VendorDomain, product.ClassName, product.ChunkSize);
}
