-- Expands: From nothing.
-- The foundation: who there is, what belongs to whom, tokens, tickets and their history.
-- The same tables as for SQLite. What belongs to an organization has its id first in its keys and indexes, so that it can be distributed by it;
-- the look-ups that know only an id (a ticket, a comment) have an index that begins with the id.
-- Times and spans are microseconds, statuses, priorities, roles and kinds are ranks.

-- Everybody who can have done something. A user and a project token have the same id here as in their own table.
CREATE TABLE persons (
    id UUID NOT NULL PRIMARY KEY,
    kind BIGINT NOT NULL,
    name TEXT NOT NULL,
    email TEXT,
    organization_id UUID
);
-- Imported persons have a name and nothing else: one row for each name in an organization.
CREATE UNIQUE INDEX persons_imported ON persons (organization_id, name) WHERE kind = 2;

CREATE TABLE users (
    id UUID NOT NULL PRIMARY KEY REFERENCES persons (id),
    email_key TEXT NOT NULL UNIQUE,
    password_hash TEXT,
    disabled_at BIGINT,
    created_at BIGINT NOT NULL
);

CREATE TABLE organizations (
    id UUID NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    slug TEXT NOT NULL UNIQUE,
    max_token_life BIGINT,
    created_at BIGINT NOT NULL
);

CREATE TABLE members (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    user_id UUID NOT NULL REFERENCES users (id),
    role BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (organization_id, user_id)
);
CREATE INDEX members_by_user ON members (user_id);

-- The serial makes, with a ticket's number, the ticket's key: tickets of a project lie together.
CREATE TABLE projects (
    id UUID NOT NULL PRIMARY KEY,
    serial BIGINT NOT NULL UNIQUE,
    organization_id UUID NOT NULL REFERENCES organizations (id),
    name TEXT NOT NULL,
    code TEXT NOT NULL,
    slug TEXT NOT NULL,
    description TEXT,
    created_at BIGINT NOT NULL,
    archived_at BIGINT,
    deleted_at BIGINT
);
CREATE UNIQUE INDEX projects_code ON projects (organization_id, code) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX projects_slug ON projects (organization_id, slug) WHERE deleted_at IS NULL;
CREATE INDEX projects_deleted ON projects (organization_id) WHERE deleted_at IS NOT NULL;

CREATE TABLE serials (
    name TEXT NOT NULL PRIMARY KEY,
    last BIGINT NOT NULL
);
INSERT INTO serials (name, last) VALUES ('project', 0);

-- One row for each project, changed by one statement as late in a transaction as can be.
CREATE TABLE project_counters (
    project_id UUID NOT NULL PRIMARY KEY REFERENCES projects (id),
    organization_id UUID NOT NULL,
    last_number BIGINT NOT NULL,
    open BIGINT NOT NULL,
    in_progress BIGINT NOT NULL,
    resolved BIGINT NOT NULL,
    closed BIGINT NOT NULL
);
CREATE INDEX project_counters_by_organization ON project_counters (organization_id);

-- By digest, since that is what each request asks.
CREATE TABLE tokens (
    digest BYTEA NOT NULL PRIMARY KEY,
    id UUID NOT NULL UNIQUE,
    user_id UUID REFERENCES users (id),
    project_id UUID REFERENCES projects (id),
    name TEXT NOT NULL,
    last_four TEXT NOT NULL,
    scopes BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    created_by UUID REFERENCES persons (id),
    life BIGINT,
    expires_at BIGINT,
    last_used_at BIGINT,
    last_used_from TEXT,
    chain_id UUID NOT NULL,
    chain_started_at BIGINT NOT NULL,
    predecessor_id UUID,
    used BOOLEAN NOT NULL,
    rotated_at BIGINT,
    stops_at BIGINT,
    retry_salt BYTEA,
    retry_key_digest BYTEA,
    revoked_at BIGINT,
    revoked_by UUID REFERENCES persons (id),
    revoked_how BIGINT,
    CHECK ((user_id IS NULL) <> (project_id IS NULL))
);
CREATE INDEX tokens_by_user ON tokens (user_id, id) WHERE user_id IS NOT NULL;
CREATE INDEX tokens_by_project ON tokens (project_id, id) WHERE project_id IS NOT NULL;
CREATE INDEX tokens_by_chain ON tokens (chain_id, id);

-- The key is serial << 32 | number: the rows of a project's page lie beside each other. It is never used for order.
CREATE TABLE tickets (
    key BIGINT NOT NULL,
    id UUID NOT NULL,
    organization_id UUID NOT NULL,
    project_id UUID NOT NULL REFERENCES projects (id),
    number BIGINT NOT NULL,
    status BIGINT NOT NULL,
    priority BIGINT NOT NULL,
    version BIGINT NOT NULL,
    comments_version BIGINT NOT NULL,
    comments_count BIGINT NOT NULL,
    reporter_id UUID REFERENCES persons (id),
    assignee_id UUID REFERENCES persons (id),
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    deleted_at BIGINT,
    external_key TEXT,
    title TEXT NOT NULL,
    given_text TEXT NOT NULL,
    when_text TEXT NOT NULL,
    then_text TEXT NOT NULL,
    notes TEXT,
    PRIMARY KEY (organization_id, key),
    UNIQUE (id, organization_id)
);
CREATE INDEX tickets_by_project ON tickets (organization_id, project_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX tickets_by_project_update ON tickets (organization_id, project_id, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX tickets_by_project_priority ON tickets (organization_id, project_id, priority, id) WHERE deleted_at IS NULL;
CREATE INDEX tickets_by_organization ON tickets (organization_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX tickets_by_organization_update ON tickets (organization_id, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX tickets_by_organization_priority ON tickets (organization_id, priority, id) WHERE deleted_at IS NULL;
CREATE INDEX tickets_by_assignee ON tickets (organization_id, assignee_id, created_at, id) WHERE assignee_id IS NOT NULL AND deleted_at IS NULL;
CREATE UNIQUE INDEX tickets_by_external_key ON tickets (organization_id, project_id, external_key) WHERE external_key IS NOT NULL;
CREATE INDEX tickets_deleted ON tickets (deleted_at) WHERE deleted_at IS NOT NULL;

CREATE TABLE comments (
    key BIGINT NOT NULL GENERATED BY DEFAULT AS IDENTITY,
    id UUID NOT NULL,
    organization_id UUID NOT NULL,
    project_id UUID NOT NULL,
    ticket_id UUID NOT NULL,
    author_id UUID REFERENCES persons (id),
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    content TEXT NOT NULL,
    PRIMARY KEY (organization_id, key),
    UNIQUE (id, organization_id),
    FOREIGN KEY (ticket_id, organization_id) REFERENCES tickets (id, organization_id)
);
CREATE INDEX comments_by_ticket ON comments (organization_id, ticket_id, created_at, id);

-- What happened to a ticket. `changes` is JSON that only `domain::events` reads and writes.
CREATE TABLE events (
    id UUID NOT NULL,
    organization_id UUID NOT NULL,
    project_id UUID NOT NULL,
    ticket_id UUID NOT NULL,
    kind BIGINT NOT NULL,
    actor_id UUID REFERENCES persons (id),
    via BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    changes TEXT NOT NULL,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (ticket_id, organization_id) REFERENCES tickets (id, organization_id)
);
CREATE INDEX events_by_ticket ON events (organization_id, ticket_id, created_at, id);

-- The first answer to a request with an Idempotency-Key, for 24 hours.
CREATE TABLE idempotency (
    caller_id UUID NOT NULL,
    request BYTEA NOT NULL,
    body BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    status BIGINT,
    headers TEXT,
    answer BYTEA,
    PRIMARY KEY (caller_id, request)
);
CREATE INDEX idempotency_by_time ON idempotency (created_at);

-- Full text: words made by `store::search`, with the project and the organization as words of each document.
CREATE TABLE ticket_words (
    key BIGINT NOT NULL,
    organization_id UUID NOT NULL,
    words TSVECTOR NOT NULL,
    PRIMARY KEY (organization_id, key)
);
CREATE INDEX ticket_words_words ON ticket_words USING gin (words);

CREATE TABLE comment_words (
    key BIGINT NOT NULL,
    organization_id UUID NOT NULL,
    words TSVECTOR NOT NULL,
    PRIMARY KEY (organization_id, key)
);
CREATE INDEX comment_words_words ON comment_words USING gin (words);
