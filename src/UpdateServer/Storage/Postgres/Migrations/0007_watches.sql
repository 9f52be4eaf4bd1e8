-- What SQLite's script 0011 makes, for several servers at once. Programs of before can go on beside it: what they do not know has a value of its own.

-- Each server says for itself whom it tells of what; "said" is when it said so last (docs/spec/webhooks.md, D-15).
ALTER TABLE webhook_events ADD COLUMN server text NOT NULL DEFAULT '', ADD COLUMN said bigint NOT NULL DEFAULT (extract(epoch FROM now()) * 1000)::bigint;
ALTER TABLE webhook_events DROP CONSTRAINT webhook_events_pkey, ADD PRIMARY KEY (server, hook, event);

-- One receiver's messages are looked for without those of others.
DROP INDEX webhook_messages_due;
CREATE INDEX webhook_messages_of_hook ON webhook_messages (hook, state, due);

-- When what an alarm tells of was seen last, and the release that a device ran before it.
ALTER TABLE alarms ADD COLUMN seen bigint NOT NULL DEFAULT 0, ADD COLUMN before text;
UPDATE alarms SET seen = raised;

-- From when to when alarms were judged without a break: what a device did not say between two of these is nobody's silence.
CREATE TABLE alarm_watches (
  begun bigint PRIMARY KEY,
  ended bigint NOT NULL
);

-- With the detail it makes the digest that the log has of it (docs/spec/server-log.md, J-6). Null for decisions of before.
ALTER TABLE access_decisions ADD COLUMN salt bytea CHECK (length(salt) = 16);
