//! Statements: fixed SQL text with its declared types, made and registered by `sql!` alone.
//! Lists assembled from fragments live in `select`; what is done with the register, in `registry`.

use std::marker::PhantomData;

use super::rows::ColumnType;
use super::value::{Type, Value};

/// One statement of the program, as `sql!` declares it.
#[derive(Debug)]
pub struct Statement {
    /// Where it stands: file and line.
    pub name: &'static str,
    /// The module it stands in.
    pub module: &'static str,
    /// Its text for SQLite.
    pub sqlite: &'static str,
    /// Its text for PostgreSQL, with `$1` for `?1`.
    pub postgres: &'static str,
    /// The types of its parameters.
    pub parameters: &'static [Type],
    /// The columns that its rows are read into.
    pub columns: &'static [ColumnType],
}

/// A statement in the program's register.
#[doc(hidden)]
pub struct Registered(pub &'static Statement);

inventory::collect!(Registered);

/// A statement with the values of its parameters, answering with rows of `R`.
pub struct Bound<'a, R> {
    pub(super) statement: &'static Statement,
    pub(super) values: &'a [Value<'a>],
    row: PhantomData<fn() -> R>,
}

impl<'a, R> Bound<'a, R> {
    #[doc(hidden)]
    pub const fn new(statement: &'static Statement, values: &'a [Value<'a>]) -> Self {
        Self { statement, values, row: PhantomData }
    }
}

/// The text with `$1` for every `?1`, outside of quotes. Both have the same length, so this can be done when compiling.
#[doc(hidden)]
pub const fn dollars<const N: usize>(text: &str) -> [u8; N] {
    let text = text.as_bytes();
    let mut bytes = [0; N];
    let mut quote = 0;
    let mut at = 0;
    while at < N {
        let byte = text[at];
        bytes[at] = byte;
        if quote != 0 {
            if byte == quote {
                quote = 0;
            }
        } else if byte == b'\'' || byte == b'"' {
            quote = byte;
        } else if byte == b'?' && at + 1 < N && text[at + 1].is_ascii_digit() {
            bytes[at] = b'$';
        }
        at += 1;
    }
    bytes
}

/// The bytes that `dollars` made, as text again.
#[doc(hidden)]
pub const fn as_text(bytes: &'static [u8]) -> &'static str {
    match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(_) => panic!("dollars only replaces ASCII by ASCII"),
    }
}

/// A registered statement with its values: `sql!(RowType: "SELECT … WHERE id = ?1"; pg "…", Id<Ticket> = id)`.
/// The row type and the other text for PostgreSQL may be left out. Values are taken by reference.
#[macro_export]
macro_rules! sql {
    ($row:ty : $sqlite:expr $(, $type:ty = $value:expr)* $(,)?) => {
        $crate::sql!(@bound $row, $sqlite, $sqlite $(, $type = $value)*)
    };
    ($row:ty : $sqlite:expr; pg $postgres:expr $(, $type:ty = $value:expr)* $(,)?) => {
        $crate::sql!(@bound $row, $sqlite, $postgres $(, $type = $value)*)
    };
    (@bound $row:ty, $sqlite:expr, $postgres:expr $(, $type:ty = $value:expr)*) => {
        // The values stand outside of the inner block, so that what they borrow lives until the call is done.
        $crate::store::database::Bound::<'_, $row>::new(
            {
                static STATEMENT: $crate::store::database::Statement = {
                    const POSTGRES: &str = $postgres;
                    const DOLLARS: [u8; POSTGRES.len()] = $crate::store::database::statement::dollars(POSTGRES);
                    $crate::store::database::Statement {
                        name: concat!(file!(), ":", line!()),
                        module: module_path!(),
                        sqlite: $sqlite,
                        postgres: $crate::store::database::statement::as_text(&DOLLARS),
                        parameters: &[$(<$type as $crate::store::database::Parameter>::TYPE),*],
                        columns: <$row as $crate::store::database::Row>::COLUMNS,
                    }
                };
                $crate::store::database::inventory::submit! { $crate::store::database::statement::Registered(&STATEMENT) }
                &STATEMENT
            },
            &[$(<$type as $crate::store::database::Parameter>::value(&$value)),*],
        )
    };
    ($sqlite:expr $(, $type:ty = $value:expr)* $(,)?) => {
        $crate::sql!(@bound (), $sqlite, $sqlite $(, $type = $value)*)
    };
    ($sqlite:expr; pg $postgres:expr $(, $type:ty = $value:expr)* $(,)?) => {
        $crate::sql!(@bound (), $sqlite, $postgres $(, $type = $value)*)
    };
}
