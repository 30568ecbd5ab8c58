-- Expands: From nothing.
-- The foundation: who there is, what belongs to whom, tokens, tickets and their history.
-- Ids are 16-byte UUIDs, times and spans are microseconds, statuses, priorities, roles and kinds are ranks.

-- Everybody who can have done something. A user and a project token have the same id here as in their own table.
CREATE TABLE persons (
    id BLOB NOT NULL PRIMARY KEY,
    kind INTEGER NOT NULL,
    name TEXT NOT NULL,
    email TEXT,
    organization_id BLOB
) STRICT, WITHOUT ROWID;
-- Imported persons have a name and nothing else: one row for each name in an organization.
CREATE UNIQUE INDEX persons_imported ON persons (organization_id, name) WHERE kind = 2;

CREATE TABLE users (
    id BLOB NOT NULL PRIMARY KEY REFERENCES persons (id),
    email_key TEXT NOT NULL UNIQUE,
    password_hash TEXT,
    disabled_at INTEGER,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE organizations (
    id BLOB NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    slug TEXT NOT NULL UNIQUE,
    max_token_life INTEGER,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE members (
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    user_id BLOB NOT NULL REFERENCES users (id),
    role INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (organization_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX members_by_user ON members (user_id);

-- The serial makes, with a ticket's number, the ticket's key: tickets of a project lie together.
CREATE TABLE projects (
    id BLOB NOT NULL PRIMARY KEY,
    serial INTEGER NOT NULL UNIQUE,
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    name TEXT NOT NULL,
    code TEXT NOT NULL,
    slug TEXT NOT NULL,
    description TEXT,
    created_at INTEGER NOT NULL,
    archived_at INTEGER,
    deleted_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX projects_code ON projects (organization_id, code) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX projects_slug ON projects (organization_id, slug) WHERE deleted_at IS NULL;
CREATE INDEX projects_deleted ON projects (organization_id) WHERE deleted_at IS NOT NULL;

CREATE TABLE serials (
    name TEXT NOT NULL PRIMARY KEY,
    last INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO serials (name, last) VALUES ('project', 0);

-- One row for each project, changed by one statement as late in a transaction as can be.
CREATE TABLE project_counters (
    project_id BLOB NOT NULL PRIMARY KEY REFERENCES projects (id),
    organization_id BLOB NOT NULL,
    last_number INTEGER NOT NULL,
    open INTEGER NOT NULL,
    in_progress INTEGER NOT NULL,
    resolved INTEGER NOT NULL,
    closed INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX project_counters_by_organization ON project_counters (organization_id);

-- By digest, since that is what each request asks.
CREATE TABLE tokens (
    digest BLOB NOT NULL PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    user_id BLOB REFERENCES users (id),
    project_id BLOB REFERENCES projects (id),
    name TEXT NOT NULL,
    last_four TEXT NOT NULL,
    scopes INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    created_by BLOB REFERENCES persons (id),
    life INTEGER,
    expires_at INTEGER,
    last_used_at INTEGER,
    last_used_from TEXT,
    chain_id BLOB NOT NULL,
    chain_started_at INTEGER NOT NULL,
    predecessor_id BLOB,
    used INTEGER NOT NULL,
    rotated_at INTEGER,
    stops_at INTEGER,
    retry_salt BLOB,
    retry_key_digest BLOB,
    revoked_at INTEGER,
    revoked_by BLOB REFERENCES persons (id),
    revoked_how INTEGER,
    CHECK ((user_id IS NULL) <> (project_id IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX tokens_by_user ON tokens (user_id, id) WHERE user_id IS NOT NULL;
CREATE INDEX tokens_by_project ON tokens (project_id, id) WHERE project_id IS NOT NULL;
CREATE INDEX tokens_by_chain ON tokens (chain_id, id);

-- The key is serial << 32 | number: the rows of a project's page lie beside each other. It is never used for order.
CREATE TABLE tickets (
    key INTEGER NOT NULL PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    organization_id BLOB NOT NULL,
    project_id BLOB NOT NULL REFERENCES projects (id),
    number INTEGER NOT NULL,
    status INTEGER NOT NULL,
    priority INTEGER NOT NULL,
    version INTEGER NOT NULL,
    comments_version INTEGER NOT NULL,
    comments_count INTEGER NOT NULL,
    reporter_id BLOB REFERENCES persons (id),
    assignee_id BLOB REFERENCES persons (id),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    deleted_at INTEGER,
    external_key TEXT,
    title TEXT NOT NULL,
    given_text TEXT NOT NULL,
    when_text TEXT NOT NULL,
    then_text TEXT NOT NULL,
    notes TEXT
) STRICT;
CREATE INDEX tickets_by_project ON tickets (project_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX tickets_by_project_update ON tickets (project_id, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX tickets_by_project_priority ON tickets (project_id, priority, id) WHERE deleted_at IS NULL;
CREATE INDEX tickets_by_organization ON tickets (organization_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX tickets_by_organization_update ON tickets (organization_id, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX tickets_by_organization_priority ON tickets (organization_id, priority, id) WHERE deleted_at IS NULL;
CREATE INDEX tickets_by_assignee ON tickets (assignee_id, organization_id, created_at, id) WHERE assignee_id IS NOT NULL AND deleted_at IS NULL;
CREATE UNIQUE INDEX tickets_by_external_key ON tickets (project_id, external_key) WHERE external_key IS NOT NULL;
CREATE INDEX tickets_deleted ON tickets (deleted_at) WHERE deleted_at IS NOT NULL;

CREATE TABLE comments (
    key INTEGER NOT NULL PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    organization_id BLOB NOT NULL,
    project_id BLOB NOT NULL,
    ticket_id BLOB NOT NULL REFERENCES tickets (id),
    author_id BLOB REFERENCES persons (id),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    content TEXT NOT NULL
) STRICT;
CREATE INDEX comments_by_ticket ON comments (ticket_id, created_at, id);

-- What happened to a ticket. `changes` is JSON that only `domain::events` reads and writes.
CREATE TABLE events (
    id BLOB NOT NULL PRIMARY KEY,
    organization_id BLOB NOT NULL,
    project_id BLOB NOT NULL,
    ticket_id BLOB NOT NULL REFERENCES tickets (id),
    kind INTEGER NOT NULL,
    actor_id BLOB REFERENCES persons (id),
    via INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    changes TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX events_by_ticket ON events (ticket_id, created_at, id);

-- The first answer to a request with an Idempotency-Key, for 24 hours.
CREATE TABLE idempotency (
    caller_id BLOB NOT NULL,
    request BLOB NOT NULL,
    body BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    status INTEGER,
    headers TEXT,
    answer BLOB,
    PRIMARY KEY (caller_id, request)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_by_time ON idempotency (created_at);

-- Full text: words made by `store::search`, with the project and the organization as words of each document.
CREATE VIRTUAL TABLE ticket_words USING fts5 (
    words, content = '', contentless_delete = 1, detail = none, tokenize = "ascii tokenchars '_'"
);
CREATE VIRTUAL TABLE comment_words USING fts5 (
    words, content = '', contentless_delete = 1, detail = none, tokenize = "ascii tokenchars '_'"
);
