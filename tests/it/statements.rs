//! Every statement of the store is prepared on both databases, before any story reaches it.
//! What a statement does is told in the stories.

use crate::harness::{Kind, TestApp};

fn verified(kind: Kind) {
    let app = TestApp::start(kind);
    let problems = bugtome::store::database::verify_statements(app.app.database());
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn every_statement_is_understood_by_sqlite() {
    verified(Kind::Sqlite);
}

#[test]
fn every_statement_is_understood_by_postgres() {
    verified(Kind::Postgres);
}

/// A statement that walks a whole table is quick in every test and slow in every large installation: each must be named here with its reason.
#[test]
fn no_statement_walks_a_whole_table_without_a_reason() {
    let app = TestApp::start(Kind::Sqlite);
    let walking = bugtome::store::database::walking_statements(app.app.database()).unwrap();
    insta::assert_snapshot!(walking.into_iter().collect::<Vec<_>>().join("\n"));
}

/// Two indexes of the events begin with a column that a ticket's events are asked by; only one of them leads to the ticket.
#[test]
fn the_events_of_a_ticket_are_found_by_the_ticket() {
    let app = TestApp::start(Kind::Sqlite);
    let detours = bugtome::store::database::detours_to_events(app.app.database()).unwrap();
    assert!(detours.is_empty(), "{detours:#?}");
}
