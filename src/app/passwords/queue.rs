//! Two threads that hash and compare passwords, and the bounded queue before them, in which those who are known overtake strangers.
//! What a hash is stands in the file above; how often somebody may be wrong is `http::sign_ins`' affair.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;
use uuid::Uuid;

use super::{Memory, NotHashed};
use crate::app::random::Random;
use crate::model::users::Password;

/// How many are hashed at once: each takes a core and 19 MiB, which its thread keeps. A third would make the first two slower on small machines.
pub const THREADS: usize = 2;

/// How many strangers may wait: at some 20 ms each on two threads the last one waits a third of a second, and what is beyond it is told so at once.
pub const WAITING: usize = 32;

/// How many places there are besides for those who are known.
pub const WAITING_KNOWN: usize = 16;

/// How many of these places one of them may have; what they want beyond it waits among the strangers, so that nobody takes them all.
const WAITING_EACH: usize = 4;

/// After so many who are known one stranger has a turn, so that these go on as well.
const IN_A_ROW: u32 = 4;

/// Whose password it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// Anybody's.
    Stranger,
    /// That of a user in a session or a browser of theirs, or of whoever holds a link: the user's id, or the link's.
    Known(Uuid),
}

/// Why nothing was hashed.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Too many wait. It was not looked at, and may be tried again in a moment.
    #[error("too many passwords wait")]
    Busy,
    /// A defect.
    #[error(transparent)]
    Failed(#[from] NotHashed),
}

impl Refused {
    /// Seconds after which it may be tried again: the whole queue is gone by then.
    pub const RETRY: i64 = 2;
}

enum Work {
    Hash(Password, [u8; 16], oneshot::Sender<Result<String, NotHashed>>),
    Compare(Password, Option<String>, oneshot::Sender<bool>),
}

impl Work {
    /// Whether nobody waits for the answer any more.
    fn is_forsaken(&self) -> bool {
        match self {
            Self::Hash(.., answer) => answer.is_closed(),
            Self::Compare(.., answer) => answer.is_closed(),
        }
    }

    fn run(self, memory: &mut Memory) {
        // Whoever has gone meanwhile misses nothing.
        match self {
            Self::Hash(password, salt, answer) => {
                let _ = answer.send(memory.hash(&password, &salt));
            }
            Self::Compare(password, hash, answer) => {
                let _ = answer.send(memory.fits(&password, hash.as_deref()));
            }
        }
    }
}

#[derive(Default)]
struct Queue {
    known: VecDeque<(Uuid, Work)>,
    strangers: VecDeque<Work>,
    /// How many who are known came in a row while strangers waited.
    in_a_row: u32,
    started: bool,
    closed: bool,
    refused: u64,
}

impl Queue {
    /// Takes a place, if there is one.
    fn add(&mut self, whose: Whose, work: Work) -> Result<(), Refused> {
        self.known.retain(|(_, work)| !work.is_forsaken());
        self.strangers.retain(|work| !work.is_forsaken());
        if let Whose::Known(who) = whose
            && self.known.len() < WAITING_KNOWN
            && self.known.iter().filter(|(other, _)| *other == who).count() < WAITING_EACH
        {
            self.known.push_back((who, work));
            return Ok(());
        }
        if self.strangers.len() >= WAITING {
            self.refused += 1;
            return Err(Refused::Busy);
        }
        self.strangers.push_back(work);
        Ok(())
    }

    fn next(&mut self) -> Option<Work> {
        let strangers_turn = self.known.is_empty() || (self.in_a_row >= IN_A_ROW && !self.strangers.is_empty());
        if strangers_turn {
            self.in_a_row = 0;
            return self.strangers.pop_front();
        }
        self.in_a_row = if self.strangers.is_empty() { 0 } else { self.in_a_row + 1 };
        self.known.pop_front().map(|(_, work)| work)
    }
}

#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        // It is whole after each statement, so that a panic elsewhere leaves nothing broken behind.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self) {
        let mut memory = Memory::new();
        loop {
            let mut queue = self.queue();
            let work = loop {
                match queue.next() {
                    Some(work) => break work,
                    None if queue.closed => return,
                    None => queue = self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner),
                }
            };
            drop(queue);
            if !work.is_forsaken() {
                // A defect in one of them shall not leave all others without a thread.
                let run = std::panic::AssertUnwindSafe(|| work.run(&mut memory));
                drop(std::panic::catch_unwind(run));
                memory.wipe();
            }
        }
    }
}

/// The two threads, which start with the first password, and who waits for them; cheap to clone. They end with the last clone.
#[derive(Clone)]
pub struct Passwords(Arc<Owner>);

struct Owner(Arc<Shared>);

impl Drop for Owner {
    fn drop(&mut self) {
        self.0.queue().closed = true;
        self.0.changed.notify_all();
    }
}

impl Default for Passwords {
    fn default() -> Self {
        Self(Arc::new(Owner(Arc::default())))
    }
}

impl Passwords {
    /// The hash as it is stored (PHC string format), with a salt of 16 random bytes.
    ///
    /// # Errors
    /// [`Refused::Busy`] at once where too many wait.
    pub async fn hash(&self, whose: Whose, password: Password, random: Random) -> Result<String, Refused> {
        let (answer, answered) = oneshot::channel();
        self.add(whose, Work::Hash(password, random.bytes::<16>(), answer))?;
        Ok(answered.await.map_err(NotHashed::because)??)
    }

    /// Whether the password is the one that was hashed. Without a hash the same time is spent and the answer is no.
    ///
    /// # Errors
    /// [`Refused::Busy`] at once where too many wait.
    pub async fn fits(&self, whose: Whose, password: Password, hash: Option<String>) -> Result<bool, Refused> {
        let (answer, answered) = oneshot::channel();
        self.add(whose, Work::Compare(password, hash, answer))?;
        Ok(answered.await.map_err(NotHashed::because)?)
    }

    /// How many wait.
    pub fn waiting(&self) -> usize {
        let queue = self.0.0.queue();
        queue.known.len() + queue.strangers.len()
    }

    /// How many have been refused since the program started, because too many waited.
    pub fn refused(&self) -> u64 {
        self.0.0.queue().refused
    }

    fn add(&self, whose: Whose, work: Work) -> Result<(), Refused> {
        let shared = &self.0.0;
        let mut queue = shared.queue();
        if !queue.started {
            for number in 1..=THREADS {
                let shared = Arc::clone(shared);
                let thread = std::thread::Builder::new().name(format!("passwords-{number}"));
                thread.spawn(move || shared.work()).map_err(NotHashed::because)?;
                queue.started = true;
            }
        }
        queue.add(whose, work)?;
        drop(queue);
        shared.changed.notify_one();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn work() -> (Work, oneshot::Receiver<bool>) {
        let (answer, answered) = oneshot::channel();
        (Work::Compare(Password::typed("pass phrase".to_owned()).unwrap(), None, answer), answered)
    }

    /// Finding 13: strangers cannot fill the places of those who are known, and these overtake them.
    #[test]
    fn who_is_known_overtakes_strangers_and_is_not_refused_for_them() {
        let mut queue = Queue::default();
        let mut waiting = Vec::new();
        let mut add = |queue: &mut Queue, whose| {
            let (work, answered) = work();
            waiting.push(answered);
            queue.add(whose, work)
        };
        for _ in 0..WAITING {
            add(&mut queue, Whose::Stranger).unwrap();
        }
        assert!(matches!(add(&mut queue, Whose::Stranger), Err(Refused::Busy)));
        let user = Whose::Known(Uuid::from_u128(1));
        add(&mut queue, user).unwrap();
        queue.next().unwrap();
        assert_eq!((queue.known.len(), queue.strangers.len(), queue.refused), (0, WAITING, 1), "the one that came last went first");
        // One user fills neither the places of the others, nor those of strangers where none is free.
        for _ in 0..WAITING_EACH {
            add(&mut queue, user).unwrap();
        }
        assert!(matches!(add(&mut queue, user), Err(Refused::Busy)));
        add(&mut queue, Whose::Known(Uuid::from_u128(2))).unwrap();
        // Strangers go on meanwhile.
        for _ in 0..=IN_A_ROW {
            queue.next().unwrap();
        }
        assert_eq!(queue.strangers.len(), WAITING - 1);
    }

    #[test]
    fn who_has_gone_takes_no_place() {
        let mut queue = Queue::default();
        for _ in 0..10 * WAITING {
            queue.add(Whose::Stranger, work().0).unwrap();
        }
        assert_eq!(queue.strangers.len(), 1);
    }
}
