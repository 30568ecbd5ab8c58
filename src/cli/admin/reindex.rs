//! `bugtome admin reindex`.
//! What is made anew, and in which portions, is `domain::search`'s affair.

use std::time::{Duration, Instant};

use serde::Serialize;

use super::Desk;
use crate::cli::Outcome;
use crate::domain;
use crate::domain::search::{self, Stage};
use crate::store::database;

/// For how long the command waits for a database that another process has locked.
const PATIENCE: Duration = Duration::from_mins(2);

/// The longest rest after a transaction.
const LONGEST_REST: Duration = Duration::from_millis(25);

#[derive(Serialize)]
struct Done {
    transactions: u64,
}

pub(super) fn run(desk: &Desk) -> Outcome {
    let (mut stage, mut transactions) = (Stage::START, 0);
    let mut last = Instant::now();
    while stage != Stage::Done {
        let began = Instant::now();
        match desk.run(|ctx| search::reindex(ctx, stage)) {
            Ok(next) => stage = next,
            Err(domain::Error::Store(database::Error::Busy)) if last.elapsed() < PATIENCE => continue,
            Err(error) => return Err(error.into()),
        }
        transactions += 1;
        // SQLite's lock goes to whoever asks at the right moment, so a running server needs moments to ask in.
        if !desk.app.database().is_postgres() {
            std::thread::sleep(began.elapsed().min(LONGEST_REST));
        }
        last = Instant::now();
    }
    desk.output.one(&Done { transactions }, "the full-text index has been made anew")
}
