-- Every version is kept: a person can see what was live when, and who made it so.
CREATE TABLE settings_version (
    route     TEXT NOT NULL,
    version   INTEGER NOT NULL CHECK (version > 0),
    document  TEXT NOT NULL,
    author    TEXT NOT NULL,
    saved_at  INTEGER NOT NULL,
    PRIMARY KEY (route, version)
) WITHOUT ROWID;
