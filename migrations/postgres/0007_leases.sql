-- Slots of limits that all instances keep together. Times are those of the database's clock. The newest
-- slot of a key stays when it is free: the next one is taken some time after it.
CREATE TABLE call_slot (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key       text COLLATE "C" NOT NULL,
    taken_at  timestamptz NOT NULL,
    until     timestamptz NOT NULL
);
CREATE INDEX call_slot_key ON call_slot (key, id);

-- The calls of the last minute, by the database's clock.
CREATE TABLE call_drawn (
    id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key  text COLLATE "C" NOT NULL,
    at   timestamptz NOT NULL
);
CREATE INDEX call_drawn_key ON call_drawn (key, at);

-- Values that instances share, sealed before they come here.
CREATE TABLE shared_value (
    name      text COLLATE "C" PRIMARY KEY,
    version   bigint NOT NULL CHECK (version > 0),
    sealed    bytea NOT NULL,
    renew_at  timestamptz NOT NULL
);
