-- One row per thing that is ever written to a remote: its natural key is the same for ever, so the
-- same thing cannot be intended twice while nobody knows what became of it.
CREATE TABLE remote_write (
    route         TEXT NOT NULL,
    kind          TEXT NOT NULL CHECK (kind IN ('create', 'cancel', 'acknowledge', 'ship', 'invoice', 'stock')),
    po            TEXT NOT NULL,
    part          TEXT NOT NULL,
    state         TEXT NOT NULL
                  CHECK (state IN ('intended', 'accepted', 'unknown', 'applied', 'rejected', 'void')),
    request_hash  TEXT NOT NULL,
    receipt       TEXT,
    message       TEXT,
    attempts      INTEGER NOT NULL CHECK (attempts >= 0),
    intended_at   INTEGER NOT NULL,
    noted_at      INTEGER,
    run_no        INTEGER NOT NULL,
    PRIMARY KEY (route, kind, po, part)
) WITHOUT ROWID;

CREATE INDEX remote_write_order ON remote_write (route, po);
