//! The workspace and the page for a new project: what stands there, and for whom.
//! Lists with filters are told in `list_pages`.

use bugtome::domain::comments;
use bugtome::domain::tickets::{self, Draft, Expected};
use bugtome::domain::{Result, projects, tokens};
use bugtome::model::draft::Field;
use bugtome::model::id::Id;
use bugtome::model::roles::Role;
use bugtome::model::scopes::Scopes;
use bugtome::model::tickets::Ticket;
use bugtome::model::time::Span;

use crate::harness::{Person, Project, TestApp, both};

both! {
    a_stranger_signs_in_first,
    my_open_tickets_come_first_by_urgency,
    what_changed_lately_is_told_in_lines,
    only_what_is_reached_is_told,
    projects_have_their_counts,
    many_projects_have_pages,
    tokens_about_to_end_are_named,
    who_may_makes_a_project,
    a_wrong_project_is_shown_again,
}

fn text(value: &str) -> Field<bugtome::model::draft::Text> {
    Field::Value(value.into())
}

async fn filed(app: &TestApp, project: &Project, title: &str, priority: &str, assignee: Option<&Person>) -> Id<Ticket> {
    app.pass(Span::seconds(60));
    let (project, title, priority) = (project.id, title.to_owned(), priority.to_owned());
    let assignee = assignee.map(|person| person.id.cast());
    app.command(move |ctx| {
        let clause = || text("something long enough");
        let draft = Draft {
            title: text(&title),
            given: clause(),
            when: clause(),
            then: clause(),
            priority: text(&priority),
            assignee_id: assignee.into(),
            project_id: Field::Value(project),
            ..Draft::default()
        };
        tickets::create(ctx, &draft).map(|ticket| ticket.id)
    })
    .await
}

/// Changes the ticket as this person would, a minute later.
async fn changed(app: &TestApp, person: &Person, ticket: Id<Ticket>, draft: Draft) {
    app.pass(Span::seconds(60));
    app.app
        .write(bugtome::domain::Who::User(person.id), bugtome::model::events::Via::Web, move |ctx| {
            tickets::edit(ctx, ticket, &draft, &Expected::Any).map(drop)
        })
        .await
        .unwrap();
}

async fn done<T: Send + 'static>(
    app: &TestApp,
    person: &Person,
    work: impl FnMut(&mut bugtome::domain::Ctx<'_>) -> Result<T> + Send + 'static,
) -> T {
    app.pass(Span::seconds(60));
    app.app.write(bugtome::domain::Who::User(person.id), bugtome::model::events::Via::Web, work).await.unwrap()
}

fn in_order(page: &str, texts: &[&str]) -> bool {
    let at: Vec<_> = texts.iter().map(|text| page.find(text)).collect();
    at.iter().all(Option::is_some) && at.is_sorted()
}

async fn a_stranger_signs_in_first(app: TestApp) {
    app.world().await;
    let nobody = app.browser();
    let answer = nobody.get("/workspace").await;
    answer.is(303);
    assert!(answer.location().starts_with("/login"), "{}", answer.location());
}

async fn my_open_tickets_come_first_by_urgency(app: TestApp) {
    let world = app.world().await;
    let other = app.project(&world.organization, "APP").await;
    filed(&app, &world.project, "Mine and slow", "low", Some(&world.member)).await;
    filed(&app, &other, "Mine and urgent", "critical", Some(&world.member)).await;
    filed(&app, &world.project, "Of somebody else", "critical", Some(&world.owner)).await;
    let over = filed(&app, &world.project, "Mine and over", "critical", Some(&world.member)).await;
    changed(&app, &world.owner, over, Draft { status: text("resolved"), ..Draft::default() }).await;
    let mia = app.signed_in(&world.member).await;
    let page = mia.get("/workspace").await;
    page.is(200);
    let mine = page.text.split("id=\"lately\"").next().unwrap();
    assert!(in_order(mine, &["APP-1", "Mine and urgent", "WEB-1", "Mine and slow"]));
    assert!(!mine.contains("somebody else") && !mine.contains("Mine and over"));
    page.has("My tickets <span class=\"quiet num\">2</span>").has("/workspace/search?assignee=me").has("/tickets/new");
    // Ten are shown, all are counted; what is gone with its project is not.
    for number in 0..11 {
        filed(&app, &other, &format!("More {number}"), "medium", Some(&world.member)).await;
    }
    mia.get("/workspace").await.is(200).has("num\">13</span>").lacks(">Mine and slow</a>");
    let project = other.id;
    app.command(move |ctx| projects::delete(ctx, project)).await;
    mia.get("/workspace").await.is(200).has("num\">1</span>").has(">Mine and slow</a>").lacks("Mine and urgent");
    let vera = app.signed_in(&world.viewer).await;
    vera.get("/workspace").await.is(200).has("No open ticket is assigned to you.").lacks("/tickets/new");
}

async fn what_changed_lately_is_told_in_lines(app: TestApp) {
    let world = app.world().await;
    let ticket = filed(&app, &world.project, "Talked about", "low", None).await;
    let draft = |status: &str, priority: &str| Draft {
        status: if status.is_empty() { Field::Absent } else { text(status) },
        priority: if priority.is_empty() { Field::Absent } else { text(priority) },
        ..Draft::default()
    };
    let give = |person: Option<&Person>| Draft {
        assignee_id: person.map_or(Field::Null, |person| Field::Value(person.id.cast())),
        ..Draft::default()
    };
    changed(&app, &world.owner, ticket, draft("in_progress", "")).await;
    changed(&app, &world.owner, ticket, draft("", "critical")).await;
    changed(&app, &world.owner, ticket, give(Some(&world.member))).await;
    changed(&app, &world.owner, ticket, give(Some(&world.admin))).await;
    changed(&app, &world.owner, ticket, give(None)).await;
    changed(&app, &world.owner, ticket, give(Some(&world.owner))).await;
    changed(&app, &world.owner, ticket, Draft { notes: text("some notes"), ..Draft::default() }).await;
    done(&app, &world.member, move |ctx| comments::create(ctx, ticket, &text("I have seen it too")).map(drop)).await;
    changed(&app, &world.owner, ticket, draft("closed", "")).await;
    let mia = app.signed_in(&world.member).await;
    let page = mia.get("/workspace").await;
    page.is(200);
    let lately =
        page.text.split("id=\"lately\"").nth(1).unwrap().split("</ol>").next().unwrap().replace("<b dir=\"auto\">", "").replace("</b>", "");
    let lines: Vec<&str> = lately.split("<li>").skip(1).collect();
    assert_eq!(lines.len(), 10, "{lately}");
    for (line, words) in lines.iter().zip([
        &["Olga Owner closed ", "WEB-1 Talked about"][..],
        &["You commented on "],
        &["Olga Owner changed "],
        &["Olga Owner took "],
        &["Olga Owner gave ", "nobody"],
        &["Olga Owner gave ", "Adam Admin"],
        &["Olga Owner gave you "],
        &["Olga Owner set ", "Critical"],
        &["Olga Owner moved ", "In progress"],
        &["The administrator filed ", "WEB-1 Talked about"],
    ]) {
        assert!(words.iter().all(|word| line.contains(word)), "{words:?}: {line}");
    }
    // Many tickets that one person files in a row are one line.
    for number in 0..6 {
        let project = world.project.id;
        done(&app, &world.admin, move |ctx| {
            let clause = || text("something long enough");
            let title = text(&format!("Of many {number}"));
            let draft =
                Draft { title, given: clause(), when: clause(), then: clause(), project_id: Field::Value(project), ..Draft::default() };
            tickets::create(ctx, &draft).map(drop)
        })
        .await;
    }
    let page = mia.get("/workspace").await;
    page.is(200);
    page.has("6 tickets in Project WEB").lacks("Of many 3");
}

async fn only_what_is_reached_is_told(app: TestApp) {
    let world = app.world().await;
    let gone = app.project(&world.organization, "GONE").await;
    filed(&app, &world.project, "Seen by members", "low", None).await;
    filed(&app, &gone, "Of a deleted project", "low", None).await;
    let deleted = filed(&app, &world.project, "A deleted ticket", "low", None).await;
    filed(&app, &world.other_project, "Of others", "low", Some(&world.stranger)).await;
    let project = gone.id;
    app.command(move |ctx| projects::delete(ctx, project)).await;
    app.command(move |ctx| tickets::delete(ctx, deleted, &Expected::Any)).await;
    let mia = app.signed_in(&world.member).await;
    let page = mia.get("/workspace").await;
    page.is(200);
    page.has("Seen by members").lacks("deleted project").lacks("deleted ticket").lacks("Of others").lacks("FAR");
    // Who leaves sees nothing of it any more, not even what is still theirs.
    filed(&app, &world.project, "Left behind", "low", Some(&world.member)).await;
    app.remove_member(&world.organization, &world.member).await;
    mia.get("/workspace").await.is(200).lacks("Left behind").lacks("Seen by members").has("You belong to no organization yet");
}

async fn projects_have_their_counts(app: TestApp) {
    let world = app.world().await;
    filed(&app, &world.project, "One", "low", None).await;
    let over = filed(&app, &world.project, "Two", "low", None).await;
    changed(&app, &world.owner, over, Draft { status: text("closed"), ..Draft::default() }).await;
    let mia = app.signed_in(&world.member).await;
    let page = mia.get("/workspace").await;
    page.is(200);
    page.has(&format!("/workspace/projects/{}\"", world.project.id));
    page.has("<span class=\"num\">1</span> open of <span class=\"num\">2</span>").lacks("New project");
    // In several organizations each has its own heading.
    let second = app.organization("zenith", &world.owner).await;
    app.add_member(&second, &world.member, Role::Viewer).await;
    let page = mia.get("/workspace").await;
    page.is(200);
    page.has(&format!("/workspace/search?organization={}", second.id)).has("No projects yet.");
}

async fn many_projects_have_pages(app: TestApp) {
    let world = app.world().await;
    let organization = world.organization.id;
    app.command(move |ctx| {
        for number in 0..105 {
            let draft = projects::Draft {
                name: text(&format!("Plan {number:03}")),
                code: text(&format!("P{number}X")),
                ..projects::Draft::default()
            };
            projects::create(ctx, organization, &draft)?;
        }
        Ok(())
    })
    .await;
    let mia = app.signed_in(&world.member).await;
    let page = mia.get("/workspace").await;
    page.is(200);
    page.has("Plan 099</a>").has("Page 1 of 2, 106 projects").has(&format!("?organization={organization}&#38;page=2#{organization}"));
    let page = mia.get(&format!("/workspace?organization={organization}&page=2")).await;
    page.is(200);
    page.has("Plan 104</a>").has("Page 2 of 2");
    for query in ["organization=x&page=2", "organization=0193a3c4-0000-7000-8000-00000000000a&page=2", "page=-1", "organization=&page=9"] {
        mia.get(&format!("/workspace?{query}")).await.is(200).has("Plan 000</a>");
    }
}

async fn tokens_about_to_end_are_named(app: TestApp) {
    let world = app.world().await;
    let user = world.member.id;
    for (name, days) in [("weekly report", 20), ("for years", 300)] {
        let draft = tokens::Draft { name: text(name), scopes: Scopes::READ_ONLY, life: Some(Span::days(days)) };
        app.command(move |ctx| tokens::create_personal(ctx, user, &draft).map(drop)).await;
    }
    let mia = app.signed_in(&world.member).await;
    mia.get("/workspace").await.is(200).lacks("is about to end");
    app.pass(Span::days(11));
    let mia = app.signed_in(&world.member).await;
    let page = mia.get("/workspace").await;
    page.is(200).has("weekly report</b> is about to end: 9 days left.").has("/rotate\">Rotate it").lacks("for years");
    // Nobody else's business, and over once it has ended.
    let adam = app.signed_in(&world.admin).await;
    adam.get("/workspace").await.is(200).lacks("weekly report");
    app.pass(Span::days(9));
    let mia = app.signed_in(&world.member).await;
    mia.get("/workspace").await.is(200).lacks("is about to end");
}

async fn who_may_makes_a_project(app: TestApp) {
    let world = app.world().await;
    let path = format!("/workspace/organizations/{}/projects/new", world.organization.id);
    let form = [("name", "Pier kiosks"), ("code", "kio"), ("description", "")];
    for (who, status) in [(&world.viewer, 403), (&world.member, 403), (&world.stranger, 404)] {
        let browser = app.signed_in(who).await;
        browser.get(&path).await.is(status);
        browser.post(&path, &form).await.is(status);
        browser.get("/workspace").await.is(200).lacks(&path);
    }
    let adam = app.signed_in(&world.admin).await;
    adam.get("/workspace").await.is(200).has(&path);
    adam.get(&path).await.is(200).has("New project").has("name=\"code\"");
    let answer = adam.post(&path, &form).await;
    answer.is(303);
    assert!(answer.location().starts_with("/workspace/projects/"));
    adam.follow(answer).await.is(200).has("Pier kiosks").has("No tickets yet").has("--project acme/KIO");
}

async fn a_wrong_project_is_shown_again(app: TestApp) {
    let world = app.world().await;
    let path = format!("/workspace/organizations/{}/projects/new", world.organization.id);
    let adam = app.signed_in(&world.admin).await;
    let page = adam.post(&path, &[("name", " "), ("code", "WEB"), ("description", "Kept <as> typed")]).await;
    page.is(422);
    page.has("role=\"alert\"").has("can&#39;t be blank").has("has already been taken").has("value=\"WEB\"").has("Kept &#60;as&#62; typed");
    let page = adam.post(&path, &[("name", "A name"), ("code", "W-1"), ("description", "")]).await;
    page.is(422);
    page.has("is invalid").has("value=\"A name\"").lacks("can&#39;t be blank");
}
