-- What each order's present payload is known by. Most of what is pulled is known already, and a digest tells that
-- without reading either side. Beside the order, because an order's row is written at every step of its way and a
-- digest only when its payload changes. updated_at is the order's: where the two differ, an older version has
-- written the order, and the digest counts for nothing. SQLite makes no digests: an order from before gets its own
-- when it is pulled again.
CREATE TABLE order_digest (
    order_id   INTEGER PRIMARY KEY,
    digest     BLOB NOT NULL,
    updated_at INTEGER
) STRICT;

CREATE INDEX order_digest_digest ON order_digest (digest);
