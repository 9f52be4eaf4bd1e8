-- The key of a rollout, encrypted (docs/data-at-rest.md); member_key is empty then. Null where server.json names no keys. Programs that do not know the column are ruled out
-- (fota_schema.oldest_program) as soon as a server seals, and not before.
ALTER TABLE rollouts ADD COLUMN member_key_sealed bytea;
