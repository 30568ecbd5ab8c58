//! The stories of bugtome: what the contract promises, told through the real router on both databases.
//! Files are named like the nouns; what they share is in `harness`.

mod comments;
mod events;
mod harness;
mod statements;
mod tickets;
