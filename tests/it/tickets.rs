//! Tickets: filed, read, changed, deleted and brought back, as the contract says.
//! Lists have a file of their own, and so have comments and history.

use axum::http::Method;
use bugtome::model::roles::Role;
use bugtome::model::scopes::Scopes;
use bugtome::model::time::Span;
use serde_json::{Value, json};

use crate::harness::{BASE_URL, TestApp, both, draft, ticket};

both! {
    a_ticket_has_all_that_the_contract_names,
    a_project_token_files_in_its_own_project_alone,
    a_personal_token_says_in_which_project,
    all_that_is_wrong_is_said_at_once,
    blank_is_blank_alone,
    lengths_are_counted_in_scalar_values_after_trimming,
    text_is_stored_trimmed_and_otherwise_as_sent,
    no_text_has_nul_or_half_a_surrogate,
    an_assignee_is_a_member,
    what_a_patch_carries_changes_and_nothing_else,
    null_clears_what_may_be_empty,
    what_changes_nothing_leaves_no_trace,
    who_was_slower_is_told,
    a_known_version_is_not_sent_again,
    the_tag_grows_with_version_and_comments,
    a_deleted_ticket_is_gone_and_comes_back,
    after_thirty_days_a_deleted_ticket_is_purged,
    numbers_are_never_used_again,
    a_long_imported_ticket_can_still_be_edited,
    who_has_left_keeps_their_name,
    reading_hides_addresses_from_project_tokens,
}

fn id(ticket: &Value) -> &str {
    ticket["id"].as_str().unwrap()
}

async fn a_ticket_has_all_that_the_contract_names(app: TestApp) {
    let world = app.world().await;
    let mia = app.personal_token(&world.member, Scopes::FULL).await;
    let more = json!({"notes": " only on Tuesdays ", "priority": "high", "assignee_id": world.viewer.id, "status": "closed"});
    let filed = mia.post("tickets", ticket(&world.project, &more)).await;
    let ticket = filed.is(201);
    let (organization, project) = (world.organization.id.to_string(), world.project.id.to_string());
    assert_eq!(filed.header("location"), Some(&*format!("/api/v1/tickets/{}", id(&ticket))));
    assert_eq!(filed.header("etag"), Some(r#""1-0""#));
    let person = |person: &crate::harness::Person| json!({"id": person.id, "name": person.name, "email": person.email, "kind": "user"});
    for (name, value) in [
        ("code", json!("WEB-1")),
        ("number", json!(1)),
        ("title", json!("The cart forgets its items")),
        ("given", json!("a cart with two items")),
        ("when", json!("the page is loaded again")),
        ("then", json!("both items are still there")),
        ("notes", json!("only on Tuesdays")),
        ("status", json!("open")),
        ("priority", json!("high")),
        ("created_at", json!("2026-03-01T12:00:00.000000Z")),
        ("updated_at", json!("2026-03-01T12:00:00.000000Z")),
        ("organization_id", json!(organization)),
        ("project_id", json!(project)),
        ("assignee", person(&world.viewer)),
        ("reporter", person(&world.member)),
        ("comments_count", json!(0)),
        ("url", json!(format!("{BASE_URL}/workspace/projects/{project}/tickets/{}", id(&ticket)))),
    ] {
        assert_eq!(ticket[name], value, "{name}");
    }
    assert_eq!(mia.get(format!("tickets/{}", id(&ticket))).await.is(200), ticket);
    let second = mia.post("tickets", crate::harness::ticket(&world.project, &json!({}))).await.is(201);
    assert_eq!((&second["code"], &second["priority"], &second["notes"]), (&json!("WEB-2"), &json!("medium"), &Value::Null));
}

async fn a_project_token_files_in_its_own_project_alone(app: TestApp) {
    let world = app.world().await;
    let ci = app.project_token(&world.project, Scopes::REPORT_ONLY).await;
    let filed = ci.post("tickets", json!({"ticket": draft()})).await.is(201);
    assert_eq!(filed["project_id"], json!(world.project.id));
    assert_eq!(filed["reporter"], json!({"id": ci.id, "name": "ci", "email": null, "kind": "project_token"}));
    ci.post("tickets", ticket(&world.project, &json!({}))).await.is(201);
    ci.post("tickets", ticket(&world.other_project, &json!({}))).await.is(403);
    let sibling = app.project(&world.organization, "APP").await;
    ci.post("tickets", ticket(&sibling, &json!({}))).await.is(403);
    // By default it can do nothing else.
    ci.get("tickets").await.is(403);
    ci.get(format!("tickets/{}", id(&filed))).await.is(403);
    ci.patch(format!("tickets/{}", id(&filed)), json!({"ticket": {"title": "x"}})).await.is(403);
}

async fn a_personal_token_says_in_which_project(app: TestApp) {
    let world = app.world().await;
    let mia = app.personal_token(&world.member, Scopes::FULL).await;
    for body in [json!({"ticket": draft()}), ticket(&world.project, &json!({"project_id": null}))] {
        assert_eq!(mia.post("tickets", body).await.details(), json!({"project_id": ["can't be blank"]}));
    }
    mia.post("tickets", ticket(&world.other_project, &json!({}))).await.is(403);
    mia.post("tickets", ticket(&world.project, &json!({"project_id": "WEB"}))).await.is(400);
}

async fn all_that_is_wrong_is_said_at_once(app: TestApp) {
    let world = app.world().await;
    let ci = app.project_token(&world.project, Scopes::REPORT_ONLY).await;
    let refused = ci.post("tickets", json!({"ticket": {"given": "too short"}})).await;
    let expected = json!({
        "error": "Validation Failed",
        "message": "The request could not be processed due to validation errors",
        "details": {
            "title": ["can't be blank"],
            "given": ["is too short (minimum is 10 characters)"],
            "when": ["can't be blank"],
            "then": ["can't be blank"],
        },
    });
    assert_eq!(refused.is(422), expected);
    let body = json!({"ticket": {
        "title": "t".repeat(201), "given": "g".repeat(10_001), "when": " ", "then": null, "notes": "n".repeat(50_001),
        "priority": "urgent", "assignee_id": world.stranger.id,
    }});
    let expected = json!({
        "title": ["is too long (maximum is 200 characters)"],
        "given": ["is too long (maximum is 10000 characters)"],
        "when": ["can't be blank"],
        "then": ["can't be blank"],
        "notes": ["is too long (maximum is 50000 characters)"],
        "priority": ["is not included in the list"],
        "assignee_id": ["is invalid"],
    });
    assert_eq!(ci.post("tickets", body).await.details(), expected);
    // The same of a personal token that names no project.
    let mia = app.personal_token(&world.member, Scopes::FULL).await;
    let details = mia.post("tickets", json!({"ticket": {"title": "t", "given": "too short"}})).await.details();
    assert_eq!(details["project_id"], json!(["can't be blank"]));
    assert_eq!(details["given"], json!(["is too short (minimum is 10 characters)"]));
}

async fn blank_is_blank_alone(app: TestApp) {
    let world = app.world().await;
    let mia = app.personal_token(&world.member, Scopes::FULL).await;
    for blank in [json!(""), json!(" \t\n"), json!("\u{2003}\u{a0}"), Value::Null] {
        for name in ["title", "given", "when", "then"] {
            let refused = mia.post("tickets", ticket(&world.project, &json!({name: blank}))).await;
            assert_eq!(refused.details(), json!({name: ["can't be blank"]}));
        }
        let filed = mia.post("tickets", ticket(&world.project, &json!({"notes": blank}))).await.is(201);
        assert_eq!(filed["notes"], Value::Null);
    }
}

async fn lengths_are_counted_in_scalar_values_after_trimming(app: TestApp) {
    let world = app.world().await;
    let mia = app.personal_token(&world.member, Scopes::FULL).await;
    let fits = json!({"title": format!("  {}\n", "😀".repeat(200)), "given": "ü".repeat(10), "when": "é".repeat(10_000), "notes": "😀".repeat(50_000)});
    let filed = mia.post("tickets", ticket(&world.project, &fits)).await.is(201);
    assert_eq!(filed["title"], "😀".repeat(200));
    for (name, text, problem) in [
        ("title", "ü".repeat(201), "is too long (maximum is 200 characters)"),
        ("given", "  123456789  ".to_owned(), "is too short (minimum is 10 characters)"),
        ("when", "😀".repeat(9), "is too short (minimum is 10 characters)"),
        ("then", "ü".repeat(10_001), "is too long (maximum is 10000 characters)"),
        ("notes", "ü".repeat(50_001), "is too long (maximum is 50000 characters)"),
    ] {
        assert_eq!(mia.post("tickets", ticket(&world.project, &json!({name: text}))).await.details(), json!({name: [problem]}));
    }
}

async fn text_is_stored_trimmed_and_otherwise_as_sent(app: TestApp) {
    let world = app.world().await;
    let mia = app.personal_token(&world.member, Scopes::FULL).await;
    let odd = "Ä\r\n\tA\u{308} <b>&amp;</b> '; DROP TABLE tickets; -- \u{202e} \u{1F468}\u{200D}\u{1F469} ?1 $1 \u{1}";
    // A title is one line, and takes nothing that turns text round.
    let (line, shown) = (odd.replace('\u{202e}', "-"), odd.replace('\u{202e}', "-").replace("\r\n\t", "  "));
    let filed = mia.post("tickets", ticket(&world.project, &json!({"title": format!("\n {line} "), "notes": odd}))).await.is(201);
    assert_eq!((&filed["title"], &filed["notes"]), (&json!(shown), &json!(odd)));
    assert_eq!(mia.get("tickets").await.is(200)[0]["title"], shown);
    let turned = mia.post("tickets", ticket(&world.project, &json!({"title": odd, "notes": odd}))).await;
    assert_eq!(turned.details(), json!({"title": ["is invalid"]}));
}

async fn no_text_has_nul_or_half_a_surrogate(app: TestApp) {
    let world = app.world().await;
    let mia = app.personal_token(&world.member, Scopes::FULL).await;
    let sound = ticket(&world.project, &json!({"title": "TEXT", "notes": "TEXT"})).to_string();
    for unsound in [r"a\u0000b", r"\ud83d", r"\ude00 low alone", r"\ud83d\ud83d twice"] {
        let body = sound.replace("TEXT", unsound);
        let refused = mia.call(Method::POST, "tickets").raw("application/json", body).await;
        assert_eq!(refused.details(), json!({"title": ["is invalid"], "notes": ["is invalid"]}), "{unsound}");
    }
    let body = sound.replace("TEXT", r"\ud83d\ude00");
    assert_eq!(mia.call(Method::POST, "tickets").raw("application/json", body).await.is(201)["title"], "😀");
}

async fn an_assignee_is_a_member(app: TestApp) {
    let world = app.world().await;
    let mia = app.personal_token(&world.member, Scopes::FULL).await;
    let ci = app.project_token(&world.project, Scopes::FULL).await;
    let nobody = "0193a3c4-0000-7000-8000-00000000000a";
    let mut answers = Vec::new();
    for id in [world.stranger.id.to_string(), nobody.to_owned(), ci.id.unwrap().to_string()] {
        let refused = mia.post("tickets", ticket(&world.project, &json!({"assignee_id": id}))).await;
        assert_eq!(refused.details(), json!({"assignee_id": ["is invalid"]}));
        answers.push(refused.body);
    }
    assert_eq!(answers[0], answers[1], "whether such a person exists must not be told");
    let filed = ci.post("tickets", ticket(&world.project, &json!({"assignee_id": world.owner.id}))).await.is(201);
    assert_eq!(filed["assignee"], json!({"id": world.owner.id, "name": "Olga Owner", "email": null, "kind": "user"}));
}

async fn what_a_patch_carries_changes_and_nothing_else(app: TestApp) {
    let world = app.world().await;
    let mia = app.personal_token(&world.member, Scopes::FULL).await;
    let before = mia.post("tickets", ticket(&world.project, &json!({"notes": "n"}))).await.is(201);
    let path = format!("tickets/{}", id(&before));
    app.pass(Span::seconds(5));
    let change = json!({"status": "in_progress", "priority": "critical", "assignee_id": world.admin.id, "title": "  New  ", "colour": 7});
    let after = mia.patch(&path, json!({"ticket": change, "other": 1})).await.is(200);
    let mut expected = before.clone();
    expected["status"] = json!("in_progress");
    expected["priority"] = json!("critical");
    expected["title"] = json!("New");
    expected["updated_at"] = json!("2026-03-01T12:00:05.000000Z");
    expected["assignee"] = json!({"id": world.admin.id, "name": "Adam Admin", "email": "adam.admin@example.com", "kind": "user"});
    assert_eq!(after, expected);
    assert_eq!(mia.get(&path).await.is(200), expected);
    let same_project = json!({"ticket": {"project_id": world.project.id}});
    assert_eq!(mia.patch(&path, same_project).await.is(200), expected);
    let problems = json!({"ticket": {
        "project_id": world.other_project.id, "status": "done", "priority": null, "title": "", "given": "short", "assignee_id": world.stranger.id,
    }});
    let expected = json!({
        "project_id": ["can't be changed"], "status": ["is not included in the list"], "priority": ["can't be blank"],
        "title": ["can't be blank"], "given": ["is too short (minimum is 10 characters)"], "assignee_id": ["is invalid"],
    });
    assert_eq!(mia.patch(&path, problems).await.details(), expected);
}

async fn null_clears_what_may_be_empty(app: TestApp) {
    let world = app.world().await;
    let mia = app.personal_token(&world.member, Scopes::FULL).await;
    let filed = mia.post("tickets", ticket(&world.project, &json!({"notes": "n", "assignee_id": world.member.id}))).await.is(201);
    let path = format!("tickets/{}", id(&filed));
    let cleared = mia.patch(&path, json!({"ticket": {"notes": null, "assignee_id": null}})).await.is(200);
    assert_eq!((&cleared["notes"], &cleared["assignee"]), (&Value::Null, &Value::Null));
    for name in ["title", "given", "when", "then", "priority", "status", "project_id"] {
        let refused = mia.patch(&path, json!({"ticket": {name: null}})).await;
        assert_eq!(refused.details(), json!({name: ["can't be blank"]}));
    }
}

async fn what_changes_nothing_leaves_no_trace(app: TestApp) {
    let world = app.world().await;
    let mia = app.personal_token(&world.member, Scopes::FULL).await;
    let filed = mia.post("tickets", ticket(&world.project, &json!({"assignee_id": world.member.id}))).await.is(201);
    let path = format!("tickets/{}", id(&filed));
    app.pass(Span::seconds(60));
    for nothing in [
        json!({}),
        json!({"title": " The cart forgets its items ", "priority": "medium", "status": "open", "notes": " ", "assignee_id": world.member.id}),
    ] {
        let answer = mia.patch(&path, json!({"ticket": nothing})).await;
        assert_eq!((answer.is(200), answer.header("etag")), (filed.clone(), Some(r#""1-0""#)));
    }
    assert_eq!(mia.get(format!("{path}/events")).await.is(200).as_array().unwrap().len(), 1);
}

async fn who_was_slower_is_told(app: TestApp) {
    let world = app.world().await;
    let adam = app.personal_token(&world.admin, Scopes::FULL).await;
    let path = format!("tickets/{}", app.filed(&world.project, "A").await);
    let change = |title: &str| json!({"ticket": {"title": title}});
    assert_eq!(adam.patch(&path, change("B")).with("if-match", r#""1-0""#).await.header("etag"), Some(r#""2-0""#));
    for stale in [r#""1-0""#, r#""3-0""#, r#"W/"2-0""#, "2-0", r#""2""#, "nonsense", r#""1-0", "3-0""#] {
        adam.patch(&path, change("C")).with("if-match", stale).await.is(412);
        adam.delete(&path).with("if-match", stale).await.is(412);
        // A stale version is told before what is wrong with the change.
        adam.patch(&path, change("")).with("if-match", stale).await.is(412);
    }
    // A comment is no change of the ticket.
    adam.post(format!("{path}/comments"), json!({"comment": {"content": "hm"}})).await.is(201);
    adam.patch(&path, change("D")).with("if-match", r#""2-0""#).await.is(200);
    adam.patch(&path, change("E")).with("if-match", r#""9-9" , "3-1""#).await.is(200);
    adam.patch(&path, change("F")).with("if-match", "*").await.is(200);
    adam.delete(&path).with("if-match", r#""5-1""#).await.is(204);
    adam.patch(&path, change("G")).with("if-match", r#""1-0""#).await.is(404);
}

async fn a_known_version_is_not_sent_again(app: TestApp) {
    let world = app.world().await;
    let vera = app.personal_token(&world.viewer, Scopes::READ_ONLY).await;
    let path = format!("tickets/{}", app.filed(&world.project, "A").await);
    for known in [r#""1-0""#, r#"W/"1-0""#, "*", r#""7-7", "1-0""#] {
        let answer = vera.get(&path).with("if-none-match", known).await;
        answer.is(304);
        assert_eq!(answer.header("etag"), Some(r#""1-0""#));
        vera.head(&path).with("if-none-match", known).await.is(304);
    }
    for other in [r#""1-1""#, r#""2-0""#, "1-0"] {
        vera.get(&path).with("if-none-match", other).await.is(200);
    }
}

async fn the_tag_grows_with_version_and_comments(app: TestApp) {
    let world = app.world().await;
    let mia = app.personal_token(&world.member, Scopes::FULL).await;
    let path = format!("tickets/{}", app.filed(&world.project, "A").await);
    mia.post(format!("{path}/comments"), json!({"comment": {"content": "one"}})).await.is(201);
    mia.patch(&path, json!({"ticket": {"status": "closed"}})).await.is(200);
    let answer = mia.get(&path).await;
    assert_eq!((answer.header("etag"), answer.is(200)["comments_count"].clone()), (Some(r#""2-1""#), json!(1)));
}

async fn a_deleted_ticket_is_gone_and_comes_back(app: TestApp) {
    let world = app.world().await;
    let adam = app.personal_token(&world.admin, Scopes::FULL).await;
    let mia = app.personal_token(&world.member, Scopes::FULL).await;
    let vera = app.personal_token(&world.viewer, Scopes::FULL).await;
    let ticket = app.filed(&world.project, "A").await;
    let path = format!("tickets/{ticket}");
    app.pass(Span::seconds(1));
    mia.delete(&path).await.is(403);
    mia.post(format!("{path}/restore"), json!({})).await.is(403);
    assert_eq!(adam.delete(&path).await.is(204), Value::Null);
    for who in [&adam, &mia, &vera] {
        who.get(&path).await.is(404);
        who.get(format!("{path}/comments")).await.is(404);
        who.get(format!("{path}/events")).await.is(404);
        // Existence is judged before the role, so that even who may not write hears of nothing.
        who.patch(&path, json!({"ticket": {"title": "B"}})).await.is(404);
        who.delete(&path).await.is(404);
        who.post(format!("{path}/comments"), json!({"comment": {"content": "x"}})).await.is(404);
        assert_eq!(who.get("tickets").await.is(200), json!([]));
        assert_eq!(who.get("tickets").await.pages(), (0, 0, 1));
    }
    app.pass(Span::seconds(30 * 86_400 - 1));
    app.sweep().await;
    assert_eq!(adam.call(Method::POST, format!("{path}/restore")).await.is(200)["title"], "A");
    assert_eq!(mia.get("tickets").await.pages(), (1, 1, 1));
    // Brought back once more it stays as it is.
    let tag = adam.get(&path).await.header("etag").unwrap().to_owned();
    assert_eq!(adam.post(format!("{path}/restore"), json!({})).await.header("etag"), Some(&*tag));
    let events = adam.get(format!("{path}/events")).await.is(200);
    let names: Vec<_> = events.as_array().unwrap().iter().map(|event| event["event"].as_str().unwrap()).collect();
    assert_eq!(names, ["ticket_created", "ticket_deleted", "ticket_restored"]);
}

async fn after_thirty_days_a_deleted_ticket_is_purged(app: TestApp) {
    let world = app.world().await;
    let adam = app.personal_token_for(&world.admin, Scopes::FULL, None).await;
    let (gone, kept) = (app.filed(&world.project, "gone").await, app.filed(&world.project, "kept").await);
    for ticket in [&gone, &kept] {
        adam.post(format!("tickets/{ticket}/comments"), json!({"comment": {"content": "word"}})).await.is(201);
    }
    adam.delete(format!("tickets/{gone}")).await.is(204);
    app.pass(Span::days(30));
    // Its time is over whether or not somebody has swept.
    adam.post(format!("tickets/{gone}/restore"), json!({})).await.is(404);
    app.pass(Span::seconds(1));
    app.sweep().await;
    adam.post(format!("tickets/{gone}/restore"), json!({})).await.is(404);
    let found = adam.get("tickets?q=word").await.is(200);
    assert_eq!((found.as_array().unwrap().len(), &found[0]["id"]), (1, &json!(kept)));
    let rows = app.command(|ctx| Ok(bugtome::store::tickets::deleted_before(ctx.db, ctx.now, 10)?)).await;
    assert!(rows.is_empty(), "{rows:?}");
    let next = adam.post("tickets", ticket(&world.project, &json!({}))).await.is(201);
    assert_eq!(next["code"], "WEB-3", "a purged number is never used again");
}

async fn numbers_are_never_used_again(app: TestApp) {
    let world = app.world().await;
    let adam = app.personal_token(&world.admin, Scopes::FULL).await;
    for number in 1..4 {
        let filed = adam.post("tickets", ticket(&world.project, &json!({}))).await.is(201);
        assert_eq!(filed["number"], number);
        adam.post("tickets", ticket(&world.project, &json!({"title": ""}))).await.is(422);
        adam.delete(format!("tickets/{}", id(&filed))).await.is(204);
    }
}

async fn a_long_imported_ticket_can_still_be_edited(app: TestApp) {
    let world = app.world().await;
    let ticket = app.filed(&world.project, "A").await;
    let row_id: bugtome::model::id::Id<bugtome::model::tickets::Ticket> = ticket.parse().unwrap();
    app.command(move |ctx| {
        use bugtome::store::tickets::{ChangedTicket, Texts, by_id, update};
        let row = by_id(ctx.db, row_id)?.unwrap();
        let long = "imported ".repeat(3_000);
        let texts = Texts { title: &long, given: &long, when: &row.when, then: "?", notes: None };
        let changed = ChangedTicket { texts, status: row.status, priority: row.priority, assignee: None };
        Ok(update(ctx.db, &row, &changed, true, ctx.now)?)
    })
    .await;
    let mia = app.personal_token(&world.member, Scopes::FULL).await;
    let edited = mia.patch(format!("tickets/{ticket}"), json!({"ticket": {"status": "resolved", "notes": "done"}})).await.is(200);
    assert_eq!((&edited["status"], &edited["then"]), (&json!("resolved"), &json!("?")));
    let refused = mia.patch(format!("tickets/{ticket}"), json!({"ticket": {"given": edited["given"]}})).await;
    assert_eq!(refused.details(), json!({"given": ["is too long (maximum is 10000 characters)"]}));
}

async fn who_has_left_keeps_their_name(app: TestApp) {
    let world = app.world().await;
    let mia = app.personal_token(&world.member, Scopes::FULL).await;
    let filed = mia.post("tickets", ticket(&world.project, &json!({"assignee_id": world.member.id}))).await.is(201);
    let path = format!("tickets/{}", id(&filed));
    mia.post(format!("{path}/comments"), json!({"comment": {"content": "mine"}})).await.is(201);
    app.remove_member(&world.organization, &world.member).await;
    let adam = app.personal_token(&world.admin, Scopes::FULL).await;
    let seen = adam.get(&path).await.is(200);
    assert_eq!((&seen["reporter"]["name"], &seen["assignee"]["name"]), (&json!("Mia Member"), &json!("Mia Member")));
    assert_eq!(adam.get(format!("{path}/comments")).await.is(200)[0]["author"]["name"], "Mia Member");
    // Still the assignee, so that the rest of the ticket can be changed by who sends all of it back.
    adam.patch(&path, json!({"ticket": {"title": "New", "assignee_id": world.member.id}})).await.is(200);
    app.add_member(&world.organization, &world.member, Role::Viewer).await;
}

async fn reading_hides_addresses_from_project_tokens(app: TestApp) {
    let world = app.world().await;
    let mia = app.personal_token(&world.member, Scopes::FULL).await;
    let filed = mia.post("tickets", ticket(&world.project, &json!({"assignee_id": world.admin.id}))).await.is(201);
    let path = format!("tickets/{}", id(&filed));
    mia.post(format!("{path}/comments"), json!({"comment": {"content": "mine"}})).await.is(201);
    mia.patch(&path, json!({"ticket": {"assignee_id": world.owner.id}})).await.is(200);
    let ci = app.project_token(&world.project, Scopes::FULL).await;
    for path in ["tickets".to_owned(), path.clone(), format!("{path}/comments"), format!("{path}/events"), "tokens/current".to_owned()] {
        let text = ci.get(&path).await.is(200).to_string();
        assert!(!text.contains("@example.com"), "{path}: {text}");
    }
    assert!(mia.get(&path).await.is(200).to_string().contains("olga.owner@example.com"));
}
