using Fota.Interop.Cryptoki;
using Fota.Manifest;
using Fota.Manifest.Packs;
using Fota.Signer.Home;
using Fota.Signer.Keys;
using Fota.Signer.Log;
using Fota.Signer.Repository;
using static Fota.Signer.Ceremony.PlanFields;

namespace Fota.Signer.Ceremony;

/// <summary>A ceremony as one reviewed file says it, complete and consistent: what is missing or unknown is refused before a token is touched.</summary>
internal sealed class CeremonyPlan
{
    /// <summary>The longest that anything signed by a role is good for.</summary>
    public const int MaxDays = 3650;

    private static readonly string[] s_profiles = ["device", "service", "people"];

    private CeremonyPlan(Sha256Digest digest, PlanDocument document)
    {
        Digest = digest;
        Keys = [.. Items("keys", document.Keys).Select(ReadKey)];
        DemandDistinct("keys", Keys.Select(static key => key.Label));
        RolesPlan roles = document.Roles ?? throw Missing("roles");
        Root = ReadRole("roles.root", roles.Root);
        Targets = ReadRole("roles.targets", roles.Targets);
        Snapshot = ReadRole("roles.snapshot", roles.Snapshot);
        Timestamp = ReadRole("roles.timestamp", roles.Timestamp);
        Products = [.. Items("products", document.Products).Select(ReadProduct)];
        DemandDistinct("products", Products.Select(static product => product.Name.ToString()));
        Authorities = [.. Items("authorities", document.Authorities).Select(ReadAuthority)];
        DemandDistinct("authorities", Authorities.Select(static authority => authority.Profile));
        DemandSeparation();
        Log = ReadLog(document.Log ?? throw Missing("log"));
    }

    /// <summary>SHA-256 of the file.</summary>
    public Sha256Digest Digest { get; }

    public IReadOnlyList<PlannedKey> Keys { get; }

    /// <summary>The tokens, in the order of their first key.</summary>
    public IEnumerable<string> Tokens => Keys.Select(static key => key.Token).Distinct(StringComparer.Ordinal);

    public RoleSettings Root { get; }

    public RoleSettings Targets { get; }

    public RoleSettings Snapshot { get; }

    public RoleSettings Timestamp { get; }

    public IReadOnlyList<PlannedProduct> Products { get; }

    public IReadOnlyList<PlannedAuthority> Authorities { get; }

    /// <summary>Who signs the log, and what it is called.</summary>
    public LogSettings Log { get; }

    public static CeremonyPlan Parse(byte[] yaml) => new(Sha256Digest.Of(yaml), PlanFields.Read<PlanDocument>(yaml));

    public PlannedKey Key(string label) => Keys.First(key => string.Equals(key.Label, label, StringComparison.Ordinal));

    private static PlannedKey ReadKey(KeyPlan key) => new(
        Name("keys.label", key.Label),
        Name("keys.token", key.Token),
        KeyAlgorithmNames.Find(key.Algorithm) ?? throw new SignerRefusalException($"plan: keys.algorithm of {key.Label}: wanted {string.Join(", ", KeyAlgorithmNames.All)}, got \"{key.Algorithm}\""));

    private RoleSettings ReadRole(string field, RolePlan? role)
    {
        List<string> labels = ReadLabels(field, role?.Keys);
        return new RoleSettings(labels, InRange($"{field}.threshold", role!.Threshold, 1, labels.Count), InRange($"{field}.expiresDays", role.ExpiresDays, 1, MaxDays));
    }

    private List<string> ReadLabels(string field, List<string>? labels)
    {
        List<string> read = Items($"{field}.keys", labels);
        DemandDistinct($"{field}.keys", read);
        return read.TrueForAll(label => Keys.Any(key => string.Equals(key.Label, label, StringComparison.Ordinal)))
            ? read
            : throw new SignerRefusalException($"plan: {field}.keys: wanted labels of keys in this plan, got {string.Join(", ", read)}");
    }

    private PlannedProduct ReadProduct(ProductPlan product)
    {
        ProductName name = ProductName.TryParse(product.Name, out ProductName? parsed)
            ? parsed
            : throw new SignerRefusalException($"plan: products.name: wanted a product name (a-z, 0-9 and '-'), got \"{product.Name}\"");
        int chunkSize = InRange($"products.{name}.chunkSize", product.ChunkSize ?? ChunkTable.LinuxChunkSize, 4096, 1024 * 1024);
        return new PlannedProduct(
            name,
            Text($"products.{name}.vendorDomain", product.VendorDomain),
            Text($"products.{name}.className", product.ClassName),
            int.IsPow2(chunkSize) ? chunkSize : throw new SignerRefusalException($"plan: products.{name}.chunkSize: wanted a power of two, got {chunkSize}"),
            new RoleSettings(ReadLabels($"products.{name}", product.Keys), InRange($"products.{name}.threshold", product.Threshold, 2, 2), InRange($"products.{name}.expiresDays", product.ExpiresDays, 1, MaxDays)),
            HashBins.Demand($"plan: products.{name}.hashBins", product.HashBins ?? 0),
            product.Sbom is null or "required" ? product.Sbom is not null : throw new SignerRefusalException($"plan: products.{name}.sbom: wanted required, or no such field, got \"{product.Sbom}\""));
    }

    private PlannedAuthority ReadAuthority(AuthorityPlan authority)
    {
        string profile = s_profiles.Contains(authority.Profile, StringComparer.Ordinal)
            ? authority.Profile!
            : throw new SignerRefusalException($"plan: authorities.profile: wanted device, service or people, got \"{authority.Profile}\"");
        string label = ReadLabels($"authorities.{profile}", authority.Key is null ? null : [authority.Key])[0];
        return Key(label).Algorithm == KeyAlgorithm.EcdsaP256
            ? new PlannedAuthority(profile, label, Text($"authorities.{profile}.commonName", authority.CommonName), InRange($"authorities.{profile}.years", authority.Years, 1, 30))
            : throw new SignerRefusalException($"plan: authorities.{profile}: wanted an ecdsa-p256 key, got {label}");
    }

    private LogSettings ReadLog(LogPlan log)
    {
        PlannedKey key = Key(ReadLabels("log", log.Key is null ? null : [log.Key])[0]);
        IEnumerable<string> others = [.. Root.Keys, .. Targets.Keys, .. Snapshot.Keys, .. Timestamp.Keys, .. Products.SelectMany(static product => product.Role.Keys), .. Authorities.Select(static authority => authority.Key)];
        LogSettings.Demand("plan: log.key", key.Label, LogSettings.Of(key.Algorithm), key.Token, Key(Timestamp.Keys[0]).Token, others);
        return new LogSettings(key.Label, LogSettings.DemandOrigin("plan: log.origin", log.Origin));
    }

    private void DemandSeparation()
    {
        if (Snapshot.Keys.Count != 1 || !Snapshot.Keys.SequenceEqual(Timestamp.Keys, StringComparer.Ordinal))
        {
            throw new SignerRefusalException("plan: roles.snapshot and roles.timestamp: wanted one and the same key, the online one");
        }

        RoleSeparation.Demand(
            "plan: ",
            new RolesSettings(Root, Targets, Snapshot, Timestamp),
            [.. Products.Select(static product => (product.Name.ToString(), product.Role))],
            Authorities.Select(static authority => authority.Key),
            label => Key(label).Token);
    }
}

/// <summary>A key to be made.</summary>
internal sealed record PlannedKey(string Label, string Token, KeyAlgorithm Algorithm);

/// <summary>A product to be set up.</summary>
internal sealed record PlannedProduct(ProductName Name, string VendorDomain, string ClassName, int ChunkSize, RoleSettings Role, int HashBins, bool SbomRequired);

/// <summary>A certificate authority to be set up.</summary>
internal sealed record PlannedAuthority(string Profile, string Key, string CommonName, int Years);
