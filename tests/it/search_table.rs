//! Full text as a table: which question finds which tickets, in every order, asked of a server on SQLite and one on PostgreSQL at once.
//! Who finds what at all, and how changes are followed, is told in `search`.

use axum::http::Method;
use bugtome::model::scopes::Scopes;
use bugtome::model::time::Span;
use serde_json::{Value, json};

use crate::harness::{Settings, TestApp, runtime, ticket};
use crate::twins::{Ask, Caller, Twins};

/// Tickets: a name, and what stands in their notes.
const TICKETS: [(&str, &str); 14] = [
    ("one", "Crème brûlée in the OVEN, foo_bar::baz, src/store/search.rs"),
    ("two", "cre\u{300}me without an oven; see WEB-1, mia.member@example.com"),
    ("three", "the and of a is to be or not"),
    ("four", "日本語の文章です"),
    ("five", "v1.2.3-rc.1 of C:\\Windows\\System32 is not v1.2.4"),
    ("six", "straße ΣΊΣΥΦΟΣ İstanbul ﬁne Ⅷ 𝔘𝔫𝔦 ½"),
    ("seven", "strasse fine viii uni"),
    ("eight", "한국어 สวัสดี שלום مرحبا"),
    ("nine", "don't \"quote\" (this) a:* | b & !c"),
    ("ten", "words only in its comment"),
    ("deleted", "oven deleted"),
    ("long", ""),
    ("many", ""),
    ("vast", ""),
];

/// Questions, and the tickets that they find, oldest first.
const CASES: [(&str, &[&str]); 44] = [
    ("oven", &["one", "two"]),
    ("OVEN creme", &["one", "two"]),
    ("crème brûlée", &["one"]),
    ("cre\u{300}me", &["one", "two"]),
    ("cre", &[]),
    ("ove", &[]),
    ("foo_bar::baz", &["one"]),
    ("bar foo", &["one"]),
    ("foobar", &[]),
    ("src/store/search.rs", &["one"]),
    ("search rs store", &["one"]),
    ("WEB-2", &["two", "five", "six"]),
    ("web-1", &["one", "two", "five", "six"]),
    ("mia.member@example.com", &["two"]),
    ("example", &["two"]),
    ("the", &["one", "three"]),
    ("to be or not to be", &["three"]),
    ("日本", &["four"]),
    ("文", &["four"]),
    ("本日", &["four"]),
    ("新", &[]),
    ("v1.2.3-rc.1", &["five"]),
    ("v1", &["five"]),
    ("1.2", &["two", "five", "six"]),
    ("windows\\system32", &["five"]),
    ("sisyphos", &[]),
    ("σισυφοσ", &["six"]),
    ("istanbul", &["six"]),
    ("fine viii", &["six", "seven"]),
    ("uni", &["six", "seven"]),
    ("strasse", &["seven"]),
    ("straße", &["six"]),
    ("한국어", &["eight"]),
    ("สวัสดี", &["eight"]),
    ("שלום مرحبا", &["eight"]),
    ("don't", &["nine"]),
    ("t don", &["nine"]),
    ("\"quote (this\"", &["nine"]),
    ("remarkable", &["ten"]),
    ("remarkable only", &[]),
    ("***", &[]),
    ("needle", &[]),
    ("n4999", &["many"]),
    ("n0 n2500 n4999", &["many"]),
];

const SORTS: [&str; 6] = ["created_at", "-created_at", "updated_at", "-updated_at", "priority", "-priority"];

/// A syllable with three letters, and signs that become five letters each: no word of so few characters has more bytes.
fn vast(number: usize) -> String {
    let syllable = u32::try_from(number / 27 * 28 + 1 + number % 27).unwrap();
    format!("{}{}", char::from_u32(0xac00 + syllable).unwrap(), "㉼".repeat(12))
}

/// The words of `numbers`, each of which no other text has.
fn vast_words(numbers: std::ops::Range<usize>) -> String {
    numbers.map(vast).collect::<Vec<_>>().join(" ")
}

fn texts(name: &str, notes: &str) -> Value {
    // None of the words of `draft` shall be found.
    let mut texts = json!({"title": name, "given": "something given", "when": "something done", "then": "something seen", "notes": notes});
    match name {
        "long" => texts["notes"] = "x".repeat(50_000).into(),
        "many" => {
            texts["notes"] = (0..5_000).map(|number| format!("n{number}")).collect::<Vec<_>>().join(" ").into();
        }
        "vast" => {
            for (field, numbers) in [("given", 0..714), ("when", 714..1_428), ("then", 1_428..2_142), ("notes", 2_142..5_700)] {
                texts[field] = vast_words(numbers).into();
            }
        }
        _ => {}
    }
    texts
}

async fn ask(twins: &mut Twins, who: &Caller, question: &str, sort: &str) -> Vec<String> {
    let encoded = percent_encoding::percent_encode(question.as_bytes(), percent_encoding::NON_ALPHANUMERIC);
    let answer = twins.ask(who, &Ask::get(format!("/api/v1/tickets?per_page=100&q={encoded}&sort={sort}"))).await.unwrap();
    let list = answer.is(200);
    list.as_array().unwrap().iter().map(|ticket| ticket["title"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn both_databases_find_the_same_in_the_same_order() {
    let mut twins = Twins::start(&Settings::unlimited());
    runtime().block_on(async {
        let worlds = twins.both(TestApp::world).await;
        let (left, right) = (&worlds.0, &worlds.1);
        for (one, other) in [(left.project.id, right.project.id), (left.other_project.id, right.other_project.id)] {
            twins.alike.pair(&one.to_string(), &other.to_string()).unwrap();
        }
        let clients =
            tokio::join!(twins.sqlite.personal_token(&left.admin, Scopes::FULL), twins.postgres.personal_token(&right.admin, Scopes::FULL));
        let adam = Caller { name: "the admin".to_owned(), sqlite: clients.0, postgres: clients.1 };
        let clients = tokio::join!(
            twins.sqlite.personal_token(&left.stranger, Scopes::FULL),
            twins.postgres.personal_token(&right.stranger, Scopes::FULL)
        );
        let stan = Caller { name: "the stranger".to_owned(), sqlite: clients.0, postgres: clients.1 };
        let body = |value: &Value| Some(("application/json".to_owned(), value.to_string().into_bytes()));
        let post = |path: &str, value: &Value| Ask { method: Method::POST, path: path.to_owned(), headers: Vec::new(), body: body(value) };
        // What others wrote has every word, and is never found.
        for text in ["oven creme foo bar baz web 1 2 the remarkable needle 日本", "n4999 uni fine viii straße strasse"] {
            twins.pass(Span::seconds(1));
            twins.ask(&stan, &post("/api/v1/tickets", &ticket(&left.other_project, &texts("theirs", text)))).await.unwrap().is(201);
        }
        for (at, (name, notes)) in TICKETS.into_iter().enumerate() {
            twins.pass(Span::seconds(1));
            let mut texts = texts(name, notes);
            texts["priority"] = ["low", "critical", "medium"][at % 3].into();
            let made = twins.ask(&adam, &post("/api/v1/tickets", &ticket(&left.project, &texts))).await.unwrap().is(201);
            let path = format!("/api/v1/tickets/{}", made["id"].as_str().unwrap());
            twins.pass(Span::seconds(1));
            if name == "ten" {
                twins
                    .ask(&adam, &post(&format!("{path}/comments"), &json!({"comment": {"content": "Remarkable!"}})))
                    .await
                    .unwrap()
                    .is(201);
            }
            if name == "deleted" {
                twins.ask(&adam, &Ask { method: Method::DELETE, ..Ask::get(path) }).await.unwrap().is(204);
            }
        }
        for (question, found) in CASES {
            for sort in SORTS {
                let mut titles = ask(&mut twins, &adam, question, sort).await;
                if sort == "created_at" {
                    assert_eq!(titles, found, "{question}");
                }
                titles.sort();
                let mut found: Vec<_> = found.iter().map(ToString::to_string).collect();
                found.sort();
                assert_eq!(titles, found, "{question} by {sort}");
            }
        }
        // Long words by their beginning; of a text with more words than a document holds, the same words.
        for (question, found) in [
            ("x".repeat(64), &["long"][..]),
            ("x".repeat(63), &[]),
            (vast(0), &["vast"]),
            (vast(5_000), &["vast"]),
            (vast(5_699), &[]),
            ("vast".to_owned(), &["vast"]),
        ] {
            assert_eq!(ask(&mut twins, &adam, &question, "created_at").await, found, "{question}");
        }
        // As many words as an address can hold.
        let many = (0..6_000).map(|number| format!("{number:x}")).collect::<Vec<_>>().join(" ");
        assert_eq!(ask(&mut twins, &adam, &many, "created_at").await, [""; 0]);
    });
}
