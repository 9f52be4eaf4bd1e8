CREATE TABLE publication (
  one               INTEGER PRIMARY KEY CHECK (one = 1),
  generation        INTEGER NOT NULL,
  timestamp_version INTEGER NOT NULL
) STRICT;
INSERT INTO publication VALUES (1, 0, 0);

CREATE TABLE published_files (
  path   TEXT PRIMARY KEY,
  sha256 TEXT NOT NULL,
  length INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Unsigned 64-bit sequence numbers do not fit SQLite's integers: text.
CREATE TABLE releases (
  target           TEXT PRIMARY KEY,
  product          TEXT NOT NULL,
  version          TEXT NOT NULL,
  manifest_digest  TEXT NOT NULL,
  sequence         TEXT NOT NULL,
  security_version INTEGER NOT NULL,
  image_size       INTEGER NOT NULL,
  pack_size        INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE devices (
  device           TEXT PRIMARY KEY,
  product          TEXT NOT NULL,
  version          TEXT NOT NULL,
  slot             INTEGER NOT NULL,
  floor            INTEGER NOT NULL,
  state            TEXT NOT NULL,
  manifest_digest  TEXT NOT NULL,
  confirmed_digest TEXT,
  deployment       TEXT,
  reason           INTEGER NOT NULL,
  detail           TEXT,
  ordinal          INTEGER NOT NULL,
  nonce            BLOB NOT NULL,
  last_seen        INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The evidence a rollout's progress rests on: signed bytes as they came.
CREATE TABLE reports (
  device     TEXT NOT NULL REFERENCES devices (device),
  ordinal    INTEGER NOT NULL,
  deployment TEXT NOT NULL,
  state      TEXT NOT NULL,
  signed     BLOB NOT NULL,
  received   INTEGER NOT NULL,
  PRIMARY KEY (device, ordinal)
) STRICT;
CREATE INDEX reports_by_deployment ON reports (deployment);

CREATE TABLE rollouts (
  number               INTEGER PRIMARY KEY,
  product              TEXT NOT NULL,
  version              TEXT NOT NULL,
  target               TEXT NOT NULL,
  manifest_digest      TEXT NOT NULL,
  security_version     INTEGER NOT NULL,
  abort_after_failures INTEGER NOT NULL,
  member_key           BLOB NOT NULL,
  status               TEXT NOT NULL,
  stage                INTEGER NOT NULL,
  reason               TEXT
) STRICT;

CREATE TABLE rollout_stages (
  rollout INTEGER NOT NULL REFERENCES rollouts (number),
  stage   INTEGER NOT NULL,
  name    TEXT NOT NULL,
  count   INTEGER,
  PRIMARY KEY (rollout, stage)
) STRICT, WITHOUT ROWID;

CREATE TABLE rollout_members (
  rollout INTEGER NOT NULL REFERENCES rollouts (number),
  device  TEXT NOT NULL REFERENCES devices (device),
  stage   INTEGER NOT NULL,
  status  TEXT NOT NULL,
  PRIMARY KEY (rollout, device)
) STRICT, WITHOUT ROWID;

-- Tokens themselves are never stored.
CREATE TABLE operator_tokens (
  name    TEXT PRIMARY KEY,
  sha256  BLOB NOT NULL,
  created INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
