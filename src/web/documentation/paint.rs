//! Code as markup: escaped, with its strings and comments in spans for the style sheet.
//! It knows quotes and comments of a language and nothing else of it.

/// What of a language is painted.
#[derive(Debug, Clone, Copy)]
pub struct Grammar {
    /// What begins and ends a string.
    pub quotes: &'static [char],
    /// What begins a comment, on a line of its own; empty where there are none.
    pub comment: &'static str,
}

/// The text as HTML.
pub fn painted(text: &str, grammar: Grammar) -> String {
    let mut html = String::with_capacity(text.len() * 2);
    let mut rest = text;
    let mut line_begins = true;
    while let Some(first) = rest.chars().next() {
        let taken = if line_begins && !grammar.comment.is_empty() && rest.starts_with(grammar.comment) {
            let comment = rest.lines().next().unwrap_or_default();
            span(&mut html, "c", comment);
            comment.len()
        } else if grammar.quotes.contains(&first) {
            let length = string(rest, first);
            span(&mut html, "s", &rest[..length]);
            length
        } else {
            escape(&mut html, first);
            first.len_utf8()
        };
        line_begins = first == '\n' || (line_begins && first.is_whitespace());
        rest = &rest[taken..];
    }
    html
}

/// How many bytes the string has that begins here, its quotes among them; one that does not end goes to the end.
fn string(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if c == quote {
            return at + c.len_utf8();
        }
    }
    text.len()
}

fn span(html: &mut String, class: &str, text: &str) {
    html.extend(["<span class=\"", class, "\">"]);
    text.chars().for_each(|c| escape(html, c));
    html.push_str("</span>");
}

fn escape(html: &mut String, c: char) {
    match c {
        '&' => html.push_str("&amp;"),
        '<' => html.push_str("&lt;"),
        '>' => html.push_str("&gt;"),
        '"' => html.push_str("&quot;"),
        '\'' => html.push_str("&#39;"),
        c => html.push(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHELL: Grammar = Grammar { quotes: &['"', '\''], comment: "#" };

    #[test]
    fn strings_and_comments_are_painted() {
        assert_eq!(painted("curl 'a b' # c", SHELL), "curl <span class=\"s\">&#39;a b&#39;</span> # c");
        assert_eq!(painted("  # c\nd", SHELL), "  <span class=\"c\"># c</span>\nd");
        assert_eq!(painted("# c", Grammar { comment: "", ..SHELL }), "# c");
    }

    #[test]
    fn a_quote_within_a_string_does_not_end_it() {
        assert_eq!(painted(r#""a\"b" c"#, SHELL), r#"<span class="s">&quot;a\&quot;b&quot;</span> c"#);
        assert_eq!(painted("\"it's\"", SHELL), "<span class=\"s\">&quot;it&#39;s&quot;</span>");
        assert_eq!(painted("'open <", SHELL), "<span class=\"s\">&#39;open &lt;</span>");
    }

    #[test]
    fn nothing_is_markup_but_the_paint() {
        assert_eq!(painted("<b>&ü", SHELL), "&lt;b&gt;&amp;ü");
    }
}
