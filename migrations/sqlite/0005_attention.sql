-- Who let the service cancel the order in the ERP. It comes after the payload, but NULL, which it nearly
-- always is, is read from the head of the row.
ALTER TABLE order_sync ADD COLUMN cancel_by TEXT;

-- Writes whose end is not known: few among all that were ever made.
CREATE INDEX remote_write_open ON remote_write (route, kind, po) WHERE state IN ('intended', 'accepted', 'unknown');

-- The history of one job.
CREATE INDEX job_run_job ON job_run (route, job, run_no);

-- Conditions that hold, and those whose end has still to be told.
CREATE TABLE alert (
    route          TEXT NOT NULL,
    key            TEXT NOT NULL,
    detail         TEXT NOT NULL,
    since          INTEGER NOT NULL,
    -- NULL: nobody has been told of it yet.
    told_at        INTEGER,
    -- NULL: it holds.
    ended_at       INTEGER,
    -- Until then somebody is sending the message that is due.
    claimed_until  INTEGER,
    PRIMARY KEY (route, key),
    -- What nobody was told of is forgotten when it ends.
    CHECK (ended_at IS NULL OR told_at IS NOT NULL)
) WITHOUT ROWID;
