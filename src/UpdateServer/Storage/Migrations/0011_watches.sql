-- Each server says for itself whom it tells of what; "said" is when it said so last (docs/spec/webhooks.md, D-15).
DROP TABLE webhook_events;
CREATE TABLE webhook_events (
  server TEXT NOT NULL,
  hook   TEXT NOT NULL,
  event  TEXT NOT NULL,
  said   INTEGER NOT NULL,
  PRIMARY KEY (server, hook, event)
) STRICT, WITHOUT ROWID;

-- One receiver's messages are looked for without those of others.
DROP INDEX webhook_messages_due;
CREATE INDEX webhook_messages_of_hook ON webhook_messages (hook, state, due);

-- When what an alarm tells of was seen last, and the release that a device ran before it.
ALTER TABLE alarms ADD COLUMN seen INTEGER NOT NULL DEFAULT 0;
ALTER TABLE alarms ADD COLUMN before TEXT;
UPDATE alarms SET seen = raised;

-- From when to when alarms were judged without a break: what a device did not say between two of these is nobody's silence.
CREATE TABLE alarm_watches (
  begun INTEGER PRIMARY KEY,
  ended INTEGER NOT NULL
) STRICT;

-- With the detail it makes the digest that the log has of it (docs/spec/server-log.md, J-6). Null for decisions of before.
ALTER TABLE access_decisions ADD COLUMN salt BLOB CHECK (length(salt) = 16);
