//! GitHub's issues, as `gh issue list --json number,title,body,state,createdAt,closedAt,labels,comments` prints them.
//! Also takes the members that it does not know; how issues become tickets is in `compose`.

use serde_json::{Map, Value};

use super::mapping::{Dialect, Mapping, Place};
use super::report::{BadRow, ImportedComment, RawReport};
use super::table::shown;
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
pub(super) struct Issues {
    text: String,
    at: usize,
    element: u64,
}

impl Issues {
    /// Checks that the whole is one JSON array, so that a file that was cut short is refused before anything is imported.
    pub(super) fn open(bytes: Vec<u8>) -> Result<Self, Unreadable> {
        let text = String::from_utf8(bytes).map_err(|error| Unreadable::NotUtf8 { line: line_of(&error) })?;
        if text.trim().is_empty() {
            return Err(Unreadable::Empty);
        }
        serde_json::from_str::<serde::de::IgnoredAny>(&text).map_err(|error| Unreadable::NotJson(error.to_string()))?;
        let Some(at) = text.find(|char: char| !char.is_whitespace()).filter(|at| text[*at..].starts_with('[')) else {
            return Err(Unreadable::NotAnArray);
        };
        Ok(Self { text, at: at + 1, element: 0 })
    }

    /// The next element's text.
    fn element(&mut self) -> Option<&str> {
        let rest = &self.text[self.at..];
        let start = self.at + rest.find(|char: char| !char.is_whitespace() && char != ',')?;
        if self.text[start..].starts_with(']') {
            return None;
        }
        let mut values = serde_json::Deserializer::from_str(&self.text[start..]).into_iter::<serde::de::IgnoredAny>();
        values.next()?.ok()?;
        self.at = start + values.byte_offset();
        self.element += 1;
        Some(&self.text[start..self.at])
    }
}

impl Rows for Issues {
    fn next_row(&mut self, mapping: &mut Mapping) -> Option<Result<RawReport, BadRow>> {
        let element = self.element()?;
        let issue = serde_json::from_str::<Map<String, Value>>(element).map_err(|error| error.to_string());
        let line = self.element;
        let bad = |problem| BadRow { line, key: None, problem };
        Some(issue.map_err(|error| bad(format!("is not an issue: {error}"))).and_then(|issue| raw(line, &issue, mapping)))
    }

    fn position(&self) -> u64 {
        u64::try_from(self.at).unwrap_or(u64::MAX)
    }
}

fn raw(line: u64, issue: &Map<String, Value>, mapping: &mut Mapping) -> Result<RawReport, BadRow> {
    let bad = |key: Option<&str>, problem: String| BadRow { line, key: key.map(str::to_owned), problem };
    let text = |name: &str| issue.get(name).map(render).unwrap_or_default();
    let key = text("number");
    if key.trim().is_empty() {
        return Err(bad(None, "has no `number`".to_owned()));
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

fn line_of(error: &std::string::FromUtf8Error) -> u64 {
    let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
    good.iter().map(|byte| u64::from(*byte == b'\n')).sum::<u64>() + 1
}
