//! All tables with the product's data, column by column: what a copy into another database takes along, in an order that references allow.
//! What is done with them is `database::moving`'s affair; a test compares this list with the schemas of both databases.

use super::database::moving::{Table, TableColumn, bytes, id, integer, text, truth};

/// The tables. Whoever adds one to the schema, or a column, adds it here. A table comes after those that it refers to.
///
/// Keys are unique, in the same order in both databases, and SQLite finds the rows by them.
pub const TABLES: &[Table] = &[
    Table { name: "persons", key: &["id"], columns: PERSONS },
    Table { name: "users", key: &["id"], columns: USERS },
    Table { name: "organizations", key: &["id"], columns: ORGANIZATIONS },
    Table { name: "members", key: &["organization_id", "user_id"], columns: MEMBERS },
    Table { name: "projects", key: &["id"], columns: PROJECTS },
    Table { name: "installation_keys", key: &["name"], columns: &[text("name"), bytes("value")] },
    Table { name: "serials", key: &["name"], columns: &[text("name"), integer("last")] },
    Table { name: "project_counters", key: &["project_id"], columns: PROJECT_COUNTERS },
    Table { name: "tokens", key: &["digest"], columns: TOKENS },
    Table { name: "shut_out_tokens", key: &["organization_id", "chain_id"], columns: SHUT_OUT_TOKENS },
    Table { name: "token_alerts", key: &["token_id", "kind"], columns: TOKEN_ALERTS },
    Table { name: "token_uses", key: &["organization_id", "token_id"], columns: TOKEN_USES },
    Table { name: "tickets", key: &["id"], columns: TICKETS },
    Table { name: "comments", key: &["id"], columns: COMMENTS },
    Table { name: "events", key: &["id"], columns: EVENTS },
    Table { name: "idempotency", key: &["caller_id", "request"], columns: IDEMPOTENCY },
    Table { name: "sessions", key: &["digest"], columns: SESSIONS },
    Table { name: "devices", key: &["digest", "user_id"], columns: &[bytes("digest"), id("user_id"), integer("last_used_at")] },
    Table { name: "reset_links", key: &["user_id"], columns: RESET_LINKS },
    Table { name: "invitations", key: &["id"], columns: INVITATIONS },
    Table { name: "setup", key: &["name"], columns: &[text("name"), bytes("digest"), integer("tries")] },
];

/// The tables that are not copied, and why.
pub const LEFT_OUT: &[(&str, &str)] = &[
    ("schema_steps", "the schema's own: both databases have the same steps"),
    ("schema_expansions", "as schema_steps"),
    ("clock", "each database tells its own time; what was told is carried over at the end"),
    ("ticket_words", "the full-text index, which has another form in each database and is made anew"),
    ("comment_words", "as ticket_words"),
];

/// The tables that hold something before anybody has used a database: what is in them alone makes no installation.
pub const NEVER_EMPTY: &[&str] = &["installation_keys", "serials", "setup"];

const PERSONS: &[TableColumn] = &[id("id"), integer("kind"), text("name"), text("email").or_null(), id("organization_id").or_null()];

const USERS: &[TableColumn] = &[
    id("id"),
    text("email_key"),
    text("password_hash").or_null(),
    integer("disabled_at").or_null(),
    integer("created_at"),
    integer("theme"),
];

const ORGANIZATIONS: &[TableColumn] = &[id("id"), text("name"), text("slug"), integer("max_token_life").or_null(), integer("created_at")];

const MEMBERS: &[TableColumn] = &[id("organization_id"), id("user_id"), integer("role"), integer("created_at")];

const PROJECTS: &[TableColumn] = &[
    id("id"),
    integer("serial"),
    id("organization_id"),
    text("name"),
    text("code"),
    text("slug"),
    text("description").or_null(),
    integer("created_at"),
    integer("archived_at").or_null(),
    integer("deleted_at").or_null(),
];

const PROJECT_COUNTERS: &[TableColumn] = &[
    id("project_id"),
    id("organization_id"),
    integer("last_number"),
    integer("open"),
    integer("in_progress"),
    integer("resolved"),
    integer("closed"),
];

const TOKENS: &[TableColumn] = &[
    bytes("digest"),
    id("id"),
    id("user_id").or_null(),
    id("project_id").or_null(),
    text("name"),
    text("last_four"),
    integer("scopes"),
    integer("created_at"),
    id("created_by").or_null(),
    integer("life").or_null(),
    integer("expires_at").or_null(),
    integer("last_used_at").or_null(),
    text("last_used_from").or_null(),
    id("chain_id"),
    integer("chain_started_at"),
    id("predecessor_id").or_null(),
    truth("used"),
    integer("rotated_at").or_null(),
    integer("stops_at").or_null(),
    bytes("retry_salt").or_null(),
    bytes("retry_key_digest").or_null(),
    integer("revoked_at").or_null(),
    id("revoked_by").or_null(),
    integer("revoked_how").or_null(),
    text("revoked_why").or_null(),
];

const SHUT_OUT_TOKENS: &[TableColumn] =
    &[id("organization_id"), id("chain_id"), integer("shut_out_at"), id("shut_out_by").or_null(), text("shut_out_why").or_null()];

const TOKEN_ALERTS: &[TableColumn] =
    &[id("token_id"), integer("kind"), integer("count"), integer("first_at"), integer("last_at"), text("last_from").or_null()];

const TOKEN_USES: &[TableColumn] = &[id("organization_id"), id("token_id"), integer("last_used_at"), text("last_used_from")];

const TICKETS: &[TableColumn] = &[
    integer("key"),
    id("id"),
    id("organization_id"),
    id("project_id"),
    integer("number"),
    integer("status"),
    integer("priority"),
    integer("version"),
    integer("comments_version"),
    integer("comments_count"),
    id("reporter_id").or_null(),
    id("assignee_id").or_null(),
    integer("created_at"),
    integer("updated_at"),
    integer("deleted_at").or_null(),
    text("external_key").or_null(),
    text("title"),
    text("given_text"),
    text("when_text"),
    text("then_text"),
    text("notes").or_null(),
];

const COMMENTS: &[TableColumn] = &[
    integer("key").numbered(),
    id("id"),
    id("organization_id"),
    id("project_id"),
    id("ticket_id"),
    id("author_id").or_null(),
    integer("created_at"),
    integer("updated_at"),
    text("content"),
];

const EVENTS: &[TableColumn] = &[
    id("id"),
    id("organization_id"),
    id("project_id"),
    id("ticket_id"),
    integer("kind"),
    id("actor_id").or_null(),
    integer("via"),
    integer("created_at"),
    text("changes"),
];

const IDEMPOTENCY: &[TableColumn] = &[
    id("caller_id"),
    bytes("request"),
    bytes("body"),
    integer("created_at"),
    integer("status").or_null(),
    text("headers").or_null(),
    bytes("answer").or_null(),
];

const SESSIONS: &[TableColumn] = &[
    bytes("digest"),
    id("id"),
    id("user_id"),
    integer("created_at"),
    integer("authenticated_at"),
    integer("last_seen_at"),
    text("last_seen_from"),
    text("device"),
];

const RESET_LINKS: &[TableColumn] = &[id("user_id"), bytes("digest"), integer("created_at"), id("created_by").or_null()];

const INVITATIONS: &[TableColumn] = &[
    id("id"),
    bytes("digest"),
    id("organization_id"),
    text("email").or_null(),
    integer("role"),
    integer("created_at"),
    id("created_by").or_null(),
];
