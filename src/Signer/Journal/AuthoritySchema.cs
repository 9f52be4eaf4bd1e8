namespace Fota.Signer.Journal;

/// <summary>What the authorities keep in journal.db: each row of these tables is told of by an entry of the log, from which a lost journal gets it back.</summary>
internal static class AuthoritySchema
{
    // Rows from before have no issuer, and a key only if the index had it; what `issued` finds in ca/issued stands in for both. Lists of devices from before did not
    // say with which certificate they were signed: they are taken in again. A certificate is told of a second time if its key turns out to be known to others.
    public const string InTheLog =
        """
        CREATE TABLE revocation (
            id      INTEGER PRIMARY KEY AUTOINCREMENT,
            profile TEXT NOT NULL,
            issuer  TEXT,
            serial  TEXT NOT NULL,
            key_id  TEXT CHECK (length(key_id) = 64),
            time    TEXT NOT NULL,
            reason  TEXT NOT NULL,
            UNIQUE (profile, serial, reason)
        ) STRICT;

        CREATE INDEX revocation_by_key ON revocation (key_id);

        INSERT INTO revocation (profile, serial, key_id, time, reason)
        SELECT r.profile, r.serial, i.key_id, r.time, r.reason FROM revoked r LEFT JOIN issued i ON i.serial = r.serial ORDER BY r.id;

        DROP TABLE revoked;
        DROP TABLE issued;
        DROP TABLE allowed_device;

        CREATE TABLE issued (
            serial    TEXT PRIMARY KEY,
            issuer    TEXT,
            device    TEXT,
            key_id    TEXT NOT NULL CHECK (length(key_id) = 64),
            not_after INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE INDEX issued_by_device ON issued (device, key_id, not_after);

        CREATE TABLE allowance (
            id              INTEGER PRIMARY KEY AUTOINCREMENT,
            device          TEXT NOT NULL,
            product         TEXT NOT NULL,
            key_id          TEXT NOT NULL CHECK (length(key_id) = 64),
            list_sha256     TEXT NOT NULL CHECK (length(list_sha256) = 64),
            operator        TEXT NOT NULL,
            operator_serial TEXT NOT NULL,
            time            TEXT NOT NULL,
            UNIQUE (device, list_sha256, operator_serial)
        ) STRICT;

        CREATE TABLE disallowance (
            id          INTEGER PRIMARY KEY AUTOINCREMENT,
            device      TEXT,
            list_sha256 TEXT CHECK (length(list_sha256) = 64),
            last        INTEGER NOT NULL,
            time        TEXT NOT NULL,
            CHECK ((device IS NULL) <> (list_sha256 IS NULL))
        ) STRICT;

        CREATE TRIGGER revocation_is_kept BEFORE DELETE ON revocation BEGIN SELECT RAISE(ABORT, 'what was revoked stays revoked'); END;
        CREATE TRIGGER revocation_is_fixed BEFORE UPDATE ON revocation BEGIN SELECT RAISE(ABORT, 'what was revoked stays revoked'); END;
        CREATE TRIGGER allowance_is_kept BEFORE DELETE ON allowance BEGIN SELECT RAISE(ABORT, 'the list is append-only'); END;
        CREATE TRIGGER allowance_is_fixed BEFORE UPDATE ON allowance BEGIN SELECT RAISE(ABORT, 'the list is append-only'); END;
        CREATE TRIGGER disallowance_is_kept BEFORE DELETE ON disallowance BEGIN SELECT RAISE(ABORT, 'the list is append-only'); END;
        CREATE TRIGGER disallowance_is_fixed BEFORE UPDATE ON disallowance BEGIN SELECT RAISE(ABORT, 'the list is append-only'); END;
        """;
}
