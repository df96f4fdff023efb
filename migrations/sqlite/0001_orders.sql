-- Times are whole microseconds since 1970-01-01 UTC: they compare and index as integers.

CREATE TABLE order_sync (
    id                INTEGER PRIMARY KEY,
    route             TEXT NOT NULL,
    po                TEXT NOT NULL,
    channel_order_id  TEXT NOT NULL,
    created_at        INTEGER NOT NULL,
    updated_at        INTEGER,
    channel_status    TEXT NOT NULL,
    stage             INTEGER NOT NULL CHECK (stage BETWEEN 1 AND 6),
    stage_entered_at  INTEGER NOT NULL,
    retailer_id       TEXT,
    warehouse_code    TEXT,
    service_level     TEXT,
    sku_list          TEXT NOT NULL,
    -- A JSON array: from it the rows of order_sku are found again when the payload changes.
    sku_names         TEXT NOT NULL,
    ship_by           INTEGER,
    erp_order_no      TEXT,
    tracking          TEXT,
    invoice_id        TEXT,
    attempts          INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    last_kind         TEXT CHECK (last_kind IN ('advanced', 'waiting', 'blocked', 'failed')),
    last_reason       TEXT,
    last_detail       TEXT,
    last_at           INTEGER,
    last_run_id       TEXT,
    -- NULL: never tried in this stage.
    last_tried_at     INTEGER,
    next_try_at       INTEGER,
    hold              TEXT,
    -- run_no of a run in state 'running', never of another: whoever ends a run frees its claims.
    claimed_by        INTEGER,
    stored_at         INTEGER NOT NULL,
    changed_at        INTEGER NOT NULL,
    -- Last, so that reading any other column does not touch the pages that it spills into.
    raw               BLOB NOT NULL,
    UNIQUE (route, po)
);

-- Work selection: NULLs sort first, so never-tried orders lead; the rest filters inside the index.
CREATE INDEX order_sync_work ON order_sync (route, stage, last_tried_at, created_at, po, next_try_at, claimed_by)
    WHERE stage < 5;
-- The list, which names the index that it walks. The last four columns let rare values of a filter be found without reading the rows.
CREATE INDEX order_sync_list ON order_sync
    (route, created_at, po, channel_status, retailer_id, warehouse_code, service_level);
CREATE INDEX order_sync_stage_list ON order_sync (route, stage, created_at, po);
-- The list over all routes.
CREATE INDEX order_sync_all ON order_sync
    (created_at, po, route, channel_status, retailer_id, warehouse_code, service_level);
-- Counts, and the order that waits longest.
CREATE INDEX order_sync_age ON order_sync (route, stage, stage_entered_at);
CREATE INDEX order_sync_reason ON order_sync (last_reason, created_at, po, route) WHERE last_reason IS NOT NULL;
-- Advanced is what nearly every order ends in; the others are what people look for.
CREATE INDEX order_sync_kind ON order_sync (last_kind, created_at, po, route) WHERE last_kind <> 'advanced';
CREATE INDEX order_sync_invoice ON order_sync (invoice_id, created_at, po, route) WHERE invoice_id IS NOT NULL;
CREATE INDEX order_sync_held ON order_sync (created_at, po, route) WHERE hold IS NOT NULL;
CREATE INDEX order_sync_claim ON order_sync (claimed_by) WHERE claimed_by IS NOT NULL;

-- One row per name of an item. The list walks its key, newest first, instead of sorting what it finds.
CREATE TABLE order_sku (
    sku         TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    po          TEXT NOT NULL,
    route       TEXT NOT NULL,
    PRIMARY KEY (sku, created_at, po, route)
) WITHOUT ROWID;

-- Parts of PO and tracking numbers. Trigrams make any part of three characters or more cheap to find;
-- contentless, because order_sync (same id) holds the texts.
CREATE VIRTUAL TABLE order_text USING fts5 (po, tracking, content = '', contentless_delete = 1, tokenize = 'trigram');

CREATE TABLE order_unreadable (
    route     TEXT NOT NULL,
    key       TEXT NOT NULL,
    reason    TEXT NOT NULL,
    detail    TEXT NOT NULL,
    first_at  INTEGER NOT NULL,
    last_at   INTEGER NOT NULL,
    raw       BLOB NOT NULL,
    PRIMARY KEY (route, key)
);
CREATE INDEX order_unreadable_list ON order_unreadable (route, last_at);

-- What happened to an order, append only. Equal outcomes in a row are one event that counts.
CREATE TABLE order_event (
    id          INTEGER PRIMARY KEY,
    route       TEXT NOT NULL,
    po          TEXT NOT NULL,
    at          INTEGER NOT NULL,
    last_at     INTEGER NOT NULL,
    times       INTEGER NOT NULL DEFAULT 1 CHECK (times > 0),
    kind        TEXT NOT NULL CHECK (kind IN ('pulled', 'changed', 'outcome', 'write', 'operator')),
    by          TEXT NOT NULL,
    from_stage  INTEGER CHECK (from_stage BETWEEN 1 AND 6),
    to_stage    INTEGER CHECK (to_stage BETWEEN 1 AND 6),
    what        TEXT NOT NULL,
    detail      TEXT NOT NULL
);
CREATE INDEX order_event_order ON order_event (route, po, id);

-- How far pulling has come; moves forward only.
CREATE TABLE pull_mark (
    route  TEXT NOT NULL,
    kind   TEXT NOT NULL CHECK (kind IN ('created', 'updated')),
    mark   INTEGER NOT NULL,
    PRIMARY KEY (route, kind)
) WITHOUT ROWID;
