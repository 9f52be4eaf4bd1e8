-- Two products may each have a device of one name: each has its own newest request.
CREATE TABLE enrolments_of_products (
  device         TEXT NOT NULL,
  product        TEXT NOT NULL,
  key_id         TEXT NOT NULL,
  request_digest TEXT NOT NULL UNIQUE,
  request        BLOB NOT NULL,
  received       INTEGER NOT NULL,
  state          TEXT NOT NULL,
  answered       INTEGER,
  certificate    BLOB,
  detail         TEXT,
  PRIMARY KEY (device, product),
  CHECK ((state = 'Issued') = (certificate IS NOT NULL)),
  CHECK ((state = 'Waiting') = (answered IS NULL))
) STRICT, WITHOUT ROWID;
INSERT INTO enrolments_of_products (device, product, key_id, request_digest, request, received, state, answered, certificate, detail)
  SELECT device, product, key_id, request_digest, request, received, state, answered, certificate, detail FROM enrolments;
DROP TABLE enrolments;
ALTER TABLE enrolments_of_products RENAME TO enrolments;
CREATE INDEX enrolments_waiting ON enrolments (state, received);

-- Of which product a name is, where an administrator said so; else of that of the device which has it.
ALTER TABLE device_traits ADD COLUMN product TEXT;

-- Whether a member was let go: its status is Withdrawn then.
ALTER TABLE rollout_members ADD COLUMN has_left INTEGER NOT NULL DEFAULT 0;
