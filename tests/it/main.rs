//! The stories of bugtome: what the contract promises, told through the real router on both databases and by the real process.
//! Files are named like the nouns; what they share is in `harness` (in process), `twins` (one server on each database), `server` (the binary), `redis_server`
//! and `installation` (commands).

#[cfg(test)]
mod access;
#[cfg(test)]
mod account_pages;
#[cfg(test)]
mod addresses;
#[cfg(test)]
mod as_root;
#[cfg(test)]
mod assets;
#[cfg(test)]
mod audit;
#[cfg(test)]
mod backups;
#[cfg(test)]
mod clock;
#[cfg(test)]
mod cluster;
#[cfg(test)]
mod comment_pages;
#[cfg(test)]
mod comments;
#[cfg(test)]
mod connections;
#[cfg(test)]
mod dependencies;
#[cfg(test)]
mod disks;
#[cfg(test)]
mod doctor;
#[cfg(test)]
mod documentation;
#[cfg(test)]
mod door_pages;
#[cfg(test)]
mod durability;
#[cfg(test)]
mod errors;
#[cfg(test)]
mod events;
#[cfg(test)]
mod failover;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod hostile;
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
mod limits_alone;
#[cfg(test)]
mod list_pages;
#[cfg(test)]
mod living_token_pages;
#[cfg(test)]
mod load;
#[cfg(test)]
mod member_pages;
#[cfg(test)]
mod member_tokens;
#[cfg(test)]
mod members;
#[cfg(test)]
mod metrics;
#[cfg(test)]
mod moving;
#[cfg(test)]
mod nodes;
#[cfg(test)]
mod operating;
#[cfg(test)]
mod organization_pages;
#[cfg(test)]
mod organizations;
#[cfg(test)]
mod page_access;
#[cfg(test)]
mod pooler;
#[cfg(test)]
mod ports;
#[cfg(test)]
mod process;
#[cfg(test)]
mod project_settings_pages;
#[cfg(test)]
mod project_token_pages;
#[cfg(test)]
mod projects;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod redis_server;
#[cfg(test)]
mod reindex;
#[cfg(test)]
mod returning_rights;
#[cfg(test)]
mod rights;
#[cfg(test)]
mod same_answers;
#[cfg(test)]
mod schema;
#[cfg(test)]
mod search;
#[cfg(test)]
mod search_table;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod security;
#[cfg(test)]
mod server;
#[cfg(test)]
mod shared_limits;
#[cfg(test)]
mod sign_ins;
#[cfg(test)]
mod statements;
#[cfg(test)]
mod terminal;
#[cfg(test)]
mod ticket_form_pages;
#[cfg(test)]
mod ticket_lists;
#[cfg(test)]
mod ticket_pages;
#[cfg(test)]
mod tickets;
#[cfg(test)]
mod token_alerts;
#[cfg(test)]
mod token_end_pages;
#[cfg(test)]
mod token_pages;
#[cfg(test)]
mod tokens;
#[cfg(test)]
mod twins;
#[cfg(test)]
mod upgrade;
#[cfg(test)]
mod workspace_pages;
