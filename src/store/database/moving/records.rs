//! Whole rows of any listed table, read in the order of their keys and written in portions.
//! Nothing here knows a table by its name.

use std::pin::pin;

use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::ToSql;

use super::{Table, quoted};
use crate::store::database::connection::{Connection, Driver};
use crate::store::database::error::{Error, Result};
use crate::store::database::postgres::Session;
use crate::store::database::postgres_values::driver_type;
use crate::store::database::value::{Cell, Type, Value};
use crate::store::database::{postgres, sqlite};

/// The values of a row, in the order of the table's columns.
pub type Record = Vec<Value<'static>>;

/// How many rows are read at a time. A row may be as long as a request, 1 MiB.
const PAGE: usize = 128;

/// A portion is written when it has that many rows, or is about that long in bytes.
const ROWS: usize = 2_000;
const BYTES: usize = 4 << 20;

/// Rows that are written together.
#[derive(Debug, Default)]
pub struct Portion {
    records: Vec<Record>,
    bytes: usize,
}

impl Portion {
    /// Takes a row in.
    pub fn push(&mut self, record: Record) {
        self.bytes += record.iter().map(weight).sum::<usize>();
        self.records.push(record);
    }

    /// Whether it is time to write it.
    pub const fn is_full(&self) -> bool {
        self.records.len() >= ROWS || self.bytes >= BYTES
    }

    /// Whether there is nothing in it.
    pub const fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// The rows.
    pub fn records(&self) -> &[Record] {
        &self.records
    }
}

fn weight(value: &Value<'_>) -> usize {
    size_of::<Value<'_>>()
        + match value {
            Value::Text(text) => text.len(),
            Value::Bytes(bytes) => bytes.len(),
            _ => 0,
        }
}

/// A walk through a table's rows, in the order of their keys. It ends with the transaction that it is made in.
///
/// SQLite finds each page by its key; PostgreSQL, whose indexes begin with the organization, holds a cursor and sorts where it must.
#[derive(Debug)]
pub struct Walk<'t> {
    table: &'t Table,
    begun: bool,
    last: Option<Record>,
}

impl<'t> Walk<'t> {
    /// Before the first row.
    pub const fn through(table: &'t Table) -> Self {
        Self { table, begun: false, last: None }
    }

    /// The next rows; none at the end.
    pub fn page(&mut self, db: &mut Connection) -> Result<Vec<Record>> {
        let page = match &mut db.driver {
            Driver::Sqlite(connection) => self.page_of_sqlite(connection),
            Driver::Postgres(session) => self.page_of_postgres(session),
        };
        db.doomed |= page.is_err();
        page
    }

    fn page_of_sqlite(&mut self, connection: &rusqlite::Connection) -> Result<Vec<Record>> {
        let Table { name, key, columns } = self.table;
        let (names, order) = (self.table.names(), self.table.order(false));
        let after = if self.last.is_some() {
            let marks = super::listed((1..=key.len()).map(|number| format!("?{number}")));
            format!("WHERE ({order}) > ({marks})")
        } else {
            String::new()
        };
        let text = format!("SELECT {names} FROM {} {after} ORDER BY {order} LIMIT {PAGE}", quoted(name));
        let mut statement = connection.prepare_cached(&text)?;
        if let Some(last) = &self.last {
            let by_key = key.iter().filter_map(|name| columns.iter().position(|column| column.name == *name));
            for (index, position) in by_key.enumerate() {
                statement.raw_bind_parameter(index + 1, &last[position])?;
            }
        }
        let mut rows = statement.raw_query();
        let mut page = Vec::with_capacity(PAGE);
        while let Some(row) = rows.next()? {
            page.push(self.record(|index| sqlite::cell(row, index))?);
        }
        self.last = page.last().cloned().or(self.last.take());
        Ok(page)
    }

    fn page_of_postgres(&mut self, session: &mut Session) -> Result<Vec<Record>> {
        if !self.begun {
            self.begun = true;
            let (names, order) = (self.table.names(), self.table.order(true));
            let select = format!("SELECT {names} FROM {} ORDER BY {order}", quoted(self.table.name));
            // An earlier walk may have been broken off.
            session.batch(&format!("CLOSE ALL; DECLARE walk NO SCROLL CURSOR FOR {select}"))?;
        }
        let fetch = format!("FETCH {PAGE} FROM walk");
        let rows = session.exchange(async |client, _, _| client.query_typed(&fetch, &[]).await)?;
        rows.iter().map(|row| self.record(|index| postgres::cell(row, index))).collect()
    }

    fn record<'a>(&self, cell: impl Fn(usize) -> Result<Cell<'a>>) -> Result<Record> {
        let values = self.table.columns.iter().enumerate().map(|(index, column)| {
            let read = cell(index).and_then(|cell| value(column.kind, cell));
            read.map_err(|error| match error {
                Error::Internal(what) => Error::Internal(format!("{}.{}: {what}", self.table.name, column.name)),
                other => other,
            })
        });
        values.collect()
    }
}

/// A cell as what its column is declared to hold: the same value from both databases.
fn value(kind: Type, cell: Cell<'_>) -> Result<Value<'static>> {
    Ok(match (kind, cell) {
        (_, Cell::Null) => Value::Null,
        (Type::Integer, Cell::Integer(number)) => Value::Integer(number),
        (Type::Bool, Cell::Bool(truth)) => Value::Bool(truth),
        (Type::Bool, Cell::Integer(number @ (0 | 1))) => Value::Bool(number == 1),
        (Type::Text, Cell::Text(text)) => Value::from(text).into_owned(),
        (Type::Bytes, Cell::Bytes(bytes)) => Value::from(bytes).into_owned(),
        (Type::Id, Cell::Id(id)) => Value::Id(id),
        (Type::Id, Cell::Bytes(bytes)) => Value::Id(uuid::Uuid::from_slice(bytes).map_err(|_| cell.unexpected("an id"))?),
        _ => return Err(cell.unexpected(&format!("{kind:?}"))),
    })
}

impl Connection {
    /// Writes rows into a table, in this transaction.
    pub(super) fn insert_records(&mut self, table: &Table, records: &[Record]) -> Result<()> {
        let has_nul = |value: &Value<'_>| matches!(value, Value::Text(text) if text.as_bytes().contains(&0));
        if records.iter().flatten().any(has_nul) {
            return Err(Error::NulInText);
        }
        let written = match &mut self.driver {
            Driver::Sqlite(connection) => insert_into_sqlite(connection, table, records),
            Driver::Postgres(session) => insert_into_postgres(session, table, records),
        };
        self.doomed |= written.is_err();
        written
    }

    /// How many rows the table has.
    pub fn count_records(&mut self, table: &Table) -> Result<u64> {
        self.counted(&format!("SELECT COUNT(*) FROM {}", quoted(table.name)))
    }

    /// Whether the table has any row.
    pub(super) fn has_records(&mut self, table: &Table) -> Result<bool> {
        self.counted(&format!("SELECT COUNT(*) FROM (SELECT 1 FROM {} LIMIT 1) AS first", quoted(table.name))).map(|count| count > 0)
    }

    fn counted(&mut self, text: &str) -> Result<u64> {
        let counted = match &mut self.driver {
            Driver::Sqlite(connection) => sqlite::fetch::<(i64,)>(connection, text, &[], 1, &mut None),
            Driver::Postgres(session) => session.fetch(text, &[], &[], &mut None),
        };
        self.doomed |= counted.is_err();
        Ok(counted?.first().map_or(0, |(count,)| u64::try_from(*count).unwrap_or(0)))
    }

    /// Runs commands that were made for one of the databases, and answer with nothing.
    pub(super) fn command_text(&mut self, text: &str) -> Result<()> {
        let done = match &mut self.driver {
            Driver::Sqlite(connection) => connection.execute_batch(text).map_err(Error::from),
            Driver::Postgres(session) => session.batch(text),
        };
        self.doomed |= done.is_err();
        done
    }
}

fn insert_into_sqlite(connection: &rusqlite::Connection, table: &Table, records: &[Record]) -> Result<()> {
    let marks = super::listed((1..=table.columns.len()).map(|number| format!("?{number}")));
    let text = format!("INSERT INTO {} ({}) VALUES ({marks})", quoted(table.name), table.names());
    let mut statement = connection.prepare_cached(&text)?;
    for record in records {
        for (index, value) in record.iter().enumerate() {
            statement.raw_bind_parameter(index + 1, value)?;
        }
        statement.raw_execute()?;
    }
    Ok(())
}

fn insert_into_postgres(session: &mut Session, table: &Table, records: &[Record]) -> Result<()> {
    let text = format!("COPY {} ({}) FROM STDIN (FORMAT binary)", quoted(table.name), table.names());
    let types: Vec<_> = table.columns.iter().map(|column| driver_type(column.kind)).collect();
    session.exchange(async |client, _, _| {
        let mut writer = pin!(BinaryCopyInWriter::new(client.copy_in(&text).await?, &types));
        for record in records {
            let values: Vec<&(dyn ToSql + Sync)> = record.iter().map(|value| value as &(dyn ToSql + Sync)).collect();
            writer.as_mut().write(&values).await?;
        }
        writer.finish().await.map(drop)
    })
}
