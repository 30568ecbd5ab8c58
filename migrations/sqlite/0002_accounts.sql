-- Expands: Tables and a column with a default that older programs neither read nor write.
-- Accounts: sessions in browsers, links that open a door once, and how an account looks.

ALTER TABLE users ADD COLUMN theme INTEGER NOT NULL DEFAULT 0;

-- By digest, since that is what each request asks.
CREATE TABLE sessions (
    digest BLOB NOT NULL PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    user_id BLOB NOT NULL REFERENCES users (id),
    created_at INTEGER NOT NULL,
    authenticated_at INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    last_seen_from TEXT NOT NULL,
    device TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_user ON sessions (user_id, id);
CREATE INDEX sessions_by_last_seen ON sessions (last_seen_at);
CREATE INDEX sessions_by_beginning ON sessions (created_at);

-- Browsers from which somebody has signed in before.
CREATE TABLE devices (
    digest BLOB NOT NULL,
    user_id BLOB NOT NULL REFERENCES users (id),
    last_used_at INTEGER NOT NULL,
    PRIMARY KEY (digest, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX devices_by_last_use ON devices (last_used_at);
CREATE INDEX devices_by_user ON devices (user_id);

-- Links by which somebody sets a new password: one for each user, the last one made.
CREATE TABLE reset_links (
    user_id BLOB NOT NULL PRIMARY KEY REFERENCES users (id),
    digest BLOB NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    created_by BLOB REFERENCES persons (id)
) STRICT, WITHOUT ROWID;

-- Links by which somebody becomes a member; a row is gone when its link has been used or withdrawn.
CREATE TABLE invitations (
    id BLOB NOT NULL PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE,
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    email TEXT,
    role INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    created_by BLOB REFERENCES persons (id)
) STRICT, WITHOUT ROWID;
CREATE INDEX invitations_by_organization ON invitations (organization_id, created_at);
CREATE INDEX invitations_by_beginning ON invitations (created_at);

-- The code of the first run, while there is no user: at most one row.
CREATE TABLE setup (
    name TEXT NOT NULL PRIMARY KEY,
    digest BLOB NOT NULL,
    tries INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What changed lately in an organization.
CREATE INDEX events_by_organization ON events (organization_id, created_at, id);
