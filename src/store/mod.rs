//! All SQL, one file per noun, over one connection type for both databases.
//! No rule about who may do what: that is the domain's.

pub mod clock;
mod columns;
pub mod comments;
pub mod condition;
pub mod database;
pub mod events;
pub mod history;
pub mod idempotency;
pub mod installation;
pub mod invitations;
pub mod likeness;
pub mod member_tokens;
pub mod members;
pub mod organizations;
pub mod persons;
pub mod projects;
pub mod rights;
pub mod search;
pub mod sessions;
pub mod setup;
pub mod tables;
pub mod ticket_lists;
pub mod ticket_searches;
pub mod tickets;
pub mod token_alerts;
pub mod token_lists;
pub mod tokens;
pub mod users;
pub mod workspace;
