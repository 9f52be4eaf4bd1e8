-- What SQLite's script 0010 makes, for several servers at once.

-- Two products may each have a device of one name: each has its own newest request. Older programs go on with the table enrolments, which has one of each name: a device repeats its
-- request until it is answered, so that what they took in comes to this one as well. A later script drops it.
CREATE TABLE product_enrolments (
  device         text NOT NULL,
  product        text NOT NULL,
  key_id         text NOT NULL,
  request_digest text NOT NULL UNIQUE,
  request        bytea NOT NULL,
  received       bigint NOT NULL,
  state          text NOT NULL,
  answered       bigint,
  certificate    bytea,
  detail         text,
  PRIMARY KEY (device, product),
  CHECK ((state = 'Issued') = (certificate IS NOT NULL)),
  CHECK ((state = 'Waiting') = (answered IS NULL))
);
INSERT INTO product_enrolments SELECT device, product, key_id, request_digest, request, received, state, answered, certificate, detail FROM enrolments;
CREATE INDEX product_enrolments_waiting ON product_enrolments (state, received);

-- Of which product a name is, where an administrator said so; else of that of the device which has it.
ALTER TABLE device_traits ADD COLUMN product text;

-- Whether a member was let go: its status is Withdrawn then, which is what older programs know.
ALTER TABLE rollout_members ADD COLUMN has_left bigint NOT NULL DEFAULT 0;
