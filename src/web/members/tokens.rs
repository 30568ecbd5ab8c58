//! A member's token shut out of the organization, after asking once more, and let in again.
//! The list of members' tokens is part of the members' page.

use askama::Template;
use axum::http::StatusCode;

use super::people::Token;
use super::{around, members_of};
use crate::domain::{Error, Result, member_tokens, organizations};
use crate::http::answer::Answer;
use crate::http::pages::Visit;
use crate::model::draft::Field;
use crate::model::problems::Problems;
use crate::store::organizations::MembershipRow;
use crate::web::answers::{page, page_with, see_with};
use crate::web::frame::Frame;
use crate::web::side::{Place, Side};

#[derive(Template)]
#[template(path = "members/shut_out.html")]
struct ShutOutPage {
    frame: Frame,
    side: Side,
    organization: MembershipRow,
    token: Token,
    reason: String,
    wrong: Vec<String>,
}

/// `GET …/tokens/{token_id}/shut-out`: asks once more.
pub(in crate::web) async fn ask_shut_out(visit: Visit) -> Result<Answer> {
    asked(&visit, None).await
}

async fn asked(visit: &Visit, refused: Option<Problems>) -> Result<Answer> {
    let (id, token) = (visit.id("organization_id")?, visit.id("token_id")?);
    let seen = visit.clone();
    let built = visit
        .read(move |ctx| {
            let listed = member_tokens::one(ctx, id, token)?;
            let organization = organizations::get(ctx, id)?;
            let (frame, side) = around(ctx, &seen, &organization, "Shut a token out", Place::Policy(id))?;
            let token = Token::of(&listed, &frame);
            Ok(ShutOutPage { frame, side, organization, token, reason: String::new(), wrong: Vec::new() })
        })
        .await?;
    let Some(problems) = refused else { return page(&built) };
    let reason = visit.form().text("reason").to_owned();
    page_with(StatusCode::UNPROCESSABLE_ENTITY, &ShutOutPage { reason, wrong: problems.of("reason"), ..built })
}

/// `POST …/tokens/{token_id}/shut-out`.
pub(in crate::web) async fn shut_out(visit: Visit) -> Result<Answer> {
    let (id, token) = (visit.id("organization_id")?, visit.id("token_id")?);
    let why: Field<_> = visit.form().field("reason");
    match visit.write(move |ctx| member_tokens::shut_out(ctx, id, token, &why)).await {
        Ok(()) => Ok(see_with(&members_of(id), "token-shut-out")),
        Err(Error::Invalid(problems)) => asked(&visit, Some(problems)).await,
        Err(error) => Err(error),
    }
}

/// `POST …/tokens/{token_id}/let-in`.
pub(in crate::web) async fn let_in(visit: Visit) -> Result<Answer> {
    let (id, token) = (visit.id("organization_id")?, visit.id("token_id")?);
    visit.write(move |ctx| member_tokens::let_in(ctx, id, token)).await?;
    Ok(see_with(&members_of(id), "token-let-in"))
}
