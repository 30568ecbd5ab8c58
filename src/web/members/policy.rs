//! The token policy of an organization.
//! Members' tokens are listed on the members' page, and shut out in `tokens`.

use askama::Template;

use super::people::Token;
use super::{around, members_of};
use crate::domain::permissions::Capability;
use crate::domain::{Ctx, Error, Result, organizations};
use crate::http::answer::Answer;
use crate::http::pages::Visit;
use crate::model::problems::Problem;
use crate::model::time::Span;
use crate::store::organizations::MembershipRow;
use crate::web::answers::{page, see_with};
use crate::web::frame::Frame;
use crate::web::side::{Place, Side};

/// The lengths of life that are offered.
const OFFERED: [Span; 5] = [Span::days(7), Span::days(30), Span::days(90), Span::days(180), Span::days(365)];

/// The word for a policy that sets no limit, as in commands.
const NONE: &str = "none";

/// The policy as the members' page shows it.
pub(in crate::web) struct Shown {
    /// The longest life in words, if there is a limit.
    pub(in crate::web) longest: Option<String>,
    /// What may be chosen instead: the word, as it is shown, and whether it is set. Nothing for who may not.
    pub(in crate::web) choices: Vec<(String, String, bool)>,
}

impl Shown {
    pub(super) fn of(row: &MembershipRow) -> Self {
        let longest = row.max_token_life;
        let mut spans = OFFERED.to_vec();
        // One that a command has set keeps its place.
        spans.extend(longest.filter(|span| !OFFERED.contains(span)));
        spans.sort();
        let mut choices = Vec::new();
        if Capability::SetTokenPolicy.is_for(row.role) {
            choices.extend(spans.iter().map(|span| (span.to_string(), in_words(*span), longest == Some(*span))));
            choices.push((NONE.to_owned(), "no limit".to_owned(), longest.is_none()));
        }
        Self { longest: longest.map(in_words), choices }
    }
}

/// A length of life in words.
fn in_words(span: Span) -> String {
    let seconds = span.whole_seconds();
    if seconds == Span::days(365).whole_seconds() {
        return "1 year".to_owned();
    }
    for (unit, name) in [(86_400, "day"), (3_600, "hour"), (60, "minute")] {
        if seconds % unit == 0 {
            let count = seconds / unit;
            return format!("{count} {name}{}", if count == 1 { "" } else { "s" });
        }
    }
    format!("{seconds} seconds")
}

#[derive(Template)]
#[template(path = "members/policy.html")]
struct PolicyPage {
    frame: Frame,
    side: Side,
    organization: MembershipRow,
    word: String,
    longest: String,
    tokens: Vec<Token>,
}

/// `POST …/policy`: where tokens would stop reaching the organization, asks once more.
pub(in crate::web) async fn set(visit: Visit) -> Result<Answer> {
    let id = visit.id("organization_id")?;
    let word = visit.form().text("longest").to_owned();
    let longest = if word == NONE { Ok(None) } else { word.parse::<Span>().map(Some) };
    let Ok(longest) = longest else {
        // Whoever has no say hears that first.
        visit.read(move |ctx| organizations::shut_out_by(ctx, id, None)).await?;
        return super::again(&visit, Error::invalid("longest", Problem::NotIncluded)).await;
    };
    if let (Some(span), false) = (longest, visit.form().has("sure")) {
        let seen = visit.clone();
        let asked = visit.read(move |ctx| ask(ctx, &seen, &word, span)).await?;
        if !asked.tokens.is_empty() {
            return page(&asked);
        }
    }
    visit.write(move |ctx| organizations::set_policy(ctx, id, longest)).await?;
    Ok(see_with(&members_of(id), "policy-set"))
}

fn ask(ctx: &mut Ctx<'_>, visit: &Visit, word: &str, longest: Span) -> Result<PolicyPage> {
    let id = visit.id("organization_id")?;
    let shut_out = organizations::shut_out_by(ctx, id, Some(longest))?;
    let organization = organizations::get(ctx, id)?;
    let (frame, side) = around(ctx, visit, &organization, "Token policy", Place::Policy(id))?;
    let tokens = shut_out.iter().map(|token| Token::of_row(token, &frame)).collect();
    Ok(PolicyPage { frame, side, organization, word: word.to_owned(), longest: in_words(longest), tokens })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_of_life_is_told_in_its_largest_unit() {
        for (span, words) in [
            (Span::days(365), "1 year"),
            (Span::days(90), "90 days"),
            (Span::days(1), "1 day"),
            (Span::seconds(7_200), "2 hours"),
            (Span::seconds(90), "90 seconds"),
        ] {
            assert_eq!(in_words(span), words);
        }
    }
}
