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
