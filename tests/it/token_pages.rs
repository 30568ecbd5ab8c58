//! The page of one's own tokens: made and shown once, listed with what became of them, and the password that is asked for again.
//! What the API says of tokens is told in `tokens`, the page of a project's in `project_token_pages`, how tokens end in `token_end_pages`.

use bugtome::model::id::Id;
use bugtome::model::scopes::Scopes;
use bugtome::model::time::Span;
use bugtome::model::tokens::PlainToken;
use serde_json::json;

use crate::harness::{Browser, PASSWORD, Page, TestApp, both};

both! {
    a_token_is_made_and_works_at_once,
    a_token_is_shown_once,
    a_form_sent_twice_makes_one_token,
    what_is_wrong_is_told_and_what_was_typed_is_kept,
    a_life_is_chosen,
    scopes_are_chosen,
    a_token_that_ends_soon_is_told,
    a_policy_that_keeps_a_token_out_is_told,
    an_old_session_asks_for_the_password,
    an_old_session_asks_before_it_rotates_but_not_before_it_revokes,
    passwords_are_not_guessed_here_either,
    another_users_tokens_are_unknown,
    nobody_else_comes_here,
    a_name_is_a_text,
}

pub const HERE: &str = "/account/settings/api";

/// The token that the page shows.
pub fn secret(page: &Page) -> String {
    let (_, rest) = page.text.split_once("<output id=\"secret\"").expect("the page shows a token");
    let shown = rest.split_once('>').unwrap().1.split_once("</output>").unwrap().0;
    let text: String = shown.replace("<b>", "").replace("</b>", "");
    assert!(PlainToken::parse(&text).is_some(), "{text}");
    text
}

/// What is usually typed in the form.
pub async fn fields(browser: &Browser, here: &str, name: &str, access: &str) -> Vec<(&'static str, String)> {
    let page = browser.get(here).await;
    page.is(200);
    let text = |text: &str| text.to_owned();
    vec![
        ("name", text(name)),
        ("expires", text("90")),
        ("day", String::new()),
        ("access", text(access)),
        ("once", page.hidden("once").unwrap()),
    ]
}

pub async fn send(browser: &Browser, path: &str, fields: &[(&'static str, String)]) -> Page {
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    browser.post(path, &fields).await
}

/// Fills in the form and sends it.
pub async fn make(browser: &Browser, here: &str, name: &str, access: &str) -> Page {
    let fields = fields(browser, here, name, access).await;
    send(browser, here, &fields).await
}

/// The part of the page that tells of the token with these last four characters.
pub fn row<'a>(page: &'a Page, token: &str) -> &'a str {
    let last_four = format!("…<b>{}</b>", &token[token.len() - 4..]);
    let table = page.text.split_once("id=\"yours\"").expect("the page has a list").1;
    table.split("<tr").find(|row| row.contains(&last_four)).unwrap_or_else(|| panic!("no row of {last_four} in {}", page.text))
}

/// The token's id, from its row's anchor.
pub fn id(page: &Page, token: &str) -> String {
    row(page, token).split_once("id=\"t-").unwrap().1.split('"').next().unwrap().to_owned()
}

async fn a_token_is_made_and_works_at_once(app: TestApp) {
    let world = app.world().await;
    let browser = app.signed_in(&world.member).await;
    let page = make(&browser, HERE, "release script", "full").await;
    page.is(200);
    page.has("“<span dir=\"auto\">release script</span>” is ready");
    page.has("/api/v1/tokens/current");
    page.has("BUGTOME_TOKEN");
    let token = secret(&page);
    assert!(token.starts_with("pk_bt1"));
    let shown = app.bearer(&token).get("tokens/current").await.is(200);
    assert_eq!((&shown["name"], &shown["scopes"]), (&json!("release script"), &json!(Scopes::FULL)));
    assert_eq!(shown["expires_at"], json!("2026-05-30T12:00:00.000000Z"));
    app.bearer(&token).get("tickets").await.is(200);
}

async fn a_token_is_shown_once(app: TestApp) {
    let world = app.world().await;
    let browser = app.signed_in(&world.member).await;
    let page = make(&browser, HERE, "laptop", "read").await;
    let token = secret(&page);
    assert_eq!(page.header("cache-control"), Some("no-store"));
    assert!(page.header("content-encoding").is_none());
    let list = browser.get(HERE).await;
    list.is(200);
    list.lacks(&token);
    list.lacks(&token[6..20]);
    let row = row(&list, &token);
    assert!(row.contains("laptop") && row.contains("Read only") && row.contains("never") && row.contains("90 days left"), "{row}");
    browser.get(&format!("{HERE}/{}/revoke", id(&list, &token))).await.lacks(&token[6..20]);
}

async fn a_form_sent_twice_makes_one_token(app: TestApp) {
    let world = app.world().await;
    let browser = app.signed_in(&world.member).await;
    let fields = fields(&browser, HERE, "impatient", "full").await;
    let token = secret(&send(&browser, HERE, &fields).await);
    for _ in 0..2 {
        let again = send(&browser, HERE, &fields).await;
        again.is(409);
        again.has("has made its token already");
        again.lacks(&token);
        assert_eq!(again.text.matches("id=\"t-").count(), 1);
        // The form stands there anew, so that another can be made.
        assert_ne!(again.hidden("once").unwrap(), fields[4].1);
    }
    let (one, other) = (app.signed_in(&world.member).await, app.signed_in(&world.member).await);
    let fields = self::fields(&one, HERE, "at once", "full").await;
    let (first, second) = tokio::join!(send(&one, HERE, &fields), send(&other, HERE, &fields));
    let mut statuses = [first.status, second.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
}

async fn what_is_wrong_is_told_and_what_was_typed_is_kept(app: TestApp) {
    let world = app.world().await;
    let browser = app.signed_in(&world.member).await;
    let once = browser.get(HERE).await.hidden("once").unwrap();
    let long = "n".repeat(81);
    for (name, expires, day, access, wrong) in [
        ("", "90", "", "full", "can&#39;t be blank"),
        (long.as_str(), "90", "", "full", "is too long (maximum is 80 characters)"),
        ("kept name", "tomorrow", "", "full", "is not included in the list"),
        ("kept name", "day", "", "full", "can&#39;t be blank"),
        ("kept name", "day", "2026-02-28", "full", "is invalid"),
        ("kept name", "day", "soon", "full", "is invalid"),
        ("kept name", "90", "", "everything", "is not included in the list"),
        ("kept name", "90", "", "choose", "can&#39;t be blank"),
    ] {
        let page = browser.post(HERE, &[("name", name), ("expires", expires), ("day", day), ("access", access), ("once", &once)]).await;
        page.is(422);
        page.has(wrong);
        page.has("No token was made");
        page.has(&format!("name=\"name\" value=\"{name}\""));
        assert_eq!(page.hidden("once").unwrap(), once);
        page.lacks("id=\"t-");
    }
}

async fn a_life_is_chosen(app: TestApp) {
    let world = app.world().await;
    let browser = app.signed_in(&world.member).await;
    for (expires, day, end) in [
        ("7", "", json!("2026-03-08T12:00:00.000000Z")),
        ("30", "", json!("2026-03-31T12:00:00.000000Z")),
        ("365", "", json!("2027-03-01T12:00:00.000000Z")),
        ("never", "", json!(null)),
        ("day", "2026-03-20", json!("2026-03-21T00:00:00.000000Z")),
    ] {
        let mut fields = fields(&browser, HERE, "some", "full").await;
        fields[1].1 = expires.to_owned();
        fields[2].1 = day.to_owned();
        let token = secret(&send(&browser, HERE, &fields).await);
        assert_eq!(app.bearer(&token).get("tokens/current").await.is(200)["expires_at"], end);
    }
    browser.get(HERE).await.has("never ends");
}

async fn scopes_are_chosen(app: TestApp) {
    let world = app.world().await;
    let browser = app.signed_in(&world.member).await;
    let read = secret(&make(&browser, HERE, "reader", "read").await);
    assert_eq!(app.bearer(&read).get("tokens/current").await.is(200)["scopes"], json!(Scopes::READ_ONLY));
    let mut fields = fields(&browser, HERE, "some", "choose").await;
    fields.extend([("scope", "tickets:read".to_owned()), ("scope", "comments:write".to_owned())]);
    let some = secret(&send(&browser, HERE, &fields).await);
    assert_eq!(app.bearer(&some).get("tokens/current").await.is(200)["scopes"], json!(["tickets:read", "comments:write"]));
    let list = browser.get(HERE).await;
    assert!(row(&list, &some).contains("<code class=\"small\">comments:write</code>"));
}

async fn a_token_that_ends_soon_is_told(app: TestApp) {
    let world = app.world().await;
    let token = app.personal_token_for(&world.member, Scopes::FULL, Some(Span::days(20))).await;
    let told = async |words: &str, soon: bool| {
        let list = app.signed_in(&world.member).await.get(HERE).await;
        let row = row(&list, token.token()).to_owned();
        assert!(row.contains(words) && row.contains("tag warn") == soon, "{row}");
    };
    told("20 days left", false).await;
    app.pass(Span::days(6));
    told("14 days left", false).await;
    app.pass(Span::from_micros(1));
    told("13 days left", true).await;
    app.pass(Span::days(13));
    told("23 hours left", true).await;
}

async fn a_policy_that_keeps_a_token_out_is_told(app: TestApp) {
    let world = app.world().await;
    app.set_policy(&world.organization, Some(Span::days(30))).await;
    let browser = app.signed_in(&world.member).await;
    browser.get(HERE).await.has("acme lets in tokens that were made for 30 days at most.");
    let page = make(&browser, HERE, "long", "full").await;
    page.has("It does not reach");
    let token = secret(&page);
    app.bearer(&token).get(format!("projects/{}", world.project.id)).await.is(403);
    let list = browser.get(HERE).await;
    assert!(row(&list, &token).contains("Kept out"), "{}", row(&list, &token));
    let mut fields = fields(&browser, HERE, "short", "full").await;
    fields[1].1 = "30".to_owned();
    let page = send(&browser, HERE, &fields).await;
    page.lacks("It does not reach");
    app.bearer(&secret(&page)).get(format!("projects/{}", world.project.id)).await.is(200);
}

async fn an_old_session_asks_for_the_password(app: TestApp) {
    let world = app.world().await;
    let browser = app.signed_in(&world.member).await;
    app.pass(Span::from_micros(30 * 60 * 1_000_000 - 1));
    secret(&make(&browser, HERE, "fresh", "full").await);
    app.pass(Span::from_micros(1));
    let mut fields = fields(&browser, HERE, "kept name", "choose").await;
    fields.extend([("scope", "tickets:read".to_owned()), ("scope", "tickets:write".to_owned())]);
    let asked = send(&browser, HERE, &fields).await;
    asked.is(422);
    for part in ["Your password again", "type=\"password\"", "data-modal"] {
        asked.has(part);
    }
    // All that was typed waits in the box.
    let box_ = asked.text.split_once("<dialog").unwrap().1.split_once("</dialog>").unwrap().0;
    for (name, value) in &fields {
        assert!(box_.contains(&format!("name=\"{name}\" value=\"{value}\"")), "{name}: {box_}");
    }
    let with = |password: &str| [fields.clone(), vec![("password", password.to_owned())]].concat();
    for (wrong, said) in [("wrong horse", "is wrong"), ("", "can&#39;t be blank")] {
        let refused = send(&browser, HERE, &with(wrong)).await;
        refused.is(422);
        refused.has(said);
        refused.has("Your password again");
        refused.lacks("wrong horse");
    }
    let made = send(&browser, HERE, &with(PASSWORD)).await;
    made.is(200);
    made.lacks(PASSWORD);
    let token = secret(&made);
    let shown = app.bearer(&token).get("tokens/current").await.is(200);
    assert_eq!((&shown["name"], &shown["scopes"]), (&json!("kept name"), &json!(["tickets:read", "tickets:write"])));
    // For another half an hour it need not be given again.
    app.pass(Span::seconds(29 * 60));
    secret(&make(&browser, HERE, "fresh again", "full").await);
}

async fn an_old_session_asks_before_it_rotates_but_not_before_it_revokes(app: TestApp) {
    let world = app.world().await;
    let browser = app.signed_in(&world.member).await;
    let old = app.personal_token(&world.member, Scopes::FULL).await;
    app.pass(Span::seconds(31 * 60));
    let path = format!("{HERE}/{}/rotate", old.id.unwrap());
    let asked = browser.post(&path, &[("overlap", "60")]).await;
    asked.is(422);
    asked.has("Your password again");
    asked.has("name=\"overlap\" value=\"60\"");
    old.get("tickets").await.is(200);
    let made = browser.post(&path, &[("overlap", "60"), ("password", PASSWORD)]).await;
    let new = app.bearer(&secret(&made));
    old.get("tickets").await.is(200);
    // Killing a token must be quick.
    app.pass(Span::seconds(31 * 60));
    let id = id(&browser.get(HERE).await, new.token());
    browser.post(&format!("{HERE}/{id}/revoke"), &[("reason", "")]).await.is(303);
    new.get("tickets").await.is(401);
}

async fn passwords_are_not_guessed_here_either(app: TestApp) {
    let world = app.world().await;
    let browser = app.signed_in(&world.member).await;
    app.pass(Span::seconds(31 * 60));
    let mut fields = fields(&browser, HERE, "guess", "full").await;
    fields.push(("password", "wrong horse".to_owned()));
    for _ in 0..10 {
        send(&browser, HERE, &fields).await.is(422);
    }
    send(&browser, HERE, &fields).await.is(429);
    fields[5].1 = PASSWORD.to_owned();
    send(&browser, HERE, &fields).await.is(429);
    app.pass(Span::seconds(15 * 60));
    secret(&send(&browser, HERE, &fields).await);
}

async fn another_users_tokens_are_unknown(app: TestApp) {
    let world = app.world().await;
    let theirs = app.personal_token(&world.owner, Scopes::FULL).await;
    let projects = app.project_token(&world.project, Scopes::FULL).await;
    // An admin revokes members' tokens on the organization's page, not here.
    for person in [&world.member, &world.admin, &world.stranger] {
        let browser = app.signed_in(person).await;
        browser.get(HERE).await.lacks("id=\"t-");
        for id in
            [theirs.id.unwrap().to_string(), projects.id.unwrap().to_string(), Id::<()>::from_uuid(uuid()).to_string(), "x".to_owned()]
        {
            for act in ["revoke", "rotate"] {
                let path = format!("{HERE}/{id}/{act}");
                browser.get(&path).await.is(404);
                browser.post(&path, &[("overlap", "0"), ("extent", "chain")]).await.is(404);
            }
        }
    }
    theirs.get("tickets").await.is(200);
    projects.get("tickets").await.is(200);
}

fn uuid() -> uuid::Uuid {
    uuid::Uuid::from_u128(0x0199_0000_0000_7000_8000_0000_0000_0001)
}

async fn nobody_else_comes_here(app: TestApp) {
    let world = app.world().await;
    let anonymous = app.browser();
    let answer = anonymous.get(HERE).await;
    answer.is(303);
    assert!(answer.location().starts_with("/login"), "{}", answer.location());
    let browser = app.signed_in(&world.member).await;
    let forged = [("name", "forged"), ("expires", "90"), ("access", "full"), ("once", "1")];
    let page = browser.get(HERE).await;
    let key = page.key(HERE);
    let theirs = app.signed_in(&world.owner).await.get(HERE).await.key(HERE);
    for wrong in ["", "0123", &theirs, &page.key("/logout")] {
        let fields = [&forged[..], &[("key", wrong)]].concat();
        browser.post_raw(HERE, &fields, &[]).await.is(403);
    }
    browser.post_raw(HERE, &forged, &[]).await.is(403);
    let elsewhere = [("origin", "https://evil.example")];
    browser.post_raw(HERE, &[&forged[..], &[("key", key.as_str())]].concat(), &elsewhere).await.is(403);
    browser.get(HERE).await.lacks("id=\"t-");
    // No token opens a page, and none makes another.
    let token = app.personal_token(&world.member, Scopes::FULL).await;
    token.post("tokens", json!({})).await.is(404);
}

async fn a_name_is_a_text(app: TestApp) {
    let world = app.world().await;
    let browser = app.signed_in(&world.member).await;
    let hostile = "<script>alert(1)</script>\"'&{{7*7}}";
    let page = make(&browser, HERE, hostile, "full").await;
    page.lacks("<script>alert");
    let token = secret(&page);
    let list = browser.get(HERE).await;
    list.lacks("<script>alert");
    list.has("&#60;script&#62;alert(1)&#60;/script&#62;&#34;&#39;&#38;{{7*7}}");
    let id = id(&list, &token);
    for act in ["revoke", "rotate"] {
        let page = browser.get(&format!("{HERE}/{id}/{act}")).await;
        page.is(200);
        page.lacks("<script>alert");
    }
}
