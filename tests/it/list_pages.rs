//! The pages with lists of tickets: filters, orders, pages, search, the way by code, and the change of several at once.
//! That the lists themselves are right is told in `ticket_lists`.

use bugtome::domain::projects;
use bugtome::domain::tickets::{self, Draft, Expected};
use bugtome::model::draft::Field;
use bugtome::model::id::Id;
use bugtome::model::pages::{Cursor, Sort, SortKey};
use bugtome::model::roles::Role;
use bugtome::model::tickets::Ticket;
use bugtome::model::time::Span;
use bugtome::store::tickets::TicketRow;

use crate::harness::{Person, Project, TestApp, both};

both! {
    what_still_waits_comes_first,
    filters_narrow_the_list_and_keep_each_other,
    unknown_words_are_passed_over,
    orders_are_links,
    pages_have_numbers_and_go_on_by_cursor,
    words_are_found_in_the_project_and_everywhere,
    a_code_leads_to_its_ticket,
    a_code_of_two_organizations_is_asked_about,
    an_empty_project_says_what_would_be_there,
    where_nothing_matches_there_are_ways_out,
    strangers_find_nothing,
    a_viewer_sees_nothing_to_change,
    several_tickets_change_at_once,
    all_of_the_selected_change_or_none,
    an_archived_project_is_only_read,
    what_people_type_is_only_text,
}

fn text(value: &str) -> Field<bugtome::model::draft::Text> {
    Field::Value(value.into())
}

/// Files a ticket and brings it to this state; each is a minute later than the one before.
async fn filed(app: &TestApp, project: &Project, title: &str, status: &str, priority: &str, assignee: Option<&Person>) -> TicketRow {
    app.pass(Span::seconds(60));
    let (project, title, status, priority) = (project.id, title.to_owned(), status.to_owned(), priority.to_owned());
    let assignee = assignee.map(|person| person.id.cast());
    app.command(move |ctx| {
        let clause = || text("something **long** enough");
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
        let ticket = tickets::create(ctx, &draft)?;
        let moved = Draft { status: text(&status), ..Draft::default() };
        tickets::edit(ctx, ticket.id, &moved, &Expected::Any)
    })
    .await
}

async fn read(app: &TestApp, id: Id<Ticket>) -> TicketRow {
    app.command(move |ctx| tickets::get(ctx, id)).await
}

fn home(project: &Project) -> String {
    format!("/workspace/projects/{}", project.id)
}

fn page_of(ticket: &TicketRow) -> String {
    format!("/workspace/projects/{}/tickets/{}", ticket.project_id, ticket.id)
}

/// The titles that follow one another on the page.
fn in_order(page: &str, titles: &[&str]) -> bool {
    let at: Vec<_> = titles.iter().map(|title| page.find(&format!(">{title}</a>"))).collect();
    at.iter().all(Option::is_some) && at.is_sorted()
}

async fn what_still_waits_comes_first(app: TestApp) {
    let world = app.world().await;
    for status in ["open", "in_progress", "resolved", "closed"] {
        filed(&app, &world.project, &format!("This is {status}"), status, "medium", None).await;
    }
    let mia = app.signed_in(&world.member).await;
    let page = mia.get(&home(&world.project)).await;
    page.is(200);
    assert!(in_order(&page.text, &["This is in_progress", "This is open"]));
    page.lacks("This is resolved").lacks("This is closed").has("Closed <span class=\"num quiet\">1</span>");
    let closed = mia.get(&format!("{}?status=closed", home(&world.project))).await;
    closed.is(200);
    closed.has("This is closed").lacks("This is open");
    let all = mia.get(&format!("{}?status=all", home(&world.project))).await;
    all.is(200);
    assert!(in_order(&all.text, &["This is closed", "This is resolved", "This is in_progress", "This is open"]));
    // A clause stands there as one line without its marks.
    all.has("something long enough").lacks("**long**");
}

async fn filters_narrow_the_list_and_keep_each_other(app: TestApp) {
    let world = app.world().await;
    filed(&app, &world.project, "Urgent and mine", "open", "high", Some(&world.member)).await;
    filed(&app, &world.project, "Urgent and hers", "open", "high", Some(&world.owner)).await;
    filed(&app, &world.project, "Urgent and free", "open", "high", None).await;
    filed(&app, &world.project, "Slow and mine", "open", "low", Some(&world.member)).await;
    let mia = app.signed_in(&world.member).await;
    let of = |query: &str| format!("{}?{query}", home(&world.project));
    let high = mia.get(&of("priority=high")).await;
    high.is(200);
    high.has("Urgent and mine").has("Urgent and free").lacks("Slow and mine").has("Remove filter: High");
    let mine = mia.get(&of("priority=high&assignee=me")).await;
    mine.is(200);
    mine.has("Urgent and mine").lacks("Urgent and hers").lacks("Urgent and free");
    // The links to other statuses, orders and people keep what is asked for.
    mine.has("?status=closed&#38;priority=high&#38;assignee=me\"").has("?priority=high&#38;assignee=me&#38;sort=%2Dpriority\"");
    mine.has("?priority=high&#38;assignee=none\"").has("?assignee=me\" aria-label=\"Remove filter: High\"");
    mia.get(&of("assignee=none")).await.is(200).has("Urgent and free").lacks("mine</a>").lacks("Urgent and hers");
    let hers = mia.get(&of(&format!("assignee={}", world.owner.id))).await;
    hers.is(200);
    hers.has("Urgent and hers").lacks("Urgent and free").has("Remove filter: Olga Owner");
    mia.get(&of("priority=high,low&assignee=me")).await.is(200).has("Urgent and mine").has("Slow and mine");
}

async fn unknown_words_are_passed_over(app: TestApp) {
    let world = app.world().await;
    filed(&app, &world.project, "Still here", "open", "medium", None).await;
    let mia = app.signed_in(&world.member).await;
    for query in
        ["status=done", "priority=urgent", "assignee=mia", "sort=title", "page=0", "page=x", "after=x", "organization=1", "color=red", "q="]
    {
        mia.get(&format!("{}?{query}", home(&world.project))).await.is(200).has("Still here");
        mia.get(&format!("/workspace/search?{query}")).await.is(200).has("Still here");
    }
}

async fn orders_are_links(app: TestApp) {
    let world = app.world().await;
    for (title, priority) in [("First", "low"), ("Second", "critical"), ("Third", "high")] {
        filed(&app, &world.project, title, "open", priority, None).await;
    }
    let mia = app.signed_in(&world.member).await;
    for (query, titles) in [
        ("", ["Third", "Second", "First"]),
        ("?sort=-created_at", ["Third", "Second", "First"]),
        ("?sort=created_at", ["First", "Second", "Third"]),
        ("?sort=-priority", ["Second", "Third", "First"]),
        ("?sort=priority", ["First", "Third", "Second"]),
    ] {
        let page = mia.get(&format!("{}{query}", home(&world.project))).await;
        page.is(200);
        assert!(in_order(&page.text, &titles), "{query}");
    }
}

async fn pages_have_numbers_and_go_on_by_cursor(app: TestApp) {
    let world = app.world().await;
    let mut tickets = Vec::new();
    for number in 1..=45 {
        tickets.push(filed(&app, &world.project, &format!("Number {number}."), "open", "medium", None).await);
    }
    let mia = app.signed_in(&world.member).await;
    let first = mia.get(&home(&world.project)).await;
    first.is(200);
    first.has("1–20 of 45").has(">Number 45.<").lacks(">Number 25.<").has("?page=2\" rel=\"next\"").lacks("rel=\"prev\"");
    let last = mia.get(&format!("{}?page=3", home(&world.project))).await;
    last.is(200);
    last.has("41–45 of 45").has(">Number 1.<").lacks(">Number 6.<").lacks("rel=\"next\"").has("rel=\"prev\"");
    // Behind the last page there is the first.
    let behind = mia.get(&format!("{}?page=4&status=all", home(&world.project))).await;
    behind.is(303);
    assert_eq!(behind.location(), format!("{}?status=all", home(&world.project)));
    let (sort, of) = (Sort { key: SortKey::UpdatedAt, descending: true }, &tickets[29]);
    let cursor = Cursor { sort, value: of.updated_at.micros(), id: of.id }.encode();
    let after = mia.get(&format!("{}?after={cursor}", home(&world.project))).await;
    after.is(200);
    after.has(">Number 29.<").has(">Number 10.<").lacks(">Number 30.<").lacks(">Number 9.<").has("?after=");
    let everywhere = mia.get("/workspace/search?page=2").await;
    everywhere.is(200);
    everywhere.has("21–40 of 45").has("/workspace/search?page=3");
}

async fn words_are_found_in_the_project_and_everywhere(app: TestApp) {
    let world = app.world().await;
    let other = app.project(&world.organization, "APP").await;
    filed(&app, &world.project, "The basket loses its coupon", "open", "medium", None).await;
    filed(&app, &other, "The basket is empty", "resolved", "medium", None).await;
    filed(&app, &world.other_project, "The basket of somebody else", "open", "medium", None).await;
    let mia = app.signed_in(&world.member).await;
    let here = mia.get(&format!("{}?q=basket", home(&world.project))).await;
    here.is(200);
    here.has("loses its coupon").lacks("basket is empty").has("value=\"basket\"").has("“basket”");
    let everywhere = mia.get("/workspace/search?q=basket&status=all").await;
    everywhere.is(200);
    everywhere.has("loses its coupon").has("basket is empty").lacks("somebody else");
    // One organization's alone; another's that is not reached is no filter at all.
    let acme = mia.get(&format!("/workspace/search?status=all&organization={}", world.organization.id)).await;
    acme.is(200);
    acme.has("loses its coupon").has("Remove filter: acme");
    let not_mine = mia.get(&format!("/workspace/search?status=all&organization={}", world.elsewhere.id)).await;
    not_mine.is(303);
    assert_eq!(not_mine.location(), "/workspace/search?status=all");
}

async fn a_code_leads_to_its_ticket(app: TestApp) {
    let world = app.world().await;
    let other = app.project(&world.organization, "APP").await;
    let ticket = filed(&app, &world.project, "Here", "closed", "medium", None).await;
    filed(&app, &world.other_project, "Far", "open", "medium", None).await;
    filed(&app, &other, "There", "open", "medium", None).await;
    let mia = app.signed_in(&world.member).await;
    let project = home(&world.project);
    for from in [
        "/workspace/search?q=WEB-1",
        "/workspace/search?q=+web-1+",
        "/workspace/go?code=Web-1",
        &format!("{project}?q=web-1"),
        &format!("{}?q=WEB-1", home(&other)),
    ] {
        let answer = mia.get(from).await;
        answer.is(303);
        assert_eq!(answer.location(), page_of(&ticket), "{from}");
    }
    // What cannot be reached is not there.
    for code in ["FAR-1", "WEB-2", "WEB-99999999999", "NONE-1"] {
        mia.get(&format!("/workspace/search?q={code}")).await.is(200).has("Nothing matches");
        let answer = mia.get(&format!("/workspace/go?code={code}")).await;
        answer.is(303);
        assert!(answer.location().starts_with("/workspace/search?q="), "{code}");
    }
    assert_eq!(mia.get("/workspace/go").await.is(303).location(), "/workspace/search");
}

async fn a_code_of_two_organizations_is_asked_about(app: TestApp) {
    let world = app.world().await;
    let second = app.organization("zenith", &world.member).await;
    let same = app.project(&second, "WEB").await;
    let here = filed(&app, &world.project, "Of acme", "open", "medium", None).await;
    let there = filed(&app, &same, "Of zenith", "open", "medium", None).await;
    let mia = app.signed_in(&world.member).await;
    let page = mia.get("/workspace/search?q=web-1").await;
    page.is(200);
    page.has("WEB-1 is a ticket of 2 organizations").has(&page_of(&here)).has(&page_of(&there)).has("acme").has("zenith");
    assert_eq!(mia.get("/workspace/go?code=web-1").await.is(303).location(), "/workspace/search?q=web%2D1");
    // Typed in a project, it is the project's own.
    assert_eq!(mia.get(&format!("{}?q=web-1", home(&same))).await.is(303).location(), page_of(&there));
}

async fn an_empty_project_says_what_would_be_there(app: TestApp) {
    let world = app.world().await;
    let path = home(&world.project);
    let mia = app.signed_in(&world.member).await;
    let page = mia.get(&path).await;
    page.is(200);
    page.has("No tickets yet").has(&format!("{path}/tickets/new")).lacks("bugtome import").lacks("settings/api-token");
    let adam = app.signed_in(&world.admin).await;
    let page = adam.get(&path).await;
    page.is(200);
    page.has("--project acme/WEB").has(&format!("{path}/settings/api-token"));
    let vera = app.signed_in(&world.viewer).await;
    vera.get(&path).await.is(200).has("No tickets yet").lacks("tickets/new").lacks("bugtome import");
}

async fn where_nothing_matches_there_are_ways_out(app: TestApp) {
    let world = app.world().await;
    let other = app.project(&world.organization, "APP").await;
    filed(&app, &world.project, "The coupon is lost", "closed", "medium", None).await;
    filed(&app, &other, "The coupon is torn", "open", "medium", None).await;
    let mia = app.signed_in(&world.member).await;
    let path = home(&world.project);
    let page = mia.get(&format!("{path}?q=coupon&priority=medium")).await;
    page.is(200);
    page.has("Nothing matches").has("No open or in-progress ticket of Project WEB is medium and has “coupon”.");
    page.has("Look among resolved and closed ones</a> <span class=\"quiet\">1 ticket</span>");
    page.has("Look in every project</a> <span class=\"quiet\">1 ticket</span>").has(&format!("href=\"{path}\">Clear the filters"));
    let page = mia.get(&format!("{path}?q=nowhere&status=all")).await;
    page.is(200);
    page.has("No ticket of Project WEB has “nowhere”.").lacks("Look among").lacks("Look in every project");
    mia.get(&path).await.is(200).has("There is no open or in-progress ticket in Project WEB.");
}

async fn strangers_find_nothing(app: TestApp) {
    let world = app.world().await;
    let ticket = filed(&app, &world.project, "A secret", "open", "medium", None).await;
    let stan = app.signed_in(&world.stranger).await;
    let path = home(&world.project);
    stan.get(&path).await.is(404).lacks("A secret");
    stan.get(&format!("{path}?q=WEB-1")).await.is(404);
    stan.get("/workspace/projects/none").await.is(404);
    stan.get("/workspace/search?status=all").await.is(200).lacks("A secret");
    let id = ticket.id.to_string();
    stan.post(&format!("{path}/tickets/bulk"), &[("ticket", id.as_str()), ("status", "closed")]).await.is(404);
    assert_eq!(read(&app, ticket.id).await.status.word(), "open");
    let nobody = app.browser();
    for place in [path.as_str(), "/workspace/search", "/workspace/go?code=WEB-1"] {
        assert!(nobody.get(place).await.is(303).location().starts_with("/login"), "{place}");
    }
}

async fn a_viewer_sees_nothing_to_change(app: TestApp) {
    let world = app.world().await;
    let ticket = filed(&app, &world.project, "Look at me", "open", "medium", None).await;
    let path = home(&world.project);
    let vera = app.signed_in(&world.viewer).await;
    let page = vera.get(&path).await;
    page.is(200);
    page.has("Look at me").lacks("type=\"checkbox\"").lacks("class=\"bulk\"").lacks("tickets/new").lacks(&format!("{path}/settings\""));
    let id = ticket.id.to_string();
    for form in [vec![("ticket", id.as_str()), ("status", "closed")], vec![]] {
        vera.post(&format!("{path}/tickets/bulk"), &form).await.is(403);
    }
    assert_eq!(read(&app, ticket.id).await.status.word(), "open");
    // A member files and changes, an admin sees the settings.
    let mia = app.signed_in(&world.member).await;
    mia.get(&path)
        .await
        .is(200)
        .has("type=\"checkbox\"")
        .has("class=\"bulk\"")
        .has(&format!("{path}/tickets/new"))
        .lacks(&format!("{path}/settings\""));
    let adam = app.signed_in(&world.admin).await;
    adam.get(&path).await.is(200).has(&format!("{path}/settings\""));
}

async fn several_tickets_change_at_once(app: TestApp) {
    let world = app.world().await;
    let mut tickets = Vec::new();
    for title in ["One", "Two", "Three"] {
        tickets.push(filed(&app, &world.project, title, "open", "medium", None).await);
    }
    let ids: Vec<String> = tickets.iter().map(|ticket| ticket.id.to_string()).collect();
    let mia = app.signed_in(&world.member).await;
    let bulk = |query: &str| format!("{}/tickets/bulk{query}", home(&world.project));
    let form = [("ticket", ids[0].as_str()), ("ticket", ids[1].as_str()), ("status", "in_progress"), ("priority", ""), ("assignee", "me")];
    let answer = mia.post(&bulk("?priority=medium"), &form).await;
    answer.is(303);
    assert_eq!(answer.location(), format!("{}?priority=medium&changed=2", home(&world.project)));
    mia.follow(answer).await.is(200).has("2 tickets were changed.");
    for (ticket, status, mine) in [(&tickets[0], "in_progress", true), (&tickets[1], "in_progress", true), (&tickets[2], "open", false)] {
        let now = read(&app, ticket.id).await;
        assert_eq!((now.status.word(), now.priority.word(), now.assignee_id.is_some()), (status, "medium", mine));
    }
    // Again: nothing is different, and nothing is written.
    let version = read(&app, tickets[0].id).await.version;
    let again = mia.post(&bulk(""), &form).await;
    again.is(303);
    mia.follow(again).await.is(200).has("Nothing was changed: they are like that already.");
    assert_eq!(read(&app, tickets[0].id).await.version, version);
    let olga = world.owner.id.to_string();
    let form = [("ticket", ids[2].as_str()), ("priority", "critical"), ("assignee", olga.as_str())];
    mia.post(&bulk(""), &form).await.is(303);
    let third = read(&app, tickets[2].id).await;
    assert_eq!((third.priority.word(), third.assignee_name.as_deref()), ("critical", Some("Olga Owner")));
    mia.post(&bulk(""), &[("ticket", ids[2].as_str()), ("assignee", "none")]).await.is(303);
    assert_eq!(read(&app, tickets[2].id).await.assignee_id, None);
    for form in [vec![("status", "closed")], vec![("ticket", ids[0].as_str()), ("status", "")]] {
        let answer = mia.post(&bulk(""), &form).await;
        answer.is(303);
        assert!(answer.location().ends_with("notice=nothing-selected"));
    }
}

async fn all_of_the_selected_change_or_none(app: TestApp) {
    let world = app.world().await;
    let other = app.project(&world.organization, "APP").await;
    let here = filed(&app, &world.project, "Here", "open", "medium", None).await;
    let elsewhere = filed(&app, &other, "In another project", "open", "medium", None).await;
    let far = filed(&app, &world.other_project, "Far away", "open", "medium", None).await;
    let mia = app.signed_in(&world.member).await;
    let bulk = format!("{}/tickets/bulk", home(&world.project));
    let own = here.id.to_string();
    let (elsewhere_id, far_id, stranger) = (elsewhere.id.to_string(), far.id.to_string(), world.stranger.id.to_string());
    for (name, value) in [
        ("ticket", elsewhere_id.as_str()),
        ("ticket", far_id.as_str()),
        ("ticket", "0193a3c4-0000-7000-8000-00000000000a"),
        ("ticket", "WEB-1"),
        ("assignee", stranger.as_str()),
        ("assignee", "somebody"),
        ("priority", "urgent"),
    ] {
        let answer = mia.post(&bulk, &[("ticket", own.as_str()), ("status", "closed"), (name, value)]).await;
        answer.is(303);
        assert!(answer.location().ends_with("notice=selection-refused"), "{name}={value}: {}", answer.location());
        for ticket in [&here, &elsewhere, &far] {
            assert_eq!(read(&app, ticket.id).await, *ticket, "{name}={value}");
        }
    }
}

async fn an_archived_project_is_only_read(app: TestApp) {
    let world = app.world().await;
    let ticket = filed(&app, &world.project, "Of old", "open", "medium", None).await;
    let project = world.project.id;
    app.command(move |ctx| {
        let draft = projects::Draft { archived: Field::Value(true), ..projects::Draft::default() };
        projects::edit(ctx, project, &draft)
    })
    .await;
    let mia = app.signed_in(&world.member).await;
    let page = mia.get(&home(&world.project)).await;
    page.is(200);
    page.has("Of old").has("This project is archived").lacks("type=\"checkbox\"").lacks("tickets/new");
    let id = ticket.id.to_string();
    let form = [("ticket", id.as_str()), ("status", "closed")];
    mia.post(&format!("{}/tickets/bulk", home(&world.project)), &form).await.is(403);
}

async fn what_people_type_is_only_text(app: TestApp) {
    let hostile = "\"><script>alert(1)</script><img src=x onerror=alert(2)>{{7*7}}";
    let world = app.world().await;
    app.command({
        let organization = world.organization.id;
        move |ctx| {
            let draft = projects::Draft { name: text("<b id=x>Bold"), code: text("BOLD"), ..projects::Draft::default() };
            projects::create(ctx, organization, &draft).map(drop)
        }
    })
    .await;
    let evil = app.user("<i>Eve</i>").await;
    app.add_member(&world.organization, &evil, Role::Member).await;
    filed(&app, &world.project, hostile, "open", "medium", Some(&evil)).await;
    let mia = app.signed_in(&world.member).await;
    let asked = "%22%3E%3Cscript%3Ealert(1)%3C/script%3E";
    for place in [
        "/workspace".to_owned(),
        home(&world.project),
        format!("{}?q={asked}", home(&world.project)),
        format!("/workspace/search?q={asked}&status=all"),
    ] {
        let page = mia.get(&place).await;
        page.is(200);
        page.lacks("<script>alert").lacks("<img").lacks("<b id").lacks("<i>Eve");
    }
    mia.get(&home(&world.project)).await.has("&#60;script&#62;alert(1)");
}
