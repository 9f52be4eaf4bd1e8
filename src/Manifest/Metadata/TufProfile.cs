using System.Text.Json;
using Fota.Manifest.Encoding;
using Fota.Manifest.Keys;
using Fota.Manifest.Log;

namespace Fota.Manifest.Metadata;

/// <summary>What TUF 1.0.34 lets any writer write. What is laxer here is laxer about spelling and naming, never about a check.</summary>
internal sealed class TufProfile : MetadataProfile
{
    private static readonly string[] s_topLevelRoles = ["root", "timestamp", "snapshot", "targets"];

    internal override int MaxSignatures => DecodeLimits.MetadataSignatures;

    internal override JsonDocument Parse(ReadOnlyMemory<byte> file) => CanonicalJson.ParseAnySpelling(file);

    // ADR 9: the received spelling is never looked at again. What is decoded is decoded from the bytes that are verified.
    internal override (byte[] SignedBytes, JsonElement Content) ReadSigned(JsonElement signed)
    {
        byte[] signedBytes = CanonicalJson.ToSignedForm(CanonicalJson.Encode(signed));
        using JsonDocument content = CanonicalJson.Parse(CanonicalJson.ToFileForm(signedBytes));
        return (signedBytes, content.RootElement.Clone());
    }

    // §4.1: unknown members are allowed anywhere, and mean nothing.
    internal override void DemandOnly(JsonElement parent, params ReadOnlySpan<string> names)
    {
    }

    internal override MetadataKeyId ReadKeyId(string text) => new(text);

    internal override byte[]? ReadSignature(string text)
    {
        bool isHex = text.Length > 0 && text.Length % 2 == 0 && text.All(char.IsAsciiHexDigit);
        return isHex ? Convert.FromHexString(text) : null;
    }

    internal override VerificationKey? ReadKey(MetadataKeyId id, JsonElement key)
    {
        try
        {
            return KeyJson.ReadAnyKey(key);
        }
        catch (RejectedException)
        {
            // §4.2.2: "Adopters can define and use any particular KEYTYPE". What we cannot verify with counts for nothing (A12), and spoils no file in
            // which enough others count.
            return null;
        }
    }

    // §5.3.4: "Even if a KEYID is listed more than once in the "signatures" array a client MUST NOT count more than one". A threshold that the usable keys
    // cannot reach is never reached; it does not spoil the root that states it.
    internal override RoleKeys ReadRoleKeys(IReadOnlyList<MetadataKeyId> ids, IReadOnlyDictionary<MetadataKeyId, VerificationKey?> keys, int threshold) =>
        RoleKeys.Reachable(ids.Distinct().Where(id => keys.GetValueOrDefault(id) is not null).Select(id => (id, keys[id]!)), threshold);

    internal override void DemandSpecVersion(string version)
    {
        // §4.3: the first number changes with the format.
        string[] numbers = version.Split('.');
        if (numbers.Length is < 2 or > 3 || numbers[0] is not "1" || !numbers.All(static number => number.Length > 0 && number.All(char.IsAsciiDigit)))
        {
            throw new RejectedException(RejectionReason.WrongDocument, "\"spec_version\": wanted 1 and a minor number, got another");
        }
    }

    internal override bool ReadConsistentSnapshot(JsonElement root) => root.TryGetProperty("consistent_snapshot", out _) && root.Flag("consistent_snapshot");

    internal override void DemandConsistentSnapshot(bool consistentSnapshot)
    {
    }

    internal override void DemandMetaOfTimestamp(JsonElement meta)
    {
    }

    internal override IReadOnlyList<VerifiedCheckpoint> ReadLogs(JsonElement timestamp, string member) => [];

    internal override void DemandMetaOfSnapshot(IReadOnlyCollection<string> names)
    {
    }

    internal override MetaFile ReadMetaFile(JsonElement entry) => MetaFile.ReadAny(entry);

    internal override TargetFile ReadTargetFile(JsonElement entry) => TargetFile.ReadAny(entry);

    internal override void DemandTargetPath(string path)
    {
        if (path.Length == 0)
        {
            throw new RejectedException(RejectionReason.UnsafePath, "a target path: wanted one, got none");
        }
    }

    internal override void DemandRole(DelegatedRole role)
    {
        // It would take the place of a top-level role in the snapshot and in the store (A15).
        if (role.Name.Length == 0 || s_topLevelRoles.Contains(role.Name, StringComparer.Ordinal))
        {
            throw new RejectedException(RejectionReason.UnsafePath, "the name of a delegated role: wanted one that no top-level role has, got none or one of theirs");
        }
    }

    internal override void DemandDelegations(TargetsMetadata targets, DelegatedRole? via)
    {
    }
}
