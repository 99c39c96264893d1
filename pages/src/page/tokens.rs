//! Tokens: creating, listing and revoking them.

use serde::Serialize;
use toolwright_core::token::LONGEST_NAME;

use super::{
    Pages,
    layout::{Notice, Section, Visitor},
};
use crate::{
    catalog::{Catalog, catalog, ticked},
    snippets::{Bearer, ClientPanel, Curl, Named, curl, panels, url},
    time::{Moment, duration, moment},
};

/// What the field `lifetime` says where a day is chosen.
pub(crate) const CUSTOM: &str = "date";

/// Lifetimes to choose from beside the declared one, in days.
const DAYS: [u64; 4] = [7, 30, 90, 365];

const DAY: u64 = 24 * 60 * 60;

/// Everything that the page shows.
#[derive(Debug, Clone, Default)]
pub struct Tokens<'a> {
    /// The time, in seconds since 1970.
    pub now: i64,
    /// The tokens, the newest first.
    pub tokens: Vec<Token<'a>>,
    /// What is in the form.
    pub form: TokenForm,
    /// The one that was just created.
    pub created: Option<NewToken<'a>>,
    /// What the path can name, where it names something: what the visitor is a member of.
    pub accounts: &'a [String],
    /// What has become of what was asked for.
    pub notice: Option<Notice>,
}

/// A token in the list.
#[derive(Debug, Clone)]
pub struct Token<'a> {
    /// Its id.
    pub id: &'a str,
    /// What its maker called it.
    pub name: &'a str,
    /// The scopes, as granted.
    pub scopes: Vec<&'a str>,
    /// When it was made; this and all that follow in seconds since 1970.
    pub created_at: i64,
    /// When it was last used.
    pub last_used_at: Option<i64>,
    /// When it ends.
    pub expires_at: i64,
    /// When it was revoked.
    pub revoked_at: Option<i64>,
}

/// What is in the form, and what is wrong with it.
#[derive(Debug, Clone, Default)]
pub struct TokenForm {
    /// The name.
    pub name: String,
    /// The scopes that are ticked.
    pub scopes: Vec<String>,
    /// The choice of a lifetime: seconds, or `date`. Empty is the declared one.
    pub lifetime: String,
    /// The day, where one is chosen.
    pub expires_on: String,
    /// What is wrong with the name.
    pub name_fault: Option<String>,
    /// What is wrong with the scopes.
    pub scopes_fault: Option<String>,
    /// What is wrong with the lifetime.
    pub lifetime_fault: Option<String>,
}

/// A token that was just created, and is shown this once.
#[derive(Clone, Copy)]
pub struct NewToken<'a> {
    /// What its maker called it.
    pub name: &'a str,
    /// The token itself.
    pub secret: &'a str,
    /// When it ends, in seconds since 1970.
    pub expires_at: i64,
}

impl std::fmt::Debug for NewToken<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewToken")
            .field("name", &self.name)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

#[derive(Serialize)]
struct Page<'a> {
    credential: &'a str,
    abbreviation: &'a str,
    url: String,
    revoke_url: String,
    name: &'a str,
    name_fault: Option<&'a str>,
    longest_name: usize,
    scopes_fault: Option<&'a str>,
    lifetimes: Vec<Lifetime>,
    lifetime_fault: Option<&'a str>,
    is_custom: bool,
    expires_on: &'a str,
    /// The first day that can be chosen.
    today: String,
    catalog: Catalog,
    tokens: Vec<Row<'a>>,
    created: Option<Created<'a>>,
}

#[derive(Serialize)]
struct Lifetime {
    seconds: u64,
    words: String,
    chosen: bool,
}

#[derive(Serialize)]
struct Row<'a> {
    id: &'a str,
    name: &'a str,
    scopes: &'a [&'a str],
    created: Moment,
    last_used: Option<Moment>,
    expires: Moment,
    revoked: Option<Moment>,
    /// `active`, `expired` or `revoked`.
    state: &'static str,
}

#[derive(Serialize)]
struct Created<'a> {
    name: &'a str,
    secret: &'a str,
    expires: Moment,
    clients: Vec<ClientPanel>,
    curl: Curl,
    /// Where the connection is checked, if it is known.
    check: Option<String>,
}

impl Pages {
    /// The page of tokens.
    pub fn tokens(&self, visitor: &Visitor<'_>, tokens: &Tokens<'_>) -> String {
        let Tokens { now, tokens, form, created, accounts, notice } = tokens;
        let server = &self.server;
        let lifetimes = self.lifetimes(&form.lifetime);
        let page = Page {
            credential: &server.credential.name,
            abbreviation: &server.credential.abbreviation,
            url: self.url("tokens"),
            revoke_url: self.url("tokens/revoke"),
            name: &form.name,
            name_fault: form.name_fault.as_deref(),
            longest_name: LONGEST_NAME,
            scopes_fault: form.scopes_fault.as_deref(),
            lifetime_fault: form.lifetime_fault.as_deref(),
            is_custom: form.lifetime == CUSTOM,
            lifetimes,
            expires_on: &form.expires_on,
            today: crate::time::day(*now),
            catalog: catalog(server, ticked(server.scopes(), &form.scopes)),
            tokens: tokens.iter().map(|token| row(token, *now)).collect(),
            created: created.as_ref().map(|created| self.created(created, accounts.first().map(String::as_str), *now)),
        };
        let layout = self.within(
            Section::Tokens,
            Some(visitor),
            notice.as_ref(),
            &["scopes.js", "picker.js", "copy.js", "check.js", "dialog.js"],
        );
        self.render("tokens.html", &layout, &page)
    }

    fn lifetimes(&self, chosen: &str) -> Vec<Lifetime> {
        let declared = self.server.credential.lifetime_seconds;
        let mut seconds: Vec<_> = DAYS.into_iter().map(|days| days * DAY).chain([declared]).collect();
        seconds.retain(|seconds| *seconds > 0);
        seconds.sort_unstable();
        seconds.dedup();
        let is_listed = seconds.iter().any(|seconds| seconds.to_string() == chosen);
        let is_chosen = |seconds: u64| match chosen {
            CUSTOM => false,
            _ if is_listed => seconds.to_string() == chosen,
            _ => seconds == declared,
        };
        let lifetime = |seconds| Lifetime { seconds, words: duration(seconds), chosen: is_chosen(seconds) };
        seconds.into_iter().map(lifetime).collect()
    }

    fn created<'a>(&'a self, created: &NewToken<'a>, account: Option<&str>, now: i64) -> Created<'a> {
        let server = &self.server;
        let NewToken { name, secret, expires_at } = created;
        let named = Named { name: &server.key, account };
        let endpoint = url(server, &server.endpoint, account).into_owned();
        Created {
            name,
            secret,
            expires: moment(*expires_at, now),
            clients: panels(server, &named, Some(secret), None),
            curl: curl(server, &endpoint, Bearer::Literal(secret), None),
            check: (server.account.is_none() || account.is_some())
                .then(|| url(server, &server.path, account).into_owned()),
        }
    }
}

fn row<'a>(token: &'a Token<'a>, now: i64) -> Row<'a> {
    let Token { id, name, scopes, created_at, last_used_at, expires_at, revoked_at } = token;
    let state = match revoked_at {
        Some(_) => "revoked",
        None if *expires_at <= now => "expired",
        None => "active",
    };
    Row {
        id,
        name,
        scopes,
        created: moment(*created_at, now),
        last_used: last_used_at.map(|at| moment(at, now)),
        expires: moment(*expires_at, now),
        revoked: revoked_at.map(|at| moment(at, now)),
        state,
    }
}
