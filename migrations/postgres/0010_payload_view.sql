-- A payload is kept byte for byte, whatever it is; one that is no text must not fail the whole view.
CREATE FUNCTION ipass_payload_text(raw bytea) RETURNS text
    LANGUAGE plpgsql STABLE STRICT
AS $$
BEGIN
    RETURN convert_from(raw, 'UTF8');
EXCEPTION WHEN character_not_in_repertoire OR untranslatable_character THEN
    RETURN encode(raw, 'escape');
END
$$;

CREATE OR REPLACE VIEW dsco_order_sync AS
SELECT route,
       po AS po_number,
       stage AS status,
       channel_status AS dsco_status,
       floor(extract(epoch FROM created_at))::bigint AS dsco_create_time,
       retailer_id AS dsco_retailer_id,
       ipass_payload_text(raw) COLLATE "C" AS payload,
       sku_list AS mskus,
       warehouse_code AS warehouse_id,
       service_level AS shipment,
       tracking AS shipped_tracking_no,
       invoice_id AS dsco_invoice_id,
       floor(extract(epoch FROM stored_at))::bigint AS created_at,
       floor(extract(epoch FROM changed_at))::bigint AS updated_at
FROM order_sync;
