//! The members of an organization: who belongs to it, who is invited, how long tokens may live that reach it, and which do.
//! What is changed here lies beside: memberships in `memberships`, links in `links`, the policy in `policy`, members' tokens in `tokens`.

pub(super) mod links;
pub(super) mod memberships;
pub(super) mod people;
pub(super) mod policy;
pub(super) mod tokens;

use askama::Template;
use axum::http::StatusCode;

use self::people::{Invitation, Person, RoleChoice, Token, role_choices};
use super::answers::page_with;
use super::frame::Frame;
use super::parts::Pager;
use super::side::{Place, Side};
use crate::domain::permissions::Capability;
use crate::domain::{Ctx, Error, Result, invitations, member_tokens, members, organizations};
use crate::http::answer::Answer;
use crate::http::pages::Visit;
use crate::model::id::Id;
use crate::model::organizations::Organization;
use crate::model::pages::Page;
use crate::model::problems::Problems;
use crate::store::organizations::MembershipRow;

/// Members a page, and tokens of theirs.
const SIZE: i64 = 100;

#[derive(Template)]
#[template(path = "members/page.html")]
struct MembersPage {
    frame: Frame,
    side: Side,
    organization: MembershipRow,
    people: Vec<Person>,
    total: i64,
    pager: Option<Pager>,
    looks_after: bool,
    invites: Vec<RoleChoice>,
    invitations: Vec<Invitation>,
    policy: policy::Shown,
    tokens: Vec<Token>,
    token_pager: Option<Pager>,
    refusal: Option<String>,
    email: String,
    wrong: Wrong,
}

/// What is wrong with each field of the form that makes a link.
#[derive(Default)]
struct Wrong {
    email: Vec<String>,
    role: Vec<String>,
}

/// Why a form on the page was refused.
#[derive(Default)]
struct Refused {
    status: StatusCode,
    sentence: Option<String>,
    email: String,
    role: String,
    wrong: Wrong,
}

impl Refused {
    /// For one reason that concerns no field.
    fn because(status: StatusCode, sentence: impl Into<String>) -> Self {
        Self { status, sentence: Some(sentence.into()), ..Self::default() }
    }
}

/// Where the page is.
fn members_of(organization: Id<Organization>) -> String {
    Place::Members(organization).href()
}

/// `GET …/members`.
pub(super) async fn show(visit: Visit) -> Result<Answer> {
    members_page(&visit, Refused::default()).await
}

/// The page again, with the sentence that says why nothing was done; any other error is left as it is.
async fn again(visit: &Visit, error: Error) -> Result<Answer> {
    match error {
        Error::Conflict(sentence) => members_page(visit, Refused::because(StatusCode::CONFLICT, format!("{sentence}."))).await,
        Error::Invalid(problems) => members_page(visit, Refused::because(StatusCode::UNPROCESSABLE_ENTITY, sentence(&problems))).await,
        error => Err(error),
    }
}

/// All problems in one sentence.
fn sentence(problems: &Problems) -> String {
    let all: Vec<String> =
        problems.iter().map(|(field, _)| format!("{} {}", super::parts::label(field), problems.of(field).join(", "))).collect();
    format!("{}.", all.join("; "))
}

/// The frame and the navigation of a page about the organization.
fn around(ctx: &mut Ctx<'_>, visit: &Visit, row: &MembershipRow, title: &str, current: Place) -> Result<(Frame, Side)> {
    let frame = Frame::of(ctx, visit, title)?.crumb(row.name.clone(), "/workspace").crumb(title, current.href());
    Ok((frame, Side::of_organization(row, current)))
}

async fn members_page(visit: &Visit, refused: Refused) -> Result<Answer> {
    let id = visit.id("organization_id")?;
    let seen = visit.clone();
    let mut built = visit.read(move |ctx| build(ctx, &seen, id)).await?;
    let status = refused.status;
    if let Some(wished) = built.invites.iter_mut().find(|choice| choice.word == refused.role) {
        wished.selected = true;
    }
    built.refusal = refused.sentence;
    built.email = refused.email;
    built.wrong = refused.wrong;
    page_with(status, &built)
}

/// The page that a part of the address names, of one of the two lists.
fn page_named(visit: &Visit, name: &str) -> Page {
    let number = visit.query(name).and_then(|page| page.parse().ok()).filter(|page| (1..=1_000_000).contains(page)).unwrap_or(1);
    Page { number, size: SIZE }
}

fn build(ctx: &mut Ctx<'_>, visit: &Visit, id: Id<Organization>) -> Result<MembersPage> {
    let (page, tokens_page) = (page_named(visit, "page"), page_named(visit, "tokens"));
    let organization = organizations::get(ctx, id)?;
    let (frame, side) = around(ctx, visit, &organization, "Members", Place::Members(id))?;
    let (rows, total) = members::roster(ctx, id, page)?;
    let looks_after = Capability::ManageMembers.is_for(organization.role);
    let invitations = if looks_after { invitations::list(ctx, id)? } else { Vec::new() };
    let (tokens, tokens_total) = if looks_after { member_tokens::list(ctx, id, tokens_page)? } else { (Vec::new(), 0) };
    let caller = ctx.user();
    let href = |number: u64| format!("{}?page={number}", members_of(id));
    let tokens_href = |number: u64| format!("{}?tokens={number}#policy", members_of(id));
    let unsigned = |number: i64| u64::try_from(number).unwrap_or_default();
    Ok(MembersPage {
        people: rows.into_iter().map(|row| Person::of(row, caller, &frame)).collect(),
        total,
        pager: Pager::of(unsigned(page.number), unsigned(page.size), unsigned(total), href),
        looks_after,
        invites: role_choices(&members::roles_to_give(organization.role), Some(crate::model::roles::Role::Member)),
        invitations: invitations.into_iter().map(|row| Invitation::of(row, caller, organization.role, &frame)).collect(),
        policy: policy::Shown::of(&organization),
        token_pager: Pager::of(unsigned(tokens_page.number), unsigned(tokens_page.size), unsigned(tokens_total), tokens_href),
        tokens: tokens.iter().map(|token| Token::of(token, &frame)).collect(),
        refusal: None,
        email: String::new(),
        wrong: Wrong::default(),
        frame,
        side,
        organization,
    })
}
