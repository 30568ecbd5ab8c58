//! The page of a ticket: what it shows and to whom, what is changed on it in place, deletion and restoration, its history.
//! The forms for its texts are in `ticket_form_pages`, comments in `comment_pages`.

use bugtome::model::scopes::Scopes;
use bugtome::model::time::Span;
use serde_json::json;

use crate::harness::{Project, TestApp, World, both};

both! {
    a_ticket_shows_its_clauses_notes_and_facts,
    nothing_that_was_typed_runs,
    a_ticket_is_found_below_its_own_project_alone,
    facts_are_changed_in_place,
    a_refused_change_says_so_and_leaves_the_old_value,
    a_viewer_reads_and_changes_nothing,
    an_archived_project_is_only_read,
    a_deleted_ticket_is_one_line_for_those_who_can_restore_it,
    history_is_told_in_sentences,
    the_token_that_wrote_is_named,
    a_long_history_is_folded,
    codes_become_links_within_the_organization,
    gherkin_is_a_text_of_its_own,
}

/// The page of the ticket.
fn path(project: &Project, ticket: &str) -> String {
    format!("/workspace/projects/{}/tickets/{ticket}", project.id)
}

async fn filed(app: &TestApp, world: &World) -> String {
    path(&world.project, &app.filed(&world.project, "The cart forgets its items").await)
}

async fn a_ticket_shows_its_clauses_notes_and_facts(app: TestApp) {
    let world = app.world().await;
    let mia = app.personal_token(&world.member, Scopes::FULL).await;
    let notes = "Seen **twice**:\n\n```rust\nfn main() {}\n```\n\n- [x] found\n- [ ] mended\n\n![far](https://evil.example/x.png)";
    let more = json!({"priority": "critical", "notes": notes, "assignee_id": world.member.id.to_string()});
    let ticket = mia.post("tickets", crate::harness::ticket(&world.project, &more)).await.is(201);
    let browser = app.signed_in(&world.member).await;
    let page = browser.get(&path(&world.project, ticket["id"].as_str().unwrap())).await;
    page.is(200);
    for text in [
        "The cart forgets its items",
        "a cart with two items",
        "the page is loaded again",
        "both items are still there",
        "WEB-1",
        "<strong>twice</strong>",
        "<span class=\"k\">fn</span>",
        "type=\"checkbox\"",
        "Critical",
        "Mia Member",
        "Change status: ",
        "filed this",
        "through the API",
    ] {
        page.has(text);
    }
    page.lacks("<img");
}

async fn nothing_that_was_typed_runs(app: TestApp) {
    let world = app.world().await;
    let mia = app.personal_token(&world.member, Scopes::FULL).await;
    let hostile = "<script>alert(1)</script><img src=x onerror=alert(2)> \"'> [x](JavaScript:alert(3)) [y](data:text/html,z)";
    let more = json!({"title": hostile, "given": hostile, "when": hostile, "then": hostile, "notes": hostile});
    let ticket = mia.post("tickets", crate::harness::ticket(&world.project, &more)).await.is(201);
    let id = ticket["id"].as_str().unwrap();
    mia.post(format!("tickets/{id}/comments"), json!({"comment": {"content": hostile}})).await.is(201);
    let browser = app.signed_in(&world.member).await;
    for place in ["", "/edit"] {
        let page = browser.get(&format!("{}{place}", path(&world.project, id))).await;
        page.is(200);
        for wrong in ["<script>alert", "<img src=x", "href=\"JavaScript:", "href=\"data:", "onerror=alert(2)>"] {
            page.lacks(wrong);
        }
        page.has("&#60;script&#62;alert(1)");
    }
}

async fn a_ticket_is_found_below_its_own_project_alone(app: TestApp) {
    let world = app.world().await;
    let ticket = app.filed(&world.project, "A").await;
    let other = app.project(&world.organization, "APP").await;
    let mia = app.signed_in(&world.member).await;
    mia.get(&path(&world.project, &ticket)).await.is(200);
    for wrong in [path(&other, &ticket), path(&world.other_project, &ticket), path(&world.project, "no-uuid")] {
        mia.get(&wrong).await.is(404);
        mia.post(&format!("{wrong}/facts"), &[("status", "closed")]).await.is(404);
        mia.post(&format!("{wrong}/comments"), &[("content", "no")]).await.is(404);
        mia.get(&format!("{wrong}/edit")).await.is(404);
    }
    let stan = app.signed_in(&world.stranger).await;
    stan.get(&path(&world.project, &ticket)).await.is(404);
    stan.post(&format!("{}/facts", path(&world.project, &ticket)), &[("status", "closed")]).await.is(404);
    app.browser().get(&path(&world.project, &ticket)).await.is(303);
}

async fn facts_are_changed_in_place(app: TestApp) {
    let world = app.world().await;
    let path = filed(&app, &world).await;
    let mia = app.signed_in(&world.member).await;
    for (name, value, shown) in [
        ("status", "in_progress", "moved it from Open to"),
        ("priority", "high", "set the priority to "),
        ("assignee", &*world.admin.id.to_string(), "gave it to "),
    ] {
        let answer = mia.post(&format!("{path}/facts"), &[(name, value)]).await;
        answer.is(303);
        assert_eq!(answer.location(), path);
        mia.follow(answer).await.is(200).has(shown);
    }
    let page = mia.get(&path).await;
    page.has(">Adam Admin</b>");
    // All three within a minute: one line.
    assert_eq!(page.text.matches("<li class=\"ev\">").count(), 2, "filed, and changed");
    mia.post(&format!("{path}/facts"), &[("assignee", "")]).await.is(303);
    mia.get(&path).await.has("gave it to nobody");
}

async fn a_refused_change_says_so_and_leaves_the_old_value(app: TestApp) {
    let world = app.world().await;
    let path = filed(&app, &world).await;
    let mia = app.signed_in(&world.member).await;
    for (name, value, said) in [
        ("status", "done", "Status is not included in the list. It is still what it was."),
        ("priority", "", "Priority can&#39;t be blank. It is still what it was."),
        ("assignee", &*world.stranger.id.to_string(), "Assignee is invalid. It is still what it was."),
        ("assignee", "nobody", "Assignee is invalid. It is still what it was."),
    ] {
        let page = mia.post(&format!("{path}/facts"), &[(name, value)]).await;
        page.is(422).has(said);
        page.has("id=\"ticket\"").has("say risk");
    }
    mia.post(&format!("{path}/facts"), &[("colour", "red")]).await.is(422);
    mia.get(&path).await.lacks("say risk").lacks("moved it");
}

async fn a_viewer_reads_and_changes_nothing(app: TestApp) {
    let world = app.world().await;
    let path = filed(&app, &world).await;
    let vera = app.signed_in(&world.viewer).await;
    let page = vera.get(&path).await;
    page.is(200).has("The cart forgets its items");
    for control in ["Change status", ">Edit<", "Delete ticket", ">Comment<", "<textarea", "/facts"] {
        page.lacks(control);
    }
    vera.get(&format!("{path}/edit")).await.is(403);
    vera.post(&format!("{path}/facts"), &[("status", "closed")]).await.is(403);
    vera.post(&format!("{path}/comments"), &[("content", "no")]).await.is(403);
    vera.post(&format!("{path}/delete"), &[]).await.is(403);
    // A member edits and comments, and does not delete.
    let mia = app.signed_in(&world.member).await;
    mia.get(&path).await.has("Change status").has(">Comment<").lacks("Delete ticket");
    mia.post(&format!("{path}/delete"), &[]).await.is(403);
}

async fn an_archived_project_is_only_read(app: TestApp) {
    let world = app.world().await;
    let path = filed(&app, &world).await;
    app.set_archived(&world.project, true).await;
    let olga = app.signed_in(&world.owner).await;
    let page = olga.get(&path).await;
    page.is(200).has("This project is archived");
    for control in ["Change status", ">Edit<", "Delete ticket", "<textarea", "/facts"] {
        page.lacks(control);
    }
    olga.post(&format!("{path}/facts"), &[("status", "closed")]).await.is(403);
    olga.post(&format!("{path}/comments"), &[("content", "no")]).await.is(403);
    olga.get(&format!("/workspace/projects/{}/tickets/new", world.project.id)).await.is(403);
}

async fn a_deleted_ticket_is_one_line_for_those_who_can_restore_it(app: TestApp) {
    let world = app.world().await;
    let path = filed(&app, &world).await;
    let adam = app.signed_in(&world.admin).await;
    let mia = app.signed_in(&world.member).await;
    adam.get(&path).await.has("Delete ticket");
    let deleted = adam.post(&format!("{path}/delete"), &[]).await;
    let line = adam.follow(deleted).await;
    line.is(200).has("was deleted").has(">Restore<").lacks("something long enough");
    for (browser, status) in [(&mia, 404), (&app.signed_in(&world.viewer).await, 404), (&app.signed_in(&world.stranger).await, 404)] {
        browser.get(&path).await.is(status);
    }
    mia.post(&format!("{path}/restore"), &[]).await.is(403);
    adam.post(&format!("{path}/facts"), &[("status", "closed")]).await.is(404);
    let restored = adam.post(&format!("{path}/restore"), &[]).await;
    adam.follow(restored).await.is(200).has("restored this").has("something long enough");
    mia.get(&path).await.is(200);
    // After 30 days there is nothing to restore.
    adam.post(&format!("{path}/delete"), &[]).await.is(303);
    app.pass(Span::days(30));
    let adam = app.signed_in(&world.admin).await;
    adam.get(&path).await.is(404);
}

async fn history_is_told_in_sentences(app: TestApp) {
    let world = app.world().await;
    let id = app.filed(&world.project, "A ticket").await;
    let path = path(&world.project, &id);
    let mia = app.signed_in(&world.member).await;
    mia.post(&format!("{path}/facts"), &[("assignee", &world.member.id.to_string())]).await.is(303);
    app.pass(Span::seconds(61));
    mia.post(&format!("{path}/comments"), &[("content", "between")]).await.is(303);
    app.pass(Span::seconds(1));
    mia.post(&format!("{path}/facts"), &[("status", "closed")]).await.is(303);
    app.pass(Span::seconds(30));
    mia.post(&format!("{path}/facts"), &[("priority", "low")]).await.is(303);
    app.pass(Span::seconds(40));
    mia.post(&format!("{path}/facts"), &[("priority", "high")]).await.is(303);
    let page = mia.get(&path).await;
    page.has("An administrator").has("by command").has("took it").has("between");
    page.has("moved it from Open to <b dir=\"auto\">Closed</b> and set the priority to <b dir=\"auto\">Low</b>, was Medium");
    page.has("set the priority to <b dir=\"auto\">High</b>, was Low");
    let (took, said, moved) = (page.text.find("took it"), page.text.find("between</p>"), page.text.find("moved it"));
    assert!(took < said && said < moved, "in the order in which it happened");
    assert_eq!(page.text.matches("<li class=\"ev\">").count(), 4);
}

async fn the_token_that_wrote_is_named(app: TestApp) {
    let world = app.world().await;
    let ci = app.project_token(&world.project, Scopes::FULL).await;
    let ticket = ci.post("tickets", json!({"ticket": crate::harness::draft()})).await.is(201);
    let id = ticket["id"].as_str().unwrap();
    ci.post(format!("tickets/{id}/comments"), json!({"comment": {"content": "built"}})).await.is(201);
    let current = ci.get("tokens/current").await.is(200);
    let page = app.signed_in(&world.member).await.get(&path(&world.project, id)).await;
    let named = format!("<b>{}</b>", current["last_four"].as_str().unwrap());
    assert_eq!(page.text.matches(&named).count(), 2, "who filed it, and who commented");
    page.has("<b>proj</b>_bt1");
}

async fn a_long_history_is_folded(app: TestApp) {
    let world = app.world().await;
    let id = app.filed(&world.project, "A long story").await;
    let path = path(&world.project, &id);
    let (ticket, user) = (id.parse().unwrap(), world.member.id);
    let write = async |from: u32, to: u32| {
        let work = move |ctx: &mut bugtome::domain::Ctx<'_>| {
            (from..to).try_for_each(|number| {
                bugtome::domain::comments::create(ctx, ticket, &bugtome::model::draft::Field::Value(format!("comment {number}.").into()))
                    .map(drop)
            })
        };
        app.app.write(bugtome::domain::Who::User(user), bugtome::model::events::Via::Web, work).await.unwrap();
    };
    let mia = app.signed_in(&world.member).await;
    // What happens in one moment stands in no order, and the clock of stories stands still.
    app.pass(Span::seconds(1));
    write(0, 40).await;
    mia.get(&path).await.is(200).lacks("earlier comments and changes").has("comment 0.").has("comment 39.");
    app.pass(Span::seconds(1));
    write(40, 500).await;
    let page = mia.get(&path).await;
    page.is(200).has("Show 460 earlier comments and changes").has("filed this");
    page.has("comment 19.").lacks("comment 20.").lacks("comment 479.").has("comment 480.").has("comment 499.");
    let all = mia.get(&format!("{path}?all=1")).await;
    all.is(200).lacks("Show 460").has("comment 20.").has("page=2");
    mia.get(&format!("{path}?all=1&page=6")).await.is(200).has("comment 499.").lacks("comment 20.");
    for odd in ["0", "-1", "x", "99999999999999999999", "7000"] {
        mia.get(&format!("{path}?all=1&page={odd}")).await.is(200);
    }
}

async fn codes_become_links_within_the_organization(app: TestApp) {
    let world = app.world().await;
    let (one, far) = (app.filed(&world.project, "One").await, app.filed(&world.other_project, "Far").await);
    let two = path(&world.project, &app.filed(&world.project, "Two").await);
    let mia = app.signed_in(&world.member).await;
    mia.post(&format!("{two}/comments"), &[("content", "as in WEB-1, not in FAR-1 nor WEB-99")]).await.is(303);
    let page = mia.get(&two).await;
    page.has(&format!("href=\"{}\"", path(&world.project, &one))).has("not in FAR-1 nor WEB-99").lacks(&far);
}

async fn gherkin_is_a_text_of_its_own(app: TestApp) {
    let world = app.world().await;
    let path = filed(&app, &world).await;
    let mia = app.signed_in(&world.member).await;
    let text = mia.get(&format!("{path}/gherkin")).await;
    text.is(200).has("Feature: WEB-1 The cart forgets its items").has("    Given something long enough").lacks("<");
    assert_eq!(text.headers["content-type"], "text/plain; charset=utf-8");
    app.signed_in(&world.stranger).await.get(&format!("{path}/gherkin")).await.is(404);
    mia.get(&path).await.has("data-copy=\"gk\"");
}
