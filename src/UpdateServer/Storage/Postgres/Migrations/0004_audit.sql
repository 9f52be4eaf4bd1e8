-- What SQLite's script 0009 makes, for several servers at once. Moments are milliseconds since 1970.

-- Whoever enters something holds this row until it is committed: numbers have no gaps, and none comes late.
CREATE TABLE audit_log (
  one  boolean PRIMARY KEY DEFAULT true CHECK (one),
  size bigint NOT NULL
);
INSERT INTO audit_log (size) VALUES (0);

-- The log of all that changed here (docs/spec/server-log.md).
CREATE TABLE audit_entries (
  number bigint PRIMARY KEY CHECK (number >= 0),
  entry  bytea NOT NULL CHECK (length(entry) BETWEEN 1 AND 16384)
);

-- The triggers stop mistakes, not attackers: what they do is found by whoever verifies the log.
CREATE FUNCTION refuse_entry_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'an entry is not changed, and not deleted'; END $$;
CREATE TRIGGER audit_entries_stay BEFORE UPDATE OR DELETE ON audit_entries FOR EACH ROW EXECUTE FUNCTION refuse_entry_change();
CREATE TRIGGER audit_entries_are_kept BEFORE TRUNCATE ON audit_entries EXECUTE FUNCTION refuse_entry_change();

-- Full tiles of the tree, so that they are not worked out twice. All of it can be made again from the entries.
CREATE TABLE audit_tiles (
  level  bigint NOT NULL,
  number bigint NOT NULL,
  hashes bytea NOT NULL CHECK (length(hashes) = 8192),
  PRIMARY KEY (level, number)
);

-- The newest checkpoint that each key of the signer's signed.
CREATE TABLE audit_checkpoints (
  vkey  text PRIMARY KEY,
  size  bigint NOT NULL,
  note  bytea NOT NULL,
  taken bigint NOT NULL
);

-- Who is told of what, as the settings had it at the last start of a server: a kind of entry, "group.*" or "*".
CREATE TABLE webhook_events (
  hook  text NOT NULL,
  event text NOT NULL,
  PRIMARY KEY (hook, event)
);

-- What is to be told, written with the entry. What was told is not here any more.
CREATE TABLE webhook_messages (
  hook     text NOT NULL,
  entry    bigint NOT NULL REFERENCES audit_entries (number),
  state    text NOT NULL CHECK (state IN ('Waiting', 'GivenUp')),
  attempts bigint NOT NULL,
  due      bigint NOT NULL,
  problem  text,
  PRIMARY KEY (hook, entry)
);
CREATE INDEX webhook_messages_due ON webhook_messages (state, due);

-- An alarm lasts until it is cleared, and is raised once as long as it lasts. The level is what has to be reached before it is over.
CREATE TABLE alarms (
  number  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind    text NOT NULL,
  subject text NOT NULL,
  product text,
  level   bigint NOT NULL,
  raised  bigint NOT NULL,
  cleared bigint,
  detail  text NOT NULL
);
CREATE UNIQUE INDEX alarms_that_last ON alarms (kind, subject) WHERE cleared IS NULL;
