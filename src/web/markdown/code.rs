//! Colours for code: words of the language, strings, comments and numbers, told apart by a small scanner for all languages.
//! It knows no grammar: what it cannot tell, and every language that it does not know, stays plain.

use super::write::escape;

/// What the scanner must know of a language.
struct Language {
    names: &'static [&'static str],
    keywords: &'static str,
    /// What begins a comment up to the end of the line.
    line_comments: &'static [&'static str],
    /// What begins and ends a comment of several lines.
    block_comment: Option<(&'static str, &'static str)>,
    quotes: &'static str,
}

const C_COMMENT: Option<(&str, &str)> = Some(("/*", "*/"));

const LANGUAGES: &[Language] = &[
    Language {
        names: &["rust", "rs"],
        keywords: "as async await break const continue crate dyn else enum extern false fn for if impl in let loop match mod move mut pub ref \
                   return self Self static struct super trait true type union unsafe use where while",
        line_comments: &["//"],
        block_comment: C_COMMENT,
        quotes: "\"",
    },
    Language {
        names: &["javascript", "js", "jsx", "mjs", "typescript", "ts", "tsx"],
        keywords: "abstract any as async await boolean break case catch class const continue debugger default delete do else enum export extends \
                   false finally for from function if implements import in instanceof interface let new null number of private protected public \
                   readonly return static string super switch this throw true try type typeof undefined var void while with yield",
        line_comments: &["//"],
        block_comment: C_COMMENT,
        quotes: "\"'`",
    },
    Language {
        names: &["python", "py"],
        keywords: "False None True and as assert async await break class continue def del elif else except finally for from global if import in is \
                   lambda nonlocal not or pass raise return self try while with yield",
        line_comments: &["#"],
        block_comment: None,
        quotes: "\"'",
    },
    Language {
        names: &["ruby", "rb"],
        keywords: "alias and begin break case class def defined do else elsif end ensure false for if in module next nil not or redo rescue retry \
                   return self super then true undef unless until when while yield",
        line_comments: &["#"],
        block_comment: None,
        quotes: "\"'`",
    },
    Language {
        names: &["java", "kotlin", "kt", "csharp", "cs", "swift", "scala", "php"],
        keywords: "abstract and as async await base boolean break byte case catch char class const continue data def default do double else enum \
                   extends false final finally float for foreach fun func function guard if implements import in init instanceof int interface \
                   internal is let long namespace new nil null object operator out override package private protected public readonly return \
                   sealed short static string struct super switch this throw throws trait true try using val var virtual void when where while",
        line_comments: &["//"],
        block_comment: C_COMMENT,
        quotes: "\"'",
    },
    Language {
        names: &["c", "h", "cpp", "c++", "hpp", "go", "golang", "zig"],
        keywords: "auto bool break case chan char class const continue default defer delete do double else enum extern false float for func go goto \
                   if import inline int interface long map namespace new nil nullptr package private protected public range return select short \
                   signed sizeof static string struct switch template this throw true try type typedef union unsigned using var virtual void \
                   volatile while",
        line_comments: &["//"],
        block_comment: C_COMMENT,
        quotes: "\"'`",
    },
    Language {
        names: &["sql"],
        keywords: "ADD ALL ALTER AND AS ASC BEGIN BETWEEN BY CASE CHECK COLUMN COMMIT CONSTRAINT CREATE CROSS DEFAULT DELETE DESC DISTINCT DROP \
                   ELSE END EXISTS FALSE FOREIGN FROM FULL GROUP HAVING IN INDEX INNER INSERT INTO IS JOIN KEY LEFT LIKE LIMIT NOT NULL OFFSET ON \
                   OR ORDER OUTER PRIMARY REFERENCES RETURNING RIGHT ROLLBACK SELECT SET TABLE THEN TRUE UNION UNIQUE UPDATE USING VALUES VIEW \
                   WHEN WHERE WITH",
        line_comments: &["--"],
        block_comment: C_COMMENT,
        quotes: "'\"",
    },
    Language {
        names: &["sh", "bash", "shell", "zsh", "console"],
        keywords: "case do done elif else esac export fi for function if in local return set then unset until while",
        line_comments: &["#"],
        block_comment: None,
        quotes: "\"'",
    },
    Language {
        names: &["json", "json5", "jsonc"],
        keywords: "false null true",
        line_comments: &["//"],
        block_comment: C_COMMENT,
        quotes: "\"",
    },
    Language {
        names: &["toml", "yaml", "yml", "ini"],
        keywords: "false no null off on true yes",
        line_comments: &["#"],
        block_comment: None,
        quotes: "\"'",
    },
    Language { names: &["css", "scss"], keywords: "", line_comments: &[], block_comment: C_COMMENT, quotes: "\"'" },
    Language {
        names: &["gherkin", "feature"],
        keywords: "And Background But Examples Feature Given Rule Scenario Then When",
        line_comments: &["#"],
        block_comment: None,
        quotes: "\"",
    },
];

/// Appends the code, with a span around each thing that has a colour. `info` is what stands behind the fence.
pub(super) fn highlight(out: &mut String, info: &str, code: &str) {
    let name = info.split([' ', ',', '{', '\t']).next().unwrap_or_default();
    let known = LANGUAGES.iter().find(|language| language.names.iter().any(|known| known.eq_ignore_ascii_case(name)));
    let Some(language) = known else { return escape(out, code) };
    let mut rest = code;
    let mut before = None;
    while let Some(first) = rest.chars().next() {
        let (class, length) = language.scan(rest, first, before);
        let (token, after) = rest.split_at(length);
        if let Some(class) = class {
            out.extend(["<span class=\"", class, "\">"]);
            escape(out, token);
            out.push_str("</span>");
        } else {
            escape(out, token);
        }
        before = token.chars().next_back();
        rest = after;
    }
}

impl Language {
    /// The class and the length of what the text begins with; the length is never 0.
    fn scan(&self, text: &str, first: char, before: Option<char>) -> (Option<&'static str>, usize) {
        let line = || text.find('\n').unwrap_or(text.len());
        if self.line_comments.iter().any(|mark| text.starts_with(mark) && (*mark != "#" || before.is_none_or(char::is_whitespace))) {
            return (Some("c"), line());
        }
        if let Some((begin, end)) = self.block_comment
            && let Some(inside) = text.strip_prefix(begin)
        {
            let length = inside.find(end).map_or(text.len(), |at| begin.len() + at + end.len());
            return (Some("c"), length);
        }
        if self.quotes.contains(first) {
            return (Some("s"), string(text, first));
        }
        if first.is_ascii_digit() {
            return (Some("n"), run(text, |character| character.is_ascii_alphanumeric() || character == '_' || character == '.'));
        }
        if first.is_alphabetic() || first == '_' {
            let length = run(text, |character| character.is_alphanumeric() || character == '_');
            let word = &text[..length];
            let is_keyword = if self.names[0] == "sql" {
                self.keywords.split_whitespace().any(|keyword| keyword.eq_ignore_ascii_case(word))
            } else {
                self.keywords.split_whitespace().any(|keyword| keyword == word)
            };
            return (is_keyword.then_some("k"), length);
        }
        (None, first.len_utf8())
    }
}

fn run(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|character| !belongs(character)).unwrap_or(text.len())
}

/// The length of a string up to its closing quote; up to the end of the line if it has none.
fn string(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, character) in text.char_indices().skip(1) {
        match character {
            // A backquote's string may go on; another's ends here, closed or not, so that an apostrophe colours one line at most.
            '\n' if quote != '`' => return at,
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if character == quote => return at + character.len_utf8(),
            _ => {}
        }
    }
    text.len()
}
