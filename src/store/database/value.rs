//! What goes into a statement (`Value`), what comes out of a row (`Cell`), and the traits by which types of the model do both.
//! How a value travels to one of the databases lives in `sqlite` and `postgres`.

use std::borrow::Cow;

use compact_str::CompactString;
use uuid::Uuid;

use super::error::{Error, Result};
use crate::model::id::Id;
use crate::model::time::{Span, Time};

/// The types that both databases know. An `Id` is a `uuid` in PostgreSQL and a blob of 16 bytes in SQLite,
/// a `Bool` is `BOOLEAN` there and 0 or 1 here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Type {
    /// A 64-bit integer; the column may be narrower in PostgreSQL.
    Integer,
    /// True or false.
    Bool,
    /// Text without NUL.
    Text,
    /// Any bytes.
    Bytes,
    /// A UUID.
    Id,
}

/// A value on its way into a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value<'a> {
    /// NULL; its type is the one its parameter declares.
    Null,
    /// An integer.
    Integer(i64),
    /// True or false.
    Bool(bool),
    /// Text.
    Text(Cow<'a, str>),
    /// Bytes.
    Bytes(Cow<'a, [u8]>),
    /// A UUID.
    Id(Uuid),
}

impl Value<'_> {
    /// The same value, borrowing nothing.
    pub fn into_owned(self) -> Value<'static> {
        match self {
            Self::Null => Value::Null,
            Self::Integer(number) => Value::Integer(number),
            Self::Bool(truth) => Value::Bool(truth),
            Self::Text(text) => Value::Text(Cow::Owned(text.into_owned())),
            Self::Bytes(bytes) => Value::Bytes(Cow::Owned(bytes.into_owned())),
            Self::Id(uuid) => Value::Id(uuid),
        }
    }
}

/// A value on its way out of a row, borrowed from it. SQLite gives bools as integers and ids as bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell<'a> {
    /// NULL.
    Null,
    /// An integer.
    Integer(i64),
    /// True or false.
    Bool(bool),
    /// Text.
    Text(&'a str),
    /// Bytes.
    Bytes(&'a [u8]),
    /// A UUID.
    Id(Uuid),
}

impl Cell<'_> {
    /// The error of a cell that is not what the program expected there.
    pub fn unexpected(self, expected: &str) -> Error {
        let found = match self {
            Self::Null => "NULL",
            Self::Integer(_) => "an integer",
            Self::Bool(_) => "a bool",
            Self::Text(_) => "text",
            Self::Bytes(_) => "bytes",
            Self::Id(_) => "an id",
        };
        Error::Internal(format!("a column holds {found} where {expected} was expected"))
    }
}

/// What can be bound to a parameter.
pub trait Parameter {
    /// The type it declares.
    const TYPE: Type;
    /// The value it binds.
    fn value(&self) -> Value<'_>;
}

/// What can be read from one column.
pub trait Column: Sized {
    /// The type it expects.
    const TYPE: Type;
    /// Whether it accepts NULL.
    const NULLABLE: bool = false;
    /// Reads it.
    fn take(cell: Cell<'_>) -> Result<Self>;
}

macro_rules! integers {
    ($($type:ty),*) => {$(
        impl Parameter for $type {
            const TYPE: Type = Type::Integer;
            fn value(&self) -> Value<'_> {
                Value::Integer(i64::from(*self))
            }
        }
        impl Column for $type {
            const TYPE: Type = Type::Integer;
            fn take(cell: Cell<'_>) -> Result<Self> {
                match cell {
                    Cell::Integer(number) => Self::try_from(number).map_err(|_| cell.unexpected(stringify!($type))),
                    other => Err(other.unexpected("an integer")),
                }
            }
        }
        impl From<$type> for Value<'_> {
            fn from(number: $type) -> Self {
                Self::Integer(i64::from(number))
            }
        }
    )*};
}
integers!(i64, i32, i16, u32, u16, u8);

impl Parameter for bool {
    const TYPE: Type = Type::Bool;
    fn value(&self) -> Value<'_> {
        Value::Bool(*self)
    }
}

impl Column for bool {
    const TYPE: Type = Type::Bool;
    fn take(cell: Cell<'_>) -> Result<Self> {
        match cell {
            Cell::Bool(truth) => Ok(truth),
            Cell::Integer(0) => Ok(false),
            Cell::Integer(1) => Ok(true),
            other => Err(other.unexpected("a bool")),
        }
    }
}

impl Parameter for str {
    const TYPE: Type = Type::Text;
    fn value(&self) -> Value<'_> {
        Value::Text(Cow::Borrowed(self))
    }
}

impl Parameter for String {
    const TYPE: Type = Type::Text;
    fn value(&self) -> Value<'_> {
        Value::Text(Cow::Borrowed(self))
    }
}

/// Short texts without an allocation: names, codes, addresses.
impl Column for CompactString {
    const TYPE: Type = Type::Text;
    fn take(cell: Cell<'_>) -> Result<Self> {
        match cell {
            Cell::Text(text) => Ok(Self::new(text)),
            other => Err(other.unexpected("text")),
        }
    }
}

impl Column for String {
    const TYPE: Type = Type::Text;
    fn take(cell: Cell<'_>) -> Result<Self> {
        match cell {
            Cell::Text(text) => Ok(text.to_owned()),
            other => Err(other.unexpected("text")),
        }
    }
}

impl Parameter for [u8] {
    const TYPE: Type = Type::Bytes;
    fn value(&self) -> Value<'_> {
        Value::Bytes(Cow::Borrowed(self))
    }
}

impl Parameter for Vec<u8> {
    const TYPE: Type = Type::Bytes;
    fn value(&self) -> Value<'_> {
        Value::Bytes(Cow::Borrowed(self))
    }
}

impl Column for Vec<u8> {
    const TYPE: Type = Type::Bytes;
    fn take(cell: Cell<'_>) -> Result<Self> {
        match cell {
            Cell::Bytes(bytes) => Ok(bytes.to_vec()),
            other => Err(other.unexpected("bytes")),
        }
    }
}

impl<const N: usize> Parameter for [u8; N] {
    const TYPE: Type = Type::Bytes;
    fn value(&self) -> Value<'_> {
        Value::Bytes(Cow::Borrowed(self))
    }
}

impl<const N: usize> Column for [u8; N] {
    const TYPE: Type = Type::Bytes;
    fn take(cell: Cell<'_>) -> Result<Self> {
        match cell {
            Cell::Bytes(bytes) => bytes.try_into().map_err(|_| Error::Internal(format!("a column holds {} bytes, not {N}", bytes.len()))),
            other => Err(other.unexpected("bytes")),
        }
    }
}

impl Parameter for Uuid {
    const TYPE: Type = Type::Id;
    fn value(&self) -> Value<'_> {
        Value::Id(*self)
    }
}

impl Column for Uuid {
    const TYPE: Type = Type::Id;
    fn take(cell: Cell<'_>) -> Result<Self> {
        match cell {
            Cell::Id(uuid) => Ok(uuid),
            Cell::Bytes(bytes) => Self::from_slice(bytes).map_err(|_| cell.unexpected("an id")),
            other => Err(other.unexpected("an id")),
        }
    }
}

impl<T> Parameter for Id<T> {
    const TYPE: Type = Type::Id;
    fn value(&self) -> Value<'_> {
        Value::Id(self.uuid())
    }
}

impl<T> Column for Id<T> {
    const TYPE: Type = Type::Id;
    fn take(cell: Cell<'_>) -> Result<Self> {
        Uuid::take(cell).map(Self::from_uuid)
    }
}

macro_rules! micros {
    ($($type:ty),*) => {$(
        impl Parameter for $type {
            const TYPE: Type = Type::Integer;
            fn value(&self) -> Value<'_> {
                Value::Integer(self.micros())
            }
        }
        impl Column for $type {
            const TYPE: Type = Type::Integer;
            fn take(cell: Cell<'_>) -> Result<Self> {
                i64::take(cell).map(Self::from_micros)
            }
        }
    )*};
}
micros!(Time, Span);

impl<T: Parameter> Parameter for Option<T> {
    const TYPE: Type = T::TYPE;
    fn value(&self) -> Value<'_> {
        self.as_ref().map_or(Value::Null, T::value)
    }
}

impl<T: Column> Column for Option<T> {
    const TYPE: Type = T::TYPE;
    const NULLABLE: bool = true;
    fn take(cell: Cell<'_>) -> Result<Self> {
        if cell == Cell::Null { Ok(None) } else { T::take(cell).map(Some) }
    }
}

impl<T: Parameter + ?Sized> Parameter for &T {
    const TYPE: Type = T::TYPE;
    fn value(&self) -> Value<'_> {
        T::value(self)
    }
}

impl From<bool> for Value<'_> {
    fn from(truth: bool) -> Self {
        Self::Bool(truth)
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl<'a> From<&'a [u8]> for Value<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::Bytes(Cow::Borrowed(bytes))
    }
}

impl<'a, const N: usize> From<&'a [u8; N]> for Value<'a> {
    fn from(bytes: &'a [u8; N]) -> Self {
        Self::Bytes(Cow::Borrowed(bytes))
    }
}

impl From<Vec<u8>> for Value<'_> {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(Cow::Owned(bytes))
    }
}

impl<const N: usize> From<[u8; N]> for Value<'_> {
    fn from(bytes: [u8; N]) -> Self {
        Self::Bytes(Cow::Owned(bytes.to_vec()))
    }
}

impl From<Uuid> for Value<'_> {
    fn from(uuid: Uuid) -> Self {
        Self::Id(uuid)
    }
}

impl<T> From<Id<T>> for Value<'_> {
    fn from(id: Id<T>) -> Self {
        Self::Id(id.uuid())
    }
}

#[doc(hidden)]
pub fn written<'a, T: ?Sized, V: Into<Value<'a>>>(value: &'a T, write: impl FnOnce(&'a T) -> V) -> Value<'a> {
    write(value).into()
}

#[doc(hidden)]
pub fn understood<C, T>(stored: C, name: &str, read: impl FnOnce(C) -> Option<T>) -> Result<T> {
    read(stored).ok_or_else(|| Error::Internal(format!("a column holds no valid {name}")))
}

/// Makes a type of the model a parameter and a column, resting in the store as another type:
/// `column_as!(Status as i64, |status| status.rank(), Status::from_rank)`; the last one returns an `Option`.
#[macro_export]
macro_rules! column_as {
    ($type:ty as $stored:ty, $write:expr, $read:expr $(,)?) => {
        impl $crate::store::database::Parameter for $type {
            const TYPE: $crate::store::database::Type = <$stored as $crate::store::database::Parameter>::TYPE;
            fn value(&self) -> $crate::store::database::Value<'_> {
                $crate::store::database::value::written(self, $write)
            }
        }
        impl $crate::store::database::Column for $type {
            const TYPE: $crate::store::database::Type = <$stored as $crate::store::database::Column>::TYPE;
            fn take(cell: $crate::store::database::Cell<'_>) -> $crate::store::database::Result<Self> {
                let stored = <$stored as $crate::store::database::Column>::take(cell)?;
                $crate::store::database::value::understood(stored, stringify!($type), $read)
            }
        }
    };
}
