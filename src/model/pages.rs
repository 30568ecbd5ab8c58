//! Pages: how many, from where, in which order, and the cursor that holds a position and nothing else.
//! Which rows a page holds is decided anew on each request.

use super::id::Id;
use super::tickets::Ticket;
use super::time::Time;

/// A page by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// From 1.
    pub number: i64,
    /// Rows a page, from 1.
    pub size: i64,
}

impl Page {
    /// Rows before this page.
    pub const fn offset(self) -> i64 {
        (self.number - 1).saturating_mul(self.size)
    }

    /// How many pages so many rows fill.
    pub const fn pages_of(self, total: i64) -> i64 {
        (total + self.size - 1) / self.size
    }
}

/// By what tickets are sorted; ties go by id in the same direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortKey {
    /// When they were filed.
    CreatedAt,
    /// When they last changed.
    UpdatedAt,
    /// How urgent they are.
    Priority,
}

/// A key and a direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort {
    /// By what.
    pub key: SortKey,
    /// Largest first.
    pub descending: bool,
}

impl Sort {
    /// The contract's default: newest first.
    pub const NEWEST: Self = Self { key: SortKey::CreatedAt, descending: true };

    /// Reads `created_at`, `updated_at` or `priority`, with `-` for descending.
    pub fn from_word(word: &str) -> Option<Self> {
        let (descending, word) = word.strip_prefix('-').map_or((false, word), |rest| (true, rest));
        let key = match word {
            "created_at" => SortKey::CreatedAt,
            "updated_at" => SortKey::UpdatedAt,
            "priority" => SortKey::Priority,
            _ => return None,
        };
        Some(Self { key, descending })
    }

    /// The word that [`Sort::from_word`] reads.
    pub const fn word(self) -> &'static str {
        match (self.key, self.descending) {
            (SortKey::CreatedAt, false) => "created_at",
            (SortKey::CreatedAt, true) => "-created_at",
            (SortKey::UpdatedAt, false) => "updated_at",
            (SortKey::UpdatedAt, true) => "-updated_at",
            (SortKey::Priority, false) => "priority",
            (SortKey::Priority, true) => "-priority",
        }
    }
}

/// Where a page ended: the sort's value and the id of its last ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// The order in which the position was reached.
    pub sort: Sort,
    /// Microseconds, or a priority's rank.
    pub value: i64,
    /// The last ticket of the page before.
    pub id: Id<Ticket>,
}

impl Cursor {
    /// As it stands in a link: sort, value, id.
    pub fn encode(&self) -> String {
        format!("{}.{}.{}", self.sort.word(), self.value, self.id.uuid().simple())
    }

    /// Reads what [`Cursor::encode`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let (sort, value, id) = (parts.next()?, parts.next()?, parts.next()?);
        let id = if id.len() == 32 { uuid::Uuid::try_parse(id).ok()? } else { return None };
        let cursor = Self { sort: Sort::from_word(sort)?, value: value.parse().ok()?, id: Id::from_uuid(id) };
        // One spelling only, so that two texts are never the same position.
        (parts.next().is_none() && cursor.encode() == text).then_some(cursor)
    }

    /// The moment at which the page ended, where the sort is by time.
    pub const fn time(&self) -> Time {
        Time::from_micros(self.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_lead_back_and_junk_does_not() {
        let cursor =
            Cursor { sort: Sort::NEWEST, value: 1_700_000_000_000_000, id: "0193a3c4-0000-7000-8000-00000000000a".parse().unwrap() };
        assert_eq!(Cursor::parse(&cursor.encode()), Some(cursor));
        for wrong in
            ["", ".", "..", "-created_at.1", "x.1.0193a3c4000070008000000000000000", "-created_at.+1.0193a3c4000070008000000000000000"]
        {
            assert_eq!(Cursor::parse(wrong), None, "{wrong}");
        }
    }
}
