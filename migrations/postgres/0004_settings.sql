-- Every version is kept: a person can see what was live when, and who made it so.
CREATE TABLE settings_version (
    route     text COLLATE "C" NOT NULL,
    version   bigint NOT NULL CHECK (version > 0),
    document  text NOT NULL,
    author    text NOT NULL,
    saved_at  timestamptz NOT NULL,
    PRIMARY KEY (route, version)
);
