//! Declared defaults as Rust expressions.

use proc_macro2::{Literal, TokenStream};
use quote::quote;
use serde_json::Value;

use super::{grouped, ident, text, types::is_option};
use crate::api::{Field, NamedType, Shape, Type};

/// The value that a field has when `value` is given for it.
pub(super) fn of_field(types: &[NamedType], field: &Field, value: &Value) -> TokenStream {
    if is_option(field) && value.is_null() {
        return quote!(::core::option::Option::None);
    }
    let plain = of_type(types, &field.of, value);
    let held = if field.boxed { quote!(::std::boxed::Box::new(#plain)) } else { plain };
    if is_option(field) { quote!(::core::option::Option::Some(#held)) } else { held }
}

fn of_type(types: &[NamedType], of: &Type, value: &Value) -> TokenStream {
    match (of, value) {
        (Type::Json, value) => json(value),
        (Type::String, Value::String(string)) => string_of(string),
        (Type::Boolean, Value::Bool(flag)) => quote!(#flag),
        (Type::Integer | Type::Number, Value::Number(number)) => number_of(of, number),
        (Type::Array(items), Value::Array(values)) => {
            let values = values.iter().map(|value| of_type(types, items, value));
            quote!(::std::vec::Vec::from([#(#values),*]))
        }
        (Type::Map(of), Value::Object(entries)) => {
            let keys = entries.keys().map(|key| string_of(key));
            let values = entries.values().map(|value| of_type(types, of, value));
            quote!(::std::collections::BTreeMap::from([#((#keys, #values)),*]))
        }
        (Type::Named(place), value) => of_named(&types[*place], value),
        (of, value) => mismatch(&format!("{of:?}"), value),
    }
}

/// A word of a named choice; a named object has no defaults.
fn of_named(named: &NamedType, value: &Value) -> TokenStream {
    let words = match &named.shape {
        Shape::Enum(words) => words.as_slice(),
        Shape::Object(_) | Shape::Union { .. } => &[],
    };
    match words.iter().find(|word| value == &word.wire) {
        Some(word) => {
            let (name, word) = (ident(&named.name), ident(&word.rust));
            quote!(crate::#name::#word)
        }
        None => mismatch(&named.name, value),
    }
}

fn json(value: &Value) -> TokenStream {
    match value {
        Value::Null => quote!(contract::Value::Null),
        Value::Bool(flag) => quote!(contract::Value::Bool(#flag)),
        Value::Number(number) => {
            let number = match (number.as_i64(), number.as_u64()) {
                (Some(whole), _) => quote!(#whole),
                (None, Some(whole)) => quote!(#whole),
                (None, None) => number_of(&Type::Number, number),
            };
            quote!(contract::Value::from(#number))
        }
        Value::String(string) => {
            let string = string_of(string);
            quote!(contract::Value::String(#string))
        }
        Value::Array(values) => {
            let values = values.iter().map(json);
            quote!(contract::Value::Array(::std::vec::Vec::from([#(#values),*])))
        }
        Value::Object(entries) => {
            let keys = entries.keys().map(|key| string_of(key));
            let values = entries.values().map(json);
            quote!(contract::Value::Object(
                ::core::iter::FromIterator::from_iter([#((#keys, #values)),*])
            ))
        }
    }
}

fn string_of(string: &str) -> TokenStream {
    let literal = text(string);
    quote!(::std::string::String::from(#literal))
}

fn number_of(of: &Type, number: &serde_json::Number) -> TokenStream {
    if *of == Type::Number {
        let float = number.as_f64().unwrap_or_default();
        let (sign, size) = (float.is_sign_negative().then(|| quote!(-)), Literal::f64_unsuffixed(float.abs()));
        return quote!(#sign #size);
    }
    // A whole number may be written with a fraction of zero: JSON Schema knows no difference.
    let (negative, size) = match (number.as_i64(), number.as_u64()) {
        (Some(whole), _) => (whole < 0, whole.unsigned_abs()),
        (None, Some(whole)) => (false, whole),
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within 2^63, by the schema")]
        (None, None) => {
            let float = number.as_f64().unwrap_or_default();
            (float < 0.0, float.abs() as u64)
        }
    };
    let (sign, size) = (negative.then(|| quote!(-)), grouped(size));
    quote!(#sign #size)
}

fn mismatch(of: &str, value: &Value) -> TokenStream {
    unreachable!("a default that its schema refuses was let through: {value} for {of}")
}
