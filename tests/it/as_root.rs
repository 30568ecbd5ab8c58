//! Commands that root runs on the database of a service's user: as whom they work, what they follow, and to whom belongs what they make.
//! Finding 5. Each story needs root to begin with; run by anybody else it says so and ends. What commands do otherwise is told elsewhere.

use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use crate::server::{PATIENCE, bugtome};

/// A user and group that no file of this machine needs to belong to.
const SERVICE: u32 = 64_321;

/// A folder of root's in which the service's user has one.
struct Place {
    folder: tempfile::TempDir,
}

/// `None` where the tests are not run by root.
fn place(outer: u32) -> Option<Place> {
    let folder = tempfile::tempdir().unwrap();
    if std::fs::metadata(folder.path()).unwrap().uid() != 0 {
        eprintln!("skipped: only root can try what a command does that root runs");
        return None;
    }
    mode(folder.path(), outer);
    let place = Place { folder };
    std::fs::create_dir(place.service()).unwrap();
    mode(&place.service(), 0o700);
    chown(place.service(), Some(SERVICE), Some(SERVICE)).unwrap();
    std::fs::create_dir(place.root()).unwrap();
    mode(&place.root(), 0o700);
    Some(place)
}

fn mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

impl Place {
    fn service(&self) -> PathBuf {
        self.folder.path().join("service")
    }

    /// Where root alone can go.
    fn root(&self) -> PathBuf {
        self.folder.path().join("root")
    }

    fn beside(&self, ending: &str) -> PathBuf {
        self.service().join(format!("bugtome.db{ending}"))
    }

    fn url(&self) -> String {
        format!("sqlite://{}", self.beside("").display())
    }

    fn command(&self, words: &[&str]) -> std::process::Command {
        let mut command = bugtome(&self.root());
        command.args(words).args(["--database", &self.url()]);
        command
    }

    fn run(&self, words: &[&str]) -> Output {
        self.command(words).output().unwrap()
    }

    #[track_caller]
    fn ok(&self, words: &[&str]) -> String {
        let output = self.run(words);
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn furnish(&self) {
        self.ok(&["admin", "user", "create", "--email", "ada@example.com", "--name", "Ada"]);
        self.ok(&["admin", "organization", "create", "--name", "Acme", "--slug", "acme", "--owner", "ada@example.com"]);
        self.ok(&["admin", "project", "create", "--organization", "acme", "--name", "Web", "--code", "WEB"]);
    }

    /// Names, owners and permissions of all that lies in the service's folder.
    fn there(&self) -> Vec<(String, u32, u32, u32)> {
        let entries = std::fs::read_dir(self.service()).unwrap().map(|entry| {
            let entry = entry.unwrap();
            let found = std::fs::symlink_metadata(entry.path()).unwrap();
            (entry.file_name().into_string().unwrap(), found.uid(), found.gid(), found.mode())
        });
        let mut all: Vec<_> = entries.collect();
        all.sort();
        all
    }
}

/// A file of root's that nobody should touch.
fn treasure(place: &Place) -> PathBuf {
    let file = place.root().join("shadow");
    std::fs::write(&file, "root:secret\n").unwrap();
    mode(&file, 0o600);
    file
}

#[track_caller]
fn untouched(file: &Path) {
    let found = std::fs::metadata(file).unwrap();
    assert_eq!((found.uid(), found.gid(), found.mode() & 0o777), (0, 0, 0o600), "{}", file.display());
    assert_eq!(std::fs::read_to_string(file).unwrap(), "root:secret\n");
}

const JIRA: &str =
    "Issue key,Summary,Description,Status,Priority,Created\nA-1,It breaks,It breaks when it is used,Open,High,2024-01-15 10:30\n";

#[test]
fn finding_5_whatever_lies_beside_the_database_nothing_of_roots_is_given_away() {
    let Some(place) = place(0o711) else { return };
    place.furnish();
    let treasure = treasure(&place);
    let (backup, import) = (place.root().join("backup.db"), place.root().join("jira.csv"));
    std::fs::write(&import, JIRA).unwrap();
    place.ok(&["admin", "backup", backup.to_str().unwrap()]);
    let (backup, import) = (backup.display().to_string(), import.display().to_string());
    let copy = format!("sqlite://{}", place.service().join("copy.db").display());
    let commands: [&[&str]; 8] = [
        &["admin", "user", "list"],
        &["admin", "project", "list"],
        &["doctor"],
        &["admin", "reindex"],
        &["admin", "backup", &backup, "--overwrite"],
        &["admin", "restore", &backup],
        &["admin", "copy", "--to", &copy],
        &["import", "jira-csv", &import, "--project", "acme/WEB"],
    ];
    for ending in ["-lock", "-wal", "-shm", "-journal", "-restoring", "-restoring-wal", "-restoring-journal"] {
        for hard in [false, true] {
            let _ = std::fs::remove_file(place.beside(ending));
            if hard {
                std::fs::hard_link(&treasure, place.beside(ending)).unwrap();
            } else {
                symlink(&treasure, place.beside(ending)).unwrap();
            }
            for words in commands {
                place.run(words);
                untouched(&treasure);
            }
            if ending == "-lock" {
                let said = String::from_utf8(place.run(commands[0]).stderr).unwrap();
                let why = if hard { "Permission denied" } else { "it is a link" };
                assert!(said.contains(why) && said.contains("bugtome.db-lock"), "{said}");
            }
            let _ = std::fs::remove_file(place.beside(ending));
        }
    }
    // What is no file at all keeps nobody waiting.
    let _ = std::fs::remove_file(place.beside("-lock"));
    named_pipe(&place.beside("-lock"));
    let began = Instant::now();
    assert_eq!(place.run(commands[0]).status.code(), Some(1));
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    std::fs::remove_file(place.beside("-lock")).unwrap();
    place.ok(commands[0]);
}

fn named_pipe(path: &Path) {
    assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
    chown(path, Some(SERVICE), Some(SERVICE)).unwrap();
}

#[test]
fn finding_5_a_database_that_is_a_link_of_the_services_user_leads_no_further_than_that_user_may_go() {
    let Some(place) = place(0o711) else { return };
    let other = place.root().join("other.db");
    let url = format!("sqlite://{}", other.display());
    let made = bugtome(&place.root())
        .args(["admin", "user", "create", "--email", "root@example.com", "--name", "Root", "--database", &url])
        .output()
        .unwrap();
    assert!(made.status.success());
    let before = std::fs::read(&other).unwrap();
    symlink(&other, place.beside("")).unwrap();
    std::os::unix::fs::lchown(place.beside(""), Some(SERVICE), Some(SERVICE)).unwrap();
    for words in [&["admin", "user", "list"][..], &["admin", "user", "create", "--email", "eve@example.com", "--name", "Eve"], &["doctor"]]
    {
        let output = place.run(words);
        assert_eq!(output.status.code(), Some(1), "{words:?}");
        assert!(!String::from_utf8_lossy(&output.stdout).contains("root@example.com"), "{words:?}");
    }
    assert_eq!(std::fs::read(&other).unwrap(), before);
    // One that root made in root's own folder is followed to whom the database belongs.
    std::fs::remove_file(place.beside("")).unwrap();
    place.furnish();
    let link = place.root().join("linked.db");
    symlink(place.beside(""), &link).unwrap();
    let listed =
        bugtome(&place.root()).args(["admin", "user", "list", "--database", &format!("sqlite://{}", link.display())]).output().unwrap();
    assert!(listed.status.code() == Some(1) || String::from_utf8_lossy(&listed.stdout).contains("ada@example.com"), "{listed:?}");
    assert!(place.there().iter().all(|(_, user, _, _)| *user == SERVICE), "{:?}", place.there());
    // A file of root's in the service's folder could be anything.
    chown(place.beside(""), Some(0), Some(0)).unwrap();
    let said = String::from_utf8(place.run(&["admin", "user", "list"]).stderr).unwrap();
    assert!(said.contains(&format!("chown -h {SERVICE}")), "{said}");
}

#[test]
fn finding_5_what_root_makes_there_is_the_services_and_roots_own_files_stay_roots() {
    // The second is how systemd keeps the folder of a user that exists while the service runs only.
    for outer in [0o711, 0o700] {
        let Some(place) = place(outer) else { return };
        place.furnish();
        let settings = place.root().join("bugtome.toml");
        std::fs::write(&settings, format!("database_url = \"{}\"\n", place.url())).unwrap();
        mode(&settings, 0o600);
        let import = place.root().join("jira.csv");
        std::fs::write(&import, JIRA).unwrap();
        mode(&import, 0o600);
        let run = |words: &[&str]| {
            let output = bugtome(&place.root()).args(words).args(["--config", settings.to_str().unwrap()]).output().unwrap();
            assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
            String::from_utf8(output.stdout).unwrap()
        };
        assert!(run(&["import", "jira-csv", import.to_str().unwrap(), "--project", "acme/WEB"]).contains('1'));
        let backup = place.root().join("backup.db");
        run(&["admin", "backup", backup.to_str().unwrap()]);
        run(&["admin", "backup", backup.to_str().unwrap(), "--overwrite"]);
        let kept = std::fs::metadata(&backup).unwrap();
        assert_eq!((kept.uid(), kept.gid(), kept.mode() & 0o777), (0, 0, 0o600), "a backup is whose who makes it");
        assert_eq!(std::fs::read_dir(place.root()).unwrap().count(), 3, "and nothing is left beside it");
        run(&["admin", "restore", backup.to_str().unwrap()]);
        assert!(run(&["admin", "project", "list"]).contains("acme/WEB"));
        assert!(run(&["doctor"]).contains("up to date"));
        for (name, user, group, _) in place.there() {
            assert_eq!((user, group), (SERVICE, SERVICE), "{name}");
        }
    }
}

#[test]
fn finding_5_doctor_makes_nothing_and_gives_nothing() {
    let Some(place) = place(0o711) else { return };
    place.furnish();
    let before = place.there();
    place.ok(&["doctor"]);
    assert_eq!(place.there(), before);
    // The log of somebody who copied the files while they were in use.
    std::fs::write(place.beside("-wal"), "no log yet").unwrap();
    let before = place.there();
    let said = String::from_utf8(place.run(&["doctor"]).stdout).unwrap();
    assert!(said.contains("has not been read into it yet"), "{said}");
    assert_eq!(place.there(), before);
}

#[test]
fn finding_5_nothing_of_roots_rights_is_left_while_it_works() {
    for (outer, capabilities) in [(0o711, 0), (0o700, 1 << 2)] {
        let Some(place) = place(outer) else { return };
        place.furnish();
        // It waits for a password, with the database open.
        let mut command = place.command(&["admin", "user", "set-password", "--email", "ada@example.com"]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let deadline = Instant::now() + PATIENCE;
        let word = |name: &str| {
            let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap().to_owned();
            line.split_whitespace().map(ToOwned::to_owned).collect::<Vec<_>>()
        };
        let own = SERVICE.to_string();
        while word("Uid:") != [own.as_str(); 4] || word("Threads:") == ["1"] {
            assert!(Instant::now() < deadline, "{:?}", word("Uid:"));
            std::thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(word("Gid:"), [own.as_str(); 4]);
        assert_eq!(word("Groups:"), [own.as_str()]);
        for set in ["CapEff:", "CapPrm:"] {
            assert_eq!(u64::from_str_radix(&word(set)[0], 16).unwrap(), capabilities, "{set}");
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
