//! Which tickets of a project a title is perhaps a duplicate of: those that share its rarer words.
//! Where words lead is `store::likeness`' affair; a search that must find every word is in `ticket_lists`.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};

use super::permissions::Capability;
use super::{Ctx, Result};
use crate::model::id::Id;
use crate::model::projects::Project;
use crate::store::likeness::{self as store, LikeRow};
use crate::store::search;

/// How many are named at the most.
pub const MOST: usize = 5;

/// How many words are asked for; of a long title the longest, since they are the rarest.
const WORDS: usize = 16;

/// Of a word that stands everywhere so many tickets are looked at.
const HITS: i64 = 200;

/// How many tickets are read to be compared.
const CANDIDATES: usize = 32;

/// The least share of the title's weight that a likely duplicate has.
const LEAST: f64 = 0.35;

/// Likely duplicates of the title in the project, the likeliest first. A title of one word says too little.
pub fn likely(ctx: &mut Ctx<'_>, project: Id<Project>, title: &str) -> Result<Vec<LikeRow>> {
    let project = ctx.project(Capability::ReadTickets, project)?;
    let asked = Asked::new(title);
    if asked.words.len() < 2 {
        return Ok(Vec::new());
    }
    let hits = store::hits(ctx.db, project.organization, project.serial, &asked.words, HITS)?;
    let weighed = asked.weigh(&hits);
    let rows = store::by_keys(ctx.db, project.organization, project.id, &weighed.candidates())?;
    Ok(weighed.likeliest(rows))
}

/// The words of a title.
struct Asked {
    words: Vec<String>,
}

/// The words of a title, each with its weight, and the tickets to which they led.
struct Weighed {
    weights: Vec<(String, f64)>,
    led_to: HashMap<i64, f64>,
}

impl Asked {
    fn new(title: &str) -> Self {
        let mut words: Vec<String> = search::words_of(title).into_iter().collect();
        words.sort_by_key(|word| Reverse(word.chars().count()));
        words.truncate(WORDS);
        Self { words }
    }

    /// The rarer a word in the project, the more it weighs. One that stands nowhere weighs little: it may be one that is being typed.
    fn weigh(self, hits: &[(i64, i64)]) -> Weighed {
        let mut counts = vec![0_u32; self.words.len()];
        let place = |word: i64| usize::try_from(word).unwrap_or(usize::MAX);
        for (word, _) in hits {
            if let Some(count) = counts.get_mut(place(*word)) {
                *count += 1;
            }
        }
        let weight = |count: u32| if count == 0 { 0.3 } else { 1.0 / (1.0 + f64::from(count).ln()) };
        let weights: Vec<(String, f64)> = self.words.into_iter().zip(counts.into_iter().map(weight)).collect();
        let mut led_to = HashMap::new();
        for (word, key) in hits {
            *led_to.entry(*key).or_insert(0.0) += weights.get(place(*word)).map_or(0.0, |(_, weight)| *weight);
        }
        Weighed { weights, led_to }
    }
}

impl Weighed {
    /// The keys to which the weightiest words led; among equals the newest.
    fn candidates(&self) -> Vec<i64> {
        let mut keys: Vec<(i64, f64)> = self.led_to.iter().map(|(key, weight)| (*key, *weight)).collect();
        keys.sort_by(|(one, light), (other, heavy)| heavy.total_cmp(light).then(other.cmp(one)));
        keys.truncate(CANDIDATES);
        keys.into_iter().map(|(key, _)| key).collect()
    }

    /// A word in the other's title counts in full, one in its other texts by half. At least two must stand in the title.
    fn likeness(&self, row: &LikeRow) -> Option<f64> {
        let theirs: BTreeSet<String> = search::words_of(&row.title);
        let shared = || self.weights.iter().filter(|(word, _)| theirs.contains(word));
        let all: f64 = self.weights.iter().map(|(_, weight)| weight).sum();
        let in_title: f64 = shared().map(|(_, weight)| weight).sum();
        let anywhere = self.led_to.get(&row.key).copied().unwrap_or_default().max(in_title);
        let share = f64::midpoint(in_title, anywhere) / all;
        (shared().count() >= 2 && share >= LEAST).then_some(share)
    }

    fn likeliest(&self, rows: Vec<LikeRow>) -> Vec<LikeRow> {
        let mut likely: Vec<(f64, LikeRow)> = rows.into_iter().filter_map(|row| Some((self.likeness(&row)?, row))).collect();
        likely.sort_by(|(less, one), (more, other)| more.total_cmp(less).then(other.key.cmp(&one.key)));
        likely.truncate(MOST);
        likely.into_iter().map(|(_, row)| row).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::tickets::Status;

    fn row(key: i64, title: &str) -> LikeRow {
        LikeRow {
            key,
            id: Id::from_uuid(uuid::Uuid::nil()),
            project_code: "WEB".into(),
            number: key,
            status: Status::Open,
            title: title.to_owned(),
        }
    }

    /// As the index would answer it.
    fn likely(asked: &str, titles: &[&str]) -> Vec<i64> {
        let asked = Asked::new(asked);
        let rows: Vec<LikeRow> = (1..).zip(titles).map(|(key, title)| row(key, title)).collect();
        let mut hits = Vec::new();
        for row in &rows {
            let theirs = search::words_of(&row.title);
            hits.extend((0..).zip(&asked.words).filter(|(_, word)| theirs.contains(*word)).map(|(at, _)| (at, row.key)));
        }
        asked.weigh(&hits).likeliest(rows).into_iter().map(|row| row.key).collect()
    }

    #[test]
    fn the_rarer_words_decide() {
        let titles = [
            "The page is white after the login",
            "Crossing can be booked for a vehicle higher than the car deck",
            "The page of the voucher is slow",
            "The page cannot be printed",
        ];
        assert_eq!(likely("Crossing can be booked for a camper that is too high", &titles), [2]);
        assert_eq!(likely("Voucher: the page is very slow", &titles)[0], 3);
        assert_eq!(likely("Nothing of this kind was ever reported", &titles), [0; 0]);
    }

    #[test]
    fn no_more_are_named_than_can_be_read() {
        assert_eq!(likely("Cart forgets items", &["The cart forgets its items"; 9]).len(), MOST);
    }
}
