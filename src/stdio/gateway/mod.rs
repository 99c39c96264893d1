//! A server that the messages are forwarded to, over HTTP: one POST a message, and no other state than
//! what a handshake has led to.

mod address;
mod failure;
mod headers;
mod listening;
mod reply;

use std::{
    env,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use anyhow::{anyhow, bail};
use bytes::Bytes;
use http::{HeaderValue, Request, Response, Uri, header};
use http_body_util::Full;
use hyper::body::Incoming;
use serde_json::{Map, Value, json};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use toolwright_core::{
    ErrorCode,
    environment::{ACCOUNT, option_env},
};

use super::{Notification, Pending, Taken};
use crate::{
    ServerSpec,
    connection::{Connection, root},
    conversation::outbox::Outbox,
    credential::Presented,
    envelope,
    observation::{Observation, Observers, Transport},
    refusal::Refusal,
    running,
};
use failure::Failure;
use headers::Handshake;
use reply::Answer;

/// The request whose answer comes when its client has heard enough.
const LISTEN: &str = "subscriptions/listen";

/// The server that the messages are forwarded to.
pub(crate) struct Gateway {
    spec: &'static ServerSpec,
    endpoint: Uri,
    connection: Connection,
    user_agent: HeaderValue,
    handshake: Mutex<Handshake>,
    closing: CancellationToken,
    observers: Arc<Observers>,
}

impl Gateway {
    /// The server that the environment names, if it names one. Nothing is sent yet.
    ///
    /// # Errors
    /// When it is no address to which a credential can be sent, or when nothing says which account is meant:
    /// only the server that knows the user knows that there is but one.
    pub(crate) fn from_environment(spec: &'static ServerSpec, account: Option<&str>) -> anyhow::Result<Option<Self>> {
        let Some(variable) = spec.gateway.map(|gateway| gateway.env) else { return Ok(None) };
        let server = match env::var(variable) {
            Err(env::VarError::NotPresent) => return Ok(None),
            Err(env::VarError::NotUnicode(_)) => bail!("{variable} is no text"),
            Ok(server) => server.trim().to_owned(),
        };
        if server.is_empty() {
            return Ok(None);
        }
        if let Some((binding, _)) = spec.account()
            && account.is_none()
        {
            let (meant, option) = (binding.words(), option_env(spec.name, ACCOUNT));
            bail!("{variable} is set, and nothing says which {meant} is meant: set {option}, or use --{ACCOUNT}");
        }
        let path = spec.url_of(spec.route, account.unwrap_or_default());
        let endpoint = address::endpoint(&server, &path).map_err(|unfit| anyhow!("{variable} {unfit}"))?;
        let connection = Connection::new(endpoint.scheme_str() == Some("https"))?;
        let user_agent = HeaderValue::try_from(format!("{}/{}", spec.name, spec.version))?;
        Ok(Some(Self {
            spec,
            endpoint,
            connection,
            user_agent,
            handshake: Mutex::default(),
            closing: CancellationToken::new(),
            observers: Arc::default(),
        }))
    }

    pub(crate) fn spec(&self) -> &'static ServerSpec {
        self.spec
    }

    pub(super) fn observe(&self) -> Observation {
        Observation::start(&self.observers, Transport::Stdio)
    }

    /// Ends what would go on for ever.
    pub(super) fn close(&self) {
        self.closing.cancel();
    }

    /// Where the messages go.
    pub(crate) fn endpoint(&self) -> &Uri {
        &self.endpoint
    }

    /// The server's answer to a request. One that is cancelled is given up, by which the server sees
    /// that its caller has gone.
    pub(super) async fn answer(
        &self,
        pending: Pending,
        presented: Presented<'_>,
        outbox: &Outbox,
        seen: &mut Observation,
    ) -> Result<String, Refusal> {
        let Pending { text, request, cancelled } = pending;
        let post = self.post(text, &request.method, &request.params, presented)?;
        let listens = request.method == LISTEN;
        let limit = if listens { Duration::MAX } else { running::answer_limit(self.spec) };
        let answer = tokio::select! {
            biased;
            // Nobody reads it.
            () = cancelled.cancelled() => return Ok(String::new()),
            () = self.closing.cancelled(), if listens => return Ok(reply::listened(&request.id)),
            answer = timeout(limit, self.ask(post, &request, outbox, seen)) => answer,
        };
        let answer = answer.unwrap_or(Err(Failure::Overdue(limit)));
        let answer = answer.map_err(|failure| self.refuse(&failure, &request.method))?;
        Ok(answer.into_line(&request.id))
    }

    /// Hands on what the client has answered. The server says nothing to it, but for a refusal.
    pub(super) async fn take(
        &self,
        taken: Taken,
        presented: Presented<'_>,
        seen: &mut Observation,
    ) -> Result<Option<String>, Refusal> {
        let Taken { text, answer } = taken;
        let post = self.post(text, "", &Map::new(), presented)?;
        let refusal = async {
            let (head, body) = self.send(post, seen).await?.into_parts();
            if head.status.is_success() {
                return Ok(None);
            }
            let refusal = reply::read(&head.headers, body, &answer.id, &Outbox::default()).await;
            let refusal = refusal.map_err(|error| Failure::BrokenOff(root(&error)))?;
            refusal.ok_or(Failure::NoAnswer(head.status)).map(Some)
        };
        let limit = running::answer_limit(self.spec);
        let refusal = timeout(limit, refusal).await.unwrap_or(Err(Failure::Overdue(limit)));
        let refusal = refusal.map_err(|failure| self.refuse(&failure, ""))?;
        Ok(refusal.map(|refusal| refusal.into_line(&answer.id)))
    }

    /// Passes on a message that wants no answer.
    pub(super) async fn pass_on(
        &self,
        notification: Notification,
        presented: Presented<'_>,
        seen: &mut Observation,
    ) -> Result<(), Refusal> {
        let Notification { text, method, params } = notification;
        let post = self.post(text, &method, &params, presented)?;
        let limit = running::answer_limit(self.spec);
        let taken = timeout(limit, self.send(post, seen)).await.unwrap_or(Err(Failure::Overdue(limit)));
        taken.map(drop).map_err(|failure| self.refuse(&failure, &method))
    }

    /// # Errors
    /// Without a credential that could be good.
    fn post(
        &self,
        text: Vec<u8>,
        method: &str,
        params: &Map<String, Value>,
        presented: Presented<'_>,
    ) -> Result<Request<Full<Bytes>>, Refusal> {
        let refuse = |code| Refusal::unauthenticated(self.spec, code);
        let credential = presented.credential(&self.spec.credential).map_err(refuse)?;
        let bearer = HeaderValue::try_from(format!("Bearer {credential}"));
        let mut bearer = bearer.map_err(|_| refuse(ErrorCode::MalformedCredential))?;
        bearer.set_sensitive(true);
        let handshake = self.handshake().clone();
        let mut post = Request::new(Full::from(text));
        *post.method_mut() = http::Method::POST;
        *post.uri_mut() = self.endpoint.clone();
        *post.headers_mut() = headers::of(method, params, handshake);
        post.headers_mut().extend([
            (header::AUTHORIZATION, bearer),
            (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
            (header::ACCEPT, HeaderValue::from_static("application/json, text/event-stream")),
            (header::USER_AGENT, self.user_agent.clone()),
        ]);
        Ok(post)
    }

    async fn ask(
        &self,
        post: Request<Full<Bytes>>,
        request: &envelope::Request<'_>,
        outbox: &Outbox,
        seen: &mut Observation,
    ) -> Result<Answer, Failure> {
        let (head, body) = self.send(post, seen).await?.into_parts();
        if head.status.is_redirection() {
            return Err(Failure::Redirected(head.status));
        }
        let answer = reply::read(&head.headers, body, &request.id, outbox).await;
        let answer = answer.map_err(|error| Failure::BrokenOff(root(&error)))?;
        let answer = answer.ok_or(Failure::NoAnswer(head.status))?;
        if request.method == "initialize" {
            let agreed = answer.agreed().map(|revision| Handshake::new(&revision, &head.headers));
            *self.handshake() = agreed.unwrap_or_default();
        }
        Ok(answer)
    }

    async fn send(&self, post: Request<Full<Bytes>>, seen: &mut Observation) -> Result<Response<Incoming>, Failure> {
        let response = self.connection.send(post).await.map_err(|error| Failure::of(&error))?;
        seen.status = Some(response.status().as_u16());
        Ok(response)
    }

    /// A panic while the lock was held leaves a handshake that is as good as before.
    fn handshake(&self) -> MutexGuard<'_, Handshake> {
        self.handshake.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn refuse(&self, failure: &Failure, method: &str) -> Refusal {
        let endpoint = self.endpoint.to_string();
        let detail = failure.detail(&endpoint, method == "tools/call");
        tracing::warn!("{detail}");
        Refusal::new(self.spec, ErrorCode::GatewayUnavailable, Some(&detail)).with_data(json!({ "gateway": endpoint }))
    }
}
