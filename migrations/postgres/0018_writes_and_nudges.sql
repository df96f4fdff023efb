-- A write is inserted once and changes its state twice or more often: where no index knows its state, and its page has
-- room, that touches no index. The open ones of a kind are found among all of the kind, of which there are few where
-- they are asked for: one for each item.
DROP INDEX remote_write_open;
ALTER TABLE remote_write SET (fillfactor = 60);

-- One index less for each fact of a history: its number alone is nothing that anybody looks for.
ALTER TABLE order_event DROP CONSTRAINT order_event_pkey;
ALTER TABLE order_event ADD PRIMARY KEY (route, po, id);
DROP INDEX order_event_order;

-- A payload lies beside its order, unless it is short: an order that moves on is written anew as a whole, and four in
-- five bytes of it were a payload that had not changed.
ALTER TABLE order_sync SET (toast_tuple_target = 128);

-- Something was learned of the order, or a person did something about it, while a run held it: it is due again as soon
-- as the run lets it go, whatever the run finds.
ALTER TABLE order_claim ADD COLUMN nudged boolean NOT NULL DEFAULT false;
