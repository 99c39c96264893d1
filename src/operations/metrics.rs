//! What happened since the start, and what there is now, in numbers.
//!
//! Names and labels are those of [`toolwright_core::metrics`]. A label has one of a few values, whatever callers send,
//! and none of them tells who they are. Counting allocates nothing but for the first of its kind.

use jiff::Timestamp;
use moka::Entry;
pub(crate) use prometheus_client::metrics::counter::Counter;
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric as _, text},
    metrics::{
        family::{Family, MetricConstructor},
        gauge::{ConstGauge, Gauge},
        histogram::Histogram,
    },
    registry::{Metric as Registered, Registry},
};
use toolwright_core::metrics::{self as declared, DURATIONS, Metric, OTHER, UNREAD};

use super::Health;
use crate::{
    ServerSpec,
    observation::{Observation, Outcome},
};

/// What the answer to whoever collects them says of itself.
pub(super) const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The numbers of one server.
#[derive(Debug)]
pub(crate) struct Metrics {
    spec: &'static ServerSpec,
    registry: Registry,
    calls: Family<CallLabels, Counter>,
    durations: Family<DurationLabels, Histogram, Durations>,
    requests: Family<RequestLabels, Counter>,
    in_flight: Gauge,
    denials: Family<ReasonLabels, Counter>,
    errors: Family<ReasonLabels, Counter>,
    connections: Connections,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CallLabels {
    tool: &'static str,
    era: &'static str,
    transport: &'static str,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DurationLabels {
    tool: &'static str,
    era: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: &'static str,
    transport: &'static str,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReasonLabels {
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LookupLabels {
    result: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PartLabels {
    part: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct BuildLabels {
    name: &'static str,
    version: &'static str,
    runtime: &'static str,
}

/// What makes a histogram of durations.
#[derive(Debug, Clone)]
struct Durations;

impl MetricConstructor<Histogram> for Durations {
    fn new_metric(&self) -> Histogram {
        Histogram::new(DURATIONS)
    }
}

/// The connections of a listener. Clones count together.
#[derive(Debug, Clone, Default)]
pub(crate) struct Connections {
    open: Gauge,
    accepted: Counter,
    failed: Counter,
}

/// A connection that counts as open until this is dropped.
#[derive(Debug)]
pub(crate) struct OpenConnection(Gauge);

impl Connections {
    /// One was accepted.
    pub(crate) fn accepted(&self) -> OpenConnection {
        self.accepted.inc();
        self.open.inc();
        OpenConnection(self.open.clone())
    }

    /// One could not be accepted.
    pub(crate) fn failed(&self) {
        self.failed.inc();
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// How often it was remembered whose a credential is. Clones count together.
#[derive(Debug, Clone)]
pub(crate) struct Lookups {
    family: Family<LookupLabels, Counter>,
    hits: Counter,
    misses: Counter,
}

impl Default for Lookups {
    fn default() -> Self {
        let family = Family::<LookupLabels, Counter>::default();
        let of = |result| family.get_or_create_owned(&LookupLabels { result });
        Self { hits: of("hit"), misses: of("miss"), family }
    }
}

impl Lookups {
    /// Counts what a cache gave that asks for what it does not have.
    pub(crate) fn count<K, V, E>(&self, given: Result<Entry<K, V>, E>) -> Result<V, E> {
        match &given {
            Ok(entry) if !entry.is_fresh() => self.hit(),
            _ => self.miss(),
        }
        given.map(Entry::into_value)
    }

    /// It was remembered.
    pub(crate) fn hit(&self) {
        self.hits.inc();
    }

    /// It had to be asked for.
    pub(crate) fn miss(&self) {
        self.misses.inc();
    }
}

/// Says of each part whether it is ready, when the numbers are collected.
#[derive(Debug)]
struct Readiness(Health);

impl Collector for Readiness {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> std::fmt::Result {
        let parts = self.0.ready_parts();
        let gauge = ConstGauge::new(0_i64);
        let mut family = encoder.encode_descriptor(
            declared::READY.name,
            &format!("{}.", declared::READY.help),
            None,
            gauge.metric_type(),
        )?;
        for (part, ready) in parts {
            ConstGauge::new(i64::from(ready)).encode(family.encode_family(&PartLabels { part })?)?;
        }
        Ok(())
    }
}

impl Metrics {
    /// The numbers of a server that begins now. `lookups` are those of what verifies credentials, where it remembers any, and
    /// `audit_dropped` is what the audit log lacks, where there is one.
    pub(crate) fn new(
        spec: &'static ServerSpec,
        health: &Health,
        lookups: Option<&Lookups>,
        audit_dropped: Option<Counter>,
        connections_limit: usize,
    ) -> Self {
        let mut metrics = Self {
            spec,
            registry: Registry::default(),
            calls: Family::default(),
            durations: Family::new_with_constructor(Durations),
            requests: Family::default(),
            in_flight: Gauge::default(),
            denials: Family::default(),
            errors: Family::default(),
            connections: Connections::default(),
        };
        let registry = &mut metrics.registry;
        register(registry, &declared::CALLS, metrics.calls.clone());
        register(registry, &declared::CALL_DURATION, metrics.durations.clone());
        register(registry, &declared::REQUESTS, metrics.requests.clone());
        register(registry, &declared::IN_FLIGHT, metrics.in_flight.clone());
        register(registry, &declared::DENIALS, metrics.denials.clone());
        register(registry, &declared::ERRORS, metrics.errors.clone());
        register(registry, &declared::CONNECTIONS, metrics.connections.open.clone());
        let limit = i64::try_from(connections_limit).unwrap_or(i64::MAX);
        register(registry, &declared::CONNECTIONS_LIMIT, ConstGauge::new(limit));
        register(registry, &declared::CONNECTIONS_ACCEPTED, metrics.connections.accepted.clone());
        register(registry, &declared::CONNECTIONS_FAILED, metrics.connections.failed.clone());
        if let Some(lookups) = lookups {
            register(registry, &declared::CACHE_LOOKUPS, lookups.family.clone());
        }
        if let Some(dropped) = audit_dropped {
            register(registry, &declared::AUDIT_DROPPED, dropped);
        }
        let build = BuildLabels { name: spec.name, version: spec.version, runtime: env!("CARGO_PKG_VERSION") };
        let info = Family::<BuildLabels, Gauge>::default();
        info.get_or_create(&build).set(1);
        register(registry, &declared::BUILD, info);
        register(registry, &declared::START_TIME, ConstGauge::new(Timestamp::now().as_second()));
        registry.register_collector(Box::new(Readiness(health.clone())));
        metrics
    }

    /// The connections that are counted.
    pub(crate) fn connections(&self) -> Connections {
        self.connections.clone()
    }

    /// A request begins.
    pub(crate) fn begin(&self) {
        self.in_flight.inc();
    }

    /// A request is over.
    pub(crate) fn count(&self, seen: &Observation) {
        self.in_flight.dec();
        let transport = seen.transport.as_str();
        let outcome = seen.outcome.map_or("answered", Outcome::as_str);
        let method = seen.method.unwrap_or(UNREAD);
        self.requests.get_or_create(&RequestLabels { method, transport, outcome }).inc();
        if let Some(Outcome::Refused(code) | Outcome::Failed(code)) = seen.outcome {
            let reason = ReasonLabels { reason: code.entry().name };
            if code.is_denial() {
                self.denials.get_or_create(&reason).inc();
            } else if code.is_fault() {
                self.errors.get_or_create(&reason).inc();
            }
        }
        if method != "tools/call" {
            return;
        }
        let declared = seen.operation.as_deref().and_then(|name| self.spec.tool(name));
        let tool = declared.map_or(OTHER, |tool| tool.name);
        let era = seen.era.map_or("", |era| era.as_str());
        self.calls.get_or_create(&CallLabels { tool, era, transport, outcome }).inc();
        if !matches!(seen.outcome, Some(Outcome::Refused(_))) {
            let duration = seen.elapsed().as_secs_f64();
            self.durations.get_or_create(&DurationLabels { tool, era }).observe(duration);
        }
    }

    /// All numbers, in the text of OpenMetrics.
    pub(super) fn text(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        text::encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

/// Under the name and with the words that the documentation has.
fn register(registry: &mut Registry, metric: &Metric, registered: impl Registered) {
    registry.register(metric.name, metric.help, registered);
}
