-- Acts of people and programs, append only.
CREATE TABLE audit (
    id       INTEGER PRIMARY KEY,
    at       INTEGER NOT NULL,
    who      TEXT NOT NULL,
    what     TEXT NOT NULL,
    route    TEXT,
    subject  TEXT NOT NULL,
    detail   TEXT NOT NULL
);
-- The list, newest first. The last column lets parts of subjects be looked for without reading the rows.
CREATE INDEX audit_list ON audit (at, id, subject);
CREATE INDEX audit_who ON audit (who, at, id);
CREATE INDEX audit_what ON audit (what, at, id);
CREATE INDEX audit_route ON audit (route, at, id) WHERE route IS NOT NULL;

-- Who is logged in. The token itself is nowhere: only its hash.
CREATE TABLE admin_session (
    token_hash  TEXT PRIMARY KEY,
    csrf        TEXT NOT NULL,
    who         TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    seen_at     INTEGER NOT NULL
) WITHOUT ROWID;

-- Forms that were sent.
CREATE TABLE once_key (
    key  TEXT PRIMARY KEY,
    at   INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX once_key_age ON once_key (at);

-- Orders of each stage, kept by the transactions that change stages: counting a million takes too long.
CREATE TABLE order_total (
    route   TEXT NOT NULL,
    stage   INTEGER NOT NULL CHECK (stage BETWEEN 1 AND 6),
    orders  INTEGER NOT NULL,
    PRIMARY KEY (route, stage)
) WITHOUT ROWID;

-- Changes of stages, by time.
CREATE INDEX order_event_move ON order_event (route, at, from_stage, to_stage)
    WHERE to_stage IS NOT NULL AND from_stage IS NOT to_stage;

-- Where an order stands in a list by date of shipment: without a date, last.
ALTER TABLE order_sync ADD COLUMN ship_rank INTEGER
    GENERATED ALWAYS AS (coalesce(ship_by, 9223372036854775807)) VIRTUAL;

-- Lists by date of shipment and by time in the stage, within a stage and across stages. The columns after
-- the route let values of a filter be found without reading the rows.
CREATE INDEX order_sync_ship ON order_sync
    (ship_rank, created_at, po, route, stage, channel_status, retailer_id, warehouse_code, service_level);
CREATE INDEX order_sync_entered ON order_sync
    (stage_entered_at, created_at, po, route, stage, channel_status, retailer_id, warehouse_code, service_level);
CREATE INDEX order_sync_stage_ship ON order_sync
    (route, stage, ship_rank, created_at, po, retailer_id, warehouse_code);
-- Also the order that waits longest.
DROP INDEX order_sync_age;
CREATE INDEX order_sync_age ON order_sync
    (route, stage, stage_entered_at, created_at, po, retailer_id, warehouse_code);
DROP INDEX order_sync_stage_list;
CREATE INDEX order_sync_stage_list ON order_sync (route, stage, created_at, po, retailer_id, warehouse_code);
-- The lists across stages, with the stage among what is found without reading the rows.
DROP INDEX order_sync_list;
CREATE INDEX order_sync_list ON order_sync
    (route, created_at, po, stage, stage_entered_at, channel_status, retailer_id, warehouse_code, service_level);
DROP INDEX order_sync_all;
CREATE INDEX order_sync_all ON order_sync
    (created_at, po, route, stage, stage_entered_at, channel_status, retailer_id, warehouse_code, service_level);

-- Lists of one value, and the values that there are.
CREATE INDEX order_sync_status ON order_sync (channel_status, created_at, po, route, stage);
CREATE INDEX order_sync_retailer ON order_sync (retailer_id, created_at, po, route, stage)
    WHERE retailer_id IS NOT NULL;
CREATE INDEX order_sync_warehouse ON order_sync (warehouse_code, created_at, po, route, stage)
    WHERE warehouse_code IS NOT NULL;
CREATE INDEX order_sync_service ON order_sync (service_level, created_at, po, route, stage)
    WHERE service_level IS NOT NULL;
