using Fota.TestKit;

namespace Fota.Manifest.Tests.Vectors;

/// <summary>What an attacker serves a client, step by step; the last step is refused.</summary>
internal static class WorkflowCases
{
    private static readonly SoftwareKey s_stranger = ValidDocuments.Stranger;

    private static readonly byte[] s_root = Signed(FixedRepository.Root(), 2), s_targets = FixedRepository.Sign(FixedRepository.Targets(), FixedRepository.TargetsKey),
        s_pump = FixedRepository.Sign(FixedRepository.Product(), FixedRepository.PumpKeys), s_snapshot = SnapshotOf(s_targets, s_pump), s_timestamp = TimestampOf(s_snapshot);

    /// <summary>A walk that is accepted to its end.</summary>
    public static IReadOnlyList<string> Valid { get; } =
        [Step("start", s_root), Step("timestamp", s_timestamp), Step("snapshot", s_snapshot), Step("targets", s_targets), Step("delegated infusion-pump", s_pump), $"target {FixedRepository.Path}"];

    public static IEnumerable<VectorCase> All =>
    [
        Case("root-not-self-signed", RejectionReason.ThresholdNotMet, "W-1", "the trusted root signed by one of its keys", Step("start", Signed(FixedRepository.Root(), 1))),
        Case("root-unsigned", RejectionReason.NoSignatures, "W-1", "the trusted root without signatures", Step("start", Signed(FixedRepository.Root(), 0))),
        Case("root-old-keys-missing", RejectionReason.ThresholdNotMet, "W-5", "root 2 signed by its own new keys alone", Start, Step("root", FixedRepository.Sign(FixedRepository.Root(2, root: NewRoot), NewRoot[..2]))),
        Case("root-new-keys-missing", RejectionReason.ThresholdNotMet, "W-5", "root 2 signed by the old keys alone", Start, Step("root", FixedRepository.Sign(FixedRepository.Root(2, root: NewRoot), [.. FixedRepository.RootKeys.Take(2)]))),
        Case("root-skips-a-version", RejectionReason.MetadataVersionMismatch, "W-5", "root 3 after root 1", Start, Step("root", Signed(FixedRepository.Root(3), 2))),
        Case("root-same-version", RejectionReason.MetadataVersionMismatch, "W-5", "root 1 again", Start, Step("root", s_root)),
        Case("root-expired", RejectionReason.MetadataExpired, "W-7", "the newest root has expired", Step("start", Signed(FixedRepository.Root(expires: FixedRepository.Past), 2)), Step("timestamp", s_timestamp)),
        Case("timestamp-stranger", RejectionReason.ThresholdNotMet, "W-8", "a timestamp by a key that root does not name", Start, Step("timestamp", FixedRepository.Sign(FixedRepository.Timestamp(s_snapshot), s_stranger))),
        Case("timestamp-by-snapshot-key", RejectionReason.ThresholdNotMet, "W-8", "a timestamp by the key of the snapshot", Start, Step("timestamp", FixedRepository.Sign(FixedRepository.Timestamp(s_snapshot), FixedRepository.SnapshotKey))),
        Case("timestamp-is-a-snapshot", RejectionReason.WrongDocument, "W-8", "a snapshot signed by the timestamp's key", Start, Step("timestamp", FixedRepository.Sign(FixedRepository.Snapshot(s_targets, s_pump), FixedRepository.TimestampKey))),
        Case("timestamp-expired", RejectionReason.MetadataExpired, "W-10", "the timestamp has expired", Start, Step("timestamp", TimestampOf(s_snapshot, expires: FixedRepository.Past))),
        Case("timestamp-rollback", RejectionReason.MetadataRollback, "W-9", "timestamp 1 after timestamp 2", Start, Step("timestamp", TimestampOf(s_snapshot, version: 2)), Step("timestamp", s_timestamp)),
        Case("timestamp-snapshot-rollback", RejectionReason.MetadataRollback, "W-9", "a newer timestamp that names an older snapshot", Start, Step("timestamp", TimestampOf(s_snapshot, snapshotVersion: 2)), Step("timestamp", TimestampOf(s_snapshot, version: 2))),
        Case("timestamp-rollback-behind-expired", RejectionReason.MetadataRollback, "W-9", "timestamp 1 after an expired timestamp 2 that was stored", Start, "refused " + Step("timestamp", TimestampOf(s_snapshot, version: 2, expires: FixedRepository.Past)), Step("timestamp", s_timestamp)),
        Case("snapshot-longer", RejectionReason.LengthMismatch, "W-11", "a snapshot that is longer than the timestamp says", Start, Step("timestamp", s_timestamp), Step("snapshot", FixedRepository.Sign(FixedRepository.Snapshot(s_targets, s_pump, version: 10), FixedRepository.SnapshotKey))),
        Case("snapshot-other-publication", RejectionReason.DigestMismatch, "W-11", "a snapshot of the same length with another digest", Start, Step("timestamp", s_timestamp), Step("snapshot", SnapshotOf(s_pump, s_targets, swap: true))),
        Case("snapshot-stranger", RejectionReason.ThresholdNotMet, "W-12", "a snapshot by a key that root does not name", WithSnapshot(FixedRepository.Sign(FixedRepository.Snapshot(s_targets, s_pump), s_stranger))),
        Case("snapshot-other-version", RejectionReason.MetadataVersionMismatch, "W-13", "the timestamp says snapshot 2, the file says 1", Start, Step("timestamp", TimestampOf(s_snapshot, snapshotVersion: 2)), Step("snapshot", s_snapshot)),
        Case("snapshot-expired", RejectionReason.MetadataExpired, "W-15", "the snapshot has expired", WithSnapshot(FixedRepository.Sign(FixedRepository.Snapshot(s_targets, s_pump, expires: FixedRepository.Past), FixedRepository.SnapshotKey))),
        Case("snapshot-lowers-a-role", RejectionReason.MetadataRollback, "W-14", "a newer snapshot with an older product role", StoredThen(SnapshotOf(s_targets, s_pump, pumpVersion: 2), SnapshotOf(s_targets, s_pump, version: 2))),
        Case("snapshot-drops-a-role", RejectionReason.UnknownRole, "W-14", "a newer snapshot without the product role", StoredThen(s_snapshot, FixedRepository.Sign(FixedRepository.Snapshot(s_targets, s_pump, version: 2).Replace("infusion-pump.json", "syringe-pump.json", StringComparison.Ordinal), FixedRepository.SnapshotKey))),
        Case("targets-other-publication", RejectionReason.DigestMismatch, "W-16", "targets that differ from the snapshot's digest", ToSnapshot(s_snapshot), Step("targets", FixedRepository.Sign(FixedRepository.Targets(expires: "2027-01-02T00:00:00Z"), FixedRepository.TargetsKey))),
        Case("targets-stranger", RejectionReason.ThresholdNotMet, "W-16", "targets by a key that root does not name", WithTargets(FixedRepository.Sign(FixedRepository.Targets(), s_stranger))),
        Case("targets-expired", RejectionReason.MetadataExpired, "W-19", "the targets have expired", WithTargets(FixedRepository.Sign(FixedRepository.Targets(expires: FixedRepository.Past), FixedRepository.TargetsKey))),
        Case("targets-other-version", RejectionReason.MetadataVersionMismatch, "W-17", "the snapshot says targets 2, the file says 1", ToSnapshot(SnapshotOf(s_targets, s_pump, targetsVersion: 2)), Step("targets", s_targets)),
        Case("product-one-key", RejectionReason.ThresholdNotMet, "W-23", "the product's role signed by the release engineer alone", WithPump(FixedRepository.Sign(FixedRepository.Product(), ValidDocuments.Release))),
        Case("product-by-targets-key", RejectionReason.ThresholdNotMet, "W-23", "the product's role signed by the key of the targets", WithPump(FixedRepository.Sign(FixedRepository.Product(), FixedRepository.TargetsKey))),
        Case("product-expired", RejectionReason.MetadataExpired, "W-19", "the product's role has expired", WithPump(FixedRepository.Sign(FixedRepository.Product(expires: FixedRepository.Past), FixedRepository.PumpKeys))),
        Case("product-not-delegated", RejectionReason.UnknownRole, "W-23", "a role that nobody delegates to", ToSnapshot(s_snapshot), Step("targets", s_targets), Step("delegated syringe-pump", s_pump)),
        Case("target-outside-paths", RejectionReason.TargetNotFound, "W-24", "a product's role that lists what it may not", [.. WithPump(FixedRepository.Sign(FixedRepository.Product(path: "syringe-pump/1.1.0/manifest.suit"), FixedRepository.PumpKeys)), "target syringe-pump/1.1.0/manifest.suit"]),
        Case("target-unlisted", RejectionReason.TargetNotFound, "W-24", "a release that is not listed", [.. Valid.Take(5), "target infusion-pump/9.9.9/manifest.suit"]),
        Case("target-unsafe", RejectionReason.UnsafePath, "R-5", "a path that climbs", [.. Valid.Take(5), "target infusion-pump/../x"]),
    ];

    private static string Start => Step("start", s_root);

    private static SoftwareKey[] NewRoot => [new FixedKey(21), new FixedKey(22), new FixedKey(23)];

    private static VectorCase Case(string name, RejectionReason expect, string clause, string about, params string[] steps) => new("workflow", name, expect, clause, about, steps);

    private static VectorCase Case(string name, RejectionReason expect, string clause, string about, string[] steps, params string[] more) => Case(name, expect, clause, about, [.. steps, .. more]);

    private static string Step(string step, byte[] file) => $"{step} {System.Text.Encoding.UTF8.GetString(file)}";

    private static byte[] Signed(string root, int signatures) => FixedRepository.Sign(root, [.. FixedRepository.RootKeys.Take(signatures)]);

    private static byte[] TimestampOf(byte[] snapshot, int version = 1, string expires = FixedRepository.Expires, int snapshotVersion = 1) =>
        FixedRepository.Sign(FixedRepository.Timestamp(snapshot, version, expires, snapshotVersion), FixedRepository.TimestampKey);

    private static byte[] SnapshotOf(byte[] targets, byte[] pump, int version = 1, int targetsVersion = 1, int pumpVersion = 1, bool swap = false) => FixedRepository.Sign(
        swap ? FixedRepository.Snapshot(pump, targets, version, expires: "2027-01-02T00:00:00Z") : FixedRepository.Snapshot(targets, pump, version, FixedRepository.Expires, targetsVersion, pumpVersion),
        FixedRepository.SnapshotKey);

    private static string[] WithSnapshot(byte[] snapshot) => [Start, Step("timestamp", TimestampOf(snapshot)), Step("snapshot", snapshot)];

    private static string[] ToSnapshot(byte[] snapshot) => WithSnapshot(snapshot);

    private static string[] StoredThen(byte[] stored, byte[] fetched) => [Start, Step("timestamp", TimestampOf(fetched, snapshotVersion: 2)), "refused " + Step("stored-snapshot", stored), Step("snapshot", fetched)];

    private static string[] WithTargets(byte[] targets) => [.. ToSnapshot(SnapshotOf(targets, s_pump)), Step("targets", targets)];

    private static string[] WithPump(byte[] pump) => [.. ToSnapshot(SnapshotOf(s_targets, pump)), Step("targets", s_targets), Step("delegated infusion-pump", pump)];
}
