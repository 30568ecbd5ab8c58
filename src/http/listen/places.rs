//! Who has a place among the connections: how many an address holds, which of them rest, and who gives way to whom.
//! What a connection does with its place is the listener's affair.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use super::Limits;
use super::activity::Activity;

/// All places.
#[derive(Debug)]
pub(super) struct Places {
    most: usize,
    of_address: usize,
    leaving: usize,
    taken: Mutex<Taken>,
    full: AtomicBool,
    freed: Notify,
}

/// Who has one. Asked only when a connection comes or goes.
#[derive(Debug, Default)]
struct Taken {
    by_network: HashMap<IpAddr, Vec<Arc<Activity>>>,
    count: usize,
    /// Those that were asked to give way: they have no place any more, and are not gone.
    leaving: usize,
}

/// What becomes of a connection that comes.
pub(super) enum Entry {
    /// It has a place until what is given is dropped.
    Let(Place),
    /// Its address has as many as it may, all of them at work.
    Refused,
    /// All places are taken, by connections at work.
    Full,
}

impl Places {
    pub(super) fn new(limits: &Limits) -> Arc<Self> {
        Arc::new(Self {
            most: limits.max_connections,
            // Where one address may have all there are, those that come wait for a place as everybody does.
            of_address: if limits.connections_of_address < limits.max_connections { limits.connections_of_address } else { usize::MAX },
            leaving: limits.leaving,
            taken: Mutex::default(),
            full: AtomicBool::new(false),
            freed: Notify::new(),
        })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether all places are taken.
    pub(super) fn are_full(&self) -> bool {
        self.full.load(Ordering::Acquire)
    }

    /// Whether nobody is there any more.
    pub(super) fn are_empty(&self) -> bool {
        let taken = self.taken();
        taken.count == 0 && taken.leaving == 0
    }

    /// Waits until a place may have become free.
    pub(super) async fn freed(&self) {
        self.freed.notified().await;
    }

    /// Asks for a place for a connection from this network, which may be as many as there are where it is `trusted`.
    pub(super) fn enter(self: &Arc<Self>, network: IpAddr, trusted: bool, activity: &Arc<Activity>) -> Entry {
        let mut taken = self.taken();
        let own = taken.by_network.get(&network).map_or(0, Vec::len);
        let has_all = !trusted && own >= self.of_address;
        if has_all && !(taken.leaving < self.leaving && taken.give_way(network)) {
            return Entry::Refused;
        }
        if taken.count >= self.most && !(taken.leaving < self.leaving && taken.anybody_gives_way()) {
            return Entry::Full;
        }
        taken.by_network.entry(network).or_default().push(Arc::clone(activity));
        taken.count += 1;
        self.full.store(taken.count >= self.most, Ordering::Release);
        Entry::Let(Place { places: Arc::clone(self), network, activity: Arc::clone(activity) })
    }
}

impl Taken {
    /// Has the connection of this network that has rested longest give way; false where none rests.
    fn give_way(&mut self, network: IpAddr) -> bool {
        let Some(own) = self.by_network.get(&network) else { return false };
        let resting = own.iter().enumerate().filter_map(|(at, activity)| Some((activity.rests_for()?, at)));
        let Some((_, at)) = resting.max() else { return false };
        let activity = self.remove(network, at);
        activity.give_way();
        self.leaving += 1;
        true
    }

    /// Likewise of the network that holds the most, and of those where one rests at all.
    fn anybody_gives_way(&mut self) -> bool {
        let mut networks: Vec<_> = self.by_network.iter().map(|(network, all)| (all.len(), *network)).collect();
        networks.sort_unstable_by(|one, other| other.cmp(one));
        networks.into_iter().any(|(_, network)| self.give_way(network))
    }

    fn remove(&mut self, network: IpAddr, at: usize) -> Arc<Activity> {
        let own = self.by_network.entry(network).or_default();
        let activity = own.swap_remove(at);
        if own.is_empty() {
            self.by_network.remove(&network);
        }
        self.count -= 1;
        activity
    }
}

/// A connection's place.
#[derive(Debug)]
pub(super) struct Place {
    places: Arc<Places>,
    network: IpAddr,
    activity: Arc<Activity>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        let at = taken.by_network.get(&self.network).and_then(|own| own.iter().position(|one| Arc::ptr_eq(one, &self.activity)));
        match at {
            Some(at) => drop(taken.remove(self.network, at)),
            // It has given way, and is gone now.
            None => taken.leaving -= 1,
        }
        self.places.full.store(taken.count >= self.places.most, Ordering::Release);
        drop(taken);
        self.places.freed.notify_one();
    }
}

/// How often it is looked again whether somebody rests who could give way: nobody says so.
pub(super) const LOOK_AGAIN: Duration = Duration::from_millis(25);

#[cfg(test)]
mod tests {
    use axum::http::Version;

    use super::*;

    fn places(most: usize, of_address: usize) -> Arc<Places> {
        Places::new(&Limits { max_connections: most, connections_of_address: of_address, ..Limits::default() })
    }

    fn enter(places: &Arc<Places>, last: u8) -> Result<(Place, Arc<Activity>), &'static str> {
        let activity = Activity::new();
        // A request that is over, so that it rests.
        drop(activity.begin(Version::HTTP_11));
        match places.enter([192, 0, 2, last].into(), last == 99, &activity) {
            Entry::Let(place) => Ok((place, activity)),
            Entry::Refused => Err("refused"),
            Entry::Full => Err("full"),
        }
    }

    // Finding 3.
    #[test]
    fn an_address_takes_its_share_and_its_resting_connections_give_way() {
        let places = places(10, 2);
        let (_one, resting) = enter(&places, 1).unwrap();
        let (two, busy) = enter(&places, 1).unwrap();
        let turn = busy.begin(Version::HTTP_11);
        let (three, third) = enter(&places, 1).unwrap();
        assert!(resting.has_given_way() && !busy.has_given_way(), "the one that rests");
        let _third_turn = third.begin(Version::HTTP_11);
        assert_eq!(enter(&places, 1).err(), Some("refused"));
        assert!(enter(&places, 2).is_ok() && enter(&places, 99).is_ok());
        drop(turn);
        let (_four, _) = enter(&places, 1).unwrap();
        assert!(busy.has_given_way(), "it rests now");
        drop((two, three));
        assert!(!places.are_empty() && !places.are_full());
    }

    #[test]
    fn when_all_places_are_taken_who_holds_the_most_gives_way() {
        let places = places(4, 3);
        let many: Vec<_> = (0..3).map(|_| enter(&places, 1).unwrap()).collect();
        let (_few, few) = enter(&places, 2).unwrap();
        assert!(places.are_full());
        let (_new, new) = enter(&places, 3).unwrap();
        assert!(many.iter().filter(|(_, activity)| activity.has_given_way()).count() == 1 && !few.has_given_way());
        let turns: Vec<_> = many.iter().map(|(_, activity)| activity.begin(Version::HTTP_11)).collect();
        let _others = (few.begin(Version::HTTP_11), new.begin(Version::HTTP_11));
        assert_eq!(enter(&places, 4).err(), Some("full"), "nobody rests");
        drop((turns, many));
        assert!(!places.are_full() && enter(&places, 4).is_ok());
    }

    #[test]
    fn a_connection_has_a_moment_to_say_what_it_wants() {
        let places = places(2, 1);
        let new = Activity::new();
        let Entry::Let(_place) = places.enter([192, 0, 2, 1].into(), false, &new) else { panic!("there is room") };
        assert_eq!(enter(&places, 1).err(), Some("refused"));
        std::thread::sleep(2 * crate::http::bounds::RESTS_AFTER);
        assert!(enter(&places, 1).is_ok() && new.has_given_way());
    }

    #[test]
    fn a_trusted_proxy_has_no_share_of_its_own() {
        let places = places(4, 2);
        let all: Vec<_> = (0..4).map(|_| enter(&places, 99).unwrap()).collect();
        assert!(places.are_full());
        drop(all);
        assert!(places.are_empty());
    }
}
