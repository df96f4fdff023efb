-- What the channel said about an order before, the newest few: its page shows what changed.
CREATE TABLE order_payload (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id     bigint NOT NULL,
    replaced_at  timestamptz NOT NULL,
    raw          bytea NOT NULL
);
CREATE INDEX order_payload_order ON order_payload (order_id, id);

-- As for the present payloads: see order_sync.
DO $$
BEGIN
    EXECUTE 'ALTER TABLE order_payload ALTER COLUMN raw SET COMPRESSION lz4';
EXCEPTION WHEN OTHERS THEN
    RAISE NOTICE 'payloads are compressed by pglz: %', SQLERRM;
END
$$;
