//! The tools, and which of them scopes unlock.

use serde::Serialize;

use super::{
    Pages,
    layout::{Section, Visitor},
};
use crate::{
    catalog::{Catalog, catalog, ticked},
    forms::Search,
};

#[derive(Serialize)]
struct Page<'a> {
    credential: &'a str,
    abbreviation: &'a str,
    /// Where the search is sent.
    url: Option<String>,
    /// Where a token with the ticked scopes is made.
    tokens_url: Option<String>,
    search: &'a str,
    catalog: Catalog,
}

impl Pages {
    /// The page of the tools, with what is looked for, and which scopes are ticked.
    pub fn tools(&self, visitor: &Visitor<'_>, search: &Search) -> String {
        self.listed(Some(visitor), search)
    }

    pub(crate) fn listed(&self, visitor: Option<&Visitor<'_>>, search: &Search) -> String {
        let Search { search, scope } = search;
        let mut catalog = catalog(&self.server, ticked(self.server.scopes(), scope));
        catalog.search(search);
        let is_served = visitor.is_some();
        let page = Page {
            credential: &self.server.credential.name,
            abbreviation: &self.server.credential.abbreviation,
            url: is_served.then(|| self.url("tools")),
            tokens_url: is_served.then(|| self.url("tokens")),
            search,
            catalog,
        };
        let layout = self.within(Section::Tools, visitor, None, &["scopes.js", "picker.js"]);
        self.render("tools.html", &layout, &page)
    }
}
