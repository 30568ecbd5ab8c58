//! Lists of tickets: pages, cursors, filters, orders and totals.
//! That pages and filters are right for any tickets is shown in `properties`.

use bugtome::domain::Result;
use bugtome::domain::tickets::{self, Draft};
use bugtome::model::draft::Field;
use bugtome::model::id::Id;
use bugtome::model::roles::Role;
use bugtome::model::scopes::Scopes;
use bugtome::model::tickets::Status;
use bugtome::model::time::Span;
use bugtome::sql;
use bugtome::store::database::Connection;
use bugtome::store::projects::{self, StatusCounts};
use serde_json::{Value, json};

use crate::harness::{Project, Settings, TestApp, both, ticket};

both! {
    newest_come_first_in_pages_of_25,
    parameters_have_their_ranges,
    a_link_leads_to_the_end_by_cursor,
    a_cursor_holds_a_position_only,
    an_unreadable_cursor_is_refused,
    filters_narrow_the_list,
    times_are_exclusive,
    a_code_names_one_ticket,
    orders_go_both_ways,
    totals_are_counted_to_ten_thousand,
    an_organizations_tickets_come_with_meta,
    a_personal_token_sees_all_its_organizations,
    a_project_token_sees_its_project,
    deleted_projects_are_left_out,
    a_page_by_cursor_ends_early_and_one_by_number_is_whole,
}

// Finding 4: a hundred tickets may have eight megabytes of words, and more.
async fn a_page_by_cursor_ends_early_and_one_by_number_is_whole(app: TestApp) {
    let world = app.world().await;
    let mia = app.personal_token(&world.member, Scopes::FULL).await;
    for number in 0..60 {
        let large = json!({"title": format!("{number}"), "notes": "ü".repeat(25_000)});
        app.pass(Span::seconds(1));
        mia.post("tickets", ticket(&world.project, &large)).await.is(201);
    }
    let whole = mia.get("tickets?per_page=100").await;
    assert_eq!((whole.is(200).as_array().unwrap().len(), whole.pages().0), (60, 60));
    let first = mia.get("tickets?per_page=1").await;
    let mut all = vec![first.is(200)[0]["title"].clone()];
    let mut sizes = Vec::new();
    let mut next = first.header("link").map(|link| link.replace("per_page=1&", "per_page=100&"));
    while let Some(link) = next {
        let page = mia.get(link.strip_prefix("</api/v1/").unwrap().split('>').next().unwrap()).await;
        let rows = page.is(200);
        sizes.push(rows.as_array().unwrap().len());
        all.extend(rows.as_array().unwrap().iter().map(|ticket| ticket["title"].clone()));
        next = page.header("link").map(ToOwned::to_owned);
    }
    assert_eq!(all, (0..60).rev().map(|number| json!(format!("{number}"))).collect::<Vec<_>>(), "each one once, in order");
    assert_eq!(sizes, [41, 18], "two megabytes, and the rest");
}

async fn titles(call: crate::harness::Call) -> Vec<String> {
    let answer = call.await.is(200);
    let list = answer.as_array().or_else(|| answer["tickets"].as_array()).unwrap();
    list.iter().map(|ticket| ticket["title"].as_str().unwrap().to_owned()).collect()
}

/// Files `count` tickets, a second apart.
async fn many(app: &TestApp, project: &Project, count: i64) {
    let project = project.id;
    app.command(move |ctx| {
        let text = || Field::Value("something long enough".into());
        for number in 0..count {
            let title = Field::Value(format!("{number}").into());
            let draft = Draft { title, given: text(), when: text(), then: text(), project_id: Field::Value(project), ..Draft::default() };
            tickets::create(ctx, &draft)?;
            ctx.now = ctx.now.plus(Span::seconds(1));
        }
        Ok(())
    })
    .await;
    app.pass(Span::seconds(count));
}

async fn newest_come_first_in_pages_of_25(app: TestApp) {
    let world = app.world().await;
    many(&app, &world.project, 60).await;
    let vera = app.personal_token(&world.viewer, Scopes::READ_ONLY).await;
    let first = vera.get("tickets").await;
    assert_eq!((first.is(200).as_array().unwrap().len(), first.pages()), (25, (60, 3, 1)));
    assert_eq!(first.is(200)[0]["title"], "59");
    let second = vera.get("tickets?page=2&per_page=50").await;
    assert_eq!((second.is(200).as_array().unwrap().len(), second.pages(), second.next()), (10, (60, 2, 2), None));
    assert_eq!(second.is(200)[0]["title"], "9");
    for beyond in ["tickets?page=4", "tickets?page=1000000000&per_page=100", "tickets?status=open&page=7"] {
        let answer = vera.get(beyond).await;
        assert_eq!((answer.is(200), answer.next()), (json!([]), None));
        assert_eq!(answer.number("x-total-count"), 60);
    }
}

async fn parameters_have_their_ranges(app: TestApp) {
    let world = app.world().await;
    let vera = app.personal_token(&world.viewer, Scopes::READ_ONLY).await;
    for (parameter, values) in [
        ("page", &["0", "-1", "1.5", "one", "%2B1", "99999999999999999999"][..]),
        ("per_page", &["0", "101", "-5", "all"]),
        ("status", &["done", "Open", "open,", ",", "open,,closed", "open%20"]),
        ("priority", &["urgent", "1"]),
        ("sort", &["title", "+created_at", "created_at,priority", "-"]),
        ("assignee", &["you", "mia"]),
        ("organization_id", &["acme"]),
        ("project_id", &["WEB"]),
        ("code", &["WEB", "WEB-", "WEB-0", "WEB-x", "-1"]),
        (
            "created_after",
            &["yesterday", "2024-01-15", "2024-01-15T10:30:00", "2024-13-01T00:00:00Z", "2024-02-30T00:00:00Z", "1705314600"],
        ),
        ("created_before", &["2024-01-15T25:00:00Z"]),
        ("updated_after", &["x"]),
        ("cursor", &["x"]),
    ] {
        for value in values {
            let refused = vera.get(format!("tickets?{parameter}={value}")).await.is(400);
            assert!(refused["message"].as_str().unwrap().starts_with(&format!("{parameter}: ")), "{refused}");
        }
    }
    for good in [
        "created_after=2024-01-15T10:30:00Z",
        "created_after=2024-01-15T10:30:00.123456%2B02:00",
        "status=open,closed",
        "priority=low,critical",
        "per_page=100",
        "code=web-1",
    ] {
        vera.get(format!("tickets?{good}")).await.is(200);
    }
}

async fn a_link_leads_to_the_end_by_cursor(app: TestApp) {
    let world = app.world().await;
    many(&app, &world.project, 23).await;
    let vera = app.personal_token(&world.viewer, Scopes::READ_ONLY).await;
    let organization = format!("mcp/organizations/{}/tickets?", world.organization.id);
    for start in [
        "tickets?per_page=5&page=1&status=open",
        "tickets?pag%65=1&per_page=5",
        "tickets?sort=priority&per_page=5&q=enough",
        &format!("{organization}per_page=5"),
    ] {
        let (mut path, mut seen, mut pages) = (start.to_owned(), Vec::new(), 0);
        loop {
            let answer = vera.get(&path).await;
            assert_eq!(answer.header("x-total-count").is_some(), pages == 0, "{answer:?}");
            assert_eq!(answer.header("x-total-pages").is_some(), pages == 0);
            assert_eq!(answer.header("x-current-page").is_some(), pages == 0);
            seen.extend(titles(vera.get(&path)).await);
            pages += 1;
            match answer.next() {
                Some(next) => path = next,
                None => break,
            }
        }
        assert_eq!((pages, seen.len()), (5, 23), "{start}");
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 23, "{start}");
    }
    assert_eq!(vera.get("tickets?per_page=23").await.next(), None);
}

async fn a_cursor_holds_a_position_only(app: TestApp) {
    let world = app.world().await;
    many(&app, &world.project, 6).await;
    let mia = app.personal_token(&world.member, Scopes::FULL).await;
    let next = mia.get("tickets?per_page=2").await.next().unwrap();
    // What was filed meanwhile comes before the position, and is not seen.
    many(&app, &world.project, 1).await;
    assert_eq!(titles(mia.get(&next)).await, ["3", "2"]);
    // Filters are those of the request, rights those of the moment.
    assert_eq!(titles(mia.get(format!("{next}&status=closed"))).await, [""; 0]);
    let stan = app.personal_token(&world.stranger, Scopes::FULL).await;
    assert_eq!(titles(stan.get(&next)).await, [""; 0]);
    app.remove_member(&world.organization, &world.member).await;
    assert_eq!(titles(mia.get(&next)).await, [""; 0]);
}

async fn an_unreadable_cursor_is_refused(app: TestApp) {
    let world = app.world().await;
    many(&app, &world.project, 3).await;
    let mia = app.personal_token(&world.member, Scopes::FULL).await;
    let next = mia.get("tickets?per_page=1").await.next().unwrap();
    mia.get(format!("{next}&page=2")).await.is(400);
    mia.get(format!("{next}&sort=priority")).await.is(400);
    let cursor = next.split("cursor=").nth(1).unwrap();
    for wrong in [
        &cursor[1..],
        &cursor[..cursor.len() - 1],
        &format!("{cursor}0"),
        "..",
        "%00",
        "-created_at.9223372036854775808.0193a3c4000070008000000000000000",
    ] {
        mia.get(format!("tickets?cursor={wrong}")).await.is(400);
    }
    for extreme in [
        "-created_at.-9223372036854775808.00000000000000000000000000000000",
        "-created_at.9223372036854775807.ffffffffffffffffffffffffffffffff",
    ] {
        mia.get(format!("tickets?cursor={extreme}")).await.is(200);
    }
}

async fn filters_narrow_the_list(app: TestApp) {
    let world = app.world().await;
    let mia = app.personal_token(&world.member, Scopes::FULL).await;
    let sibling = app.project(&world.organization, "APP").await;
    for (title, project, change) in [
        ("a", &world.project, json!({"status": "open", "priority": "low"})),
        ("b", &world.project, json!({"status": "in_progress", "priority": "high", "assignee_id": world.member.id})),
        ("c", &world.project, json!({"status": "closed", "priority": "high", "assignee_id": world.viewer.id})),
        ("d", &sibling, json!({"status": "open", "priority": "critical"})),
    ] {
        let filed = mia.post("tickets", ticket(project, &json!({"title": title}))).await.is(201);
        mia.patch(format!("tickets/{}", filed["id"].as_str().unwrap()), json!({"ticket": change})).await.is(200);
    }
    let (project, organization, vera) = (world.project.id, world.organization.id, world.viewer.id);
    for (query, expected, total) in [
        ("status=open".to_owned(), "ad", 2),
        ("status=open,closed".to_owned(), "acd", 3),
        ("status=open,open,open".to_owned(), "ad", 2),
        ("priority=high,low".to_owned(), "abc", 3),
        ("assignee=me".to_owned(), "b", 1),
        ("assignee=none".to_owned(), "ad", 2),
        (format!("assignee={vera}"), "c", 1),
        (format!("project_id={project}"), "abc", 3),
        (format!("project_id={project}&status=open"), "a", 1),
        (format!("project_id={project}&status=closed,closed"), "c", 1),
        (format!("organization_id={organization}"), "abcd", 4),
        (format!("organization_id={organization}&project_id={project}&priority=low"), "a", 1),
        ("status=resolved".to_owned(), "", 0),
    ] {
        let mut found = titles(mia.get(format!("tickets?{query}"))).await;
        found.sort();
        assert_eq!(
            (found.concat(), mia.get(format!("tickets?{query}")).await.number("x-total-count")),
            (expected.to_owned(), total),
            "{query}"
        );
    }
    // A project of another organization than the one that is named.
    let both = app.organization("both", &world.member).await;
    assert_eq!(titles(mia.get(format!("tickets?organization_id={}&project_id={project}", both.id))).await, [""; 0]);
}

async fn times_are_exclusive(app: TestApp) {
    let world = app.world().await;
    many(&app, &world.project, 3).await;
    let vera = app.personal_token(&world.viewer, Scopes::READ_ONLY).await;
    let list = async |query: &str| titles(vera.get(format!("tickets?sort=created_at&{query}"))).await.concat();
    assert_eq!(list("created_after=2026-03-01T12:00:00Z").await, "12");
    assert_eq!(list("created_after=2026-03-01T11:59:59.999999Z").await, "012");
    assert_eq!(list("created_before=2026-03-01T12:00:01Z").await, "0");
    assert_eq!(list("created_after=2026-03-01T13:00:00%2B01:00&created_before=2026-03-01T12:00:02Z").await, "1");
    assert_eq!(list("updated_after=2026-03-01T12:00:01Z").await, "2");
    assert_eq!(list("created_after=9999-12-30T00:00:00Z").await, "");
    assert_eq!(list("created_after=0000-01-01T00:00:00Z").await, "012");
}

async fn a_code_names_one_ticket(app: TestApp) {
    let world = app.world().await;
    many(&app, &world.project, 3).await;
    many(&app, &world.other_project, 1).await;
    let mia = app.personal_token(&world.member, Scopes::FULL).await;
    let list = async |query: &str| {
        let answer = mia.get(format!("tickets?{query}")).await;
        let found = titles(mia.get(format!("tickets?{query}"))).await;
        assert_eq!(usize::try_from(answer.number("x-total-count")).unwrap(), found.len());
        found.concat()
    };
    assert_eq!(list("code=WEB-2").await, "1");
    assert_eq!(list("code=web-3").await, "2");
    for none in ["WEB-4", "APP-1", "FAR-1", "WEB-4294967297", "WEB-4294967298", "WEB-8589934593", "WEB-9999999999"] {
        assert_eq!(list(&format!("code={none}")).await, "", "{none}");
    }
    assert_eq!(list("code=WEB-2&status=closed").await, "");
    assert_eq!(list(&format!("code=WEB-2&project_id={}", world.project.id)).await, "1");
    let sibling = app.project(&world.organization, "APP").await;
    assert_eq!(list(&format!("code=WEB-2&project_id={}", sibling.id)).await, "");
    let ci = app.project_token(&world.project, Scopes::FULL).await;
    assert_eq!(titles(ci.get("tickets?code=WEB-1")).await, ["0"]);
    assert_eq!(titles(ci.get("tickets?code=FAR-1")).await, [""; 0]);
}

async fn orders_go_both_ways(app: TestApp) {
    let world = app.world().await;
    let mia = app.personal_token(&world.member, Scopes::FULL).await;
    for (title, priority) in [("a", "high"), ("b", "low"), ("c", "critical"), ("d", "medium")] {
        app.pass(Span::seconds(1));
        mia.post("tickets", ticket(&world.project, &json!({"title": title, "priority": priority}))).await.is(201);
    }
    app.pass(Span::seconds(1));
    let second = mia.get("tickets?sort=created_at").await.is(200)[1]["id"].as_str().unwrap().to_owned();
    mia.patch(format!("tickets/{second}"), json!({"ticket": {"notes": "n"}})).await.is(200);
    for (sort, expected) in [
        ("created_at", "abcd"),
        ("-created_at", "dcba"),
        ("updated_at", "acdb"),
        ("-updated_at", "bdca"),
        ("priority", "bdac"),
        ("-priority", "cadb"),
    ] {
        assert_eq!(titles(mia.get(format!("tickets?sort={sort}"))).await.concat(), expected, "{sort}");
    }
}

/// Ten thousand tickets more, each a second younger; nothing of them is found by its words.
fn copies(db: &mut Connection, project: Id<bugtome::model::projects::Project>) -> Result<()> {
    db.execute(sql!(
        "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 10000)
         INSERT INTO tickets (key, id, organization_id, project_id, number, status, priority, version, comments_version, comments_count,
                              created_at, updated_at, title, given_text, when_text, then_text)
         SELECT key + n, randomblob(16), organization_id, project_id, number + n, status, priority, 1, 0, 0,
                created_at + n * 1000000, updated_at + n * 1000000, 'copy', given_text, when_text, then_text
         FROM tickets CROSS JOIN numbers WHERE project_id = ?1";
        pg "INSERT INTO tickets (key, id, organization_id, project_id, number, status, priority, version, comments_version, comments_count,
                              created_at, updated_at, title, given_text, when_text, then_text)
         SELECT key + n, gen_random_uuid(), organization_id, project_id, number + n, status, priority, 1, 0, 0,
                created_at + n * 1000000, updated_at + n * 1000000, 'copy', given_text, when_text, then_text
         FROM tickets CROSS JOIN generate_series(1::bigint, 10000) n WHERE project_id = $1",
        Id<bugtome::model::projects::Project> = project
    ))?;
    let counts = StatusCounts::default().and(Status::Open, 10_000);
    projects::take_numbers(db, project, &counts)?;
    Ok(())
}

async fn totals_are_counted_to_ten_thousand(mut app: TestApp) {
    let world = app.world().await;
    app.restart(&Settings::unlimited());
    many(&app, &world.project, 1).await;
    let first = world.project.id;
    app.command(move |ctx| copies(ctx.db, first)).await;
    let vera = app.personal_token(&world.viewer, Scopes::READ_ONLY).await;
    let organization = world.organization.id;
    let known = vera.get("tickets?status=open&per_page=100").await;
    assert_eq!((known.pages(), known.header("x-total-count-exact")), ((10_001, 101, 1), None));
    let counted = vera.get("tickets?priority=medium&per_page=1").await;
    assert_eq!((counted.number("x-total-count"), counted.header("x-total-count-exact")), (10_000, Some("false")));
    let path = format!("mcp/organizations/{organization}/tickets?priority=medium&per_page=1");
    assert_eq!(vera.get(&path).await.is(200)["meta"], json!({"total": 10_000, "total_exact": false, "page": 1, "per_page": 1}));
    // Far pages are there even so.
    assert_eq!(titles(vera.get("tickets?priority=medium&per_page=100&page=101")).await, ["0"]);
    let fewer = vera.get("tickets?created_after=2026-03-01T12:00:00Z&per_page=1").await;
    assert_eq!((fewer.number("x-total-count"), fewer.header("x-total-count-exact")), (10_000, None));
}

async fn an_organizations_tickets_come_with_meta(app: TestApp) {
    let world = app.world().await;
    many(&app, &world.project, 3).await;
    let vera = app.personal_token(&world.viewer, Scopes::READ_ONLY).await;
    let path = format!("mcp/organizations/{}/tickets", world.organization.id);
    let answer = vera.get(format!("{path}?per_page=2&page=2")).await;
    let body = answer.is(200);
    assert_eq!(body["meta"], json!({"total": 3, "page": 2, "per_page": 2}));
    assert_eq!((body["tickets"].as_array().unwrap().len(), answer.pages()), (1, (3, 2, 2)));
    assert_eq!(body["tickets"][0], vera.get("tickets").await.is(200)[2]);
    assert_eq!(titles(vera.get(format!("{path}?project_id={}&status=open&priority=medium", world.project.id))).await.len(), 3);
    let ci = app.project_token(&world.project, Scopes::FULL).await;
    let refused = ci.get(&path).await;
    assert_eq!((refused.status, refused.header("www-authenticate")), (403, None));
    vera.get(format!("{path}?organization_id={}", world.organization.id)).await.is(400);
}

async fn a_personal_token_sees_all_its_organizations(app: TestApp) {
    let world = app.world().await;
    many(&app, &world.project, 2).await;
    many(&app, &world.other_project, 2).await;
    app.add_member(&world.elsewhere, &world.viewer, Role::Viewer).await;
    let vera = app.personal_token(&world.viewer, Scopes::READ_ONLY).await;
    let answer = vera.get("tickets").await;
    let codes: Vec<_> = answer.is(200).as_array().unwrap().iter().map(|ticket| ticket["code"].as_str().unwrap().to_owned()).collect();
    assert_eq!((codes.as_slice(), answer.pages()), (&["FAR-2", "FAR-1", "WEB-2", "WEB-1"].map(ToOwned::to_owned)[..], (4, 1, 1)));
    assert_eq!(vera.get("tickets?priority=medium").await.pages(), (4, 1, 1));
    assert_eq!(titles(vera.get("tickets?per_page=3&page=2")).await, ["0"]);
    let nobody = app.user("No Body").await;
    let alone = app.personal_token(&nobody, Scopes::FULL).await;
    assert_eq!((alone.get("tickets").await.is(200), alone.get("tickets?q=x").await.pages()), (json!([]), (0, 0, 1)));
}

async fn a_project_token_sees_its_project(app: TestApp) {
    let world = app.world().await;
    many(&app, &world.project, 2).await;
    let sibling = app.project(&world.organization, "APP").await;
    many(&app, &sibling, 3).await;
    let ci = app.project_token(&world.project, Scopes::READ_ONLY).await;
    assert_eq!(ci.get("tickets").await.pages(), (2, 1, 1));
    assert_eq!(ci.get(format!("tickets?project_id={}", world.project.id)).await.pages(), (2, 1, 1));
    ci.get(format!("tickets?project_id={}", sibling.id)).await.is(403);
    let refused = ci.get("tickets?assignee=me").await.is(400);
    assert!(refused["message"].as_str().unwrap().starts_with("assignee: "), "{refused}");
    assert_eq!(ci.get(format!("tickets?assignee={}", world.member.id)).await.is(200), json!([]));
}

async fn deleted_projects_are_left_out(app: TestApp) {
    let world = app.world().await;
    many(&app, &world.project, 2).await;
    let sibling = app.project(&world.organization, "APP").await;
    many(&app, &sibling, 3).await;
    let vera = app.personal_token(&world.viewer, Scopes::READ_ONLY).await;
    app.delete_project(&sibling).await;
    for round in 0..2 {
        assert_eq!(vera.get("tickets").await.pages(), (2, 1, 1), "{round}");
        assert_eq!(vera.get("tickets?priority=medium").await.pages(), (2, 1, 1));
        assert_eq!(vera.get("tickets?q=enough").await.pages(), (2, 1, 1));
        assert_eq!(titles(vera.get("tickets")).await.len(), 2);
        vera.get(format!("tickets?project_id={}", sibling.id)).await.is(403);
        assert_eq!(vera.get("tickets?code=APP-1").await.is(200), Value::Array(Vec::new()));
        app.sweep().await;
    }
}
