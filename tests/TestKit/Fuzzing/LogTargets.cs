using Fota.Manifest.Evidence;
using Fota.Manifest.Log;

namespace Fota.TestKit.Fuzzing;

/// <summary>What logs are made of: notes, checkpoints, proofs, bundles, entries.</summary>
internal static class LogTargets
{
    private const int MiB = 1024 * 1024;

    private static readonly FixedKey s_signer = new(8);

    private static readonly NoteKey s_key = NoteKey.Of("log.example/signer", s_signer.PublicKey);

    private static readonly byte[] s_entry = new LogEntry
    {
        Number = 0,
        Time = new(2026, 11, 1, 12, 0, 0, TimeSpan.Zero),
        Kind = "release.approved",
        Actor = "approver",
        Subject = "infusion-pump 1.2.0",
        Facts = new Dictionary<string, string>(StringComparer.Ordinal) { ["manifest"] = "c14a" },
    }.Encode();

    private static readonly byte[] s_checkpoint = Sign(new Checkpoint(s_key.Name, 1, MerkleHash.Leaf(s_entry)).ToText());

    private static readonly byte[] s_proof = [.. "c2sp.org/tlog-proof@v1\nindex 0\n\n"u8, .. s_checkpoint];

    private static readonly byte[] s_bundle = EvidenceBundle.Write(new Dictionary<string, byte[]>(StringComparer.Ordinal) { [EvidencePath.Root(1)] = s_entry, [EvidencePath.Entry(0)] = s_proof });

    private static readonly IReadOnlyList<byte[]> s_words = FuzzTargets.Words("— ", "\n\n", "+", " ", "=", "index ", "extra ", "c2sp.org/tlog-proof@v1", "0", "1", "9223372036854775807", s_key.Name);

    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        new("log-checkpoint", [s_checkpoint], s_words, static input => VerifiedCheckpoint.Verify(input, s_key).IsAccepted(out VerifiedCheckpoint? read, out _)
            && (read.Content.Size == 1 ? true : throw new ForgeryException("verified a checkpoint that nobody signed")), MiB),
        new("log-proof", [s_proof], s_words, static input => LogProof.Decode(input).IsAccepted(out LogProof? proof, out _) && proof.Verify(s_key, s_entry).IsAccepted(out _, out _)
            && (proof.Index == 0 ? true : throw new ForgeryException("verified an entry at another place")), MiB),
        new("log-vkey", [System.Text.Encoding.UTF8.GetBytes(s_key.Text)], s_words, static input => NoteKey.TryParse(System.Text.Encoding.UTF8.GetString(input), out _), MiB),
        new("log-entry", [s_entry], FuzzTargets.Words("\"number\"", "\"facts\"", "{}", "null", "\\u0000", "-1"), static input => LogEntry.Decode(input).IsAccepted(out _, out _), MiB),
        new("log-tile-path", [[.. "tile/0/x001/x234/067"u8], [.. "tile/entries/000.p/17"u8]], FuzzTargets.Words("x", ".p/", "000", "entries"), static input => TileAddress.TryParse(System.Text.Encoding.UTF8.GetString(input), out _), MiB),
        new("evidence-bundle", [s_bundle], FuzzTargets.Words("17777777777", "07777777777", "ustar", "metadata/", "x", "L"), static input => EvidenceBundle.Decode(input).IsAccepted(out _, out _), MiB),
    ];

    private static byte[] Sign(string text) => SignedNote.Assemble(text, s_key, s_signer.Sign(SignedNote.ToBeSigned(text))).Bytes.ToArray();
}
