-- For people who query the database by hand, under the names that they know. The service reads neither.
-- Times are whole seconds since 1970-01-01 UTC.

CREATE VIEW dsco_order_sync AS
SELECT route,
       po AS po_number,
       stage AS status,
       channel_status AS dsco_status,
       floor(extract(epoch FROM created_at))::bigint AS dsco_create_time,
       retailer_id AS dsco_retailer_id,
       convert_from(raw, 'UTF8') AS payload,
       sku_list AS mskus,
       warehouse_code AS warehouse_id,
       service_level AS shipment,
       tracking AS shipped_tracking_no,
       invoice_id AS dsco_invoice_id,
       floor(extract(epoch FROM stored_at))::bigint AS created_at,
       floor(extract(epoch FROM changed_at))::bigint AS updated_at
FROM order_sync;

CREATE VIEW dsco_warehouse_sync AS
SELECT id,
       route,
       run_id,
       floor(extract(epoch FROM at))::bigint AS sync_time,
       warehouse_code AS dsco_warehouse,
       erp_warehouse_id AS lingxing_warehouse,
       sku AS dsco_sku,
       erp_sku AS lingxing_sku,
       channel_quantity AS dsco_quantity,
       erp_quantity AS lingxing_quantity,
       difference,
       result AS status,
       reason,
       detail AS reason_detail
FROM stock_sync;
