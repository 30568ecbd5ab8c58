//! Which tickets a seeded database has: each one follows from its place in time alone, so that both databases can be filled in the order that
//! suits them and two databases of one size hold the same texts. How the rows are written is in `sqlite` and `postgres`.

use bugtome::model::id::Id;
use bugtome::model::organizations::Organization;
use bugtome::model::projects::Project;
use bugtome::model::tickets::{Priority, Status};
use bugtome::model::time::Time;
use bugtome::model::users::User;
use bugtome::store::search::{TicketDocument, ticket_words};
use bugtome::store::tickets::{Texts, key};
use uuid::Uuid;

/// Tickets that the measured project has at the least, so that its first page is full with a thousand tickets too.
const MEASURED: usize = 100;
/// When the first ticket was filed, in µs since 1970, and how long it took until the last: just under three years.
const START: i64 = 1_700_000_000_000_000;
const LASTING: i64 = 90_000_000_000_000;
/// So many tickets hold a word that no other has, all of them in the first organization.
pub const RARE: usize = 20;
pub const RARE_WORD: &str = "ornithopter";

/// A small generator with a fixed seed.
pub struct Dice(u64);

impl Dice {
    /// The generator of one ticket; neighbours are mixed apart (SplitMix64).
    fn of(index: usize) -> Self {
        let mut seed = (index as u64).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        seed = (seed ^ (seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        seed = (seed ^ (seed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Self(seed ^ (seed >> 31))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 32
    }

    fn roll(&mut self, below: usize) -> usize {
        usize::try_from(self.next() % below as u64).unwrap_or(0)
    }

    fn bytes(&mut self) -> [u8; 8] {
        (self.next() << 32 | self.next()).to_be_bytes()
    }
}

const WORDS: &[&str] = &[
    "checkout", "basket", "coupon", "invoice", "login", "session", "button", "page", "mail", "server", "cluster", "node", "timeout",
    "cache", "index", "search", "filter", "report", "export", "import", "upload", "photo", "price", "phone", "browser", "proxy", "token",
    "project", "ticket", "comment", "user", "admin", "role", "build", "test", "branch", "release", "memory", "thread", "lock", "queue",
    "driver", "network", "socket", "header", "cookie", "redirect", "payment", "currency", "timezone", "calendar", "font", "margin",
];

/// How many words the title and the three clauses have.
#[derive(Debug, Clone, Copy)]
pub struct Length(pub [usize; 4]);

/// A project in which tickets lie.
#[derive(Debug, Clone)]
pub struct Place {
    pub id: Id<Project>,
    pub organization: Id<Organization>,
    pub code: String,
    pub serial: i64,
}

/// All tickets of a database.
pub struct Plan {
    pub total: usize,
    pub length: Length,
    pub projects: Vec<Place>,
    pub users: Vec<Id<User>>,
}

/// One ticket, with the event of its making.
pub struct Ticket<'a> {
    pub project: &'a Place,
    pub key: i64,
    pub id: Uuid,
    pub event: Uuid,
    pub number: i64,
    pub status: Status,
    pub priority: Priority,
    pub reporter: Uuid,
    pub assignee: Option<Uuid>,
    pub at: i64,
    pub texts: [String; 4],
    pub words: String,
}

impl Plan {
    /// In which project each ticket lies: the measured one has at least [`MEASURED`], the rest is even; in time they are mixed.
    fn project_of(&self, index: usize) -> usize {
        let extra = MEASURED.saturating_sub(self.total / self.projects.len());
        if extra > 0 && index.is_multiple_of(self.total / extra.max(1)) { 0 } else { index % self.projects.len() }
    }

    /// For each project, which tickets lie in it, the oldest first: a ticket's number is its place here, from 1.
    pub fn by_project(&self) -> Vec<Vec<u32>> {
        let mut lists = vec![Vec::new(); self.projects.len()];
        for index in 0..self.total {
            lists[self.project_of(index)].push(u32::try_from(index).expect("fewer than four thousand million tickets"));
        }
        lists
    }

    /// How many tickets of each status lie in each project.
    pub fn counts(&self) -> Vec<[i64; 4]> {
        let mut counts = vec![[0; 4]; self.projects.len()];
        for index in 0..self.total {
            counts[self.project_of(index)][Dice::of(index).roll(4)] += 1;
        }
        counts
    }

    /// All tickets, the oldest first.
    pub fn in_time(&self) -> impl Iterator<Item = Ticket<'_>> {
        let mut last = vec![0; self.projects.len()];
        (0..self.total).map(move |index| {
            let project = self.project_of(index);
            last[project] += 1;
            self.ticket(index, project, last[project])
        })
    }

    /// The ticket with this place in time.
    pub fn ticket(&self, index: usize, project: usize, number: i64) -> Ticket<'_> {
        let place = &self.projects[project];
        let mut dice = Dice::of(index);
        let status = Status::ALL[dice.roll(4)];
        let priority = Priority::ALL[dice.roll(4)];
        let mut texts = self.length.0.map(|words| sentence(&mut dice, words));
        if self.is_rare(index) {
            texts[0] = format!("{} {RARE_WORD}", texts[0]);
        }
        let reporter = self.users[dice.roll(self.users.len())].uuid();
        let assignee = (dice.roll(2) == 0).then(|| self.users[dice.roll(self.users.len())].uuid());
        let at = START + i64::try_from(index).unwrap_or(0) * (LASTING / i64::try_from(self.total.max(1)).unwrap_or(1));
        let [title, given, when, then] = &texts;
        let words = ticket_words(&TicketDocument {
            organization: place.organization,
            serial: place.serial,
            code: &place.code,
            number,
            external_key: None,
            texts: Texts { title, given, when, then, notes: None },
        });
        let id = Id::<bugtome::model::tickets::Ticket>::new(Time::from_micros(at), 1, dice.bytes()).uuid();
        let event = Id::<bugtome::model::events::Event>::new(Time::from_micros(at), 2, dice.bytes()).uuid();
        Ticket { project: place, key: key(place.serial, number), id, event, number, status, priority, reporter, assignee, at, words, texts }
    }

    /// [`RARE`] tickets of the first project, spread over the time.
    fn is_rare(&self, index: usize) -> bool {
        let step = self.total / RARE / self.projects.len() * self.projects.len();
        step > 0 && index.is_multiple_of(step) && index / step < RARE
    }
}

/// So many words, and more where they are too short for a clause.
fn sentence(dice: &mut Dice, words: usize) -> String {
    let mut text = String::new();
    let mut count = 0;
    while count < words || text.len() < 10 {
        if count > 0 {
            text.push(' ');
        }
        text.push_str(WORDS[dice.roll(WORDS.len())]);
        count += 1;
    }
    text
}

/// Says how far it has come, and how long that took.
pub struct Progress {
    what: &'static str,
    total: usize,
    began: std::time::Instant,
}

impl Progress {
    pub fn new(what: &'static str, total: usize) -> Self {
        Self { what, total, began: std::time::Instant::now() }
    }

    /// Ten lines for the whole.
    pub fn at(&self, done: usize) {
        if self.total >= 100_000 && done.is_multiple_of(self.total / 10) {
            eprintln!("  {}: {done} after {:.0} s", self.what, self.began.elapsed().as_secs_f64());
        }
    }
}

/// Says how long a step took.
pub fn timed<T>(what: &str, step: impl FnOnce() -> T) -> T {
    let began = std::time::Instant::now();
    let outcome = step();
    let seconds = began.elapsed().as_secs_f64();
    if seconds >= 1.0 {
        eprintln!("  {what}: {seconds:.0} s");
    }
    outcome
}
