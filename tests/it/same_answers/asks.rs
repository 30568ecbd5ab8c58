//! Random requests to the API: for each route a path, parameters, headers and a body, mostly well and now and then wrong in every way.
//! Who sends them is decided in `run`; a route that this does not know ends the test.

use axum::http::Method;
use bugtome::http::mount::Route;
use bugtome::model::time::{Span, Time};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

use super::dice::Dice;
use super::known::Known;
use crate::twins::Ask;

/// Ids and cursors stay as they are.
const VALUE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b',');

const SORTS: [&str; 8] = ["created_at", "-created_at", "updated_at", "-updated_at", "priority", "-priority", "title", ""];
const STATUSES: [&str; 4] = ["open", "in_progress", "resolved", "closed"];
const PRIORITIES: [&str; 4] = ["low", "medium", "high", "critical"];
const NUMBERS: [&str; 10] = ["0", "1", "2", "3", "100", "101", "1000000000", "1000000001", "99999999999999999999", "-1"];

pub fn encode(text: &str) -> String {
    utf8_percent_encode(text, VALUE).to_string()
}

/// A random request of the route.
pub fn ask(dice: &mut Dice, known: &mut Known, route: &Route, now: Time) -> Ask {
    let template = route.path.strip_prefix("/api/v1/").expect("all routes lie under /api/v1");
    let method = route.method.clone();
    let mut ask = Ask { path: path(dice, known, template, &method), method, headers: Vec::new(), body: None };
    match (route.method.as_str(), template) {
        ("GET", "tickets" | "mcp/organizations/{organization_id}/tickets") => {
            add_query(&mut ask.path, ticket_list(dice, known, now, template == "tickets"));
        }
        ("GET", "tickets/{id}") => {
            let tag = if dice.percent(40) { dice.any(&known.tags).cloned() } else { None };
            if let Some((ticket, tag)) = tag {
                ask.path = format!("/api/v1/tickets/{ticket}");
                ask.headers.push(("if-none-match", tag));
            }
        }
        (
            "GET",
            "tickets/{id}/comments"
            | "tickets/{id}/events"
            | "mcp/organizations"
            | "mcp/organizations/{organization_id}/projects"
            | "mcp/organizations/{organization_id}/members",
        ) => add_query(&mut ask.path, pages(dice)),
        ("POST", "tickets") => set(&mut ask, &json!({"ticket": ticket(dice, known, false)})),
        ("PATCH", "tickets/{id}") => {
            set(&mut ask, &json!({"ticket": ticket(dice, known, true)}));
            expect_a_version(dice, known, &mut ask);
        }
        ("DELETE", "tickets/{id}") => expect_a_version(dice, known, &mut ask),
        ("POST", "tickets/{id}/restore") => {
            if dice.percent(50) {
                set(&mut ask, &json!({}));
            }
        }
        ("POST", "tickets/{id}/comments") | ("PATCH", "tickets/{id}/comments/{comment_id}") => {
            let content = dice.text(1, 50_000);
            let content = value(dice, content);
            set(&mut ask, &json!({"comment": {"content": content}}));
        }
        ("POST", "mcp/organizations/{organization_id}/projects") => set(&mut ask, &json!({"project": project(dice, known, false)})),
        ("PATCH", "projects/{id}") => set(&mut ask, &json!({"project": project(dice, known, true)})),
        ("GET", "projects/{id}" | "tokens/current" | "openapi.json")
        | ("DELETE", "tickets/{id}/comments/{comment_id}" | "projects/{id}" | "tokens/current") => {}
        ("POST", "tokens/current/rotate") => rotation(dice, &mut ask),
        ("POST", "tokens/revoke") => set(&mut ask, &found(dice, known)),
        (method, template) => panic!("the random requests do not know how to call {method} {template}: teach it here"),
    }
    if ask.method == Method::POST && dice.percent(25) {
        known.keys += 1;
        ask.headers.push(("idempotency-key", format!("key {}", known.keys).replace(' ', if dice.percent(95) { "-" } else { " " })));
    }
    if dice.percent(16) {
        spoil(dice, &mut ask);
    }
    ask
}

fn path(dice: &mut Dice, known: &Known, template: &str, method: &Method) -> String {
    let mut path = format!("/api/v1/{template}");
    if template.contains("{organization_id}") {
        let organization = dice.pick(&known.organizations).clone();
        path = path.replace("{organization_id}", &known.perhaps(dice, &organization));
    }
    if template.contains("{comment_id}") {
        let (ticket, comment) = dice.any(&known.comments).cloned().unwrap_or_else(|| (known.ticket(dice), known.ticket(dice)));
        let ticket = if dice.percent(5) { known.ticket(dice) } else { known.perhaps(dice, &ticket) };
        path = path.replace("{id}", &ticket).replace("{comment_id}", &known.perhaps(dice, &comment));
    } else if template.starts_with("projects/") {
        let project = if *method == Method::DELETE { dice.any(&known.spare_projects).cloned() } else { Some(known.project(dice)) };
        let project = project.unwrap_or_else(|| dice.strange_id());
        path = path.replace("{id}", &known.perhaps(dice, &project));
    } else {
        let ticket = known.ticket(dice);
        path = path.replace("{id}", &known.perhaps(dice, &ticket));
    }
    path
}

type Pairs = Vec<(&'static str, String)>;

fn add_query(path: &mut String, pairs: Pairs) {
    for (at, (name, value)) in pairs.into_iter().enumerate() {
        path.push(if at == 0 { '?' } else { '&' });
        path.extend([name, "=", &encode(&value)]);
    }
}

fn pages(dice: &mut Dice) -> Pairs {
    let mut pairs = Vec::new();
    for name in ["page", "per_page"] {
        if dice.percent(40) {
            let number = if dice.percent(15) { dice.word(&NUMBERS).to_string() } else { (1 + dice.below(4)).to_string() };
            pairs.push((name, number));
        }
    }
    pairs
}

/// Some of the words with commas between.
fn some(dice: &mut Dice, words: &[&str]) -> String {
    let count = 1 + dice.below(3);
    let mut some: Vec<_> = (0..count).map(|_| dice.word(words)).collect();
    if dice.percent(4) {
        some.push(dice.word(&["", "urgent", "OPEN"]));
    }
    some.join(",")
}

/// A moment near those that there are, in one of the spellings of RFC 3339.
fn moment(dice: &mut Dice, known: &Known, now: Time) -> String {
    let near = now.minus(Span::seconds(i64::try_from(dice.below(40_000)).unwrap())).to_string();
    match dice.below(12) {
        0 => "2026-03-01".to_owned(),
        1 => near.replace('Z', "+02:00"),
        2 => near.replace('Z', "999Z"),
        3 => dice
            .word(&["9999-12-31T23:59:59Z", "-009999-01-01T00:00:00Z", "0000-01-01T00:00:00Z", "1969-12-31T23:59:59.999999Z"])
            .to_string(),
        4..=7 => dice.any(&known.times).cloned().unwrap_or(near),
        _ => near,
    }
}

fn ticket_list(dice: &mut Dice, known: &Known, now: Time, any_organization: bool) -> Pairs {
    let mut pairs = pages(dice);
    if any_organization && dice.percent(25) {
        let organization = dice.pick(&known.organizations).clone();
        pairs.push(("organization_id", known.perhaps(dice, &organization)));
    }
    if dice.percent(25) {
        let project = known.project(dice);
        pairs.push(("project_id", known.perhaps(dice, &project)));
    }
    if dice.percent(8) {
        let code = dice.any(&known.codes).cloned().unwrap_or_default();
        pairs.push((
            "code",
            if dice.percent(75) {
                code
            } else {
                dice.word(&["web-1", "WEB-0", "WEB-4294967297", "x", "WEB-99999999999999999999"]).to_string()
            },
        ));
    }
    if dice.percent(25) {
        pairs.push(("status", some(dice, &STATUSES)));
    }
    if dice.percent(25) {
        pairs.push(("priority", some(dice, &PRIORITIES)));
    }
    if dice.percent(20) {
        let person = dice.pick(&known.people).clone();
        let assignee = [known.perhaps(dice, &person), "me".to_owned(), "none".to_owned()];
        pairs.push(("assignee", dice.pick(&assignee).clone()));
    }
    if dice.percent(45) {
        pairs.push(("q", dice.words(2)));
    }
    for name in ["created_after", "created_before", "updated_after"] {
        if dice.percent(8) {
            pairs.push((name, moment(dice, known, now)));
        }
    }
    if dice.percent(50) {
        let all = if dice.percent(92) { &SORTS[..6] } else { &SORTS[..] };
        pairs.push(("sort", dice.word(all).to_string()));
    }
    if dice.percent(3) {
        pairs.push((
            "cursor",
            dice.word(&[
                "x",
                "-created_at.9223372036854775807.0193a3c400007000800000000000000a",
                "priority.2.0193a3c400007000800000000000000a",
            ])
            .to_string(),
        ));
    }
    pairs
}

/// The text, or now and then what is no text.
fn value(dice: &mut Dice, text: String) -> Value {
    match dice.below(60) {
        0 => Value::Null,
        1 => json!(1),
        2 => json!([text]),
        _ => Value::String(text),
    }
}

fn put(dice: &mut Dice, map: &mut Map<String, Value>, name: &str, percent: usize, text: impl FnOnce(&mut Dice) -> String) {
    if dice.percent(percent) {
        let text = text(dice);
        map.insert(name.to_owned(), value(dice, text));
    }
}

fn ticket(dice: &mut Dice, known: &Known, change: bool) -> Value {
    let mut map = Map::new();
    let often = if change { 25 } else { 99 };
    put(dice, &mut map, "title", often, |dice| dice.text(1, 200));
    for name in ["given", "when", "then"] {
        put(dice, &mut map, name, often, |dice| dice.text(10, 10_000));
    }
    put(dice, &mut map, "notes", 25, |dice| dice.text(0, 50_000));
    put(dice, &mut map, "priority", 40, |dice| if dice.percent(95) { dice.word(&PRIORITIES) } else { "urgent" }.to_owned());
    put(dice, &mut map, "status", if change { 40 } else { 5 }, |dice| {
        if dice.percent(95) { dice.word(&STATUSES) } else { "done" }.to_owned()
    });
    put(dice, &mut map, "assignee_id", 25, |dice| {
        let person = dice.pick(&known.people).clone();
        known.perhaps(dice, &person)
    });
    if change && dice.percent(5) {
        map.insert("assignee_id".to_owned(), Value::Null);
    }
    put(dice, &mut map, "project_id", if change { 3 } else { 85 }, |dice| {
        let project = known.project(dice);
        known.perhaps(dice, &project)
    });
    map.into()
}

fn project(dice: &mut Dice, known: &Known, change: bool) -> Value {
    let mut map = Map::new();
    put(dice, &mut map, "name", if change { 50 } else { 97 }, |dice| dice.text(1, 80));
    put(dice, &mut map, "code", if change { 20 } else { 97 }, |dice| match dice.below(8) {
        0 => "WEB".to_owned(),
        1 => dice.any(&known.codes).map_or_else(|| "x".to_owned(), |code| code.split('-').next().unwrap().to_lowercase()),
        2 => dice.word(&["A", "1A", "ÄB", "TOOLONGACODE"]).to_string(),
        _ => (0..2 + dice.below(3)).map(|_| *dice.pick(&['A', 'B', 'c', 'X', '7'])).fold("Q".to_owned(), |code, c| format!("{code}{c}")),
    });
    put(dice, &mut map, "description", 30, |dice| dice.text(0, 2_000));
    if change && dice.percent(12) {
        map.insert("archived".to_owned(), if dice.percent(20) { json!(true) } else { json!(false) });
    }
    map.into()
}

fn rotation(dice: &mut Dice, ask: &mut Ask) {
    let overlaps =
        [json!(0), json!(60), json!(60.0), json!(86_400), json!(86_401), json!(-1), json!(0.5), json!("x"), json!(i64::MAX), Value::Null];
    if dice.percent(60) {
        let overlap = if dice.percent(60) { &overlaps[3] } else { dice.pick(&overlaps) };
        set(ask, &json!({"overlap_seconds": overlap}));
    }
}

fn found(dice: &mut Dice, known: &Known) -> Value {
    let token = dice.any(&known.tokens).filter(|token| token.len() > 4).cloned().unwrap_or_default();
    match dice.below(8) {
        0 => json!({}),
        1 => json!({"token": "pk_bt1junk"}),
        2 => json!({"tokens": vec![token; 101]}),
        3 => json!({"tokens": [token, "x", ""]}),
        4 => json!({"tokens": token}),
        _ => json!({"token": token}),
    }
}

fn expect_a_version(dice: &mut Dice, known: &Known, ask: &mut Ask) {
    if dice.percent(70) {
        return;
    }
    let Some((ticket, tag)) = dice.any(&known.tags).cloned() else { return };
    ask.path = format!("/api/v1/tickets/{ticket}");
    let tags = [tag.clone(), tag, "*".to_owned(), "\"999-0\"".to_owned(), "W/\"1-0\"".to_owned(), "\"1-0\", \"2-0\", \"3-1\"".to_owned()];
    ask.headers.push(("if-match", dice.pick(&tags).clone()));
}

fn set(ask: &mut Ask, body: &Value) {
    ask.body = Some(("application/json".to_owned(), body.to_string().into_bytes()));
}

/// Makes something wrong.
fn spoil(dice: &mut Dice, ask: &mut Ask) {
    let text = ask.body.as_ref().map(|(_, body)| String::from_utf8_lossy(body).into_owned());
    let with = |body: Vec<u8>| Some(("application/json".to_owned(), body));
    match (dice.below(14), text) {
        (0, Some(text)) => ask.body = with(text.as_bytes()[..text.len() / 2].to_vec()),
        (1, Some(_)) => ask.body = with(b"{\"x\":{}}".to_vec()),
        (2 | 9 | 10, Some(text)) => {
            ask.body = Some((dice.word(&["text/plain", "", "application/json; charset=latin1"]).to_string(), text.into_bytes()));
        }
        (3, Some(text)) => ask.body = with(text.replacen(" x", "\\ud83d", 2).into_bytes()),
        (4, Some(text)) if dice.percent(20) => ask.body = with(format!("{text}{}", " ".repeat(1 << 20)).into_bytes()),
        (5, Some(_)) => ask.body = with(vec![b'{', 0xff, b'}']),
        (6, _) => ask.method = dice.pick(&[Method::PUT, Method::HEAD, Method::OPTIONS, Method::PATCH]).clone(),
        (7, _) => ask.headers.push(("accept", "application/problem+json".to_owned())),
        (8, _) => ask.path = ask.path.replacen("/api/v1/", "/api/v1/nothing/", 1),
        _ => {
            let parameter = dice.word(&["colour=red", "page=", "page=1&page=2", "q=%ff", "per_page=x", "pk_bt1x=1"]);
            ask.path.push(if ask.path.contains('?') { '&' } else { '?' });
            ask.path.push_str(parameter);
        }
    }
}
