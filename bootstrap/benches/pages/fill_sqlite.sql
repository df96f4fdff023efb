-- The same orders, stock records, acts and runs as fill_postgres.sql makes.
CREATE TEMP TABLE made AS
SELECT s.*, printf('PO%09d', n * 7919 % 1000000007) AS po,
    'SKU-' || CAST(2000 * u * u * u AS INTEGER) AS sku, 'SKU-' || CAST(2000 * v AS INTEGER) AS other,
    CASE WHEN stage >= 5 THEN 'advanced' WHEN n % 10 <> 7 THEN
        '["blocked", "waiting", "waiting", "waiting", "failed"]' ->> (n / 11 % 5) END AS kind,
    CASE stage
        WHEN 1 THEN '["missing_shop_mapping", "missing_warehouse_mapping", "missing_address", "remote_unavailable"]'
        WHEN 2 THEN '["erp_not_reviewed", "erp_not_reviewed", "multi_ban", "remote_unavailable"]'
        WHEN 3 THEN '["erp_not_shipped", "erp_not_shipped", "not_fully_shipped", "unknown_erp_sku"]'
        ELSE '["not_fully_shipped", "not_fully_shipped", "missing_price", "remote_unavailable"]'
    END AS reasons
FROM (
    SELECT value AS n, unixepoch() * 1000000 AS now,
        CASE WHEN value % 31 = 0 THEN 'small_route' ELSE 'dsco_lingxing' END AS route,
        CAST((unixepoch() - 31536000.0 * (1 - value * 1.0 / {rows})) * 1000000 AS INTEGER) AS created,
        value * 2654435761 % 4294967296 / 4294967296.0 AS u, value * 2246822519 % 4294967296 / 4294967296.0 AS v,
        CASE WHEN value > {rows} * 0.99 AND value % 5 < 4 THEN 1 + value % 4 WHEN value % 2003 = 0 THEN 1 + value % 4
            WHEN value % 50 = 0 THEN 6 ELSE 5 END AS stage
    FROM (WITH RECURSIVE c (value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM c WHERE value < {rows})
          SELECT value FROM c)
) AS s;

INSERT INTO order_sync (route, po, channel_order_id, created_at, updated_at, channel_status, stage, stage_entered_at,
    retailer_id, warehouse_code, service_level, sku_list, sku_names, ship_by, erp_order_no, tracking, invoice_id,
    attempts, last_kind, last_reason, last_detail, last_at, last_run_id, last_tried_at, stored_at, changed_at, raw, hold)
SELECT route, po, 'c' || n, created, created,
    CASE stage WHEN 6 THEN 'cancelled' WHEN 5 THEN CASE WHEN n % 4 = 0 THEN 'shipped' ELSE 'completed' END
        WHEN 1 THEN 'created' WHEN 2 THEN 'created' ELSE 'shipment_pending' END,
    stage, min(created + (n % 97) * 3600000000, now),
    CASE WHEN n % 33333 = 0 THEN 'retailer-rare' WHEN n > {rows} * 0.98 AND n % 5 = 0 THEN 'retailer-new'
        ELSE 'retailer-' || CAST(12 * u * u AS INTEGER) END,
    CASE WHEN n % 20 > 0 THEN 'WH-' || CAST(6 * v * v AS INTEGER) END,
    CASE WHEN n % 25 > 0 THEN 'LEVEL-' || CAST(8 * v * v * v AS INTEGER) END,
    sku || '(1),' || other || '(2)', json_array(sku, other),
    CASE WHEN n % 19 > 0 THEN created + (1 + n % 5) * 86400000000 END,
    CASE WHEN stage BETWEEN 2 AND 5 THEN '1030' || n END,
    CASE WHEN stage BETWEEN 4 AND 5 THEN '1Z' || n * 6700417 % 1000000007 END,
    CASE WHEN stage = 5 THEN po END,
    CASE WHEN stage = 5 THEN 0 ELSE n % 9 END, kind,
    CASE WHEN kind <> 'advanced' THEN reasons ->> (n / 5 % 4) END,
    CASE WHEN kind <> 'advanced' THEN 'detail-' || n / 4 % 60 END,
    CASE WHEN kind IS NOT NULL THEN min(created + 7200000000, now) END,
    CASE WHEN kind IS NOT NULL THEN 'run-' || n / 50 END,
    CASE WHEN stage < 5 AND kind IS NOT NULL THEN now END,
    created, created,
    CAST('{"poNumber":"' || po || '","lineItems":['
        || replace(hex(zeroblob(12)), '0', '{"consumerPrice":"12.50","description":"A thing of use in the house","quantity":1},')
        || '{}]}' AS BLOB),
    CASE WHEN n % 100000 = 0 THEN 'a person looks into it' END
FROM made;

INSERT INTO order_sku (sku, created_at, po, route)
SELECT sku, created, po, route FROM made UNION SELECT other, created, po, route FROM made;
INSERT INTO order_text (rowid, po, tracking) SELECT id, po, tracking FROM order_sync;
DROP TABLE made;

INSERT INTO order_event (route, po, at, last_at, kind, by, from_stage, to_stage, what, detail)
SELECT o.route, o.po, o.created_at + e.value * 25200000000, o.created_at + e.value * 25200000000,
    CASE e.value WHEN 0 THEN 'pulled' ELSE 'outcome' END, 'push_orders', CASE WHEN e.value > 0 THEN e.value END,
    e.value + 1, 'advanced', ''
FROM order_sync AS o CROSS JOIN json_each('[0, 1, 2, 3, 4]') AS e
WHERE o.id > {rows} * 0.8 AND e.value < o.stage AND o.created_at + e.value * 25200000000 < unixepoch() * 1000000;

INSERT INTO stock_sync (route, run_id, at, warehouse_code, erp_warehouse_id, sku, erp_sku, erp_quantity,
    channel_quantity, result, reason, detail, superseded_at)
SELECT 'dsco_lingxing', 'stock-' || d, (unixepoch() - (50 - d) * 86400) * 1000000, 'WH-' || k % 5, '10' || k % 5,
    'SKU-' || k / 5, 'LX-' || k / 5, q, CASE WHEN r < 80 THEN q WHEN r < 97 THEN max(q + r - 88, 0) END,
    CASE WHEN r < 80 THEN 'equal' WHEN r < 90 THEN 'written' WHEN r < 97 THEN 'different' WHEN r < 99 THEN 'skipped'
        ELSE 'failed' END,
    CASE WHEN r < 90 THEN NULL WHEN r < 97 THEN 'sync_off' WHEN r < 99 THEN 'item_not_in_channel'
        ELSE 'channel_rejected' END,
    CASE WHEN r >= 99 THEN 'the channel said no to item ' || k END,
    CASE WHEN d < 50 AND (d <> 29 OR k % 400 > 0) THEN (unixepoch() - (49 - d) * 86400) * 1000000
        ELSE 9223372036854775807 END
FROM (
    SELECT d, k, (k * 31 + d * 7) % 500 AS q, (k * 7919 + d * 104729) % 100 AS r
    FROM (WITH RECURSIVE c (d) AS (SELECT 1 UNION ALL SELECT d + 1 FROM c WHERE d < 50) SELECT d FROM c) CROSS JOIN
         (WITH RECURSIVE c (k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM c WHERE k < {stock} / 50) SELECT k FROM c)
    WHERE k % 400 > 0 OR d < 30
);

INSERT INTO audit (at, who, what, route, subject, detail)
SELECT (unixepoch() - (200000 - n) * 180) * 1000000, CASE WHEN n % 5000 = 0 THEN 'rare' ELSE 'person-' || n % 9 END,
    '["login", "retry", "retry", "stage", "hold", "settings", "export", "run", "run", "run"]' ->> (n % 10),
    CASE WHEN n % 10 > 0 THEN 'dsco_lingxing' END, printf('PO%09d', n * 7919 % 1000000007), 'why'
FROM (WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 200000) SELECT n FROM c);

INSERT INTO job_run (run_id, route, job, trigger, settings_version, state, lock_key, lease_until, started_at,
    finished_at, report)
SELECT 'run-' || n, 'dsco_lingxing',
    '["pull_orders", "push_orders", "ack_orders", "ship_orders", "invoice_orders"]' ->> (n % 5), 'schedule', 1,
    CASE WHEN n % 40 = 0 THEN 'failed' ELSE 'done' END, '', 0, (unixepoch() - (44000 - n) * 720) * 1000000,
    (unixepoch() - (44000 - n) * 720 + 9) * 1000000, '{"counts":{"advanced":7,"waiting":2}}'
FROM (WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 44000) SELECT n FROM c);
