-- Keys compare by bytes: one order of things on every server, whatever its locale.

CREATE TABLE order_sync (
    id                bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    route             text COLLATE "C" NOT NULL,
    po                text COLLATE "C" NOT NULL,
    channel_order_id  text COLLATE "C" NOT NULL,
    created_at        timestamptz NOT NULL,
    updated_at        timestamptz,
    channel_status    text NOT NULL,
    stage             smallint NOT NULL CHECK (stage BETWEEN 1 AND 6),
    stage_entered_at  timestamptz NOT NULL,
    retailer_id       text COLLATE "C",
    warehouse_code    text COLLATE "C",
    service_level     text COLLATE "C",
    sku_list          text NOT NULL,
    sku_names         text[] NOT NULL,
    ship_by           timestamptz,
    erp_order_no      text,
    tracking          text COLLATE "C",
    invoice_id        text COLLATE "C",
    attempts          integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    last_kind         text COLLATE "C" CHECK (last_kind IN ('advanced', 'waiting', 'blocked', 'failed')),
    last_reason       text COLLATE "C",
    last_detail       text,
    last_at           timestamptz,
    last_run_id       text,
    -- NULL: never tried in this stage.
    last_tried_at     timestamptz,
    next_try_at       timestamptz,
    hold              text,
    -- run_no of a run in state 'running', never of another: whoever ends a run frees its claims.
    claimed_by        bigint,
    stored_at         timestamptz NOT NULL,
    changed_at        timestamptz NOT NULL,
    raw               bytea NOT NULL,
    UNIQUE (route, po)
) WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);

-- Payloads are text of a few kilobytes: lz4 packs and unpacks them several times faster than pglz.
-- A server built without it keeps pglz.
DO $$
BEGIN
    EXECUTE 'ALTER TABLE order_sync ALTER COLUMN raw SET COMPRESSION lz4';
EXCEPTION WHEN OTHERS THEN
    RAISE NOTICE 'payloads are compressed by pglz: %', SQLERRM;
END
$$;

-- Work selection: never-tried orders lead; claimed ones are not in it at all.
CREATE INDEX order_sync_work ON order_sync (route, stage, last_tried_at NULLS FIRST, created_at, po, next_try_at)
    WHERE stage < 5 AND claimed_by IS NULL;
-- The list. The last four columns let rare values of a filter be found without reading the rows.
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
CREATE INDEX order_sync_sku ON order_sync USING gin (sku_names);

-- Parts of PO and tracking numbers. pg_trgm comes with every packaged server; without it, or without
-- the right to create it, such a search reads the list.
DO $$
BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
    CREATE INDEX order_sync_po_part ON order_sync USING gin (po gin_trgm_ops);
    CREATE INDEX order_sync_tracking_part ON order_sync USING gin (tracking gin_trgm_ops);
EXCEPTION WHEN OTHERS THEN
    RAISE NOTICE 'parts of PO numbers are searched without an index: %', SQLERRM;
END
$$;

CREATE TABLE order_unreadable (
    route     text COLLATE "C" NOT NULL,
    key       text COLLATE "C" NOT NULL,
    reason    text NOT NULL,
    detail    text NOT NULL,
    first_at  timestamptz NOT NULL,
    last_at   timestamptz NOT NULL,
    raw       bytea NOT NULL,
    PRIMARY KEY (route, key)
);
CREATE INDEX order_unreadable_list ON order_unreadable (route, last_at);

-- What happened to an order, append only. Equal outcomes in a row are one event that counts.
CREATE TABLE order_event (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    route       text COLLATE "C" NOT NULL,
    po          text COLLATE "C" NOT NULL,
    at          timestamptz NOT NULL,
    last_at     timestamptz NOT NULL,
    times       integer NOT NULL DEFAULT 1 CHECK (times > 0),
    kind        text NOT NULL CHECK (kind IN ('pulled', 'changed', 'outcome', 'write', 'operator')),
    by          text NOT NULL,
    from_stage  smallint CHECK (from_stage BETWEEN 1 AND 6),
    to_stage    smallint CHECK (to_stage BETWEEN 1 AND 6),
    what        text NOT NULL,
    detail      text NOT NULL
);
CREATE INDEX order_event_order ON order_event (route, po, id);

-- How far pulling has come; moves forward only.
CREATE TABLE pull_mark (
    route  text COLLATE "C" NOT NULL,
    kind   text NOT NULL CHECK (kind IN ('created', 'updated')),
    mark   timestamptz NOT NULL,
    PRIMARY KEY (route, kind)
);
