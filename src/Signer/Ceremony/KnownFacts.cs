using Fota.Signer.Home;
using Fota.Signer.Roles;

namespace Fota.Signer.Ceremony;

/// <summary>
/// What a keyholder's home takes of the settings that the signer's home sends: keys that it did not know, and who signs for a role, which has to agree with signed
/// metadata when the change is computed. What nobody signed, and releases and roles are judged by, stays as it was handed over.
/// </summary>
internal static class KnownFacts
{
    private const string Update = "an earlier change may have set it: `fota-signer approval home --update` takes the settings of somebody whom you believe";

    /// <summary>The home's settings, with the sender's new keys and with who signs for which role.</summary>
    /// <exception cref="SignerRefusalException">They say something else of a key or a product than this home knows, or of a role that the change concerns.</exception>
    public static SignerSettings Merge(SignerSettings own, SignerSettings sent, ChangeRequest request)
    {
        foreach (KeySettings key in own.Keys)
        {
            KeySettings? other = sent.Keys.FirstOrDefault(other => string.Equals(other.Label, key.Label, StringComparison.Ordinal));
            if (other != key)
            {
                throw new SignerRefusalException($"package: signer.json: key '{key.Label}': wanted {Describe(key)}, as this home knows it, got {(other is null ? "none" : Describe(other))}");
            }
        }

        if (sent.Products.FirstOrDefault(product => own.Products.All(known => !string.Equals(known.Name, product.Name, StringComparison.Ordinal))) is { } unknown)
        {
            throw new SignerRefusalException($"package: signer.json: product {unknown.Name}: wanted products that this home knows, got another; {Update}");
        }

        return own with
        {
            Keys = sent.Keys,
            Roles = new RolesSettings(
                Merge(RolesSettings.RootName, own.Roles.Root, sent.Roles.Root, request),
                Merge(RolesSettings.TargetsName, own.Roles.Targets, sent.Roles.Targets, request),
                Merge(RolesSettings.SnapshotName, own.Roles.Snapshot, sent.Roles.Snapshot, request),
                Merge(RolesSettings.TimestampName, own.Roles.Timestamp, sent.Roles.Timestamp, request)),
            Products = [.. own.Products.Select(product => Merge(product, sent, request))],
        };
    }

    private static ProductSettings Merge(ProductSettings own, SignerSettings sent, ChangeRequest request)
    {
        ProductSettings other = sent.Products.FirstOrDefault(other => string.Equals(other.Name, own.Name, StringComparison.Ordinal))
            ?? throw new SignerRefusalException($"package: signer.json: product {own.Name}: wanted {Facts(own)}, as this home knows it, got none");
        if (Facts(other) != Facts(own))
        {
            throw new SignerRefusalException($"package: signer.json: product {own.Name}: wanted {Facts(own)}, as this home knows it, got {Facts(other)}");
        }

        if (request.Concerns(own.Name) && other.HashBins != own.HashBins)
        {
            throw new SignerRefusalException($"package: signer.json: product {own.Name}: hashBins: wanted {own.HashBins}, as this home knows it, got {other.HashBins}; {Update}");
        }

        RoleSettings role = Merge(own.Name, own.Role, other.Role, request);
        return own with { Keys = role.Keys, Threshold = role.Threshold };
    }

    private static RoleSettings Merge(string name, RoleSettings own, RoleSettings sent, ChangeRequest request) => request.Concerns(name) && own.ExpiresDays != sent.ExpiresDays
        ? throw new SignerRefusalException($"package: signer.json: role {name}: expiresDays: wanted {own.ExpiresDays}, as this home knows it, got {sent.ExpiresDays}; {Update}")
        : own with { Keys = sent.Keys, Threshold = sent.Threshold };

    private static string Describe(KeySettings key) => $"key id {key.KeyId} on token '{key.Token}' ({key.Serial})";

    private static (string VendorDomain, string ClassName, int ChunkSize) Facts(ProductSettings product) => (product.VendorDomain, product.ClassName, product.ChunkSize);
}
