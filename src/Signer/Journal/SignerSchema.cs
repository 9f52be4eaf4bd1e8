namespace Fota.Signer.Journal;

/// <summary>The schema of journal.db, step by step; PRAGMA user_version counts the steps taken.</summary>
internal static class SignerSchema
{
    public static IReadOnlyList<string> Migrations { get; } = [Journal, CertifiedNames, IssuedCertificates, Log];

    // The triggers stop mistakes, not attackers: whoever writes the file can drop them.
    private const string Journal =
        """
        CREATE TABLE intent (
            id             INTEGER PRIMARY KEY AUTOINCREMENT,
            time           TEXT NOT NULL,
            token          TEXT NOT NULL,
            key_label      TEXT NOT NULL,
            key_id         TEXT NOT NULL CHECK (length(key_id) = 64),
            purpose        TEXT NOT NULL,
            subject        TEXT NOT NULL,
            message_sha256 TEXT NOT NULL CHECK (length(message_sha256) = 64)
        ) STRICT;

        CREATE TABLE outcome (
            intent           INTEGER PRIMARY KEY REFERENCES intent (id),
            time             TEXT NOT NULL,
            result           TEXT NOT NULL CHECK (result IN ('signed', 'failed', 'unknown')),
            signature_sha256 TEXT CHECK (length(signature_sha256) = 64),
            reason           TEXT,
            CHECK ((result = 'signed') = (signature_sha256 IS NOT NULL)),
            CHECK ((result = 'failed') = (reason IS NOT NULL))
        ) STRICT;

        CREATE TABLE sequence (
            product TEXT NOT NULL,
            number  INTEGER NOT NULL CHECK (number >= 1),
            version TEXT NOT NULL,
            time    TEXT NOT NULL,
            PRIMARY KEY (product, number)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE pushed (
            server TEXT NOT NULL,
            path   TEXT NOT NULL,
            PRIMARY KEY (server, path)
        ) STRICT, WITHOUT ROWID;

        CREATE TRIGGER intent_is_kept BEFORE DELETE ON intent BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
        CREATE TRIGGER intent_is_fixed BEFORE UPDATE ON intent BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
        CREATE TRIGGER outcome_is_kept BEFORE DELETE ON outcome BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
        CREATE TRIGGER outcome_is_fixed BEFORE UPDATE ON outcome BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
        CREATE TRIGGER sequence_is_kept BEFORE DELETE ON sequence BEGIN SELECT RAISE(ABORT, 'sequence numbers are never given back'); END;
        """;

    // An index of ca/issued, which can be made again from it. No device: a service's.
    private const string IssuedCertificates =
        """
        CREATE TABLE issued (
            serial    TEXT PRIMARY KEY,
            device    TEXT,
            key_id    TEXT NOT NULL CHECK (length(key_id) = 64),
            not_after INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE INDEX issued_by_device ON issued (device, key_id, not_after);
        """;

    // The number is the place in the log's tree, so there is none without the one before it.
    private const string Log =
        """
        CREATE TABLE log_entry (
            number INTEGER PRIMARY KEY CHECK (number >= 0),
            entry  BLOB NOT NULL CHECK (length(entry) BETWEEN 1 AND 16384)
        ) STRICT;

        CREATE TRIGGER log_entry_follows BEFORE INSERT ON log_entry WHEN NEW.number <> (SELECT coalesce(max(number) + 1, 0) FROM log_entry)
        BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;
        CREATE TRIGGER log_entry_is_kept BEFORE DELETE ON log_entry BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;
        CREATE TRIGGER log_entry_is_fixed BEFORE UPDATE ON log_entry BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;
        """;

    private const string CertifiedNames =
        """
        CREATE TABLE certified (
            id     INTEGER PRIMARY KEY AUTOINCREMENT,
            time   TEXT NOT NULL,
            name   TEXT NOT NULL,
            key_id TEXT NOT NULL CHECK (length(key_id) = 64)
        ) STRICT;

        CREATE INDEX certified_by_name ON certified (name, id);

        CREATE TRIGGER certified_is_kept BEFORE DELETE ON certified BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
        CREATE TRIGGER certified_is_fixed BEFORE UPDATE ON certified BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
        """;
}
