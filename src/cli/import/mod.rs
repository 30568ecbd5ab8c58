//! Reading other trackers' exports: from a file to a stream of reports that are ready to become tickets, and `bugtome import` itself.
//! The command is in `command`, `progress` and `outcome`, on top of [`open`], [`Reports`] and [`Mapping`]; its neighbours know no database.

mod bugzilla;
mod code;
mod command;
mod compose;
mod elements;
mod github;
mod headings;
mod jira;
mod lines;
mod mapping;
mod outcome;
mod progress;
mod report;
mod table;
mod times;

#[cfg(test)]
mod proof;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Cursor, Read, Seek};
use std::path::Path;

pub(super) use command::{Args, run};
pub use mapping::{Column, Mapping, Place, Tally};
pub use report::{BadRow, ImportedComment, Parts, Report};

use mapping::Dialect;
use report::RawReport;

/// The most bytes of JSON that are taken from a pipe, which cannot be read twice.
const LONGEST_PIPE: u64 = 64 << 20;

/// Which tracker's export a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Source {
    /// CSV from Jira's issue navigator.
    JiraCsv,
    /// CSV from Bugzilla.
    BugzillaCsv,
    /// JSON from `gh issue list`.
    GithubJson,
}

impl Source {
    /// The tracker's name, for sentences.
    pub fn tracker(self) -> &'static str {
        self.dialect().name
    }

    fn dialect(self) -> &'static Dialect {
        match self {
            Self::JiraCsv => &jira::DIALECT,
            Self::BugzillaCsv => &bugzilla::DIALECT,
            Self::GithubJson => &github::DIALECT,
        }
    }
}

/// Why nothing of a file can be imported. Each completes a sentence that begins with the file's name.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// The system refuses.
    #[error("cannot be read: {0}")]
    Io(#[from] io::Error),
    /// There is nothing in it.
    #[error("is empty")]
    Empty,
    /// It begins with a byte order mark of UTF-16.
    #[error("is UTF-16; save it as UTF-8 (PowerShell: `… | Out-File -Encoding utf8 FILE`)")]
    Utf16,
    /// Bytes that are no text in UTF-8.
    #[error("is not UTF-8 (line {line}); save it as UTF-8")]
    NotUtf8 {
        /// The first such line.
        line: u64,
    },
    /// Its header is more than is taken.
    #[error("cannot be imported: its header (line {line}) {fault}")]
    TooMuch {
        /// Where it starts.
        line: u64,
        /// What is too much.
        fault: String,
    },
    /// It is no file that can be read twice, and too long to be kept.
    #[error("is more than {} MiB from a pipe; write it to a file first", LONGEST_PIPE >> 20)]
    LongPipe,
    /// Its first line is no header.
    #[error("does not look like CSV: its first line holds control characters (a spreadsheet must be saved as CSV first)")]
    NotCsv,
    /// A column without which there is no ticket.
    #[error("has no column that bugtome can take from {tracker}: one of `{wanted}` is needed; found: {found}")]
    MissingColumn {
        /// Whose export the file should be.
        tracker: &'static str,
        /// The names it may have.
        wanted: String,
        /// The names there are.
        found: String,
    },
    /// Broken JSON, or only a part of it.
    #[error("is not JSON: {0}")]
    NotJson(String),
    /// Other JSON.
    #[error("is not a JSON array of issues, as `gh issue list --json …` prints it")]
    NotAnArray,
}

/// A file's rows in its own words.
trait Rows: Send {
    /// The next row. After `None` there is nothing more to ask.
    fn next_row(&mut self, mapping: &mut Mapping) -> Option<Result<RawReport, BadRow>>;

    /// How many bytes of the file have been used.
    fn position(&self) -> u64;
}

/// The reports of a file, one after the other.
pub struct Reports {
    dialect: &'static Dialect,
    rows: Box<dyn Rows>,
    mapping: Mapping,
    /// The line on which each key was met first.
    seen: HashMap<String, u64>,
}

impl Reports {
    /// Reads from anything that holds a file's bytes, as they are asked for; JSON is gone through once before.
    pub fn read(source: Source, mut file: impl Read + Seek + Send + 'static) -> Result<Self, Unreadable> {
        let dialect = source.dialect();
        let mut mapping = Mapping::default();
        let rows: Box<dyn Rows> = match source {
            Source::JiraCsv | Source::BugzillaCsv => Box::new(table::Table::open(dialect, table::unmarked(file)?.0, &mut mapping)?),
            Source::GithubJson => {
                let (_, mark) = table::unmarked(&mut file)?;
                Box::new(github::Issues::open(file, mark)?)
            }
        };
        Ok(Self { dialect, rows, mapping, seen: HashMap::new() })
    }

    /// What goes where; its counts cover the reports read so far.
    pub fn mapping(&self) -> &Mapping {
        &self.mapping
    }

    /// How many bytes of the file have been used, for a progress bar over the file's length.
    pub fn position(&self) -> u64 {
        self.rows.position()
    }

    fn report(&mut self, raw: &RawReport) -> Result<Report, BadRow> {
        let report = compose::compose(self.dialect, raw);
        // By the key as the ticket will have it, in which NUL is replaced: two that differ in the file may be the same there.
        if let Some(first) = self.seen.get(&report.external_key) {
            let problem = format!("has the same key as line {first}, which stands");
            return Err(BadRow { line: raw.line, key: Some(report.external_key), problem });
        }
        self.seen.insert(report.external_key.clone(), raw.line);
        self.mapping.count(self.dialect, raw, &report);
        Ok(report)
    }
}

impl Iterator for Reports {
    type Item = Result<Report, BadRow>;

    fn next(&mut self) -> Option<Self::Item> {
        let raw = self.rows.next_row(&mut self.mapping)?;
        Some(raw.and_then(|raw| self.report(&raw)))
    }
}

/// Opens a file, and reads as much of it as tells whether it can be imported at all.
pub fn open(source: Source, path: &Path) -> Result<Reports, Unreadable> {
    let file = File::open(path)?;
    if source != Source::GithubJson || file.metadata()?.is_file() {
        return Reports::read(source, file);
    }
    let mut bytes = Vec::new();
    file.take(LONGEST_PIPE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LONGEST_PIPE { Err(Unreadable::LongPipe) } else { Reports::read(source, Cursor::new(bytes)) }
}
