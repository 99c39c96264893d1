use serde_json::{Value, json};

use crate::{
    credential::Credential,
    seal::{Purpose, Seal, Sealed},
};

const NOW: i64 = 1_800_000_000;

fn seal(credential: &str) -> Seal {
    Seal::of(&Credential::new(credential), Purpose::ModelConfirms)
}

fn call(arguments: &Value) -> Sealed<'_> {
    Sealed { server: "acme", tool: "print_note", account: None, value: None, arguments }
}

#[test]
fn a_confirmation_holds_for_ten_minutes() {
    let (seal, arguments) = (seal("acme_1"), json!({"note_id": "n1"}));
    let text = seal.close(call(&arguments), NOW);
    // An instance whose clock is behind takes it too: nobody but an instance can have made it.
    // By much is no clock that is behind, but one that was set back.
    for (later, holds) in [
        (-86_400, false),
        (-61, false),
        (-60, true),
        (0, true),
        (599, true),
        (600, false),
        (601, false),
        (86_400, false),
    ] {
        assert_eq!(seal.opens(&text, call(&arguments), NOW + later), holds, "{later} seconds later");
    }
    assert!(!seal.opens(&text, call(&arguments), i64::MAX));
}

#[test]
fn a_confirmation_is_bound_to_all_of_a_call() {
    let arguments = json!({"note_id": "n1"});
    let text = seal("acme_1").close(call(&arguments), NOW);
    let opens = |seal: &Seal, call: Sealed<'_>| seal.opens(&text, call, NOW);
    assert!(opens(&seal("acme_1"), call(&arguments)));
    assert!(!opens(&seal("acme_2"), call(&arguments)));
    let other = json!({"note_id": "n2"});
    for call in [
        Sealed { server: "tenants", ..call(&arguments) },
        Sealed { tool: "shred_note", ..call(&arguments) },
        Sealed { account: Some("1"), ..call(&arguments) },
        Sealed { value: Some("1"), ..call(&arguments) },
        Sealed { arguments: &other, ..call(&arguments) },
    ] {
        assert!(!opens(&seal("acme_1"), call), "{call:?}");
    }
    // Where one part ends is not for the parts to say.
    let joined = json!("x");
    let one = Sealed { server: "a", tool: "b\",\"c", account: None, value: None, arguments: &joined };
    let other = Sealed { server: "a\",\"b", tool: "c", account: None, value: None, arguments: &joined };
    assert!(!seal("k").opens(&seal("k").close(one, NOW), other, NOW));
}

#[test]
fn arguments_are_the_same_by_what_they_mean() {
    let same = |left: &str, right: &str| {
        let (left, right): (Value, Value) = (left.parse().expect("JSON"), right.parse().expect("JSON"));
        let seal = seal("acme_1");
        seal.opens(&seal.close(call(&left), NOW), call(&right), NOW)
    };
    for (left, right) in [
        (r#"{"a": 1, "b": {"c": 2, "d": 3}}"#, r#"{"b": {"d": 3, "c": 2}, "a": 1}"#),
        (r#"{"a": [1, {"b": 1e2}]}"#, r#"{"a": [1.0, {"b": 100}]}"#),
        (r#"{"a": -0.0}"#, r#"{"a": 0}"#),
        (r#"{"a": 0.10}"#, r#"{"a": 1e-1}"#),
    ] {
        assert!(same(left, right), "{left} {right}");
    }
    for (left, right) in [
        (r#"{"a": 1}"#, r#"{"a": "1"}"#),
        (r#"{"a": 1}"#, r#"{"a": true}"#),
        (r#"{"a": null}"#, "{}"),
        (r#"{"a": [1, 2]}"#, r#"{"a": [2, 1]}"#),
        (r#"{"a": 1.5}"#, r#"{"a": 1}"#),
        // Floats that are alike would make these one.
        (r#"{"a": 9007199254740993}"#, r#"{"a": 9007199254740992}"#),
        (r#"{"a": 9223372036854775807}"#, r#"{"a": 9223372036854775806}"#),
    ] {
        assert!(!same(left, right), "{left} {right}");
    }
}
