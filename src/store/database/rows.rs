//! Rows: structs and tuples read from a statement's answer by position.
//! What one column may be lives in `value`.

use super::error::Result;
use super::meter;
use super::value::{Cell, Column, Type};

/// What a row type says of one of its columns, for the test that prepares every statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ColumnType {
    /// The type read.
    pub kind: Type,
    /// Whether NULL is read too.
    pub nullable: bool,
}

impl ColumnType {
    /// What `C` says.
    pub const fn of<C: Column>() -> Self {
        Self { kind: C::TYPE, nullable: C::NULLABLE }
    }
}

/// The cells of one row, taken from left to right.
pub struct Cells<'a> {
    source: Source<'a>,
    next: usize,
    written: u64,
}

enum Source<'a> {
    Sqlite(&'a rusqlite::Row<'a>),
    Postgres(&'a tokio_postgres::Row),
}

impl<'a> Cells<'a> {
    pub(super) const fn of_sqlite(row: &'a rusqlite::Row<'a>) -> Self {
        Self { source: Source::Sqlite(row), next: 0, written: 0 }
    }

    pub(super) const fn of_postgres(row: &'a tokio_postgres::Row) -> Self {
        Self { source: Source::Postgres(row), next: 0, written: 0 }
    }

    /// How long the texts among them are when they are written.
    pub(super) const fn written(&self) -> u64 {
        self.written
    }

    /// Reads the next column.
    pub fn take<C: Column>(&mut self) -> Result<C> {
        let cell: Cell<'_> = match self.source {
            Source::Sqlite(row) => super::sqlite::cell(row, self.next)?,
            Source::Postgres(row) => super::postgres::cell(row, self.next)?,
        };
        self.next += 1;
        if let Cell::Text(text) = cell {
            self.written += meter::written(text);
        }
        C::take(cell)
    }
}

/// What a statement's rows are read into.
pub trait Row: Sized {
    /// Its columns, in order.
    const COLUMNS: &'static [ColumnType];
    /// Reads one row.
    fn take(cells: &mut Cells<'_>) -> Result<Self>;
}

/// The columns of two row types, one after the other: for a row that holds both.
pub const fn beside<const N: usize>(one: &[ColumnType], other: &[ColumnType]) -> [ColumnType; N] {
    let mut both = [ColumnType { kind: Type::Integer, nullable: false }; N];
    let mut at = 0;
    while at < N {
        both[at] = if at < one.len() { one[at] } else { other[at - one.len()] };
        at += 1;
    }
    both
}

/// No columns: the row type of a statement that answers with no rows.
impl Row for () {
    const COLUMNS: &'static [ColumnType] = &[];
    fn take(_: &mut Cells<'_>) -> Result<Self> {
        Ok(())
    }
}

macro_rules! tuples {
    ($($($column:ident)+;)+) => {$(
        impl<$($column: Column),+> Row for ($($column,)+) {
            const COLUMNS: &'static [ColumnType] = &[$(ColumnType::of::<$column>()),+];
            fn take(cells: &mut Cells<'_>) -> Result<Self> {
                Ok(($(cells.take::<$column>()?,)+))
            }
        }
    )+};
}
tuples! {
    A;
    A B;
    A B C;
    A B C D;
    A B C D E;
    A B C D E F;
    A B C D E F G;
    A B C D E F G H;
    A B C D E F G H I;
    A B C D E F G H I J;
    A B C D E F G H I J K;
    A B C D E F G H I J K L;
}

/// Declares a struct whose fields are the columns of a statement, in order.
#[macro_export]
macro_rules! row {
    ($(#[$meta:meta])* $vis:vis struct $name:ident { $($(#[$field_meta:meta])* $field_vis:vis $field:ident: $type:ty),+ $(,)? }) => {
        $(#[$meta])*
        $vis struct $name { $($(#[$field_meta])* $field_vis $field: $type),+ }

        impl $crate::store::database::Row for $name {
            const COLUMNS: &'static [$crate::store::database::ColumnType] = &[$($crate::store::database::ColumnType::of::<$type>()),+];
            fn take(cells: &mut $crate::store::database::Cells<'_>) -> $crate::store::database::Result<Self> {
                Ok(Self { $($field: cells.take()?),+ })
            }
        }
    };
}
