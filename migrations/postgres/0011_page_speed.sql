-- When the next record of the same (warehouse, ERP SKU) came; 'infinity': this is the newest. So the newest records
-- of any time are those that were superseded later, found without a look at the rest.
ALTER TABLE stock_sync ADD COLUMN superseded_at timestamptz NOT NULL DEFAULT 'infinity';
DROP INDEX stock_sync_list;
DROP INDEX stock_sync_run;
UPDATE stock_sync AS s SET superseded_at = n.next
FROM (SELECT id, lead(at) OVER (PARTITION BY route, warehouse_code, erp_sku ORDER BY at, id) AS next FROM stock_sync) AS n
WHERE s.id = n.id AND n.next IS NOT NULL;

-- The newest record of each key, as it is listed.
CREATE INDEX stock_sync_newest ON stock_sync (route, at DESC, warehouse_code, sku, id)
    WHERE superseded_at = 'infinity';
-- The list, with what tells the newest of an earlier time.
CREATE INDEX stock_sync_list ON stock_sync (route, at DESC, warehouse_code, sku, id, superseded_at);
-- One run, in the order of the list.
CREATE INDEX stock_sync_run ON stock_sync (run_id, at DESC, route, warehouse_code, sku, id);
-- What people look for: most figures are equal, and have no reason.
CREATE INDEX stock_sync_result ON stock_sync (result, at DESC, route, warehouse_code, sku, id) WHERE result <> 'equal';
CREATE INDEX stock_sync_reason ON stock_sync (reason, at DESC, route, warehouse_code, sku, id)
    WHERE reason IS NOT NULL;
CREATE INDEX stock_sync_difference ON stock_sync (route, at DESC, warehouse_code, sku, id, difference)
    WHERE difference <> 0;
-- Parts of names and details; without pg_trgm such a search reads the list.
DO $$
BEGIN
    CREATE INDEX stock_sync_part ON stock_sync USING gin (sku gin_trgm_ops, erp_sku gin_trgm_ops, detail gin_trgm_ops);
EXCEPTION WHEN OTHERS THEN
    RAISE NOTICE 'parts of names of items are searched without an index: %', SQLERRM;
END
$$;

-- Orders that entered their stage, or were to be shipped, before they were created: next to none. All others come
-- no earlier than their creation in the lists by these times, which therefore start at the first day asked for.
CREATE INDEX order_sync_early_entered ON order_sync (stage_entered_at, created_at, po, route)
    WHERE stage_entered_at < created_at;
CREATE INDEX order_sync_early_ship ON order_sync (coalesce(ship_by, 'infinity'), created_at, po, route)
    WHERE coalesce(ship_by, 'infinity') < created_at;
