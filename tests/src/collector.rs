//! A collector of traces that speaks OTLP.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use axum::{Router, body::Bytes, extract::State, http::HeaderMap, routing::post};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest, common::v1::any_value::Value as Any, trace::v1::Span,
};
use prost::Message as _;
use tokio::net::TcpListener;

type Taken = Arc<Mutex<Vec<(HeaderMap, Bytes)>>>;

/// What it was sent.
#[derive(Debug)]
pub struct Collector {
    address: String,
    taken: Taken,
}

impl Collector {
    /// Listens on a free port.
    ///
    /// # Panics
    /// When there is none.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let taken = Taken::default();
        let take = async |State(taken): State<Taken>, headers: HeaderMap, body: Bytes| {
            taken.lock().expect("what was taken").push((headers, body));
        };
        let routes = Router::new().route("/v1/traces", post(take)).with_state(Arc::clone(&taken));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { address, taken }
    }

    /// Its address, as `http://127.0.0.1:1234`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Everything as it came, to look for what must not be in it.
    ///
    /// # Panics
    /// Never: nothing panics with it in its hands.
    pub fn text(&self) -> String {
        let taken = self.taken.lock().expect("what was taken");
        let text = |(headers, body): &(HeaderMap, Bytes)| format!("{headers:?}{}", String::from_utf8_lossy(body));
        taken.iter().map(text).collect::<Vec<_>>().join("\n")
    }

    /// The spans so far, with the resource that each is of.
    ///
    /// # Panics
    /// When something else was sent.
    pub fn spans(&self) -> Vec<(Vec<(String, String)>, Span)> {
        let taken = self.taken.lock().expect("what was taken");
        let requests =
            taken.iter().map(|(_, body)| ExportTraceServiceRequest::decode(body.clone()).expect("a request of OTLP"));
        let resources = requests.flat_map(|request| request.resource_spans);
        let of_resource = |spans: opentelemetry_proto::tonic::trace::v1::ResourceSpans| {
            let resource = attributes(&spans.resource.map(|resource| resource.attributes).unwrap_or_default());
            let spans = spans.scope_spans.into_iter().flat_map(|scope| scope.spans);
            spans.map(move |span| (resource.clone(), span)).collect::<Vec<_>>()
        };
        resources.flat_map(of_resource).collect()
    }

    /// Waits for a span with this name.
    ///
    /// # Panics
    /// When none comes within 30 seconds.
    pub async fn span(&self, name: &str) -> Span {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            if let Some((_, span)) = self.spans().into_iter().find(|(_, span)| span.name == name) {
                return span;
            }
            let names: Vec<_> = self.spans().into_iter().map(|(_, span)| span.name).collect();
            assert!(Instant::now() < deadline, "no span {name}: {names:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Names and values, as texts.
pub fn attributes(of: &[opentelemetry_proto::tonic::common::v1::KeyValue]) -> Vec<(String, String)> {
    let text = |value: &Any| match value {
        Any::StringValue(text) => text.clone(),
        Any::IntValue(number) => number.to_string(),
        other => format!("{other:?}"),
    };
    let value = |attribute: &opentelemetry_proto::tonic::common::v1::KeyValue| {
        attribute.value.as_ref().and_then(|value| value.value.as_ref()).map(text).unwrap_or_default()
    };
    let mut attributes: Vec<_> = of.iter().map(|attribute| (attribute.key.clone(), value(attribute))).collect();
    attributes.sort();
    attributes
}

/// Bytes as trace ids are written.
pub fn hex(id: &[u8]) -> String {
    id.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}
