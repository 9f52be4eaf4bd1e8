-- The key of a rollout, encrypted (docs/data-at-rest.md); member_key is empty then. Null where server.json names no keys.
ALTER TABLE rollouts ADD COLUMN member_key_sealed BLOB;
