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
