-- What each order's present payload is known by. Most of what is pulled is known already, and a digest tells that
-- without reading either side. Beside the order, because an order's row is written at every step of its way and a
-- digest only when its payload changes. updated_at is the order's: where the two differ, an older version has
-- written the order, and the digest counts for nothing.
CREATE TABLE order_digest (
    order_id   bigint PRIMARY KEY,
    digest     bytea NOT NULL,
    updated_at timestamptz
);

INSERT INTO order_digest SELECT id, sha256(raw), updated_at FROM order_sync;

CREATE INDEX order_digest_digest ON order_digest (digest);
