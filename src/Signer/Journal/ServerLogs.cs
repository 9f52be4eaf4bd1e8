using Fota.Manifest;
using Fota.Manifest.Log;

namespace Fota.Signer.Journal;

/// <summary>
/// The logs of update servers that this signer signs for: of each the newest checkpoint. What was signed is what the next one has to have grown from. The rows are written when the token
/// has signed and before a server hears of it, so that a server never has what is not here.
/// </summary>
internal sealed class ServerLogs(SignerDatabase database, TimeProvider clock)
{
    public const string Schema =
        """
        CREATE TABLE server_log (
            origin  TEXT PRIMARY KEY,
            vkey    TEXT NOT NULL,
            size    INTEGER NOT NULL CHECK (size >= 0),
            note    BLOB NOT NULL,
            time    TEXT NOT NULL,
            refused TEXT
        ) STRICT, WITHOUT ROWID;

        CREATE TRIGGER server_log_is_kept BEFORE DELETE ON server_log BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
        CREATE TRIGGER server_log_grows BEFORE UPDATE ON server_log WHEN NEW.size < OLD.size OR NEW.vkey <> OLD.vkey
        BEGIN SELECT RAISE(ABORT, 'a log does not shrink'); END;
        """;

    /// <summary>The newest checkpoint of each, in the order of their names.</summary>
    public IReadOnlyList<VerifiedCheckpoint> All =>
        database.Query("SELECT vkey, note FROM server_log ORDER BY origin", static row => VerifiedCheckpoint.Verify(row.GetFieldValue<byte[]>(1), NoteKey.Parse(row.GetString(0))).OrThrow());

    /// <summary>Writes down what was signed.</summary>
    public void Signed(VerifiedCheckpoint checkpoint) => database.Execute(
        """
        INSERT INTO server_log (origin, vkey, size, note, time) VALUES ($0, $1, $2, $3, $4)
        ON CONFLICT (origin) DO UPDATE SET vkey = excluded.vkey, size = excluded.size, note = excluded.note, time = excluded.time, refused = NULL
        """,
        checkpoint.Content.Origin,
        checkpoint.Key.Text,
        checkpoint.Content.Size,
        checkpoint.Note.Bytes.ToArray(),
        Now());

    /// <summary>Notes why nothing was signed. A journal that was lost gets its row back by it: what was signed last, as the published timestamp has it.</summary>
    /// <param name="last">What was signed last.</param>
    /// <param name="reason">The kind of refusal: what a server can vary would make each look news. All kinds of one size are kept, so that two by turns are none.</param>
    /// <returns>Whether that is news: the same is told of once, however often a server brings it.</returns>
    public bool IsNewRefusal(VerifiedCheckpoint last, RejectionReason reason) => database.Execute(
        """
        INSERT INTO server_log (origin, vkey, size, note, time, refused) VALUES ($0, $1, $2, $3, $4, $2 || ' ' || $5)
        ON CONFLICT (origin) DO UPDATE SET refused = CASE WHEN refused LIKE $2 || ' %' THEN refused || ' ' || $5 ELSE excluded.refused END
        WHERE refused IS NULL OR refused NOT LIKE $2 || ' %' OR refused || ' ' NOT LIKE '% ' || $5 || ' %'
        """,
        last.Content.Origin,
        last.Key.Text,
        last.Content.Size,
        last.Note.Bytes.ToArray(),
        Now(),
        reason.ToString()) == 1;

    private string Now() => clock.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", System.Globalization.CultureInfo.InvariantCulture);
}
