//! Projects: made, read, changed, archived and deleted over REST.
//! Who loses which right by that is told in `rights`.

use std::future::IntoFuture;

use bugtome::model::scopes::Scopes;
use bugtome::model::time::Span;
use serde_json::{Value, json};

use crate::harness::{TestApp, both, ticket};

both! {
    a_project_is_made_and_read,
    codes_have_their_form_and_are_unique,
    a_code_is_fixed_once_it_has_a_ticket,
    slugs_come_from_names_and_never_clash,
    open_tickets_are_counted,
    projects_come_in_pages_by_name,
    an_archived_project_is_only_read,
    only_an_owner_deletes_a_project,
    a_project_token_is_an_admin_of_its_project,
    two_changes_at_once_lose_nothing,
}

async fn a_project_is_made_and_read(app: TestApp) {
    let world = app.world().await;
    let adam = app.personal_token(&world.admin, Scopes::FULL).await;
    let path = format!("mcp/organizations/{}/projects", world.organization.id);
    let made = adam.post(&path, json!({"project": {"name": " Mobile App ", "code": "mob", "description": " ours "}})).await;
    let project = made.is(201);
    let location = format!("projects/{}", project["id"].as_str().unwrap());
    let expected = json!({
        "id": project["id"], "organization_id": world.organization.id, "name": "Mobile App", "code": "MOB", "slug": "mobile-app",
        "description": "ours", "tickets_count": 0, "open_tickets_count": 0, "created_at": "2026-03-01T12:00:00.000000Z", "archived_at": null,
    });
    assert_eq!((&project, made.header("location")), (&expected, Some(&*format!("/api/v1/{location}"))));
    assert_eq!(adam.get(&location).await.is(200), expected);
    let listed = adam.get(&path).await.is(200);
    assert_eq!(listed["projects"][0], expected);
    let changed = adam.patch(&location, json!({"project": {"name": "App", "code": "app", "description": null}})).await.is(200);
    assert_eq!(
        (&changed["name"], &changed["code"], &changed["slug"], &changed["description"]),
        (&json!("App"), &json!("APP"), &json!("app"), &Value::Null)
    );
    assert_eq!(adam.patch(&location, json!({"project": {}})).await.is(200), changed);
    let problems = json!({"name": ["can't be blank"], "code": ["can't be blank"], "archived": ["can't be blank"]});
    assert_eq!(adam.patch(&location, json!({"project": {"name": " ", "code": null, "archived": null}})).await.details(), problems);
    let mia = app.personal_token(&world.member, Scopes::FULL).await;
    mia.post(&path, json!({"project": {"name": "No", "code": "NO"}})).await.is(403);
    mia.patch(&location, json!({"project": {"name": "No"}})).await.is(403);
    mia.get(&location).await.is(200);
}

async fn codes_have_their_form_and_are_unique(app: TestApp) {
    let world = app.world().await;
    let adam = app.personal_token(&world.admin, Scopes::FULL).await;
    let path = format!("mcp/organizations/{}/projects", world.organization.id);
    let post = async |code: Value| adam.post(&path, json!({"project": {"name": "Name", "code": code}})).await;
    for wrong in ["W", "2WEB", "WEB-1", "ABCDEFGHIJK", "WÉB", "W B", "W\u{0}B"] {
        assert_eq!(post(json!(wrong)).await.details(), json!({"code": ["is invalid"]}), "{wrong}");
    }
    for blank in [json!(" "), Value::Null] {
        assert_eq!(post(blank).await.details(), json!({"code": ["can't be blank"]}));
    }
    for taken in ["WEB", "web", " Web "] {
        assert_eq!(post(json!(taken)).await.details(), json!({"code": ["has already been taken"]}));
    }
    let ab = post(json!("a2")).await.is(201);
    post(json!("ABCDEFGHI9")).await.is(201);
    // Another organization may have the same.
    post(json!("FAR")).await.is(201);
    let one = format!("projects/{}", ab["id"].as_str().unwrap());
    assert_eq!(adam.patch(&one, json!({"project": {"code": "web"}})).await.details(), json!({"code": ["has already been taken"]}));
    adam.patch(&one, json!({"project": {"code": "A2"}})).await.is(200);
}

async fn a_code_is_fixed_once_it_has_a_ticket(app: TestApp) {
    let world = app.world().await;
    let olga = app.personal_token(&world.owner, Scopes::FULL).await;
    let path = format!("projects/{}", world.project.id);
    olga.patch(&path, json!({"project": {"code": "NET"}})).await.is(200);
    let filed = olga.post("tickets", ticket(&world.project, &json!({}))).await.is(201);
    assert_eq!(filed["code"], "NET-1");
    let unchangeable = json!({"code": ["can't be changed"]});
    assert_eq!(olga.patch(&path, json!({"project": {"code": "WEB"}})).await.details(), unchangeable);
    olga.patch(&path, json!({"project": {"code": "net", "name": "Net"}})).await.is(200);
    // Also where the ticket is gone.
    olga.delete(format!("tickets/{}", filed["id"].as_str().unwrap())).await.is(204);
    app.pass(Span::days(31));
    app.sweep().await;
    let olga = app.personal_token(&world.owner, Scopes::FULL).await;
    assert_eq!(olga.patch(&path, json!({"project": {"code": "WEB"}})).await.details(), unchangeable);
}

async fn slugs_come_from_names_and_never_clash(app: TestApp) {
    let world = app.world().await;
    let adam = app.personal_token(&world.admin, Scopes::FULL).await;
    let path = format!("mcp/organizations/{}/projects", world.organization.id);
    let slug = async |name: &str, code: &str| {
        adam.post(&path, json!({"project": {"name": name, "code": code}})).await.is(201)["slug"].as_str().unwrap().to_owned()
    };
    assert_eq!(slug("Web & App", "AA").await, "web-app");
    assert_eq!(slug("web app!", "AB").await, "ab-web-app");
    assert_eq!(slug("日本", "AC").await, "ac");
    assert_eq!(slug("AC", "AD").await, "ad-ac");
    let long = "x".repeat(80);
    assert_eq!(slug(&long, "AE").await, "x".repeat(40));
    let second = slug(&long, "AF").await;
    assert!(second.starts_with("af-x") && second.len() <= 40, "{second}");
}

async fn open_tickets_are_counted(app: TestApp) {
    let world = app.world().await;
    let olga = app.personal_token(&world.owner, Scopes::FULL).await;
    let path = format!("projects/{}", world.project.id);
    let counts = async || {
        let project = olga.get(&path).await.is(200);
        (project["tickets_count"].as_i64().unwrap(), project["open_tickets_count"].as_i64().unwrap())
    };
    let mut tickets = Vec::new();
    for title in ["a", "b", "c", "d"] {
        tickets.push(format!("tickets/{}", app.filed(&world.project, title).await));
    }
    assert_eq!(counts().await, (4, 4));
    for (ticket, status) in tickets.iter().zip(["open", "in_progress", "resolved", "closed"]) {
        olga.patch(ticket, json!({"ticket": {"status": status}})).await.is(200);
    }
    assert_eq!(counts().await, (4, 2));
    olga.delete(&tickets[0]).await.is(204);
    olga.delete(&tickets[3]).await.is(204);
    assert_eq!(counts().await, (2, 1));
    olga.post(format!("{}/restore", tickets[0]), json!({})).await.is(200);
    assert_eq!(counts().await, (3, 2));
    olga.patch(&tickets[0], json!({"ticket": {"status": "closed"}})).await.is(200);
    assert_eq!(counts().await, (3, 1));
}

async fn projects_come_in_pages_by_name(app: TestApp) {
    let world = app.world().await;
    for code in ["BB", "AA", "CC"] {
        app.project(&world.organization, code).await;
    }
    let vera = app.personal_token(&world.viewer, Scopes::READ_ONLY).await;
    let path = format!("mcp/organizations/{}/projects", world.organization.id);
    let codes = async |query: &str| {
        let answer = vera.get(format!("{path}{query}")).await;
        let body = answer.is(200);
        let codes: Vec<_> = body["projects"].as_array().unwrap().iter().map(|one| one["code"].as_str().unwrap().to_owned()).collect();
        (codes.join(" "), answer.pages())
    };
    assert_eq!(codes("").await, ("AA BB CC WEB".to_owned(), (4, 1, 1)));
    assert_eq!(codes("?per_page=3&page=2").await, ("WEB".to_owned(), (4, 2, 2)));
    assert_eq!(codes("?per_page=1000&page=2").await, (String::new(), (4, 1, 2)));
    vera.get(format!("{path}?per_page=1001")).await.is(400);
    let names: Vec<_> = vera.get(&path).await.is(200)["projects"][0].as_object().unwrap().keys().cloned().collect();
    for name in ["id", "name", "code", "description", "tickets_count", "open_tickets_count", "created_at"] {
        assert!(names.iter().any(|one| one == name), "{name}");
    }
}

async fn an_archived_project_is_only_read(app: TestApp) {
    let world = app.world().await;
    let olga = app.personal_token(&world.owner, Scopes::FULL).await;
    let ci = app.project_token(&world.project, Scopes::FULL).await;
    let t = format!("tickets/{}", app.filed(&world.project, "A").await);
    let comment = olga.post(format!("{t}/comments"), json!({"comment": {"content": "x"}})).await.is(201);
    let comment = format!("{t}/comments/{}", comment["id"].as_str().unwrap());
    let path = format!("projects/{}", world.project.id);
    let archived = olga.patch(&path, json!({"project": {"archived": true}})).await.is(200);
    assert_eq!(archived["archived_at"], "2026-03-01T12:00:00.000000Z");
    app.pass(Span::seconds(1));
    assert_eq!(olga.patch(&path, json!({"project": {"archived": true}})).await.is(200), archived);
    olga.post("tickets", ticket(&world.project, &json!({}))).await.is(403);
    olga.patch(&t, json!({"ticket": {"title": "B"}})).await.is(403);
    olga.delete(&t).await.is(403);
    olga.post(format!("{t}/restore"), json!({})).await.is(403);
    olga.post(format!("{t}/comments"), json!({"comment": {"content": "x"}})).await.is(403);
    olga.patch(&comment, json!({"comment": {"content": "y"}})).await.is(403);
    olga.delete(&comment).await.is(403);
    for read in ["tickets", &t, &format!("{t}/comments"), &format!("{t}/events"), &path] {
        olga.get(read).await.is(200);
        ci.get(read).await.is(401);
    }
    assert_eq!(olga.get("tickets").await.pages().0, 1);
    assert_eq!(olga.patch(&path, json!({"project": {"archived": false}})).await.is(200)["archived_at"], Value::Null);
    ci.patch(&t, json!({"ticket": {"title": "B"}})).await.is(200);
}

async fn only_an_owner_deletes_a_project(app: TestApp) {
    let world = app.world().await;
    let adam = app.personal_token(&world.admin, Scopes::FULL).await;
    let olga = app.personal_token(&world.owner, Scopes::FULL).await;
    let ci = app.project_token(&world.project, Scopes::FULL).await;
    let t = format!("tickets/{}", app.filed(&world.project, "A").await);
    let path = format!("projects/{}", world.project.id);
    adam.delete(&path).await.is(403);
    ci.delete(&path).await.is(403);
    olga.delete(&path).await.is(204);
    olga.delete(&path).await.is(403);
    olga.get(&path).await.is(403);
    olga.get(&t).await.is(404);
    ci.get(&path).await.is(401);
    app.sweep().await;
    olga.get(&t).await.is(404);
    // Code and slug are free again.
    let again = json!({"project": {"name": "Project WEB", "code": "WEB"}});
    let made = olga.post(format!("mcp/organizations/{}/projects", world.organization.id), again).await.is(201);
    assert_eq!((&made["slug"], &made["tickets_count"]), (&json!("project-web"), &json!(0)));
}

async fn a_project_token_is_an_admin_of_its_project(app: TestApp) {
    let world = app.world().await;
    let ci = app.project_token(&world.project, Scopes::FULL).await;
    let path = format!("projects/{}", world.project.id);
    ci.patch(&path, json!({"project": {"name": "New"}})).await.is(200);
    let sibling = app.project(&world.organization, "APP").await;
    ci.get(format!("projects/{}", sibling.id)).await.is(403);
    ci.post(format!("mcp/organizations/{}/projects", world.organization.id), json!({"project": {"name": "N", "code": "NN"}})).await.is(403);
    // Finding 21: archiving, unarchiving and deleting are for people and their tokens; what changes nothing is no refusal.
    ci.patch(&path, json!({"project": {"archived": true}})).await.is(403);
    ci.patch(&path, json!({"project": {"name": "Newer", "archived": true}})).await.is(403);
    assert_eq!(ci.get(&path).await.is(200)["name"], "New", "with the refusal nothing is changed");
    ci.patch(&path, json!({"project": {"name": "Newer", "archived": false}})).await.is(200);
    ci.delete(&path).await.is(403);
    let olga = app.personal_token(&world.owner, Scopes::FULL).await;
    olga.patch(&path, json!({"project": {"archived": true}})).await.is(200);
    ci.patch(&path, json!({"project": {"archived": false}})).await.is(401);
    olga.patch(&path, json!({"project": {"archived": false}})).await.is(200);
    assert_eq!(ci.get(&path).await.is(200)["archived_at"], Value::Null);
}

async fn two_changes_at_once_lose_nothing(app: TestApp) {
    let world = app.world().await;
    let olga = app.personal_token(&world.owner, Scopes::FULL).await;
    let path = format!("projects/{}", world.project.id);
    let mut numbers = 0..;
    for _ in 0..20 {
        let number = numbers.next().unwrap();
        let (name, description) = (json!({"name": format!("n{number}")}), json!({"description": format!("d{number}")}));
        let calls = [name, description].map(|change| tokio::spawn(olga.patch(&path, json!({"project": change})).into_future()));
        for call in calls {
            call.await.unwrap().is(200);
        }
        let project = olga.get(&path).await.is(200);
        assert_eq!((&project["name"], &project["description"]), (&json!(format!("n{number}")), &json!(format!("d{number}"))));
    }
}
