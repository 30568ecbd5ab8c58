//! Comments: written, listed, edited and deleted, by whom the contract lets.
//! What history says of them is in `events`.

use bugtome::model::scopes::{Scope, Scopes};
use bugtome::model::time::Span;
use serde_json::{Value, json};

use crate::harness::{TestApp, both};

both! {
    a_comment_is_written_and_listed_oldest_first,
    comments_have_their_lengths,
    only_its_author_edits_a_comment,
    a_comment_is_deleted_by_its_author_or_an_admin,
    comments_come_in_pages,
    a_project_token_answers_for_those_it_replaced,
    a_comment_belongs_to_its_ticket,
}

fn body(content: impl Into<Value>) -> Value {
    json!({"comment": {"content": content.into()}})
}

async fn a_comment_is_written_and_listed_oldest_first(app: TestApp) {
    let world = app.world().await;
    let path = format!("tickets/{}/comments", app.filed(&world.project, "A").await);
    let mia = app.personal_token(&world.member, Scopes::FULL).await;
    let first = mia.post(&path, body("  first ")).await.is(201);
    let expected = json!({
        "id": first["id"], "content": "first", "created_at": "2026-03-01T12:00:00.000000Z", "updated_at": "2026-03-01T12:00:00.000000Z",
        "author": {"id": world.member.id, "name": "Mia Member", "email": "mia.member@example.com", "kind": "user"},
    });
    assert_eq!(first, expected);
    app.pass(Span::seconds(1));
    let ci = app.project_token(&world.project, Scopes::FULL).await;
    let second = ci.post(&path, body("second")).await.is(201);
    assert_eq!(second["author"], json!({"id": ci.id, "name": "ci", "email": null, "kind": "project_token"}));
    let listed = mia.get(&path).await;
    assert_eq!((listed.is(200), listed.pages()), (json!([first, second]), (2, 1, 1)));
    let vera = app.personal_token(&world.viewer, Scopes::FULL).await;
    vera.get(&path).await.is(200);
    vera.post(&path, body("no")).await.is(403);
}

async fn comments_have_their_lengths(app: TestApp) {
    let world = app.world().await;
    let path = format!("tickets/{}/comments", app.filed(&world.project, "A").await);
    let mia = app.personal_token(&world.member, Scopes::FULL).await;
    mia.post(&path, body("😀".repeat(50_000))).await.is(201);
    for (content, problem) in [
        (json!("ü".repeat(50_001)), "is too long (maximum is 50000 characters)"),
        (json!(" \n"), "can't be blank"),
        (Value::Null, "can't be blank"),
        (json!("\u{0}a"), "is invalid"),
    ] {
        assert_eq!(mia.post(&path, body(content)).await.details(), json!({"content": [problem]}));
    }
    assert_eq!(mia.post(&path, json!({"comment": {}})).await.details(), json!({"content": ["can't be blank"]}));
    mia.post(&path, body(7)).await.is(400);
    mia.post(&path, json!({"content": "unwrapped"})).await.is(400);
}

async fn only_its_author_edits_a_comment(app: TestApp) {
    let world = app.world().await;
    let path = format!("tickets/{}/comments", app.filed(&world.project, "A").await);
    let mia = app.personal_token(&world.member, Scopes::FULL).await;
    let owner = app.personal_token(&world.owner, Scopes::FULL).await;
    let comment = mia.post(&path, body("first")).await.is(201);
    let one = format!("{path}/{}", comment["id"].as_str().unwrap());
    app.pass(Span::seconds(1));
    let edited = mia.patch(&one, body("changed")).await.is(200);
    assert_eq!((&edited["content"], &edited["updated_at"]), (&json!("changed"), &json!("2026-03-01T12:00:01.000000Z")));
    assert_eq!(edited["created_at"], comment["created_at"]);
    app.pass(Span::seconds(1));
    assert_eq!(mia.patch(&one, body(" changed ")).await.is(200), edited, "what changes nothing leaves no trace");
    assert_eq!(mia.patch(&one, json!({"comment": {}})).await.is(200), edited);
    assert_eq!(mia.patch(&one, body(Value::Null)).await.details(), json!({"content": ["can't be blank"]}));
    owner.patch(&one, body("not mine")).await.is(403);
    // The same person by another token, while they may comment.
    let again = app.personal_token(&world.member, Scopes::of(&[Scope::CommentsWrite])).await;
    again.patch(&one, body("by another token")).await.is(200);
    app.set_role(&world.organization, &world.member, bugtome::model::roles::Role::Viewer).await;
    mia.patch(&one, body("too late")).await.is(403);
}

async fn a_comment_is_deleted_by_its_author_or_an_admin(app: TestApp) {
    let world = app.world().await;
    let ticket = app.filed(&world.project, "A").await;
    let path = format!("tickets/{ticket}/comments");
    let mia = app.personal_token(&world.member, Scopes::FULL).await;
    let adam = app.personal_token(&world.admin, Scopes::FULL).await;
    let other = app.user("Otto Other").await;
    app.add_member(&world.organization, &other, bugtome::model::roles::Role::Member).await;
    let otto = app.personal_token(&other, Scopes::FULL).await;
    let write = async |content: &str| mia.post(&path, body(content)).await.is(201)["id"].as_str().unwrap().to_owned();
    let (first, second) = (write("1").await, write("2").await);
    otto.delete(format!("{path}/{first}")).await.is(403);
    mia.delete(format!("{path}/{first}")).await.is(204);
    mia.delete(format!("{path}/{first}")).await.is(404);
    mia.patch(format!("{path}/{first}"), body("x")).await.is(404);
    adam.delete(format!("{path}/{second}")).await.is(204);
    let listed = mia.get(&path).await;
    assert_eq!((listed.is(200), listed.pages().0), (json!([]), 0));
    assert_eq!(mia.get(format!("tickets/{ticket}")).await.is(200)["comments_count"], 0);
    // A project token is an admin of its project.
    let third = write("3").await;
    let ci = app.project_token(&world.project, Scopes::FULL).await;
    ci.patch(format!("{path}/{third}"), body("x")).await.is(403);
    ci.delete(format!("{path}/{third}")).await.is(204);
}

async fn comments_come_in_pages(app: TestApp) {
    let world = app.world().await;
    let path = format!("tickets/{}/comments", app.filed(&world.project, "A").await);
    let mia = app.personal_token(&world.member, Scopes::FULL).await;
    for number in 0..27 {
        app.pass(Span::seconds(1));
        mia.post(&path, body(format!("comment {number}"))).await.is(201);
    }
    let pages = async |query: &str| {
        let answer = mia.get(format!("{path}{query}")).await;
        (answer.is(200).as_array().unwrap().len(), answer.pages())
    };
    assert_eq!(pages("").await, (25, (27, 2, 1)));
    assert_eq!(pages("?page=2").await, (2, (27, 2, 2)));
    assert_eq!(pages("?page=3").await, (0, (27, 2, 3)));
    assert_eq!(pages("?per_page=10&page=3").await, (7, (27, 3, 3)));
    mia.get(format!("{path}?per_page=101")).await.is(400);
    let third = mia.get(format!("{path}?per_page=10&page=3")).await.is(200);
    assert_eq!(third[0]["content"], "comment 20");
}

async fn a_project_token_answers_for_those_it_replaced(app: TestApp) {
    let world = app.world().await;
    let path = format!("tickets/{}/comments", app.filed(&world.project, "A").await);
    let ci = app.project_token(&world.project, Scopes::FULL).await;
    let comment = ci.post(&path, body("mine")).await.is(201);
    let one = format!("{path}/{}", comment["id"].as_str().unwrap());
    let rotated = ci.post("tokens/current/rotate", json!({})).await.is(201);
    let successor = app.bearer(rotated["token"].as_str().unwrap());
    assert_eq!(successor.patch(&one, body("still mine")).await.is(200)["content"], "still mine");
    let another = app.project_token(&world.project, Scopes::FULL).await;
    another.patch(&one, body("not mine")).await.is(403);
}

async fn a_comment_belongs_to_its_ticket(app: TestApp) {
    let world = app.world().await;
    let (one, other) = (app.filed(&world.project, "A").await, app.filed(&world.project, "B").await);
    let mia = app.personal_token(&world.member, Scopes::FULL).await;
    let comment = mia.post(format!("tickets/{one}/comments"), body("mine")).await.is(201);
    let wrong = format!("tickets/{other}/comments/{}", comment["id"].as_str().unwrap());
    mia.patch(&wrong, body("x")).await.is(404);
    mia.delete(&wrong).await.is(404);
    mia.delete(format!("tickets/{one}/comments/no-uuid")).await.is(404);
}
