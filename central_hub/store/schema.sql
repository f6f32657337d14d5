-- The ledger and what is derived from it. Times are Unix milliseconds of the hub.
-- entries, heads and seal are the truth; all else but accounts can be rebuilt from them.
-- WITHOUT ROWID where rows are small; large ones in the order of their key would make a commit write more pages.

CREATE TABLE IF NOT EXISTS entries (
    pos INTEGER PRIMARY KEY,
    device TEXT NOT NULL,
    seq INTEGER NOT NULL,
    case_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    received INTEGER NOT NULL,
    raw BLOB NOT NULL,
    UNIQUE (device, seq)
) STRICT;
CREATE INDEX IF NOT EXISTS entries_by_case ON entries (case_id);

-- What a device signed: its chain up to a fact. One row for each batch.
CREATE TABLE IF NOT EXISTS heads (
    device TEXT NOT NULL,
    last INTEGER NOT NULL,
    sent INTEGER NOT NULL,
    signature BLOB NOT NULL,
    PRIMARY KEY (device, last)
) STRICT;

-- The Merkle tree head over all entries, signed by the hub, written with every commit.
CREATE TABLE IF NOT EXISTS seal (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    size INTEGER NOT NULL,
    peaks BLOB NOT NULL,
    signature BLOB NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS devices (
    device TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    station TEXT NOT NULL,
    public_key BLOB NOT NULL,
    password TEXT NOT NULL,
    have INTEGER NOT NULL DEFAULT 0,
    head BLOB NOT NULL,
    contact INTEGER NOT NULL DEFAULT 0,
    skew INTEGER NOT NULL DEFAULT 0,
    directives INTEGER NOT NULL DEFAULT 0,
    revoked INTEGER NOT NULL DEFAULT 0,
    quarantined TEXT NOT NULL DEFAULT '',
    told INTEGER NOT NULL DEFAULT 0,
    told_at INTEGER NOT NULL DEFAULT 0,
    photos_waiting INTEGER NOT NULL DEFAULT 0,
    refused INTEGER NOT NULL DEFAULT 0
) STRICT;

-- What a device's clocks showed when it was heard: of each boot the pairing that took the shortest way.
CREATE TABLE IF NOT EXISTS contacts (
    device TEXT NOT NULL,
    boot TEXT NOT NULL,
    mono INTEGER NOT NULL,
    wall INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (device, boot)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS cases (
    case_id TEXT PRIMARY KEY,
    regime TEXT NOT NULL,
    station TEXT NOT NULL,
    inspector TEXT NOT NULL,
    device TEXT NOT NULL,
    serial TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    registered TEXT NOT NULL,
    plate_kind TEXT NOT NULL,
    plate TEXT NOT NULL,
    vin TEXT NOT NULL,
    stage TEXT NOT NULL,
    opened INTEGER NOT NULL,
    audit_due INTEGER NOT NULL,
    waiting INTEGER NOT NULL,
    overdue INTEGER NOT NULL,
    queued INTEGER NOT NULL DEFAULT 0,
    audit_order INTEGER NOT NULL DEFAULT 0,
    light TEXT NOT NULL DEFAULT '',
    barred TEXT NOT NULL DEFAULT '',
    recall_due INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX IF NOT EXISTS cases_of_serial ON cases (serial);
CREATE INDEX IF NOT EXISTS cases_of_vehicle ON cases (registered);
CREATE INDEX IF NOT EXISTS cases_waiting ON cases (audit_due) WHERE waiting = 1;
CREATE INDEX IF NOT EXISTS cases_queued ON cases (audit_order, case_id) WHERE queued = 1;
CREATE INDEX IF NOT EXISTS cases_of_before ON cases (case_id) WHERE queued = -1;
CREATE INDEX IF NOT EXISTS cases_to_come_back ON cases (recall_due) WHERE recall_due > 0;
CREATE INDEX IF NOT EXISTS cases_opened ON cases (opened);

-- vehicle: registered VIN, or 整车出厂编号. valid_until: last day, as YYYY-MM-DD. holder: whose range the number is of.
-- One valid sticker a vehicle and period, whatever is retried.
CREATE TABLE IF NOT EXISTS stickers (
    number TEXT PRIMARY KEY,
    case_id TEXT NOT NULL UNIQUE,
    payload BLOB NOT NULL,
    issued INTEGER NOT NULL,
    vehicle TEXT NOT NULL DEFAULT '',
    valid_until TEXT NOT NULL DEFAULT '',
    holder TEXT NOT NULL DEFAULT '',
    withdrawn INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS stickers_of_vehicle ON stickers (vehicle, valid_until)
    WHERE withdrawn = 0 AND valid_until <> '';
CREATE TABLE IF NOT EXISTS numbers (
    prefix TEXT PRIMARY KEY,
    last INTEGER NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS photos (
    digest TEXT NOT NULL,
    case_id TEXT NOT NULL,
    device TEXT NOT NULL,
    kind TEXT NOT NULL,
    media TEXT NOT NULL,
    size INTEGER NOT NULL,
    stored INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (digest, case_id, device)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS photos_awaited ON photos (device, digest) WHERE stored = 0;

CREATE TABLE IF NOT EXISTS directives (
    device TEXT NOT NULL,
    number INTEGER NOT NULL,
    message BLOB NOT NULL,
    written INTEGER NOT NULL,
    settled INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (device, number)
) STRICT;
CREATE INDEX IF NOT EXISTS directives_open ON directives (device, number) WHERE settled = 0;

-- What was not taken: counted for ever, of each device and kind the newest ones with a sample.
CREATE TABLE IF NOT EXISTS refusals (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    device TEXT NOT NULL,
    code TEXT NOT NULL,
    text TEXT NOT NULL,
    size INTEGER NOT NULL,
    sample BLOB NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS refusals_of_kind ON refusals (device, code, id);
CREATE TABLE IF NOT EXISTS refusal_counts (
    device TEXT NOT NULL,
    code TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (device, code)
) STRICT, WITHOUT ROWID;
