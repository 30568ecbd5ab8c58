//! Codes of tickets that stand in texts, and where they lead: all of a page's in two reads.
//! What becomes of them on a page is the page's affair.

use std::collections::{BTreeSet, HashMap};

use super::permissions::Capability;
use super::{Ctx, Result};
use crate::model::id::Id;
use crate::model::organizations::Organization;
use crate::model::projects::Project;
use crate::model::tickets::{Ticket, TicketCode};
use crate::store::{projects, tickets};

/// So many codes of a page become links; what comes after them stays text.
const MOST: usize = 64;

/// Where the codes lead that were found.
#[derive(Debug, Default)]
pub struct Mentions(HashMap<String, (Id<Project>, Id<Ticket>)>);

impl Mentions {
    /// The ticket that the code names, if it was among the texts and the reader reaches it.
    pub fn get(&self, code: &str) -> Option<(Id<Project>, Id<Ticket>)> {
        self.0.get(code).copied()
    }
}

/// The tickets of the organization that the texts name.
pub fn find<'a>(ctx: &mut Ctx<'_>, organization: Id<Organization>, texts: impl IntoIterator<Item = &'a str>) -> Result<Mentions> {
    let mut codes = BTreeSet::new();
    for text in texts {
        collect(text, &mut codes);
    }
    if codes.is_empty() {
        return Ok(Mentions::default());
    }
    let reach = ctx.organization(Capability::ReadTickets, organization)?;
    let named: BTreeSet<&str> = codes.iter().map(|(project, _)| project.as_str()).collect();
    let serials = projects::serials_by_codes(ctx.db, reach.id, &named.into_iter().collect::<Vec<_>>())?;
    let serials: HashMap<String, i64> = serials.into_iter().collect();
    let keys: Vec<i64> = codes
        .iter()
        // A number beyond 32 bits would make another ticket's key.
        .filter(|(_, number)| u32::try_from(*number).is_ok())
        .filter_map(|(project, number)| serials.get(project).map(|serial| tickets::key(*serial, *number)))
        .collect();
    let rows = tickets::codes(ctx.db, reach.id, &keys)?;
    Ok(Mentions(rows.into_iter().map(|row| (format!("{}-{}", row.project_code, row.number), (row.project_id, row.id))).collect()))
}

/// What in the text could be a code, in capitals as they are shown.
fn collect(text: &str, codes: &mut BTreeSet<(String, i64)>) {
    for (dash, _) in text.match_indices('-') {
        if codes.len() >= MOST {
            return;
        }
        let bytes = text.as_bytes();
        let before = bytes[..dash].iter().rev().take(10).take_while(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()).count();
        let after = bytes[dash + 1..].iter().take(10).take_while(|byte| byte.is_ascii_digit()).count();
        if let Some(code) = text.get(dash - before..dash + 1 + after).and_then(TicketCode::parse) {
            codes.insert((code.project.as_str().to_owned(), code.number));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_found_wherever_they_stand() {
        let mut codes = BTreeSet::new();
        collect("WEB-1, (APP2-34) web-5 – A-1 ÜB-7 B2B-0 3D-9 WEB-12345678901", &mut codes);
        let found: Vec<String> = codes.iter().map(|(project, number)| format!("{project}-{number}")).collect();
        assert_eq!(found, ["APP2-34", "WEB-1", "WEB-1234567890"]);
    }
}
