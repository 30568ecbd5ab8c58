//! The form that makes a token: what it offers, what was typed in it, and the draft that this becomes.
//! Whether a draft is right is the domain's affair.

use crate::domain::token_settings::{Place, Policy, kept_out};
use crate::domain::tokens::{Draft, USUAL_LIFE};
use crate::http::forms::Form;
use crate::model::draft::{Field, Text};
use crate::model::problems::{Problem, Problems};
use crate::model::scopes::{Scope, Scopes};
use crate::model::time::Span;
use crate::web::frame::Frame;

/// What the form offers as a length of life, in days.
const LIVES: &[(&str, &str, i64)] = &[("7", "in 7 days", 7), ("30", "in 30 days", 30), ("90", "in 90 days", 90), ("365", "in 1 year", 365)];
const NEVER: &str = "never";
const ON_A_DAY: &str = "day";
const CHOOSE: &str = "choose";

/// What was typed.
#[derive(Debug, Clone)]
pub(super) struct Typed {
    pub(super) name: String,
    pub(super) named: Field<Text>,
    pub(super) expires: String,
    pub(super) day: String,
    pub(super) access: String,
    pub(super) scopes: Vec<String>,
    /// What tells this form from any other, so that it makes one token however often it is sent.
    pub(super) once: String,
}

/// An empty form.
pub(super) fn empty(place: Place, once: String) -> Typed {
    Typed {
        name: String::new(),
        named: Field::Absent,
        expires: LIVES.iter().find(|(_, _, days)| Span::days(*days) == USUAL_LIFE).map_or(NEVER, |(value, ..)| value).to_owned(),
        day: String::new(),
        access: presets(place).first().map_or(CHOOSE, |preset| preset.value).to_owned(),
        scopes: Vec::new(),
        once,
    }
}

impl Typed {
    pub(super) fn of(form: &Form) -> Self {
        let text = |name| form.text(name).trim().to_owned();
        Self {
            name: form.text("name").to_owned(),
            named: form.field("name"),
            expires: text("expires"),
            day: text("day"),
            access: text("access"),
            scopes: form.all("scope").into_iter().map(ToOwned::to_owned).collect(),
            once: text("once"),
        }
    }

    /// The draft, or all that is wrong.
    pub(super) fn draft(&self, place: Place, frame: &Frame) -> Result<Draft, Problems> {
        let mut problems = Problems::new();
        let life = match self.life(frame) {
            Ok(life) => life,
            Err((field, problem)) => {
                problems.add(field, problem);
                Some(USUAL_LIFE)
            }
        };
        let draft = Draft { name: self.named.clone(), scopes: self.chosen(place, &mut problems), life };
        if let Err(others) = draft.check() {
            for (field, found) in others.iter() {
                for problem in found {
                    problems.add(field, *problem);
                }
            }
        }
        if problems.is_empty() { Ok(draft) } else { Err(problems) }
    }

    fn life(&self, frame: &Frame) -> Result<Option<Span>, (&'static str, Problem)> {
        match self.expires.as_str() {
            NEVER => Ok(None),
            ON_A_DAY if self.day.is_empty() => Err(("day", Problem::Blank)),
            ON_A_DAY => {
                let end = frame.zone.end_of_day(&self.day).filter(|end| *end > frame.now);
                end.map(|end| Some(end.since(frame.now))).ok_or(("day", Problem::Invalid))
            }
            chosen => {
                let known = LIVES.iter().find(|(value, ..)| *value == chosen);
                known.map(|(_, _, days)| Some(Span::days(*days))).ok_or(("expires", Problem::NotIncluded))
            }
        }
    }

    fn chosen(&self, place: Place, problems: &mut Problems) -> Scopes {
        if self.access == CHOOSE {
            let scopes: Vec<Scope> = self.scopes.iter().filter_map(|word| Scope::from_word(word)).collect();
            return Scopes::of(&scopes);
        }
        let preset = presets(place).iter().find(|preset| preset.value == self.access);
        preset.map_or_else(
            || {
                problems.add("access", Problem::NotIncluded);
                Scopes::FULL
            },
            |preset| preset.scopes,
        )
    }

    /// All of it as hidden fields, for a page that asks for something else in between.
    pub(super) fn hidden(&self) -> Vec<(&'static str, String)> {
        let texts = [("name", &self.name), ("expires", &self.expires), ("day", &self.day), ("access", &self.access), ("once", &self.once)];
        let texts = texts.into_iter().map(|(name, value)| (name, value.clone()));
        texts.chain(self.scopes.iter().map(|scope| ("scope", scope.clone()))).collect()
    }
}

/// A usual set of scopes.
struct Preset {
    value: &'static str,
    label: &'static str,
    hint: &'static str,
    scopes: Scopes,
}

const FULL: Preset = Preset { value: "full", label: "Full access", hint: "all that you may do", scopes: Scopes::FULL };
const READ: Preset = Preset { value: "read", label: "Read only", hint: "see everything, change nothing", scopes: Scopes::READ_ONLY };
const REPORT: Preset = Preset { value: "report", label: "Report only", hint: "create tickets, read nothing", scopes: Scopes::REPORT_ONLY };
const FULL_IN_PROJECT: Preset = Preset { hint: "all that an admin may do in this project", ..FULL };

/// The sets on offer; the first one is the usual one.
const fn presets(place: Place) -> &'static [Preset] {
    match place {
        Place::Account => &[FULL, READ],
        Place::Project(_) => &[REPORT, READ, FULL_IN_PROJECT],
    }
}

const fn hint(scope: Scope) -> &'static str {
    match scope {
        Scope::TicketsRead => "see tickets and comments",
        Scope::TicketsCreate => "file new tickets",
        Scope::TicketsWrite => "change tickets",
        Scope::CommentsWrite => "comment",
        Scope::ProjectsRead => "see projects",
        Scope::ProjectsWrite => "change projects",
        Scope::MembersRead => "see members",
        Scope::WebhooksManage => "manage webhooks",
    }
}

/// The form as it is shown.
pub(super) struct FormView {
    pub(super) name: String,
    pub(super) day: String,
    pub(super) once: String,
    pub(super) lives: Vec<Choice>,
    pub(super) access: Vec<Choice>,
    pub(super) scopes: Vec<Choice>,
    /// The first day on which a token may end.
    pub(super) today: String,
    /// The day on which one ends that is made for the usual time.
    pub(super) usual_end: String,
    /// What organizations' policies let in.
    pub(super) policies: Vec<String>,
    pub(super) wrong: Wrong,
}

/// One of several that can be chosen.
pub(super) struct Choice {
    pub(super) value: &'static str,
    pub(super) label: &'static str,
    pub(super) hint: String,
    pub(super) chosen: bool,
}

/// What is wrong with each field.
#[derive(Default)]
pub(super) struct Wrong {
    pub(super) any: bool,
    pub(super) name: Vec<String>,
    pub(super) expires: Vec<String>,
    pub(super) day: Vec<String>,
    pub(super) access: Vec<String>,
    pub(super) scopes: Vec<String>,
}

impl Wrong {
    fn of(problems: &Problems) -> Self {
        let of = |field| problems.of(field);
        Self {
            any: !problems.is_empty(),
            name: of("name"),
            expires: of("expires"),
            day: of("day"),
            access: of("access"),
            scopes: of("scopes"),
        }
    }
}

impl FormView {
    pub(super) fn of(typed: Typed, problems: &Problems, place: Place, policies: &[Policy], frame: &Frame) -> Self {
        let life = |value: &'static str, label: &'static str, span: Option<Span>| {
            let out = kept_out(span, policies);
            let hint = if out.is_empty() { String::new() } else { format!("too long for {}", out.join(", ")) };
            Choice { value, label, hint, chosen: typed.expires == value }
        };
        let mut lives: Vec<Choice> = LIVES.iter().map(|&(value, label, days)| life(value, label, Some(Span::days(days)))).collect();
        lives.push(life(NEVER, "never", None));
        lives.push(Choice { value: ON_A_DAY, label: "on a day…", hint: String::new(), chosen: typed.expires == ON_A_DAY });
        let choice = |value: &'static str, label: &'static str, hint: &str| Choice {
            value,
            label,
            hint: hint.to_owned(),
            chosen: typed.access == value,
        };
        let mut access: Vec<Choice> = presets(place).iter().map(|preset| choice(preset.value, preset.label, preset.hint)).collect();
        access.push(choice(CHOOSE, "Choose…", ""));
        let scope = |scope: &Scope| {
            let word = scope.word();
            Choice { value: word, label: word, hint: hint(*scope).to_owned(), chosen: typed.scopes.iter().any(|chosen| chosen == word) }
        };
        let allowed = |policy: &Policy| {
            format!("{} lets in tokens that were made for {} at most.", policy.organization, super::view::length(policy.longest))
        };
        Self {
            lives,
            access,
            scopes: Scope::ALL.iter().map(scope).collect(),
            today: frame.zone.date(frame.now),
            usual_end: frame.stamp(frame.now.plus(USUAL_LIFE)).day,
            policies: policies.iter().map(allowed).collect(),
            wrong: Wrong::of(problems),
            name: typed.name,
            day: typed.day,
            once: typed.once,
        }
    }
}
