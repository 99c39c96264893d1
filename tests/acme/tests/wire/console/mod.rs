//! The settings in the browser, over real HTTP.

mod access;
mod activity;
mod forgery;
mod identity;
mod links;
#[cfg(unix)]
mod shared;
mod tokens;

use toolwright_tests::{Server, dump};

/// Every page, and every form with the fields that it has beside `csrf`.
const PAGES: [&str; 6] = [
    "/settings",
    "/settings/tokens",
    "/settings/connect",
    "/settings/tools",
    "/settings/activity",
    "/settings/tokens?scope=notes:read",
];

/// A form's address, and its fields beside `csrf`.
type Form = (&'static str, &'static [(&'static str, &'static str)]);

const FORMS: [Form; 3] = [
    ("/settings/tokens", &[("name", "forged"), ("scope", "notes:write"), ("lifetime", "86400")]),
    ("/settings/tokens/revoke", &[("id", "tok_aaaaaaaaaaaa")]),
    ("/settings/sign-out", &[]),
];

/// Everything that the server keeps of tokens, sessions and links, but when a token was last used: that is written
/// down later.
async fn kept(server: &Server) -> String {
    let dump = dump(&server.folder().join("data/acme.db"), Some("last_used_at")).await;
    // The audit log is written a moment after what it tells of.
    dump.lines().filter(|line| !line.starts_with("INSERT INTO audit ")).collect::<Vec<_>>().join("\n")
}
