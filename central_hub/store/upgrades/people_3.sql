-- From schema 2 to 3: accounts of before keep their role and sign in by password alone as they did; everybody signs in
-- again, for a session knows more now. Run before tables/people.sql.
ALTER TABLE accounts RENAME COLUMN role TO roles;
ALTER TABLE accounts ADD COLUMN person TEXT NOT NULL DEFAULT '';
ALTER TABLE accounts ADD COLUMN station TEXT NOT NULL DEFAULT '';
ALTER TABLE accounts ADD COLUMN locked INTEGER NOT NULL DEFAULT 0;
ALTER TABLE accounts ADD COLUMN plain INTEGER NOT NULL DEFAULT 0;
UPDATE accounts SET person = name, plain = 1;
DROP TABLE sessions;
