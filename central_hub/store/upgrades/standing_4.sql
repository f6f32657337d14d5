-- From schema 3 to 4: the inspections of a vehicle are found by its cases.
DROP INDEX IF EXISTS inspected_by_vehicle;
