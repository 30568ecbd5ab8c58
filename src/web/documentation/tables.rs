//! What tokens and roles may do, in tables read from the domain's permission table, so that the pages cannot say otherwise.
//! The sentences are here; what is allowed is not decided here.

use crate::domain::permissions::{Capability, Door};
use crate::model::roles::Role;
use crate::model::scopes::{Scope, Scopes};

/// A scope, what it opens, and which presets have it.
#[derive(Debug)]
pub struct ScopeRow {
    /// The scope's word.
    pub scope: Scope,
    /// What it opens.
    pub opens: Vec<&'static str>,
    /// Whether it does something for a project token.
    pub for_projects: bool,
    /// Each preset, as it is named in settings, and whether it has the scope.
    pub presets: [(&'static str, bool); 3],
}

/// A thing that may be done, and what it takes.
#[derive(Debug)]
pub struct RightRow {
    /// What is done.
    pub what: &'static str,
    /// The scope, where it takes one.
    pub scope: Option<Scope>,
    /// Who may come.
    pub who: &'static str,
    /// Each role, and whether it may.
    pub roles: Vec<(&'static str, bool)>,
    /// Whether it goes on in an archived project.
    pub in_archive: bool,
}

/// The roles, from the one that may do least.
pub fn roles() -> impl Iterator<Item = &'static str> {
    Role::ALL.iter().map(|role| role.word())
}

/// All scopes, in the contract's order.
pub fn scopes() -> Vec<ScopeRow> {
    Scope::ALL.iter().copied().map(scope_row).collect()
}

fn scope_row(scope: Scope) -> ScopeRow {
    let capabilities = Capability::ALL.iter().filter(|capability| capability.rule().scope() == Some(scope));
    ScopeRow {
        scope,
        opens: capabilities.clone().filter_map(|capability| sentence(*capability)).collect(),
        for_projects: capabilities.clone().any(|capability| matches!(capability.rule().door, Door::Scoped(_))),
        presets: [("Full access", Scopes::FULL), ("Read only", Scopes::READ_ONLY), ("Report only", Scopes::REPORT_ONLY)]
            .map(|(name, preset)| (name, preset.has(scope))),
    }
}

/// What may be done, in the order of the permission table.
pub fn rights() -> Vec<RightRow> {
    Capability::ALL.iter().filter_map(|capability| right_row(*capability)).collect()
}

fn right_row(capability: Capability) -> Option<RightRow> {
    let what = sentence(capability)?;
    let rule = capability.rule();
    let who = match rule.door {
        Door::Anybody => "anybody, without a token",
        Door::AnyToken => "any token",
        Door::Personal(_) => "personal tokens",
        Door::Scoped(_) => "personal and project tokens",
        Door::SignedIn => "signed-in people only",
    };
    let roles = Role::ALL.iter().map(|role| (role.word(), capability.is_for(*role))).collect();
    Some(RightRow { what, scope: rule.scope(), who, roles, in_archive: rule.in_archive })
}

/// What the capability lets one do; nothing for what belongs to the pages themselves.
const fn sentence(capability: Capability) -> Option<&'static str> {
    Some(match capability {
        Capability::SignIn | Capability::ReadDocumentation | Capability::ReadWorkspace | Capability::ManageOwnAccount => return None,
        Capability::ReadDescription => "read the OpenAPI document",
        Capability::RevokeFoundTokens => "revoke a token that was found",
        Capability::ReadCurrentToken => "see the token that one calls with",
        Capability::RotateCurrentToken => "replace the token that one calls with",
        Capability::RevokeCurrentToken => "revoke the token that one calls with",
        Capability::ReadTickets => "read tickets, their comments and their history",
        Capability::ReadOrganizationTickets => "list an organization's tickets",
        Capability::CreateTickets => "file tickets",
        Capability::EditTickets => "change tickets",
        Capability::DeleteTickets => "delete and restore tickets",
        Capability::Comment => "comment, and edit or delete one's own comments",
        Capability::DeleteOthersComments => "delete others' comments",
        Capability::ReadOrganizations => "list organizations and their projects",
        Capability::ReadProject => "read a project",
        Capability::CreateProjects => "make projects",
        Capability::EditProject => "change and archive a project",
        Capability::DeleteProject => "delete a project",
        Capability::ReadMembers => "list an organization's members",
        Capability::ManageOwnTokens => "have personal tokens",
        Capability::ManageProjectTokens => "make and revoke a project's tokens",
        Capability::ShutOutMembersTokens => "shut members' tokens out",
        Capability::ManageMembers => "invite members, change roles below one's own",
        Capability::LeaveOrganization => "leave an organization",
        Capability::ManageOwners => "make and remove owners",
        Capability::EditOrganization => "change an organization's name",
        Capability::SetTokenPolicy => "set the longest life of tokens",
        Capability::ImportTickets => "import tickets from another tracker",
    })
}
