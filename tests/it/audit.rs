//! The audit log: each act of the domain says its line, with ids, address and request, and none holds a secret or anybody's words.
//! Finding 12 of the security review. How the log is written otherwise is told in `http::log` and `operating`.

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::{Mutex, OnceLock};

use bugtome::domain::audit::Act;
use bugtome::domain::returns::OnReturn;
use bugtome::domain::token_settings::Place;
use bugtome::domain::{member_tokens, members, resets, restore, users};
use bugtome::model::draft::Field;
use bugtome::model::roles::Role;
use bugtome::model::scopes::Scopes;
use bugtome::model::time::Span;
use serde_json::{Value, json};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::harness::{PASSWORD, TestApp, World, both};
use crate::token_pages::HERE;

both! {
    every_act_is_said_with_ids_and_without_words,
    what_a_stranger_repeats_is_one_line_with_a_count,
    what_is_undone_is_not_said,
    who_goes_away_takes_no_line_along,
}

/// What the process has said to the target `audit`; each story looks for its own ids in it.
static SAID: Mutex<Vec<u8>> = Mutex::new(Vec::new());

struct Said;

impl Write for Said {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        SAID.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn listen() {
    static ONCE: OnceLock<()> = OnceLock::new();
    ONCE.get_or_init(|| {
        let lines = tracing_subscriber::fmt::layer().with_writer(|| Said).with_ansi(false).json().flatten_event(true);
        let only = Targets::new().with_target("audit", tracing::Level::INFO);
        tracing_subscriber::registry().with(lines.with_filter(only)).init();
    });
}

fn text() -> String {
    String::from_utf8(SAID.lock().unwrap().clone()).unwrap()
}

fn lines() -> Vec<Value> {
    text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The lines that say this act of whatever has this id.
fn said(act: Act, id: impl ToString) -> Vec<Value> {
    let id = Value::String(id.to_string());
    let about = |line: &Value| line.as_object().unwrap().values().any(|value| *value == id);
    lines().into_iter().filter(|line| line["act"] == act.word() && about(line)).collect()
}

async fn in_pages(app: &TestApp, world: &World) {
    let mia = &world.member;
    app.give_password(mia).await;
    let browser = app.signed_in(mia).await.at("198.51.100.1");
    let again = app.signed_in(mia).await;
    again.post("/logout", &[]).await.is(303);
    app.signed_in(mia).await;
    browser.post("/account/settings/sessions", &[("others", "")]).await.is(303);
    app.browser().post("/login", &[("email", &mia.email), ("password", "a wrong guess")]).await.is(422);
    for _ in 0..10 {
        app.browser().post("/login", &[("email", &mia.email), ("password", "a wrong guess")]).await;
    }
    let moved = [("name", "Mia"), ("email", "mia.moved@example.com"), ("theme", "system"), ("current", PASSWORD)];
    browser.post("/account/settings", &moved).await.is(303);
    browser.post("/account/settings/password", &[("old", PASSWORD), ("new", "another long password")]).await.is(303);
    let made = crate::token_pages::make(&browser, HERE, "nightly", "full").await;
    let token = crate::token_pages::secret(&made);
    let id = crate::token_pages::id(&browser.get(HERE).await, &token);
    browser.post(format!("{HERE}/{id}/rotate"), &[("overlap", "0")]).await.is(200);
    app.bearer(&token).get("tickets").await.is(401);
    let owner = app.signed_in(&world.owner).await;
    let organization = format!("/workspace/organizations/{}", world.organization.id);
    owner.post(format!("{organization}/invitations"), &[("role", "viewer"), ("email", "new@example.com")]).await.is(200);
    let page = owner.get(format!("{organization}/members")).await;
    let withdraw = page.forms().into_iter().map(|(action, _)| action).find(|action| action.ends_with("/withdraw")).expect("it is listed");
    owner.post(withdraw, &[]).await.is(303);
}

async fn by_commands(app: &TestApp, world: &World) {
    let (organization, project, mia, viewer) = (world.organization.id, world.project.id, world.member.id, world.viewer.id);
    app.set_policy(&world.organization, Some(Span::days(365))).await;
    app.set_role(&world.organization, &world.viewer, Role::Member).await;
    let token = app.personal_token(&world.member, Scopes::FULL).await;
    let id = token.id.unwrap();
    app.command(move |ctx| member_tokens::shut_out(ctx, organization, id, &Field::Absent)).await;
    app.command(move |ctx| member_tokens::let_in(ctx, organization, id)).await;
    app.command(move |ctx| resets::make_by_command(ctx, mia).map(drop)).await;
    app.anonymous().post("tokens/revoke", json!({ "token": token.token() })).await.is(200);
    let of_project = app.project_token(&world.project, Scopes::REPORT_ONLY).await;
    of_project.get("tickets").await.is(403);
    of_project.delete("tokens/current").await.is(204);
    app.anonymous().post("tokens/revoke", json!({ "token": of_project.token() })).await.is(200);
    app.bearer("pk_bt1aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa").get("tickets").await.is(401);
    app.set_archived(&world.project, true).await;
    app.set_archived(&world.project, false).await;
    app.command(move |ctx| members::remove(ctx, organization, viewer).map(drop)).await;
    let email = bugtome::model::users::Email::parse(&Field::Value(world.viewer.email.as_str().into())).unwrap();
    app.command(move |ctx| {
        let row = users::by_email(ctx, &email)?;
        users::disable(ctx, &row)?;
        users::enable(ctx, viewer, Some(OnReturn::Keep)).map(drop)
    })
    .await;
    app.delete_project(&world.project).await;
    app.command(|ctx| restore::take_over(ctx, None, Some(restore::Undecided::Keep)).map(drop)).await;
    let _ = (project, Place::Account);
}

async fn every_act_is_said_with_ids_and_without_words(app: TestApp) {
    listen();
    let code = app.command(bugtome::domain::setup::prepare).await.unwrap();
    let fields = [("name", "Eve"), ("email", "eve@example.com"), ("organization", "Eve"), ("password", "a long password")];
    app.browser().post("/setup", &[&fields[..], &[("code", "0000-0000-0000-0000")]].concat()).await.is(422);
    app.browser().post("/setup", &[&fields[..], &[("code", code.expose())]].concat()).await.is(303);
    let world = app.world().await;
    in_pages(&app, &world).await;
    by_commands(&app, &world).await;
    app.flush_uses().await;
    let all = lines();
    let acts: BTreeSet<&str> = all.iter().filter_map(|line| line["act"].as_str()).collect();
    // The clock is reset by a command that is alone with the database: see `clock`.
    let missing: Vec<_> = Act::ALL.iter().filter(|act| **act != Act::ClockReset && !acts.contains(act.word())).collect();
    assert!(missing.is_empty(), "{missing:?} in {acts:?}");
    let text = text();
    for word in ["example.com", "a wrong guess", PASSWORD, "another long password", "pk_bt1", "proj_bt1", "nightly", "Mia", code.expose()] {
        assert!(!text.contains(word), "{word} in {text}");
    }
    for line in &all {
        assert_eq!((&line["target"], &line["level"]), (&json!("audit"), &json!("INFO")), "{line}");
        let from_outside = line["via"] == "web" || line["via"] == "api";
        assert!(!from_outside || line["from"].is_string() && line["request"].as_str().is_some_and(|id| id.len() == 32), "{line}");
    }
    let [role] = &said(Act::RoleChanged, world.viewer.id)[..] else { panic!("{text}") };
    assert_eq!(
        (&role["role"], &role["actor"], &role["organization"]),
        (&json!("member"), &json!("command"), &json!(world.organization.id))
    );
    let changed =
        said(Act::PasswordChanged, world.member.id).into_iter().find(|line| line["via"] == "web").unwrap_or_else(|| panic!("{text}"));
    assert_eq!(
        (&changed["actor"], &changed["actor_id"], &changed["from"]),
        (&json!("user"), &json!(world.member.id), &json!("198.51.100.1"))
    );
    let [failed] = &said(Act::SignInFailed, world.member.id)[..] else { panic!("{text}") };
    assert_eq!(failed["count"], 10, "{failed}");
    assert_eq!(said(Act::LockedOut, world.member.id)[0]["count"], 1);
}

async fn what_a_stranger_repeats_is_one_line_with_a_count(app: TestApp) {
    listen();
    let world = app.world().await;
    let token = app.personal_token(&world.member, Scopes::FULL).await;
    let id = token.id.unwrap();
    token.delete("tokens/current").await.is(204);
    for number in 0..40 {
        token.at(&format!("203.0.113.{number}")).get("tickets").await.is(401);
        app.anonymous().at(&format!("203.0.113.{number}")).post("tokens/revoke", json!({ "token": token.token() })).await.is(200);
    }
    assert!(said(Act::StoppedTokenTried, id).is_empty(), "they are said together");
    app.flush_uses().await;
    for act in [Act::StoppedTokenTried, Act::StoppedTokenFound] {
        let [line] = &said(act, id)[..] else { panic!("{}", text()) };
        assert_eq!((&line["count"], &line["from"]), (&json!(40), &json!("203.0.113.39")), "{line}");
    }
    app.flush_uses().await;
    assert_eq!(said(Act::StoppedTokenTried, id).len(), 1, "what was said is not said again");
}

async fn what_is_undone_is_not_said(app: TestApp) {
    listen();
    let world = app.world().await;
    let (organization, member) = (world.organization.id, world.member.id);
    let outcome: bugtome::domain::Result<()> = app
        .app
        .write(bugtome::domain::Who::Command, bugtome::model::events::Via::Command, move |ctx| {
            members::set_role(ctx, organization, member, Role::Viewer)?;
            Err(bugtome::domain::Error::NotFound)
        })
        .await;
    assert!(outcome.is_err() && said(Act::RoleChanged, member).is_empty());
    app.set_role(&world.organization, &world.member, Role::Viewer).await;
    assert_eq!(said(Act::RoleChanged, member).len(), 1);
}

async fn who_goes_away_takes_no_line_along(app: TestApp) {
    listen();
    let world = app.world().await;
    let (organization, member) = (world.organization.id, world.member.id);
    let writing = app.app.write(bugtome::domain::Who::Command, bugtome::model::events::Via::Command, move |ctx| {
        members::set_role(ctx, organization, member, Role::Viewer)
    });
    // Begun, and given up.
    tokio::select! {
        biased;
        _ = writing => {}
        () = std::future::ready(()) => {}
    }
    for _ in 0..500 {
        if said(Act::RoleChanged, member).len() == 1 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("the change is made, and nothing was said of it");
}
