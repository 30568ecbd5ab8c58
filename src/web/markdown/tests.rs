use proptest::prelude::*;

use super::*;

fn known(code: &str) -> Option<String> {
    (!code.starts_with("UTF-")).then(|| format!("/workspace/go?code={code}"))
}

fn shown(text: &str) -> String {
    html(text, &Links { ticket: &known }).to_string()
}

const REL: &str = " rel=\"nofollow noopener noreferrer\"";

#[test]
fn what_people_write_is_shown_as_they_mean_it() {
    for (text, wanted) in [
        ("Seen *twice* on **two** ~~phones~~.", "<p>Seen <em>twice</em> on <strong>two</strong> <del>phones</del>.</p>\n"),
        ("one\ntwo", "<p>one<br>\ntwo</p>\n"),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n"),
        ("- a\n\n- b", "<ul>\n<li><p>a</p>\n</li>\n<li><p>b</p>\n</li>\n</ul>\n"),
        ("3. c\n4. d", "<ol start=\"3\">\n<li>c</li>\n<li>d</li>\n</ol>\n"),
        ("> said", "<blockquote><p>said</p>\n</blockquote>\n"),
        ("`a < b`", "<p><code>a &lt; b</code></p>\n"),
        ("    indented", "<pre tabindex=\"0\"><code>indented</code></pre>\n"),
        ("```\n<b>\n```", "<pre tabindex=\"0\"><code>&lt;b&gt;</code></pre>\n"),
        ("---", "<hr>\n"),
        ("", ""),
    ] {
        assert_eq!(shown(text), wanted, "{text}");
    }
    assert_eq!(
        shown("- [x] key\n- [ ] test"),
        "<ul class=\"tasks\">\n<li><input type=\"checkbox\" checked=\"\" disabled=\"\" aria-label=\"done\"> key</li>\n\
         <li><input type=\"checkbox\" disabled=\"\" aria-label=\"to do\"> test</li>\n</ul>\n"
    );
    assert_eq!(
        shown("|a||\n|-|-:|\n|1|2|"),
        "<div class=\"scroll\" tabindex=\"0\"><table>\n<thead><tr><th>a</th><td class=\"end\"></td></tr></thead>\n<tbody>\n\
         <tr><td>1</td><td class=\"end\">2</td></tr>\n</tbody></table></div>\n"
    );
}

#[test]
fn headings_begin_at_the_third_level_and_leave_none_out() {
    assert_eq!(shown("# a\n## b\n###### c\n# d"), "<h3>a</h3>\n<h4>b</h4>\n<h5>c</h5>\n<h3>d</h3>\n");
    assert_eq!(shown("#### a\n##### b\n#"), "<h3>a</h3>\n<h4>b</h4>\n");
}

#[test]
fn links_lead_to_the_web_and_to_mail_only() {
    assert_eq!(shown("[a](https://example.org/?a=1&b=2)"), format!("<p><a href=\"https://example.org/?a=1&amp;b=2\"{REL}>a</a></p>\n"));
    assert_eq!(
        shown("see https://example.org/x."),
        format!("<p>see <a href=\"https://example.org/x\"{REL}>https://example.org/x</a>.</p>\n")
    );
    assert_eq!(shown("mia@example.org"), format!("<p><a href=\"mailto:mia@example.org\"{REL}>mia@example.org</a></p>\n"));
    assert_eq!(shown("[](https://a.example)"), format!("<p><a href=\"https://a.example/\"{REL}>https://a.example</a></p>\n"));
    for (text, wanted) in [
        ("[a](javascript:alert(1))", "<p>a (javascript:alert(1))</p>\n"),
        ("[a](JaVaScRiPt:alert(1))", "<p>a (JaVaScRiPt:alert(1))</p>\n"),
        ("[a](data:text/html,x)", "<p>a (data:text/html,x)</p>\n"),
        ("[a](/logout)", "<p>a (/logout)</p>\n"),
        ("[a](//evil.example)", "<p>a (//evil.example)</p>\n"),
        ("[](javascript:x)", "<p>javascript:x</p>\n"),
        ("<javascript:alert(1)>", "<p>javascript:alert(1) (javascript:alert(1))</p>\n"),
    ] {
        assert_eq!(shown(text), wanted, "{text}");
    }
}

// Finding 23: browsers take `http:/path` for a path of our own host.
#[test]
fn a_link_leads_where_the_parser_reads_it_and_nowhere_without_a_host() {
    for nowhere in [
        "http:/workspace",
        "http:workspace",
        "https:/workspace/x",
        "http:\\\\a.example",
        "HTTP:/x",
        "http:///",
        "https://",
        "http:",
        "mailto",
        "//a.example",
        "/x",
    ] {
        let page = shown(&format!("[x]({nowhere})"));
        assert!(!page.contains("href"), "{page}");
        assert!(!clean::clean(&format!("<a href=\"{nowhere}\">x</a>")).contains("href"), "{nowhere}");
    }
    for (typed, address) in [
        ("HTTPS://A.example", "https://a.example/"),
        ("http://a.example:80/x/../y", "http://a.example/y"),
        ("http://a.example/\u{fc}?q=\u{fc}#\u{fc}", "http://a.example/%C3%BC?q=%C3%BC#%C3%BC"),
        ("http://0x7f.1/", "http://127.0.0.1/"),
        ("http:////a.example", "http://a.example/"),
        ("https://a.e'xample/Murphy's_law?x='#'", "https://a.e'xample/Murphy's_law?x=%27#'"),
    ] {
        assert_eq!(shown(&format!("[x]({typed})")), format!("<p><a href=\"{address}\"{REL}>x</a></p>\n"));
    }
}

#[test]
fn an_image_is_a_link_to_it() {
    assert_eq!(
        shown("![the basket](https://a.example/b.png)"),
        format!("<p><a href=\"https://a.example/b.png\"{REL}>the basket</a></p>\n")
    );
    assert_eq!(
        shown("![](https://a.example/b.png)"),
        format!("<p><a href=\"https://a.example/b.png\"{REL}>https://a.example/b.png</a></p>\n")
    );
    assert_eq!(shown("[![x](https://a.example/b.png)](https://a.example)"), format!("<p><a href=\"https://a.example/\"{REL}>x</a></p>\n"));
    assert_eq!(shown("![x](data:image/png;base64,AAAA)"), "<p>x</p>\n");
}

#[test]
fn raw_html_is_the_text_that_it_is() {
    assert_eq!(shown("a <b onclick=x>b</b>"), "<p>a &lt;b onclick=x&gt;b&lt;/b&gt;</p>\n");
    assert_eq!(shown("<script>alert(1)</script>"), "<pre tabindex=\"0\"><code>&lt;script&gt;alert(1)&lt;/script&gt;</code></pre>\n");
    assert_eq!(shown("\"><img src=x onerror=alert(1)>"), "<p>\"&gt;&lt;img src=x onerror=alert(1)&gt;</p>\n");
}

#[test]
fn codes_of_tickets_lead_to_them() {
    let link = |code: &str| format!("<a href=\"/workspace/go?code={code}\"{REL}>{code}</a>");
    assert_eq!(shown("as in WEB-42, **PAY2-7**"), format!("<p>as in {}, <strong>{}</strong></p>\n", link("WEB-42"), link("PAY2-7")));
    assert_eq!(shown("(WEB-42)."), format!("<p>({}).</p>\n", link("WEB-42")));
    for plain in [
        "`WEB-42`",
        "web-42",
        "W-1",
        "WEB-0",
        "WEB-042",
        "XWEB-42x",
        "UTF-8",
        "A-WEB-42",
        "WEB-42-1",
        "WEB-42_1",
        "ABCDEFGHIJK-1",
        "2A-1",
        "é-1",
        "WEB-42/x",
    ] {
        assert!(!shown(plain).contains("<a "), "{plain}");
    }
    assert_eq!(shown("[WEB-42](https://a.example)"), format!("<p><a href=\"https://a.example/\"{REL}>WEB-42</a></p>\n"));
    assert!(!shown("https://a.example/WEB-42").contains("/workspace/"));
}

#[test]
fn known_languages_have_colours() {
    assert_eq!(
        shown("```rust\nlet a = \"<\"; // 1\n```"),
        "<pre tabindex=\"0\"><code><span class=\"k\">let</span> a = <span class=\"s\">\"&lt;\"</span>; <span class=\"c\">// 1</span></code></pre>\n"
    );
    assert_eq!(
        shown("``` sql\nselect 1\n```"),
        "<pre tabindex=\"0\"><code><span class=\"k\">select</span> <span class=\"n\">1</span></code></pre>\n"
    );
    assert_eq!(shown("```\"><script>\nx 1\n```"), "<pre tabindex=\"0\"><code>x 1</code></pre>\n");
}

#[test]
fn a_list_has_one_line_of_a_text() {
    for (text, wanted) in [
        ("a customer with **two** items\nin `the_cart`", "a customer with two items in the_cart"),
        ("# Title\n\n> - said _so_", "Title said so"),
        ("1. first\n2) second\n- [x] done", "first second done"),
        ("see [the *page*](https://a.example/(x) and ![a shot](b.png).", "see the page and a shot."),
        ("snake_case stays, __init__ and 2 * 3 and ~5", "snake_case stays, init and 2 * 3 and ~5"),
        ("a \\*star\\*", "a *star*"),
        ("```rust\nlet x;\n```\n---\nafter", "let x; after"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("#42 is no heading - nor a list", "#42 is no heading - nor a list"),
        ("[ ] is [not] a link", "is [not] a link"),
        ("``a ` b`` and ` alone", "a ` b and alone"),
        ("\n  \n", ""),
        // The fuzz step found it: a carriage return stayed in the line, and the marks behind it too.
        ("one\r\n> two\r# three\r\r- four", "one two three four"),
    ] {
        assert_eq!(line(text), wanted, "{text}");
    }
    assert_eq!(line(&"é".repeat(10_000)).chars().count(), 240);
}

/// What is nested, repeated or padded without end, each as long as notes may be.
#[test]
fn texts_made_to_hurt_stay_cheap() {
    let pieces = [
        "[",
        "]",
        ">",
        "> ",
        "*",
        "**a",
        "_a",
        "`",
        "` a",
        "``a`",
        "- ",
        "1. ",
        "![",
        "[a](",
        "[a]: b\n",
        "<",
        "<a",
        "<!--",
        "&",
        "&#",
        "|",
        "|-",
        "~",
        "~~a",
        "\\",
        "#",
        "# a\n",
        "- a\n",
        "-\n",
        "a\n\n",
        "\n",
        "[][",
        "[a][a]",
        "![[",
        "www.",
        "a@",
        "http://",
        "://a.b",
        "- [ ] ",
        "WEB-1 ",
        "A-",
        "\"",
        "'",
        "\0",
        "> - ",
        "*a_ ",
        "*a **a ",
        "a**b",
        "<?",
        "<![CDATA[",
        "]]>",
        "\t",
        "  a\n",
        "é",
        "\u{202e}",
    ];
    for piece in pieces {
        let text = piece.repeat(50_000 / piece.len());
        let html = shown(&text);
        assert!(html.len() < 60 * text.len() + 1_000, "{piece:?} becomes {} bytes", html.len());
        assert!(line(&text).chars().count() <= 240);
    }
    let nested = (0..1_000).map(|depth| format!("{}- a\n", "  ".repeat(depth.min(40)))).collect::<Vec<_>>().concat();
    assert!(shown(&nested).matches("<ul>").count() > 10);
    // A wide head, and many rows that would be padded to it.
    let wide = format!("|{}\n|{}\n{}", "a|".repeat(5_000), "-|".repeat(5_000), "a\n".repeat(10_000));
    assert!(shown(&wide).len() < 200_000);
    let labels = format!("{}{}", "[".repeat(20_000), "a](b)".repeat(5_000));
    shown(&labels);
}

#[test]
fn nothing_is_nested_deeper_than_a_page_bears() {
    let html = shown(&"> ".repeat(5_000));
    assert!(html.matches("<blockquote>").count() <= 32);
    let html = shown(&format!("{}deep{}", "*a **b ".repeat(200), " b** a*".repeat(200)));
    let mut depth = 0_usize;
    for tag in tags(&html).unwrap().into_iter().filter(|tag| !tag.starts_with("br")) {
        depth = if tag.starts_with('/') { depth - 1 } else { depth + 1 };
        assert!(depth <= 32, "{html}");
    }
    assert!(html.contains("deep") && html.matches("<strong>").count() >= 10);
}

/// The tags of some HTML, each with its attributes as they are written. What is no tag of the shape that is allowed is an error.
fn tags(html: &str) -> Result<Vec<&str>, String> {
    let mut tags = Vec::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        let end = rest[at..].find('>').ok_or("a tag does not end")? + at;
        tags.push(&rest[at + 1..end]);
        rest = &rest[end + 1..];
    }
    Ok(tags)
}

/// What is wrong with a tag, if anything.
fn is_allowed(tag: &str) -> bool {
    let fixed = [
        "blockquote",
        "br",
        "code",
        "del",
        "em",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "li",
        "ol",
        "p",
        "strong",
        "table",
        "tbody",
        "td",
        "th",
        "thead",
        "tr",
        "ul",
        "pre tabindex=\"0\"",
        "div class=\"scroll\" tabindex=\"0\"",
        "ul class=\"tasks\"",
        "th class=\"center\"",
        "th class=\"end\"",
        "td class=\"center\"",
        "td class=\"end\"",
        "span class=\"k\"",
        "span class=\"s\"",
        "span class=\"c\"",
        "span class=\"n\"",
        "input type=\"checkbox\" checked=\"\" disabled=\"\" aria-label=\"done\"",
        "input type=\"checkbox\" disabled=\"\" aria-label=\"to do\"",
    ];
    let link = |tag: &str| {
        let href = tag.strip_prefix("a href=\"").and_then(|rest| rest.strip_suffix(REL)).and_then(|rest| rest.strip_suffix('"'));
        href.is_some_and(|href| {
            let lower = href.to_ascii_lowercase();
            !href.contains(['"', '<', '>'])
                && ["http://", "https://", "mailto:", "/workspace/go?code="].iter().any(|start| lower.starts_with(start))
        })
    };
    let number = |tag: &str| {
        tag.strip_prefix("ol start=\"").and_then(|rest| rest.strip_suffix('"')).is_some_and(|number| number.parse::<u32>().is_ok())
    };
    let name = tag.strip_prefix('/');
    match name {
        Some(name) => ["a", "div", "pre", "span"].contains(&name) || fixed.contains(&name),
        None => fixed.contains(&tag) || link(tag) || number(tag),
    }
}

/// Text as people and attackers write it.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "\\PC{0,8}",
        prop::sample::select(vec![
            "<script>",
            "</script>",
            "<img src=x onerror=alert(1)>",
            "<a href=\"javascript:alert(1)\">",
            "\"",
            "'",
            ">",
            "<",
            "&",
            "&lt;",
            "&#106;",
            "javascript:",
            "[a](",
            ")",
            "[",
            "]",
            "![",
            "](",
            "\n",
            "\n\n",
            "```",
            "```js\n",
            "`",
            "*",
            "**",
            "_",
            "~~",
            "- ",
            "- [x] ",
            "1. ",
            "7) ",
            "> ",
            "# ",
            "|",
            "|-|-|\n",
            "http://",
            "https://a.b/",
            "mailto:",
            "www.a.b",
            "a@b.c",
            "<http://a.b>",
            "<!--",
            "-->",
            "<?",
            "<![CDATA[",
            "\\",
            "\t",
            "    ",
            "WEB-1",
            "[x]: javascript:y\n",
            "[x]",
            "\0",
            "\u{1}",
            "data:text/html,",
            " onmouseover=x ",
            "/workspace/",
            "//a",
            "style=x",
            "&Tab;",
            "&colon;",
            "\r",
            "\u{2028}",
            "<svg/onload=x>",
            "<math>",
            "<style>",
        ])
        .prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn whatever_is_typed_only_allowed_tags_come_out(text in hostile()) {
        let html = shown(&text);
        for tag in tags(&html).map_err(TestCaseError::fail)? {
            prop_assert!(is_allowed(tag), "<{}> from {:?}", tag, text);
        }
        // Cleaning finds nothing to take out: what is written is what is allowed.
        let arena = Arena::new();
        let written = write::document(comrak::parse_document(&arena, &text, &options(&text)), &Links { ticket: &known });
        let text_of = |html: &str| html.split('<').map(|piece| piece.split_once('>').map_or(piece, |(_, text)| text)).collect::<String>();
        prop_assert_eq!(text_of(&html).matches("alert").count(), text_of(&written).matches("alert").count());
        prop_assert!(line(&text).chars().count() <= 240);
    }
}
