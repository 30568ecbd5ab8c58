//! What a form showed of a ticket's texts when it was opened: by it is told which of them a person touched, and whether somebody else was faster.
//! How the texts are changed is in `tickets`.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

use super::tickets::Draft;
use crate::model::draft::{Field, Text};
use crate::store::tickets::TicketRow;

/// The texts that a form holds, in the order of their digests.
pub const TEXTS: [&str; 5] = ["title", "given", "when", "then", "notes"];

/// A short digest of one text: enough to tell a text from another by the same people.
type Short = [u8; 16];

/// The version of the ticket and its texts as they were.
/// Its default is a state that no ticket was ever in, for a form that does not say what it showed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Opened {
    version: i64,
    texts: [Short; TEXTS.len()],
}

impl Opened {
    /// As the ticket is now.
    pub fn of(ticket: &TicketRow) -> Self {
        Self { version: ticket.version, texts: texts(ticket).map(digest) }
    }

    /// Whether nobody has changed a text since. A version that has grown alone says nothing: status, priority and assignee are changed in place.
    pub(super) fn still_stands(&self, now: &TicketRow) -> bool {
        self.version == now.version || self.texts == texts(now).map(digest)
    }

    /// Which texts are others now than they were then, in the order of [`TEXTS`].
    pub fn changed_since(&self, now: &TicketRow) -> [bool; TEXTS.len()] {
        let texts = texts(now).map(digest);
        std::array::from_fn(|at| texts[at] != self.texts[at])
    }

    /// Whether what a form sent for this text is what it showed.
    pub fn is_untouched(&self, name: &str, sent: &str) -> bool {
        TEXTS.iter().position(|text| *text == name).is_some_and(|at| digest(sent) == self.texts[at])
    }

    /// The draft without what nobody touched. So a text that could not be written today, an import's for one, does not stand in the others' way,
    /// and line ends that a browser has changed are no change.
    pub(super) fn leave_out_untouched(&self, draft: &Draft) -> Draft {
        let mut draft = draft.clone();
        for (name, field) in TEXTS.iter().zip([&mut draft.title, &mut draft.given, &mut draft.when, &mut draft.then, &mut draft.notes]) {
            if matches!(field, Field::Value(Text::Sound(text)) if self.is_untouched(name, text)) {
                *field = Field::Absent;
            }
        }
        draft
    }
}

fn texts(ticket: &TicketRow) -> [&str; TEXTS.len()] {
    [&ticket.title, &ticket.given, &ticket.when, &ticket.then, ticket.notes.as_deref().unwrap_or_default()]
}

/// Of the text as a form's field holds it: line ends of one kind, no blanks around it.
fn digest(text: &str) -> Short {
    let mut hash = Sha256::new();
    for (at, line) in text.trim().lines().enumerate() {
        if at > 0 {
            hash.update("\n");
        }
        hash.update(line);
    }
    let mut short = Short::default();
    short.copy_from_slice(&hash.finalize()[..16]);
    short
}

impl fmt::Display for Opened {
    /// As it stands in a form: the version, then each digest in hexadecimal, with dots between them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.version)?;
        for text in &self.texts {
            write!(f, ".{:032x}", u128::from_be_bytes(*text))?;
        }
        Ok(())
    }
}

/// The text is none that a form of ours holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not what a form showed")]
pub struct NotOpened;

impl FromStr for Opened {
    type Err = NotOpened;

    fn from_str(text: &str) -> Result<Self, NotOpened> {
        let mut parts = text.split('.');
        let version = parts.next().and_then(|part| part.parse().ok()).ok_or(NotOpened)?;
        let mut texts = [Short::default(); TEXTS.len()];
        for text in &mut texts {
            let part = parts.next().filter(|part| part.len() == 32).ok_or(NotOpened)?;
            *text = u128::from_str_radix(part, 16).map_err(|_| NotOpened)?.to_be_bytes();
        }
        if parts.next().is_some() { Err(NotOpened) } else { Ok(Self { version, texts }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(title: &str) -> Opened {
        Opened { version: 7, texts: [title, "given", "when", "then", ""].map(digest) }
    }

    #[test]
    fn what_stands_in_a_form_leads_back() {
        let opened = opened("Title");
        assert_eq!(opened.to_string().parse(), Ok(opened.clone()));
        for wrong in ["", "7", "7.0", "x.y", &format!("{opened}.0"), &opened.to_string().replace('.', " ")] {
            assert_eq!(wrong.parse::<Opened>(), Err(NotOpened), "{wrong}");
        }
    }

    #[test]
    fn only_what_was_touched_is_sent_on() {
        let opened = opened("One\r\ntwo");
        let draft = Draft {
            title: Field::Value("One\ntwo ".into()),
            given: Field::Value("given, and more".into()),
            notes: Field::Value("".into()),
            ..Draft::default()
        };
        let left = opened.leave_out_untouched(&draft);
        assert_eq!((left.title, left.given, left.notes), (Field::Absent, draft.given, Field::Absent));
    }
}
