//! The permission table: for every capability the scope and the role that it needs. Router, OpenAPI document and access test are made from it.
//! How a caller reaches a thing at all is in `reach`.

use crate::model::roles::Role;
use crate::model::scopes::Scope;

/// Something that can be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Capability {
    /// Read the OpenAPI document.
    ReadDescription,
    /// Kill a token that was found.
    RevokeFoundTokens,
    /// Sign in and out, and come in by a link or the code of the first run.
    SignIn,
    /// Read the documentation.
    ReadDocumentation,
    /// See the token that one calls with.
    ReadCurrentToken,
    /// Replace the token that one calls with.
    RotateCurrentToken,
    /// Revoke the token that one calls with.
    RevokeCurrentToken,
    /// Read tickets, their comments and their history.
    ReadTickets,
    /// List an organization's tickets, which no project token reaches.
    ReadOrganizationTickets,
    /// File tickets.
    CreateTickets,
    /// Change tickets.
    EditTickets,
    /// Delete and restore tickets.
    DeleteTickets,
    /// Comment, and edit or delete own comments.
    Comment,
    /// Delete others' comments.
    DeleteOthersComments,
    /// Read organizations and their projects.
    ReadOrganizations,
    /// Read a project.
    ReadProject,
    /// Make projects.
    CreateProjects,
    /// Change a project's settings.
    EditProject,
    /// Delete a project.
    DeleteProject,
    /// Read an organization's members.
    ReadMembers,
    /// See what there is to do, over all organizations.
    ReadWorkspace,
    /// Change one's own name, address, password and sessions.
    ManageOwnAccount,
    /// Have and manage personal tokens of one's own.
    ManageOwnTokens,
    /// Manage a project's tokens.
    ManageProjectTokens,
    /// Shut tokens of members out of the organization, and let them in again.
    ShutOutMembersTokens,
    /// Invite members and change roles below one's own.
    ManageMembers,
    /// Make or remove owners.
    ManageOwners,
    /// Change what an organization is called.
    EditOrganization,
    /// Set the token policy.
    SetTokenPolicy,
    /// End one's own membership.
    LeaveOrganization,
    /// Bring in tickets from another tracker, with their old times and authors.
    ImportTickets,
}

/// Who may come at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// Anybody, without a token.
    Anybody,
    /// Any token.
    AnyToken,
    /// A personal token with this scope.
    Personal(Scope),
    /// Any token with this scope.
    Scoped(Scope),
    /// No token: only a signed-in person.
    SignedIn,
}

/// What a capability needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Who may come.
    pub door: Door,
    /// The least role in the organization that it is about.
    pub role: Role,
    /// Whether it is still possible in an archived project.
    pub in_archive: bool,
}

impl Rule {
    /// The scope that a token needs.
    pub const fn scope(&self) -> Option<Scope> {
        match self.door {
            Door::Personal(scope) | Door::Scoped(scope) => Some(scope),
            Door::Anybody | Door::AnyToken | Door::SignedIn => None,
        }
    }
}

impl Capability {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::ReadDescription,
        Self::RevokeFoundTokens,
        Self::SignIn,
        Self::ReadDocumentation,
        Self::ReadCurrentToken,
        Self::RotateCurrentToken,
        Self::RevokeCurrentToken,
        Self::ReadTickets,
        Self::ReadOrganizationTickets,
        Self::CreateTickets,
        Self::EditTickets,
        Self::DeleteTickets,
        Self::Comment,
        Self::DeleteOthersComments,
        Self::ReadOrganizations,
        Self::ReadProject,
        Self::CreateProjects,
        Self::EditProject,
        Self::DeleteProject,
        Self::ReadMembers,
        Self::ReadWorkspace,
        Self::ManageOwnAccount,
        Self::ManageOwnTokens,
        Self::ManageProjectTokens,
        Self::ShutOutMembersTokens,
        Self::ManageMembers,
        Self::ManageOwners,
        Self::EditOrganization,
        Self::SetTokenPolicy,
        Self::LeaveOrganization,
        Self::ImportTickets,
    ];

    /// Whether the role is enough for it. Whoever asks on behalf of a caller is told by the domain's functions; this is for what is shown.
    pub fn is_for(self, role: Role) -> bool {
        role >= self.rule().role
    }

    /// The table.
    pub const fn rule(self) -> Rule {
        use Door::{AnyToken, Anybody, Personal, Scoped, SignedIn};
        use Role::{Admin, Member, Owner, Viewer};
        let (door, role, in_archive) = match self {
            Self::ReadDescription | Self::RevokeFoundTokens | Self::SignIn | Self::ReadDocumentation => (Anybody, Viewer, true),
            Self::ReadCurrentToken | Self::RotateCurrentToken | Self::RevokeCurrentToken => (AnyToken, Viewer, true),
            Self::ReadTickets => (Scoped(Scope::TicketsRead), Viewer, true),
            Self::ReadOrganizationTickets => (Personal(Scope::TicketsRead), Viewer, true),
            Self::CreateTickets => (Scoped(Scope::TicketsCreate), Member, false),
            Self::EditTickets => (Scoped(Scope::TicketsWrite), Member, false),
            Self::DeleteTickets => (Scoped(Scope::TicketsWrite), Admin, false),
            Self::Comment => (Scoped(Scope::CommentsWrite), Member, false),
            Self::DeleteOthersComments => (Scoped(Scope::CommentsWrite), Admin, false),
            Self::ReadOrganizations => (Personal(Scope::ProjectsRead), Viewer, true),
            Self::ReadProject => (Scoped(Scope::ProjectsRead), Viewer, true),
            Self::CreateProjects => (Personal(Scope::ProjectsWrite), Admin, true),
            Self::EditProject => (Scoped(Scope::ProjectsWrite), Admin, true),
            Self::DeleteProject => (Personal(Scope::ProjectsWrite), Owner, true),
            Self::ReadMembers => (Personal(Scope::MembersRead), Viewer, true),
            Self::ReadWorkspace | Self::ManageOwnAccount | Self::ManageOwnTokens | Self::LeaveOrganization => (SignedIn, Viewer, true),
            Self::ManageProjectTokens | Self::ShutOutMembersTokens | Self::ManageMembers => (SignedIn, Admin, true),
            Self::ManageOwners | Self::EditOrganization | Self::SetTokenPolicy => (SignedIn, Owner, true),
            Self::ImportTickets => (SignedIn, Admin, false),
        };
        Rule { door, role, in_archive }
    }
}
