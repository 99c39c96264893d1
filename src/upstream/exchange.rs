//! One request to the API, and its answer.

use std::time::Duration;

use bytes::Bytes;
use http::{
    HeaderValue, Method, Request, StatusCode, Uri, header,
    uri::{self, PathAndQuery},
};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use tokio::time::timeout;

use super::{Inner, failure::Failure};
use crate::{connection::root, credential::Credential, operations::traces};

/// A request. Beside what stands here and the credential, it says who asks, and nothing more.
pub(super) struct Question {
    pub(super) method: Method,
    /// The path, with a leading slash, and the query.
    pub(super) target: String,
    /// JSON.
    pub(super) body: Option<Vec<u8>>,
    /// How large the answer can be, in bytes.
    pub(super) largest: usize,
    /// How long it can take.
    pub(super) limit: Duration,
}

/// What the API said.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) body: Bytes,
}

impl Inner {
    /// Asks the API; a redirect is a failure, and is not followed.
    pub(super) async fn ask(&self, credential: &Credential, question: Question) -> Result<Answer, Failure> {
        let Question { method, target, body, largest, limit } = question;
        let place = self.place.get().ok_or_else(|| Failure::Unreachable("nothing says where it is yet".to_owned()))?;
        let unsent = |error: http::Error| Failure::Unreachable(error.to_string());
        let mut parts = uri::Parts::default();
        parts.scheme = Some(place.scheme.clone());
        parts.authority = Some(place.authority.clone());
        parts.path_and_query = Some(PathAndQuery::try_from(target).map_err(|error| unsent(error.into()))?);
        let uri = Uri::from_parts(parts).map_err(|error| unsent(error.into()))?;
        let mut bearer =
            HeaderValue::try_from(format!("Bearer {}", credential.expose())).map_err(|error| unsent(error.into()))?;
        bearer.set_sensitive(true);
        let is_json = body.is_some();
        let mut request = Request::new(Full::from(body.unwrap_or_default()));
        *request.method_mut() = method;
        *request.uri_mut() = uri;
        let headers = request.headers_mut();
        headers.insert(header::AUTHORIZATION, bearer);
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(header::USER_AGENT, self.user_agent.clone());
        if is_json {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        traces::carry(headers);
        let whole = async {
            let response = place.connection.send(request).await.map_err(|error| Failure::of(&error))?;
            let status = response.status();
            if status.is_redirection() {
                return Err(Failure::Redirected(status));
            }
            let body = Limited::new(response.into_body(), largest).collect().await.map_err(|error| {
                if error.is::<LengthLimitError>() {
                    Failure::TooLarge(largest)
                } else {
                    Failure::BrokenOff(root(&*error))
                }
            })?;
            Ok(Answer { status, body: body.to_bytes() })
        };
        timeout(limit, whole).await.unwrap_or(Err(Failure::Overdue(limit)))
    }
}
