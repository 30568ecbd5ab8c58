//! The stories of bugtome: what the contract promises, told through the real router on both databases and by the real process.
//! Files are named like the nouns; what they share is in `harness` (in process) and `server` (the binary).

mod comments;
mod dependencies;
mod durability;
mod events;
mod harness;
mod house;
mod kill;
mod process;
mod secrets;
mod server;
mod statements;
mod tickets;
