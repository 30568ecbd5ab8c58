//! The plan of the house is kept: no arrow runs upwards, and `ARCHITECTURE.md` names the modules that there are.
//! What is in the rooms is everybody else's business.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Each floor, and those below it that it may know.
const FLOORS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("store", &["model"]),
    ("domain", &["store", "model"]),
    ("wire", &["domain", "store", "model"]),
    ("app", &["domain", "store", "model"]),
    ("http", &["app", "domain", "store", "model"]),
    ("jobs", &["http", "app", "domain", "wire", "store", "model"]),
    ("api", &["http", "app", "domain", "wire", "store", "model"]),
    ("web", &["http", "app", "domain", "wire", "store", "model"]),
    ("mcp", &["http", "app", "domain", "wire", "store", "model"]),
    ("cli", &["api", "web", "mcp", "jobs", "http", "app", "domain", "wire", "store", "model"]),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file of the library: its path below `src`, and its text.
fn sources() -> Vec<(PathBuf, String)> {
    fn collect(folder: &Path, into: &mut Vec<(PathBuf, String)>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, into);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                into.push((path.strip_prefix(root().join("src")).unwrap().to_owned(), text));
            }
        }
    }
    let mut sources = Vec::new();
    collect(&root().join("src"), &mut sources);
    sources.sort();
    assert!(sources.len() > 100);
    sources
}

/// The first part of a path below `src`: the floor's name.
fn floor(path: &Path) -> &str {
    path.components().next().unwrap().as_os_str().to_str().unwrap().trim_end_matches(".rs")
}

/// The floors that a text names after `crate::`, in braces too.
fn named(text: &str) -> BTreeSet<&str> {
    let mut named = BTreeSet::new();
    for (at, start) in text.match_indices("crate::") {
        let rest = &text[at + start.len()..];
        let list = rest.strip_prefix('{').and_then(|list| list.split('}').next());
        for item in list.map_or_else(|| vec![rest], |list| list.split(',').collect()) {
            let end = item.trim_start().find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            named.insert(&item.trim_start()[..end.unwrap_or(item.trim_start().len())]);
        }
    }
    named
}

/// What is wrong with a file's arrows.
fn upwards(path: &Path, text: &str) -> Vec<String> {
    let here = floor(path);
    let Some((_, below)) = FLOORS.iter().find(|(name, _)| *name == here) else { return vec![format!("{} is on no floor", path.display())] };
    let is_floor = |name: &&str| FLOORS.iter().any(|(floor, _)| floor == name);
    let wrong = named(text).into_iter().filter(is_floor).filter(|name| *name != here && !below.contains(name));
    wrong.map(|name| format!("{} knows {name}, which is no floor below {here}", path.display())).collect()
}

#[test]
fn no_arrow_runs_upwards() {
    let sources = sources();
    let inside = sources.iter().filter(|(path, _)| !matches!(path.to_str(), Some("main.rs" | "lib.rs")));
    let wrong: Vec<String> = inside.flat_map(|(path, text)| upwards(path, text)).collect();
    assert_eq!(wrong, [""; 0]);
    // The check sees what it is there for.
    assert_eq!(upwards(Path::new("store/tickets.rs"), "use crate::domain::Ctx;").len(), 1);
    assert_eq!(upwards(Path::new("api/tickets.rs"), "use crate::{cli, model, web};").len(), 2);
    assert_eq!(upwards(Path::new("cellar/coal.rs"), "").len(), 1);
}

#[test]
fn the_plan_names_every_module_that_there_is_and_no_other() {
    let plan = std::fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let mut rooms: BTreeMap<String, bool> = BTreeMap::new();
    for (path, _) in sources() {
        if !matches!(path.to_str(), Some("main.rs" | "lib.rs")) {
            rooms.insert(format!("src/{}/", floor(&path)), false);
        }
    }
    // Each row of the table of floors begins with its folder.
    for line in plan.lines() {
        let Some(folder) = line.strip_prefix("| `src/").and_then(|rest| rest.split('`').next()) else { continue };
        let folder = format!("src/{folder}");
        let room = rooms.get_mut(&folder).unwrap_or_else(|| panic!("ARCHITECTURE.md has a row for {folder}, which is not there"));
        assert!(!std::mem::replace(room, true), "ARCHITECTURE.md has two rows for {folder}");
    }
    let forgotten: Vec<&String> = rooms.iter().filter(|(_, named)| !**named).map(|(folder, _)| folder).collect();
    assert!(forgotten.is_empty(), "ARCHITECTURE.md has no row for {forgotten:?}");
}

#[test]
fn what_the_documents_name_is_there() {
    let mut named = 0;
    for document in [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        "docs/accounts.md",
        "docs/api.md",
        "docs/backup.md",
        "docs/importing.md",
        "docs/moving.md",
        "docs/scaling.md",
        "docs/operating.md",
        "docs/security.md",
        "docs/settings.md",
        "docs/tokens.md",
    ] {
        let text = std::fs::read_to_string(root().join(document)).unwrap();
        let quoted = text.split('`').skip(1).step_by(2);
        let folders = ["src/", "tests/", "docs/", "migrations/", "bench/", "benches/", "fuzz/", ".ci/"];
        let is_path = |word: &&str| folders.iter().any(|folder| word.starts_with(folder)) && !word.contains(['*', '<', ' ', '…']);
        for path in quoted.filter(is_path) {
            let path = path.split("::").next().unwrap();
            assert!(root().join(path).exists(), "{document} names {path}, which is not there");
            named += 1;
        }
        // Of a heading inside a page nothing is asked.
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let (path, outside) = (link.split('#').next().unwrap(), link.contains("://"));
            let beside = root().join(document).parent().unwrap().join(path);
            assert!(outside || path.is_empty() || beside.exists(), "{document} links to {link}, which is not there");
        }
    }
    assert!(named > 20, "{named}: are paths still written in backquotes?");
}

#[test]
fn every_module_says_what_belongs_there() {
    let is_test = |path: &Path| path.ends_with("tests.rs") || path.components().any(|part| part.as_os_str() == "tests");
    for (path, text) in sources().into_iter().filter(|(path, _)| !is_test(path)) {
        let intro: Vec<&str> = text.lines().take_while(|line| line.starts_with("//!")).collect();
        assert!(
            intro.join(" ").matches(['.', ':']).count() >= 2,
            "{} does not open with two sentences: what is here, and what is not",
            path.display()
        );
    }
    let manifest: toml::Table = std::fs::read_to_string(root().join("Cargo.toml")).unwrap().parse().unwrap();
    assert_eq!(manifest["lints"]["rust"]["unsafe_code"].as_str(), Some("forbid"));
    assert!(
        !root().join("rust-toolchain.toml").exists() && !root().join("rust-toolchain").exists(),
        "any Rust from rust-version on will do"
    );
}
