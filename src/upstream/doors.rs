//! What handlers ask the API through: one door for those that read, one for those that change something.

use std::time::Duration;

use http::{Method, StatusCode};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::error::Category;

use super::{
    Upstream,
    exchange::{Answer, Question},
    failure::Asking,
    path::{asked, joined},
};
use crate::{Call, ToolError, call::credential};

/// How large the answer to a tool's question can be, in bytes.
const LARGEST: usize = 16 << 20;

/// Asks the API for a read tool: it can GET, and nothing else.
///
/// Each question is asked with the credential of the call. Of the call's own request nothing else goes along. The
/// path is given as segments, each of which stays one whatever a caller has put into it; an empty one, `.` and `..`
/// are the caller's fault. What is `None` in a query is left out; `&()` is no query.
///
/// The answer is what the API's JSON says. A status other than 2xx is the matching [`ToolError`], with the
/// message of the API where its body is `{"error": {"message": …}}`; without an answer it is one too, which says of a
/// call that changes something that its outcome is not known.
#[derive(Debug, Clone)]
pub struct UpstreamReader(Upstream);

/// Asks the API for a tool that changes something, as [`UpstreamReader`] does for one that reads.
#[derive(Debug, Clone)]
pub struct UpstreamWriter(Upstream);

/// The body of a question without one.
const NOTHING: Option<&()> = None;

impl UpstreamReader {
    pub(super) fn new(upstream: Upstream) -> Self {
        Self(upstream)
    }

    /// Gets what a path and a query name.
    ///
    /// # Errors
    /// What the caller is told instead.
    pub async fn get<T: DeserializeOwned>(
        &self,
        call: &Call,
        path: &[&str],
        query: &(impl Serialize + Sync),
    ) -> Result<T, ToolError> {
        self.0.forward(call, Method::GET, asked(joined(path)?, query)?, NOTHING).await
    }
}

impl UpstreamWriter {
    pub(super) fn new(upstream: Upstream) -> Self {
        Self(upstream)
    }

    /// Gets what a path and a query name.
    ///
    /// # Errors
    /// What the caller is told instead.
    pub async fn get<T: DeserializeOwned>(
        &self,
        call: &Call,
        path: &[&str],
        query: &(impl Serialize + Sync),
    ) -> Result<T, ToolError> {
        self.0.forward(call, Method::GET, asked(joined(path)?, query)?, NOTHING).await
    }

    /// Posts a body to a path.
    ///
    /// # Errors
    /// What the caller is told instead.
    pub async fn post<T: DeserializeOwned>(
        &self,
        call: &Call,
        path: &[&str],
        body: &(impl Serialize + Sync),
    ) -> Result<T, ToolError> {
        self.0.forward(call, Method::POST, joined(path)?, Some(body)).await
    }

    /// Puts a body to a path.
    ///
    /// # Errors
    /// What the caller is told instead.
    pub async fn put<T: DeserializeOwned>(
        &self,
        call: &Call,
        path: &[&str],
        body: &(impl Serialize + Sync),
    ) -> Result<T, ToolError> {
        self.0.forward(call, Method::PUT, joined(path)?, Some(body)).await
    }

    /// Changes what a path names.
    ///
    /// # Errors
    /// What the caller is told instead.
    pub async fn patch<T: DeserializeOwned>(
        &self,
        call: &Call,
        path: &[&str],
        body: &(impl Serialize + Sync),
    ) -> Result<T, ToolError> {
        self.0.forward(call, Method::PATCH, joined(path)?, Some(body)).await
    }

    /// Deletes what a path names. Where the API answers with nothing, that is `()`.
    ///
    /// # Errors
    /// What the caller is told instead.
    pub async fn delete<T: DeserializeOwned>(&self, call: &Call, path: &[&str]) -> Result<T, ToolError> {
        self.0.forward(call, Method::DELETE, joined(path)?, NOTHING).await
    }
}

impl Upstream {
    async fn forward<T: DeserializeOwned>(
        &self,
        call: &Call,
        method: Method,
        target: String,
        body: Option<&(impl Serialize + Sync)>,
    ) -> Result<T, ToolError> {
        let Self(upstream) = self;
        let credential = credential(call);
        let asking = Asking { upstream, tool: call.tool().name, method: method.clone() };
        let body = body.map(serde_json::to_vec).transpose().map_err(ToolError::internal)?;
        // Whoever waits is told by the call's own limit; this ends what goes on without them.
        let limit = Duration::from_secs(upstream.server.limits.call_seconds);
        let answer = upstream.ask(credential, Question { method, target, body, largest: LARGEST, limit }).await;
        let answer = answer.map_err(|failure| asking.failed(&failure))?;
        if answer.status == StatusCode::UNAUTHORIZED {
            upstream.known.forget(credential).await;
        }
        if !answer.status.is_success() {
            return Err(asking.refused(&answer));
        }
        read(&answer).map_err(|error| match error.classify() {
            // The API is another than the manifest says.
            Category::Data => {
                ToolError::internal(format!("the API answered `{}` with something else: {error}", asking.tool))
            }
            Category::Io | Category::Syntax | Category::Eof => asking.misunderstood(answer.status, &error.to_string()),
        })
    }
}

fn read<T: DeserializeOwned>(answer: &Answer) -> serde_json::Result<T> {
    let body: &[u8] = if answer.body.is_empty() { b"null" } else { &answer.body };
    serde_json::from_slice(body)
}
