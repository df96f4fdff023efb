-- Which run works on an order, beside the order: a claim comes and goes in every run, and an order's row is in
-- many indexes that a claim is nothing to.
CREATE TABLE order_claim (
    order_id INTEGER PRIMARY KEY,
    -- run_no of a run in state 'running', never of another: whoever ends a run frees its claims.
    fence    INTEGER NOT NULL,
    tried_at INTEGER NOT NULL
);

CREATE INDEX order_claim_fence ON order_claim (fence);

INSERT INTO order_claim
SELECT id, claimed_by, coalesce(last_tried_at, changed_at) FROM order_sync WHERE claimed_by IS NOT NULL;

-- The column goes at once: an instance of before would claim by it beside one that does not look at it. It fails
-- instead, and changes nothing.
DROP INDEX order_sync_claim;
DROP INDEX order_sync_work;
ALTER TABLE order_sync DROP COLUMN claimed_by;

-- Work selection: NULLs sort first, so never-tried orders lead; the rest filters inside the index.
CREATE INDEX order_sync_work ON order_sync (route, stage, last_tried_at, created_at, po, next_try_at)
    WHERE stage < 5;
