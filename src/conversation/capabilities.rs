//! What a client can be asked for.

use serde_json::{Map, Value, json};

use crate::spec::{AskKind, AskSpec};

/// What a client has declared, as far as servers can ask for it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Capabilities {
    /// It shows forms to a person.
    pub(crate) forms: bool,
    samples: bool,
    roots: bool,
}

const FORMS: u8 = 1;
const SAMPLES: u8 = 2;
const ROOTS: u8 = 4;

impl Capabilities {
    /// Out of the protocol's `ClientCapabilities`. One for elicitation without a word about forms or URLs means forms.
    pub(crate) fn of(declared: Option<&Value>) -> Self {
        let has = |name: &str| declared.and_then(|declared| declared.get(name)).and_then(Value::as_object);
        Self {
            forms: has("elicitation").is_some_and(|modes| modes.is_empty() || modes.contains_key("form")),
            samples: has("sampling").is_some(),
            roots: has("roots").is_some(),
        }
    }

    pub(super) fn to_byte(self) -> u8 {
        let flag = |is_set: bool, flag: u8| if is_set { flag } else { 0 };
        flag(self.forms, FORMS) | flag(self.samples, SAMPLES) | flag(self.roots, ROOTS)
    }

    pub(super) fn from_byte(byte: u8) -> Self {
        Self { forms: byte & FORMS != 0, samples: byte & SAMPLES != 0, roots: byte & ROOTS != 0 }
    }

    /// Whether the client can be asked for it.
    pub(crate) fn has(self, ask: &AskSpec) -> bool {
        match ask.kind {
            AskKind::Form { .. } => self.forms,
            AskKind::Sample { .. } => self.samples,
            AskKind::Roots => self.roots,
        }
    }

    /// What the client lacks of all that is asked for and cannot be done without.
    pub(crate) fn lacks(self, asks: &[&'static AskSpec]) -> Option<MissingCapabilities> {
        let lacking: Vec<_> = asks.iter().copied().filter(|ask| !ask.optional && !self.has(ask)).collect();
        (!lacking.is_empty()).then_some(MissingCapabilities(lacking))
    }
}

/// What a client would have to have.
#[derive(Debug)]
pub(crate) struct MissingCapabilities(Vec<&'static AskSpec>);

impl MissingCapabilities {
    /// One thing alone.
    pub(super) fn only(ask: &'static AskSpec) -> Self {
        Self(vec![ask])
    }

    /// What is said of it, for people and models; `operation` is what asks.
    pub(crate) fn message(&self, operation: &str) -> String {
        let mut names: Vec<&str> = self.0.iter().map(|ask| name(ask)).collect();
        names.sort_unstable();
        names.dedup();
        let capabilities = if names.len() == 1 { "the capability" } else { "the capabilities" };
        format!(
            "`{operation}` asks the client for something while it runs, and needs {capabilities} `{}`, which your client has not declared",
            names.join("` and `")
        )
    }

    /// As the protocol's `ClientCapabilities`.
    pub(crate) fn declaration(&self) -> Value {
        let declared = |ask: &&AskSpec| {
            (
                name(ask).to_owned(),
                if matches!(ask.kind, AskKind::Form { .. }) { json!({ "form": {} }) } else { json!({}) },
            )
        };
        Value::Object(self.0.iter().map(declared).collect::<Map<_, _>>())
    }
}

/// The capability's name in the protocol.
fn name(ask: &AskSpec) -> &'static str {
    match ask.kind {
        AskKind::Form { .. } => "elicitation",
        AskKind::Sample { .. } => "sampling",
        AskKind::Roots => "roots",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lacks_is_told_in_words_and_in_the_protocols_form() {
        let ask = |key, kind, optional| AskSpec { key, kind, optional };
        let form = AskKind::Form { message: "Who?", schema: "{}" };
        let sample = AskKind::Sample { prompt: "What?", max_tokens: 5 };
        let cases = [
            (vec![ask("a", form, false)], "the capability `elicitation`,", json!({"elicitation": {"form": {}}})),
            (
                vec![ask("a", form, false), ask("b", form, false)],
                "the capability `elicitation`,",
                json!({"elicitation": {"form": {}}}),
            ),
            (
                vec![ask("a", sample, false), ask("b", form, false), ask("c", AskKind::Roots, true)],
                "the capabilities `elicitation` and `sampling`,",
                json!({"sampling": {}, "elicitation": {"form": {}}}),
            ),
            (vec![ask("c", AskKind::Roots, false)], "the capability `roots`,", json!({"roots": {}})),
        ];
        for (asks, words, declaration) in cases {
            let asks: Vec<&'static AskSpec> = asks.into_iter().map(|ask| &*Box::leak(Box::new(ask))).collect();
            let lacking = Capabilities::default().lacks(&asks).expect("something lacks");
            let message = lacking.message("book");
            assert!(message.contains(words), "{message}");
            assert_eq!(lacking.declaration(), declaration);
        }
    }
}
