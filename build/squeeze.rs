//! Makes our own style sheets and script smaller before they are served: comments and white space go, meaning stays.
//! It is no parser: it knows strings and nothing of properties, so it takes only what is free to take in the way that our sources are written.

/// Where no style sheet needs white space, before or after.
const CSS_FREE: &[u8] = b"{};,>";
/// Where our script needs none.
const JS_FREE: &[u8] = b"{}()[],;:=?&|<>!*";

/// A style sheet without comments, and without the white space that means nothing. A comment counts as white space.
pub fn css(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut is_apart = false;
    while let Some(next) = rest.chars().next() {
        if next.is_whitespace() || rest.starts_with("/*") {
            is_apart = true;
            rest = if next.is_whitespace() { rest.trim_start() } else { rest.split_once("*/").map_or("", |(_, after)| after) };
            continue;
        }
        // A string goes over whole.
        let taken = if matches!(next, '"' | '\'') { string(rest) } else { &rest[..next.len_utf8()] };
        let last = out.bytes().last().unwrap_or(b'{');
        let first = taken.as_bytes()[0];
        if taken == "}" && last == b';' {
            out.pop();
        } else if is_apart && !CSS_FREE.contains(&last) && !CSS_FREE.contains(&first) && !b":(".contains(&last) && first != b')' {
            // Before a colon or a parenthesis, and around + and -, a space has a meaning: `a :hover`, `and (`, `calc(1px + 2px)`.
            out.push(' ');
        }
        is_apart = false;
        // 0.5 is .5, where it is no part of another number or name.
        let before = out.bytes().last().unwrap_or(b' ');
        let is_leading_zero = rest.starts_with("0.") && !before.is_ascii_alphanumeric() && before != b'.' && before != b'_';
        if !(is_leading_zero && rest.as_bytes().get(2).is_some_and(u8::is_ascii_digit)) {
            out.push_str(taken);
        }
        rest = &rest[taken.len()..];
    }
    out
}

/// The string that a text begins with, quotes and all.
fn string(text: &str) -> &str {
    let quote = text.as_bytes()[0];
    let mut is_escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        if !is_escaped && byte == quote {
            return &text[..=at];
        }
        is_escaped = byte == b'\\' && !is_escaped;
    }
    text
}

/// A script without lines of comment, indentation, and spaces beside punctuation. Lines stay lines where their end could be the end of a statement.
/// The script may have no string over two lines, no comment behind code, and no literal of a regular expression.
pub fn js(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//")) {
        let goes_on = out.ends_with(['{', '(', '[', ',', ';']) || line.starts_with(['}', ')', ']']);
        if !out.is_empty() && !goes_on {
            out.push('\n');
        }
        squeeze_line(line, &mut out);
    }
    out
}

/// One line of a script.
fn squeeze_line(line: &str, out: &mut String) {
    let mut rest = line;
    let mut is_apart = false;
    while let Some(next) = rest.chars().next() {
        if next == ' ' {
            is_apart = true;
            rest = &rest[1..];
            continue;
        }
        let taken = if matches!(next, '"' | '\'' | '`') { string(rest) } else { &rest[..next.len_utf8()] };
        let is_free = |byte: Option<u8>| byte.is_none_or(|byte| JS_FREE.contains(&byte));
        if is_apart && !is_free(out.bytes().last()) && !is_free(taken.bytes().next()) {
            out.push(' ');
        }
        is_apart = false;
        out.push_str(taken);
        rest = &rest[taken.len()..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_white_space_go() {
        assert_eq!(css("/* a { } */\n.a ,\n.b {\n  color: red;\n  margin: 0 1px; /* why */\n}\n"), ".a,.b{color:red;margin:0 1px}");
        assert_eq!(css("@layer a,  b;\n@layer a {\n  p { top: 0 }\n}"), "@layer a,b;@layer a{p{top:0}}");
        assert_eq!(css("/* never closed"), "");
    }

    #[test]
    fn what_means_something_stays() {
        for kept in [
            "a :hover{top:0}",
            "p{width:calc(100% - 1.5rem)}",
            "p{margin:-1px -2px}",
            "p{inset:auto .45rem}",
            "@media (width<=40rem) and (hover){p{top:0}}",
            "p::before{content:\" /* no { comment } ; \"}",
            "p::after{content:'it\\'s  so'}",
            "p{width:min(34rem,100vw - 2rem)}",
            "a+b:not(:last-child)>*{top:0}",
        ] {
            assert_eq!(css(kept), kept);
        }
        assert_eq!(css(".a > .b  .c + .d { top: 0 }"), ".a>.b .c + .d{top:0}");
        assert_eq!(css("p { & .a, &.b { top: 0 } > * + * { top: 0 } }"), "p{& .a,&.b{top:0}>* + *{top:0}}");
        assert_eq!(css(":is( .a, .b ) { top: var(--x, 0.5em) }"), ":is(.a,.b){top:var(--x,.5em)}");
        assert_eq!(css("p { top: 10.5px; left: -0.5px; scale: 0.75 0 }"), "p{top:10.5px;left:-.5px;scale:.75 0}");
    }

    #[test]
    fn squeezed_twice_is_squeezed_once() {
        for text in
            [include_str!("../assets/css/base.css"), include_str!("../assets/css/parts.css"), include_str!("../assets/css/pages.css")]
        {
            let once = css(text);
            assert_eq!(css(&once), once);
            let count = |text: &str, what: char| text.chars().filter(|character| *character == what).count();
            assert_eq!(count(&once, '{'), count(&once, '}'));
            assert!(!once.contains("/*") && !once.contains('\n') && !once.contains("  "));
        }
    }

    #[test]
    fn a_script_keeps_its_strings_and_the_ends_of_its_statements() {
        let text = "// why\n(() => {\n  const a = \"x : y\";\n\n  // this\n  if (a) b(`${a} = 1`)\n  return  a + 1\n})();\n";
        assert_eq!(js(text), "(()=>{const a=\"x : y\";if(a)b(`${a} = 1`)\nreturn a + 1})();");
    }

    #[test]
    fn our_script_is_written_so_that_it_can_be_squeezed() {
        for line in include_str!("../assets/js/bugtome.js").lines().map(str::trim).filter(|line| !line.starts_with("//")) {
            for quote in ['"', '`'] {
                assert!(line.matches(quote).count().is_multiple_of(2), "a string over two lines: {line}");
            }
            assert!(!line.contains(" //") && !line.contains("/*") && !line.contains("(/") && !line.contains("= /"), "{line}");
        }
    }
}
