//! The page for whoever runs the server.

use serde::Serialize;
use toolwright_core::{
    DATABASE_CONNECTIONS, IDLE_SECONDS, LISTENING_CONNECTIONS,
    environment::option_env,
    metrics::{LABELS, METRICS, Metric, Only},
};

use super::{document, markdown};
use crate::{
    api::{Api, Introspection, Issuer, Jwt, Server, Upstream, Verify},
    emit::{File, wording},
};

/// How long an instance goes on after it was told to stop, in the examples, in seconds: two questions of a balancer.
const DRAIN: u64 = 15;

/// What a call may take beyond its own limit to be answered, in seconds, as the runtime has it.
const ANSWER: u64 = 5;

/// What ending may take beyond the calls, in seconds: background work, and the last traces.
const REST: u64 = 20;

#[derive(Serialize)]
struct Page<'a> {
    name: &'a str,
    title: &'a str,
    version: &'a str,
    /// What the variables of the options begin with.
    env: String,
    /// The name as it can stand in SQL and in nginx.
    role: String,
    endpoint: &'a str,
    host: String,
    /// Who knows the credentials: `tokens`, `upstream` or `issuer`.
    kind: &'static str,
    /// Where that is, when it is not the server itself.
    origin: &'a str,
    /// For how long what the API said is believed.
    believed: String,
    limits: bool,
    grant: bool,
    /// For how long the audit log is kept, where there is one.
    audit: Option<String>,
    /// The tools that ask their client something while they run.
    asking: Vec<&'a str>,
    /// What clients are told the changes of: `resources`, `lists` only, or nothing.
    changes: &'static str,
    /// Whether tools write something that the server's own code keeps.
    has_own: bool,
    body_bytes: u64,
    call_seconds: u64,
    proxy_seconds: u64,
    idle_seconds: u64,
    pool_connections: u32,
    listening_connections: u32,
    slow_seconds: u64,
    stop_seconds: u64,
    drain: u64,
    metrics: Vec<MetricRow>,
    labels: Vec<LabelRow>,
}

#[derive(Serialize)]
struct MetricRow {
    name: String,
    kind: &'static str,
    labels: String,
    help: String,
}

#[derive(Serialize)]
struct LabelRow {
    name: &'static str,
    /// Markdown.
    meaning: &'static str,
}

pub(super) fn file(api: &Api) -> File {
    let Server { name, title, version, endpoint, body_bytes, call_seconds, .. } = &api.server;
    let (kind, origin, believed) = match &api.credential.verify {
        Verify::Tokens(_) => ("tokens", "", String::new()),
        Verify::Upstream(Upstream { origin, cache_seconds, .. }) => {
            ("upstream", origin.as_str(), wording::duration(*cache_seconds))
        }
        Verify::Jwt(Jwt { issuer: Issuer { url, .. }, .. })
        | Verify::Introspection(Introspection { issuer: Issuer { url, .. }, .. }) => {
            ("issuer", url.as_str(), String::new())
        }
    };
    let metrics: Vec<&Metric> = METRICS.into_iter().filter(|metric| has(api, metric.only)).collect();
    let page = Page {
        name,
        title,
        version,
        env: option_env(name, ""),
        role: name.replace('-', "_"),
        endpoint,
        host: host(endpoint),
        kind,
        origin,
        believed,
        limits: api.server.calls_per_minute.is_some() || api.server.calls_in_flight.is_some(),
        grant: api.credential.password_grant().is_some(),
        audit: api.server.audit.as_ref().map(|audit| wording::duration(audit.keep_seconds)),
        asking: api.tools.iter().filter(|tool| !tool.asks.is_empty()).map(|tool| tool.name.as_str()).collect(),
        changes: changes(api),
        has_own: api.tools.iter().any(|tool| tool.access != toolwright_core::Access::Read),
        body_bytes: *body_bytes,
        call_seconds: *call_seconds,
        proxy_seconds: call_seconds + ANSWER,
        idle_seconds: IDLE_SECONDS,
        pool_connections: DATABASE_CONNECTIONS,
        listening_connections: LISTENING_CONNECTIONS,
        slow_seconds: (call_seconds / 2).max(1),
        stop_seconds: DRAIN + 2 * (call_seconds + ANSWER) + REST,
        drain: DRAIN,
        labels: labels(&metrics),
        metrics: metrics.into_iter().map(|metric| row(api, metric)).collect(),
    };
    document(api, "operations.md", "docs/operations.md", &page)
}

fn changes(api: &Api) -> &'static str {
    match api.server.notifies.as_slice() {
        _ if api.resources.iter().any(|resource| resource.subscribe) => "resources",
        [] => "",
        _ => "lists",
    }
}

fn has(api: &Api, only: Only) -> bool {
    match only {
        Only::Every => true,
        Only::Remembering => !matches!(api.credential.verify, Verify::Jwt(_)),
        Only::Audited => api.server.audit.is_some(),
    }
}

fn row(api: &Api, metric: &Metric) -> MetricRow {
    let labels: Vec<String> = metric.labels.iter().map(|label| markdown::code(label)).collect();
    let kind = metric.kind.as_str();
    // A database of this machine is asked for every call.
    let with_postgres = metric.only == Only::Remembering && matches!(api.credential.verify, Verify::Tokens(_));
    let help = if with_postgres { format!("{} (with PostgreSQL)", metric.help) } else { metric.help.to_owned() };
    MetricRow { name: metric.sample(), kind, labels: labels.join(", "), help }
}

fn labels(metrics: &[&Metric]) -> Vec<LabelRow> {
    let is_used = |name: &str| metrics.iter().any(|metric| metric.labels.contains(&name));
    let used = LABELS.into_iter().filter(|(name, _)| is_used(name));
    used.map(|(name, meaning)| LabelRow { name, meaning }).collect()
}

/// The host of the endpoint, without its port.
fn host(endpoint: &str) -> String {
    let rest = endpoint.split_once("://").map_or(endpoint, |(_, rest)| rest);
    let authority = rest.split('/').next().unwrap_or(rest);
    authority.rsplit_once(':').map_or(authority, |(host, _)| host).to_owned()
}
