//! The page of a project's tokens: who comes to it, what is made there, and that it reaches that project alone.
//! What both pages of tokens have in common is told in `token_pages`.

use bugtome::model::roles::Role;
use bugtome::model::scopes::Scopes;
use bugtome::model::time::Span;
use serde_json::json;

use crate::harness::{Project, TestApp, both, ticket};
use crate::token_pages::{fields, id, make, row, secret, send};

both! {
    a_project_token_is_made_and_files_tickets_at_once,
    only_admins_come_here,
    a_token_belongs_to_its_project,
    a_project_token_is_rotated_and_revoked_at_once,
    its_maker_and_its_end_are_told_to_all_admins,
    an_archived_project_says_that_its_tokens_are_refused,
    an_old_session_asks_for_the_password_here_too,
}

fn here(project: &Project) -> String {
    format!("/workspace/projects/{}/settings/api-token", project.id)
}

async fn a_project_token_is_made_and_files_tickets_at_once(app: TestApp) {
    let world = app.world().await;
    let here = here(&world.project);
    let browser = app.signed_in(&world.admin).await;
    let page = browser.get(&here).await;
    for part in ["Generate API Token", "value=\"report\" checked", "In CI, when a job fails", "On a server", "BUGTOME_TOKEN"] {
        page.has(part);
    }
    page.lacks("await fetch");
    let page = make(&browser, &here, "CI of the website", "report").await;
    page.is(200);
    assert_eq!(page.header("cache-control"), Some("no-store"));
    let token = secret(&page);
    assert!(token.starts_with("proj_bt1"));
    let ci = app.bearer(&token);
    assert_eq!(ci.get("tokens/current").await.is(200)["scopes"], json!(Scopes::REPORT_ONLY));
    ci.post("tickets", ticket(&world.project, &json!({}))).await.is(201);
    ci.get("tickets").await.is(403);
    let list = browser.get(&here).await;
    list.lacks(&token[8..20]);
    assert!(row(&list, &token).contains("Report only") && row(&list, &token).contains("Adam Admin"), "{}", row(&list, &token));
}

async fn only_admins_come_here(app: TestApp) {
    let world = app.world().await;
    let here = here(&world.project);
    let token = app.project_token(&world.project, Scopes::FULL).await;
    let forms = [here.clone(), format!("{here}/{}/revoke", token.id.unwrap()), format!("{here}/{}/rotate", token.id.unwrap())];
    for (person, status) in [(&world.viewer, 403), (&world.member, 403), (&world.stranger, 404)] {
        let browser = app.signed_in(person).await;
        for path in &forms {
            browser.get(path).await.is(status);
            let sent = [("name", "mine"), ("expires", "90"), ("access", "full"), ("overlap", "0"), ("extent", "chain"), ("once", "1")];
            browser.post(path, &sent).await.is(status);
        }
    }
    token.get("tickets").await.is(200);
    for role in [Role::Admin, Role::Owner] {
        app.signed_in(world.who(role)).await.get(&here).await.is(200);
    }
    app.browser().get(&here).await.is(303);
}

async fn a_token_belongs_to_its_project(app: TestApp) {
    let world = app.world().await;
    let other = app.project(&world.organization, "APP").await;
    let browser = app.signed_in(&world.admin).await;
    let of_other = app.project_token(&other, Scopes::FULL).await;
    let far = app.project_token(&world.other_project, Scopes::FULL).await;
    let personal = app.personal_token(&world.admin, Scopes::FULL).await;
    browser.get(&here(&world.project)).await.lacks("id=\"t-");
    for token in [&of_other, &far, &personal] {
        for act in ["revoke", "rotate"] {
            let path = format!("{}/{}/{act}", here(&world.project), token.id.unwrap());
            browser.get(&path).await.is(404);
            browser.post(&path, &[("overlap", "0")]).await.is(404);
        }
        token.get("tickets").await.is(200);
    }
    browser.get(&here(&world.other_project)).await.is(404);
}

async fn a_project_token_is_rotated_and_revoked_at_once(app: TestApp) {
    let world = app.world().await;
    let here = here(&world.project);
    let browser = app.signed_in(&world.admin).await;
    let old = app.project_token(&world.project, Scopes::FULL).await;
    let page = browser.post(&format!("{here}/{}/rotate", old.id.unwrap()), &[("overlap", "0")]).await;
    let new = app.bearer(&secret(&page));
    old.get("tickets").await.is(401);
    let id = id(&browser.get(&here).await, new.token());
    let comment = new.post("tickets", ticket(&world.project, &json!({}))).await.is(201);
    assert_eq!(comment["reporter"]["kind"], "project_token");
    let done = browser.post(&format!("{here}/{id}/revoke"), &[("reason", "spam from a bot")]).await;
    new.get("tickets").await.is(401);
    let list = browser.follow(done).await;
    let told = row(&list, new.token());
    assert!(told.contains("by you") && told.contains("spam from a bot"), "{told}");
}

async fn its_maker_and_its_end_are_told_to_all_admins(app: TestApp) {
    let world = app.world().await;
    let here = here(&world.project);
    let admin = app.signed_in(&world.admin).await;
    let token = secret(&make(&admin, &here, "widget", "full").await);
    let id = id(&admin.get(&here).await, &token);
    admin.post(&format!("{here}/{id}/revoke"), &[("reason", "over")]).await.is(303);
    let list = app.signed_in(&world.owner).await.get(&here).await;
    let told = row(&list, &token);
    assert!(told.contains("by Adam Admin") && told.contains("over"), "{told}");
}

async fn an_archived_project_says_that_its_tokens_are_refused(app: TestApp) {
    let world = app.world().await;
    let here = here(&world.project);
    let token = app.project_token(&world.project, Scopes::FULL).await;
    app.set_archived(&world.project, true).await;
    let page = app.signed_in(&world.admin).await.get(&here).await;
    page.has("The project is archived.");
    token.get("tickets").await.is(401);
}

async fn an_old_session_asks_for_the_password_here_too(app: TestApp) {
    let world = app.world().await;
    let here = here(&world.project);
    let browser = app.signed_in(&world.admin).await;
    app.pass(Span::seconds(30 * 60));
    let fields = fields(&browser, &here, "late", "report").await;
    let asked = send(&browser, &here, &fields).await;
    asked.is(422);
    asked.has("Your password again");
    asked.has("value=\"late\"");
    asked.lacks("id=\"t-");
}
