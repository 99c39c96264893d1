//! The pages: a file for each, with its model and what its template is given.

pub(crate) mod activity;
pub(crate) mod connect;
pub(crate) mod failure;
pub(crate) mod keys;
pub(crate) mod layout;
pub(crate) mod sign_in;
pub(crate) mod tokens;
pub(crate) mod tools;

use minijinja::Environment;
use serde::Serialize;

use crate::{Server, template};
use layout::{Layout, Place};

/// The pages of one server. Made once: it reads the templates.
#[derive(Debug)]
pub struct Pages {
    pub(crate) server: Server,
    place: Place,
    environment: Environment<'static>,
}

/// Which pages there are, of those that not every server has.
#[derive(Debug, Clone, Copy)]
pub struct Has {
    /// Keys to store.
    pub keys: bool,
    /// An audit log, which tells of calls.
    pub activity: bool,
}

impl Pages {
    /// The settings, below the path `base`, which has a leading slash and none at its end.
    ///
    /// Below it are expected, by GET: `sign-in`, `tokens`, `connect`, `tools`, `keys` where the server has keys to
    /// store, `activity` where it keeps an audit log, and `assets/NAME` for each of [`ASSETS`](crate::ASSETS); by POST: `sign-in`, `sign-out`, `tokens`,
    /// `tokens/revoke`, `keys` and `keys/delete`. What each takes is in [`forms`](crate::forms).
    pub fn console(server: Server, base: &str, has: Has) -> Self {
        Self { server, place: Place::Console { base: base.to_owned(), has }, environment: template::environment() }
    }

    /// The pages without a session, as files beside each other.
    pub(crate) fn site(server: Server) -> Self {
        Self { server, place: Place::Site, environment: template::environment() }
    }

    /// A whole document.
    fn render(&self, template: &'static str, layout: &Layout<'_>, page: &impl Serialize) -> String {
        #[derive(Serialize)]
        struct Document<'a, T> {
            layout: &'a Layout<'a>,
            page: &'a T,
        }
        template::render(&self.environment, template, &Document { layout, page })
    }
}
