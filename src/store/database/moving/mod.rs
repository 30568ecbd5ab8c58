//! Moving an installation into another database: tables read row by row in the order of their keys, written in portions, and digested.
//! Which tables there are stands in `store::tables`; what is done in which order, in `app::moving`.

mod digest;
mod records;
mod source;
mod target;

pub use digest::{Measured, Sum};
pub use records::{Portion, Record, Walk};
pub use source::Source;
pub(super) use target::is_unfinished;
pub use target::{Found, Target};

use super::value::Type;

/// A table that is copied.
#[derive(Debug)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// The columns by which its rows are told apart and put in order.
    pub key: &'static [&'static str],
    /// All of its columns.
    pub columns: &'static [TableColumn],
}

/// A column of a table that is copied.
#[derive(Debug, Clone, Copy)]
pub struct TableColumn {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: Type,
    /// Whether it may hold NULL.
    pub nullable: bool,
    /// Whether the database gives it the next number by itself where a row comes without one.
    pub numbered: bool,
}

impl TableColumn {
    const fn new(name: &'static str, kind: Type) -> Self {
        Self { name, kind, nullable: false, numbered: false }
    }

    /// The same, where NULL may stand.
    #[must_use]
    pub const fn or_null(self) -> Self {
        Self { nullable: true, ..self }
    }

    /// The same, numbered by the database.
    #[must_use]
    pub const fn numbered(self) -> Self {
        Self { numbered: true, ..self }
    }
}

/// A column of ids.
pub const fn id(name: &'static str) -> TableColumn {
    TableColumn::new(name, Type::Id)
}

/// A column of integers.
pub const fn integer(name: &'static str) -> TableColumn {
    TableColumn::new(name, Type::Integer)
}

/// A column of texts.
pub const fn text(name: &'static str) -> TableColumn {
    TableColumn::new(name, Type::Text)
}

/// A column of bytes.
pub const fn bytes(name: &'static str) -> TableColumn {
    TableColumn::new(name, Type::Bytes)
}

/// A column of true and false.
pub const fn truth(name: &'static str) -> TableColumn {
    TableColumn::new(name, Type::Bool)
}

impl Table {
    /// Its columns as a statement names them.
    fn names(&self) -> String {
        listed(self.columns.iter().map(|column| quoted(column.name)))
    }

    /// The order of its rows. Texts are compared by their bytes, as SQLite does it, and not as a language has it.
    fn order(&self, postgres: bool) -> String {
        listed(self.key.iter().map(|name| {
            let is_text = self.columns.iter().any(|column| column.name == *name && column.kind == Type::Text);
            if postgres && is_text { format!("{} COLLATE \"C\"", quoted(name)) } else { quoted(name) }
        }))
    }
}

fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}

fn listed(names: impl Iterator<Item = String>) -> String {
    names.collect::<Vec<_>>().join(", ")
}
