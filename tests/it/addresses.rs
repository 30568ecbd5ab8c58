//! E-mail addresses, by which people are known and invited: which are taken, and which are the same. Finding 17 of the security review.
//! What an account is otherwise is told in `account_pages`, how invitations are made and withdrawn in `member_pages`.

use bugtome::model::draft::Field;
use bugtome::model::users::Email;

use crate::harness::{PASSWORD, Page, TestApp, both};

both! {
    nobody_takes_an_address_that_looks_like_anothers,
    an_invitation_opens_for_its_address_however_it_is_written_and_says_what_it_is,
    who_has_an_address_from_before_there_were_rules_signs_in_and_keeps_it,
    every_door_refuses_what_cannot_be_seen,
}

const SETTINGS: &str = "/account/settings";

fn link(page: &Page) -> String {
    let at = page.text.find("/invitations/").expect("the page shows a link");
    page.text[at..].chars().take_while(|c| *c != '<' && *c != '"').collect()
}

async fn nobody_takes_an_address_that_looks_like_anothers(app: TestApp) {
    let world = app.world().await;
    let browser = app.signed_in(&world.viewer).await;
    let take = |email: &'static str| {
        let browser = &browser;
        async move { browser.post(SETTINGS, &[("name", "Vera"), ("email", email), ("theme", "system"), ("current", PASSWORD)]).await }
    };
    for same in ["ｍｉａ.member@example.com", "MIA.MEMBER@ｅｘａｍｐｌｅ.ｃｏｍ", "mia.member@example。com", "mia．member@example.com"]
    {
        take(same).await.is(422).has("has already been taken").has(same);
    }
    for unseen in
        ["mia.mem\u{200b}ber@example.com", "mia.member@exam\u{ad}ple.com", "mia.member@example.com.", "mia.member\u{2060}@example.com"]
    {
        take(unseen).await.is(422).has("is invalid");
    }
    app.browser().post("/login", &[("email", &world.viewer.email), ("password", PASSWORD)]).await.is(303);
    // One of one's own in another spelling is one's own.
    take("VERA.viewer@ｅｘａｍｐｌｅ.com").await.is(303);
    app.browser().post("/login", &[("email", "vera.viewer@example.com"), ("password", PASSWORD)]).await.is(303);
}

async fn an_invitation_opens_for_its_address_however_it_is_written_and_says_what_it_is(app: TestApp) {
    let world = app.world().await;
    let owner = app.signed_in(&world.owner).await;
    let invitations = format!("/workspace/organizations/{}/invitations", world.elsewhere.id);
    let elsewhere = app.signed_in(&world.stranger).await;
    let _ = owner;
    let made = elsewhere.post(&invitations, &[("email", "Mia.Member@EXAMPLE.com"), ("role", "viewer")]).await;
    made.is(200).has("bugtome sends no mail, so no address here is proved");
    let path = link(&made);
    // Somebody else's account, whatever it is called, is another address.
    let vera = app.signed_in(&world.viewer).await;
    vera.get(&path).await.is(200);
    vera.post(&path, &[]).await.is(409);
    let mia = app.signed_in(&world.member).await;
    mia.get(&path).await.is(200);
    mia.post(&path, &[("tokens", "keep")]).await.is(303);
    for bad in ["mia\u{200b}@example.com", "mia@example.com.", "＠＠"] {
        elsewhere.post(&invitations, &[("email", bad), ("role", "viewer")]).await.is(422).has("is invalid");
    }
}

async fn who_has_an_address_from_before_there_were_rules_signs_in_and_keeps_it(app: TestApp) {
    let world = app.world().await;
    let browser = app.signed_in(&world.member).await;
    // As an earlier release left it: compared without case, and no more.
    let (id, old) = (world.member.id, "Mi\u{200b}a@Example.com.");
    app.command(move |ctx| {
        let email = Email::typed(&Field::Value(old.into())).expect("it was an address");
        bugtome::store::users::set_email(ctx.db, id, &email)?;
        ctx.db.execute(bugtome::sql!("UPDATE users SET email_key = ?2 WHERE id = ?1", bugtome::model::id::Id<bugtome::model::users::User> = id, str = email.plain()))?;
        Ok(())
    })
    .await;
    app.browser().post("/login", &[("email", "mi\u{200b}a@example.com."), ("password", PASSWORD)]).await.is(303);
    // The name can be changed with it, and the address to one of today's.
    browser.post(SETTINGS, &[("name", "Mia"), ("email", old), ("theme", "dark")]).await.is(303);
    browser.post(SETTINGS, &[("name", "Mia"), ("email", "mia@example.com"), ("theme", "dark"), ("current", PASSWORD)]).await.is(303);
    browser.post(SETTINGS, &[("name", "Mia"), ("email", old), ("theme", "dark"), ("current", PASSWORD)]).await.is(422).has("is invalid");
    app.browser().post("/login", &[("email", "mia@example.com"), ("password", PASSWORD)]).await.is(303);
}

async fn every_door_refuses_what_cannot_be_seen(app: TestApp) {
    let code = app.command(bugtome::domain::setup::prepare).await.unwrap();
    let fields = |email: &'static str| [("name", "Eve"), ("email", email), ("organization", "Eve"), ("password", "a long password")];
    for bad in ["e\u{200b}ve@example.com", "eve@example.com.", "eve@example..com"] {
        app.browser().post("/setup", &[&fields(bad)[..], &[("code", code.expose())]].concat()).await.is(422).has("is invalid");
    }
    let world = app.world().await;
    let made = app
        .signed_in(&world.owner)
        .await
        .post(format!("/workspace/organizations/{}/invitations", world.organization.id), &[("role", "viewer")])
        .await;
    let path = link(&made);
    let join = |email: &'static str| [("name", "Nina"), ("email", email), ("password", "a long password")];
    app.browser().post(&path, &join("ni\u{200b}na@example.com")).await.is(422).has("is invalid");
    app.browser().post(&path, &join("ｎｉｎａ@example.com")).await.is(303);
    app.browser().post("/login", &[("email", "nina@example.com"), ("password", "a long password")]).await.is(303);
}
