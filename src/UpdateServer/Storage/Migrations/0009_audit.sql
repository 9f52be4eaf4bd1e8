-- The log of all that changed here (docs/spec/server-log.md). The number is the place in the log's tree, so there is none without the one before it.
CREATE TABLE audit_entries (
  number INTEGER PRIMARY KEY CHECK (number >= 0),
  entry  BLOB NOT NULL CHECK (length(entry) BETWEEN 1 AND 16384)
) STRICT;

-- The triggers stop mistakes, not attackers: what they do is found by whoever verifies the log.
CREATE TRIGGER audit_entries_follow BEFORE INSERT ON audit_entries WHEN NEW.number <> (SELECT coalesce(max(number) + 1, 0) FROM audit_entries)
BEGIN SELECT RAISE(ABORT, 'an entry follows the one before it'); END;
CREATE TRIGGER audit_entries_stay BEFORE UPDATE ON audit_entries BEGIN SELECT RAISE(ABORT, 'an entry is not changed'); END;
CREATE TRIGGER audit_entries_are_kept BEFORE DELETE ON audit_entries BEGIN SELECT RAISE(ABORT, 'an entry is not deleted'); END;

-- Full tiles of the tree, so that they are not worked out twice. All of it can be made again from the entries.
CREATE TABLE audit_tiles (
  level  INTEGER NOT NULL,
  number INTEGER NOT NULL,
  hashes BLOB NOT NULL CHECK (length(hashes) = 8192),
  PRIMARY KEY (level, number)
) STRICT, WITHOUT ROWID;

-- The newest checkpoint that each key of the signer's signed.
CREATE TABLE audit_checkpoints (
  vkey  TEXT PRIMARY KEY,
  size  INTEGER NOT NULL,
  note  BLOB NOT NULL,
  taken INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Who is told of what, as the settings had it at the last start: a kind of entry, "group.*" or "*".
CREATE TABLE webhook_events (
  hook  TEXT NOT NULL,
  event TEXT NOT NULL,
  PRIMARY KEY (hook, event)
) STRICT, WITHOUT ROWID;

-- What is to be told, written with the entry. What was told is not here any more.
CREATE TABLE webhook_messages (
  hook     TEXT NOT NULL,
  entry    INTEGER NOT NULL REFERENCES audit_entries (number),
  state    TEXT NOT NULL CHECK (state IN ('Waiting', 'GivenUp')),
  attempts INTEGER NOT NULL,
  due      INTEGER NOT NULL,
  problem  TEXT,
  PRIMARY KEY (hook, entry)
) STRICT, WITHOUT ROWID;
CREATE INDEX webhook_messages_due ON webhook_messages (state, due);

-- An alarm lasts until it is cleared, and is raised once as long as it lasts. The level is what has to be reached before it is over.
CREATE TABLE alarms (
  number  INTEGER PRIMARY KEY,
  kind    TEXT NOT NULL,
  subject TEXT NOT NULL,
  product TEXT,
  level   INTEGER NOT NULL,
  raised  INTEGER NOT NULL,
  cleared INTEGER,
  detail  TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX alarms_that_last ON alarms (kind, subject) WHERE cleared IS NULL;
