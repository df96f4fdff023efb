-- Acts of people and programs, append only.
CREATE TABLE audit (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at       timestamptz NOT NULL,
    who      text COLLATE "C" NOT NULL,
    what     text COLLATE "C" NOT NULL,
    route    text COLLATE "C",
    subject  text COLLATE "C" NOT NULL,
    detail   text NOT NULL
);
-- The list, newest first.
CREATE INDEX audit_list ON audit (at, id);
CREATE INDEX audit_who ON audit (who, at, id);
CREATE INDEX audit_what ON audit (what, at, id);
CREATE INDEX audit_route ON audit (route, at, id) WHERE route IS NOT NULL;
-- Parts of subjects; without pg_trgm such a search reads the list.
DO $$
BEGIN
    CREATE INDEX audit_subject_part ON audit USING gin (subject gin_trgm_ops);
EXCEPTION WHEN OTHERS THEN
    RAISE NOTICE 'parts of subjects are searched without an index: %', SQLERRM;
END
$$;

-- Who is logged in. The token itself is nowhere: only its hash.
CREATE TABLE admin_session (
    token_hash  text COLLATE "C" PRIMARY KEY,
    csrf        text NOT NULL,
    who         text NOT NULL,
    created_at  timestamptz NOT NULL,
    seen_at     timestamptz NOT NULL
);

-- Forms that were sent.
CREATE TABLE once_key (
    key  text COLLATE "C" PRIMARY KEY,
    at   timestamptz NOT NULL
);
CREATE INDEX once_key_age ON once_key (at);

-- Orders of each stage, kept by the transactions that change stages: counting a million takes too long.
-- Each server process adds to a shard of its own, as far as there are enough; so writers seldom wait for
-- each other's commits. The sum over the shards is the number of orders; a shard alone may be negative.
CREATE TABLE order_total (
    route   text COLLATE "C" NOT NULL,
    stage   smallint NOT NULL CHECK (stage BETWEEN 1 AND 6),
    shard   smallint NOT NULL,
    orders  bigint NOT NULL,
    PRIMARY KEY (route, stage, shard)
    -- Room for new versions beside the old ones: adding touches no index.
) WITH (fillfactor = 50);

-- Changes of stages, by time.
CREATE INDEX order_event_move ON order_event (route, at, from_stage, to_stage)
    WHERE to_stage IS NOT NULL AND from_stage IS DISTINCT FROM to_stage;

-- Lists by date of shipment, none last, and by time in the stage; within a stage and across stages. The
-- columns after the route let values of a filter be found without reading the rows.
CREATE INDEX order_sync_ship ON order_sync
    (coalesce(ship_by, 'infinity'), created_at, po, route, stage, channel_status, retailer_id, warehouse_code,
     service_level);
CREATE INDEX order_sync_entered ON order_sync
    (stage_entered_at, created_at, po, route, stage, channel_status, retailer_id, warehouse_code, service_level);
CREATE INDEX order_sync_stage_ship ON order_sync
    (route, stage, coalesce(ship_by, 'infinity'), created_at, po, retailer_id, warehouse_code);
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
