-- Expands: Programs that do not know the table go on as before, and raise no alerts.
-- What the owners of tokens have to look at, until they have said that they did: each kind once for each token.
CREATE TABLE token_alerts (
    token_id BLOB NOT NULL REFERENCES tokens (id),
    kind INTEGER NOT NULL,
    count INTEGER NOT NULL,
    first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    last_from TEXT,
    PRIMARY KEY (token_id, kind)
) STRICT, WITHOUT ROWID;
