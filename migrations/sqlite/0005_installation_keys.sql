-- Expands: A table.
-- What an installation has once, whichever nodes run it: the key under which shared counts hide whom they are about.
CREATE TABLE installation_keys (
    name TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;
