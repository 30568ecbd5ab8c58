//! Tries what reads other trackers' files: any bytes give reports within what tickets hold, or rows with a line and a reason.
//! What becomes of reports in the store is not tried.

use std::collections::HashSet;
use std::io::Cursor;

use bugtome::cli::import::{BadRow, Report, Reports, Source};
use libfuzzer_sys::Corpus;
use serde_json::json;

/// The first byte says what the rest is: a file, or texts that are written into a file first.
pub fn attempt(data: &[u8]) -> Corpus {
    let Some((&kind, rest)) = data.split_first() else { return Corpus::Reject };
    match kind {
        b'j' => any(Source::JiraCsv, rest),
        b'b' => any(Source::BugzillaCsv, rest),
        b'g' => any(Source::GithubJson, rest),
        b'w' => written(&String::from_utf8_lossy(rest)),
        _ => return Corpus::Reject,
    }
    Corpus::Keep
}

/// Any file.
fn any(source: Source, file: &[u8]) {
    let Some(rows) = read(source, file) else { return };
    let mut keys = HashSet::new();
    let mut before = 0;
    for row in &rows {
        let line = match row {
            Ok(report) => {
                fits(report);
                // The domain is promised that the keys of a file differ.
                assert!(keys.insert(&report.external_key), "{:?} comes twice", report.external_key);
                report.line
            }
            Err(bad) => {
                assert!(!bad.problem.is_empty() && bad.to_string().starts_with(&format!("line {}", bad.line)));
                bad.line
            }
        };
        // A carriage return alone ends a row, but no line.
        assert!(line >= before.max(1), "line {line} after line {before}");
        before = line;
    }
    if source != Source::GithubJson {
        let file = file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file);
        let lines = file.split(|byte| *byte == b'\n').count();
        assert!(before <= lines as u64, "line {before} of {lines}");
        // Every row is told of, whether it can be used or not: as many as the csv crate finds besides the header.
        let records = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(file).into_byte_records();
        assert_eq!(rows.len() + 1, records.count());
    }
}

/// All rows of a file that can be read at all; twice the same.
fn read(source: Source, file: &[u8]) -> Option<Vec<Result<Report, BadRow>>> {
    let mut reports = match Reports::read(source, Cursor::new(file.to_vec())) {
        Ok(reports) => reports,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return None;
        }
    };
    let rows: Vec<_> = reports.by_ref().collect();
    assert!(reports.next().is_none(), "nothing comes after the end");
    assert!(reports.position() <= file.len() as u64);
    let mapping = reports.mapping();
    assert_eq!(mapping.reports, rows.iter().filter(|row| row.is_ok()).count() as u64);
    // What a terminal is told does nothing there.
    assert!(mapping.to_string().chars().all(|c| c == '\n' || !c.is_control()));
    Some(rows)
}

/// The limits that `Report` states.
fn fits(report: &Report) {
    for clause in [&report.given, &report.when, &report.then] {
        assert!((10..=10_000).contains(&clause.chars().count()), "{clause:?}");
    }
    assert!((1..=200).contains(&report.title.chars().count()), "{:?}", report.title);
    assert!((1..=200).contains(&report.external_key.chars().count()), "{:?}", report.external_key);
    assert!(report.updated_at >= report.created_at);
    // Each moment can be written.
    assert!(!format!("{} {}", report.created_at, report.updated_at).is_empty());
    for comment in &report.comments {
        assert!(!comment.content.is_empty() && !comment.created_at.to_string().is_empty());
    }
    for text in texts(report) {
        assert!(!text.contains('\0') && text.trim() == text, "{text:?}");
    }
}

fn texts(report: &Report) -> Vec<&str> {
    let fixed = [&report.external_key, &report.title, &report.given, &report.when, &report.then];
    let optional = [report.notes.as_deref(), report.reporter.as_deref()].into_iter().flatten();
    let comments = report.comments.iter().flat_map(|comment| [Some(comment.content.as_str()), comment.author.as_deref()]).flatten();
    fixed.into_iter().map(String::as_str).chain(optional).chain(comments).collect()
}

/// Texts, parted by U+001F, that are written as a file of each tracker and read back: one report, in which no word is missing.
fn written(text: &str) {
    let mut cells = text.split('\u{1f}');
    let cell = &mut || cells.next().unwrap_or_default();
    let (title, description, status, comment, label) = (format!("t{}", cell()), cell(), cell(), cell(), cell());
    for (source, key) in [(Source::JiraCsv, "Issue key"), (Source::BugzillaCsv, "Bug ID")] {
        let mut file = csv::Writer::from_writer(Vec::new());
        let said = format!("30/Sep/21 17:20;ada;{comment}");
        let header = ["Summary", key, "Created", "Description", "Status", "Comment", "Labels"];
        let record = [&title, "K-1", "30/Sep/21 17:20", description, status, &said, label];
        file.write_record(header).and_then(|()| file.write_record(record)).expect("a file in memory is written");
        let file = file.into_inner().expect("a file in memory is written");
        // Bugzilla has no comments; there it is a cell like any other.
        let comment = if source == Source::JiraCsv { comment } else { &said };
        holds(source, &file, &[&title, description, status, comment, label]);
    }
    let issue = json!([{
        "number": 1, "title": title, "body": description, "state": status, "createdAt": "2020-01-01T00:00:00Z", "milestone": {"title": label},
        "comments": [{"author": {"login": "ada"}, "body": comment, "createdAt": "2020-01-02T00:00:00Z"}],
    }]);
    holds(Source::GithubJson, issue.to_string().as_bytes(), &[&title, description, status, comment, label]);
}

fn holds(source: Source, file: &[u8], said: &[&str]) {
    let rows = read(source, file).expect("what was written can be read");
    let [Ok(report)] = rows.as_slice() else { panic!("one report was written: {rows:?}") };
    fits(report);
    let mut kept: HashSet<&str> = texts(report).into_iter().flat_map(str::split_whitespace).collect();
    // A word for a status that is one of ours need not be kept as a word.
    let status = format!("{:?}", report.status).to_lowercase();
    kept.insert(&status);
    for text in said {
        let text = text.replace('\0', "\u{fffd}");
        let is_status = text.split_whitespace().collect::<String>().replace('_', "").eq_ignore_ascii_case(&status);
        let missing = text.split_whitespace().find(|word| !is_status && !kept.contains(word));
        assert_eq!(missing, None, "of {text:?} in {report:?}");
    }
}
