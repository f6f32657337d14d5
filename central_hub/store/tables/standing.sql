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
