-- What the lists of the console are looked up by; no table of their own.

-- Cases that wait for a review or for their station: few among the many that wait for an audit.
CREATE INDEX IF NOT EXISTS cases_elsewhere ON cases (audit_due, case_id) WHERE waiting = 1 AND queued = 0;
-- How many cases stand in each stage.
CREATE INDEX IF NOT EXISTS cases_of_stage ON cases (stage);
-- The newest cases of one station.
CREATE INDEX IF NOT EXISTS cases_of_station ON cases (station, opened, case_id);
