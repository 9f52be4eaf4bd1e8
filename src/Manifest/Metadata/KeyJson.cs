using System.Text.Json;
using Fota.Manifest.Keys;

namespace Fota.Manifest.Metadata;

/// <summary>Keys as TUF writes them (TUF 1.0.34 section 4.2.2), and the lists "keyids" and "threshold" that refer to them.</summary>
internal static class KeyJson
{
    private const string Ecdsa = "ecdsa";
    private const string EcdsaScheme = "ecdsa-sha2-nistp256";
    private const string Ed25519 = "ed25519";

    public static void WriteKeys(Utf8JsonWriter writer, IEnumerable<RoleKeys> roles)
    {
        writer.WriteStartObject("keys");
        foreach (VerificationKey key in roles.SelectMany(static role => role.Keys).Distinct())
        {
            bool edwards = key.Algorithm == SignatureAlgorithm.Ed25519;
            writer.WriteStartObject(key.Id.ToString());
            writer.WriteString("keytype", edwards ? Ed25519 : Ecdsa);
            writer.WriteString("scheme", edwards ? Ed25519 : EcdsaScheme);
            writer.WriteStartObject("keyval");
            writer.WriteString("public", edwards ? Convert.ToHexStringLower(key.SubjectPublicKeyInfo.Span[Ed25519Key.Prefix.Length..]) : key.ToPem());
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
            writer.WriteStringValue(key.Id.ToString());
        }

        writer.WriteEndArray();
        writer.WriteNumber("threshold", role.Threshold);
    }

    /// <summary>Reads the member "keys" of a root or of delegations.</summary>
    public static IReadOnlyDictionary<KeyId, VerificationKey> ReadKeys(JsonElement parent)
    {
        Dictionary<KeyId, VerificationKey> keys = [];
        foreach (JsonProperty member in parent.Object("keys").EnumerateObject())
        {
            VerificationKey key = ReadKey(member.Value);

            // §4.3: "Clients MUST calculate each KEYID to verify this is correct". So a key has one id, and cannot count under two (A11).
            if (ReadId(member.Name) != key.Id)
            {
                throw new RejectedException(RejectionReason.DigestMismatch, $"a key id: wanted {key.Id}, got {member.Name}");
            }

            keys.Add(key.Id, key);
        }

        return keys;
    }

    /// <summary>Reads the members "keyids" and "threshold" of <paramref name="role"/>.</summary>
    public static RoleKeys ReadRole(JsonElement role, IReadOnlyDictionary<KeyId, VerificationKey> keys)
    {
        List<VerificationKey> own = [];
        foreach (string text in role.Texts("keyids"))
        {
            VerificationKey key = keys.GetValueOrDefault(ReadId(text))
                ?? throw new RejectedException(RejectionReason.MissingField, $"\"keys\": wanted the key {text}, got none");
            if (own.Contains(key))
            {
                throw new RejectedException(RejectionReason.DuplicateField, $"\"keyids\": wanted each key once, got {text} twice");
            }

            own.Add(key);
        }

        // Range: the constructor, as "threshold below one" has a reason of its own (A12).
        return new RoleKeys(own, (int)role.Integer("threshold", int.MinValue, int.MaxValue));
    }

    public static KeyId ReadId(string text) => Sha256Digest.TryParse(text, out Sha256Digest? digest)
        ? new KeyId(digest)
        : throw new RejectedException(RejectionReason.ValueOutOfRange, $"a key id: wanted 64 lower-case hexadecimal digits, got {text.Length} characters");

    private static VerificationKey ReadKey(JsonElement key)
    {
        string type = key.Text("keytype");
        string scheme = key.Text("scheme");
        string text = key.Object("keyval").Text("public");
        VerificationKey read = (type, scheme) switch
        {
            (Ecdsa, EcdsaScheme) => VerificationKey.FromPem(text),
            (Ed25519, Ed25519) => VerificationKey.FromSubjectPublicKeyInfo((byte[])[.. Ed25519Key.Prefix, .. ReadEd25519(text)]),
            _ => throw new RejectedException(RejectionReason.UnsupportedKey, "a key: wanted ecdsa with ecdsa-sha2-nistp256 or ed25519 with ed25519, got another type or scheme"),
        };

        bool asWritten = read.Algorithm == (string.Equals(type, Ecdsa, StringComparison.Ordinal) ? SignatureAlgorithm.Esp256 : SignatureAlgorithm.Ed25519);
        return asWritten ? read : throw new RejectedException(RejectionReason.UnsupportedKey, $"a key: wanted one of type {type}, got {read.Algorithm}");
    }

    // A public key of Ed25519 and a SHA-256 digest have the same text form: 64 lower-case hexadecimal digits.
    private static ReadOnlySpan<byte> ReadEd25519(string text) => Sha256Digest.TryParse(text, out Sha256Digest? bytes)
        ? bytes.Bytes
        : throw new RejectedException(RejectionReason.UnsupportedKey, $"an Ed25519 public key: wanted 64 lower-case hexadecimal digits, got {text.Length} characters");
}
