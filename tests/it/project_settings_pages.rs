//! The pages of a project's settings: its name and code, archiving, deleting, and who sees them.
//! What the API refuses afterwards is told where it follows; the rules themselves are in `projects` and `rights`.

use bugtome::model::roles::Role;
use bugtome::model::scopes::Scopes;

use crate::harness::{Project, TestApp, both};

both! {
    only_who_may_change_a_project_sees_its_settings,
    name_and_description_are_changed_and_mistakes_are_told_beside_the_field,
    a_code_is_fixed_with_the_first_ticket,
    an_archived_project_refuses_its_tokens_at_once,
    deleting_asks_for_the_code,
    hostile_names_stay_text,
}

fn settings(project: &Project) -> String {
    format!("/workspace/projects/{}/settings", project.id)
}

async fn only_who_may_change_a_project_sees_its_settings(app: TestApp) {
    let world = app.world().await;
    let path = settings(&world.project);
    for role in Role::ALL {
        let browser = app.signed_in(world.who(*role)).await;
        let (admin, owner) = (*role >= Role::Admin, *role == Role::Owner);
        browser.get(&path).await.is(if admin { 200 } else { 403 });
        browser.get(&format!("{path}/delete")).await.is(if owner { 200 } else { 403 });
        browser.post(&path, &[("name", "Renamed")]).await.is(if admin { 303 } else { 403 });
        browser.post(&format!("{path}/delete"), &[("code", "NO")]).await.is(if owner { 422 } else { 403 });
        browser.post(&format!("{path}/archive"), &[]).await.is(if admin { 303 } else { 403 });
        browser.post(&format!("{path}/unarchive"), &[]).await.is(if admin { 303 } else { 403 });
        if admin {
            let page = browser.get(&path).await;
            page.has("Archive the project");
            assert_eq!(page.text.contains("Delete the project"), owner);
        }
    }
    let stranger = app.signed_in(&world.stranger).await;
    for one in [path.clone(), format!("{path}/delete")] {
        stranger.get(&one).await.is(404);
    }
    for one in ["", "/archive", "/unarchive", "/delete"] {
        stranger.post(&format!("{path}{one}"), &[("name", "Mine"), ("code", "WEB")]).await.is(404);
    }
    app.signed_in(&world.owner).await.get(&path).await.has("Renamed");
}

async fn name_and_description_are_changed_and_mistakes_are_told_beside_the_field(app: TestApp) {
    let world = app.world().await;
    let path = settings(&world.project);
    let browser = app.signed_in(&world.admin).await;
    let answer = browser.post(&path, &[("name", "Booking site"), ("code", "book"), ("description", "What passengers see")]).await;
    let page = browser.follow(answer).await;
    page.is(200);
    page.has("Booking site");
    page.has("BOOK");
    page.has("What passengers see");
    let long = "x".repeat(2_001);
    let refused = browser.post(&path, &[("name", " "), ("code", "1"), ("description", &long)]).await;
    refused.is(422);
    for sentence in ["can&#39;t be blank", "is invalid", "is too long (maximum is 2000 characters)", &long, "Nothing was saved"] {
        refused.has(sentence);
    }
    // Nothing of it was kept.
    browser.get(&path).await.has("Booking site");
    // Another project's code is taken.
    app.project(&world.organization, "CREW").await;
    let refused = browser.post(&path, &[("name", "Booking site"), ("code", "crew"), ("description", "")]).await;
    refused.is(422);
    refused.has("has already been taken");
}

async fn a_code_is_fixed_with_the_first_ticket(app: TestApp) {
    let world = app.world().await;
    let path = settings(&world.project);
    let browser = app.signed_in(&world.admin).await;
    browser.get(&path).await.lacks("readonly");
    app.filed(&world.project, "A").await;
    browser.get(&path).await.has("readonly");
    let refused = browser.post(&path, &[("name", "Web"), ("code", "NEW"), ("description", "")]).await;
    refused.is(422);
    refused.has("can&#39;t be changed");
    browser.post(&path, &[("name", "Web"), ("code", "WEB"), ("description", "")]).await.is(303);
}

async fn an_archived_project_refuses_its_tokens_at_once(app: TestApp) {
    let world = app.world().await;
    let path = settings(&world.project);
    let ci = app.project_token(&world.project, Scopes::FULL).await;
    let browser = app.signed_in(&world.admin).await;
    browser.get(&path).await.has("its 1 token stops");
    ci.get("tickets").await.is(200);
    let answer = browser.post(&format!("{path}/archive"), &[]).await;
    ci.get("tickets").await.is(401);
    let page = browser.follow(answer).await;
    page.has("Open the project again");
    page.lacks("Archive the project");
    // Twice is once.
    browser.post(&format!("{path}/archive"), &[]).await.is(303);
    browser.post(&format!("{path}/unarchive"), &[]).await.is(303);
    ci.get("tickets").await.is(200);
}

async fn deleting_asks_for_the_code(app: TestApp) {
    let world = app.world().await;
    let path = settings(&world.project);
    let ci = app.project_token(&world.project, Scopes::FULL).await;
    let browser = app.signed_in(&world.owner).await;
    browser.get(&format!("{path}/delete")).await.has("type the project’s code");
    let refused = browser.post(&format!("{path}/delete"), &[("code", "WBE")]).await;
    refused.is(422);
    refused.has("is wrong");
    refused.has("WBE");
    browser.post(&format!("{path}/delete"), &[]).await.is(422);
    ci.get("tickets").await.is(200);
    let answer = browser.post(&format!("{path}/delete"), &[("code", " web ")]).await;
    answer.is(303);
    assert!(answer.location().starts_with("/workspace"), "{}", answer.location());
    ci.get("tickets").await.is(401);
    browser.get(&path).await.is(404);
    browser.post(&format!("{path}/delete"), &[("code", "web")]).await.is(404);
}

async fn hostile_names_stay_text(app: TestApp) {
    let world = app.world().await;
    let path = settings(&world.project);
    let browser = app.signed_in(&world.owner).await;
    let name = "<script>alert(1)</script>\" onfocus=\"x";
    let text = "</textarea><img src=x onerror=y>{{ 7*7 }}";
    browser.post(&path, &[("name", name), ("code", "WEB"), ("description", text)]).await.is(303);
    for one in [path.clone(), format!("{path}/delete")] {
        let page = browser.get(&one).await;
        page.is(200);
        page.lacks("<script>alert");
        page.lacks("\" onfocus");
        page.lacks("<img src=x");
    }
    let refused = browser.post(&path, &[("name", ""), ("code", "\"><b>"), ("description", text)]).await;
    refused.is(422);
    refused.lacks("\"><b>");
    refused.lacks("<img src=x");
}
