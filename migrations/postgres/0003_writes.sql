-- One row per thing that is ever written to a remote: its natural key is the same for ever, so the
-- same thing cannot be intended twice while nobody knows what became of it.
CREATE TABLE remote_write (
    route         text COLLATE "C" NOT NULL,
    kind          text COLLATE "C" NOT NULL
                  CHECK (kind IN ('create', 'cancel', 'acknowledge', 'ship', 'invoice', 'stock')),
    po            text COLLATE "C" NOT NULL,
    part          text COLLATE "C" NOT NULL,
    state         text NOT NULL
                  CHECK (state IN ('intended', 'accepted', 'unknown', 'applied', 'rejected', 'void')),
    request_hash  text NOT NULL,
    receipt       text,
    message       text,
    attempts      integer NOT NULL CHECK (attempts >= 0),
    intended_at   timestamptz NOT NULL,
    noted_at      timestamptz,
    run_no        bigint NOT NULL,
    PRIMARY KEY (route, kind, po, part)
);

CREATE INDEX remote_write_order ON remote_write (route, po);
