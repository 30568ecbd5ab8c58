//! What the owners of tokens have to look at: rotations by the token itself, tries with one that had stopped, tokens found afterwards.
//! What becomes of the tokens themselves is told in `tokens` and `token_end_pages`. Finding 7 of the security review.

use bugtome::model::roles::Role;
use bugtome::model::scopes::Scopes;
use bugtome::model::time::Span;
use serde_json::json;

use crate::harness::{Browser, Client, Page, TestApp, both};
use crate::token_pages::HERE;

both! {
    a_rotation_by_the_token_itself_is_shown_until_dismissed,
    a_rotation_in_settings_is_no_news,
    tries_with_a_stopped_token_are_counted_and_shown,
    a_try_after_somebody_looked_is_not_dismissed_unseen,
    a_rightful_retry_of_a_rotation_is_no_try,
    a_token_found_after_it_had_stopped_marks_its_chain,
    a_token_found_while_it_worked_leaves_nothing_to_look_at,
    a_projects_alerts_are_for_those_who_manage_its_tokens,
}

/// What the page has somebody look at.
fn alerts(page: &Page) -> Vec<&str> {
    page.is(200);
    let Some((_, rest)) = page.text.split_once("<ul class=\"alerts\">") else { return Vec::new() };
    rest.split_once("</ul>").unwrap().0.split("<li ").skip(1).collect()
}

/// Dismisses the first alert of the page.
async fn dismiss(browser: &Browser, page: &Page) -> Page {
    let alert = alerts(page)[0];
    let after = |mark: &str| alert.split_once(mark).unwrap().1.split('"').next().unwrap().to_owned();
    let field = |name: &str| after(&format!("name=\"{name}\" value=\""));
    let (action, kind, seen, count) = (after("action=\""), field("kind"), field("seen"), field("count"));
    let done = browser.post(&action, &[("kind", &kind), ("seen", &seen), ("count", &count)]).await;
    done.is(303);
    browser.follow(done).await
}

async fn rotated(app: &TestApp, token: &Client, overlap: i64) -> Client {
    let made = token.post("tokens/current/rotate", json!({ "overlap_seconds": overlap })).await.is(201);
    app.bearer(made["token"].as_str().unwrap())
}

async fn a_rotation_by_the_token_itself_is_shown_until_dismissed(app: TestApp) {
    let world = app.world().await;
    let browser = app.signed_in(&world.member).await;
    let token = app.personal_token(&world.member, Scopes::FULL).await;
    assert!(alerts(&browser.get(HERE).await).is_empty());
    let next = rotated(&app, &token.at("198.51.100.7"), 3_600).await;
    for _ in 0..2 {
        let page = browser.get(HERE).await;
        let [alert] = alerts(&page)[..] else { panic!("{}", page.text) };
        assert!(alert.contains("rotated itself") && alert.contains("from 198.51.100.7"), "{alert}");
        let last_four = &next.token()[next.token().len() - 4..];
        assert!(alert.contains(&format!("<code>…{last_four}</code>")), "the successor is named: {alert}");
        assert!(alert.contains("/revoke\""), "the chain can be revoked from here: {alert}");
    }
    let page = dismiss(&browser, &browser.get(HERE).await).await;
    page.has("Dismissed.");
    assert!(alerts(&page).is_empty(), "{}", page.text);
    // The next ones are news again, and one line: whoever rotates over and over hides nothing behind it.
    let mut token = next;
    for _ in 0..60 {
        token = rotated(&app, &token, 0).await;
    }
    let page = browser.get(HERE).await;
    let [alert] = alerts(&page)[..] else { panic!("{}", page.text) };
    assert!(alert.contains("60 times"), "{alert}");
}

async fn a_rotation_in_settings_is_no_news(app: TestApp) {
    let world = app.world().await;
    let browser = app.signed_in(&world.member).await;
    let token = app.personal_token(&world.member, Scopes::FULL).await;
    browser.post(format!("{HERE}/{}/rotate", token.id.unwrap()), &[("overlap", "0")]).await.is(200);
    assert!(alerts(&browser.get(HERE).await).is_empty());
}

async fn tries_with_a_stopped_token_are_counted_and_shown(app: TestApp) {
    let world = app.world().await;
    let browser = app.signed_in(&world.member).await;
    let revoked = app.personal_token(&world.member, Scopes::FULL).await;
    let expired = app.personal_token_for(&world.member, Scopes::FULL, Some(Span::seconds(60))).await;
    let replaced = app.personal_token(&world.member, Scopes::FULL).await;
    revoked.delete("tokens/current").await.is(204);
    browser.post(format!("{HERE}/{}/rotate", replaced.id.unwrap()), &[("overlap", "0")]).await.is(200);
    app.pass(Span::seconds(61));
    for (token, times) in [(&revoked, 1), (&expired, 2), (&replaced, 3)] {
        for _ in 0..times {
            token.at("203.0.113.5").get("tickets").await.is(401);
        }
    }
    // A write is a try as well as a read.
    revoked.post("tickets", json!({})).await.is(401);
    app.flush_uses().await;
    let page = browser.get(HERE).await;
    let all = alerts(&page);
    assert_eq!(all.len(), 3, "{all:?}");
    for (token, words) in [(&revoked, "2 times"), (&expired, "2 times"), (&replaced, "3 times")] {
        let last_four = format!("…<b>{}</b>", &token.token()[token.token().len() - 4..]);
        let alert = all.iter().find(|alert| alert.contains(&last_four)).unwrap_or_else(|| panic!("{last_four} in {all:?}"));
        assert!(alert.contains("was tried after it had stopped") && alert.contains(words), "{alert}");
    }
    assert!(all.iter().any(|alert| alert.contains("from 203.0.113.5")), "{all:?}");
    // What nobody knows is nobody's.
    app.bearer("pk_bt1aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa").get("tickets").await.is(401);
    app.flush_uses().await;
    assert_eq!(alerts(&browser.get(HERE).await).len(), 3);
    // They are counted on, over flushes.
    replaced.get("tickets").await.is(401);
    app.flush_uses().await;
    browser.get(HERE).await.has("4 times");
}

async fn a_try_after_somebody_looked_is_not_dismissed_unseen(app: TestApp) {
    let world = app.world().await;
    let browser = app.signed_in(&world.member).await;
    let token = app.personal_token(&world.member, Scopes::FULL).await;
    token.delete("tokens/current").await.is(204);
    token.get("tickets").await.is(401);
    app.flush_uses().await;
    let looked = browser.get(HERE).await;
    app.pass(Span::seconds(60));
    token.get("tickets").await.is(401);
    app.flush_uses().await;
    let page = dismiss(&browser, &looked).await;
    assert_eq!(alerts(&page).len(), 1, "the second try has been seen by nobody");
    let page = dismiss(&browser, &page).await;
    assert!(alerts(&page).is_empty());
    for (kind, seen) in [("nonsense", "1"), ("tried", "soon"), ("tried", "")] {
        browser.post(format!("{HERE}/{}/dismiss", token.id.unwrap()), &[("kind", kind), ("seen", seen), ("count", "1")]).await.is(422);
    }
}

async fn a_rightful_retry_of_a_rotation_is_no_try(app: TestApp) {
    let world = app.world().await;
    let browser = app.signed_in(&world.member).await;
    let token = app.personal_token(&world.member, Scopes::FULL).await;
    let once = || token.post("tokens/current/rotate", json!({})).key("the-same");
    let first = once().await.is(201);
    assert_eq!(once().await.is(201)["token"], first["token"]);
    app.flush_uses().await;
    let page = browser.get(HERE).await;
    let [alert] = alerts(&page)[..] else { panic!("{}", page.text) };
    assert!(alert.contains("rotated itself"), "{alert}");
    // Once its door is shut it is a try.
    app.bearer(first["token"].as_str().unwrap()).get("tickets").await.is(200);
    once().await.is(401);
    app.flush_uses().await;
    assert_eq!(alerts(&browser.get(HERE).await).len(), 2);
}

async fn a_token_found_after_it_had_stopped_marks_its_chain(app: TestApp) {
    let world = app.world().await;
    let browser = app.signed_in(&world.member).await;
    let token = app.personal_token(&world.member, Scopes::FULL).await;
    // Whoever has it rotates it, and ends the old one at once: a finder who comes then reaches the successor no more.
    let next = rotated(&app, &token, 60).await;
    token.delete("tokens/current").await.is(204);
    let finder = app.anonymous();
    finder.at("192.0.2.9").post("tokens/revoke", json!({ "token": token.token() })).await.is(200);
    next.get("tickets").await.is(200);
    let page = browser.get(HERE).await;
    let all = alerts(&page);
    let found = all.iter().find(|alert| alert.contains("was found by somebody after it had stopped")).unwrap_or_else(|| panic!("{all:?}"));
    let last_four = &next.token()[next.token().len() - 4..];
    assert!(found.contains("from 192.0.2.9") && found.contains(&format!("<code>…{last_four}</code> still works")), "{found}");
    assert!(crate::token_pages::row(&page, next.token()).contains("A predecessor was found"));
    // The box that it leads to ends what works.
    let path = found.split_once("<a class=\"btn low risk\" href=\"").unwrap().1.split('"').next().unwrap();
    browser.get(path).await.is(200).has("Revoke what followed");
    browser.post(path, &[("extent", "chain"), ("reason", "")]).await.is(303);
    next.get("tickets").await.is(401);
    browser.get(HERE).await.has("Nothing of its chain works any more");
}

async fn a_token_found_while_it_worked_leaves_nothing_to_look_at(app: TestApp) {
    let world = app.world().await;
    let browser = app.signed_in(&world.member).await;
    let token = app.personal_token(&world.member, Scopes::FULL).await;
    let find = || app.anonymous().post("tokens/revoke", json!({ "token": token.token() }));
    for _ in 0..3 {
        find().await.is(200);
    }
    assert!(alerts(&browser.get(HERE).await).is_empty(), "the list says by whom it was revoked");
}

async fn a_projects_alerts_are_for_those_who_manage_its_tokens(app: TestApp) {
    let world = app.world().await;
    let token = app.project_token(&world.project, Scopes::FULL).await;
    rotated(&app, &token, 0).await;
    let here = format!("/workspace/projects/{}/settings/api-token", world.project.id);
    let admin = app.signed_in(&world.admin).await;
    let page = admin.get(&here).await;
    assert_eq!(alerts(&page).len(), 1, "{}", page.text);
    let path = format!("{here}/{}/dismiss", token.id.unwrap());
    let all = [("kind", "rotated"), ("seen", "9000000000000000"), ("count", "1000")];
    for (who, status) in [(Role::Viewer, 403), (Role::Member, 403)] {
        app.signed_in(world.who(who)).await.post(&path, &all).await.is(status);
    }
    app.signed_in(&world.stranger).await.post(&path, &all).await.is(404);
    // Nor by the way of another place.
    admin.post(format!("{HERE}/{}/dismiss", token.id.unwrap()), &all).await.is(404);
    assert_eq!(alerts(&admin.get(&here).await).len(), 1);
    assert!(alerts(&dismiss(&admin, &page).await).is_empty());
}
