//! The web pages of toolwright's servers.
//!
//! A page is a function of [`Pages`] that takes a typed model and gives the whole document. The runtime serves them
//! with a session, as the settings ([`Pages::console`]); the generator writes the two that need none as files
//! ([`site`]). What both know of a server is a [`Server`]. Nothing here does I/O, and nothing here knows HTTP: who
//! serves a page sends [`CONTENT_SECURITY_POLICY`] with it, and the [`ASSETS`] that it names.
//!
//! Every text is escaped where it is written. No page has a script or a style within, so that the policy can refuse both.

mod arguments;
mod assets;
mod catalog;
pub mod forms;
mod page;
mod server;
mod site;
mod snippets;
mod template;
mod time;

pub use arguments::{Argument, arguments};
pub use assets::{ASSETS, Asset, asset};
pub use page::{
    Has, Pages,
    activity::{Activity, Call, Day, Outcome, TokenChoice},
    connect::Connect,
    failure::Failure,
    keys::{Key, KeyField, KeyFieldKind, KeyForm, Keys},
    layout::{Notice, Visitor},
    sign_in::SignIn,
    tokens::{NewToken, Token, TokenForm, Tokens},
};
pub use server::{Account, Credential, Gateway, Group, Server, Tool};
pub use site::{SiteFile, site};

/// What a browser is told with every page: nothing is loaded from elsewhere, nothing written into a page runs, no other
/// page may show it in a frame, and forms lead here only.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
    connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
