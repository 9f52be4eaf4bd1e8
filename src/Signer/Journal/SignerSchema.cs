namespace Fota.Signer.Journal;

/// <summary>The schema of journal.db, step by step; PRAGMA user_version counts the steps taken.</summary>
internal static class SignerSchema
{
    public static IReadOnlyList<string> Migrations { get; } = [Journal, CertifiedNames, IssuedCertificates, UsesOfKeys, Log, Requests, Authorities, AuthoritySchema.InTheLog, LogByRelease, ServerLogs.Schema];

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

    // How often a key was used is asked before each signature of a key with a limit.
    private const string UsesOfKeys = "CREATE INDEX intent_by_key ON intent (key_id);";

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

    // What the log says of a release is asked for each time that somebody wants its evidence.
    private const string LogByRelease =
        """
        CREATE INDEX log_entry_by_subject ON log_entry (json_extract(CAST(entry AS TEXT), '$.subject'), number);
        CREATE INDEX log_entry_by_manifest ON log_entry (json_extract(CAST(entry AS TEXT), '$.facts.manifest'), number);
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

    private const string Authorities =
        """
        CREATE TABLE revoked (
            id      INTEGER PRIMARY KEY AUTOINCREMENT,
            profile TEXT NOT NULL,
            serial  TEXT NOT NULL,
            time    TEXT NOT NULL,
            reason  TEXT NOT NULL,
            UNIQUE (profile, serial)
        ) STRICT;

        CREATE TABLE crl (
            profile TEXT NOT NULL,
            number  INTEGER NOT NULL CHECK (number >= 1),
            time    TEXT NOT NULL,
            PRIMARY KEY (profile, number)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE allowed_device (
            device      TEXT PRIMARY KEY,
            product     TEXT NOT NULL,
            key_id      TEXT NOT NULL CHECK (length(key_id) = 64),
            list_sha256 TEXT NOT NULL CHECK (length(list_sha256) = 64),
            operator    TEXT NOT NULL,
            time        TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TRIGGER revoked_is_kept BEFORE DELETE ON revoked BEGIN SELECT RAISE(ABORT, 'what was revoked stays revoked'); END;
        CREATE TRIGGER revoked_is_fixed BEFORE UPDATE ON revoked BEGIN SELECT RAISE(ABORT, 'what was revoked stays revoked'); END;
        CREATE TRIGGER crl_is_kept BEFORE DELETE ON crl BEGIN SELECT RAISE(ABORT, 'numbers of lists are never given back'); END;
        CREATE TRIGGER allowed_device_is_fixed BEFORE UPDATE ON allowed_device BEGIN SELECT RAISE(ABORT, 'the list is append-only'); END;
        """;

    // One request at a time for a version; the number tells which came first.
    private const string Requests =
        """
        CREATE TABLE request (
            number          INTEGER PRIMARY KEY AUTOINCREMENT,
            id              TEXT NOT NULL UNIQUE CHECK (length(id) = 64),
            product         TEXT NOT NULL,
            version         TEXT NOT NULL,
            document        TEXT NOT NULL,
            state           TEXT NOT NULL,
            open            INTEGER NOT NULL CHECK (open IN (0, 1)),
            submitter       TEXT NOT NULL,
            created         INTEGER NOT NULL,
            expires         INTEGER NOT NULL,
            manifest_digest TEXT CHECK (length(manifest_digest) = 64),
            approver        TEXT,
            outcome         TEXT
        ) STRICT;

        CREATE UNIQUE INDEX request_on_its_way ON request (product, version) WHERE open = 1;

        CREATE TRIGGER request_is_kept BEFORE DELETE ON request BEGIN SELECT RAISE(ABORT, 'requests are kept'); END;
        CREATE TRIGGER request_ends_once BEFORE UPDATE ON request WHEN old.open = 0 BEGIN SELECT RAISE(ABORT, 'the request has ended'); END;
        """;
}
