//! The pages of tokens, one's own and a project's: the list with the form that makes one, the page that shows one once, and the boxes
//! that ask before a token is revoked or rotated. What differs between the two places is in `account_tokens` and `project_tokens`.

mod alerts;
mod dialog;
pub(super) mod form;
pub(super) mod password;
pub(super) mod view;

use askama::Template;
use axum::http::StatusCode;

use self::alerts::AlertView;
use self::dialog::{Asking, Dialog, Revoking, Rotating, revoking, rotating};
use self::form::{FormView, Typed};
use self::view::{Access, Row};
use super::answers::{because, page_with, secret_page, see, see_with};
use super::frame::Frame;
use super::parts::Pager;
use super::side::Side;
use crate::domain::projects::Settings;
use crate::domain::token_alerts::{Alerts, Seen};
use crate::domain::token_settings::{self, Listing, Place, kept_out};
use crate::domain::tokens::{Extent, Made};
use crate::domain::{Ctx, Error, Result, token_alerts};
use crate::http::answer::Answer;
use crate::http::pages::Visit;
use crate::model::id::Id;
use crate::model::pages::Page;
use crate::model::problems::Problems;
use crate::model::time::{Span, Time};
use crate::model::tokens::{AlertKind, PlainToken, Token};
use crate::web::times::Stamp;

/// What stands around the pages of one place: read by its own file, since the two places are reached differently.
pub(super) struct Around {
    /// The frame.
    pub(super) frame: Frame,
    /// The navigation beside it.
    pub(super) side: Side,
    /// The project, where it is a project's place.
    pub(super) settings: Option<Settings>,
}

/// Reads what stands around a page with this title.
pub(super) type Surround = fn(&mut Ctx<'_>, &Visit, Place, &str) -> Result<Around>;

/// One of the two places, as its pages know it.
#[derive(Clone)]
pub(super) struct Desk {
    /// The request.
    pub(super) visit: Visit,
    /// Whose tokens.
    pub(super) place: Place,
    /// Where the list is.
    pub(super) here: String,
    /// What the list is called.
    pub(super) title: &'static str,
    /// Reads what stands around.
    pub(super) around: Surround,
}

#[derive(Template)]
#[template(path = "tokens/page.html")]
struct ListPage {
    frame: Frame,
    side: Side,
    settings: Option<Settings>,
    here: String,
    form: FormView,
    alerts: Vec<AlertView>,
    working: Vec<Row>,
    ended: Vec<Row>,
    pager: Option<Pager>,
    /// Whether it is the page on which the list begins.
    first: bool,
    dialog: Option<Dialog>,
    /// Why what was asked for was not done.
    refusal: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "tokens/made.html")]
struct MadePage {
    frame: Frame,
    side: Side,
    settings: Option<Settings>,
    here: String,
    id: String,
    name: String,
    prefix: &'static str,
    plain: PlainToken,
    last_four: String,
    access: Access,
    end: Option<Stamp>,
    kept_out: Vec<String>,
    /// The token that it replaces, and until when that works on.
    replaced: Option<(String, Option<Stamp>)>,
}

impl MadePage {
    /// What stands between the beginning and the last four characters.
    fn middle(&self) -> &str {
        let text = self.plain.expose();
        text.get(self.prefix.len()..text.len() - self.last_four.len()).unwrap_or_default()
    }
}

/// What a list page is to show besides the list.
#[derive(Clone, Default)]
struct Shown {
    status: StatusCode,
    typed: Option<Typed>,
    problems: Problems,
    refusal: Option<&'static str>,
    wanted: Wanted,
}

/// Which box.
#[derive(Clone, Default)]
enum Wanted {
    #[default]
    Nothing,
    Revoke(Id<Token>, String),
    Rotate(Id<Token>),
    Password(Asking),
}

/// Tokens a page: as many as a user or a project may have that work, where none of them is in an overlap.
const SIZE: i64 = crate::domain::tokens::MOST_LIVING;

impl Desk {
    /// The list, with the form that makes a token.
    pub(super) async fn list(self) -> Result<Answer> {
        self.show(Shown::default()).await
    }

    async fn show(self, shown: Shown) -> Result<Answer> {
        let status = shown.status;
        let desk = self.clone();
        let page = self.visit.read(move |ctx| desk.read(ctx, shown.clone())).await?;
        // A box that has nothing to ask is no page: the token has ended meanwhile.
        page.map_or_else(|| Ok(see(&self.here)), |page| page_with(status, &page))
    }

    fn read(&self, ctx: &mut Ctx<'_>, shown: Shown) -> Result<Option<ListPage>> {
        let Around { frame, side, settings } = (self.around)(ctx, &self.visit, self.place, self.title)?;
        let dialog = match shown.wanted {
            Wanted::Nothing => None,
            Wanted::Password(asking) => {
                let given = ctx.session().map(|session| session.authenticated_at);
                Some(Dialog::Password(Asking { given: given.map(|at| frame.stamp(at)), ..asking }))
            }
            Wanted::Revoke(id, reason) => match revoking(ctx, self.place, id, &frame)? {
                Some(asked) => Some(Dialog::Revoke(Revoking { reason, wrong: shown.problems.of("reason"), ..asked })),
                None => return Ok(None),
            },
            Wanted::Rotate(id) => match rotating(ctx, self.place, id)? {
                Some(asked) => Some(Dialog::Rotate(Rotating { wrong: shown.problems.of("overlap"), ..asked })),
                None => return Ok(None),
            },
        };
        let page = self.page();
        let Listing { tokens, total, policies } = token_settings::list(ctx, self.place, page)?;
        let unsigned = |number: i64| u64::try_from(number).unwrap_or_default();
        let pager = Pager::of(unsigned(page.number), unsigned(page.size), unsigned(total), |number| format!("{}?page={number}", self.here));
        // A form that was refused is the same form still; one that has made its token is not.
        let typed = shown.typed.unwrap_or_else(|| form::empty(self.place, self.visit.fresh_once()));
        let form = FormView::of(typed, &shown.problems, self.place, &policies, &frame);
        let reader = ctx.user();
        let Alerts { shown: alerts, found } = token_alerts::list(ctx, self.place)?;
        let rows =
            tokens.into_iter().map(|listed| Row { found: found.contains(&listed.token.chain_id), ..Row::of(listed, reader, &frame) });
        let (working, ended) = rows.partition(|row| row.ended.is_none());
        let here = self.here.clone();
        let alerts = alerts.into_iter().map(|alert| AlertView::of(alert, &frame)).collect();
        Ok(Some(ListPage {
            frame,
            side,
            settings,
            here,
            form,
            alerts,
            working,
            ended,
            pager,
            first: page.number == 1,
            dialog,
            refusal: shown.refusal,
        }))
    }

    /// The page of the list that the address names.
    fn page(&self) -> Page {
        let number = self.visit.query("page").and_then(|page| page.parse().ok()).filter(|page| (1..=1_000_000).contains(page));
        Page { number: number.unwrap_or(1), size: SIZE }
    }

    /// Makes the token that the form describes, and shows it.
    pub(super) async fn make(self) -> Result<Answer> {
        let typed = Typed::of(self.visit.form());
        let asking = Asking {
            action: self.here.clone(),
            fields: typed.hidden(),
            button: if self.place == Place::Account { "Generate token" } else { "Generate API Token" },
            given: None,
            wrong: Vec::new(),
        };
        if let Some(wrong) = password::confirm(&self.visit).await? {
            return Ok(because(wrong, self.ask_password(Asking { wrong: vec![wrong.to_string()], ..asking }, Some(typed)).await?));
        }
        let (desk, draft) = (self.clone(), typed.clone());
        let outcome = self.visit.write(move |ctx| desk.made(ctx, &draft)).await;
        match outcome {
            Ok(page) => secret_page(&page),
            Err(Error::PasswordNeeded) => self.ask_password(asking, Some(typed)).await,
            Err(Error::Invalid(problems)) => {
                self.show(Shown { status: StatusCode::UNPROCESSABLE_ENTITY, typed: Some(typed), problems, ..Shown::default() }).await
            }
            Err(Error::Conflict(refusal)) => {
                let typed = Typed { once: self.visit.fresh_once(), ..typed };
                self.show(Shown { status: StatusCode::CONFLICT, typed: Some(typed), refusal: Some(refusal), ..Shown::default() }).await
            }
            Err(error) => Err(error),
        }
    }

    fn made(&self, ctx: &mut Ctx<'_>, typed: &Typed) -> Result<MadePage> {
        let around = (self.around)(ctx, &self.visit, self.place, "Your new token")?;
        let draft = typed.draft(self.place, &around.frame).map_err(Error::Invalid)?;
        let made = token_settings::make(ctx, self.place, &draft, &typed.once)?;
        self.shown_once(ctx, around, made, None)
    }

    fn shown_once(&self, ctx: &mut Ctx<'_>, around: Around, made: Made, replaced: Option<(String, Option<Stamp>)>) -> Result<MadePage> {
        let Around { frame, side, settings } = around;
        let Made { token, plain } = made;
        let policies = token_settings::policies(ctx, self.place)?;
        Ok(MadePage {
            side,
            settings,
            here: self.here.clone(),
            id: token.id.to_string(),
            prefix: plain.kind().prefix(),
            plain,
            access: Access::of(token.scopes),
            end: token.expires_at.map(|end| frame.stamp(end)),
            kept_out: kept_out(token.life, &policies),
            name: token.name,
            last_four: token.last_four,
            replaced,
            frame,
        })
    }

    async fn ask_password(self, asking: Asking, typed: Option<Typed>) -> Result<Answer> {
        let wanted = Wanted::Password(asking);
        self.show(Shown { status: StatusCode::UNPROCESSABLE_ENTITY, typed, wanted, ..Shown::default() }).await
    }

    /// Asks before a token is revoked.
    pub(super) async fn ask_revoke(self) -> Result<Answer> {
        let id = self.visit.id("token_id")?;
        self.show(Shown { wanted: Wanted::Revoke(id, String::new()), ..Shown::default() }).await
    }

    /// Revokes a token, or its chain.
    pub(super) async fn revoke(self) -> Result<Answer> {
        let id = self.visit.id("token_id")?;
        let (place, form) = (self.place, self.visit.form().clone());
        let (extent, said) =
            if form.text("extent") == "chain" { (Extent::Chain, "chain-revoked") } else { (Extent::Token, "token-revoked") };
        let reason = form.text("reason").to_owned();
        let outcome = self.visit.write(move |ctx| token_settings::revoke(ctx, place, id, extent, &form.field("reason")).map(drop)).await;
        match outcome {
            Ok(()) => Ok(see_with(&self.here, said)),
            Err(Error::Invalid(problems)) => {
                let wanted = Wanted::Revoke(id, reason);
                self.show(Shown { status: StatusCode::UNPROCESSABLE_ENTITY, problems, wanted, ..Shown::default() }).await
            }
            Err(error) => Err(error),
        }
    }

    /// Dismisses an alert as it was shown; one to which something has been added meanwhile stays.
    pub(super) async fn dismiss(self) -> Result<Answer> {
        let (id, place, form) = (self.visit.id("token_id")?, self.place, self.visit.form());
        let number = |name| form.text(name).parse::<i64>().ok();
        let seen = AlertKind::from_word(form.text("kind")).zip(number("seen")).zip(number("count"));
        let seen = seen.map(|((kind, last), count)| Seen { kind, last: Time::from_micros(last), count });
        self.visit.write(move |ctx| token_alerts::dismiss(ctx, place, id, seen)).await?;
        Ok(see_with(&self.here, "alert-dismissed"))
    }

    /// Asks how a token is to be rotated.
    pub(super) async fn ask_rotate(self) -> Result<Answer> {
        let id = self.visit.id("token_id")?;
        self.show(Shown { wanted: Wanted::Rotate(id), ..Shown::default() }).await
    }

    /// Rotates a token, and shows its successor.
    pub(super) async fn rotate(self) -> Result<Answer> {
        let id: Id<Token> = self.visit.id("token_id")?;
        let overlap = self.visit.form().text("overlap").to_owned();
        let asking = Asking {
            action: format!("{}/{id}/rotate", self.here),
            fields: vec![("overlap", overlap.clone())],
            button: "Rotate",
            given: None,
            wrong: Vec::new(),
        };
        if let Some(wrong) = password::confirm(&self.visit).await? {
            return Ok(because(wrong, self.ask_password(Asking { wrong: vec![wrong.to_string()], ..asking }, None).await?));
        }
        let (desk, span) = (self.clone(), seconds(&overlap));
        let outcome = self.visit.write(move |ctx| desk.rotated(ctx, id, span)).await;
        match outcome {
            Ok(page) => secret_page(&page),
            Err(Error::PasswordNeeded) => self.ask_password(asking, None).await,
            Err(Error::Invalid(problems)) => {
                let wanted = Wanted::Rotate(id);
                self.show(Shown { status: StatusCode::UNPROCESSABLE_ENTITY, problems, wanted, ..Shown::default() }).await
            }
            Err(Error::Conflict(refusal)) => {
                self.show(Shown { status: StatusCode::CONFLICT, refusal: Some(refusal), ..Shown::default() }).await
            }
            Err(error) => Err(error),
        }
    }

    fn rotated(&self, ctx: &mut Ctx<'_>, id: Id<Token>, overlap: Span) -> Result<MadePage> {
        let around = (self.around)(ctx, &self.visit, self.place, "Your new token")?;
        let made = token_settings::rotate(ctx, self.place, id, overlap)?;
        let (old, _) = token_settings::one(ctx, self.place, id)?;
        let stops = old.token.stops_at.filter(|_| overlap > Span::ZERO).map(|at| around.frame.stamp(at));
        self.shown_once(ctx, around, made, Some((old.token.last_four, stops)))
    }
}

/// Whole seconds as they were sent; what is no number is out of every range.
fn seconds(text: &str) -> Span {
    Span::seconds(text.trim().parse().unwrap_or(-1))
}
