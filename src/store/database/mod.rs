//! The two drivers behind one type, the statements' registry, transactions and migrations.
//! What the statements say lives in the nouns' files of `store`.

mod checkpointer;
mod connection;
mod copies;
mod error;
mod handle;
mod in_use;
mod look;
mod meter;
pub mod migrations;
pub mod moving;
mod patience;
mod pool;
mod postgres;
mod postgres_target;
mod postgres_values;
mod queue;
mod readers;
pub mod registry;
mod rows;
mod schema;
#[doc(hidden)]
pub mod select;
mod sqlite;
#[doc(hidden)]
pub mod statement;
#[cfg(test)]
mod tests;
mod transaction;
mod url;
#[doc(hidden)]
pub mod value;
mod writer;

#[doc(hidden)]
pub use inventory;

pub use connection::Connection;
pub use copies::{BackUp, BackupFile, Replacement, open_replaced};
pub use error::{Error, Failure, Result};
pub use handle::{Database, Stats};
pub use in_use::Alone;
pub use look::{keeps_a_log, look, size};
pub use meter::Meter;
pub use registry::{detours_to_events, verify_statements, walking_statements};
pub use rows::{Cells, ColumnType, Row, beside};
pub use schema::{Strange, strange_in};
pub use select::{Dialect, Family, Select, Shape};
pub use statement::{Bound, Statement};
pub use url::{DatabaseUrl, NoDatabaseUrl, Options, PostgresUrl};
pub use value::{Cell, Column, Parameter, Type, Value};

pub use crate::{column_as, family, row, sql};
