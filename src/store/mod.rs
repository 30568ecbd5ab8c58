//! All SQL, one file per noun, over one connection type for both databases.
//! No rule about who may do what: that is the domain's.

pub mod database;
