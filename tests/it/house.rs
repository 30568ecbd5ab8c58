//! The house itself: floors know only the floors below them, and each file opens with what lives in it and what does not.
//! It reads the sources as text, so that the plan in the documents cannot rot.

use std::path::{Path, PathBuf};

/// The floors from the ground up. Rooms of one floor do not know each other.
const FLOORS: [&[&str]; 6] = [&["model"], &["store"], &["domain"], &["app"], &["wire", "http"], &["api", "web", "mcp", "cli", "jobs"]];

/// What the binary and the library's root may know: everything.
const ROOTS: [&str; 2] = ["main.rs", "lib.rs"];

fn sources() -> Vec<(PathBuf, String)> {
    fn collect(folder: &Path, files: &mut Vec<(PathBuf, String)>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, files);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                files.push((path, text));
            }
        }
    }
    let mut files = Vec::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
    files.sort();
    assert!(files.len() > 50, "the sources are where they were");
    files
}

fn inside(path: &Path) -> &Path {
    path.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap()
}

fn floor_of(room: &str) -> Option<usize> {
    FLOORS.iter().position(|rooms| rooms.contains(&room))
}

/// The rooms that a line names after `crate::`.
fn named(line: &str) -> impl Iterator<Item = &str> {
    let code = line.split("//").next().unwrap_or_default();
    code.split("crate::").skip(1).flat_map(|rest| {
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '{' && c != ',' && c != ' ').unwrap_or(rest.len());
        rest[..end].split(['{', ',', ' ']).filter(|word| !word.is_empty()).take(if rest.starts_with('{') { usize::MAX } else { 1 })
    })
}

#[test]
fn no_arrow_runs_upwards() {
    let (mut wrong, mut arrows) = (Vec::new(), 0);
    for (path, text) in sources() {
        let inside = inside(&path);
        let room = inside.components().next().unwrap().as_os_str().to_str().unwrap();
        if ROOTS.contains(&room) {
            continue;
        }
        let room = room.trim_end_matches(".rs");
        let Some(floor) = floor_of(room) else { panic!("{} stands on no floor: the plan of the house must name it", inside.display()) };
        for (number, line) in text.lines().enumerate() {
            for other in named(line) {
                let Some(above) = floor_of(other) else { continue };
                arrows += 1;
                if other != room && above >= floor {
                    wrong.push(format!("src/{}:{}: {room} may not know {other}: {}", inside.display(), number + 1, line.trim()));
                }
            }
        }
    }
    assert!(arrows > 100, "the lines are written as they were");
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn the_arrow_test_sees_what_is_written() {
    let rooms = |line: &str| named(line).map(ToOwned::to_owned).collect::<Vec<_>>();
    assert_eq!(rooms("use crate::store::database::Connection;"), ["store"]);
    assert_eq!(rooms("use crate::{api, model};"), ["api", "model"]);
    assert_eq!(rooms("fn f(a: crate::app::App, b: crate::model::id::Id<()>) {}"), ["app", "model"]);
    assert_eq!(rooms("// crate::api is above"), [""; 0]);
}

#[test]
fn every_file_opens_with_two_sentences() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let opening: Vec<_> = text.lines().map_while(|line| line.strip_prefix("//!")).collect();
        let opening = format!("{} ", opening.join(" "));
        let sentences = [". ", "? ", "! ", ".) "].iter().map(|end| opening.matches(end).count()).sum::<usize>();
        if sentences < 2 {
            wrong.push(format!("src/{}", inside(&path).display()));
        }
    }
    assert!(wrong.is_empty(), "these say too little of themselves:\n{}", wrong.join("\n"));
}
