//! What bugtome depends on keeps to `deny.toml`: licences, where it comes from, one TLS stack, and no crate twice without being named.
//! cargo-deny, which `./test` runs too, reads the same file and knows advisories as well.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

fn rules() -> toml::Table {
    include_str!("../../deny.toml").parse().unwrap()
}

/// A list of texts in `deny.toml`.
fn texts(section: &str, key: &str) -> Vec<String> {
    rules()[section][key].as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

/// A list of tables there, by the crate that each is about.
fn crates(key: &str) -> Vec<String> {
    rules()["bans"][key].as_array().unwrap().iter().map(|entry| entry["crate"].as_str().unwrap().to_owned()).collect()
}

/// What a single crate may have besides what all may have.
fn exceptions() -> BTreeMap<String, Vec<String>> {
    let text = |value: &toml::Value| value.as_str().unwrap().to_owned();
    let exceptions = rules()["licenses"]["exceptions"].as_array().unwrap().clone();
    exceptions.iter().map(|entry| (text(&entry["crate"]), entry["allow"].as_array().unwrap().iter().map(text).collect())).collect()
}

/// All that is built for the platforms in `deny.toml`, bugtome itself left out.
fn packages() -> Vec<Value> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["metadata", "--format-version", "1", "--locked", "--all-features"]).current_dir(env!("CARGO_MANIFEST_DIR"));
    for target in texts("graph", "targets") {
        cargo.args(["--filter-platform", &target]);
    }
    let output = cargo.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let built: BTreeSet<&str> = metadata["resolve"]["nodes"].as_array().unwrap().iter().map(|node| node["id"].as_str().unwrap()).collect();
    let all = metadata["packages"].as_array().unwrap().iter();
    let all: Vec<Value> = all.filter(|package| built.contains(package["id"].as_str().unwrap())).cloned().collect();
    let (own, others): (Vec<Value>, Vec<Value>) = all.into_iter().partition(|package| package["name"] == "bugtome");
    assert_eq!(own.len(), 1);
    assert!(others.len() > 50, "{} packages only", others.len());
    others
}

/// Whether these licences are enough for an SPDX expression. A slash, as old crates write it, is an `OR`.
fn suffices(expression: &str, allowed: &[String]) -> bool {
    /// Cuts where the word stands outside of parentheses.
    fn parts<'a>(text: &'a str, word: &str) -> Vec<&'a str> {
        let mut parts = Vec::new();
        let (mut depth, mut start) = (0, 0);
        for (at, character) in text.char_indices() {
            match character {
                '(' => depth += 1,
                ')' => depth -= 1,
                _ if depth == 0 && at >= start && text[at..].starts_with(word) => {
                    parts.push(&text[start..at]);
                    start = at + word.len();
                }
                _ => {}
            }
        }
        parts.push(&text[start..]);
        parts
    }
    let text = expression.trim();
    for word in [" OR ", "/"] {
        let options = parts(text, word);
        if options.len() > 1 {
            return options.iter().any(|option| suffices(option, allowed));
        }
    }
    let duties = parts(text, " AND ");
    if duties.len() > 1 {
        return duties.iter().all(|duty| suffices(duty, allowed));
    }
    match text.strip_prefix('(').and_then(|text| text.strip_suffix(')')) {
        Some(inside) => suffices(inside, allowed),
        None => allowed.iter().any(|licence| licence == text),
    }
}

#[test]
fn an_expression_of_licences_is_read_as_spdx_says() {
    let allowed = ["MIT".to_owned(), "ISC".to_owned()];
    for good in ["MIT", "MIT/Apache-2.0", "Apache-2.0 OR MIT", "(MIT OR GPL-3.0) AND ISC", "GPL-3.0 OR ISC AND MIT", "GPL-3.0 / MIT"] {
        assert!(suffices(good, &allowed), "{good}");
    }
    for bad in ["GPL-3.0", "MIT AND GPL-3.0", "(MIT OR ISC) AND GPL-3.0", "MIT WITH an exception", "", "MIT AND (ISC AND GPL-3.0)"] {
        assert!(!suffices(bad, &allowed), "{bad}");
    }
}

#[test]
fn every_dependency_has_a_licence_that_is_allowed_and_comes_from_one_registry() {
    let allowed = texts("licenses", "allow");
    let mut exceptions = exceptions();
    let (mut used, mut sources) = (BTreeSet::new(), BTreeSet::new());
    for package in packages() {
        let licence = package["license"].as_str().unwrap_or_default();
        if !suffices(licence, &allowed) {
            let more = exceptions.remove(package["name"].as_str().unwrap()).unwrap_or_default();
            let all = [allowed.clone(), more].concat();
            assert!(suffices(licence, &all), "{}: {licence:?} is not allowed in deny.toml", package["name"]);
        }
        used.extend(allowed.iter().filter(|name| licence.contains(*name)).cloned());
        let source = package["source"].as_str().unwrap_or_default().to_owned();
        assert!(source.starts_with("registry+"), "{} comes from {source:?}", package["name"]);
        sources.insert(source);
    }
    assert_eq!(sources.len(), 1, "{sources:?}");
    assert_eq!(used.into_iter().collect::<Vec<_>>(), allowed, "deny.toml allows a licence that nothing has");
    assert!(exceptions.is_empty(), "deny.toml has exceptions that nothing needs: {exceptions:?}");
}

#[test]
fn there_is_one_tls_stack_and_no_crate_twice_that_is_not_named() {
    let mut versions: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for package in packages() {
        let text = |key: &str| package[key].as_str().unwrap().to_owned();
        versions.entry(text("name")).or_default().push(text("version"));
    }
    for banned in crates("deny") {
        assert!(!versions.contains_key(&banned), "{banned} would be a second TLS stack");
    }
    assert!(versions.contains_key("rustls") && versions.contains_key("ring"), "and this is the first");
    let named: BTreeSet<(String, String)> = versions
        .iter()
        .filter(|(_, versions)| versions.len() > 1)
        .flat_map(|(name, versions)| versions.iter().map(move |version| (name.clone(), version.clone())))
        .collect();
    let mut left = named.clone();
    for skip in crates("skip") {
        let (name, begin) = skip.split_once('@').unwrap();
        let is_meant = |(at, version): &(String, String)| at == name && version.starts_with(&format!("{begin}."));
        let found = named.iter().find(|it| is_meant(it)).unwrap_or_else(|| panic!("{skip} is not there twice: take it from deny.toml"));
        left.remove(found);
    }
    let mut seen = BTreeSet::new();
    for (name, version) in &left {
        assert!(
            seen.insert(name),
            "{name} {version} is there more than once: name the older one in deny.toml, and who wants it (cargo tree -i)"
        );
    }
}

/// Name and version of all that a lock file holds.
fn locked(file: &str) -> BTreeSet<(String, String)> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let lock: toml::Table = std::fs::read_to_string(path).unwrap().parse().unwrap();
    let text = |package: &toml::Value, key: &str| package[key].as_str().unwrap().to_owned();
    lock["package"].as_array().unwrap().iter().map(|package| (text(package, "name"), text(package, "version"))).collect()
}

/// What the program itself needs, as a lock file has it.
fn needed(file: &str) -> Vec<String> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let lock: toml::Table = std::fs::read_to_string(path).unwrap().parse().unwrap();
    let program = lock["package"].as_array().unwrap().iter().find(|package| package["name"].as_str() == Some("bugtome")).unwrap();
    let names = program["dependencies"].as_array().unwrap().iter().map(|name| name.as_str().unwrap());
    // Where two versions are locked the name has one beside it.
    names.map(|name| name.split(' ').next().unwrap().to_owned()).collect()
}

/// A lock file that is behind stops whatever is built with `--locked`. Only the main one knows what tests need.
#[test]
fn every_lock_file_knows_what_the_program_needs() {
    let fuzzed = needed("fuzz/Cargo.lock");
    assert_eq!(fuzzed, needed("bench/Cargo.lock"));
    let manifest: toml::Table = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")).unwrap().parse().unwrap();
    for name in manifest["dependencies"].as_table().unwrap().keys() {
        assert!(fuzzed.contains(name), "fuzz/Cargo.lock does not know {name}: `cargo fetch --manifest-path fuzz/Cargo.toml` puts it right");
    }
}

/// What is fuzzed would else be another program than the one that is delivered, and be built a second time from its ground up.
#[test]
fn what_is_fuzzed_is_what_is_delivered() {
    let (delivered, fuzzed) = (locked("Cargo.lock"), locked("fuzz/Cargo.lock"));
    let more: Vec<&str> = fuzzed.difference(&delivered).map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        more,
        ["arbitrary", "bugtome-fuzz", "jobserver", "libfuzzer-sys"],
        "fuzz/Cargo.lock has other versions: `cp Cargo.lock fuzz && cargo fetch --manifest-path fuzz/Cargo.toml` puts it right"
    );
    assert!(fuzzed.len() > 100, "{}", fuzzed.len());
}
