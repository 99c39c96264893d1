//! What a request was made of and how long each part took, for a collector that speaks OTLP.
//!
//! Spans are made here and nowhere else: what libraries write down of their own could hold what callers sent. They have
//! names that the manifest declares and words of the catalogue, by OpenTelemetry's conventions for MCP and HTTP.
//! Without a collector, nothing is done.

use std::{
    borrow::Cow,
    env, fmt,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime},
};

use anyhow::Context as _;
use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt as _, Full, Limited};
use opentelemetry::{
    Context, KeyValue,
    propagation::{Extractor, TextMapPropagator as _},
    trace::{
        FutureExt as _, Link, SpanBuilder, SpanKind, Status, TraceContextExt as _, Tracer as _, TracerProvider as _,
    },
};
use opentelemetry_http::{HeaderExtractor, HeaderInjector, HttpClient, HttpError};
use opentelemetry_otlp::{SpanExporter, WithHttpConfig as _};
use opentelemetry_sdk::{
    Resource,
    propagation::TraceContextPropagator,
    trace::{SdkTracer, SdkTracerProvider},
};
use serde_json::{Map, Value};
use tokio::runtime::Handle;
use tracing::Instrument as _;

use crate::{
    Secrets, ServerSpec, ToolError,
    connection::Connection,
    envelope,
    observation::{Observation, Outcome, Transport},
    protocol::is_spoken,
};

/// The variables that say where the collector is; without one of them there is none.
const ENDPOINTS: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];

/// The variables whose values may hold what the collector knows the server by.
const HEADERS: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS"];

/// How long the collector may take for what it is sent, and the rest at the end.
const LIMIT: Duration = Duration::from_secs(10);

/// How large its answer can be, in bytes.
const LARGEST: usize = 64 << 10;

/// What makes the spans of this process, once there is a collector.
static TRACER: OnceLock<Tracer> = OnceLock::new();

struct Tracer {
    spec: &'static ServerSpec,
    sdk: SdkTracer,
}

/// What sends spans to the collector.
#[derive(Debug)]
pub(crate) struct Traces(SdkTracerProvider);

impl Traces {
    /// Begins to trace, where the environment says so: by the variables that OpenTelemetry has for it.
    ///
    /// # Errors
    /// When the collector's address is none.
    pub(crate) fn start(spec: &'static ServerSpec, secrets: &Secrets) -> anyhow::Result<Option<Self>> {
        let named = |variable: &&str| env::var(variable).ok().filter(|text| !text.trim().is_empty());
        let Some(endpoint) = ENDPOINTS.iter().find_map(named) else { return Ok(None) };
        if env::var("OTEL_SDK_DISABLED").is_ok_and(|text| text.trim().eq_ignore_ascii_case("true")) {
            return Ok(None);
        }
        for text in HEADERS.iter().filter_map(named) {
            text.split(',')
                .filter_map(|header| header.split_once('='))
                .for_each(|(_, value)| secrets.learn(value.trim()));
        }
        let connection = Connection::new(endpoint.trim().to_ascii_lowercase().starts_with("https:"))?;
        let sender = Sender { runtime: Handle::current(), connection: Arc::new(connection), failed: Arc::default() };
        let exporter = SpanExporter::builder().with_http().with_http_client(sender).build();
        let exporter = exporter.context("the environment's OTEL_EXPORTER_OTLP_* variables do not fit")?;
        let mut resource = Resource::builder().with_attribute(KeyValue::new("service.version", spec.version));
        if !names_service() {
            resource = resource.with_service_name(spec.name);
        }
        let provider =
            SdkTracerProvider::builder().with_resource(resource.build()).with_batch_exporter(exporter).build();
        TRACER.get_or_init(|| Tracer { spec, sdk: provider.tracer("toolwright") });
        Ok(Some(Self(provider)))
    }

    /// Sends what is still to be sent, but not for long.
    pub(crate) async fn finish(self) {
        let Self(provider) = self;
        // The exporter has a thread of its own, which is waited for.
        let done = tokio::task::spawn_blocking(move || provider.shutdown_with_timeout(LIMIT)).await;
        if !matches!(done, Ok(Ok(()))) {
            tracing::warn!("the last traces were not sent");
        }
    }
}

/// Whether the environment says what the service is called.
fn names_service() -> bool {
    env::var("OTEL_SERVICE_NAME").is_ok_and(|name| !name.is_empty())
        || env::var("OTEL_RESOURCE_ATTRIBUTES").is_ok_and(|text| text.contains("service.name="))
}

/// The trace of one request.
#[derive(Debug)]
pub(crate) struct Trace {
    started: SystemTime,
    /// What the HTTP request belongs to.
    carrier: Context,
    revision: Option<String>,
    /// With the request's span, from when it is known what is asked for.
    span: Option<Context>,
}

impl Trace {
    /// Begins, where anything is traced.
    pub(crate) fn start() -> Option<Self> {
        TRACER.get()?;
        Some(Self { started: SystemTime::now(), carrier: Context::new(), revision: None, span: None })
    }

    /// Notes what the HTTP request says that it belongs to.
    pub(crate) fn carried_by(&mut self, headers: &HeaderMap) {
        self.carrier = TraceContextPropagator::new().extract_with_context(&Context::new(), &HeaderExtractor(headers));
        let revision = headers.get("mcp-protocol-version").and_then(|value| value.to_str().ok());
        self.revision = revision.filter(|revision| is_spoken(revision)).map(str::to_owned);
    }

    /// Notes what is asked for. What the message itself says that it belongs to goes before what the HTTP request says,
    /// which is then linked (SEP-414, and OpenTelemetry's conventions for MCP).
    pub(crate) fn asks(&mut self, transport: Transport, method: &'static str, params: &Map<String, Value>) {
        let Some(tracer) = TRACER.get() else { return };
        let meta = params.get("_meta").and_then(Value::as_object).map(Meta);
        let told = meta.map(|meta| TraceContextPropagator::new().extract_with_context(&Context::new(), &meta));
        let told = told.filter(|context| context.span().span_context().is_valid());
        let revision = envelope::inline_version(params).filter(|revision| is_spoken(revision));
        self.revision = revision.map(str::to_owned).or_else(|| self.revision.take());

        let mut attributes = vec![KeyValue::new("mcp.method.name", method)];
        attributes.extend(self.revision.clone().map(|revision| KeyValue::new("mcp.protocol.version", revision)));
        let name = params.get("name").and_then(Value::as_str).unwrap_or_default();
        let target = match method {
            "tools/call" => {
                attributes.push(KeyValue::new("gen_ai.operation.name", "execute_tool"));
                tracer.spec.tool(name).map(|tool| ("gen_ai.tool.name", tool.name))
            }
            "prompts/get" => tracer.spec.prompt(name).map(|prompt| ("gen_ai.prompt.name", prompt.name)),
            "resources/read" => {
                // As it is declared: what callers fill in is nobody's else.
                let uri = params.get("uri").and_then(Value::as_str).unwrap_or_default();
                tracer.spec.resource(uri).map(|(resource, _)| ("mcp.resource.uri", resource.uri))
            }
            _ => None,
        };
        attributes.extend(target.map(|(key, name)| KeyValue::new(key, name)));
        let title = target.map_or(Cow::Borrowed(method), |(_, name)| Cow::Owned(format!("{method} {name}")));
        self.begin(tracer, transport, title, attributes, told);
    }

    fn begin(
        &mut self,
        tracer: &Tracer,
        transport: Transport,
        name: Cow<'static, str>,
        mut attributes: Vec<KeyValue>,
        told: Option<Context>,
    ) {
        match transport {
            Transport::Http => attributes.extend([
                KeyValue::new("network.transport", "tcp"),
                KeyValue::new("network.protocol.name", "http"),
                KeyValue::new("http.route", tracer.spec.route),
            ]),
            Transport::Stdio => attributes.push(KeyValue::new("network.transport", "pipe")),
        }
        let around = self.carrier.span().span_context().clone();
        let links = told.iter().filter(|_| around.is_valid()).map(|_| Link::with_context(around.clone())).collect();
        let builder = SpanBuilder::from_name(name)
            .with_kind(SpanKind::Server)
            .with_start_time(self.started)
            .with_attributes(attributes)
            .with_links(links);
        let parent = told.unwrap_or_else(|| self.carrier.clone());
        let span = tracer.sdk.build_with_context(builder, &parent);
        self.span = Some(parent.with_span(span));
    }

    /// What the parts of the request belong to.
    pub(crate) fn parent(&self) -> Parent {
        Parent(self.span.clone())
    }

    /// The id of the trace, for the log.
    pub(crate) fn id(&self) -> Option<String> {
        self.span.as_ref().map(|span| span.span().span_context().trace_id().to_string())
    }

    /// The request is over. One that was refused before it was read gets its span now.
    pub(crate) fn end(&mut self, seen: &Ended) {
        if self.span.is_none()
            && let Some(tracer) = TRACER.get()
        {
            let name = seen.method.unwrap_or("POST");
            self.begin(tracer, seen.transport, Cow::Borrowed(name), Vec::new(), None);
        }
        let Some(context) = &self.span else { return };
        let span = context.span();
        if let Some(status) = seen.status {
            span.set_attribute(KeyValue::new("http.response.status_code", i64::from(status)));
        }
        let failure = match seen.outcome {
            None | Some(Outcome::Ok) => None,
            Some(Outcome::CallerGone) => Some(Cow::Borrowed("caller_gone")),
            Some(Outcome::Failed(_)) => Some(Cow::Borrowed("tool_error")),
            Some(Outcome::Refused(code)) => Some(match code.entry().json_rpc {
                Some(number) => {
                    span.set_attribute(KeyValue::new("rpc.response.status_code", number.to_string()));
                    Cow::Owned(number.to_string())
                }
                None => Cow::Borrowed("tool_error"),
            }),
        };
        if let Some(outcome) = seen.outcome {
            span.set_attribute(KeyValue::new("toolwright.outcome", outcome.as_str()));
        }
        if let Some(failure) = failure {
            span.set_attribute(KeyValue::new("error.type", failure));
            span.set_status(Status::error(""));
        }
        span.end();
    }
}

/// How a request ended, as far as its span says so.
pub(crate) struct Ended {
    transport: Transport,
    method: Option<&'static str>,
    status: Option<u16>,
    outcome: Option<Outcome>,
}

impl From<&Observation> for Ended {
    fn from(seen: &Observation) -> Self {
        Self { transport: seen.transport, method: seen.method, status: seen.status, outcome: seen.outcome }
    }
}

/// What a message says of itself, beside what it asks for.
struct Meta<'a>(&'a Map<String, Value>);

impl Extractor for Meta<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).and_then(Value::as_str)
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(String::as_str).collect()
    }
}

/// What the parts of a request belong to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Parent(Option<Context>);

impl Parent {
    /// Runs a tool's handler in a span of its own. What it asks other servers for, and what it logs, belongs to it.
    pub(crate) async fn handle<T>(
        self,
        tool: &'static str,
        work: impl Future<Output = Result<T, ToolError>>,
    ) -> Result<T, ToolError> {
        let (Some(tracer), Self(Some(parent))) = (TRACER.get(), self) else { return work.await };
        let builder =
            SpanBuilder::from_name(format!("execute_tool {tool}")).with_kind(SpanKind::Internal).with_attributes([
                KeyValue::new("gen_ai.operation.name", "execute_tool"),
                KeyValue::new("gen_ai.tool.name", tool),
            ]);
        let context = parent.with_span(tracer.sdk.build_with_context(builder, &parent));
        let logged = tracing::info_span!("call", trace_id = %context.span().span_context().trace_id());
        let result = work.instrument(logged).with_context(context.clone()).await;
        let span = context.span();
        if let Err(error) = &result {
            span.set_attribute(KeyValue::new("error.type", error.code().entry().name));
            span.set_status(Status::error(""));
        }
        span.end();
        result
    }
}

/// Has another server know what a request to it belongs to.
pub(crate) fn carry(headers: &mut HeaderMap) {
    if TRACER.get().is_some() {
        TraceContextPropagator::new().inject_context(&Context::current(), &mut HeaderInjector(headers));
    }
}

/// Sends to the collector. The exporter waits in a thread of its own, and the work is done by this program's runtime.
struct Sender {
    runtime: Handle,
    connection: Arc<Connection>,
    /// Whether the last one was not taken, so that it is said once.
    failed: Arc<AtomicBool>,
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sender")
    }
}

#[async_trait]
impl HttpClient for Sender {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let connection = Arc::clone(&self.connection);
        let sending = async move {
            let answer = connection.send(request.map(Full::new)).await?;
            let (head, body) = answer.into_parts();
            let body = Limited::new(body, LARGEST).collect().await?;
            Ok(Response::from_parts(head, body.to_bytes()))
        };
        let limited = async { tokio::time::timeout(LIMIT, sending).await.map_err(HttpError::from).flatten() };
        let answer: Result<Response<Bytes>, HttpError> = self.runtime.spawn(limited).await?;
        let failed = !answer.as_ref().is_ok_and(|answer| answer.status().is_success());
        if failed && !self.failed.swap(failed, Ordering::Relaxed) {
            let why = match &answer {
                Ok(answer) => answer.status().to_string(),
                Err(error) => crate::connection::root(&**error),
            };
            tracing::warn!(why, "traces are not taken, and are lost until they are");
        } else if !failed && self.failed.swap(failed, Ordering::Relaxed) {
            tracing::info!("traces are taken again");
        }
        answer
    }
}
