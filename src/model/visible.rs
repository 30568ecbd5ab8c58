//! Characters that do something instead of being seen: which they are, and how they are written where they could do it.
//! Which texts may not hold them at all is `text`'s affair.

use std::fmt::Write;

/// Controls of bidirectional text: they turn round how other characters are shown (Unicode Standard Annex 9, 2.1 to 2.4).
pub const fn turns_text_round(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Whether a character acts on a terminal, or hides there: controls, line and paragraph separators, and format characters but for the two that
/// join and part letters (U+200C and U+200D), which names and emoji are written with.
pub const fn is_hidden(c: char) -> bool {
    matches!(
        c,
        '\0'..='\u{1f}'
            | '\u{7f}'..='\u{9f}'
            | '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

/// Whether a character cannot be seen at all where it stands: what [`is_hidden`], joiners, fillers, and marks that only choose how another is drawn
/// (Unicode's `Cf` and `Default_Ignorable_Code_Point`).
pub const fn is_unseen(c: char) -> bool {
    is_hidden(c)
        || matches!(
            c,
            '\u{34f}'
                | '\u{600}'..='\u{605}'
                | '\u{6dd}'
                | '\u{70f}'
                | '\u{890}'..='\u{891}'
                | '\u{8e2}'
                | '\u{115f}'..='\u{1160}'
                | '\u{17b4}'..='\u{17b5}'
                | '\u{180b}'..='\u{180f}'
                | '\u{200c}'..='\u{200d}'
                | '\u{3164}'
                | '\u{fe00}'..='\u{fe0f}'
                | '\u{ffa0}'
                | '\u{fff0}'..='\u{fff8}'
                | '\u{110bd}'
                | '\u{110cd}'
                | '\u{13430}'..='\u{1343f}'
                | '\u{1bca0}'..='\u{1bca3}'
                | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0080}'..='\u{e0fff}'
        )
}

/// A text in one line for a terminal: whatever acts or hides there is written as Rust writes it, such as `\n` or `\u{1b}`.
pub fn visible(text: impl std::fmt::Display) -> String {
    escaped(&text.to_string(), |_| false)
}

/// As [`visible`] for a text of several lines.
pub fn visible_lines(text: &str) -> String {
    escaped(text, |c| c == '\n')
}

/// As [`visible_lines`] for a text whose escape sequences are the program's own.
pub fn visible_in_colour(text: &str) -> String {
    escaped(text, |c| c == '\n' || c == '\u{1b}')
}

fn escaped(text: &str, kept: fn(char) -> bool) -> String {
    if !text.chars().any(|c| is_hidden(c) && !kept(c)) {
        return text.to_owned();
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_hidden(c) && !kept(c) {
            shown.extend(escape(c));
        } else {
            shown.push(c);
        }
    }
    shown
}

fn escape(c: char) -> Box<dyn Iterator<Item = char>> {
    if c.is_ascii_control() && matches!(c, '\n' | '\r' | '\t') { Box::new(c.escape_default()) } else { Box::new(c.escape_unicode()) }
}

/// A text of JSON whose hidden characters are escaped (RFC 8259 §7): it says the same. In valid JSON they stand in strings alone.
pub fn visible_json(json: &str) -> String {
    if !json.chars().any(is_hidden) {
        return json.to_owned();
    }
    let mut shown = String::with_capacity(json.len() + 16);
    let mut units = [0; 2];
    for c in json.chars() {
        if is_hidden(c) {
            for unit in c.encode_utf16(&mut units) {
                // Writing to a text cannot fail.
                let _ = write!(shown, "\\u{unit:04x}");
            }
        } else {
            shown.push(c);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_is_written_and_what_is_seen_stays() {
        assert_eq!(visible("a\u{1b}]52;c;eA==\u{7}\nb\u{202e}c\u{9b}d"), "a\\u{1b}]52;c;eA==\\u{7}\\nb\\u{202e}c\\u{9b}d");
        for seen in ["Müller", "می\u{200c}خواهم", "👩\u{200d}🔬", "日本 語"] {
            assert_eq!(visible(seen), seen);
        }
        assert_eq!(visible_lines("a\n\tb\r"), "a\n\\tb\\r");
    }

    #[test]
    fn json_says_the_same() {
        let text = "a\u{202e}b\u{9b}c\u{e0041}\u{7f}";
        let shown = visible_json(&serde_json::to_string(text).unwrap());
        assert!(shown.is_ascii(), "{shown}");
        assert_eq!(serde_json::from_str::<String>(&shown).unwrap(), text);
    }
}
