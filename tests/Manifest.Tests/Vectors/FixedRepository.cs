using System.Globalization;
using Fota.TestKit;

namespace Fota.Manifest.Tests.Vectors;

/// <summary>
/// Metadata as text, signed by keys that never change: root by 2 of the keys 11, 12, 13; timestamp 14, snapshot 15, targets 16; the product "infusion-pump"
/// by 1 and 2. Everything is valid until 2027 and of version 1.
/// </summary>
internal static class FixedRepository
{
    public const string Expires = "2027-01-01T00:00:00Z", Past = "2025-12-31T23:59:59Z", Path = "infusion-pump/1.1.0/manifest.suit", Pump = "infusion-pump";

    public static IReadOnlyList<SoftwareKey> RootKeys { get; } = [new FixedKey(11), new FixedKey(12), new FixedKey(13)];

    public static SoftwareKey TimestampKey { get; } = new FixedKey(14);

    public static SoftwareKey SnapshotKey { get; } = new FixedKey(15);

    public static SoftwareKey TargetsKey { get; } = new FixedKey(16);

    public static IReadOnlyList<SoftwareKey> PumpKeys { get; } = [ValidDocuments.Release, ValidDocuments.Approver];

    /// <summary>A root whose roles may be given otherwise.</summary>
    public static string Root(
        int version = 1, string expires = Expires, IReadOnlyList<SoftwareKey>? root = null, IReadOnlyList<SoftwareKey>? timestamp = null, IReadOnlyList<SoftwareKey>? snapshot = null, int threshold = 2)
    {
        (string Name, IReadOnlyList<SoftwareKey> Keys, int Threshold)[] roles =
        [
            ("root", root ?? RootKeys, threshold), ("snapshot", snapshot ?? [SnapshotKey], 1), ("targets", [TargetsKey], 1), ("timestamp", timestamp ?? [TimestampKey], 1),
        ];
        string texts = string.Join(',', roles.Select(static role => $"\"{role.Name}\":{{{Role(role.Keys, role.Threshold)}}}"));
        return $"{{\"_type\":\"root\",\"consistent_snapshot\":true,\"expires\":\"{expires}\",{Keys(roles.SelectMany(static role => role.Keys))},\"roles\":{{{texts}}},{Tail(version)}}}";
    }

    public static string Timestamp(byte[] snapshot, int version = 1, string expires = Expires, int snapshotVersion = 1) =>
        $"{{\"_type\":\"timestamp\",\"expires\":\"{expires}\",\"meta\":{{\"snapshot.json\":{MetaFile(snapshot, snapshotVersion)}}},{Tail(version)}}}";

    public static string Snapshot(byte[] targets, byte[] pump, int version = 1, string expires = Expires, int targetsVersion = 1, int pumpVersion = 1) =>
        $"{{\"_type\":\"snapshot\",\"expires\":\"{expires}\",\"meta\":{{\"infusion-pump.json\":{MetaFile(pump, pumpVersion)},\"targets.json\":{MetaFile(targets, targetsVersion)}}},{Tail(version)}}}";

    public static string Targets(int version = 1, string expires = Expires, string paths = "infusion-pump/*/manifest.suit", string name = Pump, int threshold = 2) =>
        $"{{\"_type\":\"targets\",\"delegations\":{{{Keys(PumpKeys)},\"roles\":[{{{Keyids(PumpKeys)},\"name\":\"{name}\",\"paths\":[\"{paths}\"],\"terminating\":true,\"threshold\":{threshold}}}]}},\"expires\":\"{expires}\",{Tail(version, "\"targets\":{},")}}}";

    public static string Product(int version = 1, string expires = Expires, string path = Path) =>
        $"{{\"_type\":\"targets\",\"expires\":\"{expires}\",{Tail(version, $"\"targets\":{{\"{path}\":{{\"hashes\":{{\"sha256\":\"{Sha256Digest.Of(ValidDocuments.Envelope)}\"}},\"length\":{ValidDocuments.Envelope.Length}}}}},")}}}";

    public static byte[] Sign(string signed, params IReadOnlyList<SoftwareKey> keys) => RepositorySimulator.Sign(System.Text.Encoding.UTF8.GetBytes(signed), keys);

    public static string MetaFile(byte[] file, int version) => $"{{\"hashes\":{{\"sha256\":\"{Sha256Digest.Of(file)}\"}},\"length\":{file.Length},\"version\":{version}}}";

    private static string Tail(int version, string targets = "") => string.Create(CultureInfo.InvariantCulture, $"\"spec_version\":\"1.0.34\",{targets}\"version\":{version}");

    private static string Role(IReadOnlyList<SoftwareKey> keys, int threshold) => string.Create(CultureInfo.InvariantCulture, $"{Keyids(keys)},\"threshold\":{threshold}");

    private static string Keyids(IReadOnlyList<SoftwareKey> keys) => $"\"keyids\":[{string.Join(',', keys.Select(static key => $"\"{key.PublicKey.Id}\"").Order(StringComparer.Ordinal))}]";

    private static string Keys(IEnumerable<SoftwareKey> keys)
    {
        IEnumerable<string> texts = keys.DistinctBy(static key => key.PublicKey.Id)
            .OrderBy(static key => key.PublicKey.Id.ToString(), StringComparer.Ordinal)
            .Select(static key => $"\"{key.PublicKey.Id}\":{{\"keytype\":\"ed25519\",\"keyval\":{{\"public\":\"{Convert.ToHexStringLower(key.PublicKey.SubjectPublicKeyInfo.Span[12..])}\"}},\"scheme\":\"ed25519\"}}");
        return $"\"keys\":{{{string.Join(',', texts)}}}";
    }
}
