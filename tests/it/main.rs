//! The stories of bugtome: what the contract promises, told through the real router on both databases.
//! Files are named like the nouns; what they share is in `harness`.

mod access;
mod comments;
mod errors;
mod events;
mod harness;
mod house;
mod http;
mod idempotency;
mod limits;
mod load;
mod members;
mod organizations;
mod projects;
mod properties;
mod rights;
mod search;
mod statements;
mod ticket_lists;
mod tickets;
mod tokens;
