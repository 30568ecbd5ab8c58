//! Memberships changed: another role, a removal, one's own leaving, each asked for on a page of its own where it cannot be taken back.
//! What a member is shown as is in `people`.

use askama::Template;
use axum::http::StatusCode;

use super::people::Token;
use super::{again, around, members_of};
use crate::domain::members::{self, Choice, Removal};
use crate::domain::{Ctx, Error, Result, organizations};
use crate::http::answer::Answer;
use crate::http::pages::Visit;
use crate::model::id::Id;
use crate::model::users::User;
use crate::store::organizations::MembershipRow;
use crate::web::answers::{page_with, see_with};
use crate::web::frame::Frame;
use crate::web::side::{Place, Side};

#[derive(Template)]
#[template(path = "members/remove.html")]
struct RemovePage {
    frame: Frame,
    side: Side,
    organization: MembershipRow,
    /// Where the form is sent.
    action: String,
    /// The member's id; none for the reader's own membership.
    user: Option<Id<User>>,
    name: String,
    tokens: Vec<Token>,
    revocable: bool,
    changed: bool,
}

/// `POST …/members/{user_id}/role`.
pub(in crate::web) async fn set_role(visit: Visit) -> Result<Answer> {
    let (organization, user) = (visit.id("organization_id")?, visit.id("user_id")?);
    let role = visit.form().text("role").to_owned();
    match visit.write(move |ctx| members::set_role_named(ctx, organization, user, &role)).await {
        Ok(()) => Ok(see_with(&members_of(organization), "role-set")),
        Err(error) => again(&visit, error).await,
    }
}

/// Whose membership ends.
#[derive(Clone, Copy)]
enum Whose {
    Own,
    Of(Id<User>),
}

/// `GET …/members/{user_id}/remove`: asks once more.
pub(in crate::web) async fn ask_remove(visit: Visit) -> Result<Answer> {
    let whose = Whose::Of(visit.id("user_id")?);
    asked(&visit, whose, StatusCode::OK).await
}

/// `GET …/leave`: asks once more.
pub(in crate::web) async fn ask_leave(visit: Visit) -> Result<Answer> {
    asked(&visit, Whose::Own, StatusCode::OK).await
}

async fn asked(visit: &Visit, whose: Whose, status: StatusCode) -> Result<Answer> {
    let id = visit.id("organization_id")?;
    let seen = visit.clone();
    let page = visit
        .read(move |ctx| {
            let removal = match whose {
                Whose::Own => members::own_removal(ctx, id)?,
                Whose::Of(user) => members::removal(ctx, id, user)?,
            };
            let organization = organizations::get(ctx, id)?;
            remove_page(ctx, &seen, organization, whose, removal)
        })
        .await;
    match page {
        Ok(page) => page_with(status, &RemovePage { changed: status == StatusCode::CONFLICT, ..page }),
        Err(error) => again(visit, error).await,
    }
}

fn remove_page(ctx: &mut Ctx<'_>, visit: &Visit, organization: MembershipRow, whose: Whose, removal: Removal) -> Result<RemovePage> {
    let (title, user) = match whose {
        Whose::Own => (format!("Leave {}", organization.name), None),
        Whose::Of(user) => (format!("Remove {}", removal.member.name), Some(user)),
    };
    let (frame, _) = around(ctx, visit, &organization, "Members", Place::Members(organization.id))?;
    let side = Side::of_organization(&organization, Place::Members(organization.id));
    let tokens = removal.tokens.iter().map(|token| Token::of_row(token, &frame)).collect();
    let action = match whose {
        Whose::Own => format!("/workspace/organizations/{}/leave", organization.id),
        Whose::Of(user) => format!("/workspace/organizations/{}/members/{user}/remove", organization.id),
    };
    let frame = Frame { title, ..frame };
    Ok(RemovePage {
        frame,
        side,
        organization,
        action,
        user,
        name: removal.member.name,
        tokens,
        revocable: removal.revocable,
        changed: false,
    })
}

/// `POST …/members/{user_id}/remove`.
pub(in crate::web) async fn remove(visit: Visit) -> Result<Answer> {
    let (id, user) = (visit.id("organization_id")?, visit.id("user_id")?);
    let choice = choice(&visit);
    match visit.write(move |ctx| members::remove_with_tokens(ctx, id, user, &choice)).await {
        Ok(left) => Ok(see_with(&members_of(id), if left == 0 { "member-removed" } else { "member-removed-tokens-left" })),
        Err(Error::Stale) => asked(&visit, Whose::Of(user), StatusCode::CONFLICT).await,
        Err(error) => again(&visit, error).await,
    }
}

/// `POST …/leave`: a form that does not say that it is sure is answered with the page that asks.
pub(in crate::web) async fn leave(visit: Visit) -> Result<Answer> {
    if !visit.form().has("sure") {
        return ask_leave(visit).await;
    }
    let id = visit.id("organization_id")?;
    let choice = choice(&visit);
    match visit.write(move |ctx| members::leave(ctx, id, &choice)).await {
        Ok(_) => Ok(see_with("/workspace", "left")),
        Err(Error::Stale) => asked(&visit, Whose::Own, StatusCode::CONFLICT).await,
        Err(error) => again(&visit, error).await,
    }
}

/// The tokens of the form; what is no id names none.
fn choice(visit: &Visit) -> Choice {
    let ids = |name| visit.form().all(name).into_iter().filter_map(|id| id.parse().ok()).collect();
    Choice { shown: ids("shown"), revoked: ids("revoke") }
}
