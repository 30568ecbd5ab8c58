//! The audit log: lines with the target `audit`, at `info`, of what changes rights and of who tries what they may not.
//! What there is to say is in `domain::audit`; no line holds a secret, a name, or a word that somebody sent.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use super::request::Origin;
use crate::domain::audit::{Act, Actor, Log, Noted};
use crate::model::events::Via;
use crate::model::id::Id;
use crate::model::roles::Role;
use crate::model::time::Time;
use crate::model::tokens::{RevokedHow, Token};
use crate::model::users::User;

/// So many tokens, as many users and as many networks are counted apart between two lines; what more there is has one line together for each act, so
/// that whoever has many addresses fills neither the memory nor the log. Each kind has a room of its own: networks are free to a stranger, and must
/// not push tokens out, whose owners are told of them.
const MOST: usize = 4_096;

/// What is counted together between two lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Key {
    /// A token.
    Token(Id<Token>),
    /// Somebody who has signed in.
    User(Id<User>),
    /// An address, of IPv6 its network.
    Network(IpAddr),
    /// All for which there was no room.
    Others,
}

impl Key {
    const fn room(self) -> usize {
        match self {
            Self::Token(_) => 0,
            Self::User(_) => 1,
            Self::Network(_) | Self::Others => 2,
        }
    }
}

/// What was tried, how often, and by whom last.
#[derive(Debug, Clone, Copy)]
pub struct Tries {
    /// How often.
    pub count: u64,
    /// When the first of these was.
    pub first: Time,
    /// When the last one was.
    pub last: Time,
    /// From where and in which request that one came.
    pub origin: Option<Origin>,
    /// The account that they were about, where it was one.
    pub user: Option<Id<User>>,
}

/// What may be repeated at will, counted until [`Audit::take`]: each kind of key apart.
#[derive(Debug, Default)]
pub struct Audit(Mutex<[HashMap<(Act, Key), Tries>; 3]>);

impl Audit {
    /// Counts a try of what may be repeated at will.
    pub fn tried(&self, act: Act, key: Key, user: Option<Id<User>>, origin: Option<Origin>, now: Time) {
        let mut rooms = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let tries = &mut rooms[key.room()];
        let key = if tries.len() < MOST || tries.contains_key(&(act, key)) { key } else { Key::Others };
        let fresh = Tries { count: 0, first: now, last: now, origin, user };
        let one = tries.entry((act, key)).or_insert(fresh);
        // Where several accounts were tried, none of them is named alone.
        let user = user.filter(|_| one.user == user);
        *one = Tries { count: one.count.saturating_add(1), first: one.first, user, ..fresh };
    }

    /// Writes a line for each token and address that has tried something since the last time, and gives back what was tried, in a fixed order.
    pub fn take(&self) -> Vec<(Act, Key, Tries)> {
        let tries = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let mut tries: Vec<_> = tries.into_iter().flatten().map(|((act, key), tries)| (act, key, tries)).collect();
        tries.sort_unstable_by_key(|(act, key, _)| (*act, *key));
        for (act, key, tries) in &tries {
            write_tries(*act, *key, tries);
        }
        tries
    }

    /// Says what an operation has done; what may be repeated at will is counted instead. Where the database did not answer in time whether it is
    /// committed, the line says so.
    pub(super) fn say(&self, log: &Log, via: Via, origin: Option<Origin>, now: Time, is_certain: bool) {
        for noted in &log.noted {
            match noted.token {
                Some(token) if noted.act.is_repeatable() => self.tried(noted.act, Key::Token(token), noted.user, origin, now),
                _ => write_line(log.actor, noted, via, origin, is_certain),
            }
        }
    }
}

fn write_line(actor: Actor, noted: &Noted, via: Via, origin: Option<Origin>, is_certain: bool) {
    let (actor, actor_id) = match actor {
        Actor::Nobody => ("nobody", None),
        Actor::Command => ("command", None),
        Actor::User(user) => ("user", Some(user.uuid())),
        Actor::Token(token) => ("token", Some(token.uuid())),
    };
    tracing::info!(
        target: "audit",
        act = noted.act.word(),
        actor,
        actor_id = actor_id.map(display),
        user = noted.user.map(display),
        token = noted.token.map(display),
        organization = noted.organization.map(display),
        project = noted.project.map(display),
        role = noted.role.map(Role::word),
        how = noted.how.map(RevokedHow::word),
        successor = noted.successor.map(display),
        count = noted.count,
        outcome = (!is_certain).then_some("unknown"),
        via = via.word(),
        from = origin.map(|origin| display(origin.address)),
        request = origin.and_then(|origin| origin.request).map(display),
    );
}

fn write_tries(act: Act, key: Key, tries: &Tries) {
    let (token, by, network) = match key {
        Key::Token(token) => (Some(token), None, None),
        Key::User(user) => (None, Some(user), None),
        Key::Network(network) => (None, None, Some(network)),
        Key::Others => (None, None, None),
    };
    tracing::info!(
        target: "audit",
        act = act.word(),
        token = token.map(display),
        actor_id = by.map(display),
        network = network.map(display),
        user = tries.user.map(display),
        count = tries.count,
        from = tries.origin.map(|origin| display(origin.address)),
        request = tries.origin.and_then(|origin| origin.request).map(display),
        others = (key == Key::Others).then_some(true),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_many_addresses_fills_no_memory() {
        let audit = Audit::default();
        let now = Time::from_micros(1);
        for number in 0..10_000_u32 {
            let address = IpAddr::from(std::net::Ipv4Addr::from(number));
            audit.tried(Act::UnknownTokenTried, Key::Network(address), None, None, now);
            audit.tried(Act::UnknownTokenTried, Key::Network(IpAddr::from([0, 0, 0, 0])), None, None, now);
        }
        let taken = audit.take();
        assert_eq!(taken.len(), MOST + 1);
        assert_eq!(taken.iter().map(|(_, _, tries)| tries.count).sum::<u64>(), 20_000);
        assert_eq!(taken[0].2.count, 10_001, "one that was there before is counted on by itself");
        assert!(audit.take().is_empty());

        // Nor does it hide a token from its owner.
        let own = Id::from_uuid(uuid::Uuid::from_u128(7));
        for number in 0..10_000_u32 {
            audit.tried(Act::UnknownTokenTried, Key::Network(std::net::Ipv4Addr::from(number).into()), None, None, now);
        }
        audit.tried(Act::StoppedTokenTried, Key::Token(own), None, None, now);
        assert!(audit.take().iter().any(|(_, key, _)| *key == Key::Token(own)));
    }
}
