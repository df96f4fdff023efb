-- Who let the service cancel the order in the ERP.
ALTER TABLE order_sync ADD COLUMN cancel_by text;

-- Writes whose end is not known: few among all that were ever made.
CREATE INDEX remote_write_open ON remote_write (route, kind, po) WHERE state IN ('intended', 'accepted', 'unknown');

-- The history of one job.
CREATE INDEX job_run_job ON job_run (route, job, run_no);

-- Conditions that hold, and those whose end has still to be told.
CREATE TABLE alert (
    route          text COLLATE "C" NOT NULL,
    key            text COLLATE "C" NOT NULL,
    detail         text NOT NULL,
    since          timestamptz NOT NULL,
    -- NULL: nobody has been told of it yet.
    told_at        timestamptz,
    -- NULL: it holds.
    ended_at       timestamptz,
    -- Until then somebody is sending the message that is due.
    claimed_until  timestamptz,
    PRIMARY KEY (route, key),
    -- What nobody was told of is forgotten when it ends.
    CHECK (ended_at IS NULL OR told_at IS NOT NULL)
);
