//! OTLP/JSON, as far as it matters here: <https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding>. Names are in
//! camel case, ids in hexadecimal, 64-bit integers texts or numbers, and what is unknown is passed over.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{self, Visitor},
};
use serde_json::{Map, Number, Value, value::RawValue};

/// All that is exported in a request. Resources and spans are left as they are written, so that one that is malformed
/// spoils no other.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Export<'a> {
    #[serde(borrow)]
    pub(super) resource_spans: Option<Vec<ResourceSpans<'a>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ResourceSpans<'a> {
    #[serde(borrow)]
    pub(super) resource: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) scope_spans: Option<Vec<ScopeSpans<'a>>>,
}

#[derive(Deserialize)]
pub(super) struct ScopeSpans<'a> {
    #[serde(borrow)]
    pub(super) spans: Option<Vec<&'a RawValue>>,
}

#[derive(Deserialize, Default)]
pub(super) struct Resource {
    pub(super) attributes: Option<Vec<KeyValue>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Span {
    pub(super) trace_id: Option<String>,
    pub(super) span_id: Option<String>,
    pub(super) parent_span_id: Option<String>,
    pub(super) name: Option<String>,
    pub(super) start_time_unix_nano: Option<Integer>,
    pub(super) end_time_unix_nano: Option<Integer>,
    pub(super) attributes: Option<Vec<KeyValue>>,
    pub(super) events: Option<Vec<Event>>,
    pub(super) status: Option<Status>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Event {
    pub(super) time_unix_nano: Option<Integer>,
    pub(super) name: Option<String>,
    pub(super) attributes: Option<Vec<KeyValue>>,
}

#[derive(Deserialize, Default)]
pub(super) struct Status {
    pub(super) code: Option<Code>,
    pub(super) message: Option<String>,
}

/// What became of a span: a number, or its name.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Code {
    Number(i64),
    Name(String),
}

impl Code {
    pub(super) fn is_ok(&self) -> bool {
        self.is(1, "STATUS_CODE_OK")
    }

    pub(super) fn is_error(&self) -> bool {
        self.is(2, "STATUS_CODE_ERROR")
    }

    fn is(&self, number: i64, name: &str) -> bool {
        match self {
            Self::Number(is) => *is == number,
            Self::Name(is) => is == name,
        }
    }
}

#[derive(Deserialize)]
pub(super) struct KeyValue {
    key: Option<String>,
    value: Option<AnyValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AnyValue {
    string_value: Option<String>,
    bool_value: Option<bool>,
    int_value: Option<Integer>,
    double_value: Option<Double>,
    array_value: Option<ArrayValue>,
    kvlist_value: Option<KeyValueList>,
    bytes_value: Option<String>,
}

#[derive(Deserialize)]
struct ArrayValue {
    values: Option<Vec<AnyValue>>,
}

#[derive(Deserialize)]
struct KeyValueList {
    values: Option<Vec<KeyValue>>,
}

impl AnyValue {
    fn into_json(self) -> Value {
        match self {
            Self { string_value: Some(text), .. } => Value::String(text),
            Self { bool_value: Some(truth), .. } => Value::Bool(truth),
            Self { int_value: Some(Integer(number)), .. } => {
                Number::from_i128(number).map_or(Value::Null, Value::Number)
            }
            Self { double_value: Some(Double(value)), .. } => value,
            Self { array_value: Some(ArrayValue { values }), .. } => {
                values.unwrap_or_default().into_iter().map(Self::into_json).collect()
            }
            Self { kvlist_value: Some(KeyValueList { values }), .. } => Value::Object(object(values)),
            // Bytes stay in Base64: JSON has none.
            Self { bytes_value: Some(bytes), .. } => Value::String(bytes),
            _ => Value::Null,
        }
    }
}

/// Attributes as an object. Of two with one key the latter counts.
pub(super) fn object(attributes: Option<Vec<KeyValue>>) -> Map<String, Value> {
    let pair = |KeyValue { key, value }| (key.unwrap_or_default(), value.map_or(Value::Null, AnyValue::into_json));
    attributes.unwrap_or_default().into_iter().map(pair).collect()
}

/// An integer of 64 bits, with a sign or without.
#[derive(Clone, Copy)]
pub(super) struct Integer(pub(super) i128);

impl<'de> Deserialize<'de> for Integer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visit;

        impl Visitor<'_> for Visit {
            type Value = Integer;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an integer of 64 bits, as a number or a text")
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Integer, E> {
                Ok(Integer(number.into()))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Integer, E> {
                Ok(Integer(number.into()))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Integer, E> {
                let number = text.parse::<i64>().map(i128::from).or_else(|_| text.parse::<u64>().map(i128::from));
                number.map(Integer).map_err(|_| E::invalid_value(de::Unexpected::Str(text), &self))
            }
        }

        deserializer.deserialize_any(Visit)
    }
}

/// A floating-point number. JSON has none that is not finite: those are texts, and stay so.
struct Double(Value);

impl<'de> Deserialize<'de> for Double {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let is_double = match &value {
            Value::Number(_) => true,
            Value::String(text) => text.parse::<f64>().is_ok(),
            _ => false,
        };
        if is_double { Ok(Self(value)) } else { Err(de::Error::custom("expected a floating-point number")) }
    }
}
