//! All pages and forms, on one page: method, path, capability, function.
//! What each capability needs stands in the domain's permission table.

use axum::http::Method;

use super::members::{links, memberships, policy, tokens as member_tokens};
use super::{
    account, account_tokens, comments, confirm, documentation, invitations, members, new_project, organizations, project_settings,
    project_tokens, resets, search, setup, sign_in, ticket_forms, ticket_lists, tickets, workspace,
};
use crate::domain::permissions::Capability::{
    Comment, CreateProjects, CreateTickets, DeleteProject, DeleteTickets, EditOrganization, EditProject, EditTickets, LeaveOrganization,
    ManageMembers, ManageOwnAccount, ManageOwnTokens, ManageOwners, ManageProjectTokens, ReadDocumentation, ReadMembers, ReadTickets,
    ReadWorkspace, SetTokenPolicy, ShutOutMembersTokens, SignIn,
};
use crate::http::pages::PageRoute;

/// Declares the table.
macro_rules! pages {
    ($($method:ident $path:literal $capability:ident $answer:path;)+) => {
        vec![$(PageRoute { method: &Method::$method, path: $path, capability: $capability, answer: |visit| Box::pin(confirm::first(visit, |visit| Box::pin($answer(visit)))) }),+]
    };
}

/// The table of pages.
#[rustfmt::skip]
pub fn all() -> Vec<PageRoute> {
    pages! {
        GET  "/"                                                              SignIn                  sign_in::home;
        GET  "/login"                                                         SignIn                  sign_in::page;
        POST "/login"                                                         SignIn                  sign_in::submit;
        POST "/logout"                                                        SignIn                  sign_in::sign_out;
        GET  "/setup"                                                         SignIn                  setup::page;
        POST "/setup"                                                         SignIn                  setup::submit;
        GET  "/invitations/{secret}"                                          SignIn                  invitations::page;
        POST "/invitations/{secret}"                                          SignIn                  invitations::accept;
        GET  "/reset/{secret}"                                                SignIn                  resets::page;
        POST "/reset/{secret}"                                                SignIn                  resets::submit;
        GET  "/account/settings"                                              ManageOwnAccount        account::page;
        POST "/account/settings"                                              ManageOwnAccount        account::edit;
        POST "/account/settings/password"                                     ManageOwnAccount        account::change_password;
        POST "/account/settings/sessions"                                     ManageOwnAccount        account::end_sessions;
        GET  "/workspace"                                                     ReadWorkspace           workspace::page;
        GET  "/workspace/search"                                              ReadWorkspace           search::page;
        GET  "/workspace/go"                                                  ReadWorkspace           search::go;
        GET  "/workspace/projects/{project_id}"                               ReadTickets             ticket_lists::page;
        POST "/workspace/projects/{project_id}/tickets/bulk"                  EditTickets             ticket_lists::change_selected;
        GET  "/workspace/projects/{project_id}/tickets/new"                   CreateTickets           ticket_forms::new;
        POST "/workspace/projects/{project_id}/tickets/new"                   CreateTickets           ticket_forms::create;
        GET  "/workspace/projects/{project_id}/tickets/likely"                ReadTickets             ticket_forms::likely;
        GET  "/workspace/projects/{project_id}/tickets/{ticket_id}"           ReadTickets             tickets::show;
        GET  "/workspace/projects/{project_id}/tickets/{ticket_id}/gherkin"   ReadTickets             tickets::gherkin;
        GET  "/workspace/projects/{project_id}/tickets/{ticket_id}/edit"      EditTickets             ticket_forms::edit;
        POST "/workspace/projects/{project_id}/tickets/{ticket_id}/edit"      EditTickets             ticket_forms::save;
        POST "/workspace/projects/{project_id}/tickets/{ticket_id}/facts"     EditTickets             tickets::change_fact;
        POST "/workspace/projects/{project_id}/tickets/{ticket_id}/delete"    DeleteTickets           tickets::delete;
        POST "/workspace/projects/{project_id}/tickets/{ticket_id}/restore"   DeleteTickets           tickets::restore;
        POST "/workspace/projects/{project_id}/tickets/{ticket_id}/comments"  Comment                 comments::create;
        GET  "/workspace/projects/{project_id}/tickets/{ticket_id}/comments/{comment_id}/edit"   Comment comments::edit;
        POST "/workspace/projects/{project_id}/tickets/{ticket_id}/comments/{comment_id}/edit"   Comment comments::save;
        POST "/workspace/projects/{project_id}/tickets/{ticket_id}/comments/{comment_id}/delete" Comment comments::delete;
        GET  "/workspace/organizations/{organization_id}/projects/new"        CreateProjects          new_project::page;
        POST "/workspace/organizations/{organization_id}/projects/new"        CreateProjects          new_project::create;
        GET  "/documentation"                                                 ReadDocumentation       documentation::introduction;
        GET  "/documentation/authentication"                                  ReadDocumentation       documentation::authentication;
        GET  "/documentation/errors"                                          ReadDocumentation       documentation::errors;
        GET  "/documentation/projects"                                        ReadDocumentation       documentation::projects;
        GET  "/documentation/tickets"                                         ReadDocumentation       documentation::tickets_page;
        GET  "/workspace/projects/{project_id}/settings"                            EditProject             project_settings::show;
        POST "/workspace/projects/{project_id}/settings"                            EditProject             project_settings::save;
        POST "/workspace/projects/{project_id}/settings/archive"                    EditProject             project_settings::archive;
        POST "/workspace/projects/{project_id}/settings/unarchive"                  EditProject             project_settings::unarchive;
        GET  "/workspace/projects/{project_id}/settings/delete"                     DeleteProject           project_settings::ask_delete;
        POST "/workspace/projects/{project_id}/settings/delete"                     DeleteProject           project_settings::delete;
        GET  "/workspace/organizations/{organization_id}/members"                   ReadMembers             members::show;
        POST "/workspace/organizations/{organization_id}/members/{user_id}/role"    ManageMembers           memberships::set_role;
        GET  "/workspace/organizations/{organization_id}/members/{user_id}/remove"  ManageMembers           memberships::ask_remove;
        POST "/workspace/organizations/{organization_id}/members/{user_id}/remove"  ManageMembers           memberships::remove;
        POST "/workspace/organizations/{organization_id}/members/{user_id}/reset-link" ManageOwners            links::reset;
        GET  "/workspace/organizations/{organization_id}/leave"                     LeaveOrganization       memberships::ask_leave;
        POST "/workspace/organizations/{organization_id}/leave"                     LeaveOrganization       memberships::leave;
        POST "/workspace/organizations/{organization_id}/invitations"               ManageMembers           links::invite;
        POST "/workspace/organizations/{organization_id}/invitations/{invitation_id}/withdraw" ManageMembers           links::withdraw;
        GET  "/workspace/organizations/{organization_id}/settings"                  EditOrganization        organizations::show;
        POST "/workspace/organizations/{organization_id}/settings"                  EditOrganization        organizations::save;
        POST "/workspace/organizations/{organization_id}/policy"                    SetTokenPolicy          policy::set;
        GET  "/workspace/organizations/{organization_id}/tokens/{token_id}/shut-out" ShutOutMembersTokens   member_tokens::ask_shut_out;
        POST "/workspace/organizations/{organization_id}/tokens/{token_id}/shut-out" ShutOutMembersTokens   member_tokens::shut_out;
        POST "/workspace/organizations/{organization_id}/tokens/{token_id}/let-in"  ShutOutMembersTokens    member_tokens::let_in;
        GET  "/account/settings/api"                                          ManageOwnTokens         account_tokens::page;
        POST "/account/settings/api"                                          ManageOwnTokens         account_tokens::make;
        GET  "/account/settings/api/{token_id}/revoke"                        ManageOwnTokens         account_tokens::ask_revoke;
        POST "/account/settings/api/{token_id}/revoke"                        ManageOwnTokens         account_tokens::revoke;
        POST "/account/settings/api/{token_id}/dismiss"                       ManageOwnTokens         account_tokens::dismiss;
        GET  "/account/settings/api/{token_id}/rotate"                        ManageOwnTokens         account_tokens::ask_rotate;
        POST "/account/settings/api/{token_id}/rotate"                        ManageOwnTokens         account_tokens::rotate;
        GET  "/workspace/projects/{project_id}/settings/api-token"            ManageProjectTokens     project_tokens::page;
        POST "/workspace/projects/{project_id}/settings/api-token"            ManageProjectTokens     project_tokens::make;
        GET  "/workspace/projects/{project_id}/settings/api-token/{token_id}/revoke" ManageProjectTokens     project_tokens::ask_revoke;
        POST "/workspace/projects/{project_id}/settings/api-token/{token_id}/revoke" ManageProjectTokens     project_tokens::revoke;
        POST "/workspace/projects/{project_id}/settings/api-token/{token_id}/dismiss" ManageProjectTokens     project_tokens::dismiss;
        GET  "/workspace/projects/{project_id}/settings/api-token/{token_id}/rotate" ManageProjectTokens     project_tokens::ask_rotate;
        POST "/workspace/projects/{project_id}/settings/api-token/{token_id}/rotate" ManageProjectTokens     project_tokens::rotate;
    }
}
