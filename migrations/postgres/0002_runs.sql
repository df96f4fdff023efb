-- run_no is the fence: a sequence never gives a number twice.
CREATE TABLE job_run (
    run_no            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id            text COLLATE "C" NOT NULL UNIQUE,
    route             text COLLATE "C" NOT NULL,
    job               text NOT NULL,
    trigger           text NOT NULL CHECK (trigger IN ('schedule', 'manual')),
    po                text COLLATE "C",
    settings_version  bigint NOT NULL,
    state             text NOT NULL CHECK (state IN ('running', 'done', 'failed', 'interrupted')),
    -- The advisory lock, and the server process that holds it for this run: together they tell
    -- whether the run still lives.
    lock_key          bigint NOT NULL,
    backend_pid       integer NOT NULL,
    -- By the database's clock, the only one that all instances share.
    lease_until       timestamptz NOT NULL,
    started_at        timestamptz NOT NULL,
    finished_at       timestamptz,
    report            text,
    error             text
);

CREATE INDEX job_run_route ON job_run (route, run_no);
CREATE INDEX job_run_running ON job_run (route) WHERE state = 'running';
