//! When and from where something was last used (a token, a session), kept in memory between flushes.
//! `jobs` flushes them, at most once a minute; losing the last minute in a crash is fine.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use crate::model::id::Id;
use crate::model::time::Time;

/// The uses since the last flush: one for each `N`.
pub struct Uses<N>(Mutex<HashMap<Id<N>, (Time, IpAddr)>>);

impl<N> Default for Uses<N> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<N> Uses<N> {
    /// Notes a use.
    pub fn note(&self, id: Id<N>, at: Time, from: IpAddr) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(id, (at, from));
    }

    /// Takes what has been noted.
    pub fn take(&self) -> Vec<(Id<N>, Time, IpAddr)> {
        let uses = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        uses.into_iter().map(|(id, (at, from))| (id, at, from)).collect()
    }
}
