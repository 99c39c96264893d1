//! The page of the tools.

use axum::response::Response;
use http::{StatusCode, request::Parts};
use toolwright_pages::forms::Search;

use super::{
    Console,
    form::query,
    reply::{self, Failure},
    visitor::Known,
};

impl Console {
    /// Shows the tools, and which of them scopes unlock.
    pub(super) fn show_tools(&self, known: &Known, parts: &Parts) -> Result<Response, Failure> {
        let search: Search = query(parts);
        let csrf = known.csrf()?;
        Ok(reply::page(StatusCode::OK, self.pages.tools(&self.seen(known, &csrf), &search)))
    }
}
