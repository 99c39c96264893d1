//! What a form brings.

use axum::body::Body;
use bytes::Bytes;
use http::request::Parts;
use serde::de::DeserializeOwned;

use super::{Console, reply::Failure};
use crate::http::{body, check_form};

/// The most bytes of a form: several times of what any of the pages sends.
const LARGEST: usize = 64 * 1024;

impl Console {
    /// A form's bytes, within the limits of any request.
    pub(super) async fn read(&self, parts: &Parts, body: Body) -> Result<Bytes, Failure> {
        check_form(&parts.headers).map_err(Failure::of)?;
        let limit = LARGEST.min(self.server.spec.limits.body_bytes);
        body::read(body, &parts.headers, limit).await.map_err(Failure::of)
    }
}

/// The fields of a form.
pub(super) fn fields<T: DeserializeOwned>(form: &[u8]) -> Result<T, Failure> {
    serde_html_form::from_bytes(form).map_err(|error| {
        tracing::debug!(%error, "a form has other fields than its page");
        Failure::unreadable()
    })
}

/// The fields of a query. One that makes no sense is none: somebody has changed the address.
pub(super) fn query<T: DeserializeOwned + Default>(parts: &Parts) -> T {
    serde_html_form::from_str(parts.uri.query().unwrap_or_default()).unwrap_or_default()
}
