//! How two texts differ, word by word, for someone whose words met another's.
//! Who saved what, and which text stays, is decided elsewhere.

use similar::{Algorithm, DiffOp};

/// What became of a stretch of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is in both.
    Kept,
    /// Only the older text has it.
    Removed,
    /// Only the newer text has it.
    Added,
}

/// A stretch of text, never empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Piece<'a> {
    /// What became of it.
    pub(super) fate: Fate,
    /// The text itself, blanks included.
    pub(super) text: &'a str,
}

impl Piece<'_> {
    /// Whether both texts have it.
    pub(super) fn is_kept(&self) -> bool {
        self.fate == Fate::Kept
    }

    /// Whether only the newer text has it.
    pub(super) fn is_added(&self) -> bool {
        self.fate == Fate::Added
    }
}

/// Comparing costs at most about this many steps; what differs in more words is told as a whole.
const MOST_COMPARISONS: usize = 4_000_000;

/// The pieces by which the newer text comes from the older, in order.
pub(super) fn words<'a>(old: &'a str, new: &'a str) -> Vec<Piece<'a>> {
    let (before, after) = (tokens(old), tokens(new));
    let start = before.iter().zip(&after).take_while(|(old, new)| old == new).count();
    let most_end = before.len().min(after.len()) - start;
    let end = before.iter().rev().zip(after.iter().rev()).take(most_end).take_while(|(old, new)| old == new).count();
    let (from, to) = (start..before.len() - end, start..after.len() - end);
    let mut pieces = Pieces { old, new, removed: 0, added: 0, blank: 0, list: Vec::new() };
    pieces.kept(&before[..start]);
    if from.len().saturating_mul(to.len()) > MOST_COMPARISONS {
        pieces.changed(&before[from], &after[to]);
    } else {
        for operation in similar::capture_diff(Algorithm::Myers, &before, from, &after, to) {
            let (removed, added) = (&before[operation.old_range()], &after[operation.new_range()]);
            if matches!(operation, DiffOp::Equal { .. }) { pieces.kept(removed) } else { pieces.changed(removed, added) }
        }
    }
    pieces.kept(&before[before.len() - end..]);
    pieces.told()
}

fn length(tokens: &[&str]) -> usize {
    tokens.iter().map(|token| token.len()).sum()
}

/// The pieces so far, and what of both texts is still to be told.
struct Pieces<'a> {
    old: &'a str,
    new: &'a str,
    /// How much of the older text is a change that is not told yet, in bytes.
    removed: usize,
    /// And how much of the newer one.
    added: usize,
    /// What follows the change in both texts, as long as it is blank: between two words that changed it belongs to the change, so that several
    /// words in a row are told as one.
    blank: usize,
    list: Vec<Piece<'a>>,
}

impl<'a> Pieces<'a> {
    fn kept(&mut self, tokens: &[&str]) {
        let changes = self.removed + self.added > 0;
        if changes && self.blank == 0 && tokens.iter().all(|token| token.trim().is_empty()) {
            self.blank = length(tokens);
        } else {
            self.settle();
            let text = self.take(length(tokens), length(tokens)).1;
            self.push(Fate::Kept, text);
        }
    }

    fn changed(&mut self, removed: &[&str], added: &[&str]) {
        let blank = std::mem::take(&mut self.blank);
        self.removed += blank + length(removed);
        self.added += blank + length(added);
    }

    /// Tells the change, and the blank behind it.
    fn settle(&mut self) {
        let (removed, added) = self.take(self.removed, self.added);
        self.push(Fate::Removed, removed);
        self.push(Fate::Added, added);
        let blank = self.take(self.blank, self.blank).1;
        self.push(Fate::Kept, blank);
        (self.removed, self.added, self.blank) = (0, 0, 0);
    }

    fn told(mut self) -> Vec<Piece<'a>> {
        self.settle();
        self.list
    }

    /// The next bytes of both texts.
    fn take(&mut self, removed: usize, added: usize) -> (&'a str, &'a str) {
        let (from_old, old) = self.old.split_at(removed);
        let (from_new, new) = self.new.split_at(added);
        (self.old, self.new) = (old, new);
        (from_old, from_new)
    }

    fn push(&mut self, fate: Fate, text: &'a str) {
        if !text.is_empty() {
            self.list.push(Piece { fate, text });
        }
    }
}

/// Words, blanks, and signs one by one. Scripts that put no blanks between words are cut at each character.
fn tokens(text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut start = 0;
    let mut before = None;
    for (at, character) in text.char_indices() {
        let kind = kind(character);
        if before.is_some_and(|before| before != kind || kind == Kind::Alone) {
            tokens.push(&text[start..at]);
            start = at;
        }
        before = Some(kind);
    }
    if start < text.len() {
        tokens.push(&text[start..]);
    }
    tokens
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Blank,
    Word,
    Alone,
}

fn kind(character: char) -> Kind {
    // Thai to Tibetan, and from the Chinese radicals on; Korean has blanks.
    let is_unspaced = matches!(character, '\u{e00}'..='\u{fff}' | '\u{2e80}'..='\u{abff}' | '\u{20000}'..);
    // Apostrophes, and marks, which belong to the letter before them.
    let is_within = matches!(character, '\'' | '_' | '\u{2019}' | '\u{300}'..='\u{36f}');
    let is_sign = character.is_ascii_punctuation() || character.is_ascii_control() || matches!(character, '\u{2010}'..='\u{205e}');
    if character.is_whitespace() {
        Kind::Blank
    } else if is_unspaced || (is_sign && !is_within) {
        Kind::Alone
    } else {
        Kind::Word
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// In one line: `-removed-` and `+added+`.
    fn told(old: &str, new: &str) -> String {
        let sign = |fate| match fate {
            Fate::Kept => "",
            Fate::Removed => "-",
            Fate::Added => "+",
        };
        words(old, new).iter().map(|piece| format!("{0}{1}{0}", sign(piece.fate), piece.text)).collect::<Vec<_>>().concat()
    }

    fn side(pieces: &[Piece<'_>], left_out: Fate) -> String {
        pieces.iter().filter(|piece| piece.fate != left_out).map(|piece| piece.text).collect()
    }

    #[test]
    fn words_that_differ_are_told_apart() {
        assert_eq!(told("one booking is confirmed", "one booking is confirmed"), "one booking is confirmed");
        assert_eq!(told("charged once, and one", "charged twice, and one"), "charged -once-+twice+, and one");
        assert_eq!(
            told("charged once; two charges appear.", "charged once and paid back."),
            "charged once-; two charges appear-+ and paid back+."
        );
        assert_eq!(told("a b c d", "a x c d"), "a -b-+x+ c d");
        assert_eq!(told("", "new words"), "+new words+");
        assert_eq!(told("old", ""), "-old-");
        assert_eq!(told("", ""), "");
        assert_eq!(told("予約は一つ", "予約は二つ"), "予約は-一-+二+つ");
        assert_eq!(told("naïve café’s", "naïve cafe’s"), "naïve -café’s-+cafe’s+");
    }

    #[test]
    fn texts_as_long_as_a_clause_may_be_are_compared_in_bounded_work() {
        let old = (0..5_000).map(|number| format!("{} ", number % 10)).collect::<Vec<_>>().concat();
        let new = (0..5_000).map(|number| format!("{} ", (number * 7 + number / 10) % 10)).collect::<Vec<_>>().concat();
        let pieces = words(&old, &new);
        assert_eq!((side(&pieces, Fate::Added), side(&pieces, Fate::Removed)), (old.clone(), new));
        // Long texts that differ little are told exactly.
        let edited = old.replacen("5 6", "5 six 6", 1);
        assert_eq!(
            words(&old, &edited).iter().filter(|piece| !piece.is_kept()).map(|piece| piece.text.trim()).collect::<Vec<_>>(),
            ["six"]
        );
    }

    proptest! {
        #[test]
        fn both_texts_can_be_read_from_the_pieces(old in "(a|bc|d|é|\u{301}| |\n|,|漢|👍|\\PC){0,60}", new in "(a|bc|d|é|\u{301}| |\n|,|漢|👍|\\PC){0,60}") {
            let pieces = words(&old, &new);
            prop_assert_eq!(side(&pieces, Fate::Added), old.clone());
            prop_assert_eq!(side(&pieces, Fate::Removed), new.clone());
            prop_assert!(pieces.iter().all(|piece| !piece.text.is_empty()));
        }
    }
}
