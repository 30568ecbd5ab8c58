//! All that the API answers, on one page: method, path, capability, function.
//! Scope and role of each capability stand in the domain's permission table.

use axum::http::Method;

use super::{comments, events, members, openapi, organizations, projects, tickets, tokens};
use crate::domain::permissions::Capability::{
    Comment, CreateProjects, CreateTickets, DeleteProject, DeleteTickets, EditProject, EditTickets, ReadCurrentToken, ReadDescription,
    ReadMembers, ReadOrganizationTickets, ReadOrganizations, ReadProject, ReadTickets, RevokeCurrentToken, RevokeFoundTokens,
    RotateCurrentToken,
};
use crate::http::mount::Route;

/// Declares the table.
macro_rules! routes {
    ($($method:ident $path:literal $capability:ident $parse:path;)+) => {
        vec![$(Route { method: &Method::$method, path: $path, capability: $capability, parse: $parse }),+]
    };
}

/// The table of routes.
#[rustfmt::skip]
pub fn all() -> Vec<Route> {
    routes! {
        GET    "/api/v1/tickets"                                        ReadTickets             tickets::list;
        POST   "/api/v1/tickets"                                        CreateTickets           tickets::create;
        GET    "/api/v1/tickets/{id}"                                   ReadTickets             tickets::get;
        PATCH  "/api/v1/tickets/{id}"                                   EditTickets             tickets::edit;
        DELETE "/api/v1/tickets/{id}"                                   DeleteTickets           tickets::delete;
        POST   "/api/v1/tickets/{id}/restore"                           DeleteTickets           tickets::restore;
        GET    "/api/v1/tickets/{id}/comments"                          ReadTickets             comments::list;
        POST   "/api/v1/tickets/{id}/comments"                          Comment                 comments::create;
        PATCH  "/api/v1/tickets/{id}/comments/{comment_id}"             Comment                 comments::edit;
        DELETE "/api/v1/tickets/{id}/comments/{comment_id}"             Comment                 comments::delete;
        GET    "/api/v1/tickets/{id}/events"                            ReadTickets             events::list;
        GET    "/api/v1/mcp/organizations"                              ReadOrganizations       organizations::list;
        GET    "/api/v1/mcp/organizations/{organization_id}/projects"   ReadOrganizations       projects::list;
        POST   "/api/v1/mcp/organizations/{organization_id}/projects"   CreateProjects          projects::create;
        GET    "/api/v1/mcp/organizations/{organization_id}/tickets"    ReadOrganizationTickets tickets::of_organization;
        GET    "/api/v1/mcp/organizations/{organization_id}/members"    ReadMembers             members::list;
        GET    "/api/v1/projects/{id}"                                  ReadProject             projects::get;
        PATCH  "/api/v1/projects/{id}"                                  EditProject             projects::edit;
        DELETE "/api/v1/projects/{id}"                                  DeleteProject           projects::delete;
        GET    "/api/v1/tokens/current"                                 ReadCurrentToken        tokens::current;
        DELETE "/api/v1/tokens/current"                                 RevokeCurrentToken      tokens::revoke_current;
        POST   "/api/v1/tokens/current/rotate"                          RotateCurrentToken      tokens::rotate;
        POST   "/api/v1/tokens/revoke"                                  RevokeFoundTokens       tokens::revoke_found;
        GET    "/api/v1/openapi.json"                                   ReadDescription         openapi::get;
    }
}
