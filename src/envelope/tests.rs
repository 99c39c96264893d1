//! The parser against `serde_json` on the same bytes: where both have a verdict it is the same one.

use proptest::{collection, option, prelude::*};
use serde_json::{Map, Value, json};
use toolwright_core::ErrorCode;

use super::{Id, Message, parse};

/// Any JSON in which no key is repeated.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 48, 6, |inner| {
        let object = collection::btree_map(any::<String>(), inner.clone(), 0..6);
        prop_oneof![
            collection::vec(inner, 0..6).prop_map(Value::from),
            object.prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// A member as it is in most messages, or any other, or none.
fn member(usual: impl Strategy<Value = Value>) -> impl Strategy<Value = Option<Value>> {
    prop_oneof![6 => usual.prop_map(Some), 1 => any_json().prop_map(Some), 1 => Just(None)]
}

/// What is a message or nearly one, as text: its members in any order, and others beside them.
fn any_message() -> impl Strategy<Value = String> {
    let id = prop_oneof![any::<i64>().prop_map(Value::from), any::<String>().prop_map(Value::from)];
    let any_number = prop_oneof![any::<f64>().prop_map(Value::from), any::<u64>().prop_map(Value::from)];
    let meta = member(Just(json!({})));
    let params = (collection::btree_map("[a-z]{1,4}", any_json(), 0..4), meta).prop_map(|(others, meta)| {
        let meta = meta.map(|meta| ("_meta".to_owned(), meta));
        Value::Object(others.into_iter().chain(meta).collect())
    });
    let members = (
        member(Just(json!("2.0"))),
        option::of(prop_oneof![4 => id, 1 => any_number, 1 => any_json()]),
        member("[a-z/]{1,12}".prop_map(Value::from)),
        member(params),
        option::weighted(0.1, any_json()),
        option::weighted(0.1, any_json()),
        option::weighted(0.2, any_json()),
    );
    let named = members.prop_map(|(version, id, method, params, result, error, other)| {
        let names = ["jsonrpc", "id", "method", "params", "result", "error", "other"];
        let values = [version, id, method, params, result, error, other];
        names.into_iter().zip(values).filter_map(|(name, value)| Some((name, value?))).collect::<Vec<_>>()
    });
    named.prop_shuffle().prop_map(|members| {
        let object: Map<String, Value> = members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Value::Object(object).to_string()
    })
}

/// Text with a part of it taken out, doubled or replaced.
fn mangled(text: impl Strategy<Value = String>) -> impl Strategy<Value = Vec<u8>> {
    let bytes = collection::vec(any::<u8>(), 0..4);
    (text, any::<prop::sample::Index>(), 0..8_usize, bytes).prop_map(|(text, at, length, put)| {
        let mut bytes = text.into_bytes();
        let start = at.index(bytes.len() + 1);
        let end = (start + length).min(bytes.len());
        drop(bytes.splice(start..end, put));
        bytes
    })
}

/// A message by its id, its method and its parameters.
type Meaning<'a> = (Option<Value>, &'a str, Map<String, Value>);

/// What a text is by the rules of JSON-RPC and of the protocol, once it is known to be JSON. An answer is for others to
/// judge.
fn expected(value: &Value) -> Option<Result<Meaning<'_>, ErrorCode>> {
    let refused = |code| Some(Err(code));
    let Some(members) = value.as_object() else { return refused(ErrorCode::InvalidRequest) };
    let method = match members.get("method").map(Value::as_str) {
        Some(None) => return refused(ErrorCode::InvalidRequest),
        Some(Some(method)) => Some(method),
        None => None,
    };
    if members.get("jsonrpc") != Some(&json!("2.0")) {
        return refused(ErrorCode::InvalidRequest);
    }
    let is_answer = members.contains_key("result") || members.contains_key("error");
    let Some(method) = method else {
        return if is_answer { None } else { refused(ErrorCode::InvalidRequest) };
    };
    if is_answer {
        return refused(ErrorCode::InvalidRequest);
    }
    let params = match members.get("params") {
        None => Map::new(),
        Some(Value::Object(params)) => params.clone(),
        Some(_) => return refused(ErrorCode::InvalidParams),
    };
    if params.get("_meta").is_some_and(|meta| !meta.is_object()) {
        return refused(ErrorCode::InvalidParams);
    }
    let id = members.get("id").cloned();
    if id.as_ref().is_some_and(|id| !id.is_string() && !id.is_i64()) {
        return refused(ErrorCode::InvalidRequest);
    }
    Some(Ok((id, method, params)))
}

proptest! {
    #[test]
    fn a_message_is_what_it_is_as_json(text in any_message()) {
        let value: Value = serde_json::from_str(&text).expect("JSON");
        let Some(expected) = expected(&value) else { return Ok(()) };
        match (parse(text.as_bytes()), expected) {
            (Ok(Message::Request(request)), Ok((Some(id), method, params))) => {
                prop_assert_eq!(Some(request.id), Id::of(id));
                prop_assert_eq!((&*request.method, request.params), (method, params));
            }
            (Ok(Message::Notification { method: found, params: given }), Ok((None, method, params))) => {
                prop_assert_eq!((&*found, given), (method, params));
            }
            (Err(fault), Err(code)) => {
                prop_assert_eq!(fault.code, code, "{}", text);
                prop_assert!(fault.detail.len() < 1_000);
            }
            (parsed, expected) => prop_assert!(false, "{}: {:?}, and not {:?}", text, parsed, expected),
        }
    }

    #[test]
    fn what_is_json_for_one_is_json_for_the_other(bytes in mangled(any_message())) {
        let refused = parse(&bytes).err().map(|fault| fault.code);
        if serde_json::from_slice::<Value>(&bytes).is_ok() {
            // What is JSON can still be refused, for what it says or says twice.
            prop_assert_ne!(refused, Some(ErrorCode::ParseError));
        } else {
            // What is none in the end can be no message long before.
            prop_assert!(matches!(refused, Some(ErrorCode::ParseError | ErrorCode::InvalidRequest)), "{:?}", refused);
        }
    }

    #[test]
    fn no_bytes_end_it(bytes in collection::vec(any::<u8>(), 0..256)) {
        prop_assert!(parse(&bytes).is_err());
    }

    #[test]
    fn a_key_is_there_once_however_it_is_written(
        key in "[a-z]{1,6}", others in collection::btree_map("[A-Z]{1,4}", any_json(), 0..3), depth in 0..4_usize,
    ) {
        let escaped = key.chars().map(|letter| format!("\\u{:04x}", u32::from(letter))).collect::<Vec<_>>().concat();
        for again in [&key, &escaped] {
            let others = others.iter().map(|(name, value)| format!("{name:?}:{value},")).collect::<Vec<_>>().concat();
            let inner = format!("{{\"{key}\":1,{others}\"{again}\":2}}");
            let nested = format!("{}{inner}{}", r#"{"x":["#.repeat(depth), "]}".repeat(depth));
            let text = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"m","params":{nested}}}"#);
            prop_assert!(serde_json::from_str::<Value>(&text).is_ok());
            prop_assert_eq!(parse(text.as_bytes()).map_err(|fault| fault.code).err(), Some(ErrorCode::InvalidRequest));
        }
    }
}

#[test]
fn no_member_is_there_twice() {
    for (name, value) in [("jsonrpc", "\"2.0\""), ("id", "1"), ("method", "\"m\""), ("params", "{}")] {
        let text = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"m","params":{{}},"{name}":{value}}}"#);
        assert_eq!(parse(text.as_bytes()).map_err(|fault| fault.code).err(), Some(ErrorCode::InvalidRequest), "{text}");
    }
    for text in
        [r#"{"jsonrpc":"2.0","id":1,"result":1,"result":1}"#, r#"{"jsonrpc":"2.0","id":1,"result":1,"error":{}}"#]
    {
        assert_eq!(parse(text.as_bytes()).map_err(|fault| fault.code).err(), Some(ErrorCode::InvalidRequest), "{text}");
    }
}
