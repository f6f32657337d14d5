-- The ledger and what is derived from it. Times are Unix milliseconds of the hub.
-- entries, heads and seal are the truth; all else but accounts can be rebuilt from them.

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
) STRICT, WITHOUT ROWID;

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
) STRICT, WITHOUT ROWID;
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

-- The audit: who holds what, who said what, whose seeds draw, who is on shift. Times are Unix milliseconds.
-- audit_leases, audit_clock, audit_seeds, audit_shifts, audit_probes and audit_recusals are the office's own; the others
-- follow from facts.

-- One person's hold on one case, as long as it lasts. until: lease time.
CREATE TABLE IF NOT EXISTS audit_leases (
    token INTEGER PRIMARY KEY,
    case_id TEXT NOT NULL UNIQUE,
    person TEXT NOT NULL UNIQUE,
    round INTEGER NOT NULL,
    probe INTEGER NOT NULL,
    due INTEGER NOT NULL,
    taken INTEGER NOT NULL,
    until INTEGER NOT NULL
) STRICT;

-- How others ended, to tell their holders: 'decided', 'released' or 'expired'. A table of its own, for it grows.
CREATE TABLE IF NOT EXISTS audit_leases_ended (
    token INTEGER PRIMARY KEY,
    case_id TEXT NOT NULL,
    person TEXT NOT NULL,
    until INTEGER NOT NULL,
    ended TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS audit_leases_ended_until ON audit_leases_ended (until);

-- The time that leases live by: the greatest that was seen, and how far that is in front of the hub's clock. tokens: the
-- last one that was given.
CREATE TABLE IF NOT EXISTS audit_clock (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    latest INTEGER NOT NULL,
    ahead INTEGER NOT NULL,
    tokens INTEGER NOT NULL
) STRICT;

-- Who asked not to be given a case again, e.g. because they know the owner.
CREATE TABLE IF NOT EXISTS audit_recusals (
    person TEXT NOT NULL,
    case_id TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (person, case_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS audit_opinions (
    id INTEGER PRIMARY KEY,
    case_id TEXT NOT NULL,
    round INTEGER NOT NULL,
    person TEXT NOT NULL,
    decision TEXT NOT NULL,
    seconds INTEGER NOT NULL,
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS audit_opinions_at ON audit_opinions (at);

-- What people decided in the end, beside what the machine said before anybody looked.
CREATE TABLE IF NOT EXISTS audit_outcomes (
    case_id TEXT PRIMARY KEY,
    decision TEXT NOT NULL,
    light TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS audit_outcomes_at ON audit_outcomes (at);

-- The highest level that was told of a case that will be late.
CREATE TABLE IF NOT EXISTS audit_escalated (
    case_id TEXT PRIMARY KEY,
    level INTEGER NOT NULL
) STRICT;

-- The seed of a day's samples: secret until it is shown.
CREATE TABLE IF NOT EXISTS audit_seeds (
    day TEXT PRIMARY KEY,
    seed BLOB NOT NULL,
    revealed INTEGER NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS audit_shifts (
    person TEXT NOT NULL,
    starts INTEGER NOT NULL,
    ends INTEGER NOT NULL,
    PRIMARY KEY (person, starts)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS audit_shifts_end ON audit_shifts (ends);

-- Cases with a known answer; asked: how many people answered.
CREATE TABLE IF NOT EXISTS audit_probes (
    case_id TEXT PRIMARY KEY,
    expected TEXT NOT NULL,
    station TEXT NOT NULL,
    barred TEXT NOT NULL,
    chosen_by TEXT NOT NULL,
    used INTEGER NOT NULL,
    asked INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX IF NOT EXISTS audit_probes_used ON audit_probes (asked, case_id) WHERE used = 1;
CREATE TABLE IF NOT EXISTS audit_answers (
    case_id TEXT NOT NULL,
    person TEXT NOT NULL,
    expected TEXT NOT NULL,
    given TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (case_id, person)
) STRICT, WITHOUT ROWID;

-- VINs that auditors read otherwise than the machine: what a reader can learn from.
CREATE TABLE IF NOT EXISTS audit_corrections (
    id INTEGER PRIMARY KEY,
    case_id TEXT NOT NULL,
    photo TEXT NOT NULL,
    read TEXT NOT NULL,
    corrected TEXT NOT NULL,
    person TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT;

-- What the lists of the console are looked up by; no table of their own.

-- Cases that wait for a review or for their station: few among the many that wait for an audit.
CREATE INDEX IF NOT EXISTS cases_elsewhere ON cases (audit_due, case_id) WHERE waiting = 1 AND queued = 0;
-- How many cases stand in each stage.
CREATE INDEX IF NOT EXISTS cases_of_stage ON cases (stage);
-- The newest cases of one station.
CREATE INDEX IF NOT EXISTS cases_of_station ON cases (station, opened, case_id);

-- Filings (备案) of inspectors, areas and terminals as they stand; derived from their facts. filing: JSON.
CREATE TABLE IF NOT EXISTS filings (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    filing TEXT NOT NULL,
    PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;

-- Who may sign in, who is signed in, and what people asked for. Times are Unix milliseconds of the hub.
-- Secrets stand here and nowhere else: no fact and no log has one.

-- roles: codes with a space between them. person: id of the human being, as inspections name them. locked: until an
-- administrator unlocks it. plain: the password alone is enough, though a role asks for a second factor.
CREATE TABLE IF NOT EXISTS accounts (
    name TEXT PRIMARY KEY,
    title TEXT NOT NULL,
    roles TEXT NOT NULL,
    password TEXT NOT NULL,
    person TEXT NOT NULL DEFAULT '',
    station TEXT NOT NULL DEFAULT '',
    locked INTEGER NOT NULL DEFAULT 0,
    plain INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX IF NOT EXISTS accounts_of_person ON accounts (person);

-- token: its SHA-256. stage: whole, or what is still missing: code, enrol.
CREATE TABLE IF NOT EXISTS sessions (
    token BLOB PRIMARY KEY,
    name TEXT NOT NULL,
    stage TEXT NOT NULL DEFAULT 'whole',
    seen INTEGER NOT NULL,
    until INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS sessions_of_name ON sessions (name);

-- enrolled: 0 until the first right code. last_step: the newest step whose code was taken. failures: wrong codes after
-- the right password, since failures_since.
CREATE TABLE IF NOT EXISTS second_factors (
    name TEXT PRIMARY KEY,
    secret TEXT NOT NULL,
    enrolled INTEGER NOT NULL DEFAULT 0,
    last_step INTEGER NOT NULL DEFAULT 0,
    failures INTEGER NOT NULL DEFAULT 0,
    failures_since INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE IF NOT EXISTS recovery_codes (
    name TEXT NOT NULL,
    code BLOB NOT NULL,
    PRIMARY KEY (name, code)
) STRICT, WITHOUT ROWID;

-- What was changed outside of the running hub, by its command, until the hub wrote the fact.
CREATE TABLE IF NOT EXISTS account_notes (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    change TEXT NOT NULL
) STRICT;

-- Requests for acts that take two people; derived from their facts.
CREATE TABLE IF NOT EXISTS acts (
    number INTEGER PRIMARY KEY,
    act TEXT NOT NULL,
    about TEXT NOT NULL,
    account TEXT NOT NULL,
    person TEXT NOT NULL,
    reason TEXT NOT NULL,
    asked_at INTEGER NOT NULL,
    settled INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX IF NOT EXISTS acts_open ON acts (act, about) WHERE settled = 0;

-- Who looked at which evidence last, so that looking again a moment later is no new fact.
CREATE TABLE IF NOT EXISTS views (
    person TEXT NOT NULL,
    case_id TEXT NOT NULL,
    what TEXT NOT NULL,
    viewed_at INTEGER NOT NULL,
    PRIMARY KEY (person, case_id, what)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS views_by_time ON views (viewed_at);

-- Rulebooks of the installation's own: proposed (signature ''), or signed by the hub's key after two people agreed.
CREATE TABLE IF NOT EXISTS rulebooks (
    digest TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    text TEXT NOT NULL,
    signature TEXT NOT NULL DEFAULT '',
    person TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT;

-- The rules that decisions follow, as the newest fact about each kind says it.
CREATE TABLE IF NOT EXISTS rules_in_force (
    name TEXT PRIMARY KEY,
    digest TEXT NOT NULL
) STRICT;

-- What is done once a day, and the last day for which it was.
CREATE TABLE IF NOT EXISTS daily (
    name TEXT PRIMARY KEY,
    day TEXT NOT NULL
) STRICT;

-- Standing (信用监管): what is counted of inspections, what happened to them and when, and how stations stand.
-- All of it follows from facts, but the list of owners to call back. Times are Unix milliseconds, days YYYY-MM-DD.

-- One row for each concluded inspection. day: when the hub first knew the verdict. opened, concluded: as estimated.
-- longitude, latitude: millionths of a degree. suspicions: codes, with a space around each. looked: of
-- how much it was made; stage: of the case then.
CREATE TABLE IF NOT EXISTS inspected (
    case_id TEXT PRIMARY KEY,
    day TEXT NOT NULL,
    station TEXT NOT NULL,
    inspector TEXT NOT NULL,
    device TEXT NOT NULL,
    registered TEXT NOT NULL,
    mix TEXT NOT NULL,
    passed INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    opened INTEGER NOT NULL,
    concluded INTEGER NOT NULL,
    seconds INTEGER,
    metres INTEGER,
    longitude INTEGER,
    latitude INTEGER,
    accuracy INTEGER NOT NULL,
    retakes INTEGER NOT NULL,
    doubtful INTEGER,
    night INTEGER NOT NULL,
    audited INTEGER NOT NULL,
    overturned INTEGER NOT NULL,
    proven INTEGER NOT NULL,
    suspicions TEXT NOT NULL,
    looked TEXT NOT NULL,
    stage TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS inspected_by_day ON inspected (day, station);
CREATE INDEX IF NOT EXISTS inspected_by_inspector ON inspected (inspector, concluded);
CREATE INDEX IF NOT EXISTS inspected_by_device ON inspected (device, concluded);
CREATE INDEX IF NOT EXISTS inspected_by_vehicle ON inspected (registered, concluded);
CREATE INDEX IF NOT EXISTS inspected_odd ON inspected (station, day) WHERE suspicions <> '' OR overturned = 1 OR proven = 1;

-- What happened to a case, and when the hub first knew; a step that was undone is taken out. who: who did it.
CREATE TABLE IF NOT EXISTS standing_events (
    case_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    at INTEGER NOT NULL,
    station TEXT NOT NULL,
    who TEXT NOT NULL,
    PRIMARY KEY (case_id, kind)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS standing_events_at ON standing_events (at);
CREATE INDEX IF NOT EXISTS standing_events_proven ON standing_events (at) WHERE kind = 'proven';

-- How a station stands, folded from the office's facts (JSON).
CREATE TABLE IF NOT EXISTS standing (
    station TEXT PRIMARY KEY,
    suspended INTEGER NOT NULL,
    body BLOB NOT NULL
) STRICT;

-- The figures of a station or an inspector as they were on a day (JSON).
CREATE TABLE IF NOT EXISTS standing_figures (
    day TEXT NOT NULL,
    subject TEXT NOT NULL,
    name TEXT NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (subject, name, day)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS standing_warnings (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    day TEXT NOT NULL,
    subject TEXT NOT NULL,
    name TEXT NOT NULL,
    rule TEXT NOT NULL,
    level TEXT NOT NULL,
    rules TEXT NOT NULL,
    figures TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS standing_warnings_by_day ON standing_warnings (day);
CREATE INDEX IF NOT EXISTS standing_warnings_by_name ON standing_warnings (subject, name, day);

CREATE TABLE IF NOT EXISTS tips (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    text TEXT NOT NULL,
    station TEXT NOT NULL,
    plate TEXT NOT NULL,
    contact TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS tips_at ON tips (at);

-- Owners to be called back (回访): drawn of a day's inspections. result: '' until somebody has called.
CREATE TABLE IF NOT EXISTS calls (
    case_id TEXT PRIMARY KEY,
    day TEXT NOT NULL,
    station TEXT NOT NULL,
    drawn INTEGER NOT NULL,
    result TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX IF NOT EXISTS calls_by_day ON calls (day);

-- Number ranges of stickers, their prints and their withdrawals; derived from facts. Times are Unix milliseconds.

-- next: value of the next number, last + 1 when none is left. What nobody was allotted is counted in `numbers`.
CREATE TABLE IF NOT EXISTS ranges (
    prefix TEXT NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    holder TEXT NOT NULL,
    next INTEGER NOT NULL,
    allotted INTEGER NOT NULL,
    PRIMARY KEY (prefix, first)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS ranges_of_holder ON ranges (holder, allotted);

-- Every print that was made, also one that nobody allowed: paper that is out there has to be known of.
CREATE TABLE IF NOT EXISTS prints (
    id INTEGER PRIMARY KEY,
    number TEXT NOT NULL,
    copy INTEGER NOT NULL,
    at INTEGER NOT NULL,
    device TEXT NOT NULL,
    person TEXT NOT NULL,
    printer TEXT NOT NULL,
    cause TEXT NOT NULL,
    allowed INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS prints_of_sticker ON prints (number, copy);
CREATE TABLE IF NOT EXISTS reprints (
    number TEXT NOT NULL,
    copy INTEGER NOT NULL,
    at INTEGER NOT NULL,
    person TEXT NOT NULL,
    cause TEXT NOT NULL,
    PRIMARY KEY (number, copy)
) STRICT, WITHOUT ROWID;

-- version: of the list of withdrawn stickers, one more with each of them.
CREATE TABLE IF NOT EXISTS withdrawals (
    version INTEGER PRIMARY KEY,
    number TEXT NOT NULL UNIQUE,
    at INTEGER NOT NULL
) STRICT;
