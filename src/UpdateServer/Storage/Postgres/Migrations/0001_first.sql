-- What SQLite's scripts 0001 to 0006 make, for several servers at once. Moments are as they are there: milliseconds since 1970, and in rollouts ticks (100 ns) since the year 1.

-- Changes of devices, rollouts and traits have one order. Whoever makes one holds this row until it is committed; each row that it touches bears its number.
-- A publication is one as well, as what may be granted follows from it.
CREATE TABLE fleet (
  one               boolean PRIMARY KEY DEFAULT true CHECK (one),
  changed           bigint NOT NULL,
  generation        bigint NOT NULL,
  timestamp_version bigint NOT NULL
);
INSERT INTO fleet (changed, generation, timestamp_version) VALUES (0, 0, 0);

CREATE TABLE published_files (
  path   text PRIMARY KEY,
  sha256 text NOT NULL,
  length bigint NOT NULL
);

-- Unsigned 64-bit sequence numbers do not fit bigint: text.
CREATE TABLE releases (
  target           text PRIMARY KEY,
  product          text NOT NULL,
  version          text NOT NULL,
  manifest_digest  text NOT NULL,
  sequence         text NOT NULL,
  security_version bigint NOT NULL,
  image_size       bigint NOT NULL,
  pack_size        bigint NOT NULL,
  gate_override    text NOT NULL
);

CREATE TABLE devices (
  device           text PRIMARY KEY,
  product          text NOT NULL,
  key_id           text,
  version          text NOT NULL,
  slot             bigint NOT NULL,
  floor            bigint NOT NULL,
  state            text NOT NULL,
  manifest_digest  text NOT NULL,
  confirmed_digest text,
  deployment       text,
  reason           bigint NOT NULL,
  detail           text,
  ordinal          bigint NOT NULL,
  nonce            bytea NOT NULL,
  last_seen        bigint NOT NULL,
  changed          bigint NOT NULL
);
CREATE INDEX devices_by_change ON devices (changed);

-- The evidence a rollout's progress rests on: signed bytes as they came.
CREATE TABLE reports (
  number     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  device     text NOT NULL REFERENCES devices (device),
  key_id     text,
  ordinal    bigint NOT NULL,
  deployment text NOT NULL,
  state      text NOT NULL,
  signed     bytea NOT NULL,
  received   bigint NOT NULL
);
CREATE INDEX reports_by_deployment ON reports (deployment);
CREATE INDEX reports_by_device ON reports (device);

CREATE TABLE rollouts (
  number               bigint PRIMARY KEY,
  product              text NOT NULL,
  version              text NOT NULL,
  target               text NOT NULL,
  manifest_digest      text NOT NULL,
  security_version     bigint NOT NULL,
  abort_after_failures bigint NOT NULL,
  member_key           bytea NOT NULL,
  status               text NOT NULL,
  stage                bigint NOT NULL,
  reason               text,
  plan                 text NOT NULL,
  author               text NOT NULL,
  approved_by          text,
  approved_at          bigint NOT NULL,
  approved_manifest    text,
  approved_plan        text,
  clock                bigint NOT NULL,
  ramp_since           bigint NOT NULL,
  good_since           bigint,
  evaluated_at         bigint NOT NULL,
  stalled              bigint NOT NULL,
  changed              bigint NOT NULL
);
CREATE INDEX rollouts_by_change ON rollouts (changed);

CREATE TABLE rollout_members (
  rollout    bigint NOT NULL REFERENCES rollouts (number),
  device     text NOT NULL REFERENCES devices (device),
  stage      bigint NOT NULL,
  status     text NOT NULL,
  deferral   text,
  evidence   text NOT NULL,
  serial     bigint NOT NULL,
  retries    bigint NOT NULL,
  via        bigint,
  passed     bigint,
  silent     bigint NOT NULL,
  granted_at bigint NOT NULL,
  heard_at   bigint NOT NULL,
  changed    bigint NOT NULL,
  PRIMARY KEY (rollout, device)
);
CREATE INDEX rollout_members_by_change ON rollout_members (changed);

-- The releases on the way to a plan's own, as they were listed when it was made.
CREATE TABLE rollout_ways (
  rollout          bigint NOT NULL REFERENCES rollouts (number),
  version          text NOT NULL,
  target           text NOT NULL,
  manifest_digest  text NOT NULL,
  security_version bigint NOT NULL,
  PRIMARY KEY (rollout, version)
);

-- Every decision and the figures that it rested on. Rows are added and never changed.
CREATE TABLE rollout_decisions (
  number  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  rollout bigint NOT NULL REFERENCES rollouts (number),
  at      bigint NOT NULL,
  kind    text NOT NULL,
  made_by text NOT NULL,
  stage   bigint NOT NULL,
  why     text NOT NULL,
  figures text NOT NULL
);
CREATE INDEX rollout_decisions_by_rollout ON rollout_decisions (rollout);
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'a decision is neither changed nor deleted'; END $$;
CREATE TRIGGER rollout_decisions_stay BEFORE UPDATE OR DELETE ON rollout_decisions FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER rollout_decisions_are_kept BEFORE TRUNCATE ON rollout_decisions EXECUTE FUNCTION refuse_change();

-- What operators say of a device; it says none of this itself, and need not be there yet. Tags are a JSON list.
CREATE TABLE device_traits (
  device    text PRIMARY KEY,
  site      text,
  hardware  text,
  time_zone text,
  tags      text NOT NULL,
  changed   bigint NOT NULL
);
CREATE INDEX device_traits_by_change ON device_traits (changed);

-- Only a pack that was verified and is in the content store has the state Made.
CREATE TABLE delta_packs (
  base_image text NOT NULL,
  image      text NOT NULL,
  state      text NOT NULL,
  pack       text,
  size       bigint,
  failures   bigint NOT NULL,
  detail     text,
  at         bigint NOT NULL,
  maker      bigint NOT NULL,
  wanted     bigint NOT NULL,
  PRIMARY KEY (base_image, image),
  CHECK ((state = 'Made') = (pack IS NOT NULL))
);

-- The newest request of each device for a new certificate, and what its authority said. Nothing here is trusted by anybody: the authority judges the request itself.
CREATE TABLE enrolments (
  device         text PRIMARY KEY,
  product        text NOT NULL,
  key_id         text NOT NULL,
  request_digest text NOT NULL UNIQUE,
  request        bytea NOT NULL,
  received       bigint NOT NULL,
  state          text NOT NULL,
  answered       bigint,
  certificate    bytea,
  detail         text,
  CHECK ((state = 'Issued') = (certificate IS NOT NULL)),
  CHECK ((state = 'Waiting') = (answered IS NULL))
);
CREATE INDEX enrolments_waiting ON enrolments (state, received);

-- Tokens themselves are never stored.
CREATE TABLE operator_tokens (
  name    text PRIMARY KEY,
  sha256  bytea NOT NULL,
  created bigint NOT NULL
);
