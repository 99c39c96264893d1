//! Whether the server can be given requests: what a balancer asks, and what it is told.
//!
//! What a server needs is asked for in the background, so that however often somebody wants to know, nothing is
//! asked because of it. An API that tools forward to is no such part: it is as far from all instances, so that
//! there would be none left to say what is wrong.

use std::{
    collections::BTreeMap,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use jiff::Timestamp;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use crate::{Secrets, credential::Verifier, server::Server};

/// How long after an answer a part is asked again.
const EVERY: Duration = Duration::from_secs(2);

/// How long an answer may take: far longer than a good one does, so that much work is not taken for none.
const LIMIT: Duration = Duration::from_secs(5);

/// The part that is the process itself.
const PROCESS: &str = "process";

/// The part that a server's own code runs beside the calls.
const BACKGROUND: &str = "background";

/// What the server needs to answer requests, by name. Clones are the same one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Health(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    parts: Mutex<BTreeMap<&'static str, Part>>,
    /// Whether the process was told to stop, for every answer to say so.
    ending: AtomicBool,
}

/// What is known of one part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Part {
    /// Whether it is as it has to be.
    pub(crate) ready: bool,
    /// Since when it is, or is not.
    pub(crate) since: Timestamp,
    /// What is wrong with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) why: Option<String>,
}

/// Everything that is known, as it is told to whoever runs the server.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(super) ready: bool,
    parts: BTreeMap<&'static str, Part>,
}

/// The question whether a part is as it has to be.
type Ask = Box<dyn Fn() -> Pin<Box<dyn Future<Output = anyhow::Result<()>> + Send>> + Send + Sync>;

impl Health {
    /// The process has begun to answer.
    pub(crate) fn begin(&self) {
        self.set(PROCESS, None);
    }

    /// The process was told to stop: no new requests, please.
    pub(crate) fn end(&self) {
        self.0.ending.store(true, Ordering::Relaxed);
        self.set(PROCESS, Some("shutting down".to_owned()));
    }

    /// Whether the server can be given requests. Without anything that has begun it cannot.
    pub(crate) fn is_ready(&self) -> bool {
        is_ready(&self.parts())
    }

    /// Whether to start the process again would be of no use.
    pub(crate) fn is_alive(&self) -> bool {
        self.parts().get(BACKGROUND).is_none_or(|part| part.ready)
    }

    /// Has the background work be a part that is not ready, once it is broken.
    pub(crate) fn lose_background(&self, broken: CancellationToken, stop: &CancellationToken) {
        let health = self.clone();
        tokio::spawn(stop.clone().run_until_cancelled_owned(async move {
            broken.cancelled().await;
            health.set(BACKGROUND, Some("it has panicked; start the server again".to_owned()));
        }));
    }

    /// Whether the process was told to stop.
    pub(crate) fn is_ending(&self) -> bool {
        self.0.ending.load(Ordering::Relaxed)
    }

    /// Whether each part is as it has to be.
    pub(super) fn ready_parts(&self) -> Vec<(&'static str, bool)> {
        self.parts().iter().map(|(name, part)| (*name, part.ready)).collect()
    }

    pub(crate) fn report(&self) -> Report {
        let parts = self.parts().clone();
        Report { ready: is_ready(&parts), parts }
    }

    fn set(&self, name: &'static str, why: Option<String>) {
        let mut parts = self.parts();
        let ready = why.is_none();
        let before = parts.get(name);
        if let Some(before) = before.filter(|before| before.ready == ready) {
            let since = before.since;
            parts.insert(name, Part { ready, since, why });
            return;
        }
        match &why {
            Some(why) => tracing::warn!(part = name, why, "not ready"),
            None if before.is_some() => tracing::info!(part = name, "ready again"),
            None => {}
        }
        parts.insert(name, Part { ready, since: Timestamp::now(), why });
    }

    /// A panic while the lock was held leaves parts that are as good as before.
    fn parts(&self) -> MutexGuard<'_, BTreeMap<&'static str, Part>> {
        self.0.parts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks all parts of a server, and goes on asking until `stop`.
    pub(crate) async fn watch(&self, server: &Server, stop: &CancellationToken) {
        for (name, ask) in parts_of(server) {
            let (health, secrets) = (self.clone(), server.secrets.clone());
            health.ask(name, &ask, &secrets).await;
            tokio::spawn(stop.clone().run_until_cancelled_owned(async move {
                loop {
                    tokio::time::sleep(EVERY).await;
                    health.ask(name, &ask, &secrets).await;
                }
            }));
        }
    }

    async fn ask(&self, name: &'static str, ask: &Ask, secrets: &Secrets) {
        let answer = tokio::time::timeout(LIMIT, ask()).await;
        let why = match answer {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(secrets.redact_text(&format!("{error:#}")).into_owned()),
            Err(_) => Some(format!("no answer within {} seconds", LIMIT.as_secs())),
        };
        self.set(name, why);
    }
}

fn is_ready(parts: &BTreeMap<&'static str, Part>) -> bool {
    parts.contains_key(PROCESS) && parts.values().all(|part| part.ready)
}

/// What a server needs beside itself.
fn parts_of(server: &Server) -> Vec<(&'static str, Ask)> {
    match &server.verifier {
        Verifier::Tokens(tokens) => {
            let database = tokens.database().clone();
            let ask: Ask = Box::new(move || {
                let database = database.clone();
                Box::pin(async move { database.answers().await })
            });
            vec![("database", ask)]
        }
        Verifier::OAuth(oauth) => {
            let oauth = Arc::clone(oauth);
            let ask: Ask = Box::new(move || {
                let oauth = Arc::clone(&oauth);
                Box::pin(async move { oauth.answers().await })
            });
            vec![("issuer", ask)]
        }
        // Where an API checks the credentials, it is every instance's.
        Verifier::Upstream(_) => Vec::new(),
    }
}
