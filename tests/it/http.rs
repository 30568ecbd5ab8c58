//! What belongs to HTTP itself: HEAD, CORS, request ids, health, addresses behind proxies, links that never trust `Host`.
//! Limits have a file of their own.

use axum::http::Method;
use bugtome::model::scopes::Scopes;
use bugtome::model::time::Span;
use serde_json::json;

use crate::harness::{BASE_URL, Settings, TestApp, both};

both! {
    head_is_get_without_a_body,
    a_preflight_needs_no_token_and_is_not_counted,
    every_answer_may_be_read_by_any_origin,
    a_request_id_is_never_taken_from_the_client,
    cookies_open_nothing,
    links_come_from_the_base_url,
    health_is_for_everybody,
    the_end_of_a_token_is_announced,
}

async fn head_is_get_without_a_body(app: TestApp) {
    let world = app.world().await;
    let t = app.filed(&world.project, "A").await;
    app.filed(&world.project, "B").await;
    let olga = app.personal_token(&world.owner, Scopes::FULL).await;
    let organization = world.organization.id;
    for path in [
        "tickets?per_page=1".to_owned(),
        format!("tickets/{t}"),
        format!("tickets/{t}/events"),
        format!("mcp/organizations/{organization}/members"),
        "tokens/current".to_owned(),
        "tickets?page=0".to_owned(),
        "tickets/no-uuid".to_owned(),
    ] {
        let (get, head) = (olga.get(&path).await, olga.head(&path).await);
        let (get, head) = (get.seen(), head.seen());
        assert_eq!((get.0, get.1), (head.0, head.1), "{path}");
        assert!(head.2.is_empty());
    }
    let answer = app.anonymous().head("tickets").await;
    assert_eq!(answer.status, 401);
}

async fn a_preflight_needs_no_token_and_is_not_counted(app: TestApp) {
    let somebody = app.anonymous();
    let preflight = |path: &str| {
        let call = somebody.call(Method::OPTIONS, path).with("origin", "https://somewhere.example");
        call.with("access-control-request-method", "PATCH").with("access-control-request-headers", "authorization")
    };
    for path in ["tickets", "tickets/no-uuid", "tokens/revoke", "nothing"] {
        let answer = preflight(path).await;
        answer.is(204);
        assert_eq!(answer.header("access-control-allow-methods"), Some("GET, HEAD, POST, PATCH, DELETE"));
        let headers = "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match";
        assert_eq!(answer.header("access-control-allow-headers"), Some(headers));
        assert!(!answer.is_limited());
    }
    assert_eq!(somebody.get("tickets").await.number("x-ratelimit-remaining"), 99);
}

async fn every_answer_may_be_read_by_any_origin(app: TestApp) {
    let answer = app.anonymous().get("tickets").with("origin", "https://somewhere.example").await;
    let exposed: Vec<_> = answer.header("access-control-expose-headers").unwrap().split(", ").collect();
    for name in [
        "X-Total-Count",
        "X-Total-Pages",
        "X-Current-Page",
        "X-RateLimit-Limit",
        "X-RateLimit-Remaining",
        "X-RateLimit-Reset",
        "RateLimit",
        "RateLimit-Policy",
        "Link",
        "ETag",
        "Retry-After",
        "WWW-Authenticate",
        "X-Total-Count-Exact",
        "X-Token-Expires-At",
        "X-Request-Id",
    ] {
        assert!(exposed.contains(&name), "{name}");
    }
    // Beyond the API nothing of it.
    assert_eq!(app.anonymous().get("/healthz").await.header("access-control-allow-origin"), None);
}

async fn a_request_id_is_never_taken_from_the_client(app: TestApp) {
    let answer = app.anonymous().get("tickets").with("x-request-id", "mine").await;
    let id = answer.header("x-request-id").unwrap();
    assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
}

async fn cookies_open_nothing(app: TestApp) {
    let world = app.world().await;
    let olga = app.personal_token(&world.owner, Scopes::FULL).await;
    for name in ["session", "token", "authorization"] {
        app.anonymous().get("tickets").with("cookie", format!("{name}={}", olga.token())).await.is(401);
    }
}

async fn links_come_from_the_base_url(app: TestApp) {
    let world = app.world().await;
    let t = app.filed(&world.project, "A").await;
    let olga = app.personal_token(&world.owner, Scopes::FULL).await;
    let answer = olga.get(format!("tickets/{t}")).with("host", "evil.example").with("x-forwarded-host", "evil.example").await;
    assert!(answer.is(200)["url"].as_str().unwrap().starts_with(&format!("{BASE_URL}/workspace/projects/")));
}

async fn health_is_for_everybody(app: TestApp) {
    for path in ["/healthz", "/readyz"] {
        for who in [app.anonymous(), app.bearer("junk")] {
            let answer = who.get(path).await;
            assert_eq!((answer.status, answer.is_limited()), (200, false));
        }
    }
    let answer = app.anonymous().call(Method::POST, "/healthy").json(&json!({})).await;
    assert_eq!(answer.status, 404);
}

async fn the_end_of_a_token_is_announced(mut app: TestApp) {
    let world = app.world().await;
    app.restart(&Settings::unlimited());
    let token = app.personal_token_for(&world.viewer, Scopes::FULL, Some(Span::days(20))).await;
    let forever = app.personal_token_for(&world.viewer, Scopes::FULL, None).await;
    app.pass(Span::seconds(6 * 86_400 - 1));
    assert_eq!(token.get("tickets").await.header("x-token-expires-at"), None);
    app.pass(Span::seconds(1));
    let end = Some("2026-03-21T12:00:00.000000Z");
    assert_eq!(token.get("tickets").await.header("x-token-expires-at"), end);
    // On every answer, refusals too.
    assert_eq!(token.get("tickets/no-uuid").await.header("x-token-expires-at"), end);
    assert_eq!(token.post("tickets", json!({})).await.header("x-token-expires-at"), end);
    assert_eq!(forever.get("tickets").await.header("x-token-expires-at"), None);
    app.pass(Span::days(14));
    assert_eq!(token.get("tickets").await.header("x-token-expires-at"), None);
}
