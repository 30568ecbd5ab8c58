//! Links that open a door once: an invitation, a forgotten password. Each is shown on one page, once.
//! What opens behind them is elsewhere: `accounts` takes who comes by one.

use askama::Template;
use axum::http::StatusCode;

use super::{Refused, Wrong, again, around, members_of, members_page};
use crate::domain::{Error, Result, invitations, members, organizations, resets};
use crate::http::answer::Answer;
use crate::http::pages::Visit;
use crate::model::roles::Role;
use crate::model::secrets::Secret;
use crate::store::organizations::MembershipRow;
use crate::web::answers::{secret_page, see_with};
use crate::web::frame::Frame;
use crate::web::parts::label;
use crate::web::side::{Place, Side};

#[derive(Template)]
#[template(path = "members/link.html")]
struct LinkPage {
    frame: Frame,
    side: Side,
    organization: MembershipRow,
    link: String,
    purpose: Purpose,
}

/// What the link is good for.
enum Purpose {
    /// Somebody becomes a member.
    Invitation { email: Option<String>, role: String },
    /// A member sets a new password.
    Reset { name: String },
}

/// `POST …/invitations`.
pub(in crate::web) async fn invite(visit: Visit) -> Result<Answer> {
    let id = visit.id("organization_id")?;
    let form = visit.form();
    let (email, word) = (form.field("email"), form.text("role").to_owned());
    let role = Role::from_word(&word);
    let seen = visit.clone();
    let made = visit
        .write(move |ctx| {
            let (invitation, secret) = invitations::create(ctx, id, &email, role)?;
            let organization = organizations::get(ctx, id)?;
            let (frame, side) = around(ctx, &seen, &organization, "Members", Place::Members(id))?;
            let purpose = Purpose::Invitation { email: invitation.email, role: label(invitation.role.word()) };
            Ok(LinkPage { link: address(&frame, "invitations", &secret), frame, side, organization, purpose })
        })
        .await;
    match made {
        Ok(page) => secret_page(&page),
        Err(Error::Invalid(problems)) => {
            let wrong = Wrong { email: problems.of("email"), role: problems.of("role") };
            let email = visit.form().text("email").to_owned();
            let refused = Refused { status: StatusCode::UNPROCESSABLE_ENTITY, sentence: None, email, role: word, wrong };
            members_page(&visit, refused).await
        }
        Err(error) => again(&visit, error).await,
    }
}

/// The whole address of a link.
fn address(frame: &Frame, door: &str, secret: &Secret) -> String {
    format!("{}/{door}/{}", frame.base_url, secret.expose())
}

/// `POST …/invitations/{invitation_id}/withdraw`.
pub(in crate::web) async fn withdraw(visit: Visit) -> Result<Answer> {
    let (id, invitation) = (visit.id("organization_id")?, visit.id("invitation_id")?);
    visit.write(move |ctx| invitations::withdraw(ctx, id, invitation)).await?;
    Ok(see_with(&members_of(id), "invitation-withdrawn"))
}

/// `POST …/members/{user_id}/reset-link`.
pub(in crate::web) async fn reset(visit: Visit) -> Result<Answer> {
    let (id, user) = (visit.id("organization_id")?, visit.id("user_id")?);
    let seen = visit.clone();
    let made = visit
        .write(move |ctx| {
            let secret = resets::make(ctx, id, user)?;
            let organization = organizations::get(ctx, id)?;
            let (frame, side) = around(ctx, &seen, &organization, "Members", Place::Members(id))?;
            let purpose = Purpose::Reset { name: members::one(ctx, id, user)?.name };
            Ok(LinkPage { link: address(&frame, "reset", &secret), frame, side, organization, purpose })
        })
        .await;
    match made {
        Ok(page) => secret_page(&page),
        Err(error) => again(&visit, error).await,
    }
}
