//! How tokens end on the page of one's own: revoked after being asked, alone or with their chain, rotated, and each end told in the list.
//! How they are made there is told in `token_pages`, what the API then says in `tokens` and `rights`.

use bugtome::domain::tokens;
use bugtome::model::scopes::{Scope, Scopes};
use bugtome::model::time::Span;
use bugtome::model::tokens::{PlainToken, RevokedHow};
use bugtome::store::tokens::Revocation;
use serde_json::json;

use crate::harness::{TestApp, both};
use crate::token_pages::{HERE, id, make, row, secret};

both! {
    a_token_is_revoked_after_being_asked_and_is_refused_at_once,
    a_reason_stays_in_the_list,
    the_box_tells_of_real_use,
    a_chain_is_revoked_as_a_whole,
    a_token_is_rotated_with_an_overlap,
    a_rotation_happens_once,
    every_end_is_told,
}

async fn a_token_is_revoked_after_being_asked_and_is_refused_at_once(app: TestApp) {
    let world = app.world().await;
    let browser = app.signed_in(&world.member).await;
    let token = secret(&make(&browser, HERE, "old laptop", "full").await);
    let list = browser.get(HERE).await;
    let path = format!("{HERE}/{}/revoke", id(&list, &token));
    let asked = browser.get(&path).await;
    asked.is(200);
    for part in ["data-modal", "Revoke it now", "autofocus>Keep it</a>", "No request has ever come with it", "old laptop"] {
        asked.has(part);
    }
    app.bearer(&token).get("tickets").await.is(200);
    let done = browser.post(&path, &[("reason", "")]).await;
    done.is(303);
    app.bearer(&token).get("tickets").await.is(401);
    let list = browser.follow(done).await;
    list.has("The token has been revoked");
    let row = row(&list, &token);
    assert!(row.contains("ended") && row.contains("Revoked") && row.contains("by you") && row.contains("1 Mar 2026, 12:00"), "{row}");
    // Asked again there is nothing to ask; sent again nothing changes.
    browser.get(&path).await.is(303);
    app.pass(Span::days(1));
    browser.post(&path, &[("reason", "twice")]).await.is(303);
    let list = browser.get(HERE).await;
    list.has("1 Mar 2026, 12:00");
    list.lacks("twice");
}

async fn a_reason_stays_in_the_list(app: TestApp) {
    let world = app.world().await;
    let browser = app.signed_in(&world.member).await;
    let token = secret(&make(&browser, HERE, "lost", "full").await);
    let path = format!("{HERE}/{}/revoke", id(&browser.get(HERE).await, &token));
    let long = "r".repeat(201);
    let refused = browser.post(&path, &[("reason", &long)]).await;
    refused.is(422);
    refused.has("is too long (maximum is 200 characters)");
    refused.has(&long);
    app.bearer(&token).get("tickets").await.is(200);
    browser.post(&path, &[("reason", "laptop <b>stolen</b>")]).await.is(303);
    let list = browser.get(HERE).await;
    assert!(row(&list, &token).contains("laptop &#60;b&#62;stolen&#60;/b&#62;"), "{}", row(&list, &token));
}

async fn the_box_tells_of_real_use(app: TestApp) {
    let world = app.world().await;
    let browser = app.signed_in(&world.member).await;
    let token = secret(&make(&browser, HERE, "nightly", "full").await);
    app.bearer(&token).at("198.51.100.7").get("tickets").await.is(200);
    app.flush_uses().await;
    app.pass(Span::seconds(240));
    let list = browser.get(HERE).await;
    let told = row(&list, &token);
    assert!(told.contains("4 minutes ago") && told.contains("from 198.51.100.7"), "{told}");
    let path = format!("{HERE}/{}/revoke", id(&list, &token));
    let asked = browser.get(&path).await;
    for part in ["It is in use.", "4 minutes ago", "from 198.51.100.7", "will get 401"] {
        asked.has(part);
    }
    app.pass(Span::days(8));
    let asked = browser.get(&path).await;
    asked.lacks("It is in use.");
    asked.has("It was last used");
}

async fn a_chain_is_revoked_as_a_whole(app: TestApp) {
    let world = app.world().await;
    let browser = app.signed_in(&world.member).await;
    let first = app.personal_token(&world.member, Scopes::FULL).await;
    // Whoever found the first one rotates it: its owner sees where that led, and ends all of it.
    let rotated = first.post("tokens/current/rotate", json!({})).await.is(201);
    let second = app.bearer(rotated["token"].as_str().unwrap());
    let rotated = second.post("tokens/current/rotate", json!({"overlap_seconds": 3_600})).await.is(201);
    let third = app.bearer(rotated["token"].as_str().unwrap());
    let list = browser.get(HERE).await;
    let (first_row, second_row) = (row(&list, first.token()), row(&list, second.token()));
    assert!(first_row.contains("Rotated") && first_row.contains("followed by") && first_row.contains("Revoke its chain"), "{first_row}");
    assert!(second_row.contains("stops") && !second_row.contains("/rotate\""), "{second_row}");
    let path = format!("{HERE}/{}/revoke", id(&list, first.token()));
    let asked = browser.get(&path).await;
    asked.has("Revoke what followed");
    asked.has(&format!("…{}", &third.token()[third.token().len() - 4..]));
    asked.has("name=\"extent\" value=\"chain\"");
    second.get("tickets").await.is(200);
    let done = browser.post(&path, &[("extent", "chain"), ("reason", "found in a paste")]).await;
    second.get("tickets").await.is(401);
    third.get("tickets").await.is(401);
    let list = browser.follow(done).await;
    list.has("whole chain");
    assert!(row(&list, third.token()).contains("found in a paste"));
    list.lacks("Revoke its chain");
    // One token of a chain is revoked alone.
    let fourth = app.personal_token(&world.member, Scopes::FULL).await;
    let rotated = fourth.post("tokens/current/rotate", json!({"overlap_seconds": 3_600})).await.is(201);
    let fifth = app.bearer(rotated["token"].as_str().unwrap());
    let path = format!("{HERE}/{}/revoke", fourth.id.unwrap());
    browser.get(&path).await.has("Its whole chain too");
    browser.post(&path, &[("reason", "")]).await.is(303);
    fourth.get("tickets").await.is(401);
    fifth.get("tickets").await.is(200);
}

async fn a_token_is_rotated_with_an_overlap(app: TestApp) {
    let world = app.world().await;
    let browser = app.signed_in(&world.member).await;
    let some = Scopes::of(&[Scope::TicketsRead, Scope::CommentsWrite]);
    let old = app.personal_token_for(&world.member, some, Some(Span::days(10))).await;
    app.pass(Span::days(4));
    let path = format!("{HERE}/{}/rotate", old.id.unwrap());
    let asked = browser.get(&path).await;
    for part in ["Rotate “<span dir=\"auto\">script</span>”", "for 10 days", "24 hours", "data-modal"] {
        asked.has(part);
    }
    let browser = app.signed_in(&world.member).await;
    let page = browser.post(&path, &[("overlap", "3600")]).await;
    page.is(200);
    assert_eq!(page.header("cache-control"), Some("no-store"));
    page.has("It replaces");
    let new = app.bearer(&secret(&page));
    let shown = new.get("tokens/current").await.is(200);
    assert_eq!((&shown["name"], &shown["scopes"]), (&json!("script"), &json!(some)));
    assert_eq!(shown["expires_at"], json!("2026-03-15T12:00:00.000000Z"));
    app.pass(Span::from_micros(3_599_999_999));
    old.get("tickets").await.is(200);
    app.pass(Span::from_micros(1));
    old.get("tickets").await.is(401);
    new.get("tickets").await.is(200);
    let list = browser.get(HERE).await;
    list.lacks(&new.token()[6..20]);
    assert!(row(&list, old.token()).contains("followed by"));
    // The successor is as random as any: nothing that the old one's holder has leads to it.
    let (id, plain) = (old.id.unwrap(), PlainToken::parse(old.token()).unwrap());
    let kept = app.command(move |ctx| Ok(bugtome::store::tokens::by_id(ctx.db, id)?.unwrap())).await;
    assert!(kept.retry_salt.is_none() && kept.retry_key_digest.is_none());
    assert_ne!(plain.successor(&[0; 16], b"").expose(), new.token());
    for wrong in ["-1", "86401", "", "long"] {
        let page = browser.post(&format!("{HERE}/{}/rotate", shown["id"].as_str().unwrap()), &[("overlap", wrong)]).await;
        page.is(422);
        page.has("is not included in the list");
    }
}

async fn a_rotation_happens_once(app: TestApp) {
    let world = app.world().await;
    let browser = app.signed_in(&world.member).await;
    let old = app.personal_token(&world.member, Scopes::FULL).await;
    let path = format!("{HERE}/{}/rotate", old.id.unwrap());
    let token = secret(&browser.post(&path, &[("overlap", "0")]).await);
    old.get("tickets").await.is(401);
    let again = browser.post(&path, &[("overlap", "0")]).await;
    again.is(409);
    again.has("This token has already been rotated.");
    again.lacks(&token);
    browser.get(&path).await.is(303);
    // Neither is one that has ended replaced.
    let revoked = app.personal_token(&world.member, Scopes::FULL).await;
    revoked.delete("tokens/current").await.is(204);
    let expired = app.personal_token_for(&world.member, Scopes::FULL, Some(Span::seconds(60))).await;
    app.pass(Span::seconds(60));
    for (ended, said) in [(revoked, "has been revoked"), (expired, "has expired")] {
        let refused = browser.post(&format!("{HERE}/{}/rotate", ended.id.unwrap()), &[("overlap", "0")]).await;
        refused.is(409);
        refused.has(said);
    }
    // Sent twice at once there is one successor.
    let old = app.personal_token(&world.member, Scopes::FULL).await;
    let path = format!("{HERE}/{}/rotate", old.id.unwrap());
    let (first, second) = tokio::join!(browser.post(&path, &[("overlap", "60")]), browser.post(&path, &[("overlap", "60")]));
    let mut statuses = [first.status, second.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
}

async fn every_end_is_told(app: TestApp) {
    let world = app.world().await;
    let browser = app.signed_in(&world.member).await;
    let found = app.personal_token(&world.member, Scopes::FULL).await;
    app.anonymous().post("tokens/revoke", json!({"token": found.token()})).await.is(200);
    let itself = app.personal_token(&world.member, Scopes::FULL).await;
    itself.delete("tokens/current").await.is(204);
    let commanded = app.personal_token(&world.member, Scopes::FULL).await;
    let id = commanded.id;
    app.command(move |ctx| tokens::revoke_by_command(ctx, id, None, true)).await;
    let by_admin = app.personal_token(&world.member, Scopes::FULL).await;
    // As releases did in which an admin could.
    let (admin, id) = (world.admin.id, by_admin.id.unwrap());
    app.command(move |ctx| {
        let revocation = Revocation { at: ctx.now, by: Some(admin.cast()), how: RevokedHow::Admin, why: None };
        Ok(bugtome::store::tokens::set_revoked(ctx.db, id, &revocation)?)
    })
    .await;
    let expired = app.personal_token_for(&world.member, Scopes::FULL, Some(Span::days(7))).await;
    app.pass(Span::days(7));
    let list = browser.get(HERE).await;
    for (token, said) in [
        (&found, "Revoked</span><br><span class=\"quiet small\"><span dir=\"auto\">by a finder</span> on "),
        (&itself, "by itself, over the API</span> on "),
        (&commanded, "by a command on the server</span> on "),
        (&by_admin, "by Adam Admin</span> on "),
        (&expired, "Expired"),
    ] {
        let row = row(&list, token.token());
        assert!(row.contains(said), "{said}: {row}");
        token.get("tickets").await.is(401);
    }
    let row = row(&list, expired.token());
    assert!(row.contains("8 Mar 2026, 12:00") && row.contains("after 7 days"), "{row}");
}
