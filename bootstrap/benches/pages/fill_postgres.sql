-- A year of orders: nearly all finished, one in a hundred open, a few of those old. Frequencies fall off as they do
-- in shops: one retailer, warehouse and item has much of everything, most items have little.
INSERT INTO order_sync (route, po, channel_order_id, created_at, updated_at, channel_status, stage, stage_entered_at,
    retailer_id, warehouse_code, service_level, sku_list, sku_names, ship_by, erp_order_no, tracking, invoice_id,
    attempts, last_kind, last_reason, last_detail, last_at, last_run_id, last_tried_at, stored_at, changed_at, raw, hold)
SELECT route, po, 'c' || n, created, created,
    CASE stage WHEN 6 THEN 'cancelled' WHEN 5 THEN CASE WHEN n % 4 = 0 THEN 'shipped' ELSE 'completed' END
        WHEN 1 THEN 'created' WHEN 2 THEN 'created' ELSE 'shipment_pending' END,
    stage, least(created + (n % 97) * interval '1 hour', now()),
    CASE WHEN n % 33333 = 0 THEN 'retailer-rare' WHEN n > {rows} * 0.98 AND n % 5 = 0 THEN 'retailer-new'
        ELSE 'retailer-' || floor(12 * u * u) END,
    CASE WHEN n % 20 > 0 THEN 'WH-' || floor(6 * v * v) END,
    CASE WHEN n % 25 > 0 THEN 'LEVEL-' || floor(8 * v * v * v) END,
    sku || '(1),' || other || '(2)', ARRAY[sku, other],
    CASE WHEN n % 19 > 0 THEN created + (1 + n % 5) * interval '1 day' END,
    CASE WHEN stage BETWEEN 2 AND 5 THEN '1030' || n END,
    CASE WHEN stage BETWEEN 4 AND 5 THEN '1Z' || n * 6700417 % 1000000007 END,
    CASE WHEN stage = 5 THEN po END,
    CASE WHEN stage = 5 THEN 0 ELSE n % 9 END, kind,
    CASE WHEN kind <> 'advanced' THEN reasons ->> (n / 5 % 4)::int END,
    CASE WHEN kind <> 'advanced' THEN 'detail-' || n / 4 % 60 END,
    CASE WHEN kind IS NOT NULL THEN least(created + interval '2 hours', now()) END,
    CASE WHEN kind IS NOT NULL THEN 'run-' || n / 50 END,
    CASE WHEN stage < 5 AND kind IS NOT NULL THEN now() END,
    created, created,
    convert_to('{"poNumber":"' || po || '","lineItems":['
        || repeat('{"consumerPrice":"12.50","description":"A thing of use in the house","quantity":1},', 24)
        || '{}]}', 'UTF8'),
    CASE WHEN n % 100000 = 0 THEN 'a person looks into it' END
FROM (
    SELECT s.*,
        'PO' || lpad((n * 7919 % 1000000007)::text, 9, '0') AS po,
        'SKU-' || floor(2000 * u * u * u) AS sku, 'SKU-' || floor(2000 * v) AS other,
        CASE WHEN stage >= 5 THEN 'advanced' WHEN n % 10 <> 7 THEN
            '["blocked", "waiting", "waiting", "waiting", "failed"]'::json ->> (n / 11 % 5)::int END AS kind,
        CASE stage
            WHEN 1 THEN '["missing_shop_mapping", "missing_warehouse_mapping", "missing_address", "remote_unavailable"]'
            WHEN 2 THEN '["erp_not_reviewed", "erp_not_reviewed", "multi_ban", "remote_unavailable"]'
            WHEN 3 THEN '["erp_not_shipped", "erp_not_shipped", "not_fully_shipped", "unknown_erp_sku"]'
            ELSE '["not_fully_shipped", "not_fully_shipped", "missing_price", "remote_unavailable"]'
        END::json AS reasons
    FROM (
        SELECT n,
            CASE WHEN n % 31 = 0 THEN 'small_route' ELSE 'dsco_lingxing' END AS route,
            now() - interval '365 days' * (1 - n::float8 / {rows}) AS created,
            n * 2654435761 % 4294967296 / 4294967296.0 AS u, n * 2246822519 % 4294967296 / 4294967296.0 AS v,
            CASE WHEN n > {rows} * 0.99 AND n % 5 < 4 THEN 1 + n % 4 WHEN n % 2003 = 0 THEN 1 + n % 4
                WHEN n % 50 = 0 THEN 6 ELSE 5 END AS stage
        FROM generate_series(1::bigint, {rows}) AS n
    ) AS s
) AS t;

INSERT INTO order_event (route, po, at, last_at, kind, by, from_stage, to_stage, what, detail)
SELECT o.route, o.po, o.created_at + e.k * interval '7 hours', o.created_at + e.k * interval '7 hours',
    CASE e.k WHEN 0 THEN 'pulled' ELSE 'outcome' END, 'push_orders', CASE WHEN e.k > 0 THEN e.k END, e.k + 1,
    'advanced', ''
FROM order_sync AS o CROSS JOIN generate_series(0, 4) AS e (k)
WHERE o.id > {rows} * 0.8 AND e.k < o.stage AND o.created_at + e.k * interval '7 hours' < now();

-- Twenty thousand items each day; one in four hundred was given up a while ago.
INSERT INTO stock_sync (route, run_id, at, warehouse_code, erp_warehouse_id, sku, erp_sku, erp_quantity,
    channel_quantity, result, reason, detail, superseded_at)
SELECT 'dsco_lingxing', 'stock-' || d, now() - (50 - d) * interval '1 day', 'WH-' || k % 5, '10' || k % 5,
    'SKU-' || k / 5, 'LX-' || k / 5, q, CASE WHEN r < 80 THEN q WHEN r < 97 THEN greatest(q + r - 88, 0) END,
    CASE WHEN r < 80 THEN 'equal' WHEN r < 90 THEN 'written' WHEN r < 97 THEN 'different' WHEN r < 99 THEN 'skipped'
        ELSE 'failed' END,
    CASE WHEN r < 90 THEN NULL WHEN r < 97 THEN 'sync_off' WHEN r < 99 THEN 'item_not_in_channel'
        ELSE 'channel_rejected' END,
    CASE WHEN r >= 99 THEN 'the channel said no to item ' || k END,
    CASE WHEN d < 50 AND (d <> 29 OR k % 400 > 0) THEN now() - (49 - d) * interval '1 day' ELSE 'infinity' END
FROM (
    SELECT d, k, (k * 31 + d * 7) % 500 AS q, (k * 7919 + d * 104729) % 100 AS r
    FROM generate_series(1, 50) AS d, generate_series(1, {stock} / 50) AS k
    WHERE k % 400 > 0 OR d < 30
) AS s;

INSERT INTO audit (at, who, what, route, subject, detail)
SELECT now() - (200000 - n) * interval '3 minutes', CASE WHEN n % 5000 = 0 THEN 'rare' ELSE 'person-' || n % 9 END,
    '["login", "retry", "retry", "stage", "hold", "settings", "export", "run", "run", "run"]'::json ->> n % 10,
    CASE WHEN n % 10 > 0 THEN 'dsco_lingxing' END, 'PO' || lpad((n::bigint * 7919 % 1000000007)::text, 9, '0'), 'why'
FROM generate_series(1, 200000) AS n;

INSERT INTO job_run (run_id, route, job, trigger, settings_version, state, lock_key, backend_pid, lease_until,
    started_at, finished_at, report)
SELECT 'run-' || n, 'dsco_lingxing',
    '["pull_orders", "push_orders", "ack_orders", "ship_orders", "invoice_orders"]'::json ->> n % 5, 'schedule', 1,
    CASE WHEN n % 40 = 0 THEN 'failed' ELSE 'done' END, 0, 0, now(), now() - (44000 - n) * interval '12 minutes',
    now() - (44000 - n) * interval '12 minutes' + interval '9 seconds', '{"counts":{"advanced":7,"waiting":2}}'
FROM generate_series(1, 44000) AS n;
