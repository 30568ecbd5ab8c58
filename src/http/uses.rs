//! When and from where tokens were last used, kept in memory between flushes.
//! `jobs` flushes them, at most once a minute; losing the last minute in a crash is fine.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use crate::domain::tokens::Use;
use crate::model::id::Id;
use crate::model::time::Time;
use crate::model::tokens::Token;

/// The uses since the last flush: one for each token.
#[derive(Default)]
pub struct Uses(Mutex<HashMap<Id<Token>, (Time, IpAddr)>>);

impl Uses {
    /// Notes a use.
    pub fn note(&self, token: Id<Token>, at: Time, from: IpAddr) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(token, (at, from));
    }

    /// Takes what has been noted.
    pub fn take(&self) -> Vec<Use> {
        let uses = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        uses.into_iter().map(|(token, (at, from))| Use { token, at, from: from.to_string() }).collect()
    }
}
