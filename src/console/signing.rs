//! Signing in by a one-time link, and out again.

use axum::response::Response;
use http::{HeaderMap, StatusCode, header, request::Parts};
use toolwright_pages::{SignIn as Page, forms};

use super::{
    Console,
    form::{fields, query},
    reply::{self, Failure},
    visitor::{Asking, Known},
};
use crate::audit::{Entry, Kind, Via};

/// What is behind the address of a link.
#[derive(Debug, Default, serde::Deserialize)]
struct Asked {
    #[serde(default)]
    code: Option<String>,
}

impl Console {
    /// Shows how to sign in. A link is not used up by looking at it: only the button does.
    pub(super) async fn show_sign_in(&self, parts: &Parts) -> Result<Response, Failure> {
        let Asked { code } = query(parts);
        if let (Some(code), None) = (&code, &self.sign_in) {
            return self.show_link(code, &parts.headers).await;
        }
        Ok(match self.asking(parts).await? {
            Asking::Known(known) => reply::keeping(reply::to("/tokens"), &known),
            Asking::Stranger(Some(place)) => reply::elsewhere(&place),
            Asking::Stranger(None) => {
                let command = self.sign_in_command();
                reply::page(StatusCode::OK, self.pages.sign_in(Page::Unasked { command: &command }))
            }
        })
    }

    /// Shows whom a link signs in: one that somebody else has sent would have what is done here be theirs.
    async fn show_link(&self, code: &str, headers: &HeaderMap) -> Result<Response, Failure> {
        let holder = match self.sessions.subject_of_link(code).await? {
            Some(subject) => self.holder(&subject).await?,
            None => None,
        };
        let Some(holder) = holder else { return Ok(self.spent()) };
        let former = match self.cookie(headers).presented(headers) {
            Some(presented) => self.sessions.find(presented).await?,
            None => None,
        };
        let former = match former {
            Some(session) => self.holder(&session.subject).await?,
            None => None,
        };
        let page = Page::Link { code, name: &holder.name, former: former.as_ref().map(|former| former.name.as_str()) };
        Ok(reply::page(StatusCode::OK, self.pages.sign_in(page)))
    }

    /// Uses a link up, and opens a session. The one before ends: whatever the browser had may have been given to it.
    pub(super) async fn redeem(&self, headers: &HeaderMap, form: &[u8]) -> Result<Response, Failure> {
        if self.sign_in.is_some() {
            return Err(Failure::refused("People sign in elsewhere here: one-time links open nothing.".to_owned()));
        }
        let forms::Redeem { code } = fields(form)?;
        let Some(subject) = self.sessions.redeem(&code).await? else {
            tracing::info!("a one-time link was refused");
            return Ok(self.spent());
        };
        let Some(holder) = self.holder(&subject).await? else {
            tracing::info!(subject, "a one-time link of a user who is gone was refused");
            return Ok(self.spent());
        };
        if let Some(presented) = self.cookie(headers).presented(headers)
            && let Some(former) = self.sessions.find(presented).await?
        {
            self.sessions.end(&former).await?;
        }
        let known = self.open(holder, headers).await?;
        Ok(reply::keeping(reply::to("/tokens"), &known))
    }

    /// Ends the session.
    pub(super) async fn sign_out(&self, known: &Known, headers: &HeaderMap) -> Result<Response, Failure> {
        self.sessions.end(&known.session).await?;
        tracing::info!(session = known.session.id, "a session was ended");
        self.record(known, Entry::now(Kind::SignOut, Via::Browser));
        let mut response = reply::to("/sign-in");
        response.headers_mut().insert(header::SET_COOKIE, self.cookie(headers).forgetting());
        Ok(response)
    }

    fn spent(&self) -> Response {
        let command = self.sign_in_command();
        reply::page(StatusCode::FORBIDDEN, self.pages.sign_in(Page::Spent { command: &command }))
    }

    /// The command that prints a link.
    fn sign_in_command(&self) -> String {
        let spec = self.server.spec;
        let whose = if spec.account().is_some() { " --user EMAIL" } else { "" };
        format!("{} sign-in{whose}", spec.name)
    }
}
