//! How often a sign-in may fail: by address, by account from one address, by account from everywhere, by browser and by link; counted for all nodes in
//! Redis where there is one, else by each for itself. Whether a sign-in is right is judged elsewhere.

mod own;

use std::net::IpAddr;

use super::limits::network;
use crate::app::counters::{Counters, Name};
use crate::model::secrets::HashedSecret;
use crate::model::time::{Span, Time};
use crate::model::users::Email;
use own::Own;

/// How long failures are counted together.
const WINDOW: Span = Span::seconds(15 * 60);

/// Failures of an address, whoever it says to be: an office behind one address has many people.
const BY_ADDRESS: u32 = 100;

/// Failures of an account from one address.
const BY_PAIR: u32 = 10;

/// Failures of an account from everywhere: beyond it only browsers are let try from which its user has signed in before.
const BY_ACCOUNT: u32 = 50;

/// Failures of an account in a browser from which its user has signed in before, or in a session. They count for nothing else, and nothing else counts
/// for them: whoever shares the address, or tries the account from everywhere, locks nobody out who is known.
const BY_BROWSER: u32 = 10;

/// Failures with an invitation, whatever addresses it is tried with, and from wherever.
const BY_INVITATION: u32 = 10;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Counted {
    Address(IpAddr),
    Pair(IpAddr, String),
    Account(String),
    Browser(String, HashedSecret),
    Invitation(HashedSecret),
}

impl Counted {
    /// How many kinds there are.
    const KINDS: usize = 5;

    /// Which kind it is.
    const fn kind(&self) -> usize {
        match self {
            Self::Address(_) => 0,
            Self::Pair(..) => 1,
            Self::Account(_) => 2,
            Self::Browser(..) => 3,
            Self::Invitation(_) => 4,
        }
    }

    const fn most(&self) -> u32 {
        match self {
            Self::Address(_) => BY_ADDRESS,
            Self::Pair(..) => BY_PAIR,
            Self::Account(_) => BY_ACCOUNT,
            Self::Browser(..) => BY_BROWSER,
            Self::Invitation(_) => BY_INVITATION,
        }
    }

    fn name(&self, counters: &Counters) -> Name {
        match self {
            Self::Address(address) => counters.name("sign-in:address", address.to_string().as_bytes()),
            // No address has a space in it.
            Self::Pair(address, account) => counters.name("sign-in:pair", format!("{address} {account}").as_bytes()),
            Self::Account(account) => counters.name("sign-in:account", account.as_bytes()),
            Self::Browser(account, browser) => counters.name("sign-in:browser", &[browser.as_bytes(), account.as_bytes()].concat()),
            Self::Invitation(link) => counters.name("sign-in:invitation", link.as_bytes()),
        }
    }
}

/// What a try counts under.
fn keys(email: &Email, address: IpAddr, known: Option<HashedSecret>) -> Vec<Counted> {
    let account = email.key().to_owned();
    if let Some(browser) = known {
        return vec![Counted::Browser(account, browser)];
    }
    let address = network(address);
    vec![Counted::Address(address), Counted::Pair(address, account.clone()), Counted::Account(account)]
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
    at: Time,
}

impl SignIns {
    /// Counted for all nodes there; `None` for this node alone.
    pub fn shared(counters: Option<Counters>) -> Self {
        Self { own: Own::default(), shared: counters }
    }

    /// Counts a try before it is looked at, so that many at once are no way around the limit. `Err` with the seconds until there may be another
    /// one, if there have been too many. `known` is the browser's or the session's digest, where the user has signed in from it before.
    pub async fn attempt(&self, email: &Email, address: IpAddr, known: Option<HashedSecret>, now: Time) -> Result<Try, i64> {
        self.count(keys(email, address, known), now).await
    }

    /// As [`SignIns::attempt`], for whoever comes with an invitation, which is counted too.
    pub async fn attempt_with_invitation(
        &self,
        email: &Email,
        address: IpAddr,
        known: Option<HashedSecret>,
        invitation: HashedSecret,
        now: Time,
    ) -> Result<Try, i64> {
        let mut keys = keys(email, address, known);
        keys.push(Counted::Invitation(invitation));
        self.count(keys, now).await
    }

    async fn count(&self, keys: Vec<Counted>, now: Time) -> Result<Try, i64> {
        let tally = match &self.shared {
            Some(counters) => counters.count(&names(counters, &keys), WINDOW).await,
            None => None,
        };
        let Some(tally) = tally else { return self.own.attempt(&keys, now).map(|()| Try { keys, ends: None, at: now }) };
        self.own.adopt(&keys, &tally, now);
        if tally.full {
            let full = keys.iter().zip(&tally.windows).filter(|(key, window)| window.count >= key.most());
            return Err(full.map(|(_, window)| window.rest.whole_seconds()).max().unwrap_or(1));
        }
        Ok(Try { keys, ends: Some(tally.windows.iter().map(|window| window.end).collect()), at: now })
    }

    /// Takes back a try that was right, or that was not looked at: only failures count.
    pub async fn take_back(&self, one: Try) {
        self.own.take_back(&one.keys, one.at);
        if let (Some(counters), Some(ends)) = (&self.shared, one.ends) {
            let counted: Vec<_> = one.keys.iter().map(|key| key.name(counters)).zip(ends).collect();
            counters.take_back(&counted).await;
        }
    }
}

fn names(counters: &Counters, keys: &[Counted]) -> Vec<(Name, u32)> {
    keys.iter().map(|key| (key.name(counters), key.most())).collect()
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

    fn browser(number: u8) -> HashedSecret {
        HashedSecret::from_bytes([number; 32])
    }

    async fn attempt(sign_ins: &SignIns, who: &str, last: u8, known: Option<HashedSecret>, now: Time) -> Result<(), i64> {
        sign_ins.attempt(&email(who), address(last), known, now).await.map(|_| ())
    }

    #[tokio::test]
    async fn an_account_is_tried_ten_times_from_one_address() {
        let sign_ins = SignIns::default();
        for _ in 0..10 {
            assert_eq!(attempt(&sign_ins, "A@x", 1, None, NOW).await, Ok(()));
        }
        assert_eq!(attempt(&sign_ins, "a@X", 1, None, NOW).await, Err(900));
        assert_eq!(attempt(&sign_ins, "b@x", 1, None, NOW).await, Ok(()));
        assert_eq!(attempt(&sign_ins, "a@x", 2, None, NOW).await, Ok(()));
        assert_eq!(attempt(&sign_ins, "a@x", 1, None, NOW.plus(WINDOW)).await, Ok(()));
    }

    #[tokio::test]
    async fn who_is_right_is_not_counted() {
        let sign_ins = SignIns::default();
        for _ in 0..200 {
            let right = sign_ins.attempt(&email("a@x"), address(1), None, NOW).await.unwrap();
            sign_ins.take_back(right).await;
        }
        // Nor is a try of the window before taken back from this one.
        let old = sign_ins.attempt(&email("a@x"), address(1), None, NOW).await.unwrap();
        let later = NOW.plus(WINDOW);
        for _ in 0..10 {
            attempt(&sign_ins, "a@x", 1, None, later).await.unwrap();
        }
        sign_ins.take_back(old).await;
        assert!(attempt(&sign_ins, "a@x", 1, None, later).await.is_err());
    }

    /// Finding 9: a known browser counts by its own key and nothing else.
    #[tokio::test]
    async fn nobody_else_locks_a_known_browser_out_and_it_nobody_else() {
        let sign_ins = SignIns::default();
        // Strangers everywhere, and those who share the address.
        for last in 0..50 {
            assert_eq!(attempt(&sign_ins, "a@x", last, None, NOW).await, Ok(()));
        }
        assert!(attempt(&sign_ins, "a@x", 200, None, NOW).await.is_err());
        for number in 0..99 {
            assert_eq!(attempt(&sign_ins, &format!("{number}@x"), 1, None, NOW).await, Ok(()));
        }
        assert!(attempt(&sign_ins, "another@x", 1, None, NOW).await.is_err());
        for _ in 0..10 {
            assert_eq!(attempt(&sign_ins, "a@x", 1, Some(browser(1)), NOW).await, Ok(()));
        }
        // Its own failures are its own limit, wherever it is, and no other's.
        assert_eq!(attempt(&sign_ins, "a@x", 77, Some(browser(1)), NOW).await, Err(900));
        assert_eq!(attempt(&sign_ins, "a@x", 1, Some(browser(2)), NOW).await, Ok(()));
        assert_eq!(attempt(&sign_ins, "b@x", 1, Some(browser(1)), NOW).await, Ok(()));
        assert_eq!(attempt(&sign_ins, "c@x", 77, None, NOW).await, Ok(()));
    }

    #[tokio::test]
    async fn an_invitation_is_tried_ten_times_whoever_it_is_tried_with() {
        let sign_ins = SignIns::default();
        for number in 0..11 {
            let (who, from) = (email(&format!("{number}@x")), address(number));
            let tried = sign_ins.attempt_with_invitation(&who, from, None, browser(9), NOW).await;
            assert_eq!(tried.is_ok(), number < 10, "{number}");
        }
        assert!(sign_ins.attempt_with_invitation(&email("11@x"), address(11), None, browser(8), NOW).await.is_ok());
    }
}
