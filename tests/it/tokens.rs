//! A token over REST: seen, rotated with a safe retry, revoked by itself and by whoever found it.
//! How quickly a right ends is told in `rights`.

use bugtome::domain::tokens;
use bugtome::model::id::Id;
use bugtome::model::scopes::{Scope, Scopes};
use bugtome::model::time::Span;
use bugtome::model::tokens::{PlainToken, Token};
use serde_json::{Value, json};

use crate::harness::{Answer, Client, Settings, TestApp, both, ticket};

both! {
    a_token_sees_itself,
    the_last_use_is_seen_refusals_too,
    a_rotated_token_is_replaced_at_once,
    a_clock_that_is_set_back_revives_no_rotated_token,
    an_overlap_lets_both_pass,
    a_successor_keeps_what_it_was,
    a_retry_with_the_same_key_gets_the_same_successor,
    the_door_opens_for_nothing_else,
    a_used_successor_shuts_the_door,
    any_first_request_of_the_successor_shuts_the_door,
    a_revocation_shuts_the_door,
    ten_minutes_shut_the_door,
    in_its_overlap_a_repeated_rotation_is_a_conflict,
    a_rotation_sent_twice_at_once_is_answered_twice_alike,
    an_overlap_has_its_range_and_a_retry_may_not_change_it,
    a_report_only_token_does_not_rotate_itself,
    a_chain_ends_after_a_year,
    a_chain_shares_its_rate_limit,
    nothing_at_rest_reveals_a_successor,
    a_token_revokes_itself,
    whoever_finds_a_token_kills_it,
    a_found_token_takes_its_successors_along,
    a_rotation_and_a_revocation_at_once_leave_no_successor,
}

async fn rotate(who: &Client, key: Option<&str>, overlap: i64) -> Answer {
    let call = who.post("tokens/current/rotate", json!({"overlap_seconds": overlap}));
    if let Some(key) = key { call.key(key).await } else { call.await }
}

fn successor(app: &TestApp, answer: &Answer) -> Client {
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    app.bearer(answer.is(201)["token"].as_str().unwrap())
}

async fn id_of(client: &Client) -> Id<Token> {
    client.get("tokens/current").await.is(200)["id"].as_str().unwrap().parse().unwrap()
}

/// Finding 6: an overlap of 0 is a state, not a time.
async fn a_clock_that_is_set_back_revives_no_rotated_token(mut app: TestApp) {
    app.restart(&Settings::unlimited());
    let world = app.world().await;
    let mia = app.personal_token(&world.member, Scopes::FULL).await;
    let next = successor(&app, &rotate(&mia, None, 0).await);
    app.pass(Span::seconds(-20));
    mia.get("tickets").await.is(401);
    rotate(&mia, None, 0).await.is(401);
    next.get("tickets").await.is(200);
    // In settings it is no living one either.
    let user = world.member.id;
    let listed = app.command(tokens::all).await;
    let old = listed.iter().find(|row| row.user_id == Some(user) && row.rotated_at.is_some()).unwrap();
    assert!(!bugtome::domain::token_settings::State::of(old, app.now()).works());
    // With an overlap it goes by the clock.
    let after = successor(&app, &rotate(&next, None, 60).await);
    next.get("tickets").await.is(200);
    app.pass(Span::seconds(60));
    next.get("tickets").await.is(401);
    after.get("tickets").await.is(200);
}

async fn a_token_sees_itself(app: TestApp) {
    let world = app.world().await;
    let nothing = Scopes::of(&[Scope::WebhooksManage]);
    let mia = app.personal_token(&world.member, nothing).await;
    let (project, expires) = (world.project.id, json!("2026-05-30T12:00:00.000000Z"));
    let last_four = |who: &Client| who.token()[who.token().len() - 4..].to_owned();
    let expected = json!({
        "id": mia.id, "kind": "personal", "name": "script", "last_four": last_four(&mia), "scopes": ["webhooks:manage"], "project": null,
        "user": {"id": world.member.id, "name": "Mia Member", "email": "mia.member@example.com"},
        "created_at": "2026-03-01T12:00:00.000000Z", "expires_at": expires, "last_used_at": null,
    });
    assert_eq!(mia.get("tokens/current").await.is(200), expected);
    let ci = app.project_token_for(&world.project, Scopes::REPORT_ONLY, None).await;
    let expected = json!({
        "id": ci.id, "kind": "project", "name": "ci", "last_four": last_four(&ci), "scopes": ["tickets:create"],
        "project": {"id": project, "name": "Project WEB", "code": "WEB"}, "user": null,
        "created_at": "2026-03-01T12:00:00.000000Z", "expires_at": null, "last_used_at": null,
    });
    assert_eq!(ci.get("tokens/current").await.is(200), expected);
    let full = app.personal_token(&world.member, Scopes::FULL).await;
    let scopes = json!([
        "tickets:read",
        "tickets:create",
        "tickets:write",
        "comments:write",
        "projects:read",
        "projects:write",
        "members:read",
        "webhooks:manage"
    ]);
    assert_eq!(full.get("tokens/current").await.is(200)["scopes"], scopes);
}

async fn the_last_use_is_seen_refusals_too(app: TestApp) {
    let world = app.world().await;
    let mia = app.personal_token(&world.member, Scopes::FULL).await;
    let last = async || {
        app.flush_uses().await;
        let row = app
            .command({
                let id = mia.id.unwrap();
                move |ctx| Ok(bugtome::store::tokens::by_id(ctx.db, id)?.unwrap())
            })
            .await;
        (row.last_used_at.map(|at| at.to_string()), row.last_used_from)
    };
    assert_eq!(last().await, (None, None));
    mia.at("198.51.100.7").get("tickets").await.is(200);
    assert_eq!(last().await, (Some("2026-03-01T12:00:00.000000Z".to_owned()), Some("198.51.100.7".to_owned())));
    app.pass(Span::seconds(1));
    mia.at("198.51.100.8").get(format!("projects/{}", world.other_project.id)).await.is(403);
    assert_eq!(last().await, (Some("2026-03-01T12:00:01.000000Z".to_owned()), Some("198.51.100.8".to_owned())));
    assert_eq!(mia.get("tokens/current").await.is(200)["last_used_at"], "2026-03-01T12:00:01.000000Z");
}

async fn a_rotated_token_is_replaced_at_once(app: TestApp) {
    let world = app.world().await;
    for old in [app.personal_token(&world.member, Scopes::FULL).await, app.project_token(&world.project, Scopes::FULL).await] {
        let answer = old.call(axum::http::Method::POST, "tokens/current/rotate").await;
        let new = successor(&app, &answer);
        let shown = answer.is(201);
        let plain = PlainToken::parse(shown["token"].as_str().unwrap()).unwrap();
        assert_eq!(shown["last_four"], plain.last_four());
        old.get("tickets").await.is(401);
        let mut current = new.get("tokens/current").await.is(200);
        current["token"] = shown["token"].clone();
        assert_eq!(current, shown);
        assert_ne!(shown["id"], json!(old.id));
        // Rotated twice: without a key there is no retry.
        rotate(&old, None, 0).await.is(401);
    }
}

async fn an_overlap_lets_both_pass(app: TestApp) {
    let world = app.world().await;
    let old = app.personal_token(&world.member, Scopes::FULL).await;
    let new = successor(&app, &rotate(&old, None, 60).await);
    app.pass(Span::from_micros(59_999_999));
    old.get("tickets").await.is(200);
    new.get("tickets").await.is(200);
    rotate(&old, None, 0).await.is(409);
    app.pass(Span::from_micros(1));
    old.get("tickets").await.is(401);
    new.get("tickets").await.is(200);
}

async fn a_successor_keeps_what_it_was(app: TestApp) {
    let world = app.world().await;
    let some = Scopes::of(&[Scope::TicketsRead, Scope::CommentsWrite]);
    let old = app.project_token_for(&world.project, some, Some(Span::days(10))).await;
    app.pass(Span::days(4));
    let shown = rotate(&old, None, 0).await.is(201);
    assert_eq!((&shown["name"], &shown["scopes"]), (&json!("ci"), &json!(["tickets:read", "comments:write"])));
    assert_eq!(
        (&shown["created_at"], &shown["expires_at"]),
        (&json!("2026-03-05T12:00:00.000000Z"), &json!("2026-03-15T12:00:00.000000Z"))
    );
    let endless = app.personal_token_for(&world.member, Scopes::FULL, None).await;
    assert_eq!(rotate(&endless, None, 0).await.is(201)["expires_at"], Value::Null);
}

async fn a_retry_with_the_same_key_gets_the_same_successor(app: TestApp) {
    let world = app.world().await;
    for old in [app.personal_token(&world.member, Scopes::FULL).await, app.project_token(&world.project, Scopes::FULL).await] {
        let first = rotate(&old, Some("k"), 0).await;
        app.pass(Span::seconds(599));
        for _ in 0..2 {
            let again = rotate(&old, Some("k"), 0).await;
            assert_eq!((again.is(201), again.header("cache-control")), (first.is(201), Some("no-store")));
        }
        successor(&app, &first).get("tickets").await.is(200);
    }
    // The same within an overlap.
    let old = app.personal_token(&world.member, Scopes::FULL).await;
    let first = rotate(&old, Some("k"), 60).await.is(201);
    assert_eq!(rotate(&old, Some("k"), 60).await.is(201), first);
    app.pass(Span::seconds(61));
    assert_eq!(rotate(&old, Some("k"), 60).await.is(201), first);
}

async fn the_door_opens_for_nothing_else(app: TestApp) {
    let world = app.world().await;
    let old = app.personal_token(&world.member, Scopes::FULL).await;
    rotate(&old, Some("k"), 0).await.is(201);
    rotate(&old, Some("other"), 0).await.is(401);
    rotate(&old, None, 0).await.is(401);
    old.get("tickets").with("idempotency-key", "k").await.is(401);
    old.get("tokens/current").with("idempotency-key", "k").await.is(401);
    old.delete("tokens/current").with("idempotency-key", "k").await.is(401);
    old.post("tickets", ticket(&world.project, &json!({}))).key("k").await.is(401);
    rotate(&old, Some("k"), 0).await.is(201);
}

async fn a_used_successor_shuts_the_door(app: TestApp) {
    let world = app.world().await;
    let old = app.personal_token(&world.member, Scopes::FULL).await;
    let new = successor(&app, &rotate(&old, Some("k"), 0).await);
    new.get("tickets").await.is(200);
    rotate(&old, Some("k"), 0).await.is(401);
    // Rotated on, it is used too.
    let old = app.personal_token(&world.member, Scopes::FULL).await;
    let new = successor(&app, &rotate(&old, Some("k"), 0).await);
    let third = rotate(&new, Some("k"), 0).await;
    rotate(&old, Some("k"), 0).await.is(401);
    assert_eq!(rotate(&new, Some("k"), 0).await.is(201), third.is(201));
}

async fn any_first_request_of_the_successor_shuts_the_door(app: TestApp) {
    let world = app.world().await;
    let scopes = Scopes::of(&[Scope::TicketsRead]);
    let requests: [fn(&Client) -> crate::harness::Call; 6] = [
        |new| new.get("tickets/no-uuid"),
        |new| new.get("mcp/organizations"),
        |new| new.post("tickets", json!({})),
        |new| new.head("tickets"),
        |new| new.get("tickets?colour=red"),
        |new| new.delete("tickets/no-uuid"),
    ];
    for (index, request) in requests.into_iter().enumerate() {
        let old = app.personal_token(&world.member, scopes).await;
        let new = successor(&app, &rotate(&old, Some("k"), 0).await);
        request(&new).await;
        assert_eq!(rotate(&old, Some("k"), 0).await.status, 401, "{index}");
    }
}

async fn a_revocation_shuts_the_door(app: TestApp) {
    let world = app.world().await;
    for which in ["old", "new"] {
        for overlap in [0, 60] {
            let old = app.personal_token(&world.member, Scopes::FULL).await;
            let answer = rotate(&old, Some("k"), overlap).await;
            let found = if which == "old" { json!(old.token()) } else { answer.is(201)["token"].clone() };
            app.anonymous().post("tokens/revoke", json!({"token": found})).await.is(200);
            // Revoked is unknown; in its overlap, with a revoked successor, the old one still passes and has been rotated.
            let expected = if which == "new" && overlap > 0 { 409 } else { 401 };
            assert_eq!(rotate(&old, Some("k"), overlap).await.status, expected, "{which} {overlap}");
            // Found while it worked, it takes along what it was rotated into; found after it had stopped, it does not.
            successor(&app, &answer).get("tickets").await.is(if which == "new" || overlap > 0 { 401 } else { 200 });
        }
    }
}

async fn ten_minutes_shut_the_door(app: TestApp) {
    let world = app.world().await;
    let (one, other) = (app.personal_token(&world.member, Scopes::FULL).await, app.personal_token(&world.member, Scopes::FULL).await);
    rotate(&one, Some("k"), 0).await.is(201);
    rotate(&other, Some("k"), 3_600).await.is(201);
    app.pass(Span::from_micros(599_999_999));
    rotate(&one, Some("k"), 0).await.is(201);
    rotate(&other, Some("k"), 3_600).await.is(201);
    app.pass(Span::from_micros(1));
    rotate(&one, Some("k"), 0).await.is(401);
    rotate(&other, Some("k"), 3_600).await.is(409);
}

async fn a_rotation_sent_twice_at_once_is_answered_twice_alike(app: TestApp) {
    let world = app.world().await;
    for overlap in [0, 60] {
        for _ in 0..5 {
            let old = app.personal_token(&world.member, Scopes::FULL).await;
            let (first, second) = tokio::join!(rotate(&old, Some("k"), overlap), rotate(&old, Some("k"), overlap));
            assert_eq!(first.is(201), second.is(201));
        }
    }
}

async fn in_its_overlap_a_repeated_rotation_is_a_conflict(app: TestApp) {
    let world = app.world().await;
    let old = app.personal_token(&world.member, Scopes::FULL).await;
    let new = successor(&app, &rotate(&old, Some("k"), 60).await);
    rotate(&old, None, 60).await.is(409);
    rotate(&old, Some("other"), 60).await.is(409);
    new.get("tickets").await.is(200);
    rotate(&old, Some("k"), 60).await.is(409);
    old.get("tickets").await.is(200);
}

async fn an_overlap_has_its_range_and_a_retry_may_not_change_it(app: TestApp) {
    let world = app.world().await;
    let old = app.personal_token(&world.member, Scopes::FULL).await;
    for wrong in [-1, 86_401, i64::MAX, i64::MIN] {
        assert_eq!(rotate(&old, Some("k"), wrong).await.details(), json!({"overlap_seconds": ["is not included in the list"]}));
    }
    for wrong in [json!("60"), json!(1.5), json!(null), json!([1]), json!(1e30)] {
        old.post("tokens/current/rotate", json!({"overlap_seconds": wrong})).await.is(400);
    }
    rotate(&old, Some("k"), 0).await.is(201);
    assert_eq!(rotate(&old, Some("k"), 60).await.details(), json!({"idempotency_key": ["has already been taken"]}));
    old.get("tickets").await.is(401);
    rotate(&old, Some("k"), 0).await.is(201);
    let day = app.personal_token(&world.member, Scopes::FULL).await;
    rotate(&day, None, 86_400).await.is(201);
}

async fn a_report_only_token_does_not_rotate_itself(app: TestApp) {
    let world = app.world().await;
    let challenge = Some(r#"Bearer realm="bugtome", error="insufficient_scope""#);
    for who in [app.project_token(&world.project, Scopes::REPORT_ONLY).await, app.personal_token(&world.member, Scopes::REPORT_ONLY).await]
    {
        for call in [who.post("tokens/current/rotate", json!({})), who.post("tokens/current/rotate", json!({})).raw("text/plain", "x")] {
            let refused = call.await;
            assert_eq!((refused.status, refused.header("www-authenticate")), (403, challenge));
        }
        // But it may revoke itself.
        who.delete("tokens/current").await.is(204);
        who.get("tokens/current").await.is(401);
    }
    let more = app.project_token(&world.project, Scopes::of(&[Scope::TicketsCreate, Scope::TicketsRead])).await;
    rotate(&more, None, 0).await.is(201);
}

async fn a_chain_ends_after_a_year(app: TestApp) {
    let world = app.world().await;
    let mut who = app.personal_token_for(&world.member, Scopes::FULL, Some(Span::days(90))).await;
    let mut ends = Vec::new();
    for _ in 0..5 {
        app.pass(Span::days(80));
        let answer = rotate(&who, None, 0).await;
        if answer.status != 201 {
            break;
        }
        ends.push(answer.is(201)["expires_at"].as_str().unwrap()[..10].to_owned());
        who = successor(&app, &answer);
    }
    // 2026-03-01 and 365 days is 2027-03-01.
    assert_eq!(ends, ["2026-08-18", "2026-11-06", "2027-01-25", "2027-03-01"]);
    // One that was made for longer ends when it would have ended.
    let long = app.personal_token_for(&world.member, Scopes::FULL, Some(Span::days(700))).await;
    let own_end = long.get("tokens/current").await.is(200)["expires_at"].clone();
    app.pass(Span::days(400));
    assert_eq!(rotate(&long, None, 0).await.is(201)["expires_at"], own_end);
}

async fn a_chain_shares_its_rate_limit(app: TestApp) {
    let world = app.world().await;
    let old = app.personal_token(&world.member, Scopes::FULL).await;
    assert_eq!(old.get("tickets").await.number("x-ratelimit-remaining"), 999);
    let answer = rotate(&old, Some("k"), 60).await;
    assert_eq!(answer.number("x-ratelimit-remaining"), 998);
    let new = successor(&app, &answer);
    assert_eq!(new.get("tickets").await.number("x-ratelimit-remaining"), 997);
    assert_eq!(old.get("tickets").await.number("x-ratelimit-remaining"), 996);
    let third = successor(&app, &rotate(&new, None, 0).await);
    assert_eq!(third.get("tickets").await.number("x-ratelimit-remaining"), 994);
}

async fn nothing_at_rest_reveals_a_successor(app: TestApp) {
    let world = app.world().await;
    let old = app.personal_token(&world.member, Scopes::FULL).await;
    let shown = rotate(&old, Some("my-key"), 0).await.is(201);
    let token = shown["token"].as_str().unwrap().to_owned();
    let plain = PlainToken::parse(old.token()).unwrap();
    let (id, digest) = (old.id.unwrap(), plain.hashed());
    let row = app.command(move |ctx| Ok(bugtome::store::tokens::by_id(ctx.db, id)?.unwrap())).await;
    let judged = app.command(move |ctx| Ok(bugtome::store::tokens::judged(ctx.db, &digest, None, None)?.unwrap())).await;
    // Only who has the old token, the salt and the key can make it.
    let salt: [u8; 16] = row.retry_salt.clone().unwrap().try_into().unwrap();
    assert_eq!(plain.successor(&salt, b"my-key").expose(), token);
    let kept = judged.retry_key_digest.unwrap();
    assert_eq!(kept[..], <sha2::Sha256 as sha2::Digest>::digest("my-key")[..]);
    assert!(!format!("{row:?} {judged:?}").contains(&token[8..40]));
    // Two rotations with one key have nothing in common.
    let other = app.personal_token(&world.member, Scopes::FULL).await;
    assert_ne!(rotate(&other, Some("my-key"), 0).await.is(201)["token"], shown["token"]);
}

async fn a_token_revokes_itself(app: TestApp) {
    let world = app.world().await;
    let (one, other) = (app.personal_token(&world.member, Scopes::FULL).await, app.personal_token(&world.member, Scopes::FULL).await);
    assert_eq!(one.delete("tokens/current").await.is(204), Value::Null);
    one.get("tickets").await.is(401);
    one.delete("tokens/current").await.is(401);
    other.get("tickets").await.is(200);
    // That token only: its successor lives on.
    let answer = rotate(&other, None, 60).await;
    other.delete("tokens/current").await.is(204);
    successor(&app, &answer).get("tickets").await.is(200);
}

/// Finding 7: whoever had a token while it worked may have rotated it.
async fn a_found_token_takes_its_successors_along(app: TestApp) {
    let world = app.world().await;
    let first = app.personal_token(&world.member, Scopes::FULL).await;
    let second = successor(&app, &rotate(&first, None, 3_600).await);
    let third = successor(&app, &rotate(&second, None, 0).await);
    let other = app.personal_token(&world.member, Scopes::FULL).await;
    app.anonymous().post("tokens/revoke", json!({"token": first.token()})).await.is(200);
    for dead in [&first, &second, &third] {
        dead.get("tickets").await.is(401);
    }
    other.get("tickets").await.is(200);
    // One that had stopped, by an end of its overlap or of its life, takes none along; its rotation is told to nobody again.
    let old = app.personal_token(&world.member, Scopes::FULL).await;
    let answer = rotate(&old, Some("k"), 0).await;
    app.anonymous().post("tokens/revoke", json!({"token": old.token()})).await.is(200);
    rotate(&old, Some("k"), 0).await.is(401);
    successor(&app, &answer).get("tickets").await.is(200);
    // The holder ends their own alone; so does a command that says so, and else it says how many it took along.
    let old = app.personal_token(&world.member, Scopes::FULL).await;
    let next = successor(&app, &rotate(&old, None, 60).await);
    old.delete("tokens/current").await.is(204);
    next.get("tickets").await.is(200);
    let last = successor(&app, &rotate(&next, None, 60).await);
    let id = id_of(&next).await;
    let (_, along) = app.command(move |ctx| tokens::revoke_by_command(ctx, Some(id), None, true)).await;
    assert_eq!(along, 0);
    last.get("tickets").await.is(200);
    let end = successor(&app, &rotate(&last, None, 60).await);
    let id = id_of(&last).await;
    let (_, along) = app.command(move |ctx| tokens::revoke_by_command(ctx, Some(id), None, false)).await;
    assert_eq!(along, 1);
    end.get("tickets").await.is(401);
}

/// Finding 7: a thief rotates the token at the very moment at which its finder revokes it.
async fn a_rotation_and_a_revocation_at_once_leave_no_successor(mut app: TestApp) {
    app.restart(&Settings::unlimited());
    let world = app.world().await;
    let mut rotated = 0;
    for round in 0..1_000 {
        let old = app.personal_token(&world.member, Scopes::FULL).await;
        let thief = old.clone();
        let thief = tokio::spawn(async move { rotate(&thief, None, 60).await });
        if round % 3 == 0 {
            tokio::task::yield_now().await;
        }
        app.anonymous().post("tokens/revoke", json!({"token": old.token()})).await.is(200);
        let answer = thief.await.unwrap();
        old.get("tickets").await.is(401);
        if answer.status == 201 {
            rotated += 1;
            successor(&app, &answer).get("tickets").await.is(401);
        } else {
            answer.is(401);
        }
    }
    assert!(rotated > 0, "no rotation came first: the rounds would not see a successor");
}

async fn whoever_finds_a_token_kills_it(app: TestApp) {
    let world = app.world().await;
    let finder = app.anonymous();
    let mut tokens = Vec::new();
    for _ in 0..3 {
        tokens.push(app.personal_token(&world.member, Scopes::FULL).await);
    }
    let ci = app.project_token(&world.project, Scopes::FULL).await;
    assert_eq!(finder.post("tokens/revoke", json!({"token": tokens[0].token()})).await.is(200), json!({}));
    tokens[0].get("tickets").await.is(401);
    tokens[1].get("tickets").await.is(200);
    let list = json!([tokens[1].token(), ci.token(), "junk", "pk_bt10123456789ABCDEFGHIJKLMNOPQRSTUV1j1k79", tokens[1].token(), ""]);
    assert_eq!(finder.post("tokens/revoke", json!({"tokens": list})).await.is(200), json!({}));
    tokens[1].get("tickets").await.is(401);
    ci.get("tickets").await.is(401);
    tokens[2].get("tickets").await.is(200);
    for unknown in [json!({"token": "x"}), json!({"token": tokens[0].token()}), json!({"tokens": []}), json!({"tokens": vec!["x"; 100]})] {
        assert_eq!(finder.post("tokens/revoke", unknown).await.is(200), json!({}));
    }
    assert_eq!(finder.post("tokens/revoke", json!({"tokens": vec!["x"; 101]})).await.details(), json!({"tokens": ["is invalid"]}));
    assert_eq!(finder.post("tokens/revoke", json!({})).await.details(), json!({"token": ["can't be blank"]}));
    for wrong in [json!({"token": 7}), json!({"tokens": [7]}), json!([]), json!({"tokens": {}})] {
        finder.post("tokens/revoke", wrong).await.is(400);
    }
    // A dead token may be used to kill a living one.
    let answer = tokens[0].post("tokens/revoke", json!({"token": tokens[2].token()})).await;
    assert_eq!(answer.is(200), json!({}));
    tokens[2].get("tickets").await.is(401);
}
