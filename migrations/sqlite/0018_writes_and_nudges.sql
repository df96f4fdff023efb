-- The library writes an index anew only where one of its columns changes. The stage changes most often, and the lists
-- across stages are found without it: a filter by stage has indexes of its own.
DROP INDEX order_sync_list;
CREATE INDEX order_sync_list ON order_sync
    (route, created_at, po, channel_status, retailer_id, warehouse_code, service_level);
DROP INDEX order_sync_all;
CREATE INDEX order_sync_all ON order_sync
    (created_at, po, route, channel_status, retailer_id, warehouse_code, service_level);
DROP INDEX order_sync_ship;
CREATE INDEX order_sync_ship ON order_sync
    (ship_rank, created_at, po, route, channel_status, retailer_id, warehouse_code, service_level);
DROP INDEX order_sync_status;
CREATE INDEX order_sync_status ON order_sync (channel_status, created_at, po, route);
DROP INDEX order_sync_retailer;
CREATE INDEX order_sync_retailer ON order_sync (retailer_id, created_at, po, route) WHERE retailer_id IS NOT NULL;
DROP INDEX order_sync_warehouse;
CREATE INDEX order_sync_warehouse ON order_sync (warehouse_code, created_at, po, route)
    WHERE warehouse_code IS NOT NULL;
DROP INDEX order_sync_service;
CREATE INDEX order_sync_service ON order_sync (service_level, created_at, po, route)
    WHERE service_level IS NOT NULL;

-- Something was learned of the order, or a person did something about it, while a run held it: it is due again as soon
-- as the run lets it go, whatever the run finds.
ALTER TABLE order_claim ADD COLUMN nudged INTEGER NOT NULL DEFAULT 0;
