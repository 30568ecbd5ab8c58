//! Full text: how texts become words, how a question becomes a match, and the documents of tickets and comments.
//! Both databases are given the same words, so that both find the same; how a list uses a match is in `ticket_lists`.
//!
//! Words are made here and not by the databases: normalised (NFKD, marks dropped, small), letters and digits only, an ideograph a word of its
//! own. A document carries its project and its organization as words that no text can make, and each match begins with the caller's.

mod renewal;

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::database::{Connection, Result, Row, Select, sql};
use super::tickets::Texts;
use crate::model::id::Id;
use crate::model::organizations::Organization;
use crate::model::tickets::{Comment, Ticket};

pub use renewal::{Mark, look_anew, renew_comments, renew_tickets};

/// The most characters of one word that are kept; longer ones (hashes, addresses) are found by their beginning.
const LONGEST_WORD: usize = 64;

/// The most bytes of all words of one document; what comes after is not found. PostgreSQL keeps where a word begins in 20 bits, and one that
/// begins beyond them is lost without an error.
const MOST_BYTES: usize = (1 << 20) - 1;

/// What of a ticket can be found.
#[derive(Debug)]
pub struct TicketDocument<'a> {
    /// Whose.
    pub organization: Id<Organization>,
    /// The project's serial.
    pub serial: i64,
    /// The project's code.
    pub code: &'a str,
    /// The number in the project.
    pub number: i64,
    /// The key in the tracker from which it was imported.
    pub external_key: Option<&'a str>,
    /// The texts.
    pub texts: Texts<'a>,
}

/// Where to look: one project, or one organization.
#[derive(Debug, Clone, Copy)]
pub enum Within {
    /// The project with this serial.
    Project(i64),
    /// All projects of the organization.
    Organization(Id<Organization>),
}

impl Within {
    fn word(self) -> String {
        match self {
            Self::Project(serial) => format!("_p{serial}"),
            Self::Organization(id) => format!("_o{}", id.uuid().simple()),
        }
    }
}

const fn stands_alone(c: char) -> bool {
    matches!(c, '\u{2e80}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// Words, each once and in their order.
#[derive(Debug, Default)]
struct Words {
    set: BTreeSet<String>,
    bytes: usize,
}

impl Words {
    /// Where a document lies is what its words begin with.
    fn of(organization: Id<Organization>, serial: i64) -> Self {
        let mut words = Self::default();
        words.add(&Within::Project(serial).word());
        words.add(&Within::Organization(organization).word());
        words
    }

    fn add(&mut self, word: &str) {
        if self.bytes + word.len() <= MOST_BYTES && !self.set.contains(word) {
            self.bytes += word.len();
            self.set.insert(word.to_owned());
        }
    }

    fn join(&self) -> String {
        let mut text = String::with_capacity(self.bytes + self.set.len());
        for word in &self.set {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(word);
        }
        text
    }
}

/// Adds the words of `text`.
fn collect(text: &str, words: &mut Words) {
    let mut word = String::new();
    let mut length = 0;
    let mut take = |c: char, words: &mut Words| {
        if c.is_alphanumeric() && !stands_alone(c) {
            if length < LONGEST_WORD {
                word.push(c);
                length += 1;
            }
            return;
        }
        if !word.is_empty() {
            words.add(&word);
            word.clear();
            length = 0;
        }
        if stands_alone(c) && c.is_alphanumeric() {
            words.add(c.encode_utf8(&mut [0; 4]));
        }
    };
    if text.is_ascii() {
        text.bytes().for_each(|byte| take(char::from(byte.to_ascii_lowercase()), words));
    } else {
        text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).for_each(|c| take(c, words));
    }
    take(' ', words);
}

/// The words under which a ticket is found. Its code and number come first, since they are found however long the texts are.
pub fn ticket_words(document: &TicketDocument<'_>) -> String {
    let mut words = Words::of(document.organization, document.serial);
    collect(document.code, &mut words);
    words.add(&document.number.to_string());
    let texts = &document.texts;
    for text in [document.external_key, Some(texts.title), Some(texts.given), Some(texts.when), Some(texts.then), texts.notes] {
        collect(text.unwrap_or_default(), &mut words);
    }
    words.join()
}

/// The words under which a comment's ticket is found.
pub fn comment_words(organization: Id<Organization>, serial: i64, content: &str) -> String {
    let mut words = Words::of(organization, serial);
    collect(content, &mut words);
    words.join()
}

/// What somebody asked for, as words; `None` when there is no word in it, so that nothing can match.
#[derive(Debug, Clone)]
pub struct Question(Vec<String>);

impl Question {
    /// One word, as [`words_of`] made it.
    pub fn word(word: &str) -> Self {
        Self(vec![word.to_owned()])
    }

    /// Reads whatever a person types. Every word must be found; nothing in it is syntax.
    pub fn new(text: &str) -> Option<Self> {
        let words: Vec<String> = words_of(text).into_iter().collect();
        (!words.is_empty()).then_some(Self(words))
    }

    /// The match as FTS5 reads it, which begins with where to look. PostgreSQL is given the same and rewrites it.
    fn within(&self, within: Within) -> String {
        let mut text = format!("\"{}\"", within.word());
        for word in &self.0 {
            text.push_str(" AND \"");
            text.push_str(word);
            text.push('"');
        }
        text
    }
}

/// What is looked through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Documents {
    /// The table of tickets' words.
    Tickets,
    /// The table of comments' words.
    Comments,
}

impl Documents {
    /// Between the organization, of which SQLite has no use here, and the match.
    const fn asked_by_sqlite(self) -> &'static str {
        match self {
            Self::Tickets => " IS NOT NULL AND w.ticket_words MATCH ",
            Self::Comments => " IS NOT NULL AND w.comment_words MATCH ",
        }
    }
}

/// Appends the condition that the document `w` lies where it is asked for and has all words of the question.
///
/// PostgreSQL's index has the words of each organization apart, so that the organization is not asked for as a word as well: finding the few
/// documents of a rare word again among all of an organization took longer than anything else.
pub fn push_match<R: Row>(
    select: &mut Select<R>,
    documents: Documents,
    organization: Id<Organization>,
    within: Within,
    question: &Question,
) {
    // The first word of a match is where to look.
    let (begin, end) = match within {
        Within::Project(_) => (", string_to_array(replace(", ", '\"', ''), ' AND '))"),
        Within::Organization(_) => (", (string_to_array(replace(", ", '\"', ''), ' AND '))[2:])"),
    };
    select.push_pg("", "own_words(w.organization_id, tsvector_to_array(w.words)) @> own_words(").bind(&organization);
    select.push_pg(documents.asked_by_sqlite(), begin).bind(&question.within(within)).push_pg("", end);
}

/// As [`push_match`] for a document that is at hand: PostgreSQL reads its words instead of asking its index.
pub fn push_match_of_row<R: Row>(
    select: &mut Select<R>,
    documents: Documents,
    organization: Id<Organization>,
    within: Within,
    question: &Question,
) {
    select.bind(&organization).push_pg(documents.asked_by_sqlite(), "::uuid IS NOT NULL AND w.words @@ CAST(replace(replace(");
    // Words hold neither quotes nor capitals.
    select.bind(&question.within(within)).push_pg("", ", ' AND ', ' & '), '\"', '''') AS tsquery)");
}

/// Each of the words once, for whoever weighs them one by one.
pub fn words_of(text: &str) -> BTreeSet<String> {
    let mut words = Words::default();
    collect(text, &mut words);
    words.set
}

/// Keeps a ticket's words.
pub fn insert_ticket(db: &mut Connection, key: i64, organization: Id<Organization>, words: &str) -> Result<()> {
    db.execute(sql!(
        "INSERT INTO ticket_words (rowid, words) SELECT ?1, ?3 WHERE ?2 IS NOT NULL";
        pg "INSERT INTO ticket_words (key, organization_id, words) VALUES (?1, ?2, array_to_tsvector(string_to_array(?3, ' ')))",
        i64 = key, Id<Organization> = organization, str = words
    ))?;
    Ok(())
}

/// Exchanges a ticket's words.
pub fn replace_ticket(db: &mut Connection, key: i64, organization: Id<Organization>, words: &str) -> Result<()> {
    delete_ticket(db, key, organization)?;
    insert_ticket(db, key, organization, words)
}

/// Forgets a ticket's words.
pub fn delete_ticket(db: &mut Connection, key: i64, organization: Id<Organization>) -> Result<()> {
    db.execute(sql!(
        "DELETE FROM ticket_words WHERE rowid = ?2 AND ?1 IS NOT NULL";
        pg "DELETE FROM ticket_words WHERE organization_id = ?1 AND key = ?2",
        Id<Organization> = organization, i64 = key
    ))?;
    Ok(())
}

/// Keeps a comment's words.
pub fn insert_comment(db: &mut Connection, key: i64, organization: Id<Organization>, words: &str) -> Result<()> {
    db.execute(sql!(
        "INSERT INTO comment_words (rowid, words) SELECT ?1, ?3 WHERE ?2 IS NOT NULL";
        pg "INSERT INTO comment_words (key, organization_id, words) VALUES (?1, ?2, array_to_tsvector(string_to_array(?3, ' ')))",
        i64 = key, Id<Organization> = organization, str = words
    ))?;
    Ok(())
}

/// Forgets a comment's words.
pub fn delete_comment(db: &mut Connection, id: Id<Comment>) -> Result<()> {
    db.execute(sql!(
        "DELETE FROM comment_words WHERE rowid = (SELECT key FROM comments WHERE id = ?1)";
        pg "DELETE FROM comment_words w USING comments c WHERE c.id = ?1 AND w.organization_id = c.organization_id AND w.key = c.key",
        Id<Comment> = id
    ))?;
    Ok(())
}

/// Forgets the words of all comments of a ticket.
pub fn delete_comments_of(db: &mut Connection, ticket: Id<Ticket>) -> Result<()> {
    db.execute(sql!(
        "DELETE FROM comment_words WHERE rowid IN (SELECT key FROM comments WHERE ticket_id = ?1)";
        pg "DELETE FROM comment_words w USING comments c WHERE c.ticket_id = ?1 AND w.organization_id = c.organization_id AND w.key = c.key",
        Id<Ticket> = ticket
    ))?;
    Ok(())
}

/// Pages that one step of [`merge`] writes, 500 bytes each: some milliseconds, for which others wait who want to write. SQLite ends a step with a
/// word, so that it takes longer with one that very many documents have.
const MERGED: i64 = 200;

/// Joins some of the pieces of SQLite's index: whatever is filed makes a new one, and each question looks into all. The answer is whether there
/// may be more to join. PostgreSQL does by itself what it needs.
pub fn merge(db: &mut Connection) -> Result<bool> {
    if db.is_postgres() {
        return Ok(false);
    }
    let before = changes(db)?;
    db.execute(sql!(
        "INSERT INTO ticket_words (ticket_words, rank) VALUES ('merge', ?1)";
        pg "DELETE FROM ticket_words WHERE ?1::bigint IS NULL",
        i64 = MERGED
    ))?;
    db.execute(sql!(
        "INSERT INTO comment_words (comment_words, rank) VALUES ('merge', ?1)";
        pg "DELETE FROM comment_words WHERE ?1::bigint IS NULL",
        i64 = MERGED
    ))?;
    // Each command counts as one change, and so does each page: https://sqlite.org/fts5.html#the_merge_command
    Ok(changes(db)? - before > 2)
}

fn changes(db: &mut Connection) -> Result<i64> {
    let (changes,) = db.query_one(sql!((i64,): "SELECT total_changes()"; pg "SELECT 0::bigint"))?;
    Ok(changes)
}

/// Forgets all words.
pub fn forget_all(db: &mut Connection) -> Result<()> {
    db.execute(sql!("INSERT INTO ticket_words (ticket_words) VALUES ('delete-all')"; pg "TRUNCATE ticket_words"))?;
    db.execute(sql!("INSERT INTO comment_words (comment_words) VALUES ('delete-all')"; pg "TRUNCATE comment_words"))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        words_of(text).into_iter().collect()
    }

    #[test]
    fn words_are_small_letters_and_digits_without_marks() {
        assert_eq!(words("Crème BRÛLÉE, crème! x_y"), ["brulee", "creme", "x", "y"]);
        assert_eq!(words("HADOOP-17930"), ["17930", "hadoop"]);
        assert_eq!(words("日本 ﬁx"), ["fix", "日", "本"]);
        assert_eq!(words(&"a".repeat(100)), ["a".repeat(64)]);
    }

    #[test]
    fn a_document_has_a_bound_and_its_first_words_are_kept() {
        let long = (0..200_000).map(|number| format!("w{number:07}")).collect::<Vec<_>>().join(" ");
        let words = words(&long);
        assert_eq!(words.iter().map(String::len).sum::<usize>(), MOST_BYTES / 8 * 8);
        assert_eq!((words[0].as_str(), words.len()), ("w0000000", MOST_BYTES / 8));
    }

    #[test]
    fn nothing_that_is_typed_is_syntax() {
        let question = Question::new("\"NEAR(' OR & | ! : * _p1 --").unwrap();
        assert_eq!(question.within(Within::Project(7)), "\"_p7\" AND \"near\" AND \"or\" AND \"p1\"");
        assert!(Question::new("!!! \u{0} ***").is_none());
    }
}
