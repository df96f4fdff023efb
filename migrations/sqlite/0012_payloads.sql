-- What the channel said about an order before, the newest few: its page shows what changed.
CREATE TABLE order_payload (
    id           INTEGER PRIMARY KEY,
    order_id     INTEGER NOT NULL,
    replaced_at  INTEGER NOT NULL,
    raw          BLOB NOT NULL
);
CREATE INDEX order_payload_order ON order_payload (order_id, id);
