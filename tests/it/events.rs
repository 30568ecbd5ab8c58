//! History: each change of a ticket leaves its event, oldest first.
//! What a change itself does is told in `tickets` and `comments`.

use bugtome::model::scopes::Scopes;
use bugtome::model::time::Span;
use serde_json::{Value, json};

use crate::harness::{TestApp, both, ticket};

both! { every_change_leaves_its_event, history_comes_in_pages, what_a_deleted_comment_said_is_forgotten }

async fn every_change_leaves_its_event(app: TestApp) {
    let world = app.world().await;
    let adam = app.personal_token(&world.admin, Scopes::FULL).await;
    let filed = adam.post("tickets", ticket(&world.project, &json!({"notes": "old"}))).await.is(201);
    let path = format!("tickets/{}", filed["id"].as_str().unwrap());
    let change = async |change: Value| {
        app.pass(Span::seconds(1));
        adam.patch(&path, json!({"ticket": change})).await.is(200)
    };
    change(json!({"title": "New", "notes": null, "priority": "low"})).await;
    change(json!({"status": "closed", "assignee_id": world.viewer.id})).await;
    change(json!({"status": "open", "assignee_id": null})).await;
    app.pass(Span::seconds(1));
    let comment = adam.post(format!("{path}/comments"), json!({"comment": {"content": "one"}})).await.is(201);
    app.pass(Span::seconds(1));
    let one = format!("{path}/comments/{}", comment["id"].as_str().unwrap());
    adam.patch(&one, json!({"comment": {"content": "two"}})).await.is(200);
    let vera = json!({"id": world.viewer.id, "name": "Vera Viewer", "email": "vera.viewer@example.com", "kind": "user"});
    let said = json!({"comment": {"id": comment["id"], "content": "two", "created_at": comment["created_at"]}});
    let closed = json!({"old_status": "open", "new_status": "closed"});
    let expected = [
        ("ticket_created", json!({})),
        ("ticket_edited", json!({"title": [filed["title"], "New"], "notes": ["old", null]})),
        ("ticket_priority_changed", json!({"old_priority": "medium", "new_priority": "low"})),
        ("ticket_status_changed", closed.clone()),
        ("ticket_closed", closed),
        ("ticket_assigned", json!({"assignee": vera})),
        ("ticket_status_changed", json!({"old_status": "closed", "new_status": "open"})),
        ("ticket_assigned", json!({"assignee": null})),
        ("ticket_commented", said.clone()),
        ("comment_edited", said),
    ];
    let events = adam.get(format!("{path}/events")).await.is(200);
    let told: Vec<_> =
        events.as_array().unwrap().iter().map(|event| (event["event"].as_str().unwrap(), event["changes"].clone())).collect();
    assert_eq!(told, expected);
    for event in events.as_array().unwrap() {
        let names: Vec<_> = event.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names, ["actor", "changes", "created_at", "event", "id", "via"]);
        assert_eq!((&event["via"], &event["actor"]["name"]), (&json!("api"), &json!("Adam Admin")));
    }
    // What a command did has no actor.
    let by_command = format!("tickets/{}/events", app.filed(&world.project, "B").await);
    let event = adam.get(by_command).await.is(200)[0].clone();
    assert_eq!((&event["via"], &event["actor"]), (&json!("command"), &Value::Null));
}

async fn history_comes_in_pages(app: TestApp) {
    let world = app.world().await;
    let mia = app.personal_token(&world.member, Scopes::FULL).await;
    let path = format!("tickets/{}", app.filed(&world.project, "A").await);
    for number in 0..29 {
        app.pass(Span::seconds(1));
        mia.patch(&path, json!({"ticket": {"title": format!("title {number}")}})).await.is(200);
    }
    let first = mia.get(format!("{path}/events")).await;
    assert_eq!((first.is(200).as_array().unwrap().len(), first.pages()), (25, (30, 2, 1)));
    let second = mia.get(format!("{path}/events?page=2")).await.is(200);
    assert_eq!((second.as_array().unwrap().len(), &second[4]["changes"]["title"][1]), (5, &json!("title 28")));
    assert_eq!(mia.get(format!("{path}/events?page=3")).await.is(200), json!([]));
    mia.get(format!("{path}/events?sort=created_at")).await.is(400);
}

async fn what_a_deleted_comment_said_is_forgotten(app: TestApp) {
    let world = app.world().await;
    let mia = app.personal_token(&world.member, Scopes::FULL).await;
    let path = format!("tickets/{}", app.filed(&world.project, "A").await);
    app.pass(Span::seconds(1));
    let comment = mia.post(format!("{path}/comments"), json!({"comment": {"content": "a secret"}})).await.is(201);
    app.pass(Span::seconds(1));
    mia.delete(format!("{path}/comments/{}", comment["id"].as_str().unwrap())).await.is(204);
    let events = mia.get(format!("{path}/events")).await.is(200);
    assert!(!events.to_string().contains("a secret"));
    let names: Vec<_> = events.as_array().unwrap().iter().map(|event| event["event"].as_str().unwrap()).collect();
    assert_eq!(names, ["ticket_created", "ticket_commented", "comment_deleted"]);
    assert_eq!(mia.get("tickets?q=secret").await.is(200), json!([]));
}
