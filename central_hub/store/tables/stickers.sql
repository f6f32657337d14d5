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
