//! What can be done and by whom: one function for each capability, each judged by the permission table in its own transaction.
//! No HTTP, no JSON of requests, no SQL.

pub mod accounts;
pub mod audit;
pub mod clock;
pub mod comments;
pub mod ctx;
mod error;
pub mod events;
pub mod history;
pub mod idempotency;
pub mod imports;
pub mod installation;
pub mod invitations;
pub mod likeness;
pub mod member_tokens;
pub mod members;
pub mod mentions;
pub mod opened;
pub mod organizations;
pub mod permissions;
pub mod places;
pub mod projects;
pub mod reach;
pub mod resets;
pub mod restore;
pub mod returns;
pub mod search;
pub mod sessions;
pub mod setup;
pub mod sweep;
pub mod ticket_lists;
pub mod tickets;
pub mod token_alerts;
pub mod token_settings;
pub mod tokens;
pub mod users;
pub mod workspace;

pub use ctx::{About, Caller, Ctx, Ours, Rotation, Who};
pub use error::{Error, Result};
