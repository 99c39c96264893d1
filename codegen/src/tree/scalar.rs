//! The core schema of YAML 1.2.2, section 10.3.2: what a plain scalar is.

use serde_json::Number;

use super::Node;

/// The value of a plain scalar.
///
/// # Errors
/// A number that no JSON number can say, in words that follow the quoted scalar.
pub(super) fn plain(text: &str) -> Result<Node, &'static str> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Ok(Node::Null),
        "true" | "True" | "TRUE" => return Ok(Node::Bool(true)),
        "false" | "False" | "FALSE" => return Ok(Node::Bool(false)),
        _ => {}
    }
    if let Some(integer) = integer(text) {
        return integer.map(|value| Node::Number(value.into())).ok_or("does not fit into an integer of 64 bits");
    }
    if is_special_float(text) {
        return Err("is no number that JSON can hold");
    }
    if is_float(text) {
        let number = text.parse().ok().and_then(Number::from_f64);
        return number.map(Node::Number).ok_or("is no number that JSON can hold");
    }
    Ok(Node::Text(text.to_owned()))
}

/// `None` for what is no integer, `Some(None)` for one that is too large.
#[allow(clippy::option_option, reason = "two questions: is it an integer, and does it fit")]
fn integer(text: &str) -> Option<Option<i64>> {
    let digits_of = |digits: &str, radix: u32| !digits.is_empty() && digits.chars().all(|char| char.is_digit(radix));
    for (prefix, radix) in [("0o", 8), ("0x", 16)] {
        if let Some(digits) = text.strip_prefix(prefix).filter(|digits| digits_of(digits, radix)) {
            return Some(i64::from_str_radix(digits, radix).ok());
        }
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    digits_of(unsigned, 10).then(|| text.parse().ok())
}

fn is_special_float(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN")
}

/// `[-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?`
fn is_float(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['-', '+']).unwrap_or(exponent))),
        None => (unsigned, None),
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let mantissa_holds = match mantissa.split_once('.') {
        None => digits(mantissa),
        Some(("", fraction)) => digits(fraction),
        Some((whole, fraction)) => digits(whole) && (fraction.is_empty() || digits(fraction)),
    };
    mantissa_holds && exponent.is_none_or(digits)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::plain;
    use crate::{
        source::{Place, Sources, Spanned},
        tree::Tree,
    };

    fn value(text: &str) -> Option<Value> {
        let file = Sources::default().add(String::new(), String::new());
        let tree: Tree = Spanned { value: plain(text).ok()?, at: Place { file, start: 0, end: 0 } };
        Some(tree.to_json())
    }

    #[test]
    fn follows_the_core_schema() {
        let cases = [
            ("", Some(Value::Null)),
            ("~", Some(Value::Null)),
            ("null", Some(Value::Null)),
            ("nULL", Some(json!("nULL"))),
            ("TRUE", Some(json!(true))),
            ("no", Some(json!("no"))),
            ("on", Some(json!("on"))),
            ("1", Some(json!(1))),
            ("-12", Some(json!(-12))),
            ("+3", Some(json!(3))),
            ("0o17", Some(json!(15))),
            ("0x1F", Some(json!(31))),
            ("0x", Some(json!("0x"))),
            ("1_000", Some(json!("1_000"))),
            ("9223372036854775807", Some(json!(i64::MAX))),
            ("9223372036854775808", None),
            ("1.", Some(json!(1.0))),
            (".5", Some(json!(0.5))),
            ("1e3", Some(json!(1000.0))),
            ("1e999", None),
            (".", Some(json!("."))),
            ("1.2.3", Some(json!("1.2.3"))),
            ("-.inf", None),
            (".nan", None),
            ("12:30", Some(json!("12:30"))),
        ];
        for (text, expected) in cases {
            assert_eq!(value(text), expected, "{text}");
        }
    }
}
