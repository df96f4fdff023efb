-- One row per name of an item. The list walks its key, newest first, instead of sorting what it finds. The id leads
-- to the order without a look at the rows here.
CREATE TABLE order_sku (
    sku         text COLLATE "C" NOT NULL,
    created_at  timestamptz NOT NULL,
    po          text COLLATE "C" NOT NULL,
    route       text COLLATE "C" NOT NULL,
    order_id    bigint NOT NULL
);

-- Kept by the table itself: a version that knows nothing of it may run beside this one. A name that no index takes is
-- found in the order. A column of an update that is set to what it was writes nothing.
CREATE FUNCTION order_sku_come() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO order_sku (sku, created_at, po, route, order_id)
    SELECT DISTINCT name, n.created_at, n.po, n.route, n.id
    FROM come AS n, unnest(n.sku_names) AS name
    WHERE octet_length(name) <= 1000
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;
CREATE FUNCTION order_sku_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM order_sku AS k
    WHERE k.sku = ANY(old.sku_names) AND k.created_at = old.created_at AND k.po = old.po AND k.route = old.route;
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO order_sku (sku, created_at, po, route, order_id)
        SELECT DISTINCT name, new.created_at, new.po, new.route, new.id
        FROM unnest(new.sku_names) AS name
        WHERE octet_length(name) <= 1000
        ON CONFLICT DO NOTHING;
    END IF;
    RETURN NULL;
END
$$;
-- Before the rows: from here on, writers wait for the end of this file.
CREATE TRIGGER order_sku_come AFTER INSERT ON order_sync REFERENCING NEW TABLE AS come
    FOR EACH STATEMENT EXECUTE FUNCTION order_sku_come();
CREATE TRIGGER order_sku_change AFTER UPDATE OF sku_names, created_at, po, route ON order_sync FOR EACH ROW
    WHEN ((old.sku_names, old.created_at, old.po, old.route)
        IS DISTINCT FROM (new.sku_names, new.created_at, new.po, new.route))
    EXECUTE FUNCTION order_sku_change();
CREATE TRIGGER order_sku_go AFTER DELETE ON order_sync FOR EACH ROW EXECUTE FUNCTION order_sku_change();

INSERT INTO order_sku (sku, created_at, po, route, order_id)
SELECT DISTINCT name, o.created_at, o.po, o.route, o.id
FROM order_sync AS o, unnest(o.sku_names) AS name
WHERE octet_length(name) <= 1000;
ALTER TABLE order_sku ADD PRIMARY KEY (sku, created_at, po, route) INCLUDE (order_id);
ANALYZE order_sku;
DROP INDEX order_sync_sku;

-- Orders that entered their stage, or are to be shipped, long after they were created: few. All others stand within a
-- month of their creation in the lists by these times, so that a list of those created before a day ends there.
CREATE INDEX order_sync_late_entered ON order_sync (stage_entered_at, created_at, po, route)
    WHERE (stage_entered_at AT TIME ZONE 'UTC' > created_at AT TIME ZONE 'UTC' + interval '30 days') IS TRUE;
CREATE INDEX order_sync_late_ship ON order_sync (coalesce(ship_by, 'infinity'), created_at, po, route)
    WHERE (ship_by AT TIME ZONE 'UTC' > created_at AT TIME ZONE 'UTC' + interval '30 days') IS TRUE;
-- How few they are: the server takes a comparison of two columns for a third of the rows, unless it is a truth that it
-- has figures of.
CREATE STATISTICS order_sync_late_entered_share
    ON (stage_entered_at AT TIME ZONE 'UTC' > created_at AT TIME ZONE 'UTC' + interval '30 days') FROM order_sync;
CREATE STATISTICS order_sync_late_ship_share
    ON (ship_by AT TIME ZONE 'UTC' > created_at AT TIME ZONE 'UTC' + interval '30 days') FROM order_sync;
ANALYZE order_sync;

-- The newest record of each key, with what people look for among them.
DROP INDEX stock_sync_newest;
CREATE INDEX stock_sync_newest ON stock_sync (route, at DESC, warehouse_code, sku, id, result, reason, difference)
    WHERE superseded_at = 'infinity';
-- Records that were the newest for longer than a day: few. All others that were at a time came in the day before it.
CREATE INDEX stock_sync_outlived ON stock_sync (route, at DESC, warehouse_code, sku, id, superseded_at)
    WHERE superseded_at < 'infinity'
      AND (superseded_at AT TIME ZONE 'UTC' > at AT TIME ZONE 'UTC' + interval '1 day') IS TRUE;
CREATE STATISTICS stock_sync_outlived_share
    ON (superseded_at AT TIME ZONE 'UTC' > at AT TIME ZONE 'UTC' + interval '1 day') FROM stock_sync;
ANALYZE stock_sync;
