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
