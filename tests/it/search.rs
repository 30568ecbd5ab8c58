//! Full text: what is found, by whom, and that nothing which is typed is syntax.
//! How texts become words is told beside the code.

use bugtome::domain::search::{Stage, reindex};
use bugtome::domain::tickets::{self, Draft};
use bugtome::model::draft::Field;
use bugtome::model::scopes::Scopes;
use bugtome::model::time::Span;
use bugtome::sql;
use bugtome::store::database::Connection;
use serde_json::{Value, json};

use crate::harness::{Client, Project, TestApp, both, ticket};

both! {
    all_words_are_found_wherever_they_stand,
    what_changes_is_found_by_its_new_words,
    nothing_that_is_typed_is_syntax,
    nobody_finds_what_others_wrote,
    words_that_many_have_are_listed_like_any_others,
    the_pieces_of_the_index_are_joined,
    a_ticket_with_very_many_comments_is_counted_once,
}

async fn found(who: &Client, question: &str) -> Vec<String> {
    let encoded = percent_encoding::percent_encode(question.as_bytes(), percent_encoding::NON_ALPHANUMERIC);
    let answer = who.get(format!("tickets?q={encoded}&sort=created_at")).await;
    let list = answer.is(200);
    let titles: Vec<_> = list.as_array().unwrap().iter().map(|ticket| ticket["title"].as_str().unwrap().to_owned()).collect();
    assert_eq!(usize::try_from(answer.number("x-total-count")).unwrap(), titles.len());
    titles
}

async fn all_words_are_found_wherever_they_stand(app: TestApp) {
    let world = app.world().await;
    let mia = app.personal_token(&world.member, Scopes::FULL).await;
    let texts = json!({"title": "Crème Brûlée", "given": "a kitchen at night", "when": "the oven's ΣΊΣΥΦΟΣ burns", "then": "日本語の文章です。はい", "notes": "HADOOP-17930"});
    let filed = mia.post("tickets", ticket(&world.project, &texts)).await.is(201);
    let path = format!("tickets/{}/comments", filed["id"].as_str().unwrap());
    mia.post(&path, json!({"comment": {"content": "seen in Zürich"}})).await.is(201);
    for question in [
        "creme",
        "BRULEE",
        "crème brûlée",
        "night kitchen",
        "oven",
        "日本",
        "文",
        "hadoop-17930",
        "17930",
        "WEB-1",
        "web",
        "zurich",
        "  night  ",
    ] {
        assert_eq!(found(&mia, question).await, ["Crème Brûlée"], "{question}");
    }
    for question in ["cre", "kitchens", "night zebra", "WEB-2", "新"] {
        assert_eq!(found(&mia, question).await, [""; 0], "{question}");
    }
}

async fn what_changes_is_found_by_its_new_words(app: TestApp) {
    let world = app.world().await;
    let adam = app.personal_token(&world.admin, Scopes::FULL).await;
    let filed = adam.post("tickets", ticket(&world.project, &json!({"title": "alpha"}))).await.is(201);
    let path = format!("tickets/{}", filed["id"].as_str().unwrap());
    adam.patch(&path, json!({"ticket": {"title": "beta"}})).await.is(200);
    assert_eq!((found(&adam, "alpha").await.len(), found(&adam, "beta").await.len()), (0, 1));
    let comment = adam.post(format!("{path}/comments"), json!({"comment": {"content": "gamma"}})).await.is(201);
    let one = format!("{path}/comments/{}", comment["id"].as_str().unwrap());
    assert_eq!(found(&adam, "gamma").await.len(), 1);
    adam.patch(&one, json!({"comment": {"content": "delta"}})).await.is(200);
    assert_eq!((found(&adam, "gamma").await.len(), found(&adam, "delta").await.len()), (0, 1));
    adam.delete(&one).await.is(204);
    assert_eq!(found(&adam, "delta").await.len(), 0);
    adam.delete(&path).await.is(204);
    assert_eq!(found(&adam, "beta").await.len(), 0);
    adam.post(format!("{path}/restore"), json!({})).await.is(200);
    assert_eq!(found(&adam, "beta").await.len(), 1);
}

async fn nothing_that_is_typed_is_syntax(app: TestApp) {
    let world = app.world().await;
    let mia = app.personal_token(&world.member, Scopes::FULL).await;
    mia.post("tickets", ticket(&world.project, &json!({"title": "x OR y"}))).await.is(201);
    assert_eq!(found(&mia, "x OR y").await.len(), 1);
    for question in
        ["*", "\"", "'", "a* b", "NEAR(a b)", "a & b | !c", "a:b", "\\", "_o _p1", "words:x", "\u{0}", "(", "a\u{0}b", "-", "😀", "ꙮ ⅷ ² ـ"]
    {
        found(&mia, question).await;
    }
    for matching in ["x & y", "x | y", "\"x or y\"", "x:*", "(x)"] {
        assert_eq!(found(&mia, matching).await.len(), 1, "{matching}");
    }
    let long = "word ".repeat(1_000);
    assert_eq!(found(&mia, &long).await.len(), 0);
}

async fn nobody_finds_what_others_wrote(app: TestApp) {
    let world = app.world().await;
    let mia = app.personal_token(&world.member, Scopes::FULL).await;
    let stan = app.personal_token(&world.stranger, Scopes::FULL).await;
    mia.post("tickets", ticket(&world.project, &json!({"title": "ours"}))).await.is(201);
    stan.post("tickets", ticket(&world.other_project, &json!({"title": "theirs"}))).await.is(201);
    assert_eq!(found(&mia, "cart").await, ["ours"]);
    assert_eq!(found(&stan, "cart").await, ["theirs"]);
    let ci = app.project_token(&world.other_project, Scopes::READ_ONLY).await;
    assert_eq!(found(&ci, "cart").await, ["theirs"]);
    let place = format!("_o{}", world.organization.id.uuid().simple());
    assert_eq!(found(&stan, &place).await, [""; 0]);
}

/// Files `count` tickets a second apart. Two of three are grey, those of the first half are old, every tenth is spotted, in their notes.
async fn herd(app: &TestApp, project: &Project, count: i64) {
    let project = project.id;
    app.command(move |ctx| {
        let text = |text: String| Field::Value(text.into());
        for number in 0..count {
            let colour = if number % 3 == 0 { "white" } else { "grey" };
            let age = if number < count / 2 { "old" } else { "young" };
            let coat = if number % 10 == 0 { "spotted" } else { "plain" };
            let draft = Draft {
                title: text(format!("Cow {number}")),
                given: text("a pasture in spring".to_owned()),
                when: text("the cow is looked at".to_owned()),
                then: text("it has a colour".to_owned()),
                notes: text(format!("{colour} {age} {coat}")),
                priority: text(["low", "medium", "high"][usize::try_from(number % 7 % 3).unwrap()].to_owned()),
                project_id: Field::Value(project),
                ..Draft::default()
            };
            tickets::create(ctx, &draft)?;
            ctx.now = ctx.now.plus(Span::seconds(1));
        }
        Ok(())
    })
    .await;
    app.pass(Span::seconds(count));
}

/// The titles of all pages, by number or by cursor, and the total of the first.
async fn all_pages(who: &Client, query: &str, by_cursor: bool) -> (Vec<String>, i64) {
    let (mut titles, mut total, mut path) = (Vec::new(), 0, Some(format!("tickets?{query}&per_page=100")));
    for page in 1.. {
        let Some(asked) = path.take() else { break };
        let answer = who.get(&asked).await;
        let list = answer.is(200);
        if page == 1 {
            total = answer.number("x-total-count");
        }
        titles.extend(list.as_array().unwrap().iter().map(|ticket| ticket["title"].as_str().unwrap().to_owned()));
        path = answer.next().filter(|_| by_cursor).map(|next| next.trim_start_matches("/api/v1/").to_owned());
        if !by_cursor && list.as_array().unwrap().len() == 100 {
            path = Some(format!("tickets?{query}&per_page=100&page={}", page + 1));
        }
    }
    (titles, total)
}

async fn words_that_many_have_are_listed_like_any_others(app: TestApp) {
    let world = app.world().await;
    herd(&app, &world.project, 1_300).await;
    herd(&app, &world.other_project, 20).await;
    let adam = app.personal_token(&world.admin, Scopes::FULL).await;
    let everything = format!("project_id={}", world.project.id);
    let cows: Vec<Value> = {
        let mut cows = Vec::new();
        for page in 1..=13 {
            let list = adam.get(format!("tickets?{everything}&per_page=100&page={page}")).await.is(200);
            cows.extend(list.as_array().unwrap().iter().cloned());
        }
        cows
    };
    assert_eq!(cows.len(), 1_300);
    // A white one is called grey by a comment, and a grey one by two; a grey one is deleted, with its comment.
    let id_of = |number: i64| cows.iter().find(|cow| cow["title"] == format!("Cow {number}")).unwrap()["id"].as_str().unwrap().to_owned();
    for (number, content) in [(1_299, "rather grey"), (7, "grey"), (7, "grey indeed"), (1_000, "grey too")] {
        let path = format!("tickets/{}/comments", id_of(number));
        adam.post(path, json!({"comment": {"content": content}})).await.is(201);
    }
    adam.delete(format!("tickets/{}", id_of(1_000))).await.is(204);

    // All words have to stand in the ticket, or all of them in one comment.
    let has = |cow: &Value, words: &str| {
        let title = cow["title"].as_str().unwrap();
        let own = format!("{title} {}", cow["notes"].as_str().unwrap()).to_lowercase();
        let own: Vec<_> = own.split(' ').collect();
        title != "Cow 1000" && (words.split(' ').all(|word| own.contains(&word)) || words == "grey" && title == "Cow 1299")
    };
    for words in ["grey", "old", "spotted", "grey old", "young grey", "cow"] {
        for extra in ["", "&priority=high,low", "&status=open"] {
            for (sort, reverse) in [("created_at", true), ("-created_at", false)] {
                let mut expected: Vec<String> = cows
                    .iter()
                    .filter(|cow| has(cow, words))
                    .filter(|cow| extra != "&priority=high,low" || cow["priority"] != "medium")
                    .map(|cow| cow["title"].as_str().unwrap().to_owned())
                    .collect();
                if reverse {
                    expected.reverse();
                }
                let query = format!("{everything}&q={}{extra}&sort={sort}", words.replace(' ', "+"));
                for by_cursor in [true, false] {
                    let (titles, total) = all_pages(&adam, &query, by_cursor).await;
                    assert_eq!(usize::try_from(total).unwrap(), expected.len(), "{query}");
                    assert!(titles == expected, "{query}: {titles:?}");
                }
            }
        }
    }
    // All that somebody reaches, in other orders: the same tickets, each once.
    for sort in ["updated_at", "-updated_at", "priority", "-priority"] {
        let (mut titles, total) = all_pages(&adam, &format!("q=grey&sort={sort}"), true).await;
        let found = titles.len();
        titles.sort_unstable();
        titles.dedup();
        assert_eq!((found, titles.len()), (usize::try_from(total).unwrap(), found), "{sort}");
        assert_eq!(total, 866, "{sort}");
    }
}

async fn the_pieces_of_the_index_are_joined(app: TestApp) {
    let world = app.world().await;
    let mia = app.personal_token(&world.member, Scopes::FULL).await;
    for number in 1..=20 {
        let filed = mia.post("tickets", ticket(&world.project, &json!({"title": format!("number {number}")}))).await.is(201);
        let path = format!("tickets/{}/comments", filed["id"].as_str().unwrap());
        mia.post(path, json!({"comment": {"content": "a remark"}})).await.is(201);
    }
    let pieces = async || {
        let count = |ctx: &mut bugtome::domain::Ctx<'_>| -> bugtome::domain::Result<(i64,)> {
            Ok(ctx.db.query_one(sql!((i64,):
                "SELECT (SELECT count(DISTINCT segid) FROM ticket_words_idx) + (SELECT count(DISTINCT segid) FROM comment_words_idx)";
                pg "SELECT 2::bigint"
            ))?)
        };
        app.command(count).await.0
    };
    app.sweep().await;
    assert_eq!(pieces().await, 2, "one of each");
    assert_eq!((found(&mia, "number").await.len(), found(&mia, "remark").await.len(), found(&mia, "17").await.len()), (20, 20, 1));
}

/// Ten thousand comments more, of the same ticket with the same content.
fn flood(db: &mut Connection) -> bugtome::domain::Result<()> {
    db.execute(sql!(
        "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 10000)
         INSERT INTO comments (id, organization_id, project_id, ticket_id, author_id, created_at, updated_at, content)
         SELECT randomblob(16), organization_id, project_id, ticket_id, author_id, created_at + n, updated_at + n, content
         FROM comments CROSS JOIN numbers";
        pg "INSERT INTO comments (id, organization_id, project_id, ticket_id, author_id, created_at, updated_at, content)
         SELECT gen_random_uuid(), organization_id, project_id, ticket_id, author_id, created_at + n, updated_at + n, content
         FROM comments CROSS JOIN generate_series(1::bigint, 10000) n"
    ))?;
    Ok(())
}

async fn a_ticket_with_very_many_comments_is_counted_once(app: TestApp) {
    let world = app.world().await;
    let mia = app.personal_token(&world.member, Scopes::FULL).await;
    let comment = async |title: &str| {
        let filed = mia.post("tickets", ticket(&world.project, &json!({"title": title}))).await.is(201);
        let path = format!("tickets/{}/comments", filed["id"].as_str().unwrap());
        mia.post(path, json!({"comment": {"content": "the river rises"}})).await.is(201);
    };
    comment("flooded").await;
    app.command(|ctx| flood(ctx.db)).await;
    // PostgreSQL has not looked at the comments yet, and would plan as for one: reindexing looks at them, too.
    let mut stage = Stage::START;
    while stage != Stage::Done {
        stage = app.command(move |ctx| reindex(ctx, stage)).await;
    }
    app.pass(Span::seconds(1));
    comment("damp").await;
    assert_eq!(found(&mia, "river").await, ["flooded", "damp"]);
}
