using System.Globalization;
using Fota.Manifest;
using Fota.Manifest.Keys;
using Fota.Manifest.Log;
using Fota.Signer.Keys;
using Fota.Signer.Keys.Policies;
using Fota.Signer.Log;

namespace Fota.Signer.Journal;

/// <summary>
/// Every use of a private key: the intent before C_Sign, the outcome after. After a crash an intent without outcome stays "unknown"; it is
/// reported, and never repeated by the signer itself (A48). The outcome is an entry of the log as well, on disk with the row.
/// </summary>
internal sealed class SigningJournal(SignerDatabase database, TimeProvider clock, KeyPolicies policies, SignerLog log)
{
    private const string Columns =
        """
        SELECT i.id, i.time, i.token, i.key_label, i.key_id, i.purpose, i.subject, i.message_sha256, o.result, o.signature_sha256, o.reason
        FROM intent i LEFT JOIN outcome o ON o.intent = i.id
        """;

    /// <summary>How many signatures key $0 has made, or may have made, besides intent $1.</summary>
    internal const string UsesOfKey = "SELECT count(*) FROM intent i LEFT JOIN outcome o ON o.intent = i.id WHERE i.key_id = $0 AND i.id <> $1 AND o.result IS NOT 'failed'";

    /// <summary>Writes down what is about to be signed.</summary>
    public SigningIntent Begin(ITokenKey key, SigningPurpose purpose, string subject, ReadOnlySpan<byte> message)
    {
        Sha256Digest digest = Sha256Digest.Of(message);
        object? id = database.Scalar(
            "INSERT INTO intent (time, token, key_label, key_id, purpose, subject, message_sha256) VALUES ($0, $1, $2, $3, $4, $5, $6) RETURNING id",
            Now(),
            key.Token,
            key.Label,
            key.PublicKey.Id.ToString(),
            purpose.ToString(),
            subject,
            digest.ToString());
        long number = Convert.ToInt64(id, CultureInfo.InvariantCulture);
        return new SigningIntent(number, key.PublicKey.Id, digest, signing => policies.Demand(signing.Label, signing.PublicKey, purpose, () => Uses(signing.PublicKey.Id, number)));
    }

    /// <summary>The token signed.</summary>
    public void RecordSigned(SigningIntent intent, ReadOnlySpan<byte> signature) => Record(intent.Id, SigningResult.Signed, Sha256Digest.Of(signature).ToString(), null);

    /// <summary>The token refused, or returned what is no signature.</summary>
    public void RecordFailed(SigningIntent intent, string reason) => Record(intent.Id, SigningResult.Failed, null, reason);

    /// <summary>The token was called, and what it did is not known: it counts as a use of the key, and is not repeated by itself.</summary>
    public void RecordUnknown(SigningIntent intent) => Record(intent.Id, SigningResult.Unknown, null, null);

    /// <summary>
    /// Finds the intents that a process left without outcome, and closes them as unknown. Called under the home's lock, where no other
    /// process can be between the two rows.
    /// </summary>
    public IReadOnlyList<JournalEntry> CloseUnknown()
    {
        List<JournalEntry> open = database.Query($"{Columns} WHERE o.intent IS NULL ORDER BY i.id", Read);
        database.InTransaction(() => open.ForEach(entry => Record(entry.Id, SigningResult.Unknown, null, null)));
        return [.. open.Select(static entry => entry with { Result = SigningResult.Unknown })];
    }

    /// <summary>All rows, oldest first.</summary>
    public IReadOnlyList<JournalEntry> Entries() => database.Query($"{Columns} ORDER BY i.id", Read);

    private static JournalEntry Read(Microsoft.Data.Sqlite.SqliteDataReader row) => new(
        row.GetInt64(0),
        row.GetString(1),
        row.GetString(2),
        row.GetString(3),
        row.GetString(4),
        row.GetString(5),
        row.GetString(6),
        row.GetString(7),
        row.IsDBNull(8) ? SigningResult.Pending : Enum.Parse<SigningResult>(row.GetString(8), ignoreCase: true),
        row.IsDBNull(9) ? null : row.GetString(9),
        row.IsDBNull(10) ? null : row.GetString(10));

    private void Record(long intent, SigningResult result, string? signature, string? reason) => database.InTransaction(() =>
    {
        _ = database.Execute(
            "INSERT INTO outcome (intent, time, result, signature_sha256, reason) VALUES ($0, $1, $2, $3, $4)",
            intent,
            Now(),
            result.ToString().ToLowerInvariant(),
            signature,
            reason);
        JournalEntry entry = database.Query($"{Columns} WHERE i.id = $0", Read, intent).Single();

        // The log's own checkpoints are not in the log: each would ask for another.
        if (!string.Equals(entry.Purpose, nameof(SigningPurpose.LogCheckpoint), StringComparison.Ordinal))
        {
            _ = log.Append(new LogEvent(
                LogKinds.KeyUsed,
                entry.KeyLabel,
                entry.Subject,
                ("purpose", entry.Purpose),
                ("result", result.ToString().ToLowerInvariant()),
                ("token", entry.Token),
                ("key_id", entry.KeyId),
                ("message_sha256", entry.MessageSha256),
                ("signature_sha256", entry.SignatureSha256),
                ("reason", entry.Reason),
                ("signing", entry.Id)));
        }
    });

    private long Uses(KeyId key, long except) => Convert.ToInt64(database.Scalar(UsesOfKey, key.ToString(), except), CultureInfo.InvariantCulture);

    private string Now() => clock.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
