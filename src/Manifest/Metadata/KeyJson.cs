using System.Text.Json;
using Fota.Manifest.Keys;

namespace Fota.Manifest.Metadata;

/// <summary>Keys as TUF writes them (TUF 1.0.34 section 4.2.2), and the lists "keyids" and "threshold" that refer to them.</summary>
internal static class KeyJson
{
    private const string Ecdsa = "ecdsa", LegacyEcdsaP256 = "ecdsa-sha2-nistp256", LegacyEcdsaP384 = "ecdsa-sha2-nistp384", Ed25519 = "ed25519", Rsa = "rsa";
    private const string SchemeP256 = "ecdsa-sha2-nistp256", SchemeP384 = "ecdsa-sha2-nistp384", SchemePss = "rsassa-pss-sha256";

    // What other writers may still have is 2048 bits; of ours, none goes below the strength of P-256.
    private const int ProfiledRsaBits = 3072;

    public static void WriteKeys(Utf8JsonWriter writer, IEnumerable<RoleKeys> roles)
    {
        writer.WriteStartObject("keys");
        foreach (VerificationKey key in roles.SelectMany(static role => role.Keys).Distinct())
        {
            (string type, string scheme) = key.Algorithm switch
            {
                SignatureAlgorithm.Ed25519 => (Ed25519, Ed25519),
                SignatureAlgorithm.Esp256 => (Ecdsa, SchemeP256),
                SignatureAlgorithm.Esp384 => (Ecdsa, SchemeP384),
                SignatureAlgorithm.Ps256 => (Rsa, SchemePss),
                _ => throw new RejectedException(RejectionReason.UnsupportedKey, $"a key: wanted one on P-256, P-384 or Ed25519, or of RSA, got one for {key.Algorithm}, which our profile does not write"),
            };
            writer.WriteStartObject(MetadataKeyId.Of(DemandStrength(key)).Text);
            writer.WriteString("keytype", type);
            writer.WriteString("scheme", scheme);
            writer.WriteStartObject("keyval");
            writer.WriteString("public", type == Ed25519 ? Convert.ToHexStringLower(key.SubjectPublicKeyInfo.Span[Ed25519Key.Prefix.Length..]) : key.ToPem());
            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
    }

    /// <summary>Writes the members "keyids" and "threshold" of the role that is being written.</summary>
    public static void WriteRole(Utf8JsonWriter writer, RoleKeys role)
    {
        writer.WriteStartArray("keyids");
        foreach (VerificationKey key in role.Keys)
        {
            writer.WriteStringValue(MetadataKeyId.Of(key).Text);
        }

        writer.WriteEndArray();
        writer.WriteNumber("threshold", role.Threshold);
    }

    /// <summary>Reads the member "keys" of a root or of delegations; a key of no use is null.</summary>
    public static IReadOnlyDictionary<MetadataKeyId, VerificationKey?> ReadKeys(JsonElement parent, MetadataProfile profile)
    {
        Dictionary<MetadataKeyId, VerificationKey?> keys = [];
        foreach (JsonProperty member in parent.Object("keys").EnumerateObject())
        {
            MetadataKeyId id = profile.ReadKeyId(member.Name);
            keys.Add(id, profile.ReadKey(id, member.Value));
        }

        return keys;
    }

    /// <summary>Reads the members "keyids" and "threshold" of <paramref name="role"/>.</summary>
    public static RoleKeys ReadRole(JsonElement role, IReadOnlyDictionary<MetadataKeyId, VerificationKey?> keys, MetadataProfile profile)
    {
        List<MetadataKeyId> ids = [.. role.Texts("keyids").Select(profile.ReadKeyId)];

        // Its range is not checked here, as "threshold below one" has a reason of its own (A12).
        return profile.ReadRoleKeys(ids, keys, (int)role.Integer("threshold", int.MinValue, int.MaxValue));
    }

    /// <summary>Reads a key of our profile.</summary>
    public static VerificationKey ReadProfiledKey(JsonElement key)
    {
        (string type, string scheme, string text) = ReadMembers(key);
        return (type, scheme) switch
        {
            (Ecdsa, SchemeP256) => ReadPem(type, text, SignatureAlgorithm.Esp256),
            (Ecdsa, SchemeP384) => ReadPem(type, text, SignatureAlgorithm.Esp384),
            (Rsa, SchemePss) => DemandStrength(ReadPem(type, text, SignatureAlgorithm.Ps256)),
            (Ed25519, Ed25519) => ReadEd25519(text),
            _ => throw new RejectedException(
                RejectionReason.UnsupportedKey,
                "a key: wanted ecdsa with ecdsa-sha2-nistp256 or -nistp384, rsa with rsassa-pss-sha256 or ed25519 with ed25519, got another type or scheme"),
        };
    }

    /// <summary>Reads a key of any type and scheme that we can verify with. The two together decide on the algorithm, and the key has to fit them (A24).</summary>
    public static VerificationKey ReadAnyKey(JsonElement key)
    {
        (string type, string scheme, string text) = ReadMembers(key);
        return (type, scheme) switch
        {
            (Ecdsa or LegacyEcdsaP256, SchemeP256) => ReadPem(type, text, SignatureAlgorithm.Esp256),
            (Ecdsa or LegacyEcdsaP384, SchemeP384) => ReadPem(type, text, SignatureAlgorithm.Esp384),
            (Rsa, SchemePss) => ReadPem(type, text, SignatureAlgorithm.Ps256),
            (Ed25519, Ed25519) => ReadEd25519(text),
            _ => throw new RejectedException(RejectionReason.UnsupportedKey, "a key: wanted ed25519, ecdsa or rsa with a scheme of theirs, got another type or scheme"),
        };
    }

    private static VerificationKey DemandStrength(VerificationKey key) => key is RsaPssKey { Bits: < ProfiledRsaBits and var bits }
        ? throw new RejectedException(RejectionReason.UnsupportedKey, $"an RSA key: wanted {ProfiledRsaBits} bits at least, got {bits}")
        : key;

    private static (string Type, string Scheme, string Text) ReadMembers(JsonElement key) => (key.Text("keytype"), key.Text("scheme"), key.Object("keyval").Text("public"));

    private static VerificationKey ReadPem(string type, string pem, SignatureAlgorithm wanted)
    {
        VerificationKey key = VerificationKey.FromPem(pem);
        return key.Algorithm == wanted
            ? key
            : throw new RejectedException(RejectionReason.UnsupportedKey, $"a key: wanted one of type {type} for {wanted}, got one for {key.Algorithm}");
    }

    // A public key of Ed25519 and a SHA-256 digest have the same text form: 64 lower-case hexadecimal digits.
    private static VerificationKey ReadEd25519(string text) => Sha256Digest.TryParse(text, out Sha256Digest? bytes)
        ? VerificationKey.FromSubjectPublicKeyInfo((byte[])[.. Ed25519Key.Prefix, .. bytes.Bytes])
        : throw new RejectedException(RejectionReason.UnsupportedKey, $"an Ed25519 public key: wanted 64 lower-case hexadecimal digits, got {text.Length} characters");
}
