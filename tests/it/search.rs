//! Full text: what is found, by whom, and that nothing which is typed is syntax.
//! How texts become words is told beside the code.

use bugtome::model::scopes::Scopes;
use serde_json::json;

use crate::harness::{Client, TestApp, both, ticket};

both! {
    all_words_are_found_wherever_they_stand,
    what_changes_is_found_by_its_new_words,
    nothing_that_is_typed_is_syntax,
    nobody_finds_what_others_wrote,
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
