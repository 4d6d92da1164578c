-- The tables of a relay. Times that things expire by are seconds of the relay's
-- own clock, not the database's. Names and ids sort by their bytes.

CREATE TABLE relay (
    one       boolean PRIMARY KEY DEFAULT true CHECK (one),
    secret    bytea NOT NULL,
    seed      bytea NOT NULL,
    time      bigint,
    last_seq  bigint NOT NULL DEFAULT 0,
    arriving  bytea,
    kept      timestamptz NOT NULL DEFAULT now(),
    pin       bytea,
    blobs     boolean NOT NULL DEFAULT false,
    damaged   bigint NOT NULL DEFAULT 0
);

CREATE TABLE fence (
    slot int PRIMARY KEY,
    n    bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);
INSERT INTO fence (slot) SELECT generate_series(0, 1023);

CREATE TABLE account (
    id                bytea PRIMARY KEY,
    name              text COLLATE "C" NOT NULL UNIQUE,
    version           bigint NOT NULL,
    card              bytea NOT NULL,
    credential        bytea NOT NULL,
    door              bytea NOT NULL,
    door_before       bytea,
    door_until        bigint,
    suspended         boolean NOT NULL DEFAULT false,
    administrator     boolean NOT NULL DEFAULT false,
    mailbox_envelopes bigint,
    mailbox_bytes     bigint,
    blob_bytes        bigint,
    created           bigint NOT NULL,
    records_held      int NOT NULL DEFAULT 0,
    record_bytes_held bigint NOT NULL DEFAULT 0,
    blob_bytes_held   bigint NOT NULL DEFAULT 0
);

CREATE TABLE card (
    acct    bytea NOT NULL,
    version bigint NOT NULL,
    card    bytea NOT NULL,
    PRIMARY KEY (acct, version)
);

CREATE TABLE device (
    acct        bytea NOT NULL,
    id          bytea NOT NULL,
    credential  bytea NOT NULL,
    counter     bytea NOT NULL,
    signed      bytea,
    last_resort bytea,
    next_pair   bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (acct, id)
);

CREATE TABLE prekey (
    acct   bytea NOT NULL,
    device bytea NOT NULL,
    id     bigint NOT NULL,
    pair   bytea NOT NULL,
    PRIMARY KEY (acct, device, id)
);

CREATE TABLE knock_right (
    acct    bytea NOT NULL,
    id      bytea NOT NULL,
    kind    smallint NOT NULL,
    hash    bytea NOT NULL,
    may_fetch boolean NOT NULL,
    knocks  smallint NOT NULL,
    expires bigint NOT NULL,
    PRIMARY KEY (acct, id)
);
CREATE INDEX knock_right_expires ON knock_right (expires);

CREATE TABLE invite (
    id      bytea PRIMARY KEY,
    hash    bytea NOT NULL,
    uses    bigint NOT NULL,
    expires bigint NOT NULL,
    created bigint NOT NULL,
    note    text NOT NULL
);

CREATE TABLE record (
    acct     bytea NOT NULL,
    id       bytea NOT NULL,
    revision bigint NOT NULL,
    value    bytea NOT NULL,
    PRIMARY KEY (acct, id)
);

-- Rows are updated at each deposit: half of each page stays free, so that the
-- next version of a row lies beside the last and no index is touched.
CREATE TABLE mailbox (
    id       bytea PRIMARY KEY,
    acct     bytea NOT NULL,
    device   bytea NOT NULL,
    last_seq bigint NOT NULL DEFAULT 0,
    cnt      bigint NOT NULL DEFAULT 0,
    bytes    bigint NOT NULL DEFAULT 0,
    knocks   bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);
CREATE INDEX mailbox_acct ON mailbox (acct);

CREATE TABLE envelope (
    mbx     bytea NOT NULL,
    seq     bigint NOT NULL,
    msgid   bytea NOT NULL,
    expires bigint NOT NULL,
    knock   smallint NOT NULL,
    head    bytea NOT NULL,
    body    bytea NOT NULL,
    PRIMARY KEY (mbx, seq)
);
CREATE UNIQUE INDEX envelope_msgid ON envelope (mbx, msgid);
CREATE INDEX envelope_expires ON envelope (expires);
ALTER TABLE envelope ALTER body SET STORAGE EXTERNAL;
ALTER TABLE envelope SET (autovacuum_vacuum_scale_factor = 0.01,
                          toast.autovacuum_vacuum_scale_factor = 0.01);

-- Rows that are not what was written.
CREATE TABLE aside (
    what  text NOT NULL,
    key   bytea NOT NULL,
    value bytea NOT NULL,
    PRIMARY KEY (what, key)
);

-- A blob's objects lie at its place. One that is forgotten is going: it takes the
-- place for its id, so that the id is free, until its objects are removed.
CREATE TABLE blob (
    id      bytea PRIMARY KEY,
    acct    bytea NOT NULL,
    length  bigint NOT NULL,
    expires bigint NOT NULL,
    place   bytea NOT NULL,
    going   boolean NOT NULL DEFAULT false,
    emptied boolean NOT NULL DEFAULT false,
    due     timestamptz
);
CREATE INDEX blob_acct ON blob (acct);
CREATE INDEX blob_expires ON blob (expires) WHERE NOT going;
CREATE INDEX blob_due ON blob (due) WHERE going;

CREATE TABLE chunk (
    blob  bytea NOT NULL,
    n     int NOT NULL,
    sha   bytea NOT NULL,
    bytes int NOT NULL,
    PRIMARY KEY (blob, n)
);

-- Buckets that all nodes take from. What a crash forgets of them is a limit that
-- is milder for a moment.
CREATE UNLOGGED TABLE bucket (
    key     bytea PRIMARY KEY,
    full_at bigint NOT NULL
);
