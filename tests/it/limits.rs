//! Rate limits: fixed windows of an hour, by token or by address, and who the address is behind proxies.
//! That the headers agree with each other is checked by the harness on every answer.

use axum::http::Method;
use bugtome::model::scopes::Scopes;
use bugtome::model::time::Span;
use serde_json::json;

use crate::harness::{Settings, TestApp, both};

both! {
    a_token_has_a_thousand_requests_an_hour,
    without_a_token_there_are_a_hundred,
    beyond_the_limit_is_said_when_to_come_back,
    a_valid_token_is_never_refused_for_its_address,
    what_is_no_token_counts_on_its_address,
    routes_that_do_not_exist_count_and_stay_what_they_are,
    a_network_of_ipv6_counts_together,
    only_a_trusted_proxy_is_believed,
    zero_is_no_limit_and_no_headers,
    each_request_counts_once,
    finders_have_a_limit_of_their_own,
    the_description_counts_on_the_address_whoever_asks,
}

// Finding 4: it was the one large answer that anybody could have without end.
async fn the_description_counts_on_the_address_whoever_asks(mut app: TestApp) {
    let world = app.world().await;
    app.restart(&few(1_000, 3));
    let vera = app.personal_token(&world.viewer, Scopes::FULL).await;
    let first = app.anonymous().get("openapi.json").await;
    first.is(200);
    assert_eq!((first.number("x-ratelimit-limit"), first.number("x-ratelimit-remaining")), (3, 2));
    assert_eq!(vera.get("openapi.json").await.number("x-ratelimit-remaining"), 1);
    let known = first.header("etag").unwrap();
    assert_eq!(app.anonymous().get("openapi.json").with("if-none-match", known).await.status, 304);
    app.anonymous().get("openapi.json").await.is(429);
    vera.get("openapi.json").await.is(429);
    assert_eq!(vera.get("tickets").await.number("x-ratelimit-remaining"), 999, "the token has lost nothing by it");
    app.anonymous().at("192.0.2.2").get("openapi.json").await.is(200);
}

fn few(authenticated: u32, anonymous: u32) -> Settings {
    Settings { authenticated, anonymous, proxies: "" }
}

async fn a_token_has_a_thousand_requests_an_hour(app: TestApp) {
    let world = app.world().await;
    let vera = app.personal_token(&world.viewer, Scopes::FULL).await;
    let first = vera.get("tickets").await;
    assert_eq!((first.number("x-ratelimit-limit"), first.number("x-ratelimit-remaining")), (1_000, 999));
    assert_eq!(first.number("x-ratelimit-reset"), app.now().seconds() + 3_600);
    assert_eq!(first.header("ratelimit-policy"), Some(r#""default";q=1000;w=3600"#));
    assert_eq!(first.header("ratelimit"), Some(r#""default";r=999;t=3600"#));
    app.pass(Span::seconds(1));
    let second = vera.get("tickets").await;
    assert_eq!(second.header("ratelimit"), Some(r#""default";r=998;t=3599"#));
    assert_eq!(second.header("x-ratelimit-reset"), first.header("x-ratelimit-reset"));
    // Another token of the same user has a window of its own.
    let another = app.personal_token(&world.viewer, Scopes::FULL).await;
    assert_eq!(another.get("tickets").await.number("x-ratelimit-remaining"), 999);
}

async fn without_a_token_there_are_a_hundred(app: TestApp) {
    for left in (0..100).rev() {
        let answer = app.anonymous().get("tickets").await;
        answer.is(401);
        assert_eq!((answer.number("x-ratelimit-limit"), answer.number("x-ratelimit-remaining")), (100, left));
    }
    let refused = app.anonymous().get("tickets").await;
    assert_eq!(refused.is(429)["details"], json!({"retry_after": 3600}));
    assert_eq!(app.anonymous().at("192.0.2.2").get("tickets").await.status, 401);
}

async fn beyond_the_limit_is_said_when_to_come_back(mut app: TestApp) {
    let world = app.world().await;
    app.restart(&few(2, 1));
    let vera = app.personal_token(&world.viewer, Scopes::FULL).await;
    vera.get("tickets").await.is(200);
    app.pass(Span::seconds(600));
    vera.post("tickets", json!({})).await.is(400);
    app.pass(Span::from_micros(1));
    let refused = vera.get("tickets").await;
    assert_eq!(refused.is(429)["details"], json!({"retry_after": 3000}));
    assert_eq!((refused.header("retry-after"), refused.number("x-ratelimit-remaining")), (Some("3000"), 0));
    for method in [Method::POST, Method::PATCH, Method::DELETE, Method::HEAD] {
        let path = if method == Method::POST {
            "tickets"
        } else if method == Method::HEAD {
            "mcp/organizations"
        } else {
            "tickets/no-uuid"
        };
        assert_eq!(vera.call(method, path).await.status, 429);
    }
    app.pass(Span::seconds(3_000));
    vera.get("tickets").await.is(200);
}

async fn a_valid_token_is_never_refused_for_its_address(mut app: TestApp) {
    let world = app.world().await;
    app.restart(&few(5, 1));
    let vera = app.personal_token(&world.viewer, Scopes::FULL).await;
    app.anonymous().get("tickets").await.is(401);
    app.anonymous().get("tickets").await.is(429);
    vera.get("tickets").await.is(200);
    vera.get("tickets/no-uuid").await.is(404);
    // Nor does it eat into what its address may do.
    let at = app.anonymous().at("192.0.2.9");
    vera.at("192.0.2.9").get("tickets").await.is(200);
    at.get("tickets").await.is(401);
}

async fn what_is_no_token_counts_on_its_address(mut app: TestApp) {
    let world = app.world().await;
    app.restart(&few(1_000, 3));
    let revoked = app.personal_token(&world.viewer, Scopes::FULL).await;
    revoked.delete("tokens/current").await.is(204);
    for who in [app.bearer("junk"), app.bearer("pk_bt10123456789ABCDEFGHIJKLMNOPQRSTUV1j1k79"), revoked.clone()] {
        who.get("tickets").await.is(401);
    }
    for who in [app.bearer("junk"), app.bearer("pk_bt10123456789ABCDEFGHIJKLMNOPQRSTUV1j1k79"), revoked, app.anonymous()] {
        who.get("tickets").await.is(429);
        who.post("tickets", json!({})).await.is(429);
    }
}

async fn routes_that_do_not_exist_count_and_stay_what_they_are(mut app: TestApp) {
    app.restart(&few(1_000, 2));
    let somebody = app.anonymous();
    assert_eq!(somebody.get("nothing").await.number("x-ratelimit-remaining"), 1);
    let wrong = somebody.call(Method::PUT, "tickets").await;
    assert_eq!((wrong.status, wrong.number("x-ratelimit-remaining")), (405, 0));
    somebody.get("nothing").await.is(404);
    somebody.call(Method::PUT, "tickets").await.is(405);
    somebody.get("tickets").await.is(429);
    // Beyond the API nothing is counted.
    assert!(!somebody.get("/nothing").await.is_limited());
}

async fn a_network_of_ipv6_counts_together(mut app: TestApp) {
    app.restart(&few(1_000, 1));
    let ask = async |peer: &str| app.anonymous().at(peer).get("tickets").await.status;
    assert_eq!(ask("2001:db8:0:1::1").await, 401);
    assert_eq!(ask("2001:db8:0:1:ffff::2").await, 429);
    assert_eq!(ask("2001:db8:0:2::1").await, 401);
    assert_eq!(ask("198.51.100.1").await, 401);
    assert_eq!(ask("198.51.100.2").await, 401);
    assert_eq!(ask("::ffff:198.51.100.1").await, 429);
}

async fn only_a_trusted_proxy_is_believed(mut app: TestApp) {
    app.restart(&Settings { authenticated: 1_000, anonymous: 1, proxies: "10.0.0.0/8, 2001:db8::/32" });
    let ask = async |peer: &str, forwarded: &str| app.anonymous().at(peer).get("tickets").with("x-forwarded-for", forwarded).await.status;
    // A peer that is no proxy says what it likes.
    assert_eq!(ask("203.0.113.1", "198.51.100.1").await, 401);
    assert_eq!(ask("203.0.113.1", "198.51.100.2").await, 429);
    // Behind a proxy the right-most entry counts that is none.
    assert_eq!(ask("10.0.0.1", "198.51.100.3").await, 401);
    assert_eq!(ask("10.0.0.2", "203.0.113.77, 198.51.100.3").await, 429);
    assert_eq!(ask("10.0.0.1", "198.51.100.3, 10.9.9.9").await, 429);
    assert_eq!(ask("10.0.0.1", "198.51.100.4:1234").await, 401);
    assert_eq!(ask("2001:db8::7", "[198:51::100]:443, 10.1.1.1").await, 401);
    assert_eq!(ask("2001:db8::7", "198:51::200").await, 429);
    // Several headers are one list.
    let two = app.anonymous().at("10.0.0.1").get("tickets").with("x-forwarded-for", "203.0.113.5").with("x-forwarded-for", "198.51.100.4");
    assert_eq!(two.await.status, 429);
    // What a client puts before its proxy's entry hides nothing, whatever bytes it is.
    assert_eq!(ask("10.0.0.1", "\u{e9}\u{ff}, 198.51.100.4").await, 429);
    assert_eq!(ask("10.0.0.1", "nonsense, 198.51.100.4").await, 429);
    // Where nothing can be read the nearest is the proxy itself.
    assert_eq!(ask("10.0.0.9", "nonsense").await, 401);
    assert_eq!(app.anonymous().at("10.0.0.9").get("tickets").await.status, 429);
}

async fn zero_is_no_limit_and_no_headers(mut app: TestApp) {
    let world = app.world().await;
    app.restart(&Settings::unlimited());
    let vera = app.personal_token(&world.viewer, Scopes::FULL).await;
    for answer in [vera.get("tickets").await, app.anonymous().get("tickets").await, app.anonymous().get("nothing").await] {
        assert!(!answer.is_limited(), "{answer:?}");
    }
    for _ in 0..101 {
        let answer = app.anonymous().post("tokens/revoke", json!({"tokens": []})).await;
        assert!(answer.status == 200 && !answer.is_limited());
    }
    app.restart(&few(0, 1));
    assert!(!vera.get("tickets").await.is_limited());
    assert!(app.anonymous().get("tickets").await.is_limited());
}

async fn each_request_counts_once(app: TestApp) {
    let world = app.world().await;
    let t = app.filed(&world.project, "A").await;
    let adam = app.personal_token(&world.admin, Scopes::FULL).await;
    let calls = [
        adam.get("tickets"),
        adam.get("tickets?q=a&status=open"),
        adam.head("tickets"),
        adam.post("tickets", crate::harness::ticket(&world.project, &json!({}))).key("k"),
        adam.post("tickets", crate::harness::ticket(&world.project, &json!({}))).key("k"),
        adam.patch(format!("tickets/{t}"), json!({"ticket": {"title": ""}})),
        adam.call(Method::POST, "tickets").raw("text/plain", "x"),
        adam.delete(format!("tickets/{t}")),
        adam.get(format!("tickets/{t}")),
        adam.get("tickets?colour=red"),
    ];
    for (index, call) in calls.into_iter().enumerate() {
        let answer = call.await;
        assert_eq!(answer.number("x-ratelimit-remaining"), 999 - i64::try_from(index).unwrap(), "{answer:?}");
    }
}

async fn finders_have_a_limit_of_their_own(mut app: TestApp) {
    let world = app.world().await;
    app.restart(&few(1_000, 2));
    let vera = app.personal_token(&world.viewer, Scopes::FULL).await;
    let finder = app.anonymous();
    for left in (0..100).rev() {
        // A token that comes along changes nothing.
        let who = if left % 2 == 0 { &vera } else { &finder };
        let answer = who.post("tokens/revoke", json!({"tokens": []})).await;
        assert_eq!(answer.is(200), json!({}));
        assert_eq!((answer.number("x-ratelimit-limit"), answer.number("x-ratelimit-remaining")), (100, left));
    }
    finder.post("tokens/revoke", json!({"tokens": []})).await.is(429);
    // It does not eat into the anonymous one, nor into the token's.
    assert_eq!(finder.get("tickets").await.number("x-ratelimit-remaining"), 1);
    assert_eq!(vera.get("tickets").await.number("x-ratelimit-remaining"), 999);
}
