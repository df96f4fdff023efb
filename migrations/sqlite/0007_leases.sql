-- Slots of limits that all instances keep together. Times are those of the database's clock. The newest
-- slot of a key stays when it is free: the next one is taken some time after it.
-- AUTOINCREMENT: whoever frees a slot late never frees that of another.
CREATE TABLE call_slot (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    key       TEXT NOT NULL,
    taken_at  INTEGER NOT NULL,
    until     INTEGER NOT NULL
);
CREATE INDEX call_slot_key ON call_slot (key, id);

-- The calls of the last minute, by the database's clock.
CREATE TABLE call_drawn (
    id   INTEGER PRIMARY KEY,
    key  TEXT NOT NULL,
    at   INTEGER NOT NULL
);
CREATE INDEX call_drawn_key ON call_drawn (key, at);

-- Values that instances share, sealed before they come here.
CREATE TABLE shared_value (
    name      TEXT PRIMARY KEY,
    version   INTEGER NOT NULL CHECK (version > 0),
    sealed    BLOB NOT NULL,
    renew_at  INTEGER NOT NULL
) WITHOUT ROWID;
