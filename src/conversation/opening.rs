//! What a request says of the conversation that it opens.

use serde_json::{Map, Value};

use super::{Capabilities, Level, Levels, outbox::Outbox, progress, rounds::Inputs};
use crate::{
    envelope::{CLIENT_CAPABILITIES, LOG_LEVEL},
    observation::Era,
};

/// What a transport knows of a client of the older revisions, which says only in its handshake what it can do.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Handshake<'a> {
    /// Nothing but the id of its session, if it sent one.
    Session(Option<&'a str>),
    /// All of it: there is one client.
    Remembered(Capabilities),
}

/// Whom a request is from.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) era: Era,
    pub(crate) capabilities: Capabilities,
    /// What tells it from others, for what is remembered of it.
    pub(crate) key: String,
    pub(crate) outbox: Outbox,
}

/// What a call has of its request to speak with its client.
#[derive(Debug, Clone)]
pub(crate) struct Opening {
    pub(crate) era: Era,
    pub(crate) capabilities: Capabilities,
    pub(super) inputs: Inputs,
    pub(super) outbox: Outbox,
    pub(super) progress_token: Option<Value>,
    /// The least severe level that the client wants to hear; without one, none.
    pub(super) level: Option<Level>,
}

impl Opening {
    pub(crate) fn of(params: &Map<String, Value>, client: &Client, levels: &Levels) -> Self {
        let meta = params.get("_meta");
        let level = match client.era {
            Era::Legacy => Some(levels.of(&client.key)),
            Era::Modern => log_level(params).and_then(Value::as_str).and_then(Level::named),
        };
        Self {
            era: client.era,
            capabilities: client.capabilities,
            inputs: Inputs::of(params),
            outbox: client.outbox.clone(),
            progress_token: progress::token(meta),
            level,
        }
    }

    /// Nobody listens.
    pub(crate) fn silent() -> Self {
        Self {
            era: Era::Legacy,
            capabilities: Capabilities::default(),
            inputs: Inputs::default(),
            outbox: Outbox::default(),
            progress_token: None,
            level: None,
        }
    }
}

/// What the client of a request says itself that it can do, from 2026-07-28 on.
pub(crate) fn declared_capabilities(params: &Map<String, Value>) -> Capabilities {
    Capabilities::of(params.get("_meta").and_then(|meta| meta.get(CLIENT_CAPABILITIES)))
}

/// From which level on the client of a request wants to hear of it, from 2026-07-28 on.
pub(crate) fn log_level(params: &Map<String, Value>) -> Option<&Value> {
    params.get("_meta")?.get(LOG_LEVEL)
}
