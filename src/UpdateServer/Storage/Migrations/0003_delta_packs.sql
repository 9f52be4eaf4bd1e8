-- What came of each delta pack. Only a pack that was verified and is in the content store has the state Made.
CREATE TABLE delta_packs (
  base_image TEXT NOT NULL,
  image      TEXT NOT NULL,
  state      TEXT NOT NULL,
  pack       TEXT,
  size       INTEGER,
  failures   INTEGER NOT NULL,
  detail     TEXT,
  at         INTEGER NOT NULL,
  maker      INTEGER NOT NULL,
  wanted     INTEGER NOT NULL,
  PRIMARY KEY (base_image, image),
  CHECK ((state = 'Made') = (pack IS NOT NULL))
) STRICT, WITHOUT ROWID;
