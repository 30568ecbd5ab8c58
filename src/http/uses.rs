//! When and from where something was last used (a token, a session), kept in memory between flushes.
//! `jobs` flushes them, at most once a minute; losing the last minute in a crash is fine.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use foldhash::fast::RandomState;

use crate::model::time::Time;

/// The uses since the last flush: one for each `K`. The ids in it are ours, so that nobody can choose ones that hash alike.
pub struct Uses<K>(Mutex<HashMap<K, (Time, IpAddr), RandomState>>);

impl<K> Default for Uses<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Copy + Ord + Hash> Uses<K> {
    /// Notes a use.
    pub fn note(&self, id: K, at: Time, from: IpAddr) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(id, (at, from));
    }

    /// Takes what has been noted, in the order of its keys: two nodes that write down the same uses then wait for each other, and never in a circle.
    pub fn take(&self) -> Vec<(K, Time, IpAddr)> {
        let uses = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let mut uses: Vec<_> = uses.into_iter().map(|(id, (at, from))| (id, at, from)).collect();
        uses.sort_unstable_by_key(|(id, _, _)| *id);
        uses
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::Id;
    use crate::model::tokens::Token;

    #[test]
    fn uses_come_in_the_order_of_their_ids_and_once() {
        let uses = Uses::<Id<Token>>::default();
        let id = |number: u128| Id::from_uuid(uuid::Uuid::from_u128(number));
        for number in (0..100).rev() {
            uses.note(id(number), Time::from_micros(1), IpAddr::from([127, 0, 0, 1]));
        }
        uses.note(id(7), Time::from_micros(2), IpAddr::from([127, 0, 0, 2]));
        let taken = uses.take();
        assert_eq!(taken.iter().map(|(id, _, _)| id.uuid().as_u128()).collect::<Vec<_>>(), (0..100).collect::<Vec<_>>());
        assert_eq!(taken[7].1, Time::from_micros(2));
        assert!(uses.take().is_empty());
    }
}
