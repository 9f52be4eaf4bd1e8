-- A plan as its canonical JSON; null for one from before there was more to a plan than rollout_stages and abort_after_failures hold. Moments are ticks (100 ns) since
-- the year 1, so that none is rounded: rates and soak times are held against them.
ALTER TABLE rollouts ADD COLUMN plan TEXT;
ALTER TABLE rollouts ADD COLUMN author TEXT NOT NULL DEFAULT '';
ALTER TABLE rollouts ADD COLUMN approved_by TEXT;
ALTER TABLE rollouts ADD COLUMN approved_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE rollouts ADD COLUMN approved_manifest TEXT;
ALTER TABLE rollouts ADD COLUMN approved_plan TEXT;
ALTER TABLE rollouts ADD COLUMN clock INTEGER NOT NULL DEFAULT 0;
ALTER TABLE rollouts ADD COLUMN ramp_since INTEGER NOT NULL DEFAULT 0;
ALTER TABLE rollouts ADD COLUMN good_since INTEGER;
ALTER TABLE rollouts ADD COLUMN evaluated_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE rollouts ADD COLUMN stalled INTEGER NOT NULL DEFAULT 0;

ALTER TABLE rollout_members ADD COLUMN evidence TEXT NOT NULL DEFAULT 'Signed';
ALTER TABLE rollout_members ADD COLUMN serial INTEGER NOT NULL DEFAULT 0;
ALTER TABLE rollout_members ADD COLUMN retries INTEGER NOT NULL DEFAULT 0;
ALTER TABLE rollout_members ADD COLUMN via INTEGER;
ALTER TABLE rollout_members ADD COLUMN passed INTEGER;
ALTER TABLE rollout_members ADD COLUMN silent INTEGER NOT NULL DEFAULT 0;
ALTER TABLE rollout_members ADD COLUMN granted_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE rollout_members ADD COLUMN heard_at INTEGER NOT NULL DEFAULT 0;

-- The releases on the way to a plan's own, as they were listed when it was made.
CREATE TABLE rollout_ways (
  rollout          INTEGER NOT NULL REFERENCES rollouts (number),
  version          TEXT NOT NULL,
  target           TEXT NOT NULL,
  manifest_digest  TEXT NOT NULL,
  security_version INTEGER NOT NULL,
  PRIMARY KEY (rollout, version)
) STRICT, WITHOUT ROWID;

-- Every decision and the figures that it rested on. Rows are added and never changed.
CREATE TABLE rollout_decisions (
  number  INTEGER PRIMARY KEY,
  rollout INTEGER NOT NULL REFERENCES rollouts (number),
  at      INTEGER NOT NULL,
  kind    TEXT NOT NULL,
  made_by TEXT NOT NULL,
  stage   INTEGER NOT NULL,
  why     TEXT NOT NULL,
  figures TEXT NOT NULL
) STRICT;
CREATE INDEX rollout_decisions_by_rollout ON rollout_decisions (rollout);
CREATE TRIGGER rollout_decisions_stay BEFORE UPDATE ON rollout_decisions BEGIN SELECT RAISE(ABORT, 'a decision is not changed'); END;
CREATE TRIGGER rollout_decisions_are_kept BEFORE DELETE ON rollout_decisions BEGIN SELECT RAISE(ABORT, 'a decision is not deleted'); END;

-- What operators say of a device; it says none of this itself. Tags are a JSON list.
CREATE TABLE device_traits (
  device    TEXT PRIMARY KEY,
  site      TEXT,
  hardware  TEXT,
  time_zone TEXT,
  tags      TEXT NOT NULL
) STRICT, WITHOUT ROWID;
