//! How often a sign-in may fail: by address, by account from one address, and by account from everywhere.
//! Whether a sign-in is right is judged elsewhere.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use super::limits::network;
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
}

/// Failures of the last quarter of an hour, in this process's memory.
#[derive(Debug, Default)]
pub struct SignIns(Mutex<HashMap<Counted, (Time, u32)>>);

impl SignIns {
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

    /// Counts a try before it is looked at, so that many at once are no way around the limit. `Err` with the seconds until there may be another
    /// one, if there have been too many. `known` says whether the user has signed in from this browser before.
    pub fn attempt(&self, email: &Email, address: IpAddr, known: bool, now: Time) -> Result<(), i64> {
        let mut tries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let keys = Self::keys(email, address, known);
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
            let (began, count) = tries.entry(key).or_insert((now, 0));
            if now.since(*began) >= WINDOW {
                (*began, *count) = (now, 0);
            }
            *count += 1;
        }
        Ok(())
    }

    /// Takes back a try that was right: only failures count.
    pub fn succeeded(&self, email: &Email, address: IpAddr, known: bool) {
        let mut tries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for key in Self::keys(email, address, known) {
            if let Some((_, count)) = tries.get_mut(&key) {
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

    #[test]
    fn an_account_is_tried_ten_times_from_one_address() {
        let sign_ins = SignIns::default();
        for _ in 0..10 {
            assert_eq!(sign_ins.attempt(&email("A@x"), address(1), false, NOW), Ok(()));
        }
        assert_eq!(sign_ins.attempt(&email("a@X"), address(1), false, NOW), Err(900));
        assert_eq!(sign_ins.attempt(&email("b@x"), address(1), false, NOW), Ok(()));
        assert_eq!(sign_ins.attempt(&email("a@x"), address(2), false, NOW), Ok(()));
        assert_eq!(sign_ins.attempt(&email("a@x"), address(1), false, NOW.plus(WINDOW)), Ok(()));
    }

    #[test]
    fn who_is_right_is_not_counted() {
        let sign_ins = SignIns::default();
        for _ in 0..100 {
            assert_eq!(sign_ins.attempt(&email("a@x"), address(1), false, NOW), Ok(()));
            sign_ins.succeeded(&email("a@x"), address(1), false);
        }
    }

    #[test]
    fn strangers_everywhere_do_not_lock_the_owners_browser_out() {
        let sign_ins = SignIns::default();
        for last in 0..50 {
            assert_eq!(sign_ins.attempt(&email("a@x"), address(last), false, NOW), Ok(()));
        }
        assert!(sign_ins.attempt(&email("a@x"), address(200), false, NOW).is_err());
        assert_eq!(sign_ins.attempt(&email("a@x"), address(200), true, NOW), Ok(()));
    }

    #[test]
    fn an_address_does_not_try_all_accounts() {
        let sign_ins = SignIns::default();
        for number in 0..100 {
            assert_eq!(sign_ins.attempt(&email(&format!("{number}@x")), address(1), false, NOW), Ok(()));
        }
        assert!(sign_ins.attempt(&email("another@x"), address(1), true, NOW).is_err());
    }
}
