-- Expands: Programs that do not know the table tell the time of their machines, as before.
-- Up to which moment the time may have been told: no clock goes back behind it. Only SQLite needs it; PostgreSQL has a clock of its own.
CREATE TABLE clock (
    name TEXT NOT NULL PRIMARY KEY,
    kept_until BIGINT NOT NULL
);
INSERT INTO clock (name, kept_until) VALUES ('told', 0);
