//! The disk under SQLite fails: it is full, read only, or cannot sync. Refused with a 503, said in the log with what to do, and nothing is lost.
//! What PostgreSQL does to requests is told in `faults`; that an answer waits for the disk, in `durability`.

use std::io::Write;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;

use super::cluster::postgres_user;
use super::durability::attach_to;
use super::server::{Answer, House, Request, Server, bugtome, ticket};

/// Files a ticket with long notes, so that the disk notices.
fn file(house: &House, server: &Server, title: &str) -> Answer {
    let mut body = ticket(title, &house.project);
    body["ticket"]["notes"] = json!("a long story ".repeat(3_000));
    server.ask(&Request::new("POST", "/api/v1/tickets").bearer(&house.personal).json(&body))
}

/// Files tickets until one is refused, and gives the titles of those that were taken.
fn file_until_refused(house: &House, server: &Server, name: &str) -> Vec<String> {
    let mut taken = Vec::new();
    for turn in 0..500 {
        let title = format!("{name} {turn}");
        let answer = file(house, server, &title);
        if answer.status != 201 {
            is_unavailable(&answer);
            return taken;
        }
        taken.push(title);
    }
    panic!("nothing was refused");
}

fn is_unavailable(answer: &Answer) {
    assert_eq!((answer.status, answer.header("retry-after")), (503, Some("1")), "{answer:?}");
    assert_eq!(answer.json()["error"], "Service Unavailable");
    for inside in ["disk", "sqlite", "SQLite", "database"] {
        assert!(!answer.body.contains(inside), "{inside} in {answer:?}");
    }
}

/// All of these are there.
fn are_there(house: &House, server: &Server, titles: &[String]) {
    let stored = server.all_titles(&house.personal);
    for title in titles {
        assert!(stored.contains(title), "{title} was acknowledged and is lost");
    }
}

/// The house's server, on a file system of six megabytes that only it sees. Anybody may have such a one: no right of root's is needed.
fn on_a_small_disk(house: &House, folder: &Path, log: &Path) -> Server {
    std::fs::create_dir(folder).unwrap();
    let database = format!("sqlite://{}", folder.join("house.db").display());
    let mut inner = bugtome(house.folder.path());
    inner.args(["serve", "--listen", "127.0.0.1:0", "--database", &database]);
    let mut command = Command::new("unshare");
    let script = r#"mount -t tmpfs -o size=6m tmpfs "$0" && cp "$1" "$0" && shift && exec "$@""#;
    command.args(["-rm", "sh", "-c", script]).arg(folder).arg(house.file()).arg(inner.get_program()).args(inner.get_args());
    for (name, value) in inner.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command.current_dir(house.folder.path()).stdin(Stdio::null()).stderr(std::fs::File::create(log).unwrap());
    Server::start(&mut command)
}

/// A path as the server sees it.
fn seen_by(server: &Server, path: &Path) -> PathBuf {
    PathBuf::from(format!("/proc/{}/root{}", server.process.id(), path.display()))
}

#[test]
fn a_full_disk_takes_no_tickets_and_loses_none() {
    let mut house = House::sqlite();
    let (folder, log) = (house.path("small"), house.path("log"));
    let server = on_a_small_disk(&house, &folder, &log);
    let mut taken = vec!["before".to_owned()];
    assert_eq!(file(&house, &server, "before").status, 201);
    let filler = seen_by(&server, &folder.join("filler"));
    let mut file_of_zeros = std::fs::File::create(&filler).unwrap();
    while file_of_zeros.write_all(&[0; 4096]).is_ok() {}
    taken.extend(file_until_refused(&house, &server, "while it fills"));
    let said = std::fs::read_to_string(&log).unwrap();
    assert!(said.contains("the disk is full: make room where the database file lies"), "{said}");
    assert_eq!(server.get("/api/v1/tickets", &house.personal).status, 200, "reading goes on");
    for turn in 0..10 {
        let title = format!("while it is full {turn}");
        match file(&house, &server, &title) {
            answer if answer.status == 201 => taken.push(title),
            answer => is_unavailable(&answer),
        }
    }
    drop(file_of_zeros);
    std::fs::remove_file(&filler).unwrap();
    let removed = Instant::now();
    while file(&house, &server, "there is room again").status != 201 {
        assert!(removed.elapsed() < Duration::from_secs(2), "there is room again, and it does not help");
    }
    are_there(&house, &server, &taken);
    // What the disk holds at this moment, as if the power had failed.
    server.signal("STOP");
    let left = house.path("left.db");
    std::fs::copy(seen_by(&server, &folder.join("house.db")), &left).unwrap();
    std::fs::copy(seen_by(&server, &folder.join("house.db-wal")), house.path("left.db-wal")).unwrap();
    server.kill();
    house.database = format!("sqlite://{}", left.display());
    are_there(&house, &house.serve(), &taken);
}

/// Has a system call of the server fail on the log of its database, as a broken disk would make it.
fn break_disk(house: &House, server: &Server, fault: &str) -> Child {
    let call = fault.split(':').next().unwrap();
    let mut strace = Command::new("strace");
    strace.args(["-f", "-e", &format!("trace={call}"), "-e", &format!("inject={fault}"), "-o", "/dev/null"]);
    strace.arg("-P").arg(house.path("house.db-wal"));
    attach_to(server, strace)
}

fn mend(mut strace: Child) {
    let sent = Command::new("kill").args(["-s", "INT", &strace.id().to_string()]).status().unwrap();
    assert!(sent.success());
    strace.wait().unwrap();
}

/// While the call fails, changes are refused and reading goes on; afterwards all is well, here and after a kill.
fn survives(fault: &str, said: &str) {
    let house = House::sqlite();
    let log = house.path("log");
    let server = house.serve_logging(&log);
    let mut taken = vec!["before".to_owned()];
    assert_eq!(file(&house, &server, "before").status, 201);
    let strace = break_disk(&house, &server, fault);
    taken.extend(file_until_refused(&house, &server, "while it breaks"));
    for turn in 0..5 {
        is_unavailable(&file(&house, &server, &format!("while it is broken {turn}")));
    }
    assert_eq!(server.get("/api/v1/tickets", &house.personal).status, 200, "reading goes on");
    mend(strace);
    let text = std::fs::read_to_string(&log).unwrap();
    assert!(text.contains(said), "{text}");
    let answer = file(&house, &server, "mended");
    assert_eq!(answer.status, 201, "{answer:?}");
    taken.push("mended".to_owned());
    are_there(&house, &server, &taken);
    server.kill();
    are_there(&house, &house.serve(), &taken);
}

#[test]
fn a_file_system_that_turned_read_only_takes_no_tickets_and_loses_none() {
    survives("pwrite64:error=EROFS", "the disk or file system of the database file fails: check it and the system's log");
}

#[test]
fn a_disk_that_cannot_sync_takes_no_tickets_and_loses_none() {
    survives("fsync,fdatasync:error=EIO", "the disk or file system of the database file fails: check it and the system's log");
}

#[test]
fn a_file_that_may_not_be_written_is_said_at_the_start() {
    let house = House::sqlite();
    let mut command = house.command();
    if let Some(user) = postgres_user() {
        // Root may write everything: somebody else runs it, from where they may read it.
        let program = house.path("bugtome");
        std::fs::copy(command.get_program(), &program).unwrap();
        for path in [house.folder.path(), &house.file(), &house.path("house.db-lock")] {
            chown(path, Some(user), Some(user)).unwrap();
        }
        command = Command::new(program);
        command.args(["serve", "--listen", "127.0.0.1:0", "--database", &house.database]).uid(user).gid(user);
        command.current_dir(house.folder.path());
    }
    std::fs::set_permissions(house.file(), PermissionsExt::from_mode(0o400)).unwrap();
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("house.db cannot be opened for writing") && said.contains("writable for the user that runs bugtome"), "{said}");
}
