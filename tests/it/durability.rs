//! What SIGKILL cannot show: an answer leaves only after its ticket was synced to the disk. The system calls of the real process tell, by strace.
//! What the page cache survives is `kill`'s; that the writer's connection says `synchronous=FULL` is a test of the store's.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::server::{House, PATIENCE, Request, Server, ticket};

const ALONE: usize = 12;
const TOGETHER: usize = 8;

#[test]
fn a_sync_lies_between_a_ticket_and_its_answer() {
    let house = House::sqlite();
    let trace = house.folder.path().join("trace");
    let server = house.serve();
    let mut strace = attach(&server, &trace);
    for turn in 0..ALONE {
        file(&house, &server.address, &format!("alone-{turn:02}"));
    }
    std::thread::scope(|scope| {
        for turn in 0..TOGETHER {
            let (house, address) = (&house, &server.address);
            scope.spawn(move || file(house, address, &format!("together-{turn:02}")));
        }
    });
    server.stop();
    strace.wait().unwrap();
    let trace = std::fs::read_to_string(&trace).unwrap();
    let calls = Call::read_all(&trace);
    let titles: Vec<String> =
        (0..ALONE).map(|turn| format!("alone-{turn:02}")).chain((0..TOGETHER).map(|turn| format!("together-{turn:02}"))).collect();
    assert_eq!(unsynced(&calls, &titles), [""; 0], "in {trace}");

    // The same trace without its syncs shows that the judge sees what is missing.
    let doctored: Vec<Call> = calls.iter().filter(|call| !matches!(call.what, What::Synced)).cloned().collect();
    assert_eq!(unsynced(&doctored, &titles).len(), titles.len(), "a missing sync goes unseen");
    // And with each sync moved behind the answer that it was for.
    let mut late = calls;
    for at in (1..late.len()).rev() {
        if matches!(late[at].what, What::Answered(_)) && matches!(late[at - 1].what, What::Synced) {
            late.swap(at - 1, at);
        }
    }
    assert!(!unsynced(&late, &titles).is_empty(), "a sync that comes too late goes unseen");
}

/// Attaches strace, which writes down what the answers depend on.
fn attach(server: &Server, trace: &Path) -> std::process::Child {
    let mut strace = Command::new("strace");
    strace.args(["-f", "-y", "-s", "100000", "-e", "trace=write,pwrite64,writev,sendto,sendmsg,fsync,fdatasync", "-o"]).arg(trace);
    attach_to(server, strace)
}

/// Attaches strace and waits until it has taken hold of every thread.
pub(crate) fn attach_to(server: &Server, mut strace: Command) -> std::process::Child {
    strace.arg("-p").arg(server.process.id().to_string()).stderr(Stdio::null());
    let strace = strace.spawn().expect("strace must be installed: ./test does it");
    let tasks = format!("/proc/{}/task", server.process.id());
    let held = |task: std::fs::DirEntry| {
        let status = std::fs::read_to_string(task.path().join("status")).unwrap_or_default();
        !status.lines().any(|line| line == "TracerPid:\t0")
    };
    let deadline = Instant::now() + PATIENCE;
    while !std::fs::read_dir(&tasks).unwrap().all(|task| held(task.unwrap())) {
        assert!(Instant::now() < deadline, "strace cannot attach: is ptrace allowed here?");
        std::thread::sleep(Duration::from_millis(5));
    }
    strace
}

fn file(house: &House, address: &str, title: &str) {
    let request = Request::new("POST", "/api/v1/tickets").bearer(&house.personal).json(&ticket(title, &house.project));
    assert_eq!(request.send(address).unwrap().status, 201);
}

/// What is of interest in a trace.
#[derive(Debug, Clone, PartialEq)]
enum What {
    /// The log of the database was written to, with this text in it.
    Logged(String),
    /// The log was synced, and that was over.
    Synced,
    /// A 201 with this text was begun to be sent.
    Answered(String),
}

#[derive(Debug, Clone)]
struct Call {
    thread: String,
    what: What,
}

impl Call {
    /// A call that other threads interrupt has two lines: what is written is taken from the first, that a sync is over from the last.
    fn read_all(trace: &str) -> Vec<Self> {
        let mut syncing: Vec<String> = Vec::new();
        let mut calls = Vec::new();
        for line in trace.lines() {
            let Some((thread, rest)) = line.split_once(' ') else { continue };
            let (thread, rest) = (thread.to_owned(), rest.trim_start());
            let is_sync = rest.starts_with("fdatasync(") || rest.starts_with("fsync(");
            let over = rest.ends_with("= 0");
            let what = if is_sync && rest.contains("-wal>") {
                if !over {
                    syncing.push(thread);
                    continue;
                }
                What::Synced
            } else if rest.starts_with("<... fdatasync resumed>") || rest.starts_with("<... fsync resumed>") {
                let Some(at) = syncing.iter().position(|waiting| *waiting == thread) else { continue };
                syncing.swap_remove(at);
                if !over {
                    continue;
                }
                What::Synced
            } else if rest.contains("-wal>") && (rest.starts_with("pwrite64(") || rest.starts_with("write(")) {
                What::Logged(rest.to_owned())
            } else if rest.contains("HTTP/1.1 201") {
                What::Answered(rest.to_owned())
            } else {
                continue;
            };
            calls.push(Self { thread, what });
        }
        calls
    }
}

/// The titles whose answer was not preceded by a sync of all that their commit had written. Every title must have been written and answered.
///
/// A thread writes a commit without a pause and syncs it then. So the commit of a ticket reaches from the first write that shows its title to the
/// same thread's next sync, and the answer must come after that. Where nobody else writes meanwhile (`alone`), nothing may be unsynced at all.
fn unsynced(calls: &[Call], titles: &[String]) -> Vec<String> {
    let missing = |title: &&String| {
        let logged = calls.iter().position(|call| matches!(&call.what, What::Logged(text) if text.contains(*title)));
        let answered = calls.iter().position(|call| matches!(&call.what, What::Answered(text) if text.contains(*title)));
        let (logged, answered) = (logged.expect("the ticket is in the log"), answered.expect("the ticket is in the answer"));
        let writer = &calls[logged].thread;
        let own = |call: &Call| call.thread == *writer;
        let synced = calls.iter().skip(logged).position(|call| own(call) && call.what == What::Synced).map(|at| at + logged);
        let in_time = synced.is_some_and(|synced| synced < answered);
        let last_write = calls[..answered].iter().rposition(|call| own(call) && matches!(call.what, What::Logged(_)));
        let last_sync = calls[..answered].iter().rposition(|call| own(call) && call.what == What::Synced);
        !in_time || (title.starts_with("alone") && last_sync < last_write)
    };
    titles.iter().filter(missing).cloned().collect()
}
