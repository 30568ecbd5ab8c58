//! Account settings: name, address, theme, keys, password and sessions.
//! Coming in is told in `door_pages`, tokens in `token_pages`.

use bugtome::model::scopes::Scopes;
use bugtome::model::time::Span;

use crate::harness::{PASSWORD, TestApp, both};

both! {
    name_and_theme_are_changed_by_themselves,
    another_address_asks_for_the_password,
    the_password_is_changed_with_the_old_one,
    sessions_are_ended_one_by_one_and_together,
    what_people_type_is_shown_as_text,
    single_keys_can_be_switched_off,
    a_password_is_not_guessed_through_a_session,
}

const NEW: &str = "another password of mine";

async fn name_and_theme_are_changed_by_themselves(app: TestApp) {
    let mia = app.user("Mia Member").await;
    let browser = app.signed_in(&mia).await;
    browser.post("/account/settings", &[("name", ""), ("email", &mia.email), ("theme", "dark")]).await.is(422).has("can&#39;t be blank");
    let page = browser.post("/account/settings", &[("name", "Mia Moved"), ("email", &mia.email), ("theme", "light")]).await;
    browser.follow(page).await.is(200).has("Saved.").has("Mia Moved").has("data-theme=\"light\"");
    browser.post("/account/settings", &[("name", "Mia"), ("email", &mia.email), ("theme", "purple")]).await.is(422);
    browser.post("/account/settings", &[("name", "Mia"), ("email", &mia.email), ("theme", "system")]).await.is(303);
    browser.get("/account/settings").await.lacks("data-theme");
}

async fn another_address_asks_for_the_password(app: TestApp) {
    let mia = app.user("Mia Member").await;
    let other = app.user("Olaf Other").await;
    let browser = app.signed_in(&mia).await;
    let send = async |email: &str, password: &str| {
        browser.post("/account/settings", &[("name", "Mia"), ("email", email), ("theme", "system"), ("current", password)]).await
    };
    send("new@example.com", "").await.is(422).has("can&#39;t be blank").has("new@example.com");
    send("new@example.com", "wrong").await.is(422).has("is wrong");
    // Whether somebody has an address is for those who know the password.
    send(&other.email, "").await.is(422).lacks("has already been taken");
    send(&other.email, PASSWORD).await.is(422).has("has already been taken");
    send("new@example.com", PASSWORD).await.is(303);
    app.browser().post("/login", &[("email", "new@example.com"), ("password", PASSWORD)]).await.is(303);
    app.browser().post("/login", &[("email", &mia.email), ("password", PASSWORD)]).await.is(422);
}

async fn the_password_is_changed_with_the_old_one(app: TestApp) {
    let mia = app.user("Mia Member").await;
    let browser = app.signed_in(&mia).await;
    let other = app.signed_in(&mia).await;
    let token = app.personal_token(&mia, Scopes::FULL).await;
    let change = "/account/settings/password";
    browser.post(change, &[("old", "wrong"), ("new", NEW)]).await.is(422).has("is wrong").lacks(NEW);
    browser.post(change, &[("old", PASSWORD), ("new", "short")]).await.is(422).has("is too short");
    let page = browser.post(change, &[("old", PASSWORD), ("new", NEW)]).await;
    browser.follow(page).await.has("Your password has been changed.");
    other.get("/account/settings").await.is(200);
    token.get("tokens/current").await.is(200);
    let page = browser.post(change, &[("old", NEW), ("new", PASSWORD), ("end", "on"), ("revoke", "on")]).await;
    browser.follow(page).await.has("your tokens are revoked");
    other.get("/account/settings").await.location();
    token.get("tokens/current").await.is(401);
    app.browser().post("/login", &[("email", &mia.email), ("password", NEW)]).await.is(422);
}

async fn single_keys_can_be_switched_off(app: TestApp) {
    let mia = app.user("Mia Member").await;
    let browser = app.signed_in(&mia).await;
    browser.get("/account/settings").await.has(r#"value="on" autocomplete="off" data-cookie="keys" checked"#);
    browser.set_cookie("keys", "off");
    browser.get("/account/settings").await.has(r#"value="off" autocomplete="off" data-cookie="keys" checked"#);
}

async fn a_password_is_not_guessed_through_a_session(app: TestApp) {
    let mia = app.user("Mia Member").await;
    let browser = app.signed_in(&mia).await;
    for _ in 0..10 {
        browser.post("/account/settings/password", &[("old", "a guess"), ("new", NEW)]).await.is(422);
    }
    browser.post("/account/settings/password", &[("old", PASSWORD), ("new", NEW)]).await.is(429);
    app.pass(Span::seconds(900));
    browser.post("/account/settings/password", &[("old", PASSWORD), ("new", NEW)]).await.is(303);
}

async fn sessions_are_ended_one_by_one_and_together(app: TestApp) {
    let mia = app.user("Mia Member").await;
    let (one, two, three) = (app.signed_in(&mia).await, app.signed_in(&mia).await, app.signed_in(&mia).await);
    app.pass(Span::seconds(60));
    let page = one.get("/account/settings").await;
    assert_eq!(page.text.matches("session on ").count(), 2);
    let id = page.hidden("session").unwrap();
    let ended = one.post("/account/settings/sessions", &[("session", &id)]).await;
    one.follow(ended).await.has("The session has ended.");
    let left = [&two, &three].map(|browser| async move { browser.get("/account/settings").await.status });
    let [two_left, three_left] = left;
    let (two_left, three_left) = (two_left.await, three_left.await);
    assert!((two_left == 200) != (three_left == 200), "{two_left} {three_left}");
    // Somebody else's session is nobody's business.
    let other = app.signed_in(&app.user("Olaf Other").await).await;
    let theirs = one.get("/account/settings").await.hidden("session").unwrap();
    other.post("/account/settings/sessions", &[("session", &theirs)]).await.is(303);
    let page = one.post("/account/settings/sessions", &[("others", "")]).await;
    one.follow(page).await.has("Your other sessions have ended.").lacks("session on ");
    two.get("/account/settings").await.location();
    three.get("/account/settings").await.location();
}

async fn what_people_type_is_shown_as_text(app: TestApp) {
    let mia = app.user("Mia Member").await;
    let browser = app.signed_in(&mia).await;
    let hostile = "<script>alert(1)</script>\"'><img src=x>";
    browser.post("/account/settings", &[("name", hostile), ("email", &mia.email), ("theme", "system")]).await.is(303);
    browser.get("/account/settings").await.lacks("<script>alert").lacks("<img src").has("&#60;script&#62;");
    browser.get("/account/settings?notice=%3Cscript%3E").await.lacks("<script>alert");
}
