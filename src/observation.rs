//! What became of each request: gathered on its way, and told once, when it is over.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use http::HeaderMap;
use toolwright_core::{ErrorCode, metrics::OTHER};

use crate::{
    Identity,
    about::About,
    audit::Audit,
    envelope::Request,
    log,
    operations::{
        Metrics,
        traces::{Ended, Parent, Trace},
    },
    server::Passage,
    shortened::shortened,
};

/// The methods that are told apart: those that a client of any revision sends to a server with tools, prompts and resources.
const METHODS: [&str; 19] = [
    "initialize",
    "ping",
    "server/discover",
    "tools/list",
    "tools/call",
    "prompts/list",
    "prompts/get",
    "resources/list",
    "resources/templates/list",
    "resources/read",
    "resources/subscribe",
    "resources/unsubscribe",
    "subscriptions/listen",
    "completion/complete",
    "logging/setLevel",
    "notifications/initialized",
    "notifications/cancelled",
    "notifications/progress",
    "notifications/roots/list_changed",
];

/// What a stream of changes is called that is asked for without a message.
const STREAM: &str = "stream";

fn known_method(method: &str) -> &'static str {
    METHODS.into_iter().find(|known| *known == method).unwrap_or(OTHER)
}

/// Everybody who is told what became of a request, beside the log.
#[derive(Debug, Default)]
pub(crate) struct Observers {
    /// The numbers of a server that answers by itself.
    pub(crate) metrics: Option<Arc<Metrics>>,
    /// The audit log, of a server that keeps one.
    pub(crate) audit: Option<Audit>,
}

impl Observers {
    fn begin(&self) {
        let Self { metrics, audit: _ } = self;
        if let Some(metrics) = metrics {
            metrics.begin();
        }
    }

    fn tell(&self, seen: &Observation) {
        let Self { metrics, audit } = self;
        if let Some(metrics) = metrics {
            metrics.count(seen);
        }
        log::write(seen);
        if let Some(audit) = audit {
            audit.observe(seen);
        }
    }

    /// Tells how a call ended that went on without its caller.
    pub(crate) fn tell_end(&self, end: &LateEnd) {
        let Self { metrics: _, audit } = self;
        log::write_end(end);
        if let Some(audit) = audit {
            audit.observe_end(end);
        }
    }
}

/// What became of one request. It holds neither the credential itself nor a result.
#[derive(Debug)]
pub(crate) struct Observation {
    observers: Arc<Observers>,
    started: Instant,
    /// Its trace, where anything is traced.
    trace: Option<Trace>,
    pub(crate) transport: Transport,
    /// How the request speaks the protocol, once it is read.
    pub(crate) era: Option<Era>,
    /// The method, of those that are known, or what else is asked for; another one is [`OTHER`].
    pub(crate) method: Option<&'static str>,
    pub(crate) asked: Asked,
    /// The tool, the prompt or the resource that was asked for, or else the method.
    pub(crate) operation: Option<String>,
    /// The arguments as they are recorded, where they are.
    pub(crate) arguments: Option<String>,
    /// Who asked, once that is proven.
    pub(crate) caller: Option<ObservedCaller>,
    /// The HTTP status.
    pub(crate) status: Option<u16>,
    /// How it ended: of what has no result worth a word, nothing.
    pub(crate) outcome: Option<Outcome>,
    /// Size of the message, in bytes.
    pub(crate) request_bytes: Option<u64>,
    /// Size of the answer, in bytes.
    pub(crate) response_bytes: Option<u64>,
    /// Whether the request came to its end: one that is dropped before has lost its caller.
    pub(crate) is_answered: bool,
}

/// Who asked.
#[derive(Debug, Clone)]
pub(crate) struct ObservedCaller {
    pub(crate) credential_id: String,
    pub(crate) credential_name: String,
    /// Whose data it reaches; of a user the id, since an email address can be another one's later.
    pub(crate) subject: String,
    /// What the request is about, by its id: an account that its path names and the caller is a member of, or another value of the
    /// binding.
    pub(crate) account: Option<String>,
}

impl From<&Identity> for ObservedCaller {
    fn from(identity: &Identity) -> Self {
        Self {
            credential_id: identity.credential_id.clone(),
            credential_name: identity.credential_name.clone(),
            subject: identity.user.map_or_else(|| identity.subject.clone(), |user| user.to_string()),
            account: None,
        }
    }
}

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    /// A tool's call.
    Call,
    /// A prompt.
    Prompt,
    /// A resource.
    Resource,
    /// What completes an argument, from a tool.
    Completion,
    /// A token for a password.
    Token,
    /// Something that reads none of the account's data.
    Other,
}

/// How a call ended that went on without its caller.
#[derive(Debug)]
pub(crate) struct LateEnd {
    pub(crate) operation: &'static str,
    pub(crate) caller: ObservedCaller,
    pub(crate) outcome: Outcome,
    pub(crate) elapsed: Duration,
}

impl From<&About> for ObservedCaller {
    fn from(about: &About) -> Self {
        Self { account: about.id().map(str::to_owned), ..about.caller().identity().into() }
    }
}

/// How a request came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transport {
    Http,
    Stdio,
}

impl Transport {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Stdio => "stdio",
        }
    }
}

/// How a request speaks the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Era {
    /// After a handshake: the revisions before 2026-07-28.
    Legacy,
    /// With its revision in itself: 2026-07-28 and later.
    Modern,
}

impl Era {
    pub(crate) fn of(request: &Request<'_>) -> Self {
        if request.inline_version().is_some() { Self::Modern } else { Self::Legacy }
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Legacy => "legacy",
            Self::Modern => "modern",
        }
    }
}

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// With a result.
    Ok,
    /// It was refused: no handler was asked.
    Refused(ErrorCode),
    /// With an error of the tool's, or of the server's within it.
    Failed(ErrorCode),
    /// Its caller has gone before it was answered.
    CallerGone,
}

impl Outcome {
    /// A name of the error catalogue, or a word beside them.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Refused(code) | Self::Failed(code) => code.entry().name,
            Self::CallerGone => "caller_gone",
        }
    }
}

impl Observation {
    pub(crate) fn start(observers: &Arc<Observers>, transport: Transport) -> Self {
        observers.begin();
        Self {
            observers: Arc::clone(observers),
            started: Instant::now(),
            trace: Trace::start(),
            transport,
            era: None,
            method: None,
            asked: Asked::Other,
            operation: None,
            arguments: None,
            caller: None,
            status: None,
            outcome: None,
            request_bytes: None,
            response_bytes: None,
            is_answered: false,
        }
    }

    /// Notes what is asked for.
    pub(crate) fn asks(&mut self, request: &Request<'_>) {
        let method = known_method(&request.method);
        if let Some(trace) = &mut self.trace {
            trace.asks(self.transport, method, &request.params);
        }
        self.method = Some(method);
        self.operation = Some(request.operation());
        self.era = Some(Era::of(request));
        self.asked = match &*request.method {
            "tools/call" => Asked::Call,
            "prompts/get" => Asked::Prompt,
            "resources/read" => Asked::Resource,
            "completion/complete" => Asked::Completion,
            _ => Asked::Other,
        };
    }

    /// Notes what the HTTP request says of itself.
    pub(crate) fn carried_by(&mut self, headers: &HeaderMap) {
        if let Some(trace) = &mut self.trace {
            trace.carried_by(headers);
        }
    }

    /// What the parts of the request belong to.
    pub(crate) fn parent(&self) -> Parent {
        self.trace.as_ref().map(Trace::parent).unwrap_or_default()
    }

    /// The id of its trace, where anything is traced.
    pub(crate) fn trace_id(&self) -> Option<String> {
        self.trace.as_ref().and_then(Trace::id)
    }

    /// Notes what is told, without a question.
    pub(crate) fn notifies(&mut self, method: &str) {
        // What looks like a question and wants no answer is none.
        self.method = Some(known_method(method)).filter(|method| method.starts_with("notifications/")).or(Some(OTHER));
        self.operation = Some(shortened(method));
    }

    /// Notes that a stream of changes is asked for, without a message.
    pub(crate) fn listens(&mut self) {
        self.method = Some(STREAM);
        self.operation = Some(STREAM.to_owned());
        self.era = Some(Era::Legacy);
    }

    /// Notes that a question of the server's is answered.
    pub(crate) fn replies(&mut self) {
        self.method = Some(OTHER);
        self.operation = Some("answer".to_owned());
    }

    /// How long it has taken until now.
    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Notes that the request has passed, and what it is about.
    pub(crate) fn admitted(&mut self, passage: &Passage) {
        if let Some(seen) = &mut self.caller {
            seen.account = passage.about();
        }
        if self.asked == Asked::Completion && !passage.asks_tool() {
            self.asked = Asked::Other;
        }
    }

    /// Notes that the request was refused, unless it is known already how it ended.
    pub(crate) fn refused(&mut self, code: ErrorCode) {
        self.outcome.get_or_insert(Outcome::Refused(code));
    }
}

impl Drop for Observation {
    fn drop(&mut self) {
        if !self.is_answered {
            self.outcome = Some(Outcome::CallerGone);
        }
        let ended = Ended::from(&*self);
        if let Some(trace) = &mut self.trace {
            trace.end(&ended);
        }
        self.observers.tell(self);
    }
}
