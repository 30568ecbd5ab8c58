//! What the answers have told so far, in the names of the SQLite server: what there is to ask about.
//! How it is asked about is in `asks` and `visits`.

use axum::http::Method;
use serde_json::Value;

use super::dice::Dice;
use crate::harness::Answer;
use crate::twins::Ask;

/// The most that is remembered of each kind, so that what is asked about stays near what was done lately.
const MOST: usize = 80;

/// What there is.
#[derive(Default)]
pub struct Known {
    pub organizations: Vec<String>,
    pub projects: Vec<String>,
    /// Projects that may be deleted.
    pub spare_projects: Vec<String>,
    pub people: Vec<String>,
    pub tickets: Vec<String>,
    pub codes: Vec<String>,
    /// Each with its ticket.
    pub comments: Vec<(String, String)>,
    /// Times as they stood in answers.
    pub times: Vec<String>,
    /// Where `rel="next"` leads.
    pub links: Vec<String>,
    /// Tickets with a tag that they had.
    pub tags: Vec<(String, String)>,
    /// Requests that may be repeated, each with the number of its caller.
    pub repeatable: Vec<(usize, Ask)>,
    /// Plain tokens.
    pub tokens: Vec<String>,
    /// How many keys for repeats have been used.
    pub keys: usize,
}

pub fn remember<T>(list: &mut Vec<T>, one: T) {
    if list.len() >= MOST {
        list.remove(0);
    }
    list.push(one);
}

impl Known {
    /// Learns from an answer.
    pub fn learn(&mut self, ask: &Ask, answer: &Answer) {
        if answer.status >= 300 || answer.body.is_empty() {
            return;
        }
        if let Some(next) = answer.next() {
            remember(&mut self.links, next);
        }
        let json = answer.json();
        let text = |value: &Value, name: &str| value[name].as_str().map(ToOwned::to_owned);
        if let (Some(tag), Some(id)) = (answer.header("etag"), text(&json, "id")) {
            remember(&mut self.tags, (id, tag.to_owned()));
        }
        if let Some(token) = text(&json, "token") {
            remember(&mut self.tokens, token);
        }
        if ask.method != Method::POST || answer.status != 201 {
            return;
        }
        let Some(id) = text(&json, "id") else { return };
        if let Some(time) = text(&json, "created_at") {
            remember(&mut self.times, time);
        }
        if json["given"].is_string() {
            remember(&mut self.tickets, id);
            remember(&mut self.codes, text(&json, "code").unwrap());
        } else if json["content"].is_string() {
            let ticket = ask.path.split('/').nth(4).unwrap().to_owned();
            remember(&mut self.comments, (ticket, id));
        } else if json["tickets_count"].is_number() {
            remember(&mut self.spare_projects, id);
        }
    }

    /// The id, or now and then another spelling of it, or one that names nothing here.
    pub fn perhaps(&self, dice: &mut Dice, id: &str) -> String {
        match dice.below(40) {
            0 => dice.strange_id(),
            1 => "not-a-uuid".to_owned(),
            2 => id.to_uppercase(),
            3 => id.replace('-', ""),
            4 => dice.pick(&self.people).clone(),
            _ => id.to_owned(),
        }
    }

    pub fn ticket(&self, dice: &mut Dice) -> String {
        dice.any(&self.tickets).cloned().unwrap_or_else(|| self.projects[0].clone())
    }

    /// A project: mostly one that stays.
    pub fn project(&self, dice: &mut Dice) -> String {
        let spare = if dice.percent(20) { dice.any(&self.spare_projects).cloned() } else { None };
        spare.unwrap_or_else(|| dice.pick(&self.projects).clone())
    }
}
