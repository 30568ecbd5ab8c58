//! Errors: one shape whoever raises them, the order in which requests are checked, and what a stranger learns.
//! The shape itself is checked by the harness on every answer.

use axum::http::Method;
use bugtome::domain::permissions::Capability;
use bugtome::domain::{Result, tickets};
use bugtome::http::mount::{Operation, Route};
use bugtome::http::request::Request;
use bugtome::model::scopes::{Scope, Scopes};
use serde_json::{Value, json};

use crate::harness::{Settings, TestApp, both, draft, ticket};

both! {
    every_layer_speaks_the_one_shape,
    a_wrong_method_names_the_right_ones,
    all_that_is_no_token_is_refused_alike,
    a_token_in_a_query_string_is_never_accepted,
    a_missing_scope_is_named,
    broken_json_is_a_400_that_repeats_nothing,
    wrong_types_are_a_400_that_names_the_member,
    bodies_have_a_size_and_a_type,
    unknown_parameters_are_refused_on_every_route,
    checks_come_in_the_contracts_order,
    a_panic_is_a_500_with_nothing_of_the_inside,
    errors_are_problems_for_who_asks,
    a_stranger_learns_nothing,
    a_filter_tells_a_stranger_nothing,
}

const NOWHERE: &str = "0193a3c4-0000-7000-8000-00000000000a";
const NO_PERMISSION: &str = "You don't have permission to access this resource";

async fn every_layer_speaks_the_one_shape(app: TestApp) {
    let world = app.world().await;
    let vera = app.personal_token(&world.viewer, Scopes::FULL).await;
    for path in
        ["/", "/nothing", "/api", "/api/v1", "/api/v1/", "/api/v1/nothing", "/api/v1/tickets/", "/api/v2/tickets", "/API/v1/tickets"]
    {
        vera.get(path).await.is(404);
    }
    assert_eq!(app.anonymous().get("tickets").await.is(401)["message"], "Invalid or expired API token");
    assert_eq!(vera.get(format!("projects/{NOWHERE}")).await.is(403)["message"], NO_PERMISSION);
    vera.get(format!("tickets/{NOWHERE}")).await.is(404);
    assert_eq!(vera.post("tickets", ticket(&world.project, &json!({}))).await.is(403)["message"], NO_PERMISSION);
}

async fn a_wrong_method_names_the_right_ones(app: TestApp) {
    let allowed = async |method: Method, path: &str| {
        let answer = app.anonymous().call(method, path).await;
        answer.is(405);
        let mut methods: Vec<_> = answer.header("allow").unwrap().split(',').map(|one| one.trim().to_owned()).collect();
        methods.sort();
        methods.join(" ")
    };
    assert_eq!(allowed(Method::PUT, "tickets").await, "GET HEAD POST");
    assert_eq!(allowed(Method::OPTIONS, "tickets").await, "GET HEAD POST");
    assert_eq!(allowed(Method::DELETE, "mcp/organizations").await, "GET HEAD");
    assert_eq!(allowed(Method::POST, &format!("tickets/{NOWHERE}")).await, "DELETE GET HEAD PATCH");
    assert_eq!(allowed(Method::GET, "tokens/revoke").await, "POST");
    assert_eq!(allowed(Method::from_bytes(b"BREW").unwrap(), "tokens/current").await, "DELETE GET HEAD");
    let answer = app.anonymous().head("tokens/revoke").await;
    assert_eq!((answer.status, answer.header("allow")), (405, Some("POST")));
}

async fn all_that_is_no_token_is_refused_alike(app: TestApp) {
    let world = app.world().await;
    let revoked = app.personal_token(&world.member, Scopes::FULL).await;
    revoked.delete("tokens/current").await.is(204);
    let unknown = "pk_bt10123456789ABCDEFGHIJKLMNOPQRSTUV1j1k79";
    let reference = app.anonymous().get("tickets").await.seen();
    let mut tokens = vec![revoked.token().to_owned(), unknown.to_owned(), unknown.replace("pk_", "proj_"), unknown.replace("bt1", "bt2")];
    tokens.extend([
        format!("{unknown}x"),
        unknown[1..].to_owned(),
        "x".to_owned(),
        "🦀".to_owned(),
        String::new(),
        " ".to_owned(),
        "a".repeat(5_000),
    ]);
    for token in &tokens {
        let answer = app.bearer(token).get("tickets").await;
        assert_eq!((answer.status, &answer.body), (401, &reference.2), "{token}");
    }
    let good = app.personal_token(&world.member, Scopes::FULL).await;
    for value in [
        format!("Basic {}", good.token()),
        good.token().to_owned(),
        format!("Bearer{}", good.token()),
        format!("Bearer {0} {0}", good.token()),
    ] {
        app.anonymous().get("tickets").with("authorization", value).await.is(401);
    }
    good.get("tickets").with("authorization", format!("Bearer {}", good.token())).await.is(401);
    app.anonymous().get("tickets").with("authorization", format!("bearer {}", good.token())).await.is(200);
}

async fn a_token_in_a_query_string_is_never_accepted(app: TestApp) {
    let world = app.world().await;
    let good = app.personal_token(&world.member, Scopes::FULL).await;
    for name in ["token", "access_token", "api_key", "authorization"] {
        app.anonymous().get(format!("tickets?{name}={}", good.token())).await.is(401);
    }
    // Nor repeated, where somebody put it in place of a parameter's name.
    let refused = good.get(format!("tickets?{}=1", good.token())).await.is(400);
    assert!(!refused.to_string().contains("bt1"), "{refused}");
}

async fn a_missing_scope_is_named(app: TestApp) {
    let world = app.world().await;
    let nothing = app.personal_token(&world.owner, Scopes::of(&[Scope::WebhooksManage])).await;
    let project = world.project.id;
    for (method, path, scope) in [
        (Method::GET, "tickets".to_owned(), "tickets:read"),
        (Method::HEAD, "tickets".to_owned(), "tickets:read"),
        (Method::POST, "tickets".to_owned(), "tickets:create"),
        (Method::PATCH, format!("tickets/{NOWHERE}"), "tickets:write"),
        (Method::DELETE, format!("tickets/{NOWHERE}"), "tickets:write"),
        (Method::POST, format!("tickets/{NOWHERE}/restore"), "tickets:write"),
        (Method::POST, format!("tickets/{NOWHERE}/comments"), "comments:write"),
        (Method::GET, "mcp/organizations".to_owned(), "projects:read"),
        (Method::GET, format!("projects/{project}"), "projects:read"),
        (Method::DELETE, format!("projects/{project}"), "projects:write"),
        (Method::GET, format!("mcp/organizations/{}/members", world.organization.id), "members:read"),
    ] {
        let answer = nothing.call(method, path).await;
        assert_eq!(answer.status, 403, "{answer:?}");
        let expected = format!(r#"Bearer realm="bugtome", error="insufficient_scope", scope="{scope}""#);
        assert_eq!(answer.header("www-authenticate"), Some(&*expected));
    }
    // For want of a role or of reach there is no challenge.
    let vera = app.personal_token(&world.viewer, Scopes::FULL).await;
    assert_eq!(vera.post("tickets", ticket(&world.project, &json!({}))).await.header("www-authenticate"), None);
    assert_eq!(vera.get(format!("projects/{NOWHERE}")).await.header("www-authenticate"), None);
}

async fn broken_json_is_a_400_that_repeats_nothing(app: TestApp) {
    let world = app.world().await;
    let ci = app.project_token(&world.project, Scopes::REPORT_ONLY).await;
    let deep = "[".repeat(900_000);
    for body in [
        "{",
        "",
        "not secret",
        "{\"ticket\":{\"title\":\"secret\"}",
        "[1,2]",
        "\"secret\"",
        "null",
        "7",
        "{\"ticket\":[]}",
        "{\"ticket\":null}",
        "{}",
        "{\"secret\":1}x",
        &deep,
    ] {
        let answer = ci.call(Method::POST, "tickets").raw("application/json", body).await;
        let refused = answer.is(400);
        assert!(!refused.to_string().contains("secret"), "{refused}");
    }
    ci.call(Method::POST, "tickets").raw("application/json", b"{\"ticket\": \"\xff\"}".to_vec()).await.is(400);
}

async fn wrong_types_are_a_400_that_names_the_member(app: TestApp) {
    let world = app.world().await;
    let ci = app.project_token(&world.project, Scopes::REPORT_ONLY).await;
    for name in ["title", "given", "when", "then", "notes", "priority", "assignee_id", "project_id"] {
        for wrong in [json!(7), json!(true), json!(["a"]), json!({"a": 1})] {
            let mut ticket = draft();
            ticket[name] = wrong;
            let refused = ci.post("tickets", json!({"ticket": ticket})).await.is(400);
            assert!(refused["message"].as_str().unwrap().contains(name), "{refused}");
        }
    }
    for id in ["", "x", "0193a3c4000070008000000000000000a", "{0193a3c4-0000-7000-8000-00000000000a}"] {
        ci.post("tickets", ticket(&world.project, &json!({"assignee_id": id}))).await.is(400);
    }
    let adam = app.personal_token(&world.admin, Scopes::FULL).await;
    adam.patch(format!("projects/{}", world.project.id), json!({"project": {"archived": "yes"}})).await.is(400);
    adam.post("tokens/current/rotate", json!({"overlap_seconds": "1"})).await.is(400);
    adam.post("tokens/revoke", json!({"tokens": "x"})).await.is(400);
}

async fn bodies_have_a_size_and_a_type(app: TestApp) {
    let world = app.world().await;
    let ci = app.project_token(&world.project, Scopes::REPORT_ONLY).await;
    let sound = json!({"ticket": draft()}).to_string();
    let padded = |size: usize| format!("{sound}{}", " ".repeat(size - sound.len()));
    let post = || ci.call(Method::POST, "tickets");
    post().raw("application/json", padded(1 << 20)).await.is(201);
    post().raw("application/json", padded((1 << 20) + 1)).await.is(413);
    // The size comes before the type, and is believed where it is announced.
    post().raw("text/plain", padded((1 << 20) + 1)).await.is(413);
    post().raw("application/json", sound.clone()).with("content-length", "99999999").await.is(413);
    for good in ["application/json; charset=utf-8", "Application/JSON;charset=\"UTF-8\""] {
        post().raw(good, sound.clone()).await.is(201);
    }
    for bad in
        ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin1", "application/merge-patch+json", "json"]
    {
        post().raw(bad, sound.clone()).await.is(415);
    }
    post().untyped(sound).await.is(415);
    post().raw("text/plain", "{").await.is(415);
}

async fn unknown_parameters_are_refused_on_every_route(app: TestApp) {
    let world = app.world().await;
    let olga = app.personal_token(&world.owner, Scopes::FULL).await;
    let t = app.filed(&world.project, "A").await;
    let (organization, project) = (world.organization.id, world.project.id);
    for route in bugtome::api::routes::all() {
        let path = route.path.replace("{organization_id}", &organization.to_string()).replace("{comment_id}", NOWHERE);
        let path = path.replace("{id}", &if path.contains("/projects/") { project.to_string() } else { t.clone() });
        for (query, name) in [("colour=red", "colour"), ("page=", "page"), ("page", "page"), ("page=1&page=1", "page"), ("page=0", "page")]
        {
            let call = olga.call(route.method.clone(), format!("{path}?{query}"));
            let answer = if *route.method == Method::GET { call } else { call.json(&every_body(&world.project)) }.await;
            let refused = answer.is(400);
            assert!(refused["message"].as_str().unwrap().starts_with(&format!("{name}: ")), "{refused}");
        }
    }
    olga.get(format!("tickets/{t}")).await.is(200);
}

/// A body that is well for every route.
fn every_body(project: &crate::harness::Project) -> Value {
    let mut body = ticket(project, &json!({}));
    body["comment"] = json!({"content": "x"});
    body["project"] = json!({"name": "Name", "code": "NEW"});
    body["tokens"] = json!([]);
    body
}

async fn checks_come_in_the_contracts_order(mut app: TestApp) {
    let world = app.world().await;
    app.restart(&Settings { authenticated: 6, anonymous: 0, proxies: "" });
    let vera = app.personal_token(&world.viewer, Scopes::of(&[Scope::TicketsWrite, Scope::CommentsWrite])).await;
    let path = format!("tickets/{}", app.filed(&world.project, "A").await);
    let huge = vec![b'{'; (1 << 20) + 1];
    let everything = |path: &str| vera.call(Method::PATCH, path).with("if-match", "\"9-9\"").raw("text/plain", huge.clone());
    // Each request has all the faults of those that follow.
    app.anonymous().call(Method::PATCH, "nothing").raw("text/plain", huge.clone()).await.is(404);
    app.anonymous().call(Method::PUT, &path).raw("text/plain", huge.clone()).await.is(405);
    app.anonymous().call(Method::PATCH, &path).raw("text/plain", huge.clone()).await.is(401);
    vera.call(Method::POST, "tickets").raw("text/plain", huge.clone()).await.is(403);
    everything(&path).await.is(413);
    everything(&path).raw("text/plain", "{").await.is(415);
    everything(&format!("tickets/{NOWHERE}")).raw("application/json", "{").await.is(400);
    everything(&format!("tickets/{NOWHERE}")).json(&json!({"ticket": {"title": ""}})).await.is(404);
    everything(&path).json(&json!({"ticket": {"title": ""}})).await.is(403);
    // The limit is full by now, and comes before all but the token.
    vera.call(Method::POST, "tickets").raw("text/plain", huge.clone()).await.is(429);
    app.bearer("junk").get("tickets").await.is(401);
    let mia = app.personal_token(&world.member, Scopes::FULL).await;
    let stale = mia.patch(&path, json!({"ticket": {"title": ""}})).with("if-match", "\"9-9\"");
    stale.await.is(412);
    mia.patch(&path, json!({"ticket": {"title": ""}})).await.is(422);
    // Types come before existence also where the path is what does not exist.
    for wrong in ["tickets/no-uuid?colour=red", "projects/no-uuid?colour=red", "mcp/organizations/no-uuid/tickets?colour=red"] {
        mia.get(wrong).await.is(400);
    }
    let ci = app.project_token(&world.project, Scopes::FULL).await;
    ci.get(format!("mcp/organizations/{}/tickets?colour=red", world.organization.id)).await.is(403);
    ci.get(format!("tickets?assignee=me&project_id={NOWHERE}")).await.is(400);
}

#[expect(clippy::unnecessary_wraps, reason = "every parsing function of a route has the one type that the table of routes wants")]
fn panics(_: Request) -> Result<Operation> {
    Ok(Operation::new(|_| panic!("the inside: {}", "secret")))
}

fn panics_in_a_scan(request: Request) -> Result<Operation> {
    panics(request).map(|operation| operation.scanning(true))
}

fn panics_while_parsing(_: Request) -> Result<Operation> {
    panic!("the inside: {}", "secret")
}

#[expect(clippy::unnecessary_wraps, reason = "every parsing function of a route has the one type that the table of routes wants")]
fn panics_after_writing(request: Request) -> Result<Operation> {
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    let id = body["id"].as_str().unwrap().parse().unwrap();
    Ok(Operation::new(move |ctx| {
        tickets::delete(ctx, id, &tickets::Expected::Any)?;
        panic!("the inside: {}", "secret")
    }))
}

async fn a_panic_is_a_500_with_nothing_of_the_inside(mut app: TestApp) {
    let world = app.world().await;
    let mut routes = bugtome::api::routes::all();
    let capability = Capability::ReadTickets;
    routes.extend([
        Route { method: &Method::GET, path: "/api/v1/panic/read", capability, parse: panics },
        Route { method: &Method::GET, path: "/api/v1/panic/scan", capability, parse: panics_in_a_scan },
        Route { method: &Method::GET, path: "/api/v1/panic/parse", capability, parse: panics_while_parsing },
        Route { method: &Method::POST, path: "/api/v1/panic/write", capability, parse: panics_after_writing },
    ]);
    app.remount(&routes);
    let adam = app.personal_token(&world.admin, Scopes::FULL).await;
    let kept = app.filed(&world.project, "A").await;
    for round in 0..3 {
        for path in ["panic/read", "panic/scan", "panic/parse"] {
            let answer = adam.get(path).await;
            assert!(!answer.is(500).to_string().contains("secret"), "{round}: {answer:?}");
        }
        adam.post("panic/write", json!({"id": kept})).await.is(500);
        // Nothing of it is kept, and the next request is served as ever.
        assert_eq!(adam.get("tickets").await.pages(), (1, 1, 1));
        assert_eq!(adam.get(format!("tickets/{kept}")).await.header("etag"), Some(r#""1-0""#));
    }
    let problem = adam.get("panic/read").with("accept", "application/problem+json").await;
    assert_eq!((problem.status, problem.header("content-type")), (500, Some("application/problem+json")));
}

async fn errors_are_problems_for_who_asks(app: TestApp) {
    let world = app.world().await;
    let ci = app.project_token(&world.project, Scopes::REPORT_ONLY).await;
    let asked = async |accept: &str| ci.post("tickets", json!({"ticket": {}})).with("accept", accept).await;
    let problem = asked("application/problem+json").await;
    let body = problem.is(422);
    assert_eq!(problem.header("content-type"), Some("application/problem+json"));
    let details = json!(["can't be blank"]);
    let expected = json!({
        "type": "about:blank", "title": "Validation Failed", "status": 422,
        "detail": "The request could not be processed due to validation errors",
        "details": {"title": details, "given": details, "when": details, "then": details},
    });
    assert_eq!(body, expected);
    for (accept, is_problem) in [
        ("Application/Problem+JSON", true),
        ("application/json;q=0.4, application/problem+json;q=0.5", true),
        ("text/html, application/problem+json;q=0.1, */*", true),
        ("application/json, application/problem+json", false),
        ("application/json;q=0.9, application/problem+json;q=0.9", false),
        ("application/problem+json;q=0", false),
        ("application/*", false),
        ("*/*", false),
        ("", false),
    ] {
        let media_type = if is_problem { "application/problem+json" } else { "application/json" };
        assert_eq!(asked(accept).await.header("content-type"), Some(media_type), "{accept}");
    }
    // So does every other layer.
    for path in ["nothing", "tickets"] {
        let answer = app.anonymous().get(path).with("accept", "application/problem+json").await;
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    }
    let answer = app.anonymous().call(Method::PUT, "tickets").with("accept", "application/problem+json").await;
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
}

async fn a_stranger_learns_nothing(mut app: TestApp) {
    let world = app.world().await;
    app.restart(&Settings::unlimited());
    let (theirs, gone) = (app.filed(&world.project, "A").await, app.filed(&world.project, "B").await);
    let olga = app.personal_token(&world.owner, Scopes::FULL).await;
    let comment = olga.post(format!("tickets/{theirs}/comments"), json!({"comment": {"content": "x"}})).await.is(201);
    let comment = comment["id"].as_str().unwrap();
    olga.delete(format!("tickets/{gone}")).await.is(204);
    let deleted = app.project(&world.organization, "OLD").await;
    app.delete_project(&deleted).await;
    let stan = app.personal_token(&world.stranger, Scopes::FULL).await;
    let far = app.project_token(&world.other_project, Scopes::FULL).await;
    let (organization, project) = (world.organization.id.to_string(), world.project.id.to_string());
    for route in bugtome::api::routes::all().into_iter().filter(|route| route.path.contains('{')) {
        for who in [&stan, &far] {
            let mut seen = Vec::new();
            let real: &[&str] = if route.path.contains("/organizations/") {
                &[&organization]
            } else if route.path.contains("/projects/") {
                &[&project, &deleted.id.to_string()]
            } else {
                &[&theirs, &gone]
            };
            for id in real.iter().copied().chain([NOWHERE, "no-uuid"]) {
                let path = route.path.replace("{comment_id}", comment).replace("{id}", id).replace("{organization_id}", id);
                let call = who.call(route.method.clone(), path);
                let answer = if *route.method == Method::GET { call } else { call.json(&every_body(&world.project)) }.await;
                let expected = if route.path.contains("/tickets/{") { 404 } else { 403 };
                assert_eq!(answer.status, expected, "{answer:?}");
                seen.push(answer.seen());
            }
            assert!(seen.windows(2).all(|two| two[0] == two[1]), "{} {}", route.method, route.path);
        }
    }
    assert_eq!(olga.get(format!("tickets/{theirs}")).await.is(200)["title"], "A");
}

async fn a_filter_tells_a_stranger_nothing(mut app: TestApp) {
    let world = app.world().await;
    app.restart(&Settings::unlimited());
    app.filed(&world.project, "A").await;
    let stan = app.personal_token(&world.stranger, Scopes::FULL).await;
    for name in ["organization_id", "project_id"] {
        let real = if name == "project_id" { world.project.id.to_string() } else { world.organization.id.to_string() };
        let (real, none) = (stan.get(format!("tickets?{name}={real}")).await, stan.get(format!("tickets?{name}={NOWHERE}")).await);
        assert_eq!((real.status, real.seen()), (403, none.seen()));
        stan.get(format!("tickets?{name}=no-uuid")).await.is(400);
    }
    let path = format!("mcp/organizations/{}/tickets", world.elsewhere.id);
    stan.get(format!("{path}?project_id={}", world.project.id)).await.is(403);
    for id in [world.member.id.to_string(), NOWHERE.to_owned()] {
        let answer = stan.get(format!("tickets?assignee={id}")).await;
        assert_eq!((answer.is(200), answer.pages()), (json!([]), (0, 0, 1)));
    }
    // A code that only others have is found nowhere.
    assert_eq!(stan.get("tickets?code=WEB-1").await.is(200), json!([]));
    assert_eq!(stan.get("tickets?q=long").await.is(200), json!([]));
}
