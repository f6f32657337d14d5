-- From schema 3 to 4: directives and heads stand in the order in which they came, beside an index by their device. Rows as
-- large as these in the order of their key had a commit write two to six pages for each.
ALTER TABLE heads RENAME TO heads_3;
CREATE TABLE heads (
    device TEXT NOT NULL,
    last INTEGER NOT NULL,
    sent INTEGER NOT NULL,
    signature BLOB NOT NULL,
    PRIMARY KEY (device, last)
) STRICT;
INSERT INTO heads SELECT device, last, sent, signature FROM heads_3;
DROP TABLE heads_3;
ALTER TABLE directives RENAME TO directives_3;
CREATE TABLE directives (
    device TEXT NOT NULL,
    number INTEGER NOT NULL,
    message BLOB NOT NULL,
    written INTEGER NOT NULL,
    settled INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (device, number)
) STRICT;
INSERT INTO directives SELECT device, number, message, written, settled FROM directives_3;
DROP TABLE directives_3;
