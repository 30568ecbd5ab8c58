//! Account settings: name, address, theme, password, sessions.
//! Tokens have pages of their own.

use askama::Template;
use axum::http::StatusCode;

use super::answers::{because, page_with, see_with};
use super::devices;
use super::frame::Frame;
use super::own_password;
use super::side::{Place, Side};
use super::times::Stamp;
use crate::app::passwords::Whose;
use crate::domain::accounts::{self, Along, Draft};
use crate::domain::{Error, Result, sessions};
use crate::http::answer::Answer;
use crate::http::pages::Visit;
use crate::model::id::Id;
use crate::model::problems::{Problem, Problems};
use crate::model::sessions::{Session, Theme};
use crate::model::users::Password;

/// Where the page is.
const HERE: &str = "/account/settings";

struct ShownSession {
    id: Id<Session>,
    device: String,
    from: String,
    began: Stamp,
    seen: Stamp,
    own: bool,
}

#[derive(Template)]
#[template(path = "account/settings.html")]
struct SettingsPage {
    frame: Frame,
    side: Side,
    name: String,
    email: String,
    theme: String,
    /// Whether single keys do something.
    keys: bool,
    sessions: Vec<ShownSession>,
    problems: Problems,
    password_problems: Problems,
}

/// Which of the page's forms is shown once more.
enum Again {
    Nothing,
    Profile(Problems),
    Password(Problems),
}

async fn show(visit: &Visit, again: Again) -> Result<Answer> {
    let asked = visit.clone();
    let (frame, side, rows, own, theme) = visit
        .read(move |ctx| {
            let frame = Frame::of(ctx, &asked, "Account settings")?.crumb("Account settings", HERE);
            let side = Side::of_account(ctx, Place::Profile)?;
            let rows = sessions::own(ctx)?;
            let session = ctx.session();
            Ok((frame, side, rows, session.map(|session| session.id), session.map_or(Theme::System, |session| session.theme)))
        })
        .await?;
    let shown = rows.into_iter().map(|row| ShownSession {
        id: row.id,
        device: devices::named(&row.device),
        from: row.last_seen_from,
        began: frame.stamp(row.created_at),
        seen: frame.stamp(row.last_seen_at),
        own: Some(row.id) == own,
    });
    let sessions = shown.collect();
    let form = visit.form();
    let person = frame.person.clone().ok_or(Error::Unauthenticated)?;
    let typed = |name: &str, else_: String| if form.has(name) { form.text(name).to_owned() } else { else_ };
    let status = if matches!(again, Again::Nothing) { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let (problems, password_problems) = match again {
        Again::Nothing => (Problems::new(), Problems::new()),
        Again::Profile(problems) => (problems, Problems::new()),
        Again::Password(problems) => (Problems::new(), problems),
    };
    let page = SettingsPage {
        name: typed("name", person.name),
        email: typed("email", person.email),
        theme: typed("theme", theme.word().to_owned()),
        keys: visit.cookie("keys") != Some("off"),
        frame,
        side,
        sessions,
        problems,
        password_problems,
    };
    page_with(status, &page)
}

/// `GET /account/settings`
pub(super) async fn page(visit: Visit) -> Result<Answer> {
    show(&visit, Again::Nothing).await
}

/// The hash that what was typed as the current password fits; else what is wrong with it.
async fn confirmed(visit: &Visit, typed: &str) -> Result<std::result::Result<String, Problem>> {
    match Password::typed(typed.to_owned()) {
        Some(password) => own_password::compare(visit, password).await,
        None => Ok(Err(if typed.is_empty() { Problem::Blank } else { Problem::Wrong })),
    }
}

/// `POST /account/settings`
pub(super) async fn edit(visit: Visit) -> Result<Answer> {
    let form = visit.form();
    let draft = Draft { name: form.field("name"), email: form.field("email"), theme: form.field("theme") };
    // Only another address asks for the password, so only then it is looked at.
    let given = form.text("current");
    let hash = match given {
        "" => None,
        given => match confirmed(&visit, given).await? {
            Err(Problem::Busy) => {
                let page = show(&visit, Again::Profile(Problems::one("current", Problem::Busy))).await?;
                return Ok(because(Problem::Busy, page));
            }
            confirmed => Some(confirmed.unwrap_or_default()),
        },
    };
    match visit.write(move |ctx| accounts::edit(ctx, &draft, hash.as_deref())).await {
        Ok(()) => Ok(see_with(HERE, "saved")),
        Err(Error::Invalid(problems)) => show(&visit, Again::Profile(problems)).await,
        Err(error) => Err(error),
    }
}

/// The form for a new password once more, because this password could not be looked at.
async fn busy(visit: &Visit, field: &'static str) -> Result<Answer> {
    let page = show(visit, Again::Password(Problems::one(field, Problem::Busy))).await?;
    Ok(because(Problem::Busy, page))
}

/// `POST /account/settings/password`
pub(super) async fn change_password(visit: Visit) -> Result<Answer> {
    let form = visit.form();
    let mut problems = Problems::new();
    let new = problems.take("new", Password::parse(form.text("new").to_owned()));
    let old = match confirmed(&visit, form.text("old")).await? {
        Err(Problem::Busy) => return busy(&visit, "old").await,
        old => problems.take("old", old),
    };
    let (true, Some(new), Some(old)) = (problems.is_empty(), new, old) else { return show(&visit, Again::Password(problems)).await };
    let own = visit.read(|ctx| ctx.user().ok_or(Error::Unauthenticated)).await?;
    let Ok(hash) = own_password::hash(&visit, Whose::Known(own.uuid()), new).await? else { return busy(&visit, "new").await };
    let along = Along { end_sessions: form.has("end"), revoke_tokens: form.has("revoke") };
    match visit.write(move |ctx| accounts::change_password(ctx, &old, &hash, along)).await {
        Ok(0) => Ok(see_with(HERE, "password")),
        Ok(_) => Ok(see_with(HERE, "password-and-tokens")),
        Err(Error::Invalid(_)) => show(&visit, Again::Password(Problems::one("old", Problem::Wrong))).await,
        Err(error) => Err(error),
    }
}

/// `POST /account/settings/sessions`: one session, or all others.
pub(super) async fn end_sessions(visit: Visit) -> Result<Answer> {
    let form = visit.form();
    if form.has("others") {
        visit.write(sessions::end_others).await?;
        return Ok(see_with(HERE, "sessions-ended"));
    }
    let id: Id<Session> = form.text("session").parse().map_err(|_| Error::Malformed("The form names no session".to_owned()))?;
    match visit.write(move |ctx| sessions::end(ctx, id)).await {
        // One that is over already has ended.
        Ok(()) | Err(Error::NotFound) => Ok(see_with(HERE, "session-ended")),
        Err(error) => Err(error),
    }
}
