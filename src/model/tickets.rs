//! What a ticket is: its status, its priority, its code.
//! Its texts are in `text`; what may be done with it is in `domain::tickets`.

use std::fmt;

use super::draft::{Field, Text};
use super::problems::Problem;

/// The noun of `Id<Ticket>`.
pub enum Ticket {}

/// The noun of `Id<Comment>`.
pub enum Comment {}

/// Declares words that the contract lists, with the rank under which they rest in the store.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$variant_doc])* $variant),+
        }

        impl $name {
            /// All of them, by rank.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The contract's word.
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word),+
                }
            }

            /// The one that the word names.
            pub fn from_word(word: &str) -> Option<Self> {
                match word {
                    $($word => Some(Self::$variant),)+
                    _ => None,
                }
            }

            /// The small integer under which it rests in the store; larger is further on, or more urgent.
            pub const fn rank(self) -> i64 {
                self as i64
            }

            /// The one that has this rank.
            pub fn from_rank(rank: i64) -> Option<Self> {
                usize::try_from(rank).ok().and_then(|rank| Self::ALL.get(rank)).copied()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.word())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.word())
            }
        }
    };
}
pub(crate) use words;

words! {
    /// How far a ticket has come.
    Status {
        /// Nobody works on it yet.
        Open = "open",
        /// Somebody does.
        InProgress = "in_progress",
        /// Done, not yet confirmed.
        Resolved = "resolved",
        /// Over.
        Closed = "closed",
    }
}

words! {
    /// How urgent a ticket is.
    Priority {
        /// Can wait.
        Low = "low",
        /// The default.
        Medium = "medium",
        /// Soon.
        High = "high",
        /// Now.
        Critical = "critical",
    }
}

impl Status {
    /// Whether it still waits for somebody: what `open_tickets_count` counts.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Open | Self::InProgress)
    }

    /// Reads a body's `status`.
    pub fn parse(field: &Field<Text>) -> Result<Self, Problem> {
        word(field).and_then(|word| Self::from_word(word).ok_or(Problem::NotIncluded))
    }
}

impl Priority {
    /// Reads a body's `priority`; what is absent is medium.
    pub fn parse(field: &Field<Text>) -> Result<Self, Problem> {
        match field {
            Field::Absent => Ok(Self::Medium),
            given => word(given).and_then(|word| Self::from_word(word).ok_or(Problem::NotIncluded)),
        }
    }
}

fn word(field: &Field<Text>) -> Result<&str, Problem> {
    match field {
        Field::Absent | Field::Null => Err(Problem::Blank),
        Field::Value(Text::Unsound) => Err(Problem::Invalid),
        Field::Value(Text::Sound(text)) if text.trim().is_empty() => Err(Problem::Blank),
        Field::Value(Text::Sound(text)) => Ok(text),
    }
}

/// A ticket's code, such as `WEB-42`: its project's code and its number there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketCode {
    /// The project's code.
    pub project: super::projects::Code,
    /// The number within the project, from 1.
    pub number: i64,
}

impl TicketCode {
    /// Reads `WEB-42`, in any case.
    pub fn parse(text: &str) -> Option<Self> {
        let (project, number) = text.rsplit_once('-')?;
        let plain = !number.starts_with('0') && number.len() <= 10 && number.bytes().all(|byte| byte.is_ascii_digit());
        let number = number.parse().ok().filter(|number| plain && *number > 0)?;
        Some(Self { project: super::projects::Code::from_text(project)?, number })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_and_words_lead_back() {
        for status in Status::ALL {
            assert_eq!(Status::from_word(status.word()), Some(*status));
            assert_eq!(Status::from_rank(status.rank()), Some(*status));
        }
        assert_eq!(Priority::from_rank(4), None);
        assert_eq!(Priority::from_rank(-1), None);
        assert!(Priority::Critical > Priority::Low);
    }

    #[test]
    fn codes_are_read_in_any_case() {
        let code = TicketCode::parse("web-42").unwrap();
        assert_eq!((code.project.as_str(), code.number), ("WEB", 42));
        for wrong in ["", "WEB", "WEB-", "WEB-0", "WEB-01", "WEB-x", "-1", "WEB-99999999999", "W-1", "WEB--1"] {
            assert_eq!(TicketCode::parse(wrong), None, "{wrong}");
        }
    }
}
