//! How often a sign-in may fail: by address, by account from one address, and by account from everywhere; counted for all nodes in Redis where there
//! is one, else by each for itself. Whether a sign-in is right is judged elsewhere.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::limits::network;
use crate::app::counters::{Counters, Name, Tally};
use crate::model::time::{Span, Time};
use crate::model::users::Email;

/// How long failures are counted together.
const WINDOW: Span = Span::seconds(15 * 60);

/// Failures of an address, whoever it says to be: an office behind one address has many people.
const BY_ADDRESS: u32 = 100;

/// Failures of an account from one address.
const BY_PAIR: u32 = 10;

/// Failures of an account from everywhere: beyond it only browsers are let try from which its user has signed in before.
const BY_ACCOUNT: u32 = 50;

/// Beyond this many entries those that are over are forgotten, and if that does not help, all of them.
const MOST: usize = 100_000;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Counted {
    Address(IpAddr),
    Pair(IpAddr, String),
    Account(String),
}

impl Counted {
    const fn most(&self) -> u32 {
        match self {
            Self::Address(_) => BY_ADDRESS,
            Self::Pair(..) => BY_PAIR,
            Self::Account(_) => BY_ACCOUNT,
        }
    }

    fn name(&self, counters: &Counters) -> Name {
        match self {
            Self::Address(address) => counters.name("sign-in:address", address.to_string().as_bytes()),
            // No address has a space in it.
            Self::Pair(address, account) => counters.name("sign-in:pair", format!("{address} {account}").as_bytes()),
            Self::Account(account) => counters.name("sign-in:account", account.as_bytes()),
        }
    }
}

/// What a try counts under.
fn keys(email: &Email, address: IpAddr, known: bool) -> Vec<Counted> {
    let address = network(address);
    let account = email.key().to_owned();
    let mut keys = vec![Counted::Address(address), Counted::Pair(address, account.clone())];
    // So that a stranger cannot lock the owner out.
    if !known {
        keys.push(Counted::Account(account));
    }
    keys
}

/// Failures of the last quarter of an hour.
#[derive(Default)]
pub struct SignIns {
    own: Own,
    shared: Option<Counters>,
}

/// A try that has been counted.
#[derive(Debug)]
#[must_use = "a try that was right, or was not looked at, is to be taken back"]
pub struct Try {
    keys: Vec<Counted>,
    /// Where all nodes have counted it: when the windows end.
    ends: Option<Vec<Time>>,
}

impl SignIns {
    /// Counted for all nodes there; `None` for this node alone.
    pub fn shared(counters: Option<Counters>) -> Self {
        Self { own: Own::default(), shared: counters }
    }

    /// Counts a try before it is looked at, so that many at once are no way around the limit. `Err` with the seconds until there may be another
    /// one, if there have been too many. `known` says whether the user has signed in from this browser before.
    pub async fn attempt(&self, email: &Email, address: IpAddr, known: bool, now: Time) -> Result<Try, i64> {
        let keys = keys(email, address, known);
        let tally = match &self.shared {
            Some(counters) => counters.count(&names(counters, &keys), WINDOW).await,
            None => None,
        };
        let Some(tally) = tally else { return self.own.attempt(&keys, now).map(|()| Try { keys, ends: None }) };
        self.own.adopt(&keys, &tally, now);
        if tally.full {
            let full = keys.iter().zip(&tally.windows).filter(|(key, window)| window.count >= key.most());
            return Err(full.map(|(_, window)| window.rest.whole_seconds()).max().unwrap_or(1));
        }
        Ok(Try { keys, ends: Some(tally.windows.iter().map(|window| window.end).collect()) })
    }

    /// Takes back a try that was right, or that was not looked at: only failures count.
    pub async fn take_back(&self, one: Try) {
        self.own.take_back(&one.keys);
        if let (Some(counters), Some(ends)) = (&self.shared, one.ends) {
            let counted: Vec<_> = one.keys.iter().map(|key| key.name(counters)).zip(ends).collect();
            counters.take_back(&counted).await;
        }
    }
}

fn names(counters: &Counters, keys: &[Counted]) -> Vec<(Name, u32)> {
    keys.iter().map(|key| (key.name(counters), key.most())).collect()
}

/// What this node keeps in its memory: all there is where there is no Redis, and what is fallen back on where it is gone.
#[derive(Default)]
struct Own(Mutex<HashMap<Counted, (Time, u32)>>);

impl Own {
    fn tries(&self) -> MutexGuard<'_, HashMap<Counted, (Time, u32)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn attempt(&self, keys: &[Counted], now: Time) -> Result<(), i64> {
        let mut tries = self.tries();
        let full = keys.iter().filter_map(|key| {
            let (began, count) = tries.get(key)?;
            let rest = began.plus(WINDOW).since(now);
            (*count >= key.most() && rest > Span::ZERO).then(|| rest.whole_seconds())
        });
        if let Some(seconds) = full.max() {
            return Err(seconds);
        }
        make_room(&mut tries, now);
        for key in keys {
            let (began, count) = tries.entry(key.clone()).or_insert((now, 0));
            if now.since(*began) >= WINDOW {
                (*began, *count) = (now, 0);
            }
            *count += 1;
        }
        Ok(())
    }

    /// Takes over what all nodes together have counted, so that it is where this node goes on if it must alone.
    fn adopt(&self, keys: &[Counted], tally: &Tally, now: Time) {
        let mut tries = self.tries();
        make_room(&mut tries, now);
        for (key, window) in keys.iter().zip(&tally.windows) {
            tries.insert(key.clone(), (now.plus(window.rest).minus(WINDOW), window.count));
        }
    }

    fn take_back(&self, keys: &[Counted]) {
        let mut tries = self.tries();
        for key in keys {
            if let Some((_, count)) = tries.get_mut(key) {
                *count = count.saturating_sub(1);
            }
        }
    }
}

fn make_room(tries: &mut HashMap<Counted, (Time, u32)>, now: Time) {
    if tries.len() >= MOST {
        tries.retain(|_, (began, _)| now.since(*began) < WINDOW);
        if tries.len() >= MOST {
            tries.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::draft::Field;

    const NOW: Time = Time::from_micros(1_700_000_000_000_000);

    fn email(text: &str) -> Email {
        Email::parse(&Field::Value(text.into())).unwrap()
    }

    fn address(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    async fn attempt(sign_ins: &SignIns, who: &str, last: u8, known: bool, now: Time) -> Result<(), i64> {
        sign_ins.attempt(&email(who), address(last), known, now).await.map(|_| ())
    }

    #[tokio::test]
    async fn an_account_is_tried_ten_times_from_one_address() {
        let sign_ins = SignIns::default();
        for _ in 0..10 {
            assert_eq!(attempt(&sign_ins, "A@x", 1, false, NOW).await, Ok(()));
        }
        assert_eq!(attempt(&sign_ins, "a@X", 1, false, NOW).await, Err(900));
        assert_eq!(attempt(&sign_ins, "b@x", 1, false, NOW).await, Ok(()));
        assert_eq!(attempt(&sign_ins, "a@x", 2, false, NOW).await, Ok(()));
        assert_eq!(attempt(&sign_ins, "a@x", 1, false, NOW.plus(WINDOW)).await, Ok(()));
    }

    #[tokio::test]
    async fn who_is_right_is_not_counted() {
        let sign_ins = SignIns::default();
        for _ in 0..100 {
            let right = sign_ins.attempt(&email("a@x"), address(1), false, NOW).await.unwrap();
            sign_ins.take_back(right).await;
        }
    }

    #[tokio::test]
    async fn strangers_everywhere_do_not_lock_the_owners_browser_out() {
        let sign_ins = SignIns::default();
        for last in 0..50 {
            assert_eq!(attempt(&sign_ins, "a@x", last, false, NOW).await, Ok(()));
        }
        assert!(attempt(&sign_ins, "a@x", 200, false, NOW).await.is_err());
        assert_eq!(attempt(&sign_ins, "a@x", 200, true, NOW).await, Ok(()));
    }

    #[tokio::test]
    async fn an_address_does_not_try_all_accounts() {
        let sign_ins = SignIns::default();
        for number in 0..100 {
            assert_eq!(attempt(&sign_ins, &format!("{number}@x"), 1, false, NOW).await, Ok(()));
        }
        assert!(attempt(&sign_ins, "another@x", 1, true, NOW).await.is_err());
    }
}
