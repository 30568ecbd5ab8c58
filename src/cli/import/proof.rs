//! The proof that an import loses no word, for random texts and for every row of the real file.
//! What single inputs become is tested in `tests` and beside the code.

use std::collections::HashSet;
use std::fmt::Write as _;

use proptest::prelude::*;

use super::{Report, Reports, Source};

/// All words of a ticket.
fn words(report: &Report) -> HashSet<&str> {
    let comments = report.comments.iter().flat_map(|comment| [Some(comment.content.as_str()), comment.author.as_deref()]);
    let texts = [&report.external_key, &report.title, &report.given, &report.when, &report.then].map(|text| Some(text.as_str()));
    texts
        .into_iter()
        .chain([report.notes.as_deref(), report.reporter.as_deref()])
        .chain(comments)
        .flatten()
        .flat_map(str::split_whitespace)
        .collect()
}

fn lost<'a>(kept: &HashSet<&str>, text: &'a str) -> Option<&'a str> {
    text.split_whitespace().find(|word| !kept.contains(word))
}

fn fits(report: &Report) {
    for clause in [&report.given, &report.when, &report.then] {
        assert!((10..=10_000).contains(&clause.chars().count()), "line {}: {clause}", report.line);
        assert_eq!(clause.trim(), clause);
    }
    assert!((1..=200).contains(&report.title.chars().count()));
    assert!(report.updated_at >= report.created_at);
    assert!(words(report).iter().all(|word| !word.contains('\0')), "NUL in line {}", report.line);
}

fn read(source: Source, text: String) -> Vec<Report> {
    let reports = Reports::read(source, std::io::Cursor::new(text.into_bytes())).unwrap();
    let reports: Vec<Report> = reports.map(|report| report.unwrap()).collect();
    reports.iter().for_each(fits);
    reports
}

/// The cells that ours says otherwise: times, and words that are the same in both trackers.
const ELSEWHERE: [&str; 1] = ["Created"];

fn nothing_lost(source: Source, file: &str) -> usize {
    let mut rows = csv::Reader::from_reader(file.as_bytes());
    let names = rows.headers().unwrap().clone();
    let reports = read(source, file.to_owned());
    let mut count = 0;
    for (record, report) in rows.records().map(Result::unwrap).zip(&reports) {
        let kept = words(report);
        for (name, cell) in names.iter().zip(&record).filter(|(name, _)| !ELSEWHERE.contains(name)) {
            let said = [format!("{:?}", report.status), format!("{:?}", report.priority)];
            if ["Status", "Priority"].contains(&name) && said.iter().any(|said| said.eq_ignore_ascii_case(&cell.replace(' ', ""))) {
                continue;
            }
            assert_eq!(lost(&kept, cell), None, "{name} of line {}", report.line);
        }
        count += 1;
    }
    assert_eq!(count, reports.len());
    count
}

fn data(name: &str) -> String {
    std::fs::read_to_string(format!("{}/tests/data/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

#[test]
fn no_word_of_the_real_reports_is_lost() {
    assert_eq!(nothing_lost(Source::JiraCsv, &data("hadoop_bugs.csv")), 2_503);
    assert_eq!(nothing_lost(Source::BugzillaCsv, &data("bugzilla_small.csv")), 6);
}

/// Lines of a description: headings in many spellings, marks of code, short words, other text.
fn line() -> impl Strategy<Value = String> {
    let heading = prop::sample::select(vec![
        "Steps to reproduce:",
        "**Steps to reproduce**",
        "*Steps to Reproduce:*",
        "h3. Steps to reproduce",
        "### Steps to reproduce",
        "STR:",
        "STR: x",
        "AR: y",
        "ER: z",
        "Actual results:",
        "**Actual behavior**",
        "Actual: 1",
        "Expected: 2",
        "Expected results: ok",
        "#### Expected",
        "To reproduce: 1",
        "What happened?",
        "## Environment",
    ]);
    let code = prop::sample::select(vec!["```", "~~~", "{code}", "{code:java}", "{noformat}", "```rust"]);
    prop_oneof![3 => heading.prop_map(str::to_owned), 1 => code.prop_map(str::to_owned), 1 => Just(String::new()), 3 => "[a-z0-9 :;,*_#\"\u{a0}ü😀]{0,30}", 1 => any::<String>()]
}

fn text() -> impl Strategy<Value = String> {
    let end = prop::sample::select(vec!["\n", "\r\n", "\n\n", " \n"]);
    let small = prop::collection::vec((line(), end), 0..12).prop_map(|lines| {
        lines.into_iter().fold(String::new(), |mut text, (line, end)| {
            let _ = write!(text, "{line}{end}");
            text
        })
    });
    // Repeated, some of them exceed the limits of clauses and titles; a last word that no other text has shows whether their end is kept.
    (small, prop_oneof![7 => Just(1_usize), 1 => Just(120_usize)], "[a-z]{12}")
        .prop_map(|(text, times, end)| text.repeat(times) + "\n" + &end)
}

fn without_nul(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_word_of_random_csv_is_lost(summary in text(), description in text(), status in text(), priority in line(), labels in [text(), text()], comments in [text(), text()], dated: bool) {
        let mut file = csv::Writer::from_writer(Vec::new());
        let comment = if dated { format!("30/Sep/21 17:20;ada l.;{}", comments[0]) } else { comments[0].clone() };
        let title = format!("t{summary}");
        file.write_record(["Labels", "Summary", "Comment", "Description", "Issue key", "Created", "Status", "Priority", "Labels", "Comment", "Résumé"]).unwrap();
        file.write_record([&labels[0], &title, &comment, &description, "K-1", "30/Sep/21 17:20", &status, &priority, &labels[1], &comments[1], "x"]).unwrap();
        let bytes = file.into_inner().unwrap();
        for source in [Source::JiraCsv, Source::BugzillaCsv] {
            // Bugzilla's key has another name.
            let text = String::from_utf8(bytes.clone()).unwrap();
            let text = if source == Source::BugzillaCsv { text.replacen("Issue key", "Bug ID", 1) } else { text };
            let reports = read(source, text);
            prop_assert_eq!(reports.len(), 1);
            let said = if dated && source == Source::JiraCsv { comments[0].clone() } else { comment.clone() };
            let kept = words(&reports[0]);
            for cell in [&labels[0], &labels[1], &title, &said, &comments[1], &description, &status, &priority] {
                let cell = without_nul(cell);
                prop_assert_eq!(lost(&kept, &cell), None);
            }
        }
    }

    #[test]
    fn no_word_of_random_json_is_lost(title in text(), body in text(), comment in text(), label in text(), about in text(), unknown in text()) {
        let file = serde_json::json!([{
            "number": 1, "title": format!("t{title}"), "body": body, "state": "OPEN", "createdAt": "2020-01-01T00:00:00Z",
            "labels": [{"name": label, "description": about}], "milestone": {"title": unknown},
            "comments": [{"author": {"login": "ada"}, "body": comment, "createdAt": "2020-01-02T00:00:00Z", "url": "u"}, {"body": unknown}],
        }]);
        let reports = read(Source::GithubJson, file.to_string());
        let kept = words(&reports[0]);
        for text in [&format!("t{title}"), &body, &comment, &unknown] {
            let text = without_nul(text);
            prop_assert_eq!(lost(&kept, &text), None);
        }
        // What lies inside a label is followed by a comma or a parenthesis.
        let notes = reports[0].notes.clone().unwrap_or_default();
        for word in [label, about].iter().flat_map(|text| without_nul(text).split_whitespace().map(str::to_owned).collect::<Vec<_>>()) {
            prop_assert!(notes.contains(&word), "{}", word);
        }
    }
}
