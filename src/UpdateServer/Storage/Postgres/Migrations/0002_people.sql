-- What SQLite's script 0007 makes, for several servers at once. Moments are milliseconds since 1970.

-- Changes of people and tokens have one order: each is made by whoever knew the number before it.
CREATE TABLE access (
  one     boolean PRIMARY KEY DEFAULT true CHECK (one),
  changed bigint NOT NULL
);
INSERT INTO access (changed) VALUES (0);

-- A grant is {"role", "products", "sites"}; null products or sites: all. People stay when they are removed: decisions bear their names.
CREATE TABLE people (
  name    text PRIMARY KEY,
  grants  text NOT NULL,
  created bigint NOT NULL,
  removed bigint
);

-- By what else somebody is known; nothing is known of two.
CREATE TABLE person_identities (
  kind   text NOT NULL,
  value  text NOT NULL,
  person text NOT NULL REFERENCES people (name),
  PRIMARY KEY (kind, value)
);

-- Tokens themselves are never stored.
CREATE TABLE api_tokens (
  id         text PRIMARY KEY,
  person     text NOT NULL REFERENCES people (name),
  name       text NOT NULL,
  sha256     bytea NOT NULL UNIQUE,
  roles      text NOT NULL,
  created    bigint NOT NULL,
  created_by text NOT NULL,
  expires    bigint,
  revoked    bigint
);

-- Whoever had a token could do everything, and still can, by the same token. The old table stays for older servers beside this one, and is not read any more.
INSERT INTO people (name, grants, created)
  SELECT name, '[{"role":"viewer"},{"role":"operator"},{"role":"approver"},{"role":"publisher"},{"role":"administrator"},{"role":"auditor"}]', created FROM operator_tokens;
INSERT INTO api_tokens (id, person, name, sha256, roles, created, created_by)
  SELECT substr(encode(sha256, 'hex'), 1, 16), name, 'from before there were roles', sha256, 'viewer,operator,approver,publisher,administrator,auditor', created, name FROM operator_tokens;

-- Devices that administrators shut out; an empty key means every certificate of the name.
CREATE TABLE device_revocations (
  device  text NOT NULL,
  key_id  text NOT NULL,
  reason  text NOT NULL,
  made_by text NOT NULL,
  at      bigint NOT NULL,
  PRIMARY KEY (device, key_id)
);

-- Rows are added and never changed.
CREATE TABLE access_decisions (
  number  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at      bigint NOT NULL,
  made_by text NOT NULL,
  kind    text NOT NULL,
  about   text NOT NULL,
  detail  text NOT NULL
);
CREATE TRIGGER access_decisions_stay BEFORE UPDATE OR DELETE ON access_decisions FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER access_decisions_are_kept BEFORE TRUNCATE ON access_decisions EXECUTE FUNCTION refuse_change();
