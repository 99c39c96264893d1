//! What changes while the server runs, and who is told: whoever listens, of their own data, and of what they may read.
//!
//! Clients of 2026-07-28 listen with `subscriptions/listen`; those of the older revisions with a stream that they `GET`, or
//! over stdio from their handshake on. Each instance of a server tells those who listen at it.

mod listening;
mod subscriptions;

use std::{
    collections::HashMap,
    num::NonZeroU32,
    sync::{Arc, Mutex, PoisonError},
};

use rmcp::model::{
    PromptListChangedNotification, ResourceListChangedNotification, ResourceUpdatedNotification,
    ResourceUpdatedNotificationParam, ServerNotification, SubscriptionFilter, ToolListChangedNotification,
};
use serde_json::{Value, json};
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

pub(crate) use listening::{Listen, Listening, Over, Wanted};
pub(crate) use subscriptions::Subscriptions;

use crate::{ServerSpec, caller::Caller, spec::List};

/// How many changes wait for somebody who is slow to read them. Whoever falls behind further is told that everything they
/// listen for may have changed.
const WAITING: usize = 256;

/// How many streams a credential has open at a time.
pub(crate) const STREAMS: NonZeroU32 = NonZeroU32::new(16).unwrap();

/// Tells of changes.
#[derive(Debug)]
pub(crate) struct Changes {
    spec: &'static ServerSpec,
    hub: broadcast::Sender<Event>,
    pub(crate) subscriptions: Subscriptions,
    open: Arc<Mutex<HashMap<String, u32>>>,
    closing: CancellationToken,
}

/// Something that has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    List(List),
    /// A resource, by its URI.
    Resource(String),
}

/// A change, and whose data it is in.
#[derive(Debug, Clone)]
struct Event {
    audience: String,
    change: Change,
}

/// The place of one stream among those of its credential, which is free again once this is dropped.
#[derive(Debug)]
pub(crate) struct Open {
    credential: String,
    all: Arc<Mutex<HashMap<String, u32>>>,
}

impl Changes {
    pub(crate) fn new(spec: &'static ServerSpec) -> Self {
        let (hub, _) = broadcast::channel(WAITING);
        Self {
            spec,
            hub,
            subscriptions: Subscriptions::default(),
            open: Arc::default(),
            closing: CancellationToken::new(),
        }
    }

    /// Tells everybody who listens about the same data. That nobody does is no failure; that nothing announces such a change
    /// is a fault of the server's own, of which its log has to tell.
    pub(crate) fn tell(&self, caller: &Caller, change: Change) {
        let is_announced = match &change {
            Change::List(list) => self.spec.notifies.contains(list),
            Change::Resource(uri) => self.spec.resource(uri).is_some_and(|(resource, _)| resource.subscribe),
        };
        if is_announced {
            let _ = self.hub.send(Event { audience: audience(caller).to_owned(), change });
        } else {
            tracing::error!(?change, "a change that the manifest does not announce is told to nobody");
        }
    }

    /// Takes a place for one more stream of a credential; nothing where it has as many as it may.
    pub(crate) fn open(&self, credential: &str) -> Option<Open> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(credential.to_owned()).or_default();
        if *count >= STREAMS.get() {
            return None;
        }
        *count += 1;
        Some(Open { credential: credential.to_owned(), all: Arc::clone(&self.open) })
    }

    /// Ends every stream: nobody is told of anything any more.
    pub(crate) fn close(&self) {
        self.closing.cancel();
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let mut open = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.credential) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.credential);
            }
        }
    }
}

/// Whose data a caller reaches: an account's, or else that of the subject.
fn audience(caller: &Caller) -> &str {
    caller.account().unwrap_or(&caller.identity().subject)
}

impl Change {
    /// As clients are told.
    pub(crate) fn notification(&self) -> ServerNotification {
        match self {
            Self::List(List::Tools) => ToolListChangedNotification::default().into(),
            Self::List(List::Prompts) => PromptListChangedNotification::default().into(),
            Self::List(List::Resources) => ResourceListChangedNotification::default().into(),
            Self::Resource(uri) => ResourceUpdatedNotification::new(ResourceUpdatedNotificationParam::new(uri)).into(),
        }
    }

    /// As clients of the older revisions are told, as one message.
    pub(crate) fn message(&self) -> Value {
        let (method, params) = match self {
            Self::List(List::Tools) => ("tools/list_changed", None),
            Self::List(List::Prompts) => ("prompts/list_changed", None),
            Self::List(List::Resources) => ("resources/list_changed", None),
            Self::Resource(uri) => ("resources/updated", Some(json!({ "uri": uri }))),
        };
        let mut message = json!({ "jsonrpc": "2.0", "method": format!("notifications/{method}") });
        if let Some(params) = params {
            message["params"] = params;
        }
        message
    }
}

/// What a filter asks for, one by one.
fn asked(filter: &SubscriptionFilter) -> impl Iterator<Item = Change> {
    let lists = [
        (filter.tools_list_changed, List::Tools),
        (filter.prompts_list_changed, List::Prompts),
        (filter.resources_list_changed, List::Resources),
    ];
    let lists = lists.into_iter().filter(|(asked, _)| *asked == Some(true)).map(|(_, list)| Change::List(list));
    lists.chain(filter.resource_subscriptions.iter().flatten().cloned().map(Change::Resource))
}
