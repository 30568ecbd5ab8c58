//! HTML from a document's tree, with well-formed tags of a short list and nothing that was typed unescaped.
//! What the tree is, comrak says; `clean` looks over the result once more.

use std::fmt::Write as _;

use comrak::arena_tree::NodeEdge;
use comrak::nodes::{ListType, Node, NodeCodeBlock, NodeList, NodeValue, TableAlignment};

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::{Links, clean, code};

/// What no address has as it is.
const NOT_IN_ADDRESSES: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'`').add(b'\\').add(b'^').add(b'{').add(b'|').add(b'}');

/// Tags are nested at most this deep; what lies deeper is shown without its own.
const DEEPEST: usize = 32;

/// The document as HTML.
pub(super) fn document(root: Node<'_>, links: &Links<'_>) -> String {
    let mut writer = Writer { out: String::new(), links, open: Vec::new(), heading: 2, column: 0, in_link: false };
    for edge in root.traverse() {
        match edge {
            NodeEdge::Start(node) => writer.start(node),
            NodeEdge::End(node) => writer.end(node),
        }
    }
    writer.out
}

/// The text as one paragraph, as it was typed.
pub(super) fn plain(text: &str) -> String {
    let mut out = String::from("<p>");
    for (number, line) in text.lines().enumerate() {
        if number > 0 {
            out.push_str("<br>\n");
        }
        escape(&mut out, line);
    }
    out.push_str("</p>");
    out
}

/// Appends the text so that it is text, in attributes in double quotes too.
pub(super) fn escape(out: &mut String, text: &str) {
    let mut rest = text;
    while let Some(at) = rest.find(['&', '<', '>', '"', '\'', '\0']) {
        out.push_str(&rest[..at]);
        out.push_str(match rest.as_bytes()[at] {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'"' => "&quot;",
            b'\'' => "&#39;",
            _ => "\u{fffd}",
        });
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
}

struct Writer<'a> {
    out: String,
    links: &'a Links<'a>,
    /// What is to be written when the open nodes end, the innermost last; empty for those without tags.
    open: Vec<&'static str>,
    /// The level of the last heading; none may be more than one level below it.
    heading: u8,
    /// The column of the table's next cell.
    column: usize,
    in_link: bool,
}

impl Writer<'_> {
    fn start(&mut self, node: Node<'_>) {
        let data = node.data();
        let closing = match &data.value {
            NodeValue::Text(text) => self.text(text),
            NodeValue::SoftBreak | NodeValue::LineBreak => self.put("<br>\n"),
            NodeValue::Code(code) => self.inline_code(&code.literal),
            NodeValue::HtmlInline(html) => self.escaped(html),
            NodeValue::HtmlBlock(html) => self.literal(&html.literal),
            NodeValue::CodeBlock(block) => self.code_block(block),
            NodeValue::ThematicBreak => self.put("<hr>\n"),
            NodeValue::Image(image) => self.image(node, &image.url),
            NodeValue::Link(link) => self.link(node, &link.url),
            _ if self.open.len() >= DEEPEST => "",
            NodeValue::Paragraph => self.paragraph(node),
            NodeValue::Heading(heading) => self.heading(node, heading.level),
            NodeValue::BlockQuote => self.tag("<blockquote>", "</blockquote>\n"),
            NodeValue::List(list) => self.list(list),
            NodeValue::Item(_) => self.tag("<li>", "</li>\n"),
            NodeValue::TaskItem(task) => self.task(node, task.symbol.is_some()),
            NodeValue::Table(_) => self.tag("<div class=\"scroll\" tabindex=\"0\"><table>\n", "</tbody></table></div>\n"),
            NodeValue::TableRow(is_head) => self.row(*is_head),
            NodeValue::TableCell => self.cell(node),
            NodeValue::Emph => self.tag("<em>", "</em>"),
            NodeValue::Strong => self.tag("<strong>", "</strong>"),
            NodeValue::Strikethrough => self.tag("<del>", "</del>"),
            _ => "",
        };
        self.open.push(closing);
    }

    fn end(&mut self, node: Node<'_>) {
        let closing = self.open.pop().unwrap_or_default();
        self.out.push_str(closing);
        match &node.data().value {
            NodeValue::Link(link) if closing == "</a>" => {
                self.in_link = false;
                // A link that shows nothing could be neither read nor hit.
                if node.first_child().is_none() {
                    self.out.truncate(self.out.len() - closing.len());
                    escape(&mut self.out, &link.url);
                    self.out.push_str(closing);
                }
            }
            NodeValue::Link(link) if closing == UNSAFE => {
                escape(&mut self.out, &link.url);
                self.out.push(')');
            }
            NodeValue::Image(_) if closing == "</a>" => self.in_link = false,
            // Without tags of their own, blocks would run together.
            value if self.open.len() >= DEEPEST && value.block() => self.out.push('\n'),
            _ => {}
        }
    }

    fn put(&mut self, html: &str) -> &'static str {
        self.out.push_str(html);
        ""
    }

    fn tag(&mut self, opening: &str, closing: &'static str) -> &'static str {
        self.out.push_str(opening);
        closing
    }

    fn escaped(&mut self, text: &str) -> &'static str {
        escape(&mut self.out, text);
        ""
    }

    fn paragraph(&mut self, node: Node<'_>) -> &'static str {
        let list = node.parent().and_then(comrak::arena_tree::Node::parent);
        let is_tight = list.is_some_and(|list| matches!(&list.data().value, NodeValue::List(list) if list.tight));
        if is_tight { "" } else { self.tag("<p>", "</p>\n") }
    }

    fn heading(&mut self, node: Node<'_>, level: u8) -> &'static str {
        if node.first_child().is_none() {
            return "";
        }
        self.heading = level.saturating_add(2).min(self.heading + 1).clamp(3, 6);
        let (opening, closing) =
            [("<h3>", "</h3>\n"), ("<h4>", "</h4>\n"), ("<h5>", "</h5>\n"), ("<h6>", "</h6>\n")][usize::from(self.heading) - 3];
        self.tag(opening, closing)
    }

    fn list(&mut self, list: &NodeList) -> &'static str {
        match list.list_type {
            ListType::Ordered if list.start != 1 => {
                let _ = writeln!(self.out, "<ol start=\"{}\">", list.start);
                "</ol>\n"
            }
            ListType::Ordered => self.tag("<ol>\n", "</ol>\n"),
            ListType::Bullet if list.is_task_list => self.tag("<ul class=\"tasks\">\n", "</ul>\n"),
            ListType::Bullet => self.tag("<ul>\n", "</ul>\n"),
        }
    }

    fn task(&mut self, node: Node<'_>, is_done: bool) -> &'static str {
        let is_item = node.parent().is_some_and(|parent| matches!(parent.data().value, NodeValue::List(_)));
        let closing = if is_item { self.tag("<li>", "</li>\n") } else { "" };
        self.put(if is_done {
            "<input type=\"checkbox\" checked disabled aria-label=\"done\"> "
        } else {
            "<input type=\"checkbox\" disabled aria-label=\"to do\"> "
        });
        closing
    }

    fn row(&mut self, is_head: bool) -> &'static str {
        self.column = 0;
        // comrak's tables have a head of one row, always, and it comes first.
        if is_head { self.tag("<thead><tr>", "</tr></thead>\n<tbody>\n") } else { self.tag("<tr>", "</tr>\n") }
    }

    fn cell(&mut self, node: Node<'_>) -> &'static str {
        let row = node.parent();
        let is_head = row.is_some_and(|row| matches!(row.data().value, NodeValue::TableRow(true)));
        let side = alignment(node, self.column);
        self.column += 1;
        // A head that says nothing heads nothing.
        if is_head && node.first_child().is_some() {
            self.tag(["<th>", "<th class=\"center\">", "<th class=\"end\">"][side], "</th>")
        } else {
            self.tag(["<td>", "<td class=\"center\">", "<td class=\"end\">"][side], "</td>")
        }
    }

    fn inline_code(&mut self, literal: &str) -> &'static str {
        self.put("<code>");
        self.escaped(literal);
        self.put("</code>")
    }

    /// Raw HTML: as code, since that is what it is here.
    fn literal(&mut self, text: &str) -> &'static str {
        self.put("<pre tabindex=\"0\"><code>");
        self.escaped(text.trim_end_matches('\n'));
        self.put("</code></pre>\n")
    }

    fn code_block(&mut self, block: &NodeCodeBlock) -> &'static str {
        self.put("<pre tabindex=\"0\"><code>");
        code::highlight(&mut self.out, &block.info, block.literal.trim_end_matches('\n'));
        self.put("</code></pre>\n")
    }

    fn link(&mut self, node: Node<'_>, url: &str) -> &'static str {
        if self.in_link {
            return "";
        }
        match followed(url) {
            Some(address) => self.open_link(&address),
            // What was written is told, and leads nowhere. Without a text it is the address alone.
            None if node.first_child().is_some() => UNSAFE,
            None => self.escaped(url),
        }
    }

    /// A link to the image, by its description: no page of ours asks another host for anything.
    fn image(&mut self, node: Node<'_>, url: &str) -> &'static str {
        let Some(address) = followed(url).filter(|_| !self.in_link) else {
            return if node.first_child().is_some() { "" } else { self.escaped(url) };
        };
        let closing = self.open_link(&address);
        if node.first_child().is_none() {
            self.escaped(url);
        }
        closing
    }

    fn open_link(&mut self, address: &str) -> &'static str {
        self.in_link = true;
        self.out.push_str("<a href=\"");
        escape(&mut self.out, address);
        self.tag("\">", "</a>")
    }

    /// Text, in which codes of tickets lead to them.
    fn text(&mut self, text: &str) -> &'static str {
        let mut rest = text;
        if !self.in_link {
            while let Some((at, code)) = ticket_code(rest) {
                let (before, after) = (&rest[..at], &rest[at + code.len()..]);
                escape(&mut self.out, before);
                match (self.links.ticket)(code) {
                    Some(href) => {
                        self.out.push_str("<a href=\"");
                        escape(&mut self.out, &href);
                        self.out.extend(["\">", code, "</a>"]);
                    }
                    None => self.out.push_str(code),
                }
                rest = after;
            }
        }
        self.escaped(rest)
    }
}

/// Ends a link that leads nowhere: its address follows in parentheses.
const UNSAFE: &str = " (";

/// The address to which a page may lead, as it stands in `href`; none where it may not.
fn followed(url: &str) -> Option<String> {
    clean::followed(&utf8_percent_encode(url, NOT_IN_ADDRESSES).to_string())
}

/// 0 for the start, 1 for the middle, 2 for the end.
fn alignment(cell: Node<'_>, column: usize) -> usize {
    let table = cell.parent().and_then(comrak::arena_tree::Node::parent);
    let Some(table) = table else { return 0 };
    match &table.data().value {
        NodeValue::Table(table) => match table.alignments.get(column) {
            Some(TableAlignment::Center) => 1,
            Some(TableAlignment::Right) => 2,
            _ => 0,
        },
        _ => 0,
    }
}

/// The first code of a ticket in the text, such as `WEB-42`, and where it is: a project's code, a dash and a number, standing alone.
fn ticket_code(text: &str) -> Option<(usize, &str)> {
    let bytes = text.as_bytes();
    for (dash, _) in text.match_indices('-') {
        let letters = bytes[..dash].iter().rev().take(11).take_while(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()).count();
        let digits = bytes[dash + 1..].iter().take(11).take_while(|byte| byte.is_ascii_digit()).count();
        let (start, end) = (dash - letters, dash + 1 + digits);
        let is_code = (2..=10).contains(&letters) && bytes[start].is_ascii_uppercase();
        let is_number = (1..=10).contains(&digits) && bytes[dash + 1] != b'0';
        let is_part = |character: char| character.is_alphanumeric() || "-_/.@#=&".contains(character);
        let stands_alone = !text[..start].ends_with(is_part)
            && !text[end..].starts_with(|character: char| character.is_alphanumeric() || "-_/@".contains(character));
        if is_code && is_number && stands_alone {
            return Some((start, &text[start..end]));
        }
    }
    None
}
