//! Tries what turns texts with Markdown into markup, which is the one place where what people wrote gets tags.
//! How texts come here, and what stands around the markup, is not tried.

use bugtome::web::markdown::{Links, html, line};
use libfuzzer_sys::Corpus;

/// Any text.
pub fn attempt(data: &[u8]) -> Corpus {
    shows(&String::from_utf8_lossy(data));
    Corpus::Keep
}

/// As long as the longest text of a ticket.
const LONGEST: usize = 50_000;

/// How long a pattern may be; a longer one is no more of a surprise.
const PATTERN: usize = 12;

/// A few characters again and again until they are as long as a text may be: what costs more than its length is noticed by libFuzzer's clock.
pub fn attempt_again(data: &[u8]) -> Corpus {
    let pattern = String::from_utf8_lossy(data);
    if !(1..=PATTERN).contains(&pattern.len()) {
        return Corpus::Reject;
    }
    shows(&pattern.repeat(LONGEST / pattern.len()));
    Corpus::Keep
}

fn shows(text: &str) {
    let known = |code: &str| (!code.starts_with("UTF-")).then(|| format!("/workspace/go?code={code}"));
    let links = Links { ticket: &known };
    let markup = html(text, &links).to_string();
    assert!(markup.len() < 60 * text.len() + 1_000, "{} bytes become {}", text.len(), markup.len());
    let mut open: Vec<&str> = Vec::new();
    for (at, piece) in markup.split('<').enumerate() {
        let shown = if at == 0 { piece } else { after_tag(piece, &mut open) };
        is_text(shown);
    }
    assert!(open.is_empty(), "{open:?} stay open");
    let line = line(text);
    assert!(line.chars().count() <= 240 && !line.contains(['\n', '\r']) && line.trim_end() == line, "{line:?}");
}

/// Takes the tag that a piece begins with, and answers what follows it.
fn after_tag<'a>(piece: &'a str, open: &mut Vec<&'a str>) -> &'a str {
    let (tag, rest) = piece.split_once('>').expect("a tag ends");
    if let Some(name) = tag.strip_prefix('/') {
        assert_eq!(open.pop(), Some(name), "tags are balanced");
        return rest;
    }
    is_allowed(tag);
    let name = tag.split(' ').next().unwrap_or_default();
    if !["br", "hr", "input"].contains(&name) {
        open.push(name);
        // An item has a paragraph, and a table four tags around its cells.
        assert!(open.len() <= 100, "no page bears this: {open:?}");
    }
    rest
}

/// Tags as they may be written, but for links and the numbers of lists.
const TAGS: [&str; 34] = [
    "blockquote",
    "br",
    "code",
    "del",
    "div class=\"scroll\" tabindex=\"0\"",
    "em",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "input type=\"checkbox\" checked=\"\" disabled=\"\" aria-label=\"done\"",
    "input type=\"checkbox\" disabled=\"\" aria-label=\"to do\"",
    "li",
    "ol",
    "p",
    "pre tabindex=\"0\"",
    "span class=\"c\"",
    "span class=\"k\"",
    "span class=\"n\"",
    "span class=\"s\"",
    "strong",
    "table",
    "tbody",
    "td",
    "td class=\"center\"",
    "td class=\"end\"",
    "th",
    "th class=\"center\"",
    "th class=\"end\"",
    "thead",
    "tr",
    "ul",
    "ul class=\"tasks\"",
];

fn is_allowed(tag: &str) {
    let value = |start: &str, end: &str| tag.strip_prefix(start).and_then(|rest| rest.strip_suffix(end));
    if let Some(address) = value("a href=\"", "\" rel=\"nofollow noopener noreferrer\"") {
        let leads = ["http://", "https://", "mailto:", "/workspace/go?code="].iter().any(|start| address.starts_with(start));
        // An apostrophe is a part of many addresses, and ends nothing within quotation marks.
        assert!(leads && !address.contains(['"', '\\', ' ', '\n', '\r', '\t']), "a link to {address:?}");
        return;
    }
    let numbered = value("ol start=\"", "\"").is_some_and(|number| number.parse::<u32>().is_ok());
    assert!(numbered || TAGS.contains(&tag), "<{tag}>");
}

/// Between tags nothing acts: what could is written as an entity, of which there are five.
fn is_text(shown: &str) {
    assert!(!shown.contains('>'), "{shown:?}");
    for entity in shown.split('&').skip(1) {
        let name = entity.split_once(';').expect("an entity ends").0;
        assert!(["amp", "lt", "gt", "quot", "nbsp", "#39"].contains(&name), "&{name};");
    }
}
