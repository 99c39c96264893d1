//! Fetching: one GET, its redirects, and its body up to a bound.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use mime::Mime;
use tower::{Service, ServiceExt as _};
use tower_http::decompression::Decompression;

use super::{
    Fault, Recovery,
    address::{Policy, Refused, Target},
    connect::{self, CheckedClient, find, root_cause},
    html,
};

/// How many redirects are followed from one address.
const MAX_REDIRECTS: usize = 5;

/// How many characters of an unknown encoding are repeated.
const MAX_ENCODING: usize = 100;

pub(crate) const USER_AGENT: &str = concat!("infatica-mcp/", env!("CARGO_PKG_VERSION"));

type HttpClient = Decompression<CheckedClient>;
type Body = <HttpClient as Service<Request<Full<Bytes>>>>::Response;

#[derive(Debug, Clone)]
pub(super) struct Fetcher {
    client: HttpClient,
    policy: Arc<Policy>,
    time_limit: Duration,
}

/// A successful answer.
#[derive(Debug)]
pub(super) struct Answer {
    /// Where redirects led.
    pub(super) target: Target,
    pub(super) status: StatusCode,
    pub(super) media_type: Option<Mime>,
    pub(super) body: Bytes,
}

impl Answer {
    /// Size of the body, uncompressed.
    pub(super) fn bytes(&self) -> i64 {
        i64::try_from(self.body.len()).unwrap_or(i64::MAX)
    }

    pub(super) fn is_html(&self) -> bool {
        html::is_html(self.media_type.as_ref().map(Mime::essence_str), &self.body)
    }
}

impl Fetcher {
    pub(super) fn new(policy: Policy, time_limit: Duration) -> anyhow::Result<Self> {
        let policy = Arc::new(policy);
        let client = Decompression::new(connect::client(&policy)?);
        Ok(Self { client, policy, time_limit })
    }

    /// Fetches a target, wherever its redirects lead, within the time limit.
    pub(super) async fn get(&self, target: Target, max_bytes: usize) -> Result<Answer, Fault> {
        let seconds = self.time_limit.as_secs();
        tokio::time::timeout(self.time_limit, self.follow(target, max_bytes))
            .await
            .unwrap_or_else(|_| Err(Fault::passing(format!("no complete answer within {seconds} s"))))
    }

    async fn follow(&self, mut target: Target, max_bytes: usize) -> Result<Answer, Fault> {
        let mut last = None;
        for _ in 0..=MAX_REDIRECTS {
            let response = self.request(&target).await.map_err(|fault| fault.after(last))?;
            last = Some(response.status());
            match redirect(&target, &response)? {
                Some(next) => target = next,
                None => return read(target, response, max_bytes).await,
            }
        }
        Err(Fault::lasting(format!("more than {MAX_REDIRECTS} redirects")).after(last))
    }

    async fn request(&self, target: &Target) -> Result<Body, Fault> {
        self.policy.check_literal(target.url())?;
        let request = Request::get(target.url().as_str())
            .header(header::USER_AGENT, USER_AGENT)
            .header(header::ACCEPT, "*/*")
            .body(Full::default())
            .map_err(|error| Fault::lasting(format!("the address cannot be requested: {error}")))?;
        self.client.clone().oneshot(request).await.map_err(|error| match find::<Refused>(&error) {
            Some(refused) => refused.clone().into(),
            None => Fault::passing(format!("no answer: {}", root_cause(&error))),
        })
    }
}

/// Where an answer redirects to, if it does. The next address is checked as the first one was.
fn redirect<B>(target: &Target, response: &Response<B>) -> Result<Option<Target>, Fault> {
    let status = response.status();
    if !matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let fault = |message| Fault { http_status: Some(status.as_u16()), ..Fault::lasting(message) };
    let Some(location) = response.headers().get(header::LOCATION) else {
        return Err(fault(format!("{status} without a Location")));
    };
    let location = std::str::from_utf8(location.as_bytes())
        .map_err(|_| fault(format!("{status} with a Location that is no text")))?;
    target.join(location).map(Some).map_err(|refused| fault(format!("refused to follow {status}: {refused}")))
}

async fn read(target: Target, response: Body, max_bytes: usize) -> Result<Answer, Fault> {
    let status = response.status();
    if !status.is_success() {
        return Err(refusal(&response));
    }
    let fault = |fault| Fault { http_status: Some(status.as_u16()), ..fault };
    if let Some(encoding) = left_encoding(&response) {
        let message = format!("it is compressed as `{encoding}`, which cannot be decompressed here");
        return Err(fault(Fault::lasting(message)));
    }
    let media_type = response.headers().get(header::CONTENT_TYPE);
    let media_type = media_type.and_then(|value| value.to_str().ok()?.parse().ok());
    let body = Limited::new(response.into_body(), max_bytes).collect().await.map_err(|error| {
        if error.is::<LengthLimitError>() {
            fault(Fault::lasting(format!("larger than {max_bytes} bytes")))
        } else {
            fault(Fault::passing(format!("the answer broke off: {}", root_cause(&*error))))
        }
    })?;
    Ok(Answer { target, status, media_type, body: body.to_bytes() })
}

/// The encoding that a body still has: the client has removed the header of what it decodes.
fn left_encoding<B>(response: &Response<B>) -> Option<String> {
    let encodings = response.headers().get_all(header::CONTENT_ENCODING).into_iter();
    let encodings = encodings.map(|value| String::from_utf8_lossy(value.as_bytes()));
    let mut left = encodings.filter(|encoding| !encoding.trim().eq_ignore_ascii_case("identity"));
    left.next().map(|encoding| encoding.chars().take(MAX_ENCODING).collect())
}

/// The fault that an unsuccessful status is.
fn refusal<B>(response: &Response<B>) -> Fault {
    let status = response.status();
    let passes = status.is_server_error()
        || [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_EARLY, StatusCode::TOO_MANY_REQUESTS].contains(&status);
    let retry_after = response.headers().get(header::RETRY_AFTER);
    let retry_after = retry_after.and_then(|value| value.to_str().ok()?.parse().ok()).map(Duration::from_secs);
    Fault {
        message: format!("HTTP status {status}"),
        http_status: Some(status.as_u16()),
        recovery: if passes { Recovery::Later(retry_after) } else { Recovery::Never },
    }
}
