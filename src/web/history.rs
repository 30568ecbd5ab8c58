//! A ticket's history in sentences: comments, and what one person changed within a minute as one line.
//! What is in the history, and how much of it is shown, `domain::history` says.

use super::frame::Frame;
use super::initials::initials;
use super::markdown::{self, Links, Markup};
use super::parts::label;
use super::times::Stamp;
use crate::domain::events::Shown;
use crate::domain::history::{Author, Entry, History, Told};
use crate::domain::permissions::Capability;
use crate::domain::reach::TicketReach;
use crate::model::events::{EventKind, Via};
use crate::model::persons::PersonKind;
use crate::model::time::{Span, Time};

/// Changes of one person that are no further apart than this become one line.
const TOGETHER: Span = Span::seconds(60);

/// One line of the history.
pub(super) enum Line {
    /// Somebody's words.
    Comment(Box<Comment>),
    /// What somebody changed.
    Changes(Box<Changes>),
    /// What is left out here.
    Fold {
        /// How many comments and changes.
        count: i64,
        /// Where they are shown.
        href: String,
    },
}

/// Who a line is from.
pub(super) struct Who {
    /// The name.
    pub(super) name: String,
    /// For the face.
    pub(super) initials: String,
    /// Whether it is the reader.
    pub(super) mine: bool,
    /// The last four characters of a project token.
    pub(super) last_four: Option<String>,
    /// Whether the name was brought in from another tracker.
    pub(super) imported: bool,
}

/// A comment.
pub(super) struct Comment {
    /// Which.
    pub(super) id: uuid::Uuid,
    /// Who wrote it.
    pub(super) who: Who,
    /// When.
    pub(super) at: Stamp,
    /// When it was changed, if so.
    pub(super) edited: Option<Stamp>,
    /// What it says.
    pub(super) text: Markup,
    /// Whether the reader may edit it.
    pub(super) may_edit: bool,
    /// Whether the reader may delete it.
    pub(super) may_delete: bool,
}

/// What one person did within a minute.
pub(super) struct Changes {
    /// Who it was.
    pub(super) who: Who,
    /// What was done first.
    pub(super) icon: Icon,
    /// What was done, as parts of one sentence.
    pub(super) phrases: Vec<Phrase>,
    /// Through which door, where it is not a page.
    pub(super) through: Option<&'static str>,
    /// When the last of it was done.
    pub(super) at: Stamp,
}

/// The drawing before a line of changes.
pub(super) struct Icon {
    /// Which drawing.
    pub(super) name: &'static str,
    /// Its class: a status' and a priority's have colours.
    pub(super) class: String,
}

/// Part of a sentence, of which some words are strong.
pub(super) struct Phrase {
    /// What leads to the part: a comma, or "and".
    pub(super) joint: &'static str,
    /// What comes before them.
    pub(super) before: String,
    /// The strong words.
    pub(super) strong: String,
    /// What comes after them.
    pub(super) after: String,
}

/// Who reads, and what the reader may.
pub(super) struct Reading<'a> {
    /// The page.
    pub(super) frame: &'a Frame,
    /// How the reader comes to the ticket.
    pub(super) reach: &'a TicketReach,
    /// Where codes lead.
    pub(super) links: Links<'a>,
}

impl Reading<'_> {
    /// The beginning, what is left out, the end.
    pub(super) fn history(&self, history: History, all: &str) -> Vec<Line> {
        let mut lines = self.lines(history.first);
        if history.between > 0 {
            lines.push(Line::Fold { count: history.between, href: all.to_owned() });
            lines.extend(self.lines(history.last));
        }
        lines
    }

    /// The entries, one after the other.
    pub(super) fn lines(&self, entries: Vec<Entry>) -> Vec<Line> {
        let mut lines = Vec::with_capacity(entries.len());
        let mut entries = entries.into_iter().peekable();
        while let Some(entry) = entries.next() {
            let Entry { id, at, author, told } = entry;
            match told {
                Told::Comment { content, updated_at } => lines.push(self.comment(id, at, author.as_ref(), &content, updated_at)),
                Told::Event { kind, via, changes } => {
                    let mut last = at;
                    let mut phrases = vec![phrase(kind, &changes, author.as_ref())];
                    let together = |next: &Entry| {
                        next.author == author
                            && next.at.since(at) < TOGETHER
                            && matches!(next.told, Told::Event { via: other, .. } if other == via)
                    };
                    while let Some(Entry { at, told: Told::Event { kind, changes, .. }, author, .. }) = entries.next_if(together) {
                        last = at;
                        phrases.push(phrase(kind, &changes, author.as_ref()));
                    }
                    join(&mut phrases);
                    let (who, icon) = (self.who(author.as_ref()), icon(kind, &changes));
                    lines.push(Line::Changes(Box::new(Changes { who, icon, phrases, through: through(via), at: self.frame.stamp(last) })));
                }
            }
        }
        lines
    }

    fn comment(&self, id: uuid::Uuid, at: Time, author: Option<&Author>, content: &str, updated_at: Time) -> Line {
        let mine = self.is_mine(author);
        let may_comment = self.reach.may(Capability::Comment);
        Line::Comment(Box::new(Comment {
            id,
            who: self.who(author),
            at: self.frame.stamp(at),
            edited: (updated_at != at).then(|| self.frame.stamp(updated_at)),
            text: markdown::html(content, &self.links),
            may_edit: mine && may_comment,
            may_delete: (mine && may_comment) || self.reach.may(Capability::DeleteOthersComments),
        }))
    }

    fn is_mine(&self, author: Option<&Author>) -> bool {
        let me = self.frame.person.as_ref().map(|person| person.id.uuid());
        author.is_some_and(|author| Some(author.id.uuid()) == me)
    }

    fn who(&self, author: Option<&Author>) -> Who {
        let Some(author) = author else {
            return Who { name: "An administrator".to_owned(), initials: "·".to_owned(), mine: false, last_four: None, imported: false };
        };
        Who {
            name: author.name.clone(),
            initials: initials(&author.name),
            mine: self.is_mine(Some(author)),
            last_four: author.last_four.clone(),
            imported: author.kind == PersonKind::Imported,
        }
    }
}

const fn through(via: Via) -> Option<&'static str> {
    match via {
        Via::Web => None,
        Via::Api => Some("through the API"),
        Via::Mcp => Some("through MCP"),
        Via::Import => Some("in another tracker"),
        Via::Command => Some("by command"),
    }
}

fn icon(kind: EventKind, changes: &Shown) -> Icon {
    let plain = |name| Icon { name, class: String::new() };
    let of_word = |words: &[&'static str], word: &str, class: &str| {
        let name = words.iter().find(|known| **known == word).copied().unwrap_or("info");
        Icon { name, class: format!("{class} {name}") }
    };
    match (kind, changes) {
        (_, Shown::Status(_, new)) => of_word(&["open", "in_progress", "resolved", "closed"], new, "st"),
        (_, Shown::Priority(_, new)) => of_word(&["low", "medium", "high", "critical"], new, "prio"),
        (EventKind::TicketCreated, _) => plain("plus"),
        (EventKind::TicketAssigned, _) => plain("user"),
        (EventKind::TicketEdited, _) => plain("edit"),
        (EventKind::TicketDeleted | EventKind::CommentDeleted, _) => plain("x"),
        (EventKind::TicketRestored, _) => plain("rotate"),
        _ => plain("info"),
    }
}

/// One part of the sentence.
fn phrase(kind: EventKind, changes: &Shown, author: Option<&Author>) -> Phrase {
    let plain = |text: &str| Phrase { joint: "", before: text.to_owned(), strong: String::new(), after: String::new() };
    let strong = |before: String, strong: String, after: String| Phrase { joint: "", before, strong, after };
    match changes {
        Shown::Status(old, new) => strong(format!("moved it from {} to ", label(old)), label(new), String::new()),
        Shown::Priority(old, new) => strong("set the priority to ".to_owned(), label(new), format!(", was {}", label(old))),
        Shown::Assignee(Some(person)) if author.is_some_and(|author| author.id == person.id) => plain("took it"),
        Shown::Assignee(Some(person)) => strong("gave it to ".to_owned(), person.name.clone(), String::new()),
        Shown::Assignee(None) => plain("gave it to nobody"),
        Shown::Texts(texts) => {
            let names: Vec<String> = texts.iter().map(|(name, ..)| label(name)).collect();
            strong("edited ".to_owned(), listed(&names), String::new())
        }
        Shown::None | Shown::Comment { .. } => plain(match kind {
            EventKind::TicketCreated => "filed this",
            EventKind::TicketDeleted => "deleted this",
            EventKind::TicketRestored => "restored this",
            EventKind::CommentDeleted => "deleted a comment",
            _ => "changed this",
        }),
    }
}

fn join(phrases: &mut [Phrase]) {
    let count = phrases.len();
    for (at, phrase) in phrases.iter_mut().enumerate().skip(1) {
        phrase.joint = if at + 1 == count { " and " } else { ", " };
    }
}

/// `A`, `A and B`, `A, B and C`.
pub(super) fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [name] => name.clone(),
        [names @ .., last] => format!("{} and {last}", names.join(", ")),
    }
}
