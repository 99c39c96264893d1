//! The JSON-RPC envelope, parsed once, before anything else looks at a message.
//!
//! What two parsers could read in two ways is refused here: repeated keys, batches, ids that are
//! neither text nor a whole number. The protocol's library parses the same text again behind us,
//! but nothing that it finds decides who may do what.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, DeserializeSeed, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Number, Value, error::Category, map::Entry};
use toolwright_core::ErrorCode;

use crate::shortened::shortened;

#[cfg(test)]
mod tests;

/// The key under a request's `_meta` that says its protocol revision, from 2026-07-28 on.
pub(crate) const PROTOCOL_VERSION: &str = "io.modelcontextprotocol/protocolVersion";

/// The key under a request's `_meta` that says what its client can do, from 2026-07-28 on.
pub(crate) const CLIENT_CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";

/// The key under a request's `_meta` that says from which level on its client wants to hear log messages, from 2026-07-28 on.
pub(crate) const LOG_LEVEL: &str = "io.modelcontextprotocol/logLevel";

/// One JSON-RPC message of a client.
#[derive(Debug)]
pub(crate) enum Message<'a> {
    Request(Request<'a>),
    /// Wants no answer.
    Notification {
        method: Cow<'a, str>,
        params: Map<String, Value>,
    },
    /// Answers what the server asked.
    Answer(Answer),
}

/// What a client says to a request of the server's own.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) id: Id<'static>,
    pub(crate) outcome: Outcome,
}

/// A result, or an error of JSON-RPC.
pub(crate) type Outcome = Result<Value, Value>;

/// A message that wants an answer.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    pub(crate) id: Id<'a>,
    pub(crate) method: Cow<'a, str>,
    pub(crate) params: Map<String, Value>,
}

fn operation(method: &str, params: &Map<String, Value>) -> String {
    let called = matches!(method, "tools/call" | "prompts/get").then(|| params.get("name")).flatten();
    shortened(called.and_then(Value::as_str).unwrap_or(method))
}

impl Request<'_> {
    pub(crate) fn into_owned(self) -> Request<'static> {
        let Self { id, method, params } = self;
        Request { id: id.into_owned(), method: Cow::Owned(method.into_owned()), params }
    }

    /// What the log calls the request.
    pub(crate) fn operation(&self) -> String {
        operation(&self.method, &self.params)
    }

    /// The protocol revision that the request itself names, as those since 2026-07-28 do.
    pub(crate) fn inline_version(&self) -> Option<&str> {
        inline_version(&self.params)
    }
}

/// The protocol revision that a message's parameters name.
pub(crate) fn inline_version(params: &Map<String, Value>) -> Option<&str> {
    params.get("_meta")?.get(PROTOCOL_VERSION)?.as_str()
}

/// A request's id, which its answer repeats.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(untagged)]
pub(crate) enum Id<'a> {
    Number(i64),
    Text(Cow<'a, str>),
}

impl Id<'_> {
    /// MCP narrows JSON-RPC: an id is text or a whole number, never null.
    pub(crate) fn of(value: Value) -> Option<Id<'static>> {
        match value {
            Value::String(text) => Some(Id::Text(Cow::Owned(text))),
            Value::Number(number) => number.as_i64().map(Id::Number),
            _ => None,
        }
    }

    pub(crate) fn into_owned(self) -> Id<'static> {
        match self {
            Self::Number(number) => Id::Number(number),
            Self::Text(text) => Id::Text(Cow::Owned(text.into_owned())),
        }
    }
}

/// Why a message was not understood.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) code: ErrorCode,
    pub(crate) detail: String,
    /// The message's id, as far as it was readable.
    pub(crate) id: Option<Id<'static>>,
}

/// Parses one message.
///
/// # Errors
/// `parse_error` for what is not JSON, `invalid_request` for what is no single JSON-RPC 2.0
/// message, `invalid_params` for parameters that are not an object.
pub(crate) fn parse(body: &[u8]) -> Result<Message<'_>, Fault> {
    let text = std::str::from_utf8(body).map_err(|error| {
        Fault::without_id(ErrorCode::ParseError, format!("Byte {} is not UTF-8.", error.valid_up_to()))
    })?;
    serde_json::from_str::<Parts<'_>>(text).map_err(|error| unreadable(&error))?.into_message()
}

fn unreadable(error: &serde_json::Error) -> Fault {
    match error.classify() {
        Category::Data => {
            Fault::without_id(ErrorCode::InvalidRequest, format!("Found {}.", excerpt(&error.to_string())))
        }
        Category::Syntax | Category::Eof | Category::Io => {
            Fault::without_id(ErrorCode::ParseError, format!("It is not JSON: {error}."))
        }
    }
}

impl Fault {
    fn without_id(code: ErrorCode, detail: String) -> Self {
        Self { code, detail, id: None }
    }
}

/// The members of a message, before anything is asked of them together.
#[derive(Default)]
struct Parts<'a> {
    version: Option<Value>,
    id: Option<Value>,
    method: Option<Cow<'a, str>>,
    params: Option<Value>,
    result: Option<Value>,
    error: Option<Value>,
}

impl<'a> Parts<'a> {
    fn into_message(self) -> Result<Message<'a>, Fault> {
        let id = self.id.map(|id| Id::of(id).ok_or("`id` is neither text nor a whole number of 64 bits.")).transpose();
        let fault =
            |code, detail: &str| Fault { code, detail: detail.to_owned(), id: id.as_ref().ok().and_then(Clone::clone) };
        if self.version != Some(Value::from("2.0")) {
            return Err(fault(ErrorCode::InvalidRequest, "`jsonrpc` is not \"2.0\"."));
        }
        let outcome = match (self.result, self.error) {
            (None, None) => None,
            (Some(result), None) => Some(Ok(result)),
            (None, Some(error)) => Some(Err(error)),
            (Some(_), Some(_)) => return Err(fault(ErrorCode::InvalidRequest, "It is a result and an error at once.")),
        };
        let method = match (self.method, outcome) {
            (Some(method), None) => method,
            (None, None) => return Err(fault(ErrorCode::InvalidRequest, "`method` is missing.")),
            (Some(_), Some(_)) => {
                return Err(fault(ErrorCode::InvalidRequest, "It is a request and an answer at once."));
            }
            (None, Some(outcome)) => {
                let id = id.map_err(|detail| Fault::without_id(ErrorCode::InvalidRequest, detail.to_owned()))?;
                let unrelated = "It is an answer that does not say to what.".to_owned();
                let id = id.ok_or_else(|| Fault::without_id(ErrorCode::InvalidRequest, unrelated))?;
                return Ok(Message::Answer(Answer { id, outcome }));
            }
        };
        let params = match self.params {
            None => Map::new(),
            Some(Value::Object(params)) => params,
            Some(_) => return Err(fault(ErrorCode::InvalidParams, "`params` is not an object.")),
        };
        if params.get("_meta").is_some_and(|meta| !meta.is_object()) {
            return Err(fault(ErrorCode::InvalidParams, "`_meta` is not an object."));
        }
        Ok(match id.map_err(|detail| Fault::without_id(ErrorCode::InvalidRequest, detail.to_owned()))? {
            Some(id) => Message::Request(Request { id, method, params }),
            None => Message::Notification { method, params },
        })
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Parts<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PartsVisitor)
    }
}

struct PartsVisitor;

impl<'de> Visitor<'de> for PartsVisitor {
    type Value = Parts<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("one object")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        while items.next_element_seed(Strict)?.is_some() {}
        Err(de::Error::custom("a batch of messages"))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut parts = Parts::default();
        let mut others = Map::new();
        while let Some(Text(key)) = members.next_key::<Text<'de>>()? {
            match &*key {
                "jsonrpc" => once(&mut parts.version, &key, members.next_value_seed(Strict)?)?,
                "id" => once(&mut parts.id, &key, members.next_value_seed(Strict)?)?,
                "params" => once(&mut parts.params, &key, members.next_value_seed(Strict)?)?,
                "result" => once(&mut parts.result, &key, members.next_value_seed(Strict)?)?,
                "error" => once(&mut parts.error, &key, members.next_value_seed(Strict)?)?,
                "method" => once(&mut parts.method, &key, members.next_value::<Text<'de>>()?.0)?,
                _ => insert(&mut others, key.into_owned(), members.next_value_seed(Strict)?)?,
            }
        }
        Ok(parts)
    }
}

fn once<T, E: de::Error>(slot: &mut Option<T>, key: &str, value: T) -> Result<(), E> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(repeated(key)),
    }
}

fn insert<E: de::Error>(object: &mut Map<String, Value>, key: String, value: Value) -> Result<(), E> {
    match object.entry(key) {
        Entry::Vacant(vacant) => {
            vacant.insert(value);
            Ok(())
        }
        Entry::Occupied(occupied) => Err(repeated(occupied.key())),
    }
}

fn repeated<E: de::Error>(key: &str) -> E {
    let shown = excerpt(key);
    E::custom(format_args!("the key `{shown}` twice"))
}

/// The parser's own messages repeat what came, however long it was.
fn excerpt(text: &str) -> String {
    text.chars().take(160).collect()
}

/// Text that is borrowed from the body unless it has escapes.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// Any JSON in which no object repeats a key. The parser bounds the depth (128).
struct Strict;

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(Strict)? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = members.next_key::<String>()? {
            insert(&mut object, key, members.next_value_seed(Strict)?)?;
        }
        Ok(Value::Object(object))
    }
}
