-- The newest request of each device for a new certificate, and what its authority said. Nothing here is trusted by anybody: the authority judges the request itself.
CREATE TABLE enrolments (
  device         TEXT PRIMARY KEY,
  product        TEXT NOT NULL,
  key_id         TEXT NOT NULL,
  request_digest TEXT NOT NULL UNIQUE,
  request        BLOB NOT NULL,
  received       INTEGER NOT NULL,
  state          TEXT NOT NULL,
  answered       INTEGER,
  certificate    BLOB,
  detail         TEXT,
  CHECK ((state = 'Issued') = (certificate IS NOT NULL)),
  CHECK ((state = 'Waiting') = (answered IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX enrolments_waiting ON enrolments (state, received);
