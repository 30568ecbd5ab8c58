//! What can be done and by whom: one function for each capability, each judged by the permission table in its own transaction.
//! No HTTP, no JSON of requests, no SQL.

pub mod comments;
pub mod ctx;
mod error;
pub mod events;
pub mod idempotency;
pub mod imports;
pub mod members;
pub mod organizations;
pub mod permissions;
pub mod projects;
pub mod reach;
pub mod restore;
pub mod search;
pub mod sweep;
pub mod ticket_lists;
pub mod tickets;
pub mod tokens;
pub mod users;

pub use ctx::{About, Caller, Ctx, Rotation, Who};
pub use error::{Error, Result};
