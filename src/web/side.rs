//! The navigation beside all settings: which pages belong together, and which of them is shown.
//! The pages themselves are in files of their own; what a role may do is the domain's permission table.

use crate::domain::permissions::Capability;
use crate::domain::{Ctx, Result, organizations};
use crate::model::id::Id;
use crate::model::organizations::Organization;
use crate::model::projects::Project;
use crate::model::roles::Role;
use crate::store::organizations::MembershipRow;

/// A page of the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// One's own name, password and sessions.
    Profile,
    /// One's own tokens.
    Api,
    /// What a project is called.
    Project(Id<Project>),
    /// A project's tokens.
    ProjectTokens(Id<Project>),
    /// What an organization is called.
    Organization(Id<Organization>),
    /// Who belongs to an organization.
    Members(Id<Organization>),
    /// How long tokens may live that reach an organization, and which do.
    Policy(Id<Organization>),
}

/// The navigation, for `settings/side.html`.
pub(super) struct Side {
    /// What belongs together, under its name.
    pub(super) groups: Vec<Group>,
}

/// Pages about one thing.
pub(super) struct Group {
    /// What they are about.
    pub(super) title: String,
    /// The pages.
    pub(super) links: Vec<Link>,
}

/// A link to a page.
pub(super) struct Link {
    /// Its drawing.
    pub(super) icon: &'static str,
    /// Its words.
    pub(super) label: &'static str,
    /// Where it leads.
    pub(super) href: String,
    /// Whether it is the page that is shown.
    pub(super) current: bool,
}

impl Place {
    /// Where the page is.
    pub(super) fn href(self) -> String {
        match self {
            Self::Profile => "/account/settings".to_owned(),
            Self::Api => "/account/settings/api".to_owned(),
            Self::Project(id) => format!("/workspace/projects/{id}/settings"),
            Self::ProjectTokens(id) => format!("/workspace/projects/{id}/settings/api-token"),
            Self::Organization(id) => format!("/workspace/organizations/{id}/settings"),
            Self::Members(id) => format!("/workspace/organizations/{id}/members"),
            Self::Policy(id) => format!("/workspace/organizations/{id}/members#policy"),
        }
    }

    fn link(self, current: Self) -> Link {
        let (icon, label) = match self {
            Self::Profile => ("user", "Profile"),
            Self::Api => ("key", "API"),
            Self::Project(_) | Self::Organization(_) => ("sliders", "General"),
            Self::ProjectTokens(_) => ("key", "API Token"),
            Self::Members(_) => ("users", "Members"),
            Self::Policy(_) => ("lock", "Token policy"),
        };
        Link { icon, label, href: self.href(), current: self == current }
    }
}

fn account(current: Place) -> Group {
    Group { title: "Account".to_owned(), links: vec![Place::Profile.link(current), Place::Api.link(current)] }
}

fn organization(name: &str, id: Id<Organization>, role: Role, current: Place) -> Group {
    let mut links = vec![Place::Members(id).link(current), Place::Policy(id).link(current)];
    if Capability::EditOrganization.is_for(role) {
        links.push(Place::Organization(id).link(current));
    }
    Group { title: name.to_owned(), links }
}

impl Side {
    /// Beside the pages of one's own account: with all organizations that one belongs to.
    pub(super) fn of_account(ctx: &mut Ctx<'_>, current: Place) -> Result<Self> {
        let organizations = organizations::list(ctx)?;
        let others = organizations.iter().map(|row| organization(&row.name, row.id, row.role, current));
        Ok(Self { groups: std::iter::once(account(current)).chain(others).collect() })
    }

    /// Beside the pages of an organization.
    pub(super) fn of_organization(row: &MembershipRow, current: Place) -> Self {
        Self { groups: vec![organization(&row.name, row.id, row.role, current), account(current)] }
    }

    /// Beside the pages of a project, which only those see who may change its settings.
    pub(super) fn of_project(project: Id<Project>, name: &str, row: &MembershipRow, current: Place) -> Self {
        let links = vec![Place::Project(project).link(current), Place::ProjectTokens(project).link(current)];
        let own = Group { title: name.to_owned(), links };
        Self { groups: vec![own, organization(&row.name, row.id, row.role, current)] }
    }
}
