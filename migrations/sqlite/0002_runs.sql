-- run_no is the fence: AUTOINCREMENT never gives a number twice, even after rows are deleted.
CREATE TABLE job_run (
    run_no            INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id            TEXT NOT NULL UNIQUE,
    route             TEXT NOT NULL,
    job               TEXT NOT NULL,
    "trigger"         TEXT NOT NULL CHECK ("trigger" IN ('schedule', 'manual')),
    po                TEXT,
    settings_version  INTEGER NOT NULL,
    state             TEXT NOT NULL CHECK (state IN ('running', 'done', 'failed', 'interrupted')),
    -- Name of the lock file: tells whether the process that holds it still lives.
    lock_key          TEXT NOT NULL,
    -- By the database's clock, the only one that all processes share.
    lease_until       INTEGER NOT NULL,
    started_at        INTEGER NOT NULL,
    finished_at       INTEGER,
    report            TEXT,
    error             TEXT
);

CREATE INDEX job_run_route ON job_run (route, run_no);
CREATE INDEX job_run_running ON job_run (route) WHERE state = 'running';
