//! Idempotency keys: a repeat gets the first answer and does nothing, on both databases and under concurrency.
//! The rotation of tokens has a retry of its own kind, told in `tokens`.

use std::future::IntoFuture;

use bugtome::model::scopes::{Scope, Scopes};
use bugtome::model::time::Span;
use serde_json::{Value, json};

use crate::harness::{Client, TestApp, both, draft, ticket};

both! {
    a_repeat_gets_the_first_answer_and_creates_nothing,
    every_post_takes_a_key,
    another_body_is_refused,
    a_key_is_one_callers_on_one_path,
    a_project_token_keeps_its_keys_when_rotated,
    a_refusal_is_kept_too,
    other_refusals_are_not_kept,
    a_repeat_is_answered_after_the_rights_are_judged,
    a_day_later_a_key_is_new,
    a_key_has_its_form,
    many_at_once_create_one,
    a_repeat_waits_for_the_first,
}

async fn count(who: &Client) -> i64 {
    who.get("tickets").await.number("x-total-count")
}

async fn a_repeat_gets_the_first_answer_and_creates_nothing(app: TestApp) {
    let world = app.world().await;
    let mia = app.personal_token(&world.member, Scopes::FULL).await;
    let post = || mia.post("tickets", ticket(&world.project, &json!({}))).key("k1");
    let first = post().await;
    first.is(201);
    app.pass(Span::seconds(60));
    mia.patch(format!("tickets/{}", first.json()["id"].as_str().unwrap()), json!({"ticket": {"title": "changed"}})).await.is(200);
    let again = post().await;
    assert_eq!(again.seen(), first.seen(), "status, headers and body are the first answer's");
    assert_eq!(count(&mia).await, 1);
    // Without a key, or with another, it is another ticket.
    mia.post("tickets", ticket(&world.project, &json!({}))).await.is(201);
    post().with("x-other", "1").await.is(201);
    mia.post("tickets", ticket(&world.project, &json!({}))).key("k2").await.is(201);
    assert_eq!(count(&mia).await, 3);
}

async fn every_post_takes_a_key(app: TestApp) {
    let world = app.world().await;
    let adam = app.personal_token(&world.admin, Scopes::FULL).await;
    let t = app.filed(&world.project, "A").await;
    let comment = || adam.post(format!("tickets/{t}/comments"), json!({"comment": {"content": "once"}})).key("k");
    assert_eq!(comment().await.seen(), comment().await.seen());
    assert_eq!(adam.get(format!("tickets/{t}/comments")).await.pages().0, 1);
    let project = || {
        adam.post(format!("mcp/organizations/{}/projects", world.organization.id), json!({"project": {"name": "N", "code": "NN"}})).key("k")
    };
    let made = project().await;
    made.is(201);
    assert_eq!(project().await.seen(), made.seen());
    let restore = || adam.post(format!("tickets/{t}/restore"), json!({})).key("k");
    adam.delete(format!("tickets/{t}")).await.is(204);
    restore().await.is(200);
    adam.delete(format!("tickets/{t}")).await.is(204);
    restore().await.is(200);
    adam.get(format!("tickets/{t}")).await.is(404);
    // But the finder's, where it is not looked at.
    app.anonymous().post("tokens/revoke", json!({"tokens": []})).key("two words").await.is(200);
}

async fn another_body_is_refused(app: TestApp) {
    let world = app.world().await;
    let mia = app.personal_token(&world.member, Scopes::FULL).await;
    mia.post("tickets", ticket(&world.project, &json!({}))).key("k").await.is(201);
    let other = mia.post("tickets", ticket(&world.project, &json!({"title": "other"}))).key("k").await;
    assert_eq!(other.details(), json!({"idempotency_key": ["has already been taken"]}));
    assert_eq!(count(&mia).await, 1);
    // And that refusal has not taken the place of the first answer.
    mia.post("tickets", ticket(&world.project, &json!({}))).key("k").await.is(201);
}

async fn a_key_is_one_callers_on_one_path(app: TestApp) {
    let world = app.world().await;
    let mia = app.personal_token(&world.member, Scopes::FULL).await;
    let adam = app.personal_token(&world.admin, Scopes::FULL).await;
    let (ci, cd) = (app.project_token(&world.project, Scopes::FULL).await, app.project_token(&world.project, Scopes::FULL).await);
    for who in [&mia, &adam, &ci, &cd] {
        who.post("tickets", ticket(&world.project, &json!({}))).key("k").await.is(201);
    }
    assert_eq!(count(&mia).await, 4);
    // A user is the same caller by any of their tokens.
    let again = app.personal_token(&world.member, Scopes::of(&[Scope::TicketsCreate])).await;
    again.post("tickets", ticket(&world.project, &json!({}))).key("k").await.is(201);
    assert_eq!(count(&mia).await, 4);
    let (one, two) = (app.filed(&world.project, "A").await, app.filed(&world.project, "B").await);
    for t in [one, two] {
        mia.post(format!("tickets/{t}/comments"), json!({"comment": {"content": "c"}})).key("k").await.is(201);
        assert_eq!(mia.get(format!("tickets/{t}")).await.is(200)["comments_count"], 1);
    }
}

async fn a_project_token_keeps_its_keys_when_rotated(app: TestApp) {
    let world = app.world().await;
    let ci = app.project_token(&world.project, Scopes::FULL).await;
    let first = ci.post("tickets", json!({"ticket": draft()})).key("k").await.is(201);
    let rotated = ci.post("tokens/current/rotate", json!({})).await.is(201);
    let successor = app.bearer(rotated["token"].as_str().unwrap());
    assert_eq!(successor.post("tickets", json!({"ticket": draft()})).key("k").await.is(201), first);
    assert_eq!(count(&successor).await, 1);
}

async fn a_refusal_is_kept_too(app: TestApp) {
    let world = app.world().await;
    let mia = app.personal_token(&world.member, Scopes::FULL).await;
    let wrong = || mia.post("tickets", ticket(&world.project, &json!({"assignee_id": world.stranger.id}))).key("k");
    let first = wrong().await;
    assert_eq!(first.details(), json!({"assignee_id": ["is invalid"]}));
    // What would be well by now is refused as it was.
    app.add_member(&world.organization, &world.stranger, bugtome::model::roles::Role::Viewer).await;
    assert_eq!(wrong().await.seen(), first.seen());
    let other = mia.post("tickets", ticket(&world.project, &json!({}))).key("k").await;
    assert_eq!(other.details(), json!({"idempotency_key": ["has already been taken"]}));
    assert_eq!(count(&mia).await, 0);
    // So is the refusal of what names no project.
    let first = mia.post("tickets", json!({"ticket": draft()})).key("none").await;
    assert_eq!(first.details(), json!({"project_id": ["can't be blank"]}));
    assert_eq!(mia.post("tickets", json!({"ticket": draft()})).key("none").await.seen(), first.seen());
    mia.post("tickets", ticket(&world.project, &json!({}))).key("none").await.is(422);
}

async fn other_refusals_are_not_kept(app: TestApp) {
    let world = app.world().await;
    let vera = app.personal_token(&world.viewer, Scopes::FULL).await;
    let post = |body: Value| vera.post("tickets", body).key("k");
    post(json!({})).await.is(400);
    post(ticket(&world.project, &json!({}))).await.is(403);
    app.set_role(&world.organization, &world.viewer, bugtome::model::roles::Role::Member).await;
    post(ticket(&world.project, &json!({"title": "now"}))).await.is(201);
}

async fn a_repeat_is_answered_after_the_rights_are_judged(app: TestApp) {
    let world = app.world().await;
    let mia = app.personal_token(&world.member, Scopes::FULL).await;
    let t = app.filed(&world.project, "A").await;
    let post = || mia.post("tickets", ticket(&world.project, &json!({}))).key("k");
    let comment = || mia.post(format!("tickets/{t}/comments"), json!({"comment": {"content": "c"}})).key("k");
    post().await.is(201);
    comment().await.is(201);
    app.set_role(&world.organization, &world.member, bugtome::model::roles::Role::Viewer).await;
    post().await.is(403);
    comment().await.is(403);
    app.set_role(&world.organization, &world.member, bugtome::model::roles::Role::Member).await;
    post().await.is(201);
    app.set_archived(&world.project, true).await;
    post().await.is(403);
    app.set_archived(&world.project, false).await;
    app.remove_member(&world.organization, &world.member).await;
    post().await.is(403);
    comment().await.is(404);
    let ticket: bugtome::model::id::Id<bugtome::model::tickets::Ticket> = t.parse().unwrap();
    app.add_member(&world.organization, &world.member, bugtome::model::roles::Role::Member).await;
    app.command(move |ctx| bugtome::domain::tickets::delete(ctx, ticket, &bugtome::domain::tickets::Expected::Any)).await;
    comment().await.is(404);
    mia.delete("tokens/current").await.is(204);
    post().await.is(401);
}

async fn a_day_later_a_key_is_new(app: TestApp) {
    let world = app.world().await;
    let mia = app.personal_token(&world.member, Scopes::FULL).await;
    let post = || mia.post("tickets", ticket(&world.project, &json!({}))).key("k");
    let first = post().await.is(201);
    app.pass(Span::seconds(86_399));
    app.sweep().await;
    assert_eq!(post().await.is(201), first);
    app.pass(Span::seconds(1));
    assert_eq!(post().await.is(201)["number"], 2);
    app.pass(Span::days(1));
    app.sweep().await;
    assert_eq!(post().await.is(201)["number"], 3);
}

async fn a_key_has_its_form(app: TestApp) {
    let world = app.world().await;
    let mia = app.personal_token(&world.member, Scopes::FULL).await;
    let post = || mia.post("tickets", ticket(&world.project, &json!({})));
    for wrong in ["", " ", "two words", "tab\t", "ümlaut", &"x".repeat(256)] {
        post().key(wrong).await.is(400);
    }
    post().key("a").key("a").await.is(400);
    post().key(&"x".repeat(255)).await.is(201);
    post().key("!\"#$%&'()*+,-./09:;<=>?@AZ[\\]^_`az{|}~").await.is(201);
}

async fn many_at_once_create_one(app: TestApp) {
    let world = app.world().await;
    let mia = app.personal_token(&world.member, Scopes::FULL).await;
    let calls: Vec<_> =
        (0..8).map(|_| tokio::spawn(mia.post("tickets", ticket(&world.project, &json!({}))).key("k").into_future())).collect();
    let mut bodies = Vec::new();
    for call in calls {
        let answer = call.await.unwrap();
        assert!(matches!(answer.status, 201 | 409), "{answer:?}");
        if answer.status == 201 {
            bodies.push(answer.body);
        }
    }
    assert!(!bodies.is_empty() && bodies.windows(2).all(|two| two[0] == two[1]));
    assert_eq!(count(&mia).await, 1);
}

async fn a_repeat_waits_for_the_first(app: TestApp) {
    let world = app.world().await;
    let mia = app.personal_token(&world.member, Scopes::FULL).await;
    let post = || tokio::spawn(mia.post("tickets", ticket(&world.project, &json!({}))).key("k").into_future());
    // The first gets no further than the project's counters, which somebody else holds.
    let (project, database) = (world.project.id, app.app.database().clone());
    let (taken, is_taken) = std::sync::mpsc::channel();
    let (release, released) = std::sync::mpsc::channel::<()>();
    let holder = std::thread::spawn(move || {
        let hold = |db: &mut bugtome::store::database::Connection| {
            bugtome::store::projects::lock(db, project)?;
            taken.send(()).unwrap();
            released.recv().unwrap();
            Ok::<_, bugtome::store::database::Error>(())
        };
        database.run(hold).unwrap();
    });
    tokio::task::spawn_blocking(move || is_taken.recv().unwrap()).await.unwrap();
    let (first, second) = (post(), post());
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    assert!(!first.is_finished() && !second.is_finished());
    release.send(()).unwrap();
    let (first, second) = (first.await.unwrap(), second.await.unwrap());
    assert_eq!((first.is(201), second.is(201)), (first.json(), first.json()));
    holder.join().unwrap();
    assert_eq!(count(&mia).await, 1);
}
