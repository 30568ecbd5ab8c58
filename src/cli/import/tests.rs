//! What single files and rows become, from the outside: mapping, limits, bad rows, unreadable files.
//! That no word is lost is proven in `proof`.

use std::io::Cursor;

use super::{BadRow, Mapping, Place, Report, Reports, Source, Unreadable};
use crate::model::tickets::{Priority, Status};

const HEADER: &str = "Summary,Issue key,Created,Status,Priority,Description";

fn all(source: Source, text: impl Into<Vec<u8>>) -> (Vec<Result<Report, BadRow>>, Mapping) {
    let mut reports = Reports::read(source, Cursor::new(text.into())).unwrap();
    let rows = reports.by_ref().collect();
    (rows, reports.mapping().clone())
}

fn unreadable(source: Source, text: impl Into<Vec<u8>>) -> String {
    match Reports::read(source, Cursor::new(text.into())) {
        Ok(_) => panic!("was readable"),
        Err(error) => error.to_string(),
    }
}

fn one(source: Source, text: impl Into<Vec<u8>>) -> Report {
    let (mut rows, _) = all(source, text);
    assert_eq!(rows.len(), 1);
    rows.remove(0).unwrap()
}

fn described(description: &str) -> Report {
    let mut file = csv::Writer::from_writer(format!("{HEADER}\n").into_bytes());
    file.write_record(["Title of it", "K-1", "30/Sep/21 17:20", "Open", "Medium", description]).unwrap();
    one(Source::JiraCsv, file.into_inner().unwrap())
}

fn data(name: &str) -> String {
    std::fs::read_to_string(format!("{}/tests/data/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

#[test]
fn columns_stand_in_any_order_and_more_than_once() {
    let report = one(
        Source::JiraCsv,
        "Labels,Comment,Priority,Created,Labels,Issue id,Summary,Comment,Updated,Affects Version/s,Issue key,Assignee,Status,Resolved,\n\
         ui,30/Sep/21 18:00;ada;first,Blocker,30/Sep/21 5:20 PM,web,99,A title,just words,01/Oct/21 0:10,2.9.2,K-1,bob,Patch Available,02/Oct/21 0:00,odd\n",
    );
    assert_eq!(report.external_key, "K-1");
    assert_eq!((report.status, report.priority), (Status::InProgress, Priority::Critical));
    assert_eq!(report.created_at.to_string(), "2021-09-30T17:20:00.000000Z");
    assert_eq!(report.updated_at.to_string(), "2021-10-01T00:10:00.000000Z");
    assert_eq!(report.comments.len(), 1);
    assert_eq!(report.comments[0].author.as_deref(), Some("ada"));
    assert_eq!(report.given, "Reported in Jira as K-1 on 2021-09-30, affecting 2.9.2.");
    assert_eq!(report.when, "The report has no separate steps to reproduce.");
    assert_eq!(report.then, "The report has no description. Its title: A title");
    let notes = "Status: Patch Available\nPriority: Blocker\nLabels: ui\nLabels: web\nIssue id: 99\nComment: just words\nAffects Version/s: 2.9.2\nAssignee: bob\n\
                 Resolved: 02/Oct/21 0:00\nColumn 15: odd";
    assert_eq!(report.notes.as_deref(), Some(notes));
}

#[test]
fn who_reported_it_is_the_reporter() {
    let jira = one(Source::JiraCsv, "Issue key,Summary,Created,Reporter,Creator\nK-1,A title,2020-01-01, ada ,bob\n");
    assert_eq!((jira.reporter.as_deref(), jira.notes.as_deref()), (Some("ada"), Some("Creator: bob")));
    let nobody = one(Source::JiraCsv, "Issue key,Summary,Created,Reporter\nK-1,A title,2020-01-01,\n");
    assert_eq!(nobody.reporter, None);
    let github = r#"[{"number": 1, "title": "A title", "createdAt": "2020-01-01T00:00:00Z", "author": {"login": "ada", "is_bot": false, "name": "Ada L."}}]"#;
    let github = one(Source::GithubJson, github);
    assert_eq!((github.reporter.as_deref(), github.notes.as_deref()), (Some("ada"), Some("author: Ada L.")));
}

#[test]
fn headings_fill_the_clauses() {
    let report = described("On Linux only.\n\n*Steps to reproduce:*\n1. run\n\nh3. Expected result\nok\n\nh3. Actual result\ncrash");
    assert_eq!(report.given, "On Linux only.");
    assert_eq!(report.when, "*Steps to reproduce:*\n1. run");
    assert_eq!(report.then, "h3. Actual result\ncrash\n\nh3. Expected result\nok");
    assert_eq!(report.notes, None);

    let only_steps = described("STR: 1");
    assert_eq!(only_steps.given, "Reported in Jira as K-1 on 2021-09-30.");
    assert_eq!(only_steps.when, "Steps to reproduce: STR: 1");
    assert_eq!(only_steps.then, "The report has no separate actual or expected results. Its title: Title of it");

    let empty = described("Hi.\nSteps to reproduce:\n\nActual results:\n\nExpected results:\n");
    assert_eq!(empty.given, "Description: Hi.");
    assert_eq!(empty.when, "Steps to reproduce: (left empty in the report)");
    assert_eq!(empty.then, "Actual results: (left empty in the report)\n\nExpected results: (left empty in the report)");
}

#[test]
fn a_report_without_headings_is_a_ticket_too() {
    let report = described("It is slow since yesterday.");
    assert_eq!(report.then, "It is slow since yesterday.");
    assert_eq!(described("slow").then, "Description: slow");
}

#[test]
fn what_is_too_long_is_cut_and_stands_whole_in_the_notes() {
    let long = "word ".repeat(14_000);
    let report = described(&long);
    assert!(report.then.chars().count() <= 10_000 && report.then.ends_with("the whole stands in the notes)"));
    assert_eq!(report.notes.unwrap(), format!("Then, whole: {}", long.trim_end()));

    let title = "ü".repeat(201);
    let report = one(Source::JiraCsv, format!("{HEADER}\n{title},K-1,2020-01-01,,,\n"));
    assert_eq!(report.title.chars().count(), 200);
    assert!(report.notes.unwrap().contains(&title));
}

#[test]
fn nul_is_replaced_and_the_notes_say_so() {
    let report = described("a text with\0nul");
    assert_eq!(report.then, "a text with\u{fffd}nul");
    assert!(report.notes.unwrap().starts_with("Import: NUL"));
}

#[test]
fn bad_rows_are_named_and_the_rest_is_read() {
    let file = format!(
        "{HEADER}\r\nfirst,K-1,2020-01-01,Open,High,\"a\r\nb\"\r\nsecond,K-2,soon,Open,High,\r\n\r\nthird,K-3,2020-01-01\r\nfourth,K-1,2020-01-01,,,\r\n,K-5,2020-01-01,,,\r\nsixth,,2020-01-01,,,\r\nlast,K-7,2020-01-01,Open,High,\"cut"
    );
    let (rows, mapping) = all(Source::JiraCsv, file);
    let bad: Vec<String> = rows.iter().filter_map(|row| row.as_ref().err()).map(ToString::to_string).collect();
    assert_eq!(
        bad,
        [
            "line 4 (K-2): its Created `soon` is not a time such as 30/Sep/21 17:20 or 2021-09-30 17:20",
            "line 6: has 3 fields where the header has 6; look for a comma or a quote too many or too few",
            "line 7 (K-1): has the same key as line 2, which stands",
            "line 8 (K-5): its Summary is empty",
            "line 9: its Issue key is empty",
            "line 10: a quote opens in it and is never closed, so that it runs to the end of the file; is the file cut short?",
        ]
    );
    assert_eq!(mapping.reports, 1);
    let latin = [format!("{HEADER}\n").as_bytes(), b"caf\xe9,K-1,2020-01-01,,,\ngood,K-2,2020-01-01,,,\n"].concat();
    let (rows, _) = all(Source::JiraCsv, latin);
    assert_eq!(rows[0].as_ref().unwrap_err().to_string(), "line 2: its Summary is not UTF-8; save the file as UTF-8");
    assert_eq!(rows[1].as_ref().unwrap().external_key, "K-2");
}

/// Found by what the fuzz step asks of imports: the domain is promised that keys differ, and the whole import broke off where they did not.
#[test]
fn keys_that_become_the_same_are_the_same() {
    let (rows, _) = all(Source::JiraCsv, "Summary,Issue key,Created\na,K\0,2020-01-01\nb,K\u{fffd},2020-01-01\n");
    assert_eq!(rows[0].as_ref().unwrap().external_key, "K\u{fffd}");
    assert_eq!(rows[1].as_ref().unwrap_err().to_string(), "line 3 (K\u{fffd}): has the same key as line 2, which stands");
}

#[test]
fn times_never_run_backwards() {
    let header = "Summary,Issue id,Created,Resolved,Updated";
    let updated = |row: &str| one(Source::JiraCsv, format!("{header}\n{row}\n"));
    assert_eq!(updated("t,1,2020-01-02,2020-01-03,2020-01-04").updated_at.to_string(), "2020-01-04T00:00:00.000000Z");
    assert_eq!(updated("t,1,2020-01-02,2020-01-03,").updated_at.to_string(), "2020-01-03T00:00:00.000000Z");
    let early = updated("t,1,2020-01-02,,2020-01-01");
    assert_eq!(early.updated_at, early.created_at);
    assert_eq!(early.notes.as_deref(), Some("Updated: 2020-01-01"));
}

#[test]
fn an_unreadable_file_says_why() {
    assert_eq!(unreadable(Source::JiraCsv, ""), "is empty");
    assert_eq!(unreadable(Source::GithubJson, " \n"), "is empty");
    assert!(unreadable(Source::JiraCsv, "\u{feff}[{}]").contains("`issue key`, `key`, `issue id` is needed; found: [{}]"));
    assert!(unreadable(Source::JiraCsv, "Summary;Issue key;Created\n").contains("something else than commas"));
    assert!(unreadable(Source::JiraCsv, "PK\u{3}\u{4}\0\0").starts_with("does not look like CSV"));
    assert!(unreadable(Source::GithubJson, b"\xff\xfe[\0]\0".to_vec()).starts_with("is UTF-16"));
    assert_eq!(unreadable(Source::GithubJson, b"[\n\"\xff\"]".to_vec()), "is not UTF-8 (line 2); save it as UTF-8");
    assert!(unreadable(Source::GithubJson, "[{\"number\": 1}").starts_with("is not JSON"));
    assert!(unreadable(Source::GithubJson, "{}").starts_with("is not a JSON array"));
    assert!(matches!(super::open(Source::JiraCsv, std::path::Path::new("/nowhere/at/all.csv")), Err(Unreadable::Io(_))));
}

#[test]
fn the_real_file_is_read_whole() {
    let (rows, mapping) = all(Source::JiraCsv, data("hadoop_bugs.csv"));
    assert!(rows.iter().all(Result::is_ok));
    assert_eq!(mapping.reports, 2_503);
    let shown = mapping.to_string();
    assert!(shown.contains("  Issue id -> external key (filled in 2503)\n"), "{shown}");
    assert!(shown.contains("  Patch Available -> in_progress (41)\n"), "{shown}");
    assert!(!shown.contains("not known"), "{shown}");
    assert_eq!((mapping.with_steps, mapping.with_actual, mapping.with_expected, mapping.without_parts), (27, 18, 9, 2_464));
    let reports = || rows.iter().flatten();
    let cut = reports().filter(|report| report.notes.as_ref().is_some_and(|notes| notes.contains("Then, whole:\n")));
    assert_eq!(cut.count(), 29);
    let longest = reports().filter_map(|report| report.notes.as_ref()).map(|notes| notes.chars().count()).max();
    assert!(longest.is_some_and(|longest| longest > 73_000), "{longest:?}");
}

#[test]
fn bugzilla_words_and_headings_are_known() {
    let (rows, mapping) = all(Source::BugzillaCsv, data("bugzilla_small.csv"));
    let reports: Vec<Report> = rows.into_iter().map(Result::unwrap).collect();
    assert!(!mapping.to_string().contains("not known"));
    let found: Vec<_> = reports.iter().map(|report| (report.status, report.priority)).collect();
    assert_eq!(
        found,
        [
            (Status::Resolved, Priority::Critical),
            (Status::Open, Priority::Medium),
            (Status::Open, Priority::Low),
            (Status::Closed, Priority::Medium),
            (Status::InProgress, Priority::High),
            (Status::Open, Priority::Low),
        ]
    );
    assert!(reports[0].when.starts_with("Steps to reproduce:\n\n1. Open three tabs."));
    assert!(reports[0].then.starts_with("Actual results:") && reports[0].then.ends_with("in their order."));
    assert!(reports[5].when.contains("this line is code"));
    assert_eq!((mapping.with_steps, mapping.without_parts), (4, 2));
}

#[test]
fn github_issues_become_tickets() {
    let (rows, mapping) = all(Source::GithubJson, data("github_small.json"));
    let first = rows[0].as_ref().unwrap();
    assert_eq!((first.external_key.as_str(), first.status, first.priority), ("7", Status::Open, Priority::Medium));
    assert_eq!(first.given, "Since 2.1 the list is empty.");
    assert_eq!(first.when, "### Steps to reproduce\r\n\r\n1. Sign in\r\n2. Open the list");
    assert_eq!(first.comments.iter().map(|comment| comment.author.as_deref()).collect::<Vec<_>>(), [Some("ada"), None]);
    assert_eq!(
        first.notes.as_deref(),
        Some(
            "comment 1: authorAssociation: MEMBER, id: IC_small1, url: https://github.example/ada/list/issues/7#issuecomment-1\n\
             labels: bug (color: d73a4a, description: Something isn't working, id: LA_1)\nlabels: help wanted (color: 008672, id: LA_2)"
        )
    );
    let second = rows[1].as_ref().unwrap();
    assert_eq!(second.status, Status::Closed);
    assert_eq!(second.updated_at.to_string(), "2023-10-05T00:00:00.000000Z");
    assert_eq!(second.notes.as_deref(), Some("closedAt: 2023-10-05T00:00:00Z\nmilestone: Autumn (number: 2)\nstateReason: NOT_PLANNED"));
    assert_eq!(rows[2].as_ref().unwrap_err().to_string(), "line 3: has no `number`");
    assert!(mapping.columns.iter().any(|column| column.name == "labels" && column.place == Place::Notes));
    let odd = r#"[{"number":1,"title":"\ud800","createdAt":"2020-01-01"},7,{"number":2,"title":"t","createdAt":"2020-01-01"}]"#;
    let (rows, _) = all(Source::GithubJson, odd);
    assert_eq!(rows.iter().map(Result::is_ok).collect::<Vec<_>>(), [false, false, true]);
}

/// The page that people read names every word with its meaning.
#[test]
fn the_documentation_names_every_word() {
    let page = std::fs::read_to_string(format!("{}/docs/importing.md", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let line = |head: &str| page.lines().find(|line| line.starts_with(head)).unwrap_or_else(|| panic!("no line {head}")).to_lowercase();
    for source in [Source::JiraCsv, Source::BugzillaCsv, Source::GithubJson] {
        let dialect = source.dialect();
        for (word, status) in dialect.statuses {
            let head = format!("| {} | {} |", dialect.name, format!("{status:?}").replace("InProgress", "in_progress").to_lowercase());
            assert!(line(&head).contains(&format!("`{word}`")), "{head} lacks {word}");
        }
        for (word, priority) in dialect.priorities {
            let head = format!("| {} | {} |", dialect.name, format!("{priority:?}").to_lowercase());
            assert!(line(&head).contains(&format!("`{word}`")), "{head} lacks {word}");
        }
    }
}
