//! Lists with filters: a SELECT assembled from fixed fragments and bound values, and the families of shapes it can take.
//! Statements of one fixed text are made by `sql!` instead.

use std::fmt::Write;
use std::marker::PhantomData;

use super::rows::{ColumnType, Row};
use super::value::{Parameter, Type, Value};

/// The dialects of the two databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

/// A SELECT under construction, answering with rows of `R`. Fragments are fixed texts; only values are bound.
pub struct Select<R> {
    parts: Vec<Part>,
    pub(super) types: Vec<Type>,
    pub(super) values: Vec<Value<'static>>,
    row: PhantomData<fn() -> R>,
}

#[derive(Clone, Copy)]
enum Part {
    Both(&'static str),
    Each { sqlite: &'static str, postgres: &'static str },
    Number(i64),
    Value,
}

impl<R: Row> Select<R> {
    /// Begins with a fragment.
    pub fn new(text: &'static str) -> Self {
        Self { parts: vec![Part::Both(text)], types: Vec::new(), values: Vec::new(), row: PhantomData }
    }

    /// Appends a fragment. It holds no parameters: those come by `bind`.
    pub fn push(&mut self, text: &'static str) -> &mut Self {
        self.parts.push(Part::Both(text));
        self
    }

    /// Appends a fragment that must differ between the databases.
    pub fn push_pg(&mut self, sqlite: &'static str, postgres: &'static str) -> &mut Self {
        self.parts.push(Part::Each { sqlite, postgres });
        self
    }

    /// Appends a parameter with its value.
    pub fn bind<P: Parameter + ?Sized>(&mut self, value: &P) -> &mut Self {
        self.parts.push(Part::Value);
        self.types.push(P::TYPE);
        self.values.push(value.value().into_owned());
        self
    }

    /// Appends a number as it stands, which makes another text of each number: only for a few that are asked for all the time.
    pub fn number(&mut self, number: i64) -> &mut Self {
        self.parts.push(Part::Number(number));
        self
    }

    /// Appends parameters with commas between them, for `IN (…)`. The last value is repeated up to a power of two,
    /// so that the shapes stay few; no value at all becomes one NULL, which `IN` never finds (do not negate it).
    pub fn bind_in<P: Parameter>(&mut self, values: &[P]) -> &mut Self {
        let Some(last) = values.last() else {
            return self.bind(&None::<P>);
        };
        for at in 0..values.len().next_power_of_two() {
            if at > 0 {
                self.push(", ");
            }
            self.bind(values.get(at).unwrap_or(last));
        }
        self
    }

    /// Appends another select, its parameters numbered on from here.
    pub fn append(&mut self, other: Self) -> &mut Self {
        self.parts.extend(other.parts);
        self.types.extend(other.types);
        self.values.extend(other.values);
        self
    }

    /// Its text for one of the databases.
    pub fn text(&self, dialect: Dialect) -> String {
        let mut text = String::with_capacity(2_048);
        let mut parameters = 0;
        for part in &self.parts {
            match (*part, dialect) {
                (Part::Both(fragment), _)
                | (Part::Each { sqlite: fragment, .. }, Dialect::Sqlite)
                | (Part::Each { postgres: fragment, .. }, Dialect::Postgres) => text.push_str(fragment),
                (Part::Number(number), _) => {
                    // Writing to a String cannot fail.
                    let _ = write!(text, "{number}");
                }
                (Part::Value, _) => {
                    parameters += 1;
                    let sign = if dialect == Dialect::Sqlite { '?' } else { '$' };
                    let _ = write!(text, "{sign}{parameters}");
                }
            }
        }
        text
    }

    fn shape(&self) -> Shape {
        Shape {
            sqlite: self.text(Dialect::Sqlite),
            postgres: self.text(Dialect::Postgres),
            parameters: self.types.clone(),
            columns: R::COLUMNS,
        }
    }
}

/// One shape that a select can take, for the test that prepares every statement.
#[derive(Debug)]
pub struct Shape {
    /// Its text for SQLite.
    pub sqlite: String,
    /// Its text for PostgreSQL.
    pub postgres: String,
    /// The types of its parameters.
    pub parameters: Vec<Type>,
    /// The columns that its rows are read into.
    pub columns: &'static [ColumnType],
}

/// All shapes of one function that assembles selects, as `family!` registers them.
pub struct Family {
    /// What the family is called.
    pub name: &'static str,
    /// The module it stands in.
    pub module: &'static str,
    /// Makes the shapes.
    pub shapes: fn() -> Vec<Shape>,
}

inventory::collect!(Family);

#[doc(hidden)]
pub fn shapes<R: Row>(selects: impl FnOnce() -> Vec<Select<R>>) -> Vec<Shape> {
    selects().iter().map(Select::shape).collect()
}

/// Registers the shapes that an assembling function can make: `family!("tickets list", || -> Vec<Select<TicketRow>> { … });`
#[macro_export]
macro_rules! family {
    ($name:expr, $selects:expr) => {
        $crate::store::database::inventory::submit! {
            $crate::store::database::Family {
                name: $name,
                module: module_path!(),
                shapes: || $crate::store::database::select::shapes($selects),
            }
        }
    };
}
