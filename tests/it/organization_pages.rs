//! The pages of an organization beside its members: the token policy, a member's token revoked, the organization's name.
//! The rules themselves are in `organizations` and `tokens`; here is that the pages keep them, and that the API feels it at once.

use bugtome::model::scopes::Scopes;
use bugtome::model::time::Span;
use serde_json::json;

use crate::harness::{Organization, Person, TestApp, both};

both! { a_tighter_policy_says_whom_it_keeps_out, an_organization_is_renamed, hostile_names_stay_text }

fn at(organization: &Organization, rest: &str) -> String {
    format!("/workspace/organizations/{}/{rest}", organization.id)
}

fn of(organization: &Organization, person: &Person, rest: &str) -> String {
    at(organization, &format!("members/{}/{rest}", person.id))
}

async fn a_tighter_policy_says_whom_it_keeps_out(app: TestApp) {
    let world = app.world().await;
    let project = format!("projects/{}", world.project.id);
    let long = app.personal_token_for(&world.member, Scopes::FULL, Some(Span::days(365))).await;
    let short = app.personal_token_for(&world.viewer, Scopes::FULL, Some(Span::days(7))).await;
    let ci = app.project_token(&world.project, Scopes::FULL).await;
    let browser = app.signed_in(&world.owner).await;
    let (policy, members) = (at(&world.organization, "policy"), at(&world.organization, "members"));
    let asked = browser.post(&policy, &[("longest", "30d")]).await;
    asked.is(200);
    asked.has("2 tokens stop");
    asked.has("Mia Member");
    asked.has("Project WEB");
    asked.lacks("Vera Viewer");
    long.get(&project).await.is(200);
    let answer = browser.post(&policy, &[("longest", "30d"), ("sure", "yes")]).await;
    answer.is(303);
    long.get(&project).await.is(403);
    ci.get("tickets").await.is(401);
    short.get(&project).await.is(200);
    browser.follow(answer).await.has("kept out by the policy");
    // What is kept out already is not named again, and a looser policy asks nothing.
    browser.post(&policy, &[("longest", "7d")]).await.is(303);
    browser.post(&policy, &[("longest", "none")]).await.is(303);
    long.get(&project).await.is(200);
    ci.get("tickets").await.is(200);
    for wrong in ["", "soon", "-1d", "0d"] {
        browser.post(&policy, &[("longest", wrong)]).await.is(422);
    }
    // One that a command has set is among the choices.
    app.set_policy(&world.organization, Some(Span::days(45))).await;
    browser.get(&members).await.has("45 days");
    app.signed_in(&world.viewer).await.get(&members).await.has("45 days");
}

async fn an_organization_is_renamed(app: TestApp) {
    let world = app.world().await;
    let path = at(&world.organization, "settings");
    let browser = app.signed_in(&world.owner).await;
    let answer = browser.post(&path, &[("name", "Harbourline"), ("slug", "harbour-line")]).await;
    let page = browser.follow(answer).await;
    page.has("Harbourline");
    page.has("harbour-line");
    for (name, slug, sentence) in
        [("", "x", "can&#39;t be blank"), ("x", "A b", "is invalid"), ("x", "elsewhere", "has already been taken")]
    {
        let refused = browser.post(&path, &[("name", name), ("slug", slug)]).await;
        refused.is(422);
        refused.has(sentence);
        refused.has(slug);
    }
    let vera = app.personal_token(&world.viewer, Scopes::READ_ONLY).await;
    let all = vera.get("mcp/organizations").await.is(200);
    assert_eq!((&all["organizations"][0]["name"], &all["organizations"][0]["slug"]), (&json!("Harbourline"), &json!("harbour-line")));
}

async fn hostile_names_stay_text(app: TestApp) {
    let world = app.world().await;
    let name = "<img src=x onerror=y>\" autofocus onfocus=\"z";
    let hostile = app.user("Hans Hostile").await;
    app.add_member(&world.organization, &hostile, bugtome::model::roles::Role::Admin).await;
    let id = hostile.id;
    app.command(move |ctx| {
        Ok(ctx.db.execute(bugtome::sql!("UPDATE persons SET name = ?2 WHERE id = ?1", bugtome::model::id::Id<bugtome::model::users::User> = id, str = name))?)
    })
    .await;
    let token = app.personal_token(&hostile, Scopes::FULL).await.id.unwrap();
    app.project_token_of(&hostile, &world.project).await;
    let browser = app.signed_in(&world.owner).await;
    browser.post(&at(&world.organization, "settings"), &[("name", name), ("slug", "acme")]).await.is(303);
    let pages = [
        at(&world.organization, "members"),
        at(&world.organization, "settings"),
        of(&world.organization, &hostile, "remove"),
        at(&world.organization, &format!("tokens/{token}/shut-out")),
    ];
    for path in &pages {
        let page = browser.get(path).await;
        page.is(200);
        page.lacks("<img src=x");
        page.lacks("\" autofocus onfocus");
        page.lacks("<script>");
    }
}
