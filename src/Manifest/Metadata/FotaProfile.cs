using System.Runtime.InteropServices;
using System.Text.Json;
using Fota.Manifest.Encoding;
using Fota.Manifest.Keys;
using Fota.Manifest.Log;

namespace Fota.Manifest.Metadata;

/// <summary>The strict profile: see docs/spec/repository.md.</summary>
internal sealed class FotaProfile : MetadataProfile
{
    private const int DigestDigits = 2 * Sha256Digest.Size;

    internal override int MaxSignatures => DecodeLimits.Signatures;

    internal override JsonDocument Parse(ReadOnlyMemory<byte> file) => CanonicalJson.Parse(file);

    // The file is canonical: the signed bytes are the received ones.
    internal override (byte[] SignedBytes, JsonElement Content) ReadSigned(JsonElement signed) =>
        (CanonicalJson.ToSignedForm(JsonMarshal.GetRawUtf8Value(signed)), signed.Clone());

    internal override void DemandOnly(JsonElement parent, params ReadOnlySpan<string> names) => parent.AllowOnly(names);

    internal override MetadataKeyId ReadKeyId(string text) => Sha256Digest.TryParse(text, out _)
        ? new MetadataKeyId(text)
        : throw new RejectedException(RejectionReason.ValueOutOfRange, $"a key id: wanted {DigestDigits} lower-case hexadecimal digits, got {text.Length} characters");

    internal override byte[]? ReadSignature(string text) => text.Length > 0 && text.Length % 2 == 0 && text.All(char.IsAsciiHexDigitLower)
        ? Convert.FromHexString(text)
        : throw new RejectedException(RejectionReason.ValueOutOfRange, $"\"sig\": wanted lower-case hexadecimal digits, got {text.Length} characters");

    internal override VerificationKey ReadKey(MetadataKeyId id, JsonElement key)
    {
        VerificationKey read = KeyJson.ReadProfiledKey(key);

        // §4.3: "Clients MUST calculate each KEYID to verify this is correct". So a key has one id, and cannot count under two (A11).
        return id == MetadataKeyId.Of(read)
            ? read
            : throw new RejectedException(RejectionReason.DigestMismatch, $"a key id: wanted {read.Id}, got {id}");
    }

    internal override RoleKeys ReadRoleKeys(IReadOnlyList<MetadataKeyId> ids, IReadOnlyDictionary<MetadataKeyId, VerificationKey?> keys, int threshold)
    {
        List<VerificationKey> own = [];
        foreach (MetadataKeyId id in ids)
        {
            VerificationKey key = keys.GetValueOrDefault(id)
                ?? throw new RejectedException(RejectionReason.MissingField, $"\"keys\": wanted the key {id}, got none");
            if (own.Contains(key))
            {
                throw new RejectedException(RejectionReason.DuplicateField, $"\"keyids\": wanted each key once, got {id} twice");
            }

            own.Add(key);
        }

        return new RoleKeys(own, threshold);
    }

    internal override void DemandSpecVersion(string version)
    {
        // §4.3: any 1.0.x will do, as the last number changes no format.
        if (!version.StartsWith("1.0.", StringComparison.Ordinal) || !version[4..].All(char.IsAsciiDigit))
        {
            throw new RejectedException(RejectionReason.WrongDocument, "\"spec_version\": wanted 1.0 and a patch number, got another");
        }
    }

    internal override bool ReadConsistentSnapshot(JsonElement root) => root.Flag("consistent_snapshot");

    internal override void DemandConsistentSnapshot(bool consistentSnapshot)
    {
        if (!consistentSnapshot)
        {
            throw new RejectedException(RejectionReason.ValueOutOfRange, "\"consistent_snapshot\": wanted true, got false");
        }
    }

    // §4.6: "MUST only include a description of the snapshot.json file".
    internal override void DemandMetaOfTimestamp(JsonElement meta) => meta.AllowOnly(MetadataFileName.InMeta("snapshot"));

    internal override IReadOnlyList<VerifiedCheckpoint> ReadLogs(JsonElement timestamp, string member) => PinnedLogs.Read(timestamp, member);

    internal override void DemandMetaOfSnapshot(IReadOnlyCollection<string> names)
    {
        foreach (string name in names)
        {
            string role = name.EndsWith(MetadataFileName.Extension, StringComparison.Ordinal) ? name[..^MetadataFileName.Extension.Length] : "";
            if (role is not "targets" && !IsDelegated(role))
            {
                throw new RejectedException(RejectionReason.UnsafePath, "\"meta\": wanted targets.json and names of products and their hash bins, got another name");
            }
        }

        if (!names.Contains(MetadataFileName.InMeta("targets"), StringComparer.Ordinal))
        {
            throw new RejectedException(RejectionReason.MissingField, "\"meta\": wanted targets.json, got none");
        }
    }

    internal override MetaFile ReadMetaFile(JsonElement entry) => MetaFile.ReadWhole(entry);

    internal override TargetFile ReadTargetFile(JsonElement entry) => TargetFile.ReadWhole(entry);

    internal override void DemandTargetPath(string path) => TargetPath.Demand(path);

    internal override void DemandRole(DelegatedRole role)
    {
        // The name becomes a file name, and must not shadow a top-level role (A15).
        if (!IsDelegated(role.Name))
        {
            throw new RejectedException(RejectionReason.UnsafePath, "the name of a delegated role: wanted a product or a hash bin of one, got another");
        }

        bool isBin = HashBin.TryParse(role.Name, out _, out _);
        if (isBin ? role.Paths.Count > 0 : role.PathHashPrefixes.Count > 0)
        {
            throw new RejectedException(RejectionReason.Unsupported, $"{role.Name}: wanted path_hash_prefixes of a hash bin and paths of a product, got them the other way round");
        }

        if (role.Paths.Count + role.PathHashPrefixes.Count == 0)
        {
            throw new RejectedException(RejectionReason.ValueOutOfRange, $"\"{(isBin ? "path_hash_prefixes" : "paths")}\" of {role.Name}: wanted at least 1, got none");
        }

        foreach (string pattern in role.Paths)
        {
            TargetPath.DemandPattern(pattern);
        }

        if (!role.PathHashPrefixes.All(static prefix => prefix.Length is >= 1 and <= DigestDigits && prefix.All(char.IsAsciiHexDigitLower)))
        {
            throw new RejectedException(RejectionReason.ValueOutOfRange, $"\"path_hash_prefixes\" of {role.Name}: wanted 1 to {DigestDigits} lower-case hexadecimal digits, got another prefix");
        }
    }

    internal override void DemandDelegations(TargetsMetadata targets, DelegatedRole? via)
    {
        foreach (DelegatedRole role in targets.Delegations)
        {
            bool isBin = HashBin.TryParse(role.Name, out ProductName? product, out _);
            if (via is null ? isBin : !isBin || !string.Equals(product!.ToString(), via.Name, StringComparison.Ordinal))
            {
                throw new RejectedException(RejectionReason.Unsupported, $"{via?.Name ?? "targets"}: wanted delegations to {(via is null ? "products" : "the product's own hash bins")} alone, got {role.Name}");
            }

            // A bin speaks with its product's voice: whoever may sign the one may sign the other, and nobody else (A01, A09).
            if (via is not null && !role.Keys.SpeakAs(via.Keys))
            {
                throw new RejectedException(RejectionReason.ForeignBinKeys, $"{role.Name}: wanted the keys and the threshold of {via.Name}, got others");
            }
        }
    }

    private static bool IsDelegated(string role) => ProductName.TryParse(role, out _) || HashBin.TryParse(role, out _, out _);
}
