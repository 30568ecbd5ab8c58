//! What of a file goes where: columns to places, foreign words to statuses and priorities, with counts for `--dry-run`.
//! The words themselves stand with their trackers, in `jira`, `bugzilla` and `github`.

use std::collections::BTreeMap;
use std::fmt;

use super::report::{RawReport, Report};
use crate::model::tickets::{Priority, Status};
use crate::model::visible::visible;

/// One tracker's words, columns and name.
pub(super) struct Dialect {
    pub(super) name: &'static str,
    /// Names of columns in lower case, the preferred ones first.
    pub(super) columns: &'static [(&'static str, Place)],
    /// Words in lower case, with single spaces.
    pub(super) statuses: &'static [(&'static str, Status)],
    pub(super) priorities: &'static [(&'static str, Priority)],
}

/// Where a column's values go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// `external_key`.
    Key,
    /// `title`.
    Title,
    /// `given`, `when` and `then`.
    Description,
    /// `status`.
    Status,
    /// `priority`.
    Priority,
    /// `reporter`.
    Reporter,
    /// `created_at`.
    Created,
    /// `updated_at`.
    Updated,
    /// `updated_at` where nothing better is known; always the notes.
    Resolved,
    /// The sentence in `given` where the description has nothing for it; always the notes.
    Affects,
    /// A comment.
    Comment,
    /// The notes, by name.
    Notes,
}

/// A column (or a member of a JSON object) and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name, as the file spells it.
    pub name: String,
    /// Where its values go.
    pub place: Place,
    /// In how many of the rows read so far it holds something.
    pub filled: u64,
}

/// What became of one foreign word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tally<T> {
    /// Ours.
    pub to: T,
    /// Whether the word is one that bugtome knows; if not, `to` is the default.
    pub known: bool,
    /// How many reports have it.
    pub reports: u64,
}

/// What of a file goes where. Columns of a CSV file are known from the start; all counts grow while reports are read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mapping {
    /// Every column, in the file's order (members of JSON: in the order in which they were met).
    pub columns: Vec<Column>,
    /// By the file's word; the empty word stands for an empty cell.
    pub statuses: BTreeMap<String, Tally<Status>>,
    /// Likewise.
    pub priorities: BTreeMap<String, Tally<Priority>>,
    /// Reports read.
    pub reports: u64,
    /// Reports whose description has steps under a heading.
    pub with_steps: u64,
    /// Reports whose description has actual results under a heading.
    pub with_actual: u64,
    /// Reports whose description has expected results under a heading.
    pub with_expected: u64,
    /// Reports without any of the three.
    pub without_parts: u64,
    /// Comments read.
    pub comments: u64,
}

/// How many members of JSON, statuses and priorities are listed: beyond that nobody reads them, and a file could fill the memory with them.
const LISTED: usize = 2_000;

/// How much of a status or priority is listed, in characters.
const LONGEST_WORD: usize = 200;

/// Ours for a foreign word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Translated<T> {
    pub(super) to: T,
    pub(super) known: bool,
    /// Ours says all that the word said, so that it need not be kept.
    pub(super) exact: bool,
}

impl Dialect {
    pub(super) fn status(&self, word: &str) -> Translated<Status> {
        translate(self.statuses, word, Status::Open, status_word)
    }

    pub(super) fn priority(&self, word: &str) -> Translated<Priority> {
        translate(self.priorities, word, Priority::Medium, priority_word)
    }

    /// Where each of a file's columns goes. A place for one value takes the column with the preferred name, and of equal names the first.
    pub(super) fn places(&self, names: &[String]) -> Vec<Place> {
        let ranks: Vec<Option<usize>> =
            names.iter().map(|name| self.columns.iter().position(|(known, _)| *known == name.trim().to_lowercase())).collect();
        let place = |index: usize| {
            let rank = ranks[index]?;
            let place = self.columns[rank].1;
            let taken = ranks.iter().enumerate().any(|(other, other_rank)| {
                other_rank.is_some_and(|other_rank| self.columns[other_rank].1 == place && (other_rank, other) < (rank, index))
            });
            (!taken || matches!(place, Place::Resolved | Place::Affects | Place::Comment)).then_some(place)
        };
        (0..names.len()).map(|index| place(index).unwrap_or(Place::Notes)).collect()
    }

    /// The names that a column for this place may have.
    pub(super) fn names_of(&self, place: Place) -> Vec<&'static str> {
        self.columns.iter().filter(|(_, other)| *other == place).map(|(name, _)| *name).collect()
    }
}

fn translate<T: Copy + PartialEq>(words: &[(&str, T)], word: &str, default: T, ours: fn(T) -> &'static str) -> Translated<T> {
    let word = word.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    let found = words.iter().find(|(known, _)| *known == word).map(|(_, to)| *to);
    let to = found.unwrap_or(default);
    Translated { to, known: found.is_some() || word.is_empty(), exact: word.is_empty() || word.replace(' ', "_") == ours(to) }
}

fn status_word(status: Status) -> &'static str {
    match status {
        Status::Open => "open",
        Status::InProgress => "in_progress",
        Status::Resolved => "resolved",
        Status::Closed => "closed",
    }
}

fn priority_word(priority: Priority) -> &'static str {
    match priority {
        Priority::Low => "low",
        Priority::Medium => "medium",
        Priority::High => "high",
        Priority::Critical => "critical",
    }
}

impl Mapping {
    pub(super) fn count(&mut self, dialect: &Dialect, raw: &RawReport, report: &Report) {
        let status = dialect.status(&raw.status);
        tally(&mut self.statuses, &raw.status, status);
        let priority = dialect.priority(&raw.priority);
        tally(&mut self.priorities, &raw.priority, priority);
        self.reports += 1;
        self.with_steps += u64::from(report.parts.steps);
        self.with_actual += u64::from(report.parts.actual);
        self.with_expected += u64::from(report.parts.expected);
        self.without_parts += u64::from(!(report.parts.steps || report.parts.actual || report.parts.expected));
        self.comments += u64::try_from(report.comments.len()).unwrap_or(u64::MAX);
    }

    /// Counts a row in which a column holds something, and makes the column known if it is new.
    pub(super) fn filled(&mut self, name: &str, place: Place) {
        let known = self.columns.len();
        match self.columns.iter_mut().find(|column| column.name == name) {
            Some(column) => column.filled += 1,
            None if known < LISTED => self.columns.push(Column { name: name.to_owned(), place, filled: 1 }),
            None => {}
        }
    }
}

fn tally<T>(tallies: &mut BTreeMap<String, Tally<T>>, word: &str, translated: Translated<T>) {
    let Translated { to, known, .. } = translated;
    let word: String = word.trim().chars().take(LONGEST_WORD).collect();
    if tallies.len() < LISTED || tallies.contains_key(&word) {
        tallies.entry(word).or_insert(Tally { to, known, reports: 0 }).reports += 1;
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Key => "external key",
            Self::Title => "title",
            Self::Description => "given, when, then",
            Self::Status => "status",
            Self::Priority => "priority",
            Self::Reporter => "reporter",
            Self::Created => "created at",
            Self::Updated => "updated at",
            Self::Resolved => "notes (and updated at, where nothing else says it)",
            Self::Affects => "notes (and given, where the description has nothing for it)",
            Self::Comment => "comments",
            Self::Notes => "notes, by name (it has no place of its own)",
        })
    }
}

impl fmt::Display for Mapping {
    /// The plain lines that `--dry-run` prints.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "columns:")?;
        for Column { name, place, filled } in &self.columns {
            writeln!(f, "  {} -> {place} (filled in {filled})", visible(name))?;
        }
        writeln!(f, "statuses:")?;
        words(f, &self.statuses, status_word)?;
        writeln!(f, "priorities:")?;
        words(f, &self.priorities, priority_word)?;
        writeln!(f, "descriptions with headings: steps {}, actual {}, expected {}", self.with_steps, self.with_actual, self.with_expected)?;
        writeln!(f, "descriptions without: {}", self.without_parts)?;
        writeln!(f, "reports: {}, comments: {}", self.reports, self.comments)
    }
}

fn words<T: Copy>(f: &mut fmt::Formatter<'_>, tallies: &BTreeMap<String, Tally<T>>, ours: fn(T) -> &'static str) -> fmt::Result {
    for (word, tally) in tallies {
        let word = if word.is_empty() { "(empty)" } else { word };
        let doubt = if tally.known { "" } else { ", not known to bugtome" };
        writeln!(f, "  {} -> {} ({}{doubt})", visible(word), ours(tally.to), tally.reports)?;
    }
    Ok(())
}
