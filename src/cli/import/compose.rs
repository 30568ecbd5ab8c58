//! Fits a foreign report to a ticket without losing a word of it and without adding anything that is not true.
//! Where headings stand in a text is found in `headings`; what a word for a status means is said in `mapping`.

use super::headings::{self, Part, Split};
use super::mapping::Dialect;
use super::report::{Parts, RawReport, Report};
use crate::model::text::title_from_elsewhere;

const LONGEST_TITLE: usize = 200;
const SHORTEST_CLAUSE: usize = 10;
const LONGEST_CLAUSE: usize = 10_000;
const CUT: &str = "\n\n… (cut here; the whole stands in the notes)";

/// Makes a report of what a file says.
pub(super) fn compose(dialect: &Dialect, raw: &RawReport) -> Report {
    let mut texts = Texts { notes: Vec::new(), replaced: false };
    let description = texts.clean(&raw.description);
    let whole_title = texts.clean(&raw.title);
    let title = texts.title(&whole_title);
    let status = dialect.status(&raw.status);
    if !status.exact {
        texts.note("Status", &raw.status);
    }
    let priority = dialect.priority(&raw.priority);
    if !priority.exact {
        texts.note("Priority", &raw.priority);
    }
    let split = headings::split(&description);
    let given = texts.given(dialect, raw, &split);
    let when = texts.when(&split);
    let then = texts.then(&split, &whole_title);
    for (name, value) in &raw.notes {
        texts.note(name, value);
    }
    let mut comments = raw.comments.clone();
    for comment in &mut comments {
        comment.content = texts.clean(&comment.content);
        comment.author = comment.author.as_ref().map(|author| texts.clean(author));
    }
    let external_key = texts.clean(&raw.key);
    let reporter = raw.reporter.as_ref().map(|name| texts.clean(name)).filter(|name| !name.is_empty());
    Report {
        line: raw.line,
        external_key,
        title,
        given,
        when,
        then,
        notes: texts.into_notes(),
        status: status.to,
        priority: priority.to,
        reporter,
        created_at: raw.created,
        updated_at: raw.updated.unwrap_or(raw.created).max(raw.created),
        comments,
        parts: parts(&split),
    }
}

fn parts(split: &Split<'_>) -> Parts {
    let has = |part| split.sections.iter().any(|section| section.part == part);
    Parts { steps: has(Part::Steps), actual: has(Part::Actual), expected: has(Part::Expected) }
}

/// The notes as they grow while the other texts are made.
struct Texts {
    notes: Vec<String>,
    replaced: bool,
}

impl Texts {
    /// Trims, and replaces what a ticket may not hold.
    fn clean(&mut self, text: &str) -> String {
        self.replaced |= text.contains('\0');
        text.replace('\0', "\u{fffd}").trim().to_owned()
    }

    fn note(&mut self, name: &str, value: &str) {
        let value = self.clean(value);
        let name = self.clean(name);
        let gap = if value.contains('\n') { '\n' } else { ' ' };
        if !value.is_empty() {
            self.notes.push(format!("{name}:{gap}{value}"));
        }
    }

    fn title(&mut self, whole: &str) -> String {
        let whole = &title_from_elsewhere(whole);
        if whole.chars().count() <= LONGEST_TITLE {
            return whole.to_owned();
        }
        self.note("Title", whole);
        let start: String = whole.chars().take(LONGEST_TITLE - 1).collect();
        format!("{}…", start.trim_end())
    }

    fn given(&mut self, dialect: &Dialect, raw: &RawReport, split: &Split<'_>) -> String {
        let before = split.before.trim();
        if split.sections.is_empty() || before.is_empty() {
            let sentence = origin(dialect, raw);
            return self.clean(&sentence);
        }
        self.clause("Given", "Description", before.to_owned())
    }

    fn when(&mut self, split: &Split<'_>) -> String {
        let steps = gather(split, Part::Steps);
        if steps.is_empty() {
            return "The report has no separate steps to reproduce.".to_owned();
        }
        self.clause("When", "Steps to reproduce", steps)
    }

    /// Actual results, then expected ones; the whole description if it has no parts; the title if there is nothing else.
    fn then(&mut self, split: &Split<'_>, title: &str) -> String {
        let results = [gather(split, Part::Actual), gather(split, Part::Expected)];
        let results = results.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n\n");
        if !results.is_empty() {
            return self.clause("Then", "Results", results);
        }
        if !split.sections.is_empty() {
            return self.clause("Then", "Results", format!("The report has no separate actual or expected results. Its title: {title}"));
        }
        let description = split.before.trim();
        if description.is_empty() {
            return self.clause("Then", "Title", format!("The report has no description. Its title: {title}"));
        }
        self.clause("Then", "Description", description.to_owned())
    }

    /// A text made to fit: a short one with its name before it, a long one cut here and whole in the notes.
    fn clause(&mut self, clause: &str, name: &str, text: String) -> String {
        let length = text.chars().count();
        if length < SHORTEST_CLAUSE {
            return format!("{name}: {text}");
        }
        if length <= LONGEST_CLAUSE {
            return text;
        }
        self.note(&format!("{clause}, whole"), &text);
        let start: String = text.chars().take(LONGEST_CLAUSE - CUT.chars().count()).collect();
        format!("{}{CUT}", start.trim_end())
    }

    fn into_notes(mut self) -> Option<String> {
        if self.replaced {
            self.notes.push("Import: NUL characters of this report are written as \u{fffd} here.".to_owned());
        }
        (!self.notes.is_empty()).then(|| self.notes.join("\n"))
    }
}

/// All sections of one part, as they stand in the description.
fn gather(split: &Split<'_>, part: Part) -> String {
    let text = |section: &headings::Section<'_>| {
        let text = section.text.trim();
        if section.empty { format!("{text} (left empty in the report)") } else { text.to_owned() }
    };
    split.sections.iter().filter(|section| section.part == part).map(text).collect::<Vec<_>>().join("\n\n")
}

/// A true sentence for a ticket whose report says nothing about its circumstances.
fn origin(dialect: &Dialect, raw: &RawReport) -> String {
    let time = raw.created.to_string();
    let date = time.split('T').next().unwrap_or_default();
    let affects = if raw.affects.is_empty() { String::new() } else { format!(", affecting {}", raw.affects.join(", ")) };
    format!("Reported in {} as {} on {date}{affects}.", dialect.name, raw.key)
}
