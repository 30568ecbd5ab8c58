//! Properties of lists, for any tickets: pages and cursors show each once and in order, filters agree with a naive model.
//! Few cases a run; `PROPTEST_CASES` asks for more.

use bugtome::domain::tickets::{self, Draft, Expected};
use bugtome::model::draft::Field;
use bugtome::model::scopes::Scopes;
use bugtome::model::time::{Span, Time};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use std::fmt::Write;
use tokio::runtime::Runtime;

use crate::harness::{Client, Kind, Person, Project, Settings, TestApp, runtime};

const STATUSES: [&str; 4] = ["open", "in_progress", "resolved", "closed"];
const PRIORITIES: [&str; 4] = ["low", "medium", "high", "critical"];
const WORDS: [&str; 3] = ["alpha", "beta", "gamma"];

/// A ticket to be filed.
#[derive(Debug, Clone)]
struct Plan {
    created: i64,
    updated: i64,
    status: usize,
    priority: usize,
    assigned: bool,
    word: usize,
    second_project: bool,
}

/// A ticket that was filed.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Filed {
    id: String,
    created: i64,
    updated: i64,
    status: usize,
    priority: usize,
    assigned: bool,
    word: usize,
    second_project: bool,
}

fn plan() -> impl Strategy<Value = Plan> {
    // Few moments, so that there are ties.
    (0_i64..4, 0_i64..4, 0_usize..4, 0_usize..4, any::<bool>(), 0_usize..3, any::<bool>()).prop_map(
        |(created, later, status, priority, assigned, word, second_project)| Plan {
            created,
            updated: created + later,
            status,
            priority,
            assigned,
            word,
            second_project,
        },
    )
}

/// An organization of this case alone.
struct Case {
    who: Client,
    person: Person,
    projects: [Project; 2],
}

async fn case(app: &TestApp) -> Case {
    static NUMBER: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let person = app.user(&format!("person {number}")).await;
    let organization = app.organization(&format!("case-{number}"), &person).await;
    let projects = [app.project(&organization, "AA").await, app.project(&organization, "BB").await];
    Case { who: app.personal_token(&person, Scopes::READ_ONLY).await, person, projects }
}

fn moment(seconds: i64) -> Time {
    let start: Time = crate::harness::START.parse().unwrap();
    start.plus(Span::seconds(seconds))
}

async fn file(app: &TestApp, case: &Case, plans: &[Plan]) -> Vec<Filed> {
    let (plans, person) = (plans.to_vec(), case.person.id);
    let projects = [case.projects[0].id, case.projects[1].id];
    app.command(move |ctx| {
        let mut filed = Vec::new();
        for plan in &plans {
            let text = || Field::Value("something long enough".into());
            ctx.now = moment(plan.created);
            let draft = Draft {
                title: Field::Value(WORDS[plan.word].into()),
                given: text(),
                when: text(),
                then: text(),
                priority: Field::Value(PRIORITIES[plan.priority].into()),
                assignee_id: if plan.assigned { Field::Value(person.cast()) } else { Field::Absent },
                project_id: Field::Value(projects[usize::from(plan.second_project)]),
                ..Draft::default()
            };
            let row = tickets::create(ctx, &draft)?;
            ctx.now = moment(plan.updated);
            let change = Draft { status: Field::Value(STATUSES[plan.status].into()), notes: Field::Value("n".into()), ..Draft::default() };
            tickets::edit(ctx, row.id, &change, &Expected::Any)?;
            let Plan { created, updated, status, priority, assigned, word, second_project } = plan.clone();
            filed.push(Filed { id: row.id.to_string(), created, updated, status, priority, assigned, word, second_project });
        }
        Ok(filed)
    })
    .await
}

/// In the order that the contract promises: by the key, ties by id in the same direction.
fn sorted(mut filed: Vec<Filed>, sort: &str) -> Vec<String> {
    let (descending, key) = sort.strip_prefix('-').map_or((false, sort), |key| (true, key));
    let value = |one: &Filed| match key {
        "created_at" => one.created,
        "updated_at" => one.updated,
        _ => i64::try_from(one.priority).unwrap(),
    };
    filed.sort_by_key(|one| (value(one), one.id.clone()));
    if descending {
        filed.reverse();
    }
    filed.into_iter().map(|one| one.id).collect()
}

fn any_sort() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["created_at", "-created_at", "updated_at", "-updated_at", "priority", "-priority"])
}

async fn ids(who: &Client, path: &str) -> (Vec<String>, Option<String>, Option<i64>) {
    let answer = who.get(path).await;
    let ids = answer.is(200).as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect();
    let total = answer.header("x-total-count").map(|total| total.parse().unwrap());
    (ids, answer.next(), total)
}

/// Runs a property on a database.
fn check<S: Strategy>(kind: Kind, strategy: &S, property: impl Fn(&TestApp, &Runtime, S::Value) -> Result<(), TestCaseError>) {
    let mut app = TestApp::start(kind);
    app.restart(&Settings::unlimited());
    let runtime = runtime();
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(10);
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 200, ..Config::default() };
    if let Err(error) = TestRunner::new(config).run(strategy, |value| property(&app, &runtime, value)) {
        panic!("{error}");
    }
}

fn pages_and_cursors_show_each_ticket_once(kind: Kind) {
    let plans = || prop::collection::vec(plan(), 0..24);
    let strategy = (plans(), prop::collection::vec(plan(), 0..4), any_sort(), 1_usize..7, any::<bool>());
    check(kind, &strategy, |app, runtime, (plans, meanwhile, sort, size, one_project)| {
        runtime.block_on(async {
            let case = case(app).await;
            let mut filed = file(app, &case, &plans).await;
            let place = if one_project { format!("&project_id={}", case.projects[0].id) } else { String::new() };
            filed.retain(|one| !one_project || !one.second_project);
            let expected = sorted(filed, sort);
            // By number.
            let mut by_number = Vec::new();
            for page in 1..=expected.len() / size + 1 {
                let (ids, _, total) = ids(&case.who, &format!("tickets?sort={sort}&per_page={size}&page={page}{place}")).await;
                prop_assert_eq!(total, Some(i64::try_from(expected.len()).unwrap()));
                by_number.extend(ids);
            }
            prop_assert_eq!(&by_number, &expected);
            // By cursor, while more are filed.
            let (mut seen, mut path, mut arrived) = (Vec::new(), format!("tickets?sort={sort}&per_page={size}{place}"), false);
            loop {
                let (page, next, _) = ids(&case.who, &path).await;
                prop_assert!(page.len() <= size);
                seen.extend(page);
                if !arrived {
                    file(app, &case, &meanwhile).await;
                    arrived = true;
                }
                let Some(next) = next else { break };
                path = next;
            }
            let mut once = seen.clone();
            once.sort();
            once.dedup();
            prop_assert_eq!(once.len(), seen.len(), "none is shown twice");
            seen.retain(|id| expected.contains(id));
            prop_assert_eq!(&seen, &expected, "each that was there from the start is shown, in order");
            Ok(())
        })
    });
}

/// What is asked for.
#[derive(Debug, Clone)]
struct Question {
    status: Vec<usize>,
    priority: Vec<usize>,
    assignee: Option<bool>,
    word: Option<usize>,
    created_after: Option<i64>,
    created_before: Option<i64>,
    updated_after: Option<i64>,
    second_project: Option<bool>,
}

fn question() -> impl Strategy<Value = Question> {
    let some = || prop::collection::vec(0_usize..4, 0..3);
    let time = || prop::option::weighted(0.3, -1_i64..7);
    let odd = || prop::option::weighted(0.3, any::<bool>());
    (some(), some(), odd(), prop::option::weighted(0.3, 0_usize..3), time(), time(), time(), odd()).prop_map(
        |(status, priority, assignee, word, created_after, created_before, updated_after, second_project)| Question {
            status,
            priority,
            assignee,
            word,
            created_after,
            created_before,
            updated_after,
            second_project,
        },
    )
}

impl Question {
    fn admits(&self, one: &Filed) -> bool {
        (self.status.is_empty() || self.status.contains(&one.status))
            && (self.priority.is_empty() || self.priority.contains(&one.priority))
            && self.assignee.is_none_or(|assigned| assigned == one.assigned)
            && self.word.is_none_or(|word| word == one.word)
            && self.created_after.is_none_or(|time| one.created > time)
            && self.created_before.is_none_or(|time| one.created < time)
            && self.updated_after.is_none_or(|time| one.updated > time)
            && self.second_project.is_none_or(|second| second == one.second_project)
    }

    fn query(&self, case: &Case) -> String {
        let words = |ranks: &[usize], words: [&str; 4]| ranks.iter().map(|rank| words[*rank]).collect::<Vec<_>>().join(",");
        let mut query = String::new();
        let mut push = |name: &str, value: Option<String>| {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                write!(query, "&{name}={value}").unwrap();
            }
        };
        push("status", Some(words(&self.status, STATUSES)));
        push("priority", Some(words(&self.priority, PRIORITIES)));
        push("assignee", self.assignee.map(|assigned| if assigned { "me" } else { "none" }.to_owned()));
        push("q", self.word.map(|word| WORDS[word].to_uppercase()));
        push("created_after", self.created_after.map(|time| moment(time).to_string()));
        push("created_before", self.created_before.map(|time| moment(time).to_string()));
        push("updated_after", self.updated_after.map(|time| moment(time).to_string()));
        push("project_id", self.second_project.map(|second| case.projects[usize::from(second)].id.to_string()));
        query
    }
}

fn filters_agree_with_a_naive_model(kind: Kind) {
    let strategy = (prop::collection::vec(plan(), 0..24), prop::collection::vec((question(), any_sort()), 1..8));
    check(kind, &strategy, |app, runtime, (plans, questions)| {
        runtime.block_on(async {
            let case = case(app).await;
            let filed = file(app, &case, &plans).await;
            for (question, sort) in questions {
                let query = format!("tickets?per_page=100&sort={sort}{}", question.query(&case));
                let expected = sorted(filed.iter().filter(|one| question.admits(one)).cloned().collect(), sort);
                let (found, next, total) = ids(&case.who, &query).await;
                prop_assert_eq!(&found, &expected, "{}", query);
                prop_assert_eq!((next, total), (None, Some(i64::try_from(expected.len()).unwrap())), "{}", query);
            }
            Ok(())
        })
    });
}

#[test]
fn pages_and_cursors_show_each_ticket_once_on_sqlite() {
    pages_and_cursors_show_each_ticket_once(Kind::Sqlite);
}

#[test]
fn pages_and_cursors_show_each_ticket_once_on_postgres() {
    pages_and_cursors_show_each_ticket_once(Kind::Postgres);
}

#[test]
fn filters_agree_with_a_naive_model_on_sqlite() {
    filters_agree_with_a_naive_model(Kind::Sqlite);
}

#[test]
fn filters_agree_with_a_naive_model_on_postgres() {
    filters_agree_with_a_naive_model(Kind::Postgres);
}
