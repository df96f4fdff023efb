-- What stock runs saw and did, append only until it is old. Quantities are up to 2^32 - 1.
CREATE TABLE stock_sync (
    id                bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    route             text COLLATE "C" NOT NULL,
    run_id            text COLLATE "C" NOT NULL,
    at                timestamptz NOT NULL,
    warehouse_code    text COLLATE "C" NOT NULL,
    erp_warehouse_id  text COLLATE "C" NOT NULL,
    sku               text COLLATE "C" NOT NULL,
    erp_sku           text COLLATE "C" NOT NULL,
    erp_quantity      bigint CHECK (erp_quantity >= 0),
    channel_quantity  bigint CHECK (channel_quantity >= 0),
    difference        bigint GENERATED ALWAYS AS (erp_quantity - channel_quantity) STORED,
    result            text COLLATE "C" NOT NULL
                      CHECK (result IN ('equal', 'different', 'written', 'unconfirmed', 'skipped', 'failed')),
    reason            text COLLATE "C",
    detail            text
);

-- The list, newest first; old ones are forgotten along it.
CREATE INDEX stock_sync_list ON stock_sync (route, at DESC, warehouse_code, sku, id);
-- The list over all routes.
CREATE INDEX stock_sync_all ON stock_sync (at DESC, route, warehouse_code, sku, id);
-- The newest record of each key, found without reading the rows.
CREATE INDEX stock_sync_key ON stock_sync (route, warehouse_code, erp_sku, at DESC, id DESC);
CREATE INDEX stock_sync_run ON stock_sync (run_id, warehouse_code, sku);
