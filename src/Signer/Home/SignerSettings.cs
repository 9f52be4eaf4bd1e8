using System.Text.Json;
using System.Text.Json.Serialization;
using Fota.Manifest;
using Fota.Manifest.Keys;
using Fota.Signer.Log;

namespace Fota.Signer.Home;

/// <summary>signer.json: the public facts that the ceremony left, and the policy for what is signed next. It holds no secret, and trust in releases does not rest on it.</summary>
internal sealed record SignerSettings(string Module, IReadOnlyList<KeySettings> Keys, RolesSettings Roles, IReadOnlyList<ProductSettings> Products, IReadOnlyList<AuthoritySettings> Authorities, IReadOnlyList<LogSettings> Logs)
{
    private static readonly JsonSerializerOptions s_options = new(JsonSerializerDefaults.Strict)
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
    };

    /// <summary>Who signs the log today; before it in the list stand those that it succeeded.</summary>
    [JsonIgnore]
    public LogSettings Log => Logs[^1];

    /// <exception cref="JsonException">It is not of this form, or has a name in it that no ceremony gives: names become names of files.</exception>
    public static SignerSettings Parse(ReadOnlySpan<byte> json)
    {
        SignerSettings settings = JsonSerializer.Deserialize<SignerSettings>(json, s_options) ?? throw new JsonException("signer.json: wanted an object, got null");
        HashSet<string> labels = new(StringComparer.Ordinal);
        foreach (KeySettings key in settings.Keys)
        {
            DemandName("a key's label", key.Label, SignerNames.MaxName);
            DemandName("a token's label", key.Token, SignerNames.MaxName);
            if (!labels.Add(key.Label))
            {
                throw new JsonException($"signer.json: wanted each key once, got {key.Label} twice");
            }
        }

        foreach (ProductSettings product in settings.Products)
        {
            DemandName("a product", product.Name, SignerNames.MaxRoleName);
        }

        return settings;
    }

    private static void DemandName(string what, string name, int maxLength)
    {
        if (!SignerNames.IsName(name, maxLength))
        {
            throw new JsonException($"signer.json: {what}: wanted 1 to {maxLength} of a-z, 0-9 and '-', got \"{name}\"");
        }
    }

    public byte[] ToJson() => [.. JsonSerializer.SerializeToUtf8Bytes(this, s_options), (byte)'\n'];

    public KeySettings Key(string label) => Keys.FirstOrDefault(key => string.Equals(key.Label, label, StringComparison.Ordinal))
        ?? throw new SignerRefusalException($"no key '{label}' in this home; it has {string.Join(", ", Keys.Select(static key => key.Label))}");

    public ProductSettings Product(ProductName name) => Products.FirstOrDefault(product => string.Equals(product.Name, name.ToString(), StringComparison.Ordinal))
        ?? throw new SignerRefusalException($"no product '{name}' in this home; it has {string.Join(", ", Products.Select(static product => product.Name))}");

    /// <summary>A top-level role, or a product's.</summary>
    public RoleSettings Role(string name) => Roles.Find(name)
        ?? Products.FirstOrDefault(product => string.Equals(product.Name, name, StringComparison.Ordinal))?.Role
        ?? throw new SignerRefusalException($"no role '{name}' in this home; it has {string.Join(", ", RolesSettings.Names.Concat(Products.Select(static product => product.Name)))}");

    /// <summary>The label of the key with this id; the id itself when this home does not know it.</summary>
    public string LabelOf(KeyId id) => Keys.FirstOrDefault(key => string.Equals(key.KeyId, id.ToString(), StringComparison.Ordinal))?.Label ?? id.ToString();

    public AuthoritySettings Authority(string profile) => Authorities.FirstOrDefault(authority => string.Equals(authority.Profile, profile, StringComparison.Ordinal))
        ?? throw new SignerRefusalException($"no certificate authority for profile '{profile}' in this home");
}

/// <summary>A key and the token it is on.</summary>
internal sealed record KeySettings(string Label, string Token, string Serial, string KeyId);

/// <summary>A product, whose keys sign its TUF role and its SUIT envelopes. 0 hash bins: the role lists its releases itself.</summary>
internal sealed record ProductSettings(string Name, string VendorDomain, string ClassName, int ChunkSize, IReadOnlyList<string> Keys, int Threshold, int ExpiresDays, int HashBins = 0, bool SbomRequired = false)
{
    /// <summary>The role that bears the product's name.</summary>
    [JsonIgnore]
    public RoleSettings Role => new(Keys, Threshold, ExpiresDays);

    /// <summary>The vendor id in its manifests.</summary>
    [JsonIgnore]
    public Guid VendorId => NameBasedUuid.Vendor(VendorDomain);

    /// <summary>The class id in its manifests.</summary>
    [JsonIgnore]
    public Guid ClassId => NameBasedUuid.DeviceClass(VendorId, ClassName);
}

/// <summary>A certificate authority; its certificate is ca/{profile}-ca.pem.</summary>
internal sealed record AuthoritySettings(string Profile, string Key);
