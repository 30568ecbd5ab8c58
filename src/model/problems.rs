//! What can be wrong with a field, in the contract's words, and the collector that gathers all of a body's problems.
//! Which answer carries them is the faces' affair.

use std::fmt;

/// One thing that is wrong with one field. Its `Display` is the contract's sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Problem {
    /// Missing, null or nothing but white space.
    Blank,
    /// Fewer characters than this.
    TooShort(usize),
    /// More characters than this.
    TooLong(usize),
    /// None of the words that the field takes.
    NotIncluded,
    /// Another one has it already.
    Taken,
    /// Fixed once it has been set.
    CannotChange,
    /// Cannot be what it should be.
    Invalid,
    /// A password that everybody tries first.
    TooCommon,
    /// One more than may be: there are so many already.
    OneTooMany(i64),
    /// Not what it has to be the same as.
    Wrong,
    /// A password that was not looked at, because too many wait to be.
    Busy,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Blank => f.write_str("can't be blank"),
            Self::TooShort(1) => f.write_str("is too short (minimum is 1 character)"),
            Self::TooShort(minimum) => write!(f, "is too short (minimum is {minimum} characters)"),
            Self::TooLong(maximum) => write!(f, "is too long (maximum is {maximum} characters)"),
            Self::NotIncluded => f.write_str("is not included in the list"),
            Self::Taken => f.write_str("has already been taken"),
            Self::CannotChange => f.write_str("can't be changed"),
            Self::Invalid => f.write_str("is invalid"),
            Self::TooCommon => f.write_str("is too common"),
            Self::OneTooMany(there) => write!(f, "is one too many: {there} work already"),
            Self::Wrong => f.write_str("is wrong"),
            Self::Busy => f.write_str("was not looked at, because many people sign in just now; send it again in a few seconds"),
        }
    }
}

/// All problems of one body: field by field, in the order in which they were found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Problems(Vec<(&'static str, Vec<Problem>)>);

impl Problems {
    /// No problem yet.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Exactly one problem.
    pub fn one(field: &'static str, problem: Problem) -> Self {
        Self(vec![(field, vec![problem])])
    }

    /// Notes a problem of `field`.
    pub fn add(&mut self, field: &'static str, problem: Problem) {
        match self.0.iter_mut().find(|(name, _)| *name == field) {
            Some((_, problems)) => problems.push(problem),
            None => self.0.push((field, vec![problem])),
        }
    }

    /// The value that was parsed, or `None` after its problem has been noted.
    pub fn take<T>(&mut self, field: &'static str, parsed: Result<T, Problem>) -> Option<T> {
        parsed.map_err(|problem| self.add(field, problem)).ok()
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The sentences about one field, empty where nothing is wrong with it.
    pub fn of(&self, field: &str) -> Vec<String> {
        self.iter().filter(|(name, _)| *name == field).flat_map(|(_, problems)| problems.iter().map(ToString::to_string)).collect()
    }

    /// Field and problems, in the order in which they were found.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &[Problem])> {
        self.0.iter().map(|(field, problems)| (*field, problems.as_slice()))
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for (field, problems) in self.iter() {
            for problem in problems {
                write!(f, "{separator}{field} {problem}")?;
                separator = ", ";
            }
        }
        Ok(())
    }
}
