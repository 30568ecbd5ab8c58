//! The examples of the documentation: files beside the templates, one a language, shown with this server's own address.
//! What they are about is said by the pages, that they do what is said of them by the tests.

use std::sync::Arc;

use super::paint::{Grammar, painted};

/// The address that stands in the files.
const ADDRESS: &str = "https://bugs.example.com";

/// In what the examples are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Commands of a shell with curl.
    Curl,
    /// For Node and pages.
    JavaScript,
    /// With net/http.
    Ruby,
    /// With urllib.
    Python,
    /// With ureq.
    Rust,
}

impl Language {
    /// In the order in which they are offered.
    pub const ALL: [Self; 5] = [Self::Curl, Self::JavaScript, Self::Ruby, Self::Python, Self::Rust];

    /// The word in the cookie, in ids and in the style sheet.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Curl => "curl",
            Self::JavaScript => "js",
            Self::Ruby => "ruby",
            Self::Python => "python",
            Self::Rust => "rust",
        }
    }

    /// The name that is shown.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Curl => "curl",
            Self::JavaScript => "JavaScript",
            Self::Ruby => "Ruby",
            Self::Python => "Python",
            Self::Rust => "Rust",
        }
    }

    /// The language that the word names.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.word() == word)
    }

    const fn grammar(self) -> Grammar {
        match self {
            Self::Curl | Self::Ruby | Self::Python => Grammar { quotes: &['"', '\''], comment: "#" },
            Self::JavaScript => Grammar { quotes: &['"', '\'', '`'], comment: "//" },
            Self::Rust => Grammar { quotes: &['"'], comment: "//" },
        }
    }
}

/// JSON has strings alone.
const JSON: Grammar = Grammar { quotes: &['"'], comment: "" };

/// The files, in the order of the languages.
macro_rules! examples {
    ($($name:literal)+) => {
        const EXAMPLES: &[(&str, [&str; 5])] = &[$(($name, [
            include_str!(concat!("../../../templates/documentation/examples/", $name, ".sh")),
            include_str!(concat!("../../../templates/documentation/examples/", $name, ".mjs")),
            include_str!(concat!("../../../templates/documentation/examples/", $name, ".rb")),
            include_str!(concat!("../../../templates/documentation/examples/", $name, ".py")),
            include_str!(concat!("../../../templates/documentation/examples/", $name, ".rs")),
        ])),+];
    };
}

examples! {
    "all-tickets"
    "comment-ticket"
    "create-project"
    "create-ticket"
    "current-token"
    "delete-ticket"
    "edit-project"
    "edit-ticket"
    "filter-tickets"
    "list-members"
    "list-projects"
    "list-tickets"
    "rate-limit"
    "read-errors"
    "report-bug"
    "revoke-current-token"
    "revoke-found-token"
    "rotate-token"
    "ticket-history"
}

/// What the server answers.
macro_rules! answers {
    ($($name:literal)+) => {
        const ANSWERS: &[(&str, &str)] = &[$((
            $name,
            include_str!(concat!("../../../templates/documentation/answers/", $name, ".json")),
        )),+];
    };
}

answers! {
    "comment"
    "event"
    "invalid"
    "members"
    "organization-tickets"
    "organizations"
    "problem"
    "project"
    "ticket"
    "token"
    "unauthorized"
}

/// An example in one language, as markup.
#[derive(Debug)]
pub struct Shown {
    /// In which.
    pub language: &'static str,
    /// The text, escaped and painted.
    pub markup: String,
}

/// The examples as one reader sees them.
#[derive(Debug)]
pub struct Examples {
    base_url: Arc<str>,
    chosen: Language,
}

impl Examples {
    /// For a server at this address and a reader who has chosen this language.
    pub const fn new(base_url: Arc<str>, chosen: Language) -> Self {
        Self { base_url, chosen }
    }

    /// Word and name of each language, and whether it is the chosen one.
    pub fn languages(&self) -> [(&'static str, &'static str, bool); 5] {
        Language::ALL.map(|language| (language.word(), language.label(), language == self.chosen))
    }

    /// The example of this name in each language; none for a name that there is not.
    pub fn example(&self, name: &str) -> Vec<Shown> {
        let Some((_, texts)) = EXAMPLES.iter().find(|(known, _)| *known == name) else { return Vec::new() };
        let show = |(language, text): (Language, &&str)| Shown { language: language.word(), markup: self.markup(text, language.grammar()) };
        Language::ALL.into_iter().zip(texts).map(show).collect()
    }

    /// The answer of this name; nothing for a name that there is not.
    pub fn answer(&self, name: &str) -> String {
        ANSWERS.iter().find(|(known, _)| *known == name).map_or_else(String::new, |(_, text)| self.markup(text, JSON))
    }

    fn markup(&self, text: &str, grammar: Grammar) -> String {
        painted(&text.trim_end().replace(ADDRESS, &self.base_url), grammar)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_name_this_server_and_no_other() {
        let examples = Examples::new("https://bugs.here.test".into(), Language::Ruby);
        for (name, _) in EXAMPLES {
            for shown in examples.example(name) {
                assert!(shown.markup.contains("https://bugs.here.test/api/v1/") || *name == "all-tickets", "{name}");
                assert!(!shown.markup.contains("example.com/"), "{name}");
            }
        }
        assert!(examples.answer("ticket").contains("https://bugs.here.test/workspace"));
        assert!(examples.example("nothing").is_empty() && examples.answer("nothing").is_empty());
    }

    #[test]
    fn a_language_is_known_by_its_word() {
        assert_eq!(Language::ALL.map(|language| Language::from_word(language.word())), Language::ALL.map(Some));
        assert_eq!(Language::from_word("cobol"), None);
    }
}
