-- Null: reported before keys were kept. The next accepted report names its key.
ALTER TABLE devices ADD COLUMN key_id TEXT;

-- Ordinals are a key's own: a device that was remade counts from 1 again.
CREATE TABLE reports_of_keys (
  number     INTEGER PRIMARY KEY,
  device     TEXT NOT NULL REFERENCES devices (device),
  key_id     TEXT,
  ordinal    INTEGER NOT NULL,
  deployment TEXT NOT NULL,
  state      TEXT NOT NULL,
  signed     BLOB NOT NULL,
  received   INTEGER NOT NULL
) STRICT;
INSERT INTO reports_of_keys (device, ordinal, deployment, state, signed, received)
  SELECT device, ordinal, deployment, state, signed, received FROM reports ORDER BY received;
DROP TABLE reports;
ALTER TABLE reports_of_keys RENAME TO reports;
CREATE INDEX reports_by_deployment ON reports (deployment);
CREATE INDEX reports_by_device ON reports (device);
