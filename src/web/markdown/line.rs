//! The beginning of a text as one line without its Markdown, for lists of many.
//! No tree is built for it, so that it costs next to nothing; the result is text and is escaped like any other.

/// A list cuts the line where its column ends; no column is longer than this, in characters.
const MOST: usize = 240;

/// No more of the source is looked at, in bytes.
const MOST_SOURCE: usize = 2_000;

/// What the text begins with, in one line and without marks.
pub fn line(text: &str) -> String {
    let source = &text[..text.floor_char_boundary(MOST_SOURCE)];
    let mut line = Line { out: String::new() };
    // A carriage return alone ends a line too (CommonMark 2.1).
    for source in source.split(['\n', '\r']).map(str::trim) {
        if line.out.len() >= 4 * MOST {
            break;
        }
        if !(source.starts_with("```") || source.starts_with("~~~") || is_rule(source)) {
            line.blank();
            line.inline(without_marks(source));
        }
    }
    let mut out = line.out;
    if let Some((end, _)) = out.char_indices().nth(MOST) {
        out.truncate(end);
    }
    out.truncate(out.trim_end().len());
    out
}

/// Whether the line only separates, or underlines a heading or the head of a table.
fn is_rule(line: &str) -> bool {
    line.len() >= 3 && line.bytes().all(|byte| matches!(byte, b'-' | b'=' | b'*' | b'_' | b'|' | b':' | b' '))
}

/// The line without the marks of quotes, headings, lists and tasks in front.
fn without_marks(mut line: &str) -> &str {
    // More than a few are no text of a person's.
    for _ in 0..8 {
        let number = line.find(|character: char| !character.is_ascii_digit()).unwrap_or(0);
        let mark = match line.as_bytes() {
            [b'>', ..] => 1,
            [b'#', ..] => heading(line),
            [b'-' | b'*' | b'+', b' ', ..] => 2,
            [b'[', b' ' | b'x' | b'X', b']', b' ', ..] => 4,
            _ if (1..=9).contains(&number) && (line[number..].starts_with(". ") || line[number..].starts_with(") ")) => number + 2,
            _ => 0,
        };
        if mark == 0 {
            break;
        }
        line = line[mark..].trim_start();
    }
    line
}

fn heading(line: &str) -> usize {
    let count = line.bytes().take_while(|byte| *byte == b'#').count();
    if count <= 6 && line[count..].starts_with(' ') { count } else { 0 }
}

struct Line {
    out: String,
}

impl Line {
    fn inline(&mut self, text: &str) {
        let mut rest = text;
        let mut before = ' ';
        // Where the addresses begin of links whose labels are being told, by what is left of the text, and how long they are.
        let mut addresses: Vec<(usize, usize)> = Vec::new();
        while let Some(first) = rest.chars().next() {
            if let Some((_, length)) = addresses.pop_if(|(left, _)| *left == rest.len()) {
                rest = &rest[length..];
                continue;
            }
            let after = &rest[first.len_utf8()..];
            match first {
                '\\' if after.starts_with(|next: char| next.is_ascii_punctuation()) => {
                    self.out.extend(after.chars().next());
                    rest = &after[1..];
                    before = first;
                    continue;
                }
                '`' => {
                    rest = self.code(rest);
                    before = first;
                    continue;
                }
                '!' if link(after).is_some() => {}
                '[' if let Some((label, address)) = link(rest) => addresses.push((after.len() - label, address)),
                '*' | '_' | '~' => {
                    let behind = rest.trim_start_matches(first);
                    let run = &rest[..rest.len() - behind.len()];
                    if is_text(run, before, behind.chars().next().unwrap_or(' ')) {
                        self.out.push_str(run);
                    }
                    rest = behind;
                    before = first;
                    continue;
                }
                _ if first.is_whitespace() => self.blank(),
                _ => self.out.push(first),
            }
            before = first;
            rest = after;
        }
    }

    /// Tells what is between backquotes as it is, and returns what comes after.
    fn code<'a>(&mut self, text: &'a str) -> &'a str {
        let inside = text.trim_start_matches('`');
        let (mark, _) = text.split_at(text.len() - inside.len());
        let Some((code, rest)) = inside.split_once(mark) else { return inside };
        self.out.push_str(code.trim());
        rest
    }

    fn blank(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with(' ') {
            self.out.push(' ');
        }
    }
}

/// Whether these stars, bars or waves are meant as such: marks of emphasis touch a word's edge from outside.
fn is_text(run: &str, before: char, behind: char) -> bool {
    match run.as_bytes()[0] {
        b'_' => before.is_alphanumeric() && behind.is_alphanumeric(),
        b'~' => run.len() == 1,
        _ => before.is_whitespace() && behind.is_whitespace(),
    }
}

/// Of a text that begins with a link: the length of its label, and that of `](…)` behind it.
fn link(text: &str) -> Option<(usize, usize)> {
    let (label, rest) = text.strip_prefix('[')?.split_once(']')?;
    let address = rest.strip_prefix('(')?.find(')')?;
    Some((label.len(), address + 3))
}
