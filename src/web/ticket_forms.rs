//! The forms in which a ticket's texts are written: a new one, with its likely duplicates, and the edit of one, with what somebody else saved.
//! What is changed on the ticket's page itself is in `tickets`.

use askama::Template;
use axum::http::StatusCode;

use super::answers::{page, page_with, see, see_with};
use super::difference::{self, Piece};
use super::frame::Frame;
use super::history::listed;
use super::parts::label;
use super::ticket_view::{Address, code, frame_in, path};
use super::times::Stamp;
use crate::domain::opened::{Opened, TEXTS};
use crate::domain::permissions::Capability;
use crate::domain::tickets::{self, Draft};
use crate::domain::{Ctx, Error, Result, history, likeness};
use crate::http::answer::Answer;
use crate::http::forms::Form;
use crate::http::pages::Visit;
use crate::model::draft::Field as Sent;
use crate::model::id::Id;
use crate::model::problems::Problems;
use crate::model::projects::Project;
use crate::store::history::EditRow;
use crate::store::likeness::LikeRow;
use crate::store::tickets::TicketRow;

/// A field of the forms.
#[derive(Default)]
struct Field {
    /// Its name.
    name: &'static str,
    /// What stands in it.
    value: String,
    /// What is wrong with it.
    errors: Vec<String>,
    /// What is saved by now, in pieces, where that is another text.
    theirs: Option<Vec<(&'static str, String)>>,
    /// Whether it holds what somebody else saved meanwhile.
    taken: bool,
}

/// The fields, in the order of [`TEXTS`].
struct Texts {
    title: Field,
    given: Field,
    when: Field,
    then: Field,
    notes: Field,
}

impl Texts {
    fn new(value: impl Fn(&'static str) -> String) -> Self {
        let [title, given, when, then, notes] = TEXTS.map(|name| Field { name, value: value(name), ..Field::default() });
        Self { title, given, when, then, notes }
    }

    fn typed(form: &Form) -> Self {
        Self::new(|name| form.text(name).to_owned())
    }

    fn of(ticket: &TicketRow) -> Self {
        Self::new(|name| saved(ticket, name).to_owned())
    }

    fn all(&mut self) -> [&mut Field; 5] {
        [&mut self.title, &mut self.given, &mut self.when, &mut self.then, &mut self.notes]
    }

    fn blame(&mut self, problems: &Problems) {
        for field in self.all() {
            field.errors = problems.of(field.name);
        }
    }

    /// Which fields need a look, for the summary on top.
    fn wrong(&mut self, priority: &[String]) -> Vec<Wrong> {
        let fields = self.all().into_iter().map(|field| (field.name, field.errors.join(", ")));
        let all = fields.chain([("priority", priority.join(", "))]);
        all.filter(|(_, said)| !said.is_empty()).map(|(name, said)| Wrong { name, label: label(name), said }).collect()
    }
}

/// A field that needs a look.
struct Wrong {
    name: &'static str,
    label: String,
    said: String,
}

fn saved<'a>(ticket: &'a TicketRow, name: &str) -> &'a str {
    match name {
        "title" => &ticket.title,
        "given" => &ticket.given,
        "when" => &ticket.when,
        "then" => &ticket.then,
        _ => ticket.notes.as_deref().unwrap_or_default(),
    }
}

fn draft(form: &Form) -> Draft {
    let texts = |name| form.field(name);
    Draft {
        title: texts("title"),
        given: texts("given"),
        when: texts("when"),
        then: texts("then"),
        notes: texts("notes"),
        priority: texts("priority"),
        ..Draft::default()
    }
}

/// The form for a new ticket.
#[derive(Template)]
#[template(path = "tickets/new.html")]
struct NewPage {
    frame: Frame,
    path: String,
    list: String,
    once: String,
    texts: Texts,
    priority: String,
    priority_errors: Vec<String>,
    wrong: Vec<Wrong>,
    likely: Vec<Like>,
}

/// The likely duplicates alone, for the script to put under the title.
#[derive(Template)]
#[template(path = "tickets/likely.html")]
struct LikelyPage {
    likely: Vec<Like>,
}

/// A likely duplicate.
struct Like {
    href: String,
    code: String,
    title: String,
    status: &'static str,
}

fn likes(project: Id<Project>, rows: Vec<LikeRow>) -> Vec<Like> {
    let like = |row: LikeRow| Like {
        href: path(project, row.id),
        code: format!("{}-{}", row.project_code, row.number),
        title: row.title,
        status: row.status.word(),
    };
    rows.into_iter().map(like).collect()
}

/// What the form for a new ticket shows besides what was typed.
struct Blank {
    frame: Frame,
    once: String,
}

fn blank(ctx: &mut Ctx<'_>, visit: &Visit, project: Id<Project>) -> Result<Blank> {
    ctx.project(Capability::CreateTickets, project)?;
    let frame = frame_in(ctx, visit, project, "New ticket".to_owned())?.crumb("New ticket", new_path(project));
    Ok(Blank { frame, once: visit.fresh_once() })
}

fn new_path(project: Id<Project>) -> String {
    format!("/workspace/projects/{project}/tickets/new")
}

/// The empty form. A title may come with the address.
pub(super) async fn new(visit: Visit) -> Result<Answer> {
    let project = visit.id("project_id")?;
    let own = visit.clone();
    let blank = visit.read(move |ctx| blank(ctx, &own, project)).await?;
    let title = visit.query("title").unwrap_or_default();
    let likely = likely_of(&visit, project, &title).await;
    let texts = Texts::new(|name| if name == "title" { title.clone() } else { String::new() });
    page(&new_page(project, blank, texts, "medium", likely))
}

fn new_page(project: Id<Project>, blank: Blank, texts: Texts, priority: &str, likely: Vec<Like>) -> NewPage {
    NewPage {
        frame: blank.frame,
        path: new_path(project),
        list: format!("/workspace/projects/{project}"),
        once: blank.once,
        texts,
        priority: priority.to_owned(),
        priority_errors: Vec::new(),
        wrong: Vec::new(),
        likely,
    }
}

/// Nobody is kept from filing a ticket because its likely duplicates could not be found in time.
async fn likely_of(visit: &Visit, project: Id<Project>, title: &str) -> Vec<Like> {
    if title.trim().is_empty() {
        return Vec::new();
    }
    let title = title.to_owned();
    let rows = visit.scan(move |ctx| likeness::likely(ctx, project, &title)).await;
    likes(project, rows.unwrap_or_default())
}

/// The likely duplicates of the title that is being typed.
pub(super) async fn likely(visit: Visit) -> Result<Answer> {
    let project = visit.id("project_id")?;
    let title = visit.query("title").unwrap_or_default();
    let rows = visit.scan(move |ctx| likeness::likely(ctx, project, &title)).await?;
    page(&LikelyPage { likely: likes(project, rows) })
}

/// Files the ticket, once for each time that the form was shown.
pub(super) async fn create(visit: Visit) -> Result<Answer> {
    let project = visit.id("project_id")?;
    let draft = Draft { project_id: Sent::Value(project), ..draft(visit.form()) };
    match visit.write_once(move |ctx| Ok(see(&path(project, tickets::create(ctx, &draft)?.id)))).await {
        Err(Error::Invalid(problems)) => {
            let own = visit.clone();
            let blank = visit.read(move |ctx| blank(ctx, &own, project)).await?;
            let form = visit.form();
            let likely = likely_of(&visit, project, form.text("title")).await;
            let mut shown = new_page(project, blank, Texts::typed(form), form.text("priority"), likely);
            shown.texts.blame(&problems);
            shown.priority_errors = problems.of("priority");
            shown.wrong = shown.texts.wrong(&shown.priority_errors);
            page_with(StatusCode::UNPROCESSABLE_ENTITY, &shown)
        }
        outcome => outcome,
    }
}

/// The form for a ticket's texts.
#[derive(Template)]
#[template(path = "tickets/edit.html")]
struct EditPage {
    frame: Frame,
    path: String,
    code: String,
    opened: String,
    texts: Texts,
    wrong: Vec<Wrong>,
    clash: Option<Clash>,
}

/// That somebody else was faster.
struct Clash {
    /// Who; none is the reader, in another window.
    who: Option<String>,
    /// What they saved.
    what: String,
    /// When.
    at: Stamp,
    /// Whether saving writes over it.
    over: bool,
}

/// What the form for an edit shows.
struct Editing {
    frame: Frame,
    ticket: TicketRow,
    last: Option<EditRow>,
}

fn editing(ctx: &mut Ctx<'_>, visit: &Visit, address: Address) -> Result<Editing> {
    let ticket = ctx.read_ticket(Capability::EditTickets, address.ticket)?;
    address.check(&ticket)?;
    let frame = frame_in(ctx, visit, address.project, format!("Edit {}", code(&ticket)))?;
    let frame = frame.crumb(code(&ticket), address.path()).crumb("Edit", format!("{}/edit", address.path()));
    let last = history::last_edit(ctx, address.ticket)?;
    Ok(Editing { frame, ticket, last })
}

fn edit_page(address: Address, frame: Frame, ticket: &TicketRow, opened: &Opened, texts: Texts) -> EditPage {
    EditPage { frame, path: address.path(), code: code(ticket), opened: opened.to_string(), texts, wrong: Vec::new(), clash: None }
}

/// The texts as they are.
pub(super) async fn edit(visit: Visit) -> Result<Answer> {
    let address = Address::of(&visit)?;
    let own = visit.clone();
    let Editing { frame, ticket, .. } = visit.read(move |ctx| editing(ctx, &own, address)).await?;
    page(&edit_page(address, frame, &ticket, &Opened::of(&ticket), Texts::of(&ticket)))
}

/// Saves what was touched, unless somebody else was faster.
pub(super) async fn save(visit: Visit) -> Result<Answer> {
    let address = Address::of(&visit)?;
    if visit.form().text("choice") == "theirs" {
        return Ok(see_with(&address.path(), "theirs-kept"));
    }
    let opened: Opened = visit.form().text("opened").parse().unwrap_or_default();
    let draft = Draft { priority: Sent::Absent, ..draft(visit.form()) };
    let shown = opened.clone();
    let work = move |ctx: &mut Ctx<'_>| {
        address.check(&tickets::get(ctx, address.ticket)?)?;
        tickets::edit_texts(ctx, address.ticket, &draft, &shown).map(drop)
    };
    let refusal = match visit.write(work).await {
        Ok(()) => return Ok(see(&address.path())),
        Err(error @ (Error::Invalid(_) | Error::Stale)) => error,
        Err(error) => return Err(error),
    };
    let own = visit.clone();
    let Editing { frame, ticket, last } = visit.read(move |ctx| editing(ctx, &own, address)).await?;
    let mut texts = Texts::typed(visit.form());
    if let Error::Invalid(problems) = &refusal {
        texts.blame(problems);
        let mut page = edit_page(address, frame, &ticket, &opened, texts);
        page.wrong = page.texts.wrong(&[]);
        return page_with(StatusCode::UNPROCESSABLE_ENTITY, &page);
    }
    let clash = clash(&frame, &ticket, last.as_ref(), &opened, &mut texts);
    // The next saving sets out from what is shown now.
    let page = EditPage { clash: Some(clash), ..edit_page(address, frame, &ticket, &Opened::of(&ticket), texts) };
    page_with(StatusCode::CONFLICT, &page)
}

/// Both texts side by side where both were changed; where only the other did, theirs is taken into the field.
fn clash(frame: &Frame, ticket: &TicketRow, last: Option<&EditRow>, opened: &Opened, texts: &mut Texts) -> Clash {
    let mut what = Vec::new();
    let mut over = false;
    for (field, changed) in texts.all().into_iter().zip(opened.changed_since(ticket)) {
        if !changed {
            continue;
        }
        what.push(label(field.name));
        let now = saved(ticket, field.name);
        if opened.is_untouched(field.name, &field.value) {
            now.clone_into(&mut field.value);
            field.taken = true;
        } else if field.value.trim() != now {
            over = true;
            field.theirs = Some(pieces(&difference::words(field.value.trim(), now)));
        }
    }
    let me = frame.person.as_ref().map(|person| person.id.uuid());
    let mine = me.is_some() && last.and_then(|last| last.actor_id).map(Id::uuid) == me;
    let name = last.and_then(|last| last.actor_name.clone()).unwrap_or_else(|| "An administrator".to_owned());
    let at = frame.stamp(last.map_or(ticket.updated_at, |last| last.created_at));
    Clash { who: (!mine).then_some(name), what: listed(&what), at, over }
}

/// Each piece with the element that it stands in: `b` is theirs alone, `del` the writer's alone.
fn pieces(pieces: &[Piece<'_>]) -> Vec<(&'static str, String)> {
    let element = |piece: &Piece<'_>| match (piece.is_kept(), piece.is_added()) {
        (true, _) => "",
        (_, true) => "b",
        _ => "del",
    };
    pieces.iter().map(|piece| (element(piece), piece.text.to_owned())).collect()
}
