namespace Fota.Manifest.Tests.Vectors;

/// <summary>Wrong metadata files; each name begins with the type that it is read as.</summary>
internal static class MetadataCases
{
    private static readonly string s_root = FixedRepository.Root(), s_targets = FixedRepository.Targets();

    private static readonly byte[] s_file = "file"u8.ToArray();

    private static readonly string s_timestamp = FixedRepository.Timestamp(s_file), s_snapshot = FixedRepository.Snapshot(s_file, s_file);

    private static readonly string s_rootFile = System.Text.Encoding.UTF8.GetString(FixedRepository.Sign(s_root, [.. FixedRepository.RootKeys.Take(2)]));

    public static IEnumerable<VectorCase> All =>
    [
        File("root-white-space", RejectionReason.NotCanonical, "R-1", "a space that canonical JSON does not have", s_rootFile.Replace("\"_type\":", "\"_type\": ", StringComparison.Ordinal)),
        File("root-member-order", RejectionReason.NotCanonical, "R-1", "\"version\" before \"spec_version\"", s_rootFile.Replace("\"spec_version\":\"1.0.34\",\"version\":1", "\"version\":1,\"spec_version\":\"1.0.34\"", StringComparison.Ordinal)),
        File("root-escape", RejectionReason.NotCanonical, "R-1", "an escape where the character itself would do", s_rootFile.Replace("\"root\"", "\"r\\u006fot\"", StringComparison.Ordinal)),
        File("root-fraction", RejectionReason.NotCanonical, "R-1", "version 1.0", s_rootFile.Replace("\"version\":1", "\"version\":1.0", StringComparison.Ordinal)),
        File("root-byte-after", RejectionReason.TrailingData, "R-1", "bytes after the file", s_rootFile + "{}"),
        File("root-cut", RejectionReason.Malformed, "R-1", "the last byte is missing", s_rootFile[..^1]),
        File("root-member-twice", RejectionReason.DuplicateField, "R-1", "\"version\" twice", s_rootFile.Replace("\"version\":1", "\"version\":1,\"version\":1", StringComparison.Ordinal)),
        File("root-outside-signed", RejectionReason.UnknownField, "R-2", "a member beside \"signed\" and \"signatures\"", s_rootFile.Replace("{\"signatures\"", "{\"note\":1,\"signatures\"", StringComparison.Ordinal)),
        File("root-keyid-signs-twice", RejectionReason.DuplicateField, "R-13", "two signatures under one key id", Twice()),
        File("root-empty-signature", RejectionReason.ValueOutOfRange, "R-2", "a signature of no bytes", Signature("")),
        File("root-upper-case-signature", RejectionReason.ValueOutOfRange, "R-2", "a signature in upper case", Signature("AB")),
        File("root-as-timestamp", RejectionReason.WrongDocument, "R-14", "a timestamp where a root is wanted", System.Text.Encoding.UTF8.GetString(FixedRepository.Sign(s_timestamp, FixedRepository.TimestampKey))),
        Edited("root-spec-version-2", RejectionReason.WrongDocument, "R-14", "spec_version 2.0.0", s_root, "1.0.34", "2.0.0"),
        Edited("root-version-zero", RejectionReason.ValueOutOfRange, "R-14", "version 0", s_root, "\"version\":1", "\"version\":0"),
        Edited("root-expires-local", RejectionReason.ValueOutOfRange, "R-14", "an expiry without a time zone", s_root, "00:00:00Z", "00:00:00"),
        Edited("root-no-expiry", RejectionReason.MissingField, "R-14", "no expiry", s_root, "\"expires\":\"2027-01-01T00:00:00Z\",", ""),
        Edited("root-no-consistent-snapshot", RejectionReason.MissingField, "R-9", "nothing said of consistent snapshots", s_root, "\"consistent_snapshot\":true,", ""),
        Edited("root-inconsistent", RejectionReason.ValueOutOfRange, "R-9", "consistent_snapshot false", s_root, "\"consistent_snapshot\":true", "\"consistent_snapshot\":false"),
        Edited("root-threshold-zero", RejectionReason.InvalidThreshold, "R-11", "threshold 0", s_root, "\"threshold\":2", "\"threshold\":0"),
        Edited("root-threshold-negative", RejectionReason.InvalidThreshold, "R-11", "threshold -1", s_root, "\"threshold\":2", "\"threshold\":-1"),
        Edited("root-threshold-four", RejectionReason.InvalidThreshold, "R-11", "threshold 4 of 3 keys", s_root, "\"threshold\":2", "\"threshold\":4"),
        Edited("root-unknown-keytype", RejectionReason.UnsupportedKey, "R-3", "a key of type \"dsa\"", s_root, "\"keytype\":\"ed25519\"", "\"keytype\":\"dsa\""),
        Edited("root-unknown-scheme", RejectionReason.UnsupportedKey, "R-3", "a key with scheme \"ed448\"", s_root, "\"scheme\":\"ed25519\"", "\"scheme\":\"ed448\""),
        Edited("root-another-keyid", RejectionReason.DigestMismatch, "R-3", "a key under an id that is not its digest", s_root, $"\"{TimestampId}\":", $"\"{TimestampId[..^1]}{(TimestampId[^1] == '0' ? '1' : '0')}\":"),
        Edited("root-key-missing", RejectionReason.MissingField, "R-3", "a role's key id that no key bears", s_root, $"\"keyids\":[\"{TimestampId}\"]", $"\"keyids\":[\"{new string('b', 64)}\"]"),
        Edited("root-role-missing", RejectionReason.MissingField, "R-15", "no role \"timestamp\"", s_root, "\"timestamp\":", "\"timestomp\":"),
        Edited("timestamp-no-length", RejectionReason.MissingField, "R-4", "no length of the snapshot", s_timestamp, "\"length\":4,", ""),
        Edited("timestamp-no-hashes", RejectionReason.MissingField, "R-4", "no hashes of the snapshot", s_timestamp, $"\"hashes\":{{\"sha256\":\"{Sha256Digest.Of(s_file)}\"}},", ""),
        Edited("timestamp-no-sha256", RejectionReason.UnsupportedDigest, "R-4", "hashes without sha256", s_timestamp, $"\"sha256\":\"{Sha256Digest.Of(s_file)}\"", "\"md5\":\"00\""),
        Edited("timestamp-no-snapshot", RejectionReason.MissingField, "R-12", "no snapshot", s_timestamp, "\"snapshot.json\"", "\"other.json\""),
        Edited("snapshot-no-targets", RejectionReason.MissingField, "R-12", "no targets.json", s_snapshot, ",\"targets.json\":" + FixedRepository.MetaFile(s_file, 1), ""),
        Edited("snapshot-climbing-name", RejectionReason.UnsafePath, "R-12", "a role whose name climbs", s_snapshot, "\"infusion-pump.json\"", "\"../pump.json\""),
        Edited("targets-climbing-path", RejectionReason.UnsafePath, "R-5", "a target path that climbs", FixedRepository.Product(), FixedRepository.Path, "infusion-pump/../../x"),
        Edited("targets-absolute-path", RejectionReason.UnsafePath, "R-5", "an absolute target path", FixedRepository.Product(), FixedRepository.Path, "/etc/passwd"),
        Edited("targets-backslash", RejectionReason.UnsafePath, "R-5", "a backslash in a target path", FixedRepository.Product(), FixedRepository.Path, "infusion-pump\\\\x"),
        Edited("targets-percent", RejectionReason.UnsafePath, "R-5", "a percent sign, which a URL would decode", FixedRepository.Product(), FixedRepository.Path, "infusion-pump/%2e%2e/x"),
        Edited("targets-no-length", RejectionReason.MissingField, "R-4", "a target without a length", FixedRepository.Product(), $",\"length\":{ValidDocuments.Envelope.Length}", ""),
        Edited("targets-role-named-root", RejectionReason.UnsafePath, "R-7", "a delegated role that shadows a top-level one", s_targets, "\"name\":\"infusion-pump\"", "\"name\":\"root\""),
        Edited("targets-no-paths", RejectionReason.ValueOutOfRange, "R-6", "a delegation of no path", s_targets, "\"paths\":[\"infusion-pump/*/manifest.suit\"]", "\"paths\":[]"),
        Edited("targets-no-terminating", RejectionReason.MissingField, "R-6", "nothing said of terminating", s_targets, "\"terminating\":true,", ""),
    ];

    private static string First => FixedRepository.RootKeys[0].PublicKey.Id.ToString();

    private static string TimestampId => FixedRepository.TimestampKey.PublicKey.Id.ToString();

    private static VectorCase File(string name, RejectionReason expect, string clause, string about, string file) => new("metadata", name, expect, clause, about, [file]);

    /// <summary>A file whose signed part was edited before it was signed.</summary>
    private static VectorCase Edited(string name, RejectionReason expect, string clause, string about, string signed, string old, string now)
    {
        int at = signed.IndexOf(old, StringComparison.Ordinal);
        string edited = at >= 0 ? signed[..at] + now + signed[(at + old.Length)..] : throw new ArgumentException($"not in the document: {old}", nameof(old));
        return File(name, expect, clause, about, System.Text.Encoding.UTF8.GetString(FixedRepository.Sign(edited, FixedRepository.RootKeys[0])));
    }

    private static string Signature(string hex) => $"{{\"signatures\":[{{\"keyid\":\"{First}\",\"sig\":\"{hex}\"}}],\"signed\":{s_root}}}";

    private static string Twice() => $"{{\"signatures\":[{{\"keyid\":\"{First}\",\"sig\":\"00\"}},{{\"keyid\":\"{First}\",\"sig\":\"01\"}}],\"signed\":{s_root}}}";
}
