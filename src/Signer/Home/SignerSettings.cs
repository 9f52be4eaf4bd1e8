using System.Text.Json;
using System.Text.Json.Serialization;
using Fota.Manifest;

namespace Fota.Signer.Home;

/// <summary>signer.json: the public facts that the ceremony left. It holds no secret, and trust in releases does not rest on it.</summary>
internal sealed record SignerSettings(string Module, IReadOnlyList<KeySettings> Keys, OnlineSettings Online, IReadOnlyList<ProductSettings> Products, IReadOnlyList<AuthoritySettings> Authorities)
{
    private static readonly JsonSerializerOptions s_options = new(JsonSerializerDefaults.Strict)
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
    };

    public static SignerSettings Parse(ReadOnlySpan<byte> json) => JsonSerializer.Deserialize<SignerSettings>(json, s_options) ?? throw new JsonException("signer.json: wanted an object, got null");

    public byte[] ToJson() => [.. JsonSerializer.SerializeToUtf8Bytes(this, s_options), (byte)'\n'];

    public KeySettings Key(string label) => Keys.FirstOrDefault(key => string.Equals(key.Label, label, StringComparison.Ordinal))
        ?? throw new SignerRefusalException($"no key '{label}' in this home; it has {string.Join(", ", Keys.Select(static key => key.Label))}");

    public ProductSettings Product(ProductName name) => Products.FirstOrDefault(product => string.Equals(product.Name, name.ToString(), StringComparison.Ordinal))
        ?? throw new SignerRefusalException($"no product '{name}' in this home; it has {string.Join(", ", Products.Select(static product => product.Name))}");

    public AuthoritySettings Authority(string profile) => Authorities.FirstOrDefault(authority => string.Equals(authority.Profile, profile, StringComparison.Ordinal))
        ?? throw new SignerRefusalException($"no certificate authority for profile '{profile}' in this home");
}

/// <summary>A key and the token it is on.</summary>
internal sealed record KeySettings(string Label, string Token, string Serial, string KeyId);

/// <summary>How the online key keeps the repository fresh.</summary>
internal sealed record OnlineSettings(string Key, int SnapshotDays, int TimestampDays);

/// <summary>A product, whose keys sign its TUF role and its SUIT envelopes.</summary>
internal sealed record ProductSettings(string Name, string VendorDomain, string ClassName, int ChunkSize, IReadOnlyList<string> Keys, int Threshold, int ExpiresDays)
{
    /// <summary>The vendor id in its manifests.</summary>
    [JsonIgnore]
    public Guid VendorId => NameBasedUuid.Vendor(VendorDomain);

    /// <summary>The class id in its manifests.</summary>
    [JsonIgnore]
    public Guid ClassId => NameBasedUuid.DeviceClass(VendorId, ClassName);
}

/// <summary>A certificate authority; its certificate is ca/{profile}-ca.pem.</summary>
internal sealed record AuthoritySettings(string Profile, string Key);
