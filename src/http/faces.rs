//! Which face answers a request: the API and those who watch over the program by one router, people by the other.
//! What each of them answers is its own affair.

use axum::Router;

/// The faces over HTTP, cheap to clone.
#[derive(Debug, Clone)]
pub struct Faces {
    api: Router,
    pages: Option<Router>,
}

impl Faces {
    /// Programs and people.
    pub const fn new(api: Router, pages: Router) -> Self {
        Self { api, pages: Some(pages) }
    }

    /// The router that answers this path. Its clone is a count.
    pub fn of(&self, path: &str) -> Router {
        let is_programs = |first: &str| matches!(first, "api" | "healthz" | "readyz");
        match &self.pages {
            Some(pages) if !is_programs(path.split('/').nth(1).unwrap_or_default()) => pages.clone(),
            _ => self.api.clone(),
        }
    }
}

impl From<Router> for Faces {
    /// One face for all.
    fn from(router: Router) -> Self {
        Self { api: router, pages: None }
    }
}
