//! GitHub's issues, as `gh issue list --json number,title,body,state,createdAt,closedAt,labels,comments` prints them.
//! Also takes the members that it does not know; how issues become tickets is in `compose`.

use std::io::{Read, Seek, SeekFrom};

use serde_json::{Map, Value};

use super::elements::{Broken, Element, Elements};
use super::mapping::{Dialect, Mapping, Place};
use super::report::{BadRow, ImportedComment, RawReport};
use super::table::{LONGEST_KEY, shown};
use super::{Rows, Unreadable, times};
use crate::model::tickets::Status;
use crate::model::time::Time;

/// GitHub. It has no priorities.
pub(super) const DIALECT: Dialect = Dialect {
    name: "GitHub",
    columns: &[
        ("number", Place::Key),
        ("title", Place::Title),
        ("body", Place::Description),
        ("state", Place::Status),
        ("author", Place::Reporter),
        ("createdat", Place::Created),
        ("updatedat", Place::Updated),
        ("closedat", Place::Resolved),
        ("comments", Place::Comment),
    ],
    statuses: &[("open", Status::Open), ("closed", Status::Closed)],
    priorities: &[],
};

/// A file of issues, parsed one by one.
pub(super) struct Issues<R> {
    elements: Elements<R>,
    bytes: Vec<u8>,
    ended: bool,
}

impl<R: Read + Seek> Issues<R> {
    /// Goes through the whole once, so that a file that is no JSON array, or was cut short, is refused before anything is imported. `from` is where
    /// the text begins.
    pub(super) fn open(mut file: R, from: u64) -> Result<Self, Unreadable> {
        file.seek(SeekFrom::Start(from))?;
        let mut elements = Elements::new(&mut file);
        let mut bytes = Vec::new();
        while let Some(element) = elements.next(&mut bytes)? {
            if element.fault.is_none() {
                check(element, &bytes)?;
            }
        }
        file.seek(SeekFrom::Start(from))?;
        Ok(Self { elements: Elements::new(file), bytes, ended: false })
    }
}

/// Whether an element is JSON.
fn check(element: Element, bytes: &[u8]) -> Result<(), Unreadable> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let before = bytes.iter().take(error.valid_up_to()).filter(|byte| **byte == b'\n').count();
        Unreadable::NotUtf8 { line: element.line + u64::try_from(before).unwrap_or(0) }
    })?;
    let checked = serde_json::from_str::<serde::de::IgnoredAny>(text);
    checked.map(drop).map_err(|error| Unreadable::NotJson(format!("element {} (line {}): {error}", element.number, element.line)))
}

impl From<Broken> for Unreadable {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::Io(error) => Self::Io(error),
            Broken::Nothing => Self::Empty,
            Broken::NoArray => Self::NotAnArray,
            Broken::Cut(_) | Broken::Trailing(_) => Self::NotJson(broken.to_string()),
        }
    }
}

impl<R: Read + Seek + Send> Rows for Issues<R> {
    fn next_row(&mut self, mapping: &mut Mapping) -> Option<Result<RawReport, BadRow>> {
        if self.ended {
            return None;
        }
        let bad = |line, problem| BadRow { line, key: None, problem };
        let element = match self.elements.next(&mut self.bytes) {
            Ok(element) => element?,
            // It was whole when it was opened.
            Err(error) => {
                self.ended = true;
                return Some(Err(bad(0, format!("the file has changed meanwhile, and cannot be read on: {error}"))));
            }
        };
        let number = element.number;
        if let Some(fault) = element.fault {
            return Some(Err(bad(number, format!("{fault}; it begins on line {}", element.line))));
        }
        let issue = serde_json::from_slice::<Map<String, Value>>(&self.bytes);
        Some(issue.map_err(|error| bad(number, format!("is not an issue: {error}"))).and_then(|issue| raw(number, &issue, mapping)))
    }

    fn position(&self) -> u64 {
        self.elements.passed()
    }
}

fn raw(line: u64, issue: &Map<String, Value>, mapping: &mut Mapping) -> Result<RawReport, BadRow> {
    let bad = |key: Option<&str>, problem: String| BadRow { line, key: key.map(str::to_owned), problem };
    let text = |name: &str| issue.get(name).map(render).unwrap_or_default();
    let key = text("number");
    if key.trim().is_empty() {
        return Err(bad(None, "has no `number`".to_owned()));
    }
    if key.chars().count() > LONGEST_KEY {
        return Err(bad(None, format!("its `number` is longer than {LONGEST_KEY} characters")));
    }
    let title = text("title");
    if title.trim().is_empty() {
        return Err(bad(Some(&key), "its `title` is empty".to_owned()));
    }
    let created = text("createdAt");
    let Some(created) = times::read(&created) else {
        return Err(bad(Some(&key), format!("its `createdAt` is `{}`, not a time such as 2021-09-30T17:20:00Z", shown(&created))));
    };
    let mut raw = RawReport {
        line,
        key: key.trim().to_owned(),
        title,
        description: text("body"),
        status: text("state"),
        priority: String::new(),
        reporter: None,
        created,
        updated: later(&text("closedAt"), created),
        affects: Vec::new(),
        notes: Vec::new(),
        comments: Vec::new(),
    };
    for (name, value) in issue.iter().filter(|(_, value)| !render(value).trim().is_empty()) {
        let place = DIALECT.columns.iter().find(|(known, _)| *known == name.to_lowercase()).map_or(Place::Notes, |(_, place)| *place);
        mapping.filled(name, place);
        take(&mut raw, name, place, value);
    }
    Ok(raw)
}

fn take(raw: &mut RawReport, name: &str, place: Place, value: &Value) {
    match (place, value) {
        (Place::Comment, Value::Array(comments)) => {
            for (index, value) in comments.iter().enumerate() {
                comment(raw, index + 1, value);
            }
        }
        (Place::Updated, _) if later(&render(value), raw.created).is_some() => raw.updated = later(&render(value), raw.created),
        (Place::Reporter, _) => {
            // The name is the reporter; what else is said of that person goes to the notes.
            let mut rest = value.clone();
            raw.reporter = rest.as_object_mut().and_then(|members| members.remove("login")).map(|login| render(&login));
            let rest = render(&rest);
            if !rest.trim().is_empty() {
                raw.notes.push((name.to_owned(), rest));
            }
        }
        (Place::Notes, Value::Array(values)) => raw.notes.extend(values.iter().map(|value| (name.to_owned(), render(value)))),
        (Place::Notes | Place::Resolved | Place::Updated | Place::Comment | Place::Affects, _) => {
            raw.notes.push((name.to_owned(), render(value)));
        }
        (Place::Key | Place::Title | Place::Description | Place::Status | Place::Priority | Place::Created, _) => {}
    }
}

/// Takes a comment; what it holds beside author, time and text goes to the notes, and all of it if one of these is missing.
fn comment(raw: &mut RawReport, number: usize, value: &Value) {
    let member = |name: &str| value.get(name).map(render).unwrap_or_default();
    let author = value.get("author").and_then(|author| author.get("login")).map(render).filter(|login| !login.trim().is_empty());
    let content = member("body");
    let mut rest = value.clone();
    if let (Some(created_at), false) = (times::read(&member("createdAt")), content.trim().is_empty()) {
        if let Some(members) = rest.as_object_mut() {
            members.remove("body");
            members.remove("createdAt");
            if let Some(author) = members.get_mut("author").and_then(Value::as_object_mut) {
                author.remove("login");
            }
        }
        raw.comments.push(ImportedComment { author, content: content.trim().to_owned(), created_at });
    }
    let rest = render(&rest);
    if !rest.trim().is_empty() {
        raw.notes.push((format!("comment {number}"), rest));
    }
}

fn later(text: &str, created: Time) -> Option<Time> {
    times::read(text).filter(|time| *time >= created)
}

/// A value in words: lists with commas, objects by the names of their members. What is null, false or empty says nothing.
fn render(value: &Value) -> String {
    match value {
        Value::Null | Value::Bool(false) => String::new(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        Value::Array(values) => joined(values.iter().map(render)),
        Value::Object(members) => object(members),
    }
}

/// The name first, as in `bug (color d73a4a)`, where there is one.
fn object(members: &Map<String, Value>) -> String {
    let title =
        ["name", "login", "title"].into_iter().find(|name| members.get(*name).is_some_and(|value| value.is_string() && value != ""));
    let rest = joined(members.iter().filter(|(name, _)| Some(name.as_str()) != title).filter_map(|(name, value)| {
        let text = render(value);
        (!text.trim().is_empty()).then(|| format!("{name}: {text}"))
    }));
    match title.and_then(|name| members.get(name)).map(render) {
        Some(title) if rest.is_empty() => title,
        Some(title) => format!("{title} ({rest})"),
        None => rest,
    }
}

fn joined(texts: impl Iterator<Item = String>) -> String {
    texts.filter(|text| !text.trim().is_empty()).collect::<Vec<_>>().join(", ")
}
