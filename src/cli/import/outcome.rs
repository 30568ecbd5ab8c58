//! What became of a file's rows, counted, and how it is told at the end: in words or in JSON.
//! What is shown while it goes on is in `progress`.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::mapping::Tally as Word;
use super::{BadRow, Mapping, Source};
use crate::cli::admin::Output;
use crate::cli::{Failure, Outcome};
use crate::domain::imports::Taken;

/// What has become of the rows so far.
pub(super) struct Tally {
    source: Source,
    taken: Taken,
    /// The first of them.
    bad: Vec<BadRow>,
    failed: u64,
}

/// How many bad rows are listed at the end; all are told as they come, and counted.
const LISTED: usize = 10_000;

#[derive(Serialize)]
struct Shown<'a> {
    dry_run: bool,
    imported: u64,
    comments: u64,
    already_there: u64,
    failed: u64,
    bad_rows: Vec<ShownBad<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mapping: Option<ShownMapping<'a>>,
}

#[derive(Serialize)]
struct ShownBad<'a> {
    line: u64,
    key: Option<&'a str>,
    problem: &'a str,
}

#[derive(Serialize)]
struct ShownMapping<'a> {
    columns: Vec<ShownColumn<'a>>,
    statuses: Vec<ShownWord<'a>>,
    priorities: Vec<ShownWord<'a>>,
    reports: u64,
    with_steps: u64,
    with_actual: u64,
    with_expected: u64,
    without_parts: u64,
}

#[derive(Serialize)]
struct ShownColumn<'a> {
    name: &'a str,
    place: String,
    filled: u64,
}

#[derive(Serialize)]
struct ShownWord<'a> {
    word: &'a str,
    becomes: String,
    known: bool,
    reports: u64,
}

impl Tally {
    pub(super) fn new(source: Source) -> Self {
        Self { source, taken: Taken::default(), bad: Vec::new(), failed: 0 }
    }

    /// Counts a batch.
    pub(super) fn add(&mut self, taken: Taken) {
        self.taken.tickets += taken.tickets;
        self.taken.comments += taken.comments;
        self.taken.already_there += taken.already_there;
    }

    /// Counts a row that cannot be imported; the answer says which and why.
    pub(super) fn refuse(&mut self, bad: BadRow) -> String {
        // JSON has elements; on which lines they lie says little.
        let unit = if self.source == Source::GithubJson { "element" } else { "line" };
        let key = bad.key.as_ref().map(|key| format!(" ({key})")).unwrap_or_default();
        let said = format!("{unit} {}{key}: {}", bad.line, bad.problem);
        self.failed += 1;
        if self.bad.len() < LISTED {
            self.bad.push(bad);
        }
        said
    }

    pub(super) fn imported(&self) -> u64 {
        self.taken.tickets
    }

    fn failed(&self) -> u64 {
        self.failed
    }

    /// Rows read, bad ones included.
    pub(super) fn rows(&self) -> u64 {
        self.taken.tickets + self.taken.already_there + self.failed()
    }

    /// Tells the outcome; with a mapping it is that of a dry run. A failure if any row failed.
    pub(super) fn print(&self, output: Output, mapping: Option<&Mapping>) -> Outcome {
        let Taken { tickets: imported, comments, already_there } = self.taken;
        let bad_rows = self.bad.iter().map(|bad| ShownBad { line: bad.line, key: bad.key.as_deref(), problem: &bad.problem }).collect();
        let shown = Shown {
            dry_run: mapping.is_some(),
            imported,
            comments,
            already_there,
            failed: self.failed(),
            bad_rows,
            mapping: mapping.map(ShownMapping::new),
        };
        let sentence = mapping
            .map_or_else(|| self.to_string(), |mapping| format!("{mapping}would be {self}\nnothing has been written: this was a dry run"));
        output.one(&shown, &sentence)?;
        if self.failed == 0 {
            return Ok(());
        }
        let advice = "put right what is said about them and run the same command again";
        Err(Failure::Failed(format!("{} of the rows cannot be imported: {advice}", self.failed())))
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Taken { tickets, comments, already_there } = self.taken;
        write!(f, "imported {tickets}, comments {comments}, already there {already_there}, failed {}", self.failed())
    }
}

impl<'a> ShownMapping<'a> {
    fn new(mapping: &'a Mapping) -> Self {
        let columns =
            mapping.columns.iter().map(|column| ShownColumn { name: &column.name, place: column.place.to_string(), filled: column.filled });
        Self {
            columns: columns.collect(),
            statuses: words(&mapping.statuses),
            priorities: words(&mapping.priorities),
            reports: mapping.reports,
            with_steps: mapping.with_steps,
            with_actual: mapping.with_actual,
            with_expected: mapping.with_expected,
            without_parts: mapping.without_parts,
        }
    }
}

fn words<T: fmt::Display>(words: &BTreeMap<String, Word<T>>) -> Vec<ShownWord<'_>> {
    words
        .iter()
        .map(|(word, tally)| ShownWord { word, becomes: tally.to.to_string(), known: tally.known, reports: tally.reports })
        .collect()
}
