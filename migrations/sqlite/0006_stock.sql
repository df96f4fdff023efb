-- What stock runs saw and did, append only until it is old. Quantities are up to 2^32 - 1.
CREATE TABLE stock_sync (
    id                INTEGER PRIMARY KEY,
    route             TEXT NOT NULL,
    run_id            TEXT NOT NULL,
    at                INTEGER NOT NULL,
    warehouse_code    TEXT NOT NULL,
    erp_warehouse_id  TEXT NOT NULL,
    sku               TEXT NOT NULL,
    erp_sku           TEXT NOT NULL,
    erp_quantity      INTEGER CHECK (erp_quantity >= 0),
    channel_quantity  INTEGER CHECK (channel_quantity >= 0),
    difference        INTEGER GENERATED ALWAYS AS (erp_quantity - channel_quantity) STORED,
    result            TEXT NOT NULL
                      CHECK (result IN ('equal', 'different', 'written', 'unconfirmed', 'skipped', 'failed')),
    reason            TEXT,
    detail            TEXT
);

-- The list, newest first; old ones are forgotten along it.
CREATE INDEX stock_sync_list ON stock_sync (route, at DESC, warehouse_code, sku, id);
-- The list over all routes.
CREATE INDEX stock_sync_all ON stock_sync (at DESC, route, warehouse_code, sku, id);
-- The newest record of each key, found without reading the rows.
CREATE INDEX stock_sync_key ON stock_sync (route, warehouse_code, erp_sku, at DESC, id DESC);
CREATE INDEX stock_sync_run ON stock_sync (run_id, warehouse_code, sku);
