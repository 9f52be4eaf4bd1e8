-- Who may do what. A grant is {"role", "products", "sites"}; null products or sites: all. People stay when they are removed: decisions bear their names.
CREATE TABLE people (
  name    TEXT PRIMARY KEY,
  grants  TEXT NOT NULL,
  created INTEGER NOT NULL,
  removed INTEGER
) STRICT, WITHOUT ROWID;

-- By what else somebody is known; nothing is known of two.
CREATE TABLE person_identities (
  kind   TEXT NOT NULL,
  value  TEXT NOT NULL,
  person TEXT NOT NULL REFERENCES people (name),
  PRIMARY KEY (kind, value)
) STRICT, WITHOUT ROWID;

-- Tokens themselves are never stored. Moments are milliseconds since 1970.
CREATE TABLE api_tokens (
  id         TEXT PRIMARY KEY,
  person     TEXT NOT NULL REFERENCES people (name),
  name       TEXT NOT NULL,
  sha256     BLOB NOT NULL UNIQUE,
  roles      TEXT NOT NULL,
  created    INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  expires    INTEGER,
  revoked    INTEGER
) STRICT, WITHOUT ROWID;

-- Whoever had a token could do everything, and still can, by the same token.
INSERT INTO people (name, grants, created)
  SELECT name, '[{"role":"viewer"},{"role":"operator"},{"role":"approver"},{"role":"publisher"},{"role":"administrator"},{"role":"auditor"}]', created FROM operator_tokens;
INSERT INTO api_tokens (id, person, name, sha256, roles, created, created_by)
  SELECT lower(hex(substr(sha256, 1, 8))), name, 'from before there were roles', sha256, 'viewer,operator,approver,publisher,administrator,auditor', created, name FROM operator_tokens;
DROP TABLE operator_tokens;

-- Devices that administrators shut out; an empty key means every certificate of the name.
CREATE TABLE device_revocations (
  device  TEXT NOT NULL,
  key_id  TEXT NOT NULL,
  reason  TEXT NOT NULL,
  made_by TEXT NOT NULL,
  at      INTEGER NOT NULL,
  PRIMARY KEY (device, key_id)
) STRICT, WITHOUT ROWID;

-- Rows are added and never changed.
CREATE TABLE access_decisions (
  number  INTEGER PRIMARY KEY,
  at      INTEGER NOT NULL,
  made_by TEXT NOT NULL,
  kind    TEXT NOT NULL,
  about   TEXT NOT NULL,
  detail  TEXT NOT NULL
) STRICT;
CREATE TRIGGER access_decisions_stay BEFORE UPDATE ON access_decisions BEGIN SELECT RAISE(ABORT, 'a decision is not changed'); END;
CREATE TRIGGER access_decisions_are_kept BEFORE DELETE ON access_decisions BEGIN SELECT RAISE(ABORT, 'a decision is not deleted'); END;
