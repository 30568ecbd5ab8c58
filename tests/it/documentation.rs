//! The documentation: who reads it, that its tables are the program's own, that its links lead somewhere, that what it shows is so.
//! Its examples are run, each in every language, in `documentation/running.rs`.

mod running;

use std::collections::BTreeSet;

use bugtome::domain::permissions::{Capability, Door};
use bugtome::model::roles::Role;
use bugtome::model::scopes::{Scope, Scopes};
use serde_json::{Value, json};

use crate::harness::{TestApp, both, ticket};

/// The pages.
const PAGES: [&str; 5] =
    ["/documentation", "/documentation/authentication", "/documentation/tickets", "/documentation/projects", "/documentation/errors"];

/// The languages, by the words of their ids and the endings of their files.
const LANGUAGES: [(&str, &str); 5] = [("curl", "sh"), ("js", "mjs"), ("ruby", "rb"), ("python", "py"), ("rust", "rs")];

both! {
    everybody_reads_it,
    the_language_is_remembered,
    no_link_is_dead,
    every_page_lists_its_sections,
    every_example_is_shown,
    the_tables_are_the_programs_own,
    every_route_is_there,
    statuses_are_called_what_they_are,
    answers_look_as_they_are_shown,
    limits_are_this_servers,
}

/// What stands between the two, each time.
fn between<'a>(text: &'a str, start: &str, end: &str) -> Vec<&'a str> {
    text.split(start).skip(1).map(|rest| rest.split_once(end).unwrap_or_else(|| panic!("{start} without {end}: {rest:.100}")).0).collect()
}

/// Markup as the text that it shows.
fn text_of(markup: &str) -> String {
    let mut text = String::new();
    let mut rest = markup;
    while let Some((before, tag)) = rest.split_once('<') {
        text.push_str(before);
        rest = tag.split_once('>').expect("a tag ends").1;
    }
    text.push_str(rest);
    // The ampersand last, or what it escapes would be taken for markup.
    for (entity, c) in [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&#60;", "<"), ("&#62;", ">"), ("&#34;", "\"")] {
        text = text.replace(entity, c);
    }
    text.replace("&#38;", "&").replace("&amp;", "&")
}

/// The rows of a table's body: the text of each cell.
fn rows(page: &str, id: &str) -> Vec<Vec<String>> {
    let table = page.split_once(&format!("id=\"{id}\"")).unwrap_or_else(|| panic!("there is no {id}")).1;
    let body = between(table, "<tbody>", "</tbody>")[0];
    let cells = |row: &str| row.split("<t").skip(1).map(|cell| text_of(&format!("<t{cell}")).trim().to_owned()).collect();
    between(body, "<tr>", "</tr>").into_iter().map(cells).collect()
}

async fn everybody_reads_it(app: TestApp) {
    let world = app.world().await;
    let stranger = app.browser();
    let member = app.signed_in(&world.member).await;
    for path in PAGES {
        let page = stranger.get(path).await;
        page.is(200);
        page.has("Sign in");
        page.has("/api/v1/openapi.json");
        let page = member.get(path).await;
        page.is(200);
        page.has("Sign out");
    }
    stranger.get("/documentation/nothing").await.is(404);
}

/// Which radio button is chosen.
fn chosen(page: &str) -> String {
    let buttons = between(page, "<input class=\"vh\" type=\"radio\" name=\"lang\" ", ">");
    let words: Vec<_> =
        buttons.iter().filter(|button| button.contains(" checked")).map(|button| between(button, "value=\"", "\"")[0]).collect();
    assert_eq!(words.len(), 1, "one is chosen: {words:?}");
    words[0].to_owned()
}

async fn the_language_is_remembered(app: TestApp) {
    let browser = app.browser();
    assert_eq!(chosen(&browser.get("/documentation/tickets").await.text), "curl");
    for (word, _) in LANGUAGES {
        browser.set_cookie("lang", word);
        assert_eq!(chosen(&browser.get("/documentation/tickets").await.text), word);
    }
    browser.set_cookie("lang", "<b>");
    assert_eq!(chosen(&browser.get("/documentation/tickets").await.text), "curl", "what is no language is none");
}

async fn no_link_is_dead(app: TestApp) {
    let world = app.world().await;
    let (stranger, member) = (app.browser(), app.signed_in(&world.member).await);
    let mut seen = BTreeSet::new();
    for path in PAGES {
        let page = member.get(path).await;
        for link in between(&page.text, " href=\"", "\"") {
            if link.starts_with("https://") {
                assert!(link.starts_with("https://www.rfc-editor.org/"), "{link} leads out");
                continue;
            }
            let (place, anchor) = link.split_once('#').unwrap_or((link, ""));
            let place = if place.is_empty() { path } else { place };
            if !seen.insert(format!("{place}#{anchor}")) || place.starts_with("/assets/") {
                continue;
            }
            if place.starts_with("/api/") {
                app.anonymous().get(place.strip_prefix("/api/v1/").unwrap()).await.is(200);
                continue;
            }
            let there = member.get(place).await;
            assert!(matches!(there.status, 200 | 303), "{path} links to {place}, which answers {}", there.status);
            let outside = stranger.get(place).await;
            assert!(matches!(outside.status, 200 | 303), "{path} leads a stranger to {place}, which answers {}", outside.status);
            assert!(
                anchor.is_empty() || there.text.contains(&format!(" id=\"{anchor}\"")),
                "{path} links to {link}, where nothing is called that"
            );
        }
    }
    assert!(seen.len() > 50, "{}", seen.len());
}

async fn every_page_lists_its_sections(app: TestApp) {
    let browser = app.browser();
    for path in PAGES {
        let page = browser.get(path).await.text;
        let contents = between(&page, "<nav class=\"contents\"", "</nav>")[0];
        let listed: Vec<(String, String)> = between(contents, "<a href=\"#", "</a>")
            .into_iter()
            .map(|link| link.split_once("\">").map(|(anchor, words)| (anchor.to_owned(), text_of(words))).unwrap())
            .collect();
        let article = between(&page, "<article", "</article>")[0];
        let headings: Vec<(String, String)> = between(article, "<h2", "</h2>")
            .into_iter()
            .map(|heading| (between(heading, "id=\"", "\"")[0].to_owned(), text_of(&format!("<h2{heading}"))))
            .collect();
        assert_eq!(listed, headings, "{path}");
        assert_eq!(between(article, "<h1", "</h1>").len(), 1, "{path}");
        let ids: Vec<&str> = between(&page, " id=\"", "\"");
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{path}: an id is there twice: {ids:?}");
        assert_eq!(
            page.matches("<pre").count(),
            page.matches(" tabindex=\"0\">").count(),
            "{path}: what scrolls can be reached by keyboard"
        );
    }
}

/// The names of the files below `templates/documentation` in a folder, with their endings.
fn files(folder: &str) -> BTreeSet<String> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("templates/documentation").join(folder);
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

async fn every_example_is_shown(app: TestApp) {
    let browser = app.browser();
    let mut shown = BTreeSet::new();
    for path in PAGES {
        let page = browser.get(path).await.text;
        for id in between(&page, "<pre id=\"", "\"") {
            let ending = LANGUAGES.iter().find_map(|(word, ending)| Some((id.strip_suffix(word)?.strip_suffix('-')?, ending)));
            match (id.strip_prefix("answer-"), ending) {
                (Some(name), _) => drop(shown.insert(format!("{name}.json"))),
                (None, Some((name, ending))) => drop(shown.insert(format!("{name}.{ending}"))),
                (None, None) => assert!(["expression", "hook"].contains(&id), "{path}: {id}"),
            }
        }
        assert!(!page.contains("bugs.example.com"), "{path}: it is this server's address that is shown");
    }
    let there: BTreeSet<String> = files("examples").into_iter().chain(files("answers")).collect();
    assert_eq!(shown, there);
    for name in files("examples") {
        let text = std::fs::read_to_string(format!("{}/templates/documentation/examples/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap();
        assert!(
            text.lines().count() <= 17 && text.lines().all(|line| line.chars().count() <= 112),
            "{name} is too long to be read at a glance"
        );
    }
}

async fn the_tables_are_the_programs_own(app: TestApp) {
    let page = app.browser().get("/documentation/authentication").await.text;
    let scopes = rows(&page, "table-scopes");
    assert_eq!(scopes.len(), Scope::ALL.len());
    for (row, scope) in scopes.iter().zip(Scope::ALL) {
        assert_eq!(row[0], scope.word());
        let doors: Vec<Door> = Capability::ALL.iter().map(|capability| capability.rule().door).collect();
        let for_projects = doors.contains(&Door::Scoped(*scope));
        let used = for_projects || doors.contains(&Door::Personal(*scope));
        assert_eq!(
            row[2],
            if for_projects {
                "works"
            } else if used {
                "opens nothing"
            } else {
                ""
            },
            "{scope}"
        );
        assert_eq!(row[1].contains("this version has no"), !used, "{scope}");
        for (cell, preset) in row[3..].iter().zip([Scopes::FULL, Scopes::READ_ONLY, Scopes::REPORT_ONLY]) {
            assert_eq!(cell == "●yes", preset.has(*scope), "{scope}: {row:?}");
        }
    }
    let rights = rows(&page, "table-roles");
    let pages_own = [Capability::SignIn, Capability::ReadDocumentation, Capability::ReadWorkspace, Capability::ManageOwnAccount];
    let told: Vec<&Capability> = Capability::ALL.iter().filter(|capability| !pages_own.contains(capability)).collect();
    assert_eq!(rights.len(), told.len());
    for (row, capability) in rights.iter().zip(told) {
        let needs = capability.rule();
        assert_eq!(row[1], needs.scope().map_or("none", |scope| scope.word()), "{row:?}");
        let roles = [Role::Viewer, Role::Member, Role::Admin, Role::Owner].map(|role| role >= needs.role);
        assert_eq!([3, 4, 5, 6].map(|at: usize| row[at] == "●yes"), roles, "{row:?}");
        assert_eq!(row[7] == "●yes", needs.in_archive, "{row:?}");
        let who = match needs.door {
            Door::Anybody => "anybody, without a token",
            Door::AnyToken => "any token",
            Door::SignedIn => "signed-in people only",
            Door::Scoped(_) => "personal and project tokens",
            Door::Personal(_) => "personal tokens",
        };
        assert_eq!(row[2], who, "{row:?}");
    }
}

/// Every route stands in a table of requests, with the scope and the role that it takes; and no other does.
async fn every_route_is_there(app: TestApp) {
    let browser = app.browser();
    let mut told = BTreeSet::new();
    for path in PAGES {
        let page = browser.get(path).await.text;
        for row in between(&page, "<tr><th scope=\"row\"><code>", "</tr>") {
            let cells: Vec<String> = format!("<th>{row}").split("<t").skip(1).map(|cell| text_of(&format!("<t{cell}"))).collect();
            if cells[0].contains(" /api/v1/") {
                assert!(told.insert((cells[0].clone(), cells[1].clone())), "{cells:?}");
            }
        }
    }
    let sentence = |capability: Capability| {
        let needs = capability.rule();
        let tokens = if matches!(needs.door, Door::Personal(_)) { ", personal tokens" } else { "" };
        let role = match needs.role {
            Role::Viewer | Role::Member => "",
            Role::Admin => ", as an admin",
            Role::Owner => ", as an owner",
        };
        match needs.door {
            Door::Anybody => "none".to_owned(),
            Door::AnyToken if capability == Capability::RotateCurrentToken => "any but one that can only file tickets".to_owned(),
            Door::AnyToken => "any".to_owned(),
            _ => format!("{}{tokens}{role}", needs.scope().map_or("", |scope| scope.word())),
        }
    };
    let there = bugtome::api::routes::all().into_iter().map(|route| {
        let path = route.path.replace('{', ":").replace('}', "");
        (format!("{} {path}", route.method), sentence(route.capability))
    });
    assert_eq!(told, there.collect());
}

async fn statuses_are_called_what_they_are(app: TestApp) {
    let world = app.world().await;
    let page = app.browser().get("/documentation/errors").await.text;
    let table = rows(&page, "table-errors");
    let olga = app.personal_token(&world.owner, Scopes::FULL).await;
    let id = app.filed(&world.project, "A").await;
    let path = format!("tickets/{id}");
    let reader = app.personal_token(&world.owner, Scopes::READ_ONLY).await;
    let old = app.personal_token(&world.owner, Scopes::FULL).await;
    old.post("tokens/current/rotate", json!({"overlap_seconds": 60})).await.is(201);
    let answers = [
        olga.get("tickets?color=red").await,
        app.bearer("junk").get("tickets").await,
        reader.post("tickets", json!({})).await,
        olga.get("nothing").await,
        olga.delete("tickets").await,
        old.post("tokens/current/rotate", json!({"overlap_seconds": 60})).await,
        olga.patch(&path, json!({"ticket": {"title": "B"}})).with("if-match", "\"0-0\"").await,
        olga.post("tickets", json!({"ticket": {"title": "x".repeat(1 << 20)}})).await,
        olga.post("tickets", json!({})).raw("text/plain", "{}").await,
        olga.post("tickets", json!({"ticket": {}})).await,
    ];
    for answer in answers {
        let row = table.iter().find(|row| row[0] == answer.status.to_string()).unwrap_or_else(|| panic!("{answer:?} is not told"));
        assert_eq!(answer.json()["error"], json!(row[1]), "{answer:?}");
    }
    let statuses: Vec<&str> = table.iter().map(|row| row[0].as_str()).collect();
    assert_eq!(statuses, ["400", "401", "403", "404", "405", "409", "412", "413", "415", "422", "429", "500", "503"]);
}

/// What a value is made of: the names of its members, all the way down. Where one has nothing, the other may have something.
fn same_shape(shown: &Value, real: &Value, path: &str) {
    match (shown, real) {
        (Value::Object(shown), Value::Object(real)) => {
            assert_eq!(shown.keys().collect::<BTreeSet<_>>(), real.keys().collect::<BTreeSet<_>>(), "{path}");
            shown.iter().for_each(|(name, value)| same_shape(value, &real[name], &format!("{path}.{name}")));
        }
        (Value::Array(shown), Value::Array(real)) => {
            if let (Some(shown), Some(real)) = (shown.first(), real.first()) {
                same_shape(shown, real, &format!("{path}[0]"));
            }
        }
        (Value::Null, _) | (_, Value::Null) => {}
        (shown, real) => assert_eq!(std::mem::discriminant(shown), std::mem::discriminant(real), "{path}"),
    }
}

async fn answers_look_as_they_are_shown(app: TestApp) {
    let world = app.world().await;
    let browser = app.browser();
    let mut shown = std::collections::HashMap::new();
    for path in PAGES {
        let page = browser.get(path).await.text;
        for block in between(&page, "<pre id=\"answer-", "</pre>") {
            let (name, text) = block.split_once("\" tabindex=\"0\">").unwrap();
            // A status line and headers may stand before it.
            let text = text_of(text);
            let json = &text[text.find('{').unwrap()..];
            shown.insert(name.to_owned(), serde_json::from_str::<Value>(json).unwrap_or_else(|error| panic!("{name}: {error}: {json}")));
        }
    }
    let olga = app.personal_token(&world.owner, Scopes::FULL).await;
    let filed = olga.post("tickets", ticket(&world.project, &json!({}))).await.is(201);
    let id = filed["id"].as_str().unwrap();
    let comment = olga.post(format!("tickets/{id}/comments"), json!({"comment": {"content": "x"}})).await.is(201);
    olga.patch(format!("tickets/{id}"), json!({"ticket": {"status": "resolved"}})).await.is(200);
    let events = olga.get(format!("tickets/{id}/events")).await.is(200);
    let event = events.as_array().unwrap().iter().find(|event| event["event"] == "ticket_status_changed").unwrap().clone();
    let organization = format!("mcp/organizations/{}", world.organization.id);
    let ci = app.project_token(&world.project, Scopes::REPORT_ONLY).await;
    let real = [
        ("ticket", filed.clone()),
        ("comment", comment),
        ("event", event),
        ("token", olga.get("tokens/current").await.is(200)),
        ("organizations", olga.get("mcp/organizations").await.is(200)),
        ("project", olga.get(format!("projects/{}", world.project.id)).await.is(200)),
        ("organization-tickets", olga.get(format!("{organization}/tickets")).await.is(200)),
        ("members", olga.get(format!("{organization}/members")).await.is(200)),
    ];
    for (name, real) in real {
        same_shape(&shown[name], &real, name);
    }
    assert_eq!(shown["unauthorized"], app.bearer("junk").get("tickets").await.json());
    assert_eq!(shown["invalid"], ci.post("tickets", json!({"ticket": {"title": "", "given": "too short"}})).await.json());
    let problem = olga.get(format!("tickets/{}", world.project.id)).with("accept", "application/problem+json").await;
    assert_eq!(shown["problem"], problem.json());
    assert_eq!(shown.len(), 11);
}

async fn limits_are_this_servers(mut app: TestApp) {
    let browser = app.browser();
    browser.get("/documentation/errors").await.has("1000 requests an hour for each token, 100 for each address");
    app.restart(&crate::harness::Settings { authenticated: 7, anonymous: 0, ..crate::harness::Settings::default() });
    app.browser().get("/documentation/errors").await.has("7 requests an hour for each token, none for addresses");
    app.restart(&crate::harness::Settings::unlimited());
    app.browser().get("/documentation/errors").await.has("no limit for a valid token");
}
