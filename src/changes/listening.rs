//! One who listens: what they are told of, and for how long.

use std::{collections::VecDeque, sync::Arc};

use bytes::Bytes;
use rmcp::model::SubscriptionFilter;
use serde_json::json;
use tokio::{
    sync::broadcast::{Receiver, error::RecvError},
    time::{Interval, MissedTickBehavior},
};
use toolwright_core::ErrorCode;

use super::{Change, Event, Open, asked, audience, subscriptions::RESOURCES};
use crate::{
    about::About,
    caller::Caller,
    envelope::Request,
    gate,
    limits::Exceeded,
    refusal::Refusal,
    server::{ASKED_AGAIN, Server, Work},
    spec::List,
};

/// A `subscriptions/listen` that was authorized.
#[derive(Debug, Clone)]
pub(crate) struct Listen {
    /// What the client will be told of: the part of what it asked for that the server announces and the caller may read.
    pub(crate) filter: SubscriptionFilter,
    /// The request with that filter alone: what the protocol's library reads of it is what was authorized.
    pub(crate) text: Bytes,
    pub(crate) open: Arc<Open>,
}

/// What somebody wants to be told of.
#[derive(Debug, Clone)]
pub(crate) enum Wanted {
    /// What they have asked for when they began to listen.
    Filter(SubscriptionFilter),
    /// Every list, and what their credential is subscribed to, also from now on.
    Subscribed,
}

/// Why nobody is told of anything more.
#[derive(Debug)]
pub(crate) enum Over {
    /// The server ends.
    Closing,
    /// The credential is not known to be good any more.
    Refused(Box<Refusal>),
}

/// Somebody who listens.
pub(crate) struct Listening {
    server: Arc<Server>,
    caller: Arc<Caller>,
    wanted: Wanted,
    events: Receiver<Event>,
    waiting: VecDeque<Change>,
    again: Interval,
    _open: Arc<Open>,
}

impl Listening {
    pub(crate) fn new(server: &Arc<Server>, caller: &Arc<Caller>, wanted: Wanted, open: Arc<Open>) -> Self {
        let mut again = tokio::time::interval(ASKED_AGAIN);
        again.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            server: Arc::clone(server),
            caller: Arc::clone(caller),
            wanted,
            events: server.changes.hub.subscribe(),
            waiting: VecDeque::new(),
            again,
            _open: open,
        }
    }

    /// The next change that they are told of.
    ///
    /// # Errors
    /// Once it is over.
    pub(crate) async fn next(&mut self) -> Result<Change, Over> {
        let closing = self.server.changes.closing.clone();
        loop {
            while let Some(change) = self.waiting.pop_front() {
                if self.is_told(&change) {
                    return Ok(change);
                }
            }
            tokio::select! {
                biased;
                () = closing.cancelled() => return Err(Over::Closing),
                _ = self.again.tick() => {
                    let known = self.server.known(&self.caller).await;
                    self.caller = known.map_err(|refusal| Over::Refused(Box::new(refusal)))?;
                }
                event = self.events.recv() => match event {
                    Ok(Event { audience: of, change }) if of == audience(&self.caller) => self.waiting.push_back(change),
                    Ok(_) => {}
                    // Of what was missed it is enough to know that it may have changed.
                    Err(RecvError::Lagged(_)) => self.waiting = self.everything().into(),
                    Err(RecvError::Closed) => return Err(Over::Closing),
                },
            }
        }
    }

    fn everything(&self) -> Vec<Change> {
        match &self.wanted {
            Wanted::Filter(filter) => asked(filter).collect(),
            Wanted::Subscribed => {
                let lists = self.server.spec.notifies.iter().copied().map(Change::List);
                let uris = self.server.changes.subscriptions.of(&self.caller.identity().credential_id);
                lists.chain(uris.into_iter().map(Change::Resource)).collect()
            }
        }
    }

    /// Whether they want to be told of it, and may read what has changed, by what their credential allows now.
    fn is_told(&self, change: &Change) -> bool {
        let is_wanted = match (&self.wanted, change) {
            (Wanted::Filter(filter), change) => asked(filter).any(|asked| asked == *change),
            (Wanted::Subscribed, Change::List(_)) => true,
            (Wanted::Subscribed, Change::Resource(uri)) => {
                self.server.changes.subscriptions.of(&self.caller.identity().credential_id).contains(uri)
            }
        };
        is_wanted
            && match change {
                Change::List(_) => true,
                Change::Resource(uri) => self.server.can_subscribe(&self.caller, uri),
            }
    }
}

impl Server {
    /// Whether the caller is told when a resource changes.
    fn can_subscribe(&self, caller: &Arc<Caller>, uri: &str) -> bool {
        let found = self.spec.resource(uri).filter(|(resource, _)| resource.subscribe);
        found.is_some_and(|(resource, _)| gate::admit(self.spec, &About::anything(caller), resource).is_ok())
    }

    /// Takes out of a filter what the server does not announce and what the caller may not read.
    pub(crate) fn examine_listen(&self, request: &Request<'_>, caller: &Arc<Caller>) -> Result<Work, Refusal> {
        // A list would pass for an object without members.
        let asked = request.params.get("notifications").filter(|asked| asked.is_object()).cloned();
        let asked: SubscriptionFilter =
            asked.and_then(|asked| serde_json::from_value(asked).ok()).ok_or_else(|| {
                self.invalid_params(
                    "`notifications` does not say what to be told of, as `{\"toolsListChanged\": true}`.",
                )
            })?;
        let lists = |asked: Option<bool>, list: List| {
            (asked == Some(true) && self.spec.notifies.contains(&list)).then_some(true)
        };
        let mut filter = SubscriptionFilter::default();
        filter.tools_list_changed = lists(asked.tools_list_changed, List::Tools);
        filter.prompts_list_changed = lists(asked.prompts_list_changed, List::Prompts);
        filter.resources_list_changed = lists(asked.resources_list_changed, List::Resources);
        let mut uris = asked.resource_subscriptions.unwrap_or_default();
        uris.retain(|uri| self.can_subscribe(caller, uri));
        uris.truncate(RESOURCES);
        filter.resource_subscriptions = (!uris.is_empty()).then_some(uris);
        let mut params = request.params.clone();
        params.insert("notifications".to_owned(), json!(filter));
        let message = json!({ "jsonrpc": "2.0", "id": request.id, "method": request.method, "params": params });
        let open = self.open_stream(caller)?;
        Ok(Work::Listen(Listen { filter, text: message.to_string().into(), open }))
    }

    /// A place for one more stream.
    pub(crate) fn open_stream(&self, caller: &Arc<Caller>) -> Result<Arc<Open>, Refusal> {
        let open = self.changes.open(&caller.identity().credential_id);
        open.map(Arc::new)
            .ok_or_else(|| Refusal::too_many_calls(self.spec, "subscriptions/listen", Exceeded::streams()))
    }

    /// Subscribes the credential to a resource, or does so no more, in the revisions before 2026-07-28.
    pub(crate) fn subscribe(&self, request: &Request<'_>, caller: &Arc<Caller>, wanted: bool) -> Result<(), Refusal> {
        let uri = self.uri(&request.params)?;
        let Some((resource, _)) = self.spec.resource(uri) else { return Err(self.unknown_resource(uri, true)) };
        self.admit(&About::anything(caller), resource)?;
        let credential = &caller.identity().credential_id;
        if !wanted {
            self.changes.subscriptions.remove(credential, uri);
            return Ok(());
        }
        if !resource.subscribe {
            return Err(self.invalid_params(&format!("Nobody is told when `{uri}` changes.")));
        }
        if self.changes.subscriptions.add(credential, uri) {
            Ok(())
        } else {
            let detail = format!("This credential is subscribed to {RESOURCES} resources already.");
            Err(Refusal::new(self.spec, ErrorCode::InvalidParams, Some(&detail)))
        }
    }
}
