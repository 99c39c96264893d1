//! The settings in the browser, beneath `/settings` of every server that keeps tokens itself: whoever is signed in
//! makes and revokes tokens there, sees how to connect, and what scopes unlock.
//!
//! Everything here takes a session and nothing else: `Authorization` is never read, so that no token can make or
//! revoke one. `visitor` says who asks, `sessions` keeps what they are known by, and a form is read only when a page
//! of these sent it, for that very session. The pages themselves are those of `toolwright-pages`.

mod activity;
mod connect;
mod cookie;
mod declared;
mod form;
mod keys;
mod reply;
mod secret;
mod sessions;
mod sign_in;
mod signed_header;
mod signing;
mod stored_keys;
mod tokens;
mod tools;
mod visitor;

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, HttpBody as _},
    extract::{Path, Request, State},
    response::Response,
    routing::any,
};
use http::{HeaderMap, Method, request::Parts};
use toolwright_pages::{Has, Pages, forms};

pub(crate) use self::{
    sessions::{LINK, OpenError, Sessions},
    sign_in::AnySignIn,
    signed_header::{Proxy, SignedHeader},
    stored_keys::AnyStoredKeys,
};
pub use self::{
    sign_in::{Person, SignIn, Visitor},
    stored_keys::{KeyError, KeyField, KeyFieldKind, KeyOwner, KeyValues, StoredKey, StoredKeys},
};

use self::{
    cookie::SessionCookie,
    form::fields,
    reply::Failure,
    visitor::{Asking, Known},
};
use crate::{
    audit::Entry,
    credential::{Tokens, Verifier},
    http::Trusted,
    observation::{Outcome, Transport},
    server::Server,
    spec::TokensSpec,
};

/// Where the settings begin.
pub(crate) const ROOT: &str = "/settings";

/// The settings of a server.
pub(crate) struct Console {
    server: Arc<Server>,
    trusted: Arc<Trusted>,
    sessions: Sessions,
    /// See [`Setup`].
    is_encrypted: Option<bool>,
    /// What tells who somebody is, in the place of one-time links.
    sign_in: Option<Arc<dyn AnySignIn>>,
    /// What the server's own code stores.
    keys: Option<Arc<dyn AnyStoredKeys>>,
    pages: Pages,
}

/// Where a server is, and how its settings are opened.
pub(crate) struct Setup<'a> {
    pub(crate) declared: &'a TokensSpec,
    pub(crate) sessions: Sessions,
    pub(crate) sign_in: Option<Arc<dyn AnySignIn>>,
    pub(crate) keys: Option<Arc<dyn AnyStoredKeys>>,
    /// The endpoint, as clients reach it.
    pub(crate) endpoint: &'a str,
    /// The address, without a path.
    pub(crate) base: &'a str,
    /// Whether browsers reach the server over an encrypted connection only, by the public URL that was given. Without
    /// one, the name says so that a browser asks for.
    pub(crate) is_encrypted: Option<bool>,
}

/// What is beneath [`ROOT`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Root,
    SignIn,
    SignOut,
    Tokens,
    Revoke,
    Connect,
    Tools,
    Keys,
    DeleteKey,
    Activity,
}

impl Place {
    const ALL: [Self; 10] = [
        Self::Root,
        Self::SignIn,
        Self::SignOut,
        Self::Tokens,
        Self::Revoke,
        Self::Connect,
        Self::Tools,
        Self::Keys,
        Self::DeleteKey,
        Self::Activity,
    ];

    /// The path beneath [`ROOT`].
    const fn path(self) -> &'static str {
        match self {
            Self::Root => "",
            Self::SignIn => "/sign-in",
            Self::SignOut => "/sign-out",
            Self::Tokens => "/tokens",
            Self::Revoke => "/tokens/revoke",
            Self::Connect => "/connect",
            Self::Tools => "/tools",
            Self::Keys => "/keys",
            Self::DeleteKey => "/keys/delete",
            Self::Activity => "/activity",
        }
    }

    /// What can be done with it.
    const fn methods(self) -> &'static str {
        match self {
            Self::Root | Self::Connect | Self::Tools | Self::Activity => "GET, HEAD",
            Self::SignIn | Self::Tokens | Self::Keys => "GET, HEAD, POST",
            Self::SignOut | Self::Revoke | Self::DeleteKey => "POST",
        }
    }
}

impl Console {
    /// # Errors
    /// When the generated crate is not of this version.
    pub(crate) fn new(server: Arc<Server>, trusted: Arc<Trusted>, setup: Setup<'_>) -> anyhow::Result<Self> {
        let Setup { declared, sessions, sign_in, keys, endpoint, base, is_encrypted } = setup;
        let shown = declared::server(server.spec, declared, endpoint, base)?;
        let has = Has { keys: keys.is_some(), activity: server.audit().is_some() };
        Ok(Self { is_encrypted, pages: Pages::console(shown, ROOT, has), server, trusted, sessions, sign_in, keys })
    }

    /// The routes.
    pub(crate) fn routes(self) -> Router {
        let console = Arc::new(self);
        let at = |routes: Router<Arc<Self>>, place: Place| {
            let answer = async move |State(console): State<Arc<Self>>, request| console.answer(place, request).await;
            routes.route(&format!("{ROOT}{}", place.path()), any(answer))
        };
        let routes = Place::ALL.into_iter().fold(Router::new(), at);
        let asset =
            async |State(console): State<Arc<Self>>, Path(name): Path<String>, request| console.asset(&name, request);
        routes.route(&format!("{ROOT}/assets/{{name}}"), any(asset)).with_state(console)
    }

    async fn answer(&self, place: Place, request: Request) -> Response {
        let (parts, body) = request.into_parts();
        let mut seen = self.server.observe(Transport::Http);
        seen.method = Some("settings");
        seen.operation = Some(format!("settings{}", place.path()));
        let response = match self.pass(place, &parts, body).await {
            Ok(response) => {
                seen.outcome = Some(Outcome::Ok);
                response
            }
            Err(failure) => {
                seen.outcome = Some(Outcome::Refused(failure.code));
                self.failed(&failure)
            }
        };
        seen.status = Some(response.status().as_u16());
        seen.response_bytes = response.body().size_hint().exact();
        seen.is_answered = true;
        reply::guarded(response)
    }

    /// The steps in their order; each can refuse.
    async fn pass(&self, place: Place, parts: &Parts, body: Body) -> Result<Response, Failure> {
        self.trusted.check(parts).map_err(Failure::of)?;
        let method = if parts.method == Method::HEAD { &Method::GET } else { &parts.method };
        if !place.methods().split(", ").any(|allowed| allowed == method.as_str()) {
            return Err(Failure::method(place.methods()));
        }
        if *method == Method::GET { self.show(place, parts).await } else { self.take(place, parts, body).await }
    }

    /// Shows a page, or where to sign in.
    async fn show(&self, place: Place, parts: &Parts) -> Result<Response, Failure> {
        if place == Place::SignIn {
            return self.show_sign_in(parts).await;
        }
        let known = match self.asking(parts).await? {
            Asking::Known(known) => known,
            Asking::Stranger(Some(elsewhere)) => return Ok(reply::elsewhere(&elsewhere)),
            Asking::Stranger(None) => return Ok(reply::to("/sign-in")),
        };
        let response = match place {
            Place::Tokens => self.show_tokens(&known, parts).await?,
            Place::Connect => self.show_connect(&known, parts).await?,
            Place::Tools => self.show_tools(&known, parts)?,
            Place::Keys => self.show_keys(&known, parts).await?,
            Place::Activity => self.show_activity(&known, parts).await?,
            Place::Root | Place::SignIn | Place::SignOut | Place::Revoke | Place::DeleteKey => reply::to("/tokens"),
        };
        Ok(reply::keeping(response, &known))
    }

    /// Takes a form: one that a page of these sent, and that was made for the session with which it comes.
    async fn take(&self, place: Place, parts: &Parts, body: Body) -> Result<Response, Failure> {
        if !self.trusted.is_own_page(&parts.headers) {
            return Err(Failure::foreign());
        }
        // Before anything is looked up: while it arrives, a session can end.
        let form = self.read(parts, body).await?;
        if place == Place::SignIn {
            return self.redeem(&parts.headers, &form).await;
        }
        let known = self.known(parts).await?;
        let forms::Bare { csrf } = fields(&form)?;
        let number = known.session.number(&csrf).ok_or_else(Failure::foreign)?;
        match place {
            Place::SignOut => self.sign_out(&known, &parts.headers).await,
            Place::Tokens => self.create_token(&known, &form, number).await,
            Place::Revoke => self.revoke_token(&known, &form).await,
            Place::Keys => self.add_key(&known, &form).await,
            Place::DeleteKey => self.delete_key(&known, &form).await,
            Place::Root | Place::SignIn | Place::Connect | Place::Tools | Place::Activity => {
                Err(Failure::method(place.methods()))
            }
        }
    }

    /// A file beside the pages: the same for everybody, and for ever.
    fn asset(&self, name: &str, request: Request) -> Response {
        let (parts, _) = request.into_parts();
        let found = match self.trusted.check(&parts) {
            Err(code) => Err(Failure::of(code)),
            Ok(_) if !matches!(parts.method, Method::GET | Method::HEAD) => Err(Failure::method("GET, HEAD")),
            Ok(_) => toolwright_pages::asset(name).ok_or_else(|| Failure::absent("There is no such file.")),
        };
        reply::guarded(found.map_or_else(|failure| self.failed(&failure), reply::asset))
    }

    fn failed(&self, failure: &Failure) -> Response {
        reply::failed(failure, self.pages.failure(None, &failure.page()))
    }

    fn tokens(&self) -> Result<&Tokens, Failure> {
        match &self.server.verifier {
            Verifier::Tokens(tokens) => Ok(tokens),
            Verifier::Upstream(_) | Verifier::OAuth(_) => Err(Failure::unavailable(&"the server keeps no tokens")),
        }
    }

    /// The cookie of the session, as the browser that sends a request keeps it.
    fn cookie(&self, headers: &HeaderMap) -> SessionCookie {
        let is_encrypted = self.is_encrypted.unwrap_or_else(|| self.trusted.is_encrypted(headers));
        SessionCookie::new(self.server.spec.name, is_encrypted)
    }

    /// Tells the audit log what the visitor has done.
    fn record(&self, known: &Known, entry: Entry) {
        if let Some(audit) = self.server.audit() {
            let subject = Some(known.session.subject.clone());
            audit.record(Entry { session: Some(known.session.id.clone()), subject, ..entry });
        }
    }

    /// The visitor, as pages show them.
    fn seen<'a>(&self, known: &'a Known, csrf: &'a str) -> toolwright_pages::Visitor<'a> {
        toolwright_pages::Visitor { name: &known.name, csrf, signs_out: self.sign_in.is_none() }
    }
}
