-- When the next record of the same (warehouse, ERP SKU) came; the largest number: this is the newest. So the newest
-- records of any time are those that were superseded later, found without a look at the rest.
ALTER TABLE stock_sync ADD COLUMN superseded_at INTEGER NOT NULL DEFAULT 9223372036854775807;
DROP INDEX stock_sync_list;
DROP INDEX stock_sync_run;
UPDATE stock_sync SET superseded_at = n.next
FROM (SELECT id, lead(at) OVER (PARTITION BY route, warehouse_code, erp_sku ORDER BY at, id) AS next FROM stock_sync) AS n
WHERE stock_sync.id = n.id AND n.next IS NOT NULL;

-- The newest record of each key, as it is listed.
CREATE INDEX stock_sync_newest ON stock_sync (route, at DESC, warehouse_code, sku, id, erp_sku)
    WHERE superseded_at = 9223372036854775807;
-- The list, with what tells the newest of an earlier time, and the names of which parts are looked for.
CREATE INDEX stock_sync_list ON stock_sync (route, at DESC, warehouse_code, sku, id, superseded_at, erp_sku);
-- One run, in the order of the list.
CREATE INDEX stock_sync_run ON stock_sync (run_id, at DESC, route, warehouse_code, sku, id);
-- What people look for: most figures are equal, and have no reason.
CREATE INDEX stock_sync_result ON stock_sync (result, at DESC, route, warehouse_code, sku, id) WHERE result <> 'equal';
CREATE INDEX stock_sync_reason ON stock_sync (reason, at DESC, route, warehouse_code, sku, id)
    WHERE reason IS NOT NULL;
CREATE INDEX stock_sync_difference ON stock_sync (route, at DESC, warehouse_code, sku, id, difference)
    WHERE difference <> 0;
