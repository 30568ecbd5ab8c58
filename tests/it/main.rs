//! Stories

mod backups;
mod imports;
mod installation;
mod reindex;
