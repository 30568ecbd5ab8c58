//! `/account/settings/api`: the pages of one's own tokens.
//! They are those of `tokens`; here is what is particular to this place.

use super::frame::Frame;
use super::side::{Place as Beside, Side};
use super::tokens::{Around, Desk};
use crate::domain::token_settings::Place;
use crate::domain::{Ctx, Result};
use crate::http::answer::Answer;
use crate::http::pages::Visit;

fn desk(visit: Visit) -> Desk {
    Desk { visit, place: Place::Account, here: Beside::Api.href(), title: "API tokens", around }
}

fn around(ctx: &mut Ctx<'_>, visit: &Visit, _place: Place, title: &str) -> Result<Around> {
    let frame = Frame::of(ctx, visit, title)?.crumb("Account settings", Beside::Profile.href()).crumb("API", Beside::Api.href());
    Ok(Around { frame, side: Side::of_account(ctx, Beside::Api)?, settings: None })
}

/// `GET /account/settings/api`.
pub(super) async fn page(visit: Visit) -> Result<Answer> {
    desk(visit).list().await
}

/// `POST /account/settings/api`.
pub(super) async fn make(visit: Visit) -> Result<Answer> {
    desk(visit).make().await
}

/// `GET …/{token_id}/revoke`: asks once more.
pub(super) async fn ask_revoke(visit: Visit) -> Result<Answer> {
    desk(visit).ask_revoke().await
}

/// `POST …/{token_id}/revoke`.
pub(super) async fn revoke(visit: Visit) -> Result<Answer> {
    desk(visit).revoke().await
}

/// `POST …/{token_id}/dismiss`: an alert.
pub(super) async fn dismiss(visit: Visit) -> Result<Answer> {
    desk(visit).dismiss().await
}

/// `GET …/{token_id}/rotate`: asks for the overlap.
pub(super) async fn ask_rotate(visit: Visit) -> Result<Answer> {
    desk(visit).ask_rotate().await
}

/// `POST …/{token_id}/rotate`.
pub(super) async fn rotate(visit: Visit) -> Result<Answer> {
    desk(visit).rotate().await
}
