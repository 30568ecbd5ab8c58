//! What a table holds, in one number: SHA-256 over its rows in the order of their keys, written in one way for both databases.
//! Reading the rows lives in `records`.

use std::fmt;

use sha2::{Digest, Sha256};

use super::Table;
use super::records::Record;
use crate::store::database::value::Value;

/// How many rows a table has, and what they come to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Measured {
    /// How many.
    pub rows: u64,
    digest: [u8; 32],
}

impl Measured {
    /// The digest as hexadecimal digits.
    pub fn digest(&self) -> String {
        use fmt::Write;
        self.digest.iter().fold(String::with_capacity(64), |mut text, byte| {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} rows with the digest {}", self.rows, self.digest())
    }
}

impl fmt::Debug for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Rows of a table, summed up one after another.
#[derive(Debug, Clone)]
pub struct Sum {
    rows: u64,
    hasher: Sha256,
}

impl Sum {
    /// Of no rows. The table's and the columns' names are part of it.
    pub fn over(table: &Table) -> Self {
        let mut hasher = Sha256::new();
        for name in [table.name].into_iter().chain(table.columns.iter().map(|column| column.name)) {
            sized(&mut hasher, name.as_bytes());
        }
        Self { rows: 0, hasher }
    }

    /// Takes the next row in.
    pub fn add(&mut self, record: &Record) {
        self.rows += 1;
        for value in record {
            let hasher = &mut self.hasher;
            // A sign for the kind, and the length of what has no fixed one: two different rows are never written alike.
            match value {
                Value::Null => hasher.update([0]),
                Value::Integer(number) => {
                    hasher.update([1]);
                    hasher.update(number.to_be_bytes());
                }
                Value::Bool(truth) => hasher.update([2, u8::from(*truth)]),
                Value::Text(text) => {
                    hasher.update([3]);
                    sized(hasher, text.as_bytes());
                }
                Value::Bytes(bytes) => {
                    hasher.update([4]);
                    sized(hasher, bytes);
                }
                Value::Id(id) => {
                    hasher.update([5]);
                    hasher.update(id.as_bytes());
                }
            }
        }
    }

    /// How many rows there have been.
    pub const fn rows(&self) -> u64 {
        self.rows
    }

    /// What they come to so far.
    pub fn measured(&self) -> Measured {
        Measured { rows: self.rows, digest: self.hasher.clone().finalize().into() }
    }
}

fn sized(hasher: &mut Sha256, bytes: &[u8]) {
    hasher.update((bytes.len() as u64).to_be_bytes());
    hasher.update(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::database::moving::text;

    const TABLE: Table = Table { name: "things", key: &["a"], columns: &[text("a"), text("b").or_null()] };

    fn of(rows: &[[Option<&'static str>; 2]]) -> Measured {
        let mut sum = Sum::over(&TABLE);
        for row in rows {
            sum.add(&row.iter().map(|cell| cell.map_or(Value::Null, Value::from)).collect());
        }
        sum.measured()
    }

    #[test]
    fn whatever_differs_in_rows_differs_in_the_digest() {
        let all = [
            of(&[]),
            of(&[[Some("a"), Some("b")]]),
            of(&[[Some("ab"), Some("")]]),
            of(&[[Some("a"), None]]),
            of(&[[Some("a"), Some("")]]),
            of(&[[Some("a"), Some("b")], [Some("a"), Some("b")]]),
            of(&[[Some("a"), Some("b")], [Some("c"), Some("d")]]),
            of(&[[Some("c"), Some("d")], [Some("a"), Some("b")]]),
        ];
        for (at, one) in all.iter().enumerate() {
            assert!(all[at + 1..].iter().all(|other| other.digest != one.digest), "{at}");
        }
        assert_eq!(of(&[[Some("a"), None]]), of(&[[Some("a"), None]]));
    }
}
