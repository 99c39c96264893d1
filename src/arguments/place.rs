//! Where in the arguments a fault is, as people write it: `items[3].url`.

use std::fmt::Write as _;

use serde_json::Value;

/// The place that a JSON pointer names in the arguments.
pub(super) fn of_pointer(pointer: &str, arguments: &Value) -> String {
    let mut place = String::new();
    let mut at = Some(arguments);
    for segment in pointer.split('/').skip(1) {
        let key = segment.replace("~1", "/").replace("~0", "~");
        match at {
            Some(Value::Array(items)) => {
                push_index(&mut place, &key);
                at = key.parse::<usize>().ok().and_then(|index| items.get(index));
            }
            other => {
                push_key(&mut place, &key);
                at = other.and_then(|value| value.get(&key));
            }
        }
    }
    place
}

/// The place of a member of what is at another place.
pub(super) fn member(place: &str, key: &str) -> String {
    let mut place = place.to_owned();
    push_key(&mut place, key);
    place
}

pub(super) fn push_index(place: &mut String, index: impl std::fmt::Display) {
    // Writing to a string does not fail.
    let _ = write!(place, "[{index}]");
}

pub(super) fn push_key(place: &mut String, key: &str) {
    let plain = !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
    if !plain {
        push_index(place, Value::from(key));
    } else if place.is_empty() {
        place.push_str(key);
    } else {
        place.push('.');
        place.push_str(key);
    }
}
