-- Filings (备案) of inspectors, areas and terminals as they stand; derived from their facts. filing: JSON.
CREATE TABLE IF NOT EXISTS filings (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    filing TEXT NOT NULL,
    PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;
