-- The gates that a release may pass although they are closed, by name with ',' between them; a release from before there were such had none.
ALTER TABLE releases ADD COLUMN gate_override TEXT NOT NULL DEFAULT '';

-- Why a device that was granted the release waits; null while it does not.
ALTER TABLE rollout_members ADD COLUMN deferral TEXT;
