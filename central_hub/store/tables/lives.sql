-- Whether a vehicle failed an identity check (查验) shortly before.
CREATE INDEX IF NOT EXISTS cases_of_vehicle ON cases (registered);
