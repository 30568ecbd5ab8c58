//! Who and what comes back: a reset link, a new password, a user let in, a member, a project opened again. No token comes back unasked.
//! How a right is lost is told in `rights`.

use bugtome::domain::returns::{OnReturn, Returned};
use bugtome::domain::{invitations, projects, resets, users};
use bugtome::model::draft::Field;
use bugtome::model::roles::Role;
use bugtome::model::scopes::Scopes;
use bugtome::model::time::Span;
use serde_json::json;

use crate::harness::{Client, Person, TestApp, both};
use crate::installation::Installation;

both! {
    a_reset_link_lists_the_tokens_and_revokes_them_unless_told,
    letting_in_revokes_unless_told,
    a_new_password_by_command_revokes_unless_told,
    opening_a_project_again_asks_and_keeps_unless_told,
    an_invitation_says_which_tokens_come_along,
    what_has_ended_is_left_as_it_ended,
}

const NEW: &str = "another password of mine";

fn last_four(token: &Client) -> String {
    format!("…<b>{}</b>", &token.token()[token.token().len() - 4..])
}

fn named(returned: &Returned) -> Vec<&str> {
    returned.living.iter().map(|token| token.last_four.as_str()).collect()
}

// Finding 8: a reset link, when it is used.
async fn a_reset_link_lists_the_tokens_and_revokes_them_unless_told(app: TestApp) {
    let world = app.world().await;
    let user = world.member.id;
    let link = async || app.command(move |ctx| Ok(resets::make_by_command(ctx, user)?.expose().to_owned())).await;
    // Nothing is asked of who has none.
    let path = format!("/reset/{}", link().await);
    app.browser().get(&path).await.is(200).lacks("name=\"tokens\"");
    for (choice, status) in [(None, 401), (Some("revoke"), 401), (Some("nonsense"), 401), (Some("keep"), 200)] {
        let token = app.personal_token(&world.member, Scopes::FULL).await;
        let others = app.personal_token(&world.admin, Scopes::FULL).await;
        let path = format!("/reset/{}", link().await);
        let browser = app.browser();
        let page = browser.get(&path).await;
        page.is(200);
        page.has(&last_four(&token));
        page.lacks(&last_four(&others));
        assert!(page.text.contains("value=\"revoke\" checked") && !page.text.contains("value=\"keep\" checked"), "{}", page.text);
        token.get("tokens/current").await.is(200);
        let fields =
            |password| [Some(("password", password)), choice.map(|choice| ("tokens", choice))].into_iter().flatten().collect::<Vec<_>>();
        // What was chosen is not lost with a password that is refused, and nothing has happened yet.
        let refused = browser.post(&path, &fields("short")).await;
        refused.is(422);
        assert_eq!(refused.text.contains("value=\"keep\" checked"), choice == Some("keep"));
        token.get("tokens/current").await.is(200);
        let done = browser.post(&path, &fields(NEW)).await;
        done.is(303);
        assert_eq!(done.location().contains("password-and-tokens"), status == 401, "{}", done.location());
        token.get("tokens/current").await.is(status);
        others.get("tokens/current").await.is(200);
        if status == 401 {
            browser.get("/account/settings/api").await.has("by you");
        }
    }
}

// Finding 8: disabled and enabled.
async fn letting_in_revokes_unless_told(app: TestApp) {
    let world = app.world().await;
    let user = world.member.id;
    let ci = app.project_token(&world.project, Scopes::FULL).await;
    let shut = move |ctx: &mut bugtome::domain::Ctx<'_>| {
        let row = users::all(ctx)?.into_iter().find(|row| row.id == user).unwrap();
        users::disable(ctx, &row)
    };
    for (tokens, status) in [(Some(OnReturn::Keep), 200), (Some(OnReturn::Revoke), 401), (None, 401)] {
        let token = app.personal_token(&world.member, Scopes::FULL).await;
        app.command(shut).await;
        token.get("tokens/current").await.is(401);
        let returned = app.command(move |ctx| users::enable(ctx, user, tokens)).await;
        assert!(named(&returned).contains(&&token.token()[token.token().len() - 4..]));
        token.get("tokens/current").await.is(status);
    }
    // Whoever was not shut out does not come back.
    let token = app.personal_token(&world.member, Scopes::FULL).await;
    let returned = app.command(move |ctx| users::enable(ctx, user, None)).await;
    assert_eq!((returned.done, returned.living.len()), (OnReturn::Keep, 1));
    token.get("tokens/current").await.is(200);
    ci.get("tokens/current").await.is(200);
}

// Finding 8: `set-password`.
async fn a_new_password_by_command_revokes_unless_told(app: TestApp) {
    let world = app.world().await;
    let user = world.member.id;
    for (tokens, status) in [(Some(OnReturn::Keep), 200), (Some(OnReturn::Revoke), 401), (None, 401)] {
        let token = app.personal_token(&world.member, Scopes::FULL).await;
        let rotated = token.post("tokens/current/rotate", json!({"overlap_seconds": 600})).await.is(201);
        let successor = app.bearer(rotated["token"].as_str().unwrap());
        app.command(move |ctx| users::set_password(ctx, user, TestApp::password_hash(), tokens)).await;
        // The whole chain, overlaps too.
        for who in [&token, &successor] {
            who.get("tokens/current").await.is(status);
        }
    }
}

// Finding 8: `unarchive`.
async fn opening_a_project_again_asks_and_keeps_unless_told(app: TestApp) {
    let world = app.world().await;
    let path = format!("/workspace/projects/{}/settings", world.project.id);
    let browser = app.signed_in(&world.admin).await;
    for (choice, status, said) in [(None, 200, "work again"), (Some("keep"), 200, "work again"), (Some("revoke"), 401, "are revoked")] {
        let ci = app.project_token(&world.project, Scopes::FULL).await;
        app.set_archived(&world.project, true).await;
        let page = browser.get(&path).await;
        page.has(&last_four(&ci));
        assert!(page.text.contains("value=\"keep\" checked") && !page.text.contains("value=\"revoke\" checked"));
        let fields: Vec<_> = choice.map(|choice| ("tokens", choice)).into_iter().collect();
        let done = browser.post(&format!("{path}/unarchive"), &fields).await;
        browser.follow(done).await.has(said);
        ci.get("tokens/current").await.is(status);
    }
    // The API keeps, and so does the command unless it is told.
    let ci = app.project_token(&world.project, Scopes::FULL).await;
    let olga = app.personal_token(&world.owner, Scopes::FULL).await;
    for archived in [true, false] {
        olga.patch(format!("projects/{}", world.project.id), json!({"project": {"archived": archived}})).await.is(200);
    }
    ci.get("tokens/current").await.is(200);
    let project = world.project.id;
    app.set_archived(&world.project, true).await;
    let (_, returned) = app.command(move |ctx| projects::unarchive(ctx, project, OnReturn::Revoke)).await;
    assert_eq!(named(&returned).len(), 1);
    ci.get("tokens/current").await.is(401);
}

async fn invited(app: &TestApp, by: &Person, organization: bugtome::model::id::Id<bugtome::model::organizations::Organization>) -> String {
    let who = bugtome::domain::Who::User(by.id);
    let made = app.app.write(who, bugtome::model::events::Via::Web, move |ctx| {
        Ok(invitations::create(ctx, organization, &Field::Absent, Some(Role::Viewer))?.1.expose().to_owned())
    });
    made.await.unwrap()
}

// Finding 8: whoever joins with an account that has tokens is told which of them come along.
async fn an_invitation_says_which_tokens_come_along(app: TestApp) {
    let world = app.world().await;
    let project = format!("projects/{}", world.other_project.id);
    for (person, choice, status) in [(&world.member, None, 200), (&world.viewer, Some("keep"), 200), (&world.admin, Some("keep-out"), 403)]
    {
        let token = app.personal_token(person, Scopes::FULL).await;
        let browser = app.signed_in(person).await;
        let path = format!("/invitations/{}", invited(&app, &world.stranger, world.elsewhere.id).await);
        let page = browser.get(&path).await;
        page.is(200);
        page.has(&last_four(&token));
        app.browser().get(&path).await.lacks(&last_four(&token));
        token.get(&project).await.is(403);
        let fields: Vec<_> = choice.map(|choice| ("tokens", choice)).into_iter().collect();
        browser.post(&path, &fields).await.is(303);
        token.get(&project).await.is(status);
        // It is the person's elsewhere.
        token.get(format!("projects/{}", world.project.id)).await.is(200);
        let page = browser.get("/account/settings/api").await;
        assert_eq!(page.text.contains("Shut out"), status == 403);
    }
}

// Finding 8: what had ended is neither listed nor touched.
async fn what_has_ended_is_left_as_it_ended(app: TestApp) {
    let world = app.world().await;
    let user = world.member.id;
    let short = app.personal_token_for(&world.member, Scopes::FULL, Some(Span::days(1))).await;
    app.pass(Span::days(2));
    let returned = app.command(move |ctx| users::set_password(ctx, user, TestApp::password_hash(), None)).await;
    assert!(returned.living.is_empty());
    let page = app.signed_in(&world.member).await.get("/account/settings/api").await;
    page.has("Expired");
    page.lacks("Revoked");
    short.get("tokens/current").await.is(401);
}

/// Runs a command of the documentation; its words, and the same in JSON.
fn made(place: &Installation, whose: &[&str]) -> (String, String) {
    let made = place.run(&[&["admin", "token", "create", "--name", "t", "--json"], whose].concat()).ok().json();
    (made["id"].as_str().unwrap().to_owned(), made["token"].as_str().unwrap().to_owned())
}

fn state(place: &Installation, id: &str) -> String {
    let all = place.run(&["admin", "token", "list", "--json"]).ok().json();
    let one = all.as_array().unwrap().iter().find(|row| row["id"] == id).unwrap().clone();
    one["state"].as_str().unwrap().to_owned()
}

// Finding 8: what each command says and does.
#[test]
fn commands_say_which_tokens_they_keep_and_which_they_revoke() {
    let place = Installation::sqlite();
    let enable = ["admin", "user", "enable", "--email", "ada@example.com"];
    let disable = || drop(place.run(&["admin", "user", "disable", "--email", "ada@example.com"]).ok());
    let (id, plain) = made(&place, &["--user", "ada@example.com"]);
    let last_four = &plain[plain.len() - 4..];
    disable();
    let kept = place.run(&[&enable[..], &["--tokens", "keep"]].concat()).ok();
    assert!(kept.out.contains("work on") && kept.out.contains(&format!("pk_bt1…{last_four}")) && kept.out.contains(&id), "{}", kept.out);
    assert!(!kept.out.contains(&plain));
    assert_eq!(state(&place, &id), "active");
    disable();
    let revoked = place.run(&[&enable[..], &["--json"]].concat()).ok();
    assert!(!revoked.out.contains(&plain));
    let told = revoked.json();
    assert_eq!((&told["tokens_are"], &told["tokens"][0]["last_four"]), (&json!("revoked"), &json!(last_four)));
    assert_eq!(told["email"], "ada@example.com");
    assert_eq!(state(&place, &id), "revoked");
    assert_eq!(place.run(&[&enable[..], &["--tokens", "some"]].concat()).code, Some(2));

    // A project opened again.
    let (id, _) = made(&place, &["--project", "acme/WEB"]);
    let unarchive = ["admin", "project", "unarchive", "acme/WEB"];
    place.run(&["admin", "project", "archive", "acme/WEB"]).ok();
    let kept = place.run(&unarchive).ok();
    assert!(kept.out.contains("work again") && kept.out.contains("proj_bt1…") && kept.out.contains(&id), "{}", kept.out);
    place.run(&["admin", "project", "archive", "acme/WEB"]).ok();
    let revoked = place.run(&[&unarchive[..], &["--tokens", "revoke", "--json"]].concat()).ok().json();
    assert_eq!(
        (&revoked["tokens_are"], &revoked["tokens"][0]["id"], &revoked["archived_at"]),
        (&json!("revoked"), &json!(id), &json!(null))
    );
    assert_eq!(state(&place, &id), "revoked");

    // Somebody made a member: revoking shuts out, since the tokens are theirs elsewhere too.
    place.run(&["admin", "user", "create", "--email", "bob@example.com", "--name", "Bob"]).ok();
    let (id, _) = made(&place, &["--user", "bob@example.com"]);
    let add = ["admin", "member", "add", "--organization", "acme", "--user", "bob@example.com"];
    let kept = place.run(&add).ok();
    assert!(kept.out.contains("reach it too") && kept.out.contains(&id), "{}", kept.out);
    place.run(&["admin", "member", "remove", "--organization", "acme", "--user", "bob@example.com"]).ok();
    let told = place.run(&[&add[..], &["--tokens", "revoke", "--json"]].concat()).ok().json();
    assert_eq!((&told["tokens_are"], &told["tokens"][0]["id"], &told["role"]), (&json!("shut_out"), &json!(id), &json!("member")));
    assert_eq!(state(&place, &id), "active");
    let shut_out = place.inside(|ctx| Ok(bugtome::store::rights::read(ctx.db)?.shut_out));
    assert_eq!(shut_out.iter().map(|row| row.chain_id.to_string()).collect::<Vec<_>>(), [id]);
}
