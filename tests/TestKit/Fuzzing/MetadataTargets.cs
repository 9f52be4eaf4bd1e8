using Fota.Manifest;
using Fota.Manifest.Metadata;
using Fota.Manifest.Verification;

namespace Fota.TestKit.Fuzzing;

/// <summary>TUF metadata: the four types, and a root as a device trusts it.</summary>
internal static class MetadataTargets
{
    private const int MiB = 1024 * 1024;

    private static readonly DateTimeOffset s_expires = new(2027, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly FixedKey s_key = new(4), s_second = new(5);

    private static readonly RoleKeys s_one = new([s_key.PublicKey], 1), s_two = new([s_key.PublicKey, s_second.PublicKey], 2);

    private static readonly MetaFile s_file = new(3, 1200, Sha256Digest.Of("file"u8));

    private static readonly IReadOnlyList<byte[]> s_words = FuzzTargets.Words(
        "\"root\"", "\"targets\"", "\"snapshot\"", "\"timestamp\"", "\"version\"", "\"expires\"", "\"keys\"", "\"keyids\"", "\"threshold\"", "\"roles\"", "\"signed\"",
        "\"signatures\"", "\"meta\"", "\"length\"", "\"hashes\"", "\"sha256\"", "\"paths\"", "\"path_hash_prefixes\"", "\"terminating\"", "\"delegations\"", "\"name\"", "\"ed25519\"", "\"ecdsa\"",
        "true", "false", "null", "{}", "[]", "\"\"", "0", "-1", "1.0", "1e3", "9223372036854775807", "9223372036854775808", "2027-01-01T00:00:00Z", "\"../x\"", "\\u0000", "\\ud800", "1.0.34");

    private static readonly byte[] s_root = Sign(new RootMetadata(1, s_expires, true, s_two, s_one, s_one, s_one), s_key, s_second);

    private static readonly byte[] s_rootContent = SignedMetadata.Decode(s_root, s_root.Length, MetadataProfile.Fota).OrThrow().SignedBytes.ToArray();

    private static readonly byte[] s_snapshot = Sign(new SnapshotMetadata(4, s_expires, new Dictionary<string, MetaFile>(StringComparer.Ordinal) { ["targets.json"] = s_file, ["infusion-pump.json"] = s_file }), s_key);

    public static IReadOnlyList<FuzzTarget> All { get; } = [.. Of("fota-tuf", MetadataProfile.Fota), .. Of("any-tuf", MetadataProfile.Tuf)];

    private static IEnumerable<FuzzTarget> Of(string name, MetadataProfile profile) =>
    [
        new(name + "-root", [s_root], s_words, input => Decode(input, profile, static file => file.UnverifiedRoot().IsAccepted(out _, out _)), MiB),
        new(name + "-timestamp", [Sign(new TimestampMetadata(5, s_expires, s_file), s_key)], s_words, input => Decode(input, profile, static file => file.UnverifiedTimestamp().IsAccepted(out _, out _)), MiB),
        new(name + "-snapshot", [s_snapshot], s_words, input => Decode(input, profile, static file => file.UnverifiedSnapshot().IsAccepted(out _, out _)), MiB),
        new(name + "-targets", [Targets()], s_words, input => Decode(input, profile, static file => file.UnverifiedTargets().IsAccepted(out _, out _)), MiB),
        new(name + "-verified", [s_root], s_words, input => Verify(input, profile), MiB),
    ];

    private static byte[] Targets() => Sign(
        new TargetsMetadata(
            9,
            s_expires,
            new Dictionary<string, TargetFile>(StringComparer.Ordinal) { ["infusion-pump/1.0.0/manifest.suit"] = new(700, Sha256Digest.Of("target"u8)) },
            [new DelegatedRole("infusion-pump", s_two, ["infusion-pump/*/manifest.suit"], terminating: true)]),
        s_key);

    private static byte[] Sign(MetadataContent content, params FixedKey[] keys) => RepositorySimulator.Sign(content.ToSignedBytes(), keys);

    private static bool Decode(byte[] input, MetadataProfile profile, Func<SignedMetadata, bool> parse) => SignedMetadata.Decode(input, 64 * 1024, profile).IsAccepted(out SignedMetadata? file, out _) && parse(file);

    private static bool Verify(byte[] input, MetadataProfile profile)
    {
        if (!TrustedMetadataSet.Start(input, s_expires, profile).IsAccepted(out _, out _))
        {
            return false;
        }

        // A trusted root is signed by itself: whoever may choose it may choose all of it. What is promised is that the old keys signed just this.
        SignedMetadata file = SignedMetadata.Decode(input, input.Length, profile).OrThrow();
        bool isBySameKeys = s_two.Signers(file).Count >= s_two.Threshold;
        return !isBySameKeys || file.SignedBytes.Span.SequenceEqual(s_rootContent) ? true : throw new ForgeryException("verified a root that its keys did not sign");
    }
}
