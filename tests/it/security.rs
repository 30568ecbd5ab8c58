//! What `docs/security.md` says stays true: each test that it names is there, and no requirement of the ASVS is left out, told twice or without a reason.
//! Also what it says of templates and lists that no story looks at. Whether a test shows what it is named for is for readers to judge.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The levels of the requirements of each section of ASVS 5.0.0, in their order: 1.1 has two of level 2.
const SECTIONS: &str = "\
    1.1:22 1.2:1111122223 1.3:112222222223 1.4:222 1.5:123 2.1:122 2.2:112 2.3:12223 2.4:23 3.1:3 3.2:113 3.3:12223 3.4:11222233 3.5:11122333 \
    3.6:3 3.7:22333 4.1:12233 4.2:23333 4.3:22 4.4:1222 5.1:2 5.2:112333 5.3:113 5.4:222 6.1:122 6.2:111111112222 6.3:11223333 6.4:112233 \
    6.5:22222333 6.6:2223 6.7:33 6.8:2222 7.1:222 7.2:1111 7.3:22 7.4:11222 7.5:223 7.6:22 8.1:1233 8.2:1123 8.3:133 8.4:23 9.1:111 9.2:1222 \
    10.1:22 10.2:223 10.3:22223 10.4:1111122222233333 10.5:22222 10.6:22 10.7:222 11.1:2233 11.2:22233 11.3:11233 11.4:1222 11.5:23 11.6:23 \
    11.7:33 12.1:12233 12.2:11 12.3:22223 13.1:2333 13.2:222223 13.3:2233 13.4:1222233 14.1:22 14.2:12223333 14.3:122 15.1:12233 15.2:12233 \
    15.3:1222222 15.4:3333 16.1:2 16.2:22222 16.3:2222 16.4:222 16.5:2223 17.1:23 17.2:22223333 17.3:22";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn document() -> String {
    read("docs/security.md")
}

/// What stands in backquotes as `file: test`, in a piece of the document.
fn named(text: &str) -> Vec<(&str, &str)> {
    let quoted = text.split('`').skip(1).step_by(2);
    let is_file = |file: &str| ["src/", "tests/"].iter().any(|folder| file.starts_with(folder));
    quoted.filter_map(|quoted| quoted.split_once(": ")).filter(|(file, _)| is_file(file)).collect()
}

/// Whether one of the words of a text is this one.
fn has_word(text: &str, wanted: &str) -> bool {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').any(|word| word == wanted)
}

/// Whether Rust's text has a test of this name: marked as one, or a story that `both!` tells.
fn is_test(text: &str, name: &str) -> bool {
    let Some(before) = text.split_once(&format!("fn {name}(")).map(|(before, _)| before) else { return false };
    let attributes = before.rsplit(['}', ';']).next().unwrap_or_default();
    let told = text.split("both! {").skip(1).any(|rest| has_word(rest.split("\n}").next().unwrap_or_default(), name));
    attributes.contains("test]") || attributes.contains("test(") || told
}

/// What is wrong with the name of a test, if anything.
fn missing(file: &str, name: &str) -> Option<String> {
    let Ok(text) = std::fs::read_to_string(root().join(file)) else { return Some(format!("there is no {file}")) };
    let there = match Path::new(file).extension().and_then(|extension| extension.to_str()) {
        // What the harness looks at in every story is no test of its own.
        Some("rs") if file.starts_with("tests/it/harness/") => text.contains(&format!("fn {name}(")),
        Some("rs") => is_test(&text, name),
        Some("mjs") => text.contains(&format!("ow('{name}'")) || text.contains(&format!("ows('{name}'")),
        _ => text.contains(name),
    };
    (!there).then(|| format!("{file} has no test {name:?}"))
}

#[test]
fn every_test_that_the_document_names_is_there() {
    let document = document();
    let all = named(&document);
    let wrong: Vec<String> = all.iter().filter_map(|(file, name)| missing(file, name)).collect();
    assert_eq!(wrong, [""; 0]);
    assert!(all.len() > 200, "{}: are tests still written as `file: test`?", all.len());
    // The check sees what it is there for.
    assert!(missing("tests/it/security.rs", "missing").is_some(), "a function is no test");
    assert!(missing("tests/it/hostile.rs", "no_such_story").is_some() && missing("tests/it/gone.rs", "x").is_some());
    assert!(missing("tests/browser/flows/requests.mjs", "no such flow").is_some());
}

/// A row of a table of requirements.
struct Row<'a> {
    number: &'a str,
    level: &'a str,
    asked: &'a str,
    state: &'a str,
    why: &'a str,
}

fn rows(document: &str) -> Vec<Row<'_>> {
    let row = |line| match str::split(line, '|').map(str::trim).collect::<Vec<_>>()[..] {
        ["", number, level, asked, state, why, ""] => Row { number, level, asked, state, why },
        _ => panic!("{line} has not five cells"),
    };
    document.lines().filter(|line| line.starts_with("| v")).map(row).collect()
}

/// The requirements of level 1 and 2, each with its level.
fn requirements() -> BTreeMap<String, char> {
    let of = |section: &'static str| {
        let (section, levels) = section.split_once(':').unwrap();
        levels.chars().enumerate().map(move |(at, level)| (format!("{section}.{}", at + 1), level))
    };
    let all: BTreeMap<String, char> = SECTIONS.split_whitespace().flat_map(of).filter(|(_, level)| *level != '3').collect();
    assert_eq!((all.len(), all.values().filter(|level| **level == '1').count()), (253, 70), "as the standard says of itself");
    all
}

/// What the list of those that do not apply leaves out: chapters, sections and single ones.
fn left_out(document: &str) -> Vec<&str> {
    let (_, list) = document.split_once("### What does not apply").unwrap();
    let rows = list.lines().filter(|line| line.starts_with("| ") && line.contains(|c: char| c.is_ascii_digit()));
    rows.flat_map(|row| {
        let ["", numbers, why, ""] = row.split('|').map(str::trim).collect::<Vec<_>>()[..] else { panic!("{row} has not two cells") };
        assert!(why.len() > 10, "{numbers} do not apply without a reason");
        numbers.split(',').map(str::trim).collect::<Vec<_>>()
    })
    .collect()
}

#[test]
fn every_requirement_of_the_two_levels_is_told_once() {
    let document = document();
    let all = requirements();
    let mut told = BTreeSet::new();
    for Row { number, level, .. } in rows(&document) {
        let plain = number.strip_prefix("v5.0.0-").unwrap_or_else(|| panic!("{number} names no version"));
        let is = all.get(plain).unwrap_or_else(|| panic!("{number} is no requirement of level 1 or 2"));
        assert_eq!(level, is.to_string(), "{number}");
        assert!(told.insert(plain.to_owned()), "{number} is told twice");
    }
    for entry in left_out(&document) {
        let below = |number: &&String| **number == entry || number.starts_with(&format!("{entry}."));
        let meant: Vec<_> = all.keys().filter(below).collect();
        assert!(!meant.is_empty(), "{entry} is nothing that the standard has");
        for number in meant {
            assert!(told.insert(number.clone()), "{number} is told, and does not apply");
        }
    }
    let forgotten: Vec<_> = all.keys().filter(|number| !told.contains(*number)).collect();
    assert!(forgotten.is_empty(), "{forgotten:?}");
}

#[test]
fn every_requirement_has_its_reason() {
    let document = document();
    let mut states: BTreeMap<&str, usize> = BTreeMap::new();
    for Row { number, asked, state, why, .. } in rows(&document) {
        *states.entry(state).or_default() += 1;
        assert!((3..90).contains(&asked.len()), "{number}: {asked}");
        let has_issue = why.starts_with("issue ") && why["issue ".len()..].starts_with(|c: char| c.is_ascii_digit());
        match state {
            "met" => assert!(!named(why).is_empty(), "{number} is met, and no test shows it"),
            "not met" => {
                assert!(has_issue || why.starts_with("no issue"), "{number} is not met: by which issue will it be?");
                assert!(why.len() > 30, "{number} is not met: why?");
            }
            "no test" => assert!(why.len() > 10, "{number} has no test: how is it built?"),
            "document" => assert!(why.contains("]("), "{number} is written down: where?"),
            state => panic!("{number} is {state:?}"),
        }
    }
    assert!(states["met"] > 80, "{states:?}");
}

/// Every template, with its text.
fn templates() -> Vec<(PathBuf, String)> {
    let mut folders = vec![root().join("templates")];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let text = std::fs::read_to_string(&path).unwrap();
                found.push((path, text));
            }
        }
    }
    found
}

// That no template takes an event, and so no pasting, is looked at in `src/web/assets.rs`.
#[test]
fn passwords_are_hidden_and_can_be_pasted() {
    let mut fields = 0;
    for (path, text) in templates() {
        for line in text.lines().filter(|line| line.contains("assword\"") || line.contains("-password")) {
            let is_field = line.contains("<input") || line.contains("parts::input(");
            if !is_field {
                continue;
            }
            fields += 1;
            let (tag, place) = (line, path.display());
            assert!(tag.contains("type=\"password\"") || tag.contains(", \"password\", "), "{place} shows what is typed: {tag}");
            let helped = ["autocomplete=\"current-password\"", "autocomplete=\"new-password\""].iter().any(|word| tag.contains(word));
            assert!(helped, "{place} helps no password manager: {tag}");
        }
    }
    assert!(fields >= 8, "{fields} fields for passwords: the look would see them");
}

#[test]
fn the_list_of_common_passwords_is_long_enough() {
    let list = read("src/model/common_passwords.txt");
    let fit = list.lines().filter(|line| line.chars().count() >= bugtome::model::users::Password::MINIMUM);
    assert!(fit.count() >= 3_000);
}
