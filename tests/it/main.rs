//! The stories of bugtome: what the contract promises, told through the real router on both databases and by the real process.
//! Files are named like the nouns; what they share is in `harness` (in process), `server` (the binary) and `installation` (commands).

mod backups;
mod comments;
mod dependencies;
mod durability;
mod events;
mod harness;
mod house;
mod imports;
mod installation;
mod kill;
mod process;
mod reindex;
mod secrets;
mod server;
mod statements;
mod tickets;
