//! `bugtome import`: what other trackers knew is there, once, whatever happens meanwhile.
//! What single rows become is tested beside the parsers.

use std::collections::{BTreeMap, HashSet};
use std::io::{Seek, SeekFrom, Write};
use std::process::Stdio;
use std::time::Duration;

use bugtome::domain::{comments, events, tickets};
use bugtome::model::draft::Field;
use bugtome::model::events::{EventKind, Via};
use bugtome::model::pages::Page;
use bugtome::model::persons::PersonKind;
use bugtome::model::tickets::Status;
use bugtome::store::projects;

use crate::installation::{Installation, both, data};

const ALL: Page = Page { number: 1, size: 1_000 };

const HEADER: &str = "Issue key,Summary,Status,Created,Description,Comment\n";

fn import(place: &Installation, file: &str, more: &[&str]) -> crate::installation::Ran {
    let mut arguments = vec!["import", "jira-csv", file, "--project", "acme/WEB"];
    arguments.extend(more);
    place.run(&arguments)
}

/// What must hold after every import: each key once, numbers without gaps, counters that agree with the rows, one event for each ticket.
fn sound(place: &Installation) -> usize {
    let (rows, counted) = place.tickets(None);
    let keys: HashSet<&str> = rows.iter().filter_map(|row| row.external_key.as_deref()).collect();
    assert_eq!(keys.len(), rows.len(), "each key once");
    assert_eq!(i64::try_from(rows.len()).unwrap(), counted);
    let numbers: HashSet<i64> = rows.iter().map(|row| row.number).collect();
    assert!((1..=counted).all(|number| numbers.contains(&number)), "numbers without gaps");
    let project = place.project();
    let (counts, last) = place.inside(|ctx| Ok((projects::counts_of_project(ctx.db, project)?, projects::last_number(ctx.db, project)?)));
    assert_eq!(last, counted);
    for status in Status::ALL {
        let there = rows.iter().filter(|row| row.status == *status).count();
        assert_eq!(counts.of(*status), i64::try_from(there).unwrap(), "{status}");
    }
    rows.len()
}

both! {
    fn the_real_file_is_imported_once(place) {
        let first = import(place, &data("hadoop_bugs.csv"), &["--json"]).ok().json();
        assert_eq!((first["imported"].as_u64(), first["failed"].as_u64()), (Some(2_503), Some(0)));
        assert_eq!(sound(place), 2_503);
        let second = import(place, &data("hadoop_bugs.csv"), &["--json"]).ok().json();
        assert_eq!((second["imported"].as_u64(), second["already_there"].as_u64()), (Some(0), Some(2_503)));
        assert_eq!(sound(place), 2_503);

        let (found, _) = place.tickets(Some("13404344"));
        assert_eq!(found.len(), 1);
        let ticket = &found[0];
        assert_eq!(ticket.external_key.as_deref(), Some("13404344"));
        assert_eq!(ticket.created_at.to_string(), "2021-09-30T17:20:00.000000Z");
        assert_eq!(ticket.updated_at.to_string(), "2022-07-20T20:51:00.000000Z");
        assert_eq!(ticket.reporter_id, None);
        let (history, _) = place.inside(|ctx| events::list(ctx, ticket.id, ALL));
        assert_eq!(history.len(), 1);
        assert_eq!((history[0].event.kind, history[0].event.via), (EventKind::TicketCreated, Via::Import));
        assert_eq!(history[0].event.created_at, ticket.created_at);
    }

    fn a_file_that_has_grown_brings_what_is_new(place) {
        let row = |number: u32| format!("K-{number},Title {number},Open,2020-01-01 10:00,Something is wrong here,\n");
        let rows = |range: std::ops::RangeInclusive<u32>| range.map(row).collect::<String>();
        let file = place.write("grown.csv", &format!("{HEADER}{}", rows(1..=120)));
        import(place, &file, &[]).ok();
        // A ticket that was deleted meanwhile stays so: its key is known.
        let (found, _) = place.tickets(Some("K-7"));
        place.inside(|ctx| tickets::delete(ctx, found[0].id, &tickets::Expected::Any));
        let file = place.write("grown.csv", &format!("{HEADER}{}{}", rows(200..=209), rows(1..=130)));
        let grown = import(place, &file, &["--json"]).ok().json();
        assert_eq!((grown["imported"].as_u64(), grown["already_there"].as_u64()), (Some(20), Some(120)));
        assert_eq!(place.tickets(None).0.len(), 139);
        assert_eq!(place.tickets(Some("K-7")).0.len(), 0);
    }

    fn bad_rows_are_told_and_the_rest_is_imported(place) {
        let text = format!("{HEADER}K-1,One,Open,2020-01-01,Text,\nK-2,,Open,2020-01-01,Text,\nK-3,Three,Open,yesterday,Text,\nK-1,Again,Open,2020-01-01,x,\nK-4,Four\nK-5,Five,Open,2020-01-01,Text,\n");
        let file = place.write("bad.csv", &text);
        let ran = import(place, &file, &[]).failed();
        assert_eq!(ran.out, "imported 2, comments 0, already there 0, failed 4\n");
        for said in ["line 3 (K-2): its Summary is empty", "line 4 (K-3): its Created `yesterday`", "line 5 (K-1): has the same key as line 2", "line 6: has 2 fields"] {
            assert!(ran.err.contains(said), "{said}: {}", ran.err);
        }
        let json = import(place, &file, &["--json"]).failed().json();
        assert_eq!((json["already_there"].as_u64(), json["bad_rows"][1]["line"].as_u64()), (Some(2), Some(4)));
        assert_eq!(sound(place), 2);
    }

    fn a_dry_run_shows_all_and_writes_nothing(place) {
        let text = format!("{HEADER}K-1,One,Weird,2020-01-01,Text,01/Jan/20 10:00;ada;hello\nK-2,,Open,2020-01-01,Text,\n");
        let file = place.write("dry.csv", &text);
        let ran = import(place, &file, &["--dry-run"]).failed();
        for said in ["Issue key -> external key", "Weird -> open (1, not known to bugtome)", "would be imported 1, comments 1, already there 0, failed 1"] {
            assert!(ran.out.contains(said), "{said}: {}", ran.out);
        }
        assert!(ran.err.contains("line 3 (K-2)"), "{}", ran.err);
        let json = import(place, &file, &["--dry-run", "--json"]).failed().json();
        assert_eq!((json["dry_run"].as_bool(), json["imported"].as_u64()), (Some(true), Some(1)));
        assert_eq!(json["mapping"]["statuses"][0]["becomes"].as_str(), Some("open"));
        assert_eq!(sound(place), 0);
        import(place, &file, &[]).failed();
        let after = import(place, &file, &["--dry-run", "--json"]).failed().json();
        assert_eq!((after["imported"].as_u64(), after["already_there"].as_u64()), (Some(0), Some(1)));
    }

    fn comments_keep_their_authors_and_times(place) {
        let text = "Issue key,Summary,Status,Created,Comment,Comment,Comment,Reporter\n\
                    K-1,One,Open,2020-01-01,02/Jan/20 10:00;ada;first words,01/Jan/20 12:00;bob;second words,03/Jan/20 10:00;ada;third words,carol\n\
                    K-2,Two,Open,2020-01-01,02/Jan/20 10:00;bob;elsewhere,,,ada\n";
        let file = place.write("comments.csv", text);
        let json = import(place, &file, &["--json"]).ok().json();
        assert_eq!(json["comments"].as_u64(), Some(4));
        let (found, _) = place.tickets(Some("third words"));
        assert_eq!((found.len(), found[0].comments_count), (1, 3));
        assert_eq!((found[0].reporter_name.as_deref(), found[0].reporter_kind), (Some("carol"), Some(PersonKind::Imported)));
        let (rows, total) = place.inside(|ctx| comments::list(ctx, found[0].id, ALL));
        assert_eq!(total, 3);
        let said: Vec<_> = rows.iter().map(|row| (row.author_name.as_deref().unwrap(), row.content.as_str())).collect();
        assert_eq!(said, [("bob", "second words"), ("ada", "first words"), ("ada", "third words")]);
        assert!(rows.iter().all(|row| row.author_kind == Some(PersonKind::Imported) && row.author_email.is_none()));
        assert_eq!(rows[1].created_at.to_string(), "2020-01-02T10:00:00.000000Z");
        assert_eq!(rows[1].author_id, rows[2].author_id, "one person for one name");
        let (other, _) = place.tickets(Some("elsewhere"));
        let (others, _) = place.inside(|ctx| comments::list(ctx, other[0].id, ALL));
        assert_eq!(others[0].author_id, rows[0].author_id, "and for all tickets");
        assert_eq!(other[0].reporter_id, rows[1].author_id);
    }

    fn a_ticket_beyond_the_limits_can_still_be_changed(place) {
        let long = "word ".repeat(14_000);
        let text = format!("{HEADER}K-1,{},Open,2020-01-01,{long},01/Jan/20 10:00;ada;{long}\n", "t".repeat(300));
        let file = place.write("long.csv", &text);
        import(place, &file, &[]).ok();
        let (rows, _) = place.tickets(None);
        let old = &rows[0];
        assert!(old.notes.as_ref().unwrap().chars().count() > 50_000);
        let draft = tickets::Draft { status: Field::Value("closed".into()), title: Field::Value("Shorter".into()), ..Default::default() };
        let new = place.inside(|ctx| tickets::edit(ctx, old.id, &draft, &tickets::Expected::Any));
        assert_eq!((new.status, new.title.as_str(), &new.notes), (Status::Closed, "Shorter", &old.notes));
        assert_eq!(place.tickets(Some("K-1 shorter")).0.len(), 1);
    }

    fn archived_and_unknown_projects_are_named(place) {
        let file = place.write("one.csv", &format!("{HEADER}K-1,One,Open,2020-01-01,Text,\n"));
        let ran = place.run(&["import", "jira-csv", &file, "--project", "acme/NOPE"]).failed();
        assert!(ran.err.contains("there is no project acme/NOPE"), "{}", ran.err);
        place.run(&["admin", "project", "archive", "acme/WEB"]).ok();
        let ran = import(place, &file, &[]).failed();
        assert!(ran.err.contains("project acme/WEB is archived; `bugtome admin project unarchive acme/WEB`"), "{}", ran.err);
        assert_eq!(place.run(&["import", "trac", &file, "--project", "acme/WEB"]).code, Some(2));
        assert_eq!(place.run(&["import", "jira-csv", &file]).code, Some(2));
    }

    fn the_other_trackers_files_are_imported(place) {
        let bugzilla = place.run(&["import", "bugzilla-csv", &data("bugzilla_small.csv"), "--project", "acme/WEB", "--json"]).ok().json();
        assert_eq!(bugzilla["imported"].as_u64(), Some(6));
        let ran = place.run(&["import", "github-json", &data("github_small.json"), "--project", "acme/WEB"]).failed();
        assert!(ran.err.contains("element 3"), "{}", ran.err);
        assert_eq!(sound(place), 8);
    }

    fn killed_at_any_point_it_goes_on(place) {
        let file = data("hadoop_bugs.csv");
        let mut moments = BTreeMap::new();
        for millis in [15, 60, 150, 300, 450, 700] {
            let mut command = place.command(&["import", "jira-csv", &file, "--project", "acme/WEB"]);
            let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            std::thread::sleep(Duration::from_millis(millis));
            // SIGKILL: nothing of the process's own runs after it.
            child.kill().unwrap();
            child.wait().unwrap();
            moments.insert(millis, sound(place));
        }
        assert!(moments.values().any(|count| (1..2_503).contains(count)), "killed in the middle at least once: {moments:?}");
        import(place, &file, &[]).ok();
        assert_eq!(sound(place), 2_503, "{moments:?}");
    }

    fn two_imports_at_once_bring_each_report_once(place) {
        let file = data("hadoop_bugs.csv");
        let start = || {
            let mut command = place.command(&["import", "jira-csv", &file, "--project", "acme/WEB", "--json"]);
            command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
        };
        let children = [start(), start()];
        let imported: u64 = children
            .into_iter()
            .map(|child| {
                let output = child.wait_with_output().unwrap();
                assert_eq!(output.status.code(), Some(0));
                serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()["imported"].as_u64().unwrap()
            })
            .sum();
        assert_eq!(imported, 2_503);
        assert_eq!(sound(place), 2_503);
    }

    fn others_go_on_writing_meanwhile(place) {
        let mut command = place.command(&["import", "jira-csv", &data("hadoop_bugs.csv"), "--project", "acme/WEB"]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let mut slowest = Duration::ZERO;
        let mut written = 0_u32;
        while child.try_wait().unwrap().is_none() {
            let began = std::time::Instant::now();
            place.file_ticket("Filed while an import runs");
            slowest = slowest.max(began.elapsed());
            written += 1;
        }
        assert!(written > 3, "only {written} were filed");
        assert!(slowest < Duration::from_secs(5), "one took {slowest:?}");
        let (rows, counted) = place.tickets(None);
        assert_eq!((rows.len(), counted), (2_503 + written as usize, i64::from(2_503 + written)));
    }
}

#[test]
fn a_missing_database_is_not_made() {
    let place = Installation::sqlite();
    let other = place.file("other.db");
    let url = format!("sqlite://{}", other.display());
    let place = place.at(url);
    for more in [&[][..], &["--dry-run"]] {
        let ran = import(&place, &data("hadoop_bugs.csv"), more).failed();
        assert!(ran.err.contains("there is no database"), "{}", ran.err);
    }
    assert!(!other.exists());
}

/// The most memory that a command had in use while it ran, in MiB, and how it ended.
fn measured(place: &Installation, arguments: &[&str]) -> (u64, crate::installation::Ran) {
    let mut command = place.command(arguments);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let process = child.id();
    let mut most = 0;
    while child.try_wait().unwrap().is_none() {
        let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
        let peak =
            status.lines().find_map(|line| line.strip_prefix("VmHWM:")).and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
        most = u64::max(most, peak.unwrap_or(0) / 1_024);
        std::thread::sleep(Duration::from_millis(5));
    }
    (most, crate::installation::Ran::new(&child.wait_with_output().unwrap()))
}

/// A file of a gigabyte that takes no room: this, zeros, and that.
fn sparse(place: &Installation, name: &str, before: &str, after: &str) -> String {
    let path = place.file(name);
    let mut file = std::fs::File::create(&path).unwrap();
    file.write_all(before.as_bytes()).unwrap();
    file.set_len(1 << 30).unwrap();
    file.seek(SeekFrom::End(0)).unwrap();
    file.write_all(after.as_bytes()).unwrap();
    path.display().to_string()
}

const MOST_MEMORY: u64 = 100;

/// Finding 24: a row of 150 MB took 743 MB, and a million columns 555 MB.
#[test]
fn what_is_too_much_is_refused_with_its_line_and_without_the_memory_for_it() {
    let place = Installation::sqlite();
    let row = |key: &str| format!("{key},Title of {key},Open,2020-01-01,Something is wrong here,\n");
    let long = sparse(&place, "long.csv", &format!("{HEADER}{}K-2,", row("K-1")), &format!("\n{}", row("K-3")));
    let wide = place.write("wide.csv", &format!("{HEADER}{}K-2{}\n{}", row("K-1"), ",".repeat(1_000_000), row("K-3")));
    let quoted = place.write("quoted.csv", &format!("{HEADER}{}K-2,\"{}\n\"\n{}", row("K-1"), "x\n".repeat(10 << 20), row("K-3")));
    let endless = sparse(&place, "endless.csv", &format!("{HEADER}{}K-2,\"", row("K-1")), "");
    for (file, problem, imported) in [
        (&long, "line 3: is longer than 8 MiB", 2),
        (&wide, "line 3: has more than 2,000 fields", 2),
        (&quoted, "line 3: is longer than 8 MiB", 2),
        (&endless, "line 3: is longer than 8 MiB", 1),
    ] {
        let (most, ran) = measured(&place, &["import", "jira-csv", file, "--project", "acme/WEB", "--dry-run", "--json"]);
        let ran = ran.failed();
        assert!(ran.err.contains(problem), "{}", ran.err);
        let told = ran.json();
        assert_eq!((told["imported"].as_u64(), told["failed"].as_u64()), (Some(imported), Some(1)), "{told}");
        assert!(most < MOST_MEMORY, "{most} MiB for {file}");
    }
    let wide_header = place.write("wide-header.csv", &format!("{}{HEADER}", "a,".repeat(1_000_000)));
    let long_header = sparse(&place, "long-header.csv", "Issue key,", &format!("\n{}", row("K-1")));
    for (file, problem) in
        [(&wide_header, "its header (line 1) has more than 2,000 fields"), (&long_header, "its header (line 1) is longer than 8 MiB")]
    {
        let (most, ran) = measured(&place, &["import", "jira-csv", file, "--project", "acme/WEB"]);
        let ran = ran.failed();
        assert!(ran.err.contains(problem) && ran.out.is_empty(), "{ran:?}");
        assert!(most < MOST_MEMORY, "{most} MiB for {file}");
    }
    assert_eq!(sound(&place), 0, "nothing is written by what was refused, nor by a dry run");
    let (most, ran) = measured(&place, &["import", "jira-csv", &long, "--project", "acme/WEB"]);
    assert!(ran.failed().out.contains("imported 2, comments 0, already there 0, failed 1") && most < MOST_MEMORY, "{most} MiB");
    assert_eq!(sound(&place), 2);
}

/// Finding 24: a JSON value.
#[test]
fn a_json_value_that_is_too_much_is_refused_with_its_line_and_without_the_memory_for_it() {
    let place = Installation::sqlite();
    let issue = |number: u32, body: &str| {
        format!(r#"{{"number": {number}, "title": "Title {number}", "createdAt": "2020-01-01T00:00:00Z", "body": {body}}}"#)
    };
    let around = |middle: &str| format!("[\n{},\n{middle},\n{}]\n", issue(1, "null"), issue(3, "null"));
    for (name, body, problem) in [
        ("long.json", format!("\"{}\"", "x".repeat(32 << 20)), "element 2: is larger than 8 MiB; it begins on line 3"),
        (
            "deep.json",
            format!("{}{}", "[".repeat(5 << 20), "]".repeat(5 << 20)),
            "element 2: is nested deeper than 100; it begins on line 3",
        ),
        ("wide.json", format!("[{}0]", "{\"a\":{}},".repeat(500_000)), "element 2: holds more than 100,000 values; it begins on line 3"),
    ] {
        let file = place.write(name, &around(&issue(2, &body)));
        let (most, ran) = measured(&place, &["import", "github-json", &file, "--project", "acme/WEB", "--dry-run", "--json"]);
        let ran = ran.failed();
        assert!(ran.err.contains(problem), "{}", ran.err);
        assert_eq!((ran.json()["imported"].as_u64(), ran.json()["failed"].as_u64()), (Some(2), Some(1)), "{name}");
        assert!(most < MOST_MEMORY, "{most} MiB for {name}");
    }
    // What no limit names is as it was: the most values that are taken, and a file that ends too early.
    let most_values = place.write("most.json", &around(&issue(2, &format!("[{}0]", "{\"a\":{}},".repeat(33_000)))));
    let (most, ran) = measured(&place, &["import", "github-json", &most_values, "--project", "acme/WEB", "--dry-run"]);
    ran.ok();
    assert!(most < MOST_MEMORY, "{most} MiB for the most values");
    let cut = place.write("cut.json", &format!("[\n{},\n{{\"number\": 2", issue(1, "null")));
    let ran = place.run(&["import", "github-json", &cut, "--project", "acme/WEB"]).failed();
    assert!(ran.err.contains("is not JSON: it ends in the middle of element 2; is the file cut short?"), "{}", ran.err);
    assert_eq!(sound(&place), 0, "nothing was written");
}
