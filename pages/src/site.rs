//! The pages that need no session, as files beside the documentation.

use crate::{ASSETS, Connect, Pages, Server, forms};

/// A file of the site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteFile {
    /// Path below the site's folder, with forward slashes.
    pub path: String,
    /// The whole content.
    pub content: String,
}

/// What the pages of the site name.
const NAMED: [&str; 5] = ["style.css", "icon.svg", "scopes.js", "picker.js", "copy.js"];

/// The tools and how clients connect, as files that open by themselves: all their links are relative, and the names of assets
/// have no digest, so that a change shows as one.
pub fn site(server: Server) -> Vec<SiteFile> {
    let pages = Pages::site(server);
    let file = |path: &str, content: String| SiteFile { path: path.to_owned(), content };
    let tools = pages.listed(None, &forms::Search::default());
    let connect = pages.connected(None, &Connect { chosen: &forms::Choose::default(), accounts: &[] });
    let assets = ASSETS.iter().filter(|asset| NAMED.contains(&asset.plain));
    let assets = assets.map(|asset| file(&format!("assets/{}", asset.plain), asset.content.clone()));
    [file("tools.html", tools), file("connect.html", connect)].into_iter().chain(assets).collect()
}
