//! What every page has around it: who is signed in, where one is and can go, the search, the key of its forms, the reader's zone.
//! What stands in the middle is each page's own affair.

use std::sync::Arc;

use super::initials::initials;
use super::notices::{self, Notice};
use super::times::{Stamp, Zone};
use crate::domain::{Ctx, Result, places};
use crate::http::forms::Keys;
use crate::http::guard::Marker;
use crate::http::pages::Visit;
use crate::model::id::Id;
use crate::model::organizations::Organization;
use crate::model::sessions::Theme;
use crate::model::time::Time;
use crate::model::users::User;

/// Who is signed in.
#[derive(Debug, Clone)]
pub(super) struct Signed {
    pub(super) id: Id<User>,
    pub(super) name: String,
    pub(super) email: String,
    pub(super) initials: String,
}

/// A step of the way that leads here.
#[derive(Debug, Clone)]
pub(super) struct Crumb {
    pub(super) label: String,
    pub(super) href: String,
}

/// A project to go to.
#[derive(Debug, Clone)]
pub(super) struct PlaceLink {
    pub(super) label: String,
    pub(super) code: String,
    pub(super) href: String,
}

/// An organization to go to.
#[derive(Debug, Clone)]
pub(super) struct OrganizationLink {
    pub(super) id: Id<Organization>,
    pub(super) name: String,
    pub(super) href: String,
    pub(super) settings: bool,
}

/// The search box.
#[derive(Debug, Clone)]
pub(super) struct Search {
    pub(super) action: String,
    pub(super) label: String,
    pub(super) text: String,
}

/// What every page has around it.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    pub(super) title: String,
    pub(super) person: Option<Signed>,
    /// `light` or `dark` where the person chose one.
    pub(super) theme: Option<&'static str>,
    /// The keys of its forms.
    pub(super) keys: Keys,
    /// On which parts of it htmx may act.
    pub(super) own: Marker,
    pub(super) crumbs: Vec<Crumb>,
    pub(super) places: Vec<PlaceLink>,
    pub(super) organizations: Vec<OrganizationLink>,
    pub(super) search: Search,
    pub(super) new_ticket: Option<String>,
    pub(super) notice: Option<Notice>,
    pub(super) zone: Zone,
    pub(super) now: Time,
    pub(super) base_url: Arc<str>,
}

impl Frame {
    /// The frame of a page for nobody in particular.
    pub(super) fn bare(visit: &Visit, title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            person: None,
            theme: None,
            keys: visit.form_keys(),
            own: visit.marker().clone(),
            crumbs: Vec::new(),
            places: Vec::new(),
            organizations: Vec::new(),
            search: Search { action: "/workspace/search".to_owned(), label: "Search tickets".to_owned(), text: String::new() },
            new_ticket: None,
            notice: visit.query("notice").as_deref().and_then(notices::named),
            zone: Zone::named(visit.cookie("tz")),
            now: visit.front().app.now(),
            base_url: visit.front().app.base_url(),
        }
    }

    /// The frame of a page for whoever is signed in, read along with it.
    pub(super) fn of(ctx: &mut Ctx<'_>, visit: &Visit, title: impl Into<String>) -> Result<Self> {
        let mut frame = Self::bare(visit, title);
        let Some(session) = ctx.session() else { return Ok(frame) };
        frame.person = Some(Signed {
            id: session.user_id,
            name: session.name.clone(),
            email: session.email.clone(),
            initials: initials(&session.name),
        });
        frame.theme = match session.theme {
            Theme::System => None,
            Theme::Light => Some("light"),
            Theme::Dark => Some("dark"),
        };
        let places = places::of_caller(ctx)?;
        frame.places = places
            .projects
            .into_iter()
            .map(|project| PlaceLink { href: format!("/workspace/projects/{}", project.id), label: project.name, code: project.code })
            .collect();
        frame.organizations = places
            .organizations
            .into_iter()
            .map(|row| OrganizationLink {
                id: row.id,
                href: format!("/workspace/organizations/{}/members", row.id),
                name: row.name,
                settings: true,
            })
            .collect();
        Ok(frame)
    }

    /// One step further on the way that leads here.
    #[must_use]
    pub(super) fn crumb(mut self, label: impl Into<String>, href: impl Into<String>) -> Self {
        self.crumbs.push(Crumb { label: label.into(), href: href.into() });
        self
    }

    /// What the search box searches.
    #[must_use]
    pub(super) fn search_in(mut self, action: impl Into<String>, label: impl Into<String>, text: impl Into<String>) -> Self {
        self.search = Search { action: action.into(), label: label.into(), text: text.into() };
        self
    }

    /// Where a new ticket is written.
    #[must_use]
    pub(super) fn new_ticket_in(mut self, href: impl Into<String>) -> Self {
        self.new_ticket = Some(href.into());
        self
    }

    /// A moment in the reader's zone.
    pub(super) fn stamp(&self, at: Time) -> Stamp {
        self.zone.stamp(at, self.now)
    }
}
