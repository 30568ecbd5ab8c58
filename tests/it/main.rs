//! The stories of bugtome: what the contract promises, told through the real router on both databases and by the real process.
//! Files are named like the nouns; what they share is in `harness` (in process), `server` (the binary) and `installation` (commands).

#[cfg(test)]
mod access;
#[cfg(test)]
mod backups;
#[cfg(test)]
mod comments;
#[cfg(test)]
mod dependencies;
#[cfg(test)]
mod durability;
#[cfg(test)]
mod errors;
#[cfg(test)]
mod events;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod house;
#[cfg(test)]
mod http;
#[cfg(test)]
mod idempotency;
#[cfg(test)]
mod imports;
#[cfg(test)]
mod installation;
#[cfg(test)]
mod kill;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod load;
#[cfg(test)]
mod members;
#[cfg(test)]
mod organizations;
#[cfg(test)]
mod process;
#[cfg(test)]
mod projects;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod reindex;
#[cfg(test)]
mod rights;
#[cfg(test)]
mod search;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod server;
#[cfg(test)]
mod statements;
#[cfg(test)]
mod ticket_lists;
#[cfg(test)]
mod tickets;
#[cfg(test)]
mod tokens;
