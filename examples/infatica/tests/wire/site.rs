//! A web site to collect from: each path says how it behaves, and how often it was asked for is counted.

use std::{
    collections::HashMap,
    io::Write as _,
    net::SocketAddr,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use flate2::{Compression, write::GzEncoder};
use tokio::{net::TcpListener, sync::watch, time::sleep};

/// A site on a free port of the loopback address, up for as long as the test runs.
pub(crate) struct Site {
    address: SocketAddr,
    state: Arc<Behaviour>,
}

struct Behaviour {
    base: String,
    hits: Mutex<HashMap<String, usize>>,
    open: AtomicUsize,
    most_open: AtomicUsize,
    gate: watch::Sender<bool>,
    documents: Mutex<HashMap<String, (&'static str, Bytes)>>,
}

impl Site {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let state = Arc::new(Behaviour {
            base: format!("http://{address}"),
            hits: Mutex::default(),
            open: AtomicUsize::new(0),
            most_open: AtomicUsize::new(0),
            gate: watch::channel(false).0,
            documents: Mutex::default(),
        });
        let router = Router::new().fallback(answer).with_state(Arc::clone(&state));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, state }
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// The URL of a path, such as `/page/1`.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.state.base)
    }

    pub(crate) fn urls(&self, paths: &[&str]) -> Vec<String> {
        paths.iter().map(|path| self.url(path)).collect()
    }

    /// How often a path was asked for.
    pub(crate) fn hits(&self, path: &str) -> usize {
        self.state.hits.lock().expect("hits").get(path).copied().unwrap_or(0)
    }

    /// How often anything was asked for.
    pub(crate) fn all_hits(&self) -> usize {
        self.state.hits.lock().expect("hits").values().sum()
    }

    /// How many requests were open at the same time, at most.
    pub(crate) fn most_open(&self) -> usize {
        self.state.most_open.load(Ordering::SeqCst)
    }

    /// Lets everything under `/gate` be answered.
    pub(crate) fn open_gate(&self) {
        self.state.gate.send_replace(true);
    }

    /// Serves a document; `{base}` in it stands for the site's URL.
    pub(crate) fn publish(&self, path: &str, media_type: &'static str, document: impl Into<Bytes>) {
        let mut document = document.into();
        if let Ok(text) = std::str::from_utf8(&document) {
            document = text.replace("{base}", &self.state.base).into();
        }
        self.state.documents.lock().expect("documents").insert(path.to_owned(), (media_type, document));
    }

    /// Serves a file of the tests' data.
    pub(crate) fn publish_file(&self, path: &str, media_type: &'static str, file: &str) {
        self.publish(path, media_type, data(file));
    }
}

/// A file of the tests' data.
pub(crate) fn data(file: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(file);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Compressed as a server, or a file of a sitemap, is.
pub(crate) fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(body).expect("a vector");
    encoder.finish().expect("a vector")
}

async fn answer(State(site): State<Arc<Behaviour>>, uri: Uri, headers: HeaderMap) -> Response {
    let hit = {
        let mut hits = site.hits.lock().expect("hits");
        let hits = hits.entry(uri.path().to_owned()).or_default();
        *hits += 1;
        *hits
    };
    let _open = Open::count(&site);
    if let Some((media_type, document)) = site.documents.lock().expect("documents").get(uri.path()).cloned() {
        return ([(header::CONTENT_TYPE, media_type)], document).into_response();
    }
    let segments: Vec<&str> = uri.path().split('/').skip(1).collect();
    let number = |at: usize| segments.get(at).and_then(|segment| segment.parse::<u64>().ok()).unwrap_or(0);
    match segments[0] {
        "status" => StatusCode::from_u16(number(1).try_into().unwrap_or(500)).unwrap_or_default().into_response(),
        // /flaky/2/a fails two times.
        "flaky" if hit as u64 <= number(1) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        "busy" if hit == 1 => (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "2")]).into_response(),
        // /slow/50/a takes 50 milliseconds.
        "slow" => {
            sleep(Duration::from_millis(number(1))).await;
            page(&uri)
        }
        "gate" => {
            // The sender lives as long as the site.
            let _ = site.gate.subscribe().wait_for(|open| *open).await;
            page(&uri)
        }
        "drip" => ([(header::CONTENT_TYPE, "text/plain")], drip()).into_response(),
        "bytes" => "x".repeat(number(1).try_into().unwrap_or(0)).into_response(),
        "bomb" => {
            let body = gzip(&vec![b' '; 20 * 1024 * 1024]);
            ([(header::CONTENT_TYPE, "text/plain"), (header::CONTENT_ENCODING, "gzip")], body).into_response()
        }
        "hops" if number(1) > 0 => redirect(&format!("/hops/{}", number(1) - 1)),
        "page" | "flaky" | "busy" | "hops" => page(&uri),
        // /to?http://elsewhere/ redirects there.
        "to" => redirect(&uri.query().unwrap_or_default().replace("%5B", "[").replace("%5D", "]")),
        // /encoded?br says that its body is compressed by Brotli.
        "encoded" => {
            let encoding = uri.query().unwrap_or_default().to_owned();
            ([(header::CONTENT_TYPE, "text/plain"), (header::CONTENT_ENCODING, &encoding)], "words").into_response()
        }
        "image" => ([(header::CONTENT_TYPE, "image/png")], vec![0x89, b'P', b'N', b'G', 0]).into_response(),
        "headers" => {
            let lines = headers.iter().map(|(name, value)| format!("{name}: {}\n", value.to_str().unwrap_or_default()));
            lines.collect::<String>().into_response()
        }
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

fn page(uri: &Uri) -> Response {
    let html = format!("<!DOCTYPE html><title>{0}</title><p>This is <b>{0}</b>.", uri.path());
    ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response()
}

fn redirect(to: &str) -> Response {
    (StatusCode::FOUND, [(header::LOCATION, to)]).into_response()
}

/// A body that never ends, a byte at a time.
fn drip() -> Body {
    let (sender, receiver) = tokio::sync::mpsc::channel::<Result<Bytes, std::io::Error>>(1);
    tokio::spawn(async move {
        while sender.send(Ok(Bytes::from_static(b"x"))).await.is_ok() {
            sleep(Duration::from_millis(50)).await;
        }
    });
    Body::from_stream(tokio_stream::wrappers::ReceiverStream::new(receiver))
}

/// Counts the requests that are open.
struct Open(Arc<Behaviour>);

impl Open {
    fn count(site: &Arc<Behaviour>) -> Self {
        let open = site.open.fetch_add(1, Ordering::SeqCst) + 1;
        site.most_open.fetch_max(open, Ordering::SeqCst);
        Self(Arc::clone(site))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::SeqCst);
    }
}
