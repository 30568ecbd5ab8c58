//! The last look at HTML before it becomes `Markup`: whatever `write` does not write is taken out.
//! Nothing is expected to be found; it is here so that one mistake there is not yet a hole.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use ammonia::{Builder, Url, UrlRelative};

const TAGS: &[&str] = &[
    "a",
    "blockquote",
    "br",
    "code",
    "del",
    "div",
    "em",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "input",
    "li",
    "ol",
    "p",
    "pre",
    "span",
    "strong",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "tr",
    "ul",
];

/// Attributes whose value may be anything: of `href` the scheme is looked at as well.
const ATTRIBUTES: &[(&str, &[&str])] = &[("a", &["href"]), ("ol", &["start"]), ("input", &["checked", "disabled"])];

/// Attributes whose values are words of ours.
const VALUES: &[(&str, &str, &[&str])] = &[
    ("input", "type", &["checkbox"]),
    ("input", "aria-label", &["done", "to do"]),
    ("pre", "tabindex", &["0"]),
    ("div", "tabindex", &["0"]),
];

const CLASSES: &[(&str, &[&str])] =
    &[("div", &["scroll"]), ("span", &["k", "s", "c", "n"]), ("ul", &["tasks"]), ("th", &["center", "end"]), ("td", &["center", "end"])];

/// Where links may lead; browsers read addresses as `Url` does.
const SCHEMES: &[&str] = &["http", "https", "mailto"];

static CLEANER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let sets = |pairs: &'static [(&str, &[&str])]| -> HashMap<&str, HashSet<&str>> {
        pairs.iter().map(|(tag, words)| (*tag, words.iter().copied().collect())).collect()
    };
    let mut values: HashMap<&str, HashMap<&str, HashSet<&str>>> = HashMap::new();
    for (tag, attribute, words) in VALUES {
        values.entry(tag).or_default().insert(attribute, words.iter().copied().collect());
    }
    let mut builder = Builder::empty();
    builder
        .tags(TAGS.iter().copied().collect())
        .tag_attributes(sets(ATTRIBUTES))
        .tag_attribute_values(values)
        .allowed_classes(sets(CLASSES))
        .url_schemes(SCHEMES.iter().copied().collect())
        .url_relative(UrlRelative::Custom(Box::new(own)))
        .attribute_filter(looked_at)
        .link_rel(Some("nofollow noopener noreferrer"));
    builder
});

/// Of addresses without a scheme only those that `Links` gives.
fn own(url: &str) -> Option<Cow<'_, str>> {
    url.starts_with("/workspace/").then_some(Cow::Borrowed(url))
}

/// The address of somebody's to which a link may lead, as browsers read it (URL Standard); none where it may lead nowhere. What names no host by
/// `//` is none: browsers take `http:/path` for a path of whichever host the page came from, and the parser takes `path` for a host.
pub(super) fn followed(url: &str) -> Option<String> {
    let parsed = Url::parse(url).ok()?;
    let is_whole = match parsed.scheme() {
        "mailto" => true,
        scheme if SCHEMES.contains(&scheme) => url.get(scheme.len()..)?.starts_with("://"),
        _ => false,
    };
    is_whole.then(|| parsed.into())
}

/// The last look at an attribute: links lead where the parser says, or to what `Links` gives.
fn looked_at<'a>(_: &str, attribute: &str, value: &'a str) -> Option<Cow<'a, str>> {
    match attribute {
        "href" => own(value).or_else(|| followed(value).map(Cow::Owned)),
        _ => Some(Cow::Borrowed(value)),
    }
}

/// Takes out what does not belong.
pub(super) fn clean(html: &str) -> String {
    CLEANER.clean(html).to_string()
}
