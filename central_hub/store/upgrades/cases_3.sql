-- From schema 2 to 3: a case's place in the auditors' queue, when a recalled vehicle is due, and whose a sticker is.
-- What a row of before does not say (queued = -1) the hub writes anew from the facts while its clock ticks; the last day of
-- a sticker stands in its payload, and is read at the hub's start.
ALTER TABLE cases ADD COLUMN queued INTEGER NOT NULL DEFAULT 0;
ALTER TABLE cases ADD COLUMN audit_order INTEGER NOT NULL DEFAULT 0;
ALTER TABLE cases ADD COLUMN light TEXT NOT NULL DEFAULT '';
ALTER TABLE cases ADD COLUMN barred TEXT NOT NULL DEFAULT '';
ALTER TABLE cases ADD COLUMN recall_due INTEGER NOT NULL DEFAULT 0;
ALTER TABLE stickers ADD COLUMN vehicle TEXT NOT NULL DEFAULT '';
ALTER TABLE stickers ADD COLUMN valid_until TEXT NOT NULL DEFAULT '';
ALTER TABLE stickers ADD COLUMN holder TEXT NOT NULL DEFAULT '';
ALTER TABLE stickers ADD COLUMN withdrawn INTEGER NOT NULL DEFAULT 0;
UPDATE stickers SET vehicle = COALESCE((SELECT registered FROM cases WHERE cases.case_id = stickers.case_id), '');
UPDATE cases SET queued = -1 WHERE waiting = 1 OR stage = 'withheld';
DROP INDEX cases_recalled;
