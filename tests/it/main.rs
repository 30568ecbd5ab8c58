//! The stories of bugtome: what the contract promises, told through the real router on both databases and by the real process.
//! Files are named like the nouns; what they share is in `harness` (in process), `server` (the binary) and `installation` (commands).

mod access;
mod backups;
mod comments;
mod dependencies;
mod durability;
mod errors;
mod events;
mod harness;
mod house;
mod http;
mod idempotency;
mod imports;
mod installation;
mod kill;
mod limits;
mod load;
mod members;
mod organizations;
mod process;
mod projects;
mod properties;
mod reindex;
mod rights;
mod search;
mod secrets;
mod server;
mod statements;
mod ticket_lists;
mod tickets;
mod tokens;
